"""Warm pools of node groups.

https://docs.aws.amazon.com/eks/latest/APIReference/API_WarmPoolConfig.html
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox.eks.errors import InvalidParameter
from kumo_sandbox.eks.store import Raw

DEFAULTS: Raw = {"minSize": 0, "poolState": "STOPPED", "reuseOnScaleIn": False}
PARAMS = {
    "enabled": "WarmPoolEnabled",
    "minSize": "WarmPoolMinSize",
    "maxGroupPreparedCapacity": "WarmPoolMaxGroupPreparedCapacity",
    "poolState": "WarmPoolState",
    "reuseOnScaleIn": "WarmPoolReuseOnScaleIn",
}


def build_config(nodegroup: Raw, asked: Raw) -> Raw:
    """The pool as it will be: what a request leaves out stays, or has its default."""
    found = {**DEFAULTS, "enabled": False, **(nodegroup.get("warmPoolConfig") or {}), **asked}
    if nodegroup["amiType"].startswith("BOTTLEROCKET"):
        if found["poolState"] == "HIBERNATED":
            raise InvalidParameter("Warm pools in the state HIBERNATED are not supported with Bottlerocket AMIs")
        if found["reuseOnScaleIn"]:
            raise InvalidParameter("reuseOnScaleIn is not supported with Bottlerocket AMIs")
    return found


def build_params(asked: Raw) -> list[tuple[str, Any]]:
    """The update's parameters."""
    return [(PARAMS[key], value) for key, value in asked.items()]
