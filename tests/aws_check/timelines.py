"""How long each resource stayed in a state, by what was seen of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

# Where an answer tells a resource's state: the operation, the path to the resources, what names one, and its state.
STATES = {
    "DescribeCluster": ("cluster", "name", "status"),
    "DescribeNodegroup": ("nodegroup", "nodegroupName", "status"),
    "DescribeFargateProfile": ("fargateProfile", "fargateProfileName", "status"),
    "DescribeAddon": ("addon", "addonName", "status"),
    "DescribeUpdate": ("update", "type", "status"),
    "DescribeNatGateways": ("NatGateways", "NatGatewayId", "State"),
    "DescribeVpcEndpoints": ("VpcEndpoints", "ServiceName", "State"),
}
PASSING = ("creating", "pending", "updating", "deleting", "inprogress")


def read_durations(calls: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds that resources were seen in a passing state until another one, or nothing, was seen; the longest of a kind."""
    seen: dict[tuple[str, str], tuple[str, float]] = {}
    longest: dict[str, float] = defaultdict(float)

    def end(key: tuple[str, str], now: float) -> None:
        state, since = seen.pop(key)
        if state.lower() in PASSING:
            what = f"{key[0]} {state}"
            longest[what] = max(longest[what], now - since)

    for call in calls:
        now = call["at"] + call["seconds"]
        for key, state in _list_states(call):
            if key in seen and seen[key][0] != state:
                end(key, now)
            seen.setdefault(key, (state, now))
        gone = _read_missing(call)
        if gone in seen:
            end(gone, now)
    return dict(longest)


def _list_states(call: dict[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    if call["operation"] not in STATES or "answer" not in call:
        return
    member, name, state = STATES[call["operation"]]
    found = call["answer"].get(member) or []
    for row in found if isinstance(found, list) else [found]:
        yield (member, row[name]), row[state]


def _read_missing(call: dict[str, Any]) -> tuple[str, str] | None:
    """The resource of EKS that a Describe did not find."""
    if call.get("error") != "ResourceNotFoundException" or call["operation"] not in STATES:
        return None
    member, name, _state = STATES[call["operation"]]
    return member, call["parameters"].get(name, "")
