"""What EKS takes as tags.

https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html#tag-restrictions
"""

from __future__ import annotations

from kumo_sandbox.eks.errors import ServiceError

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256


def check_tags(tags: dict[str, str], error: type[ServiceError]) -> None:
    if len(tags) > MOST:
        raise error(f"A resource can have at most {MOST} tags")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise error(f"Tag keys that begin with aws: are reserved: {key}")
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise error(f"Tag keys have 1-{LONGEST_KEY} characters, and values at most {LONGEST_VALUE}: {key}")
