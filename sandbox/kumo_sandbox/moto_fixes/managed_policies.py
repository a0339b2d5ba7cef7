"""AWS' managed policies are parsed once: moto parses them again at each reset, which takes 0.1 to 0.5 s."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from moto.iam.models import IAMBackend

from kumo_sandbox.moto_fixes.hooks import Method, around


@around(IAMBackend, "_init_aws_policies")
def list_policies(original: Method, backend: Any) -> list[Any]:
    """Give each new IAM backend copies of policies that were parsed before."""
    return [_copy(policy) for policy in _parse(original, backend.account_id, backend.region_name)]


@cache
def _parse(original: Method, account: str, region: str) -> list[Any]:
    backend = IAMBackend.__new__(IAMBackend)
    backend.account_id, backend.region_name = account, region
    return list(original(backend))


def _copy(policy: Any) -> Any:
    """A policy as parsed: who attaches one changes its counts, versions and tags."""
    made = copy.copy(policy)
    made.versions, made.tags = [copy.copy(version) for version in policy.versions], {}
    return made
