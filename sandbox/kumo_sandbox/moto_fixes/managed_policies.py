"""AWS' managed policies are parsed once: moto parses them again at each reset, which takes 0.1 to 0.5 s."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any


def keep_parsed() -> None:
    """Give each new IAM backend copies of policies that were parsed before."""
    from moto.iam.models import IAMBackend

    if hasattr(IAMBackend, "_parse_aws_policies"):
        return
    IAMBackend._parse_aws_policies = parse = IAMBackend._init_aws_policies

    @cache
    def parsed(account: str, region: str) -> list[Any]:
        backend = IAMBackend.__new__(IAMBackend)
        backend.account_id, backend.region_name = account, region
        return parse(backend)

    def policies(backend: Any) -> list[Any]:
        return [_copy(policy) for policy in parsed(backend.account_id, backend.region_name)]

    IAMBackend._init_aws_policies = policies


def _copy(policy: Any) -> Any:
    """A policy as parsed: who attaches one changes its counts, versions and tags."""
    made = copy.copy(policy)
    made.versions, made.tags = [copy.copy(version) for version in policy.versions], {}
    return made
