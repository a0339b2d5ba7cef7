"""AWS' managed policies are parsed once: moto parses them again at each reset, which takes 0.1 to 0.5 s."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.iam.models import IAMBackend

from kumo_sandbox.moto_fixes.hooks import Method, around
from kumo_sandbox.partitions import DEFAULT


@around(IAMBackend, "_init_aws_policies")
def list_policies(original: Method, backend: Any) -> list[Any]:
    """Give each new IAM backend the policies that were parsed before, as they were then.

    One backend at a time has them: moto keeps one for each account and partition.
    """
    parsed = _parse(original, backend.account_id, backend.region_name)
    for policy, state in parsed:
        if _is_touched(policy, state):
            _restore(policy, state)
    return [policy for policy, _state in parsed]


@cache
def _parse(original: Method, account: str, region: str) -> list[tuple[Any, dict[str, Any]]]:
    """The policies, each with its attributes and those of its versions.

    moto has the documents of the partition ``aws``. Another partition's name its own resources, as IAM allows no others.
    """
    backend = IAMBackend.__new__(IAMBackend)
    backend.account_id, backend.region_name = account, region
    policies = original(backend)
    for version in [version for policy in policies for version in policy.versions] if region != DEFAULT else []:
        version.document = version.document.replace(f"arn:{DEFAULT}:", f"arn:{region}:")
    return [(policy, _save(policy)) for policy in policies]


def _save(policy: Any) -> dict[str, Any]:
    versions = [(version, dict(vars(version))) for version in policy.versions]
    return {**vars(policy), "versions": versions}


def _is_touched(policy: Any, state: dict[str, Any]) -> bool:
    """Whether somebody attached, tagged or versioned it. There are 1,300: to look at four attributes is quicker than to restore all."""
    return bool(
        policy.attachment_count != state["attachment_count"]
        or policy.tags
        or policy.default_version_id != state["default_version_id"]
        or len(policy.versions) != len(state["versions"])
    )


def _restore(policy: Any, state: dict[str, Any]) -> None:
    """Undo what was attached, tagged and versioned."""
    for version, attributes in state["versions"]:
        vars(version).update(attributes)
    vars(policy).update({**state, "versions": [version for version, _attributes in state["versions"]], "tags": {}})
