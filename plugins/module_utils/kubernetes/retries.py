# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls to an API server are made again: urllib3's rules, and Kubernetes'."""

from __future__ import annotations

from typing import Any

try:
    from urllib3.exceptions import MaxRetryError
    from urllib3.util.retry import Retry
except ImportError:
    Retry = object  # comes with boto3, whose absence AnsibleAWSModule reports

TRIES = 4  # after the first, for an answer
CONNECT_TRIES = 2  # after the first, where nothing answers: an endpoint that is out of reach costs a timeout each time
BACKOFF = 0.5  # seconds, doubled each time
MAX_PAUSE = 30.0  # seconds; a Retry-After beyond that is not waited for
# What a load balancer or an API server that is being replaced answers. A control plane's upgrade makes both happen.
SERVER_ERRORS = (500, 502, 503, 504)
TOO_MANY_REQUESTS = 429


class ApiRetry(Retry):
    """Makes idempotent calls again after a lost connection or a 5xx, and any call after 429 with Retry-After.

    An API server that sheds load answers 429 before it does anything, so that also a creation can be sent again:
    https://kubernetes.io/docs/concepts/cluster-administration/flow-control/. An eviction's 429 is a disruption budget's,
    which may take hours: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/#how-api-initiated-eviction-works.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether an answer with this status is asked for again."""
        if status_code == TOO_MANY_REQUESTS:
            return has_retry_after
        return super().is_retry(method, status_code, has_retry_after)

    def increment(self, method: Any = None, url: Any = None, response: Any = None, *rest: Any, **more: Any) -> Any:
        """The state for the next try. MaxRetryError hands the answer to the caller."""
        if response is not None and str(url).partition("?")[0].endswith("/eviction"):
            raise MaxRetryError(more.get("_pool"), url)
        return super().increment(method, url, response, *rest, **more)

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds that the API server asks to wait for, within limits."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, MAX_PAUSE)


def build_retry() -> ApiRetry:
    """The rules for a connection pool. An answer that stays bad is returned as it is, and redirects are not followed:
    the token is for this server alone."""
    return ApiRetry(
        total=TRIES,
        connect=CONNECT_TRIES,
        read=CONNECT_TRIES,
        other=0,  # a certificate that is not the cluster's stays so
        redirect=0,
        backoff_factor=BACKOFF,
        status_forcelist=SERVER_ERRORS,
        raise_on_status=False,
        raise_on_redirect=False,
    )
