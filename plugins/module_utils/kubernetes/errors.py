# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server refused, in words, with what the status means on Amazon EKS. Pure; no token is ever part of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError

# A token is a presigned URL. STS accepts a signature that is up to five minutes from its own time:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
MAX_CLOCK_SKEW = 300  # seconds

# https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
HINT_UNAUTHORIZED = (
    "The cluster does not know the caller: its IAM principal has no access entry, and no mapping in the ConfigMap"
    " kube-system/aws-auth where the cluster uses it. Create an access entry for the principal"
)
HINT_FORBIDDEN = (
    "The caller's access entry has no policy that allows this, and RBAC has no binding. Associate an access policy with"
    " the access entry, or bind a role to its groups"
)
# https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
HINT_UNTRUSTED = (
    "Its certificate was not issued by the cluster's certificate authority, so nothing was sent to it. Check for a proxy that"
    " replaces certificates, and for a name that leads to another server"
)
HINT_UNREACHABLE = (
    "Check that this machine is admitted by the cluster's public_access_cidrs, or is in a network connected to its VPC"
    " where only the private endpoint is enabled"
)
REFUSED, UNTRUSTED = "kubernetes-refused", "kubernetes-untrusted"
KINDS = {0: "kubernetes-unreachable", 401: "kubernetes-unauthorized", 403: "kubernetes-forbidden"}  # by HTTP's status


class KubernetesError(EksError):
    """The API server refused a call, or could not be reached.

    Args:
        message: for the user.
        status: HTTP's status, 0 where nothing answered.
        reason: the reason of the API server's Status, like "AlreadyExists".
        body: the API server's Status object, for those who look at its details.
        kind: of the failure, where it is not the one of the status.
    """

    kind = REFUSED

    def __init__(
        self, message: str, status: int, reason: str = "", body: Mapping[str, Any] | None = None, kind: str = ""
    ) -> None:
        super().__init__(message, kubernetes_status=status, **build_help(kind or KINDS.get(status, REFUSED)))
        self.status, self.reason = status, reason
        self.body: Mapping[str, Any] = body or {}

    @property
    def continue_token(self) -> str:
        """Where a list goes on whose own place has expired.

        https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
        """
        return str((self.body.get("metadata") or {}).get("continue") or "")

    @property
    def is_disruption_budget(self) -> bool:
        """Whether an eviction was refused by a PodDisruptionBudget, and not for the API server's load (both are 429)."""
        causes = (self.body.get("details") or {}).get("causes") or []
        return any(cause.get("reason") == "DisruptionBudget" for cause in causes)


def build_refusal(
    host: str, status: int, body: str | bytes | None, headers: Mapping[str, str], now: datetime
) -> KubernetesError:
    """The error for an answer of the API server.

    Args:
        host: the endpoint's URL.
        status: HTTP's status.
        body: a Status object as JSON, or plain text where something in front of the API server answered.
        headers: of the answer; Date is compared with this machine's clock where the token was refused.
        now: this machine's time.
    """
    answer = _parse_status(body)
    said = answer.get("message") or (body.decode(errors="replace") if isinstance(body, bytes) else body) or "no message"
    hint = {401: _explain_unauthorized(headers, now), 403: HINT_FORBIDDEN}.get(status, "")
    message = f"Kubernetes API {host}: {status} {str(said).strip()[:2000]}"
    return KubernetesError(f"{message}. {hint}." if hint else message, status, str(answer.get("reason") or ""), answer)


def build_unreachable(host: str, error: Exception) -> KubernetesError:
    """The error for a call that nothing answered, or whose answer came from another server than the cluster's."""
    cause = _find_cause(error)
    if "CERTIFICATE_VERIFY_FAILED" in cause:
        return KubernetesError(f"Kubernetes API {host} is not trusted: {cause}. {HINT_UNTRUSTED}.", 0, kind=UNTRUSTED)
    return KubernetesError(f"Kubernetes API {host} does not answer: {cause}. {HINT_UNREACHABLE}.", 0)


def _find_cause(error: Exception) -> str:
    """The reason inside urllib3's MaxRetryError, which repeats the URL and its own name around it."""
    reason = getattr(error, "reason", None)
    return str(reason if isinstance(reason, Exception) else error)


def _parse_status(body: str | bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(body or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _explain_unauthorized(headers: Mapping[str, str], now: datetime) -> str:
    """Why a newly signed token is refused: this machine's clock, or a principal that the cluster does not know."""
    skew = _measure_skew(headers, now)
    if abs(skew) > MAX_CLOCK_SKEW:
        direction = "ahead of" if skew > 0 else "behind"
        return (
            f"This machine's clock is {abs(skew):.0f} s {direction} the API server's, and tokens are signed with the"
            " time. Set the clock"
        )
    return HINT_UNAUTHORIZED


def _measure_skew(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds by which this machine is ahead of the API server; 0 where it does not say its time."""
    date = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
