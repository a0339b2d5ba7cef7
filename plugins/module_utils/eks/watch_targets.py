# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes resources of a cluster. Sources: DescribeCluster, DescribeNodegroup, DescribeFargateProfile,
DescribeAddon, DescribeUpdate and the List operations."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, format_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.health import (
    advise_on_creation,
    advise_on_update,
    list_issues,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Resource
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import MISSING, Observation
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.capability import CapabilityResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.fargate_profile import FargateProfileResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import find_pair, read_nodegroups
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import TARGETS, describe_update

# option: (kind, Describe operation, its parameter, key of its answer, List operation, key of its answer)
KINDS = {
    "nodegroups": ("nodegroup", "describe_nodegroup", "nodegroupName", "nodegroup", "list_nodegroups", "nodegroups"),
    "fargate_profiles": (
        "fargate_profile",
        "describe_fargate_profile",
        "fargateProfileName",
        "fargateProfile",
        "list_fargate_profiles",
        "fargateProfileNames",
    ),
    "addons": ("addon", "describe_addon", "addonName", "addon", "list_addons", "addons"),
}
# By the kind of an observation, or the option that names the resource of an update
RESOURCES: dict[str, type[Resource]] = {
    "cluster": ClusterResource,
    "nodegroup": NodegroupResource,
    "fargate_profile": FargateProfileResource,
    "addon": AddonResource,
    "capability": CapabilityResource,
}


def validate_params(params: dict[str, Any]) -> None:
    """Refuse contradictions before AWS is called."""
    if params["state"] == "deleted" and params["updates"]:
        raise ValidationError(
            "updates: cannot be combined with state=deleted, because updates are never deleted. Omit updates."
        )
    for update in params["updates"] or []:
        named = [option for option in TARGETS if update.get(option)]
        if len(named) > 1:
            raise ValidationError(f"updates: update {update['id']} has both {' and '.join(named)}. Set one of them.")
    for option in ("wait_timeout", "interval", "heartbeat"):
        if params[option] < 1:
            raise ValidationError(f"{option}: {params[option]} is not a valid number of seconds. Use 1 or more.")


def describe_targets(client: Any, params: dict[str, Any]) -> list[Observation]:
    """The current status of the resources of the task, described concurrently, in their order."""
    work = [*list_cluster_calls(client, params), *list_named_calls(client, params), *list_update_calls(client, params)]
    with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        return list(pool.map(lambda describe: describe(), work))


def list_cluster_calls(client: Any, params: dict[str, Any]) -> list[Callable[[], Observation]]:
    """The cluster itself, if it is requested, with all, or if nothing else is named."""
    others = params.get("deleted") or any(params[option] for option in (*KINDS, "updates"))
    wanted = params["cluster"] if params["cluster"] is not None else params["all"] or not others
    name = params["cluster_name"]
    if not wanted:
        return []
    is_new = bool((params.get("started") or {}).get("cluster"))
    describe = partial(describe_or_none, client.describe_cluster, "cluster", name=name)
    return [lambda: observe("cluster", name, describe(), params["state"], is_new)]


def list_named_calls(client: Any, params: dict[str, Any]) -> list[Callable[[], Observation]]:
    cluster, state, deleted = params["cluster_name"], params["state"], params.get("deleted") or {}
    started = params.get("started") or {}
    work = []
    for option, (kind, operation, parameter, key, listing, names_key) in KINDS.items():
        names = list(params[option] or [])
        if params["all"]:
            names = list(dict.fromkeys(names + list_names(client, listing, names_key, cluster)))
        describe = partial(describe_or_none, getattr(client, operation), key, clusterName=cluster)
        gone = deleted.get(option, [])
        wanted = {**dict.fromkeys(names, state), **dict.fromkeys(gone, "deleted")}
        for name, end in wanted.items():
            is_declared = option == "nodegroups" and end != "deleted"
            look = partial(describe_declared_group, client, cluster) if is_declared else describe
            is_new = name in started.get(option, [])
            work.append(lambda k=kind, n=name, d=look, p=parameter, e=end, s=is_new: observe(k, n, d(**{p: n}), e, s))
    return work


def describe_declared_group(client: Any, cluster: str, nodegroupName: str) -> dict[str, Any] | None:
    """A node group by its name in EKS. Where there is none, the one that took the place of the declared one of this name."""
    raw = describe_or_none(client.describe_nodegroup, "nodegroup", clusterName=cluster, nodegroupName=nodegroupName)
    return raw or find_pair(read_nodegroups(client, cluster), nodegroupName)[0]


def list_update_calls(client: Any, params: dict[str, Any]) -> list[Callable[[], Observation]]:
    cluster = params["cluster_name"]
    return [
        lambda u=update: observe_update(u, describe_update(client, cluster, u)) for update in params["updates"] or []
    ]


def observe(
    kind: str, name: str, raw: dict[str, Any] | None, wanted: str = "active", may_be_new: bool = False
) -> Observation:
    """An answer of a Describe operation as an observation."""
    if raw is None:
        return Observation(kind, name, MISSING, wanted=wanted, may_be_new=may_be_new)
    issues = list_issues(raw)
    details = {key: raw[key] for key in ("version", "endpoint") if kind == "cluster" and raw.get(key)}
    advice = advise_on_creation(raw, RESOURCES[kind])
    reason = format_issues(issues) if issues else ""
    return Observation(kind, name, raw["status"], reason, wanted, details, advice)


def observe_update(options: dict[str, Any], raw: dict[str, Any] | None) -> Observation:
    """An answer of DescribeUpdate as an observation. The update's ID is of an earlier task."""
    if raw is None:
        return Observation("update", options["id"], MISSING, may_be_new=True)
    errors = raw.get("errors") or []
    target = next((option for option in TARGETS if options.get(option)), "cluster")
    advice = advise_on_update(raw, RESOURCES[target])
    return Observation("update", options["id"], raw["status"], format_issues(errors) if errors else "", advice=advice)
