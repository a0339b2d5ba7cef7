# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind of a failure of AWS, from its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from botocore import exceptions
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import is_key_unknown, is_not_found, is_unreachable
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_denied_action
from ansible_collections.kumo.eks.plugins.module_utils.aws.remedies import is_expired
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, get_facts

# https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html, and botocore/retries/standard.py for throttling.
# EC2: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html, IAM: DeleteConflict, LimitExceeded and others in its API model
WORDS = (
    ("throttled", ("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "PriorRequestNotComplete")),
    ("quota-exceeded", ("LimitExceeded", "QuotaExceeded")),
    ("in-use", ("InUse", "DependencyViolation", "DeleteConflict")),
    ("already-exists", ("AlreadyExists", "Duplicate")),
    ("not-found", ("NotFound", "NoSuchEntity")),
    ("aws-unavailable", ("ServerException", "ServiceUnavailable", "InternalError", "InternalFailure")),
)
TESTS: tuple[tuple[str, Callable[[Exception], Any]], ...] = (
    ("credentials-expired", is_expired),
    ("credentials-unknown", is_key_unknown),
    ("access-denied", find_denied_action),
    ("not-found", is_not_found),
    ("aws-unreachable", is_unreachable),
)
LOCAL = {  # classes of botocore's exceptions for what was never sent
    "NoCredentialsError": "no-credentials",
    "PartialCredentialsError": "no-credentials",
    "CredentialRetrievalError": "no-credentials",
    "ProfileNotFound": "no-credentials",
    "ConfigNotFound": "no-credentials",
    "TokenRetrievalError": "credentials-expired",
    "UnauthorizedSSOTokenError": "credentials-expired",
    "SSOTokenLoadError": "credentials-expired",
    "NoRegionError": "invalid-option",
    "ParamValidationError": "invalid-option",
    "WaiterError": "wait-failed",
}
OTHERS = "request-refused"


def find_kind(error: Exception) -> str:
    """The kind of an exception of botocore."""
    tested = next((kind for kind, is_it in TESTS if is_it(error)), "")
    if tested or not isinstance(error, exceptions.ClientError):
        return tested or next((LOCAL[one.__name__] for one in type(error).__mro__ if one.__name__ in LOCAL), OTHERS)
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    by_word = next((kind for kind, words in WORDS if any(word in code for word in words)), "")
    return by_word or ("aws-unavailable" if status >= 500 else OTHERS)


def build_error_facts(error: Exception) -> dict[str, Any]:
    """The facts of a failure for the result of the task, with its kind and the address of its section."""
    return get_facts(error) if isinstance(error, EksError) else {**build_help(find_kind(error)), **get_facts(error)}
