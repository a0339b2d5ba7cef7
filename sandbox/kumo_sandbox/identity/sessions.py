"""Sessions of roles end: what a call with the key of one that has ended is answered."""

from __future__ import annotations

from kumo_sandbox.principals import find_session

# By service: code and HTTP status. https://github.com/hashicorp/terraform-provider-aws/issues/32809 (EKS),
# https://github.com/aws/aws-sdk-go/pull/253 (the three codes), https://github.com/eksctl-io/eksctl/issues/5968
EXPIRED = {"eks": ("ExpiredTokenException", 403), "ec2": ("RequestExpired", 400)}
EXPIRED_ELSEWHERE = ("ExpiredToken", 403)
MESSAGES = {"ec2": "Request has expired."}
MESSAGE_ELSEWHERE = "The security token included in the request is expired"


def is_expired(access_key: str, now: float) -> bool:
    """Whether the key is that of a session which has ended; ``now`` by the sandbox's clock."""
    session = find_session(access_key)
    return session is not None and now >= session.ends


def describe_expired(service: str) -> tuple[str, int, str]:
    """Code, HTTP status and message of the answer."""
    code, status = EXPIRED.get(service, EXPIRED_ELSEWHERE)
    return code, status, MESSAGES.get(service, MESSAGE_ELSEWHERE)
