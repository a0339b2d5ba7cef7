# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which attempts of a repeated request may have done its work: those without an answer, or with an error of the server.

botocore counts all attempts alike (RetryAttempts). A throttled one has done nothing: if the next one says "already exists", then
somebody else did the work.
"""

from __future__ import annotations

from typing import Any

try:
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import DOUBTFUL_ATTEMPTS

# Codes of throttling that come with a status of the server: EC2's (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html)
# and S3's (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
THROTTLED = ("RequestLimitExceeded", "SlowDown")
COUNT = "kumo_eks_doubtful_attempts"  # in botocore's context of a call, which all of its attempts share


def count_doubtful_attempts(client: Any) -> None:
    """Let each answer of a client say how many attempts before it may have done the work, see core.errors.was_repeated."""
    events = client.meta.events
    events.register("response-received", _count)
    events.register("after-call", _note)


def _count(
    context: dict[str, Any], parsed_response: dict[str, Any] | None, exception: Exception | None, **_: Any
) -> None:
    """Called for each attempt."""
    if _may_have_worked(parsed_response, exception):
        context[COUNT] = context.get(COUNT, 0) + 1


def _note(context: dict[str, Any], parsed: dict[str, Any], **_: Any) -> None:
    """Called once, with the last answer. An exception of botocore has this answer, too."""
    parsed["ResponseMetadata"][DOUBTFUL_ATTEMPTS] = context.get(COUNT, 0)


def _may_have_worked(answer: dict[str, Any] | None, exception: Exception | None) -> bool:
    """Whether an attempt failed so that its work may be done all the same."""
    if answer is None:
        return not isinstance(exception, (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError))
    is_throttled = answer.get("Error", {}).get("Code") in THROTTLED
    return answer["ResponseMetadata"]["HTTPStatusCode"] >= 500 and not is_throttled
