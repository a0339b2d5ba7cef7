# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replacement of a node group, made of the options of a task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import build_nodegroup_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.replacement import find_drain_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    check_name,
    find_range_problems,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement, refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.opening import ApiOpener
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.managed import NodegroupManager
from ansible_collections.kumo.eks.plugins.module_utils.nodes.moving import Pace
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_item
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement import Replacement
from ansible_collections.kumo.eks.plugins.module_utils.nodes.subnet_zones import find_subnet_zones

Row = dict[str, Any]


def build_replacement(
    params: Row, get_client: Callable[..., Any], check_mode: bool, warn: Callable[[str], None], stack: ExitStack
) -> Replacement:
    """The replacement that a task asks for.

    Args:
        get_client: gives a boto3 client by the name of its service, EKS' without one.
        stack: closes the connection to the API server with the task.

    Raises:
        ValidationError: for options that are wrong, and a cluster that does not exist.
    """
    name = params["cluster_name"]
    check_name("node group", params["name"], "name")
    item = read_item(params, get_client)
    raise_problems(
        [
            *find_drain_problems("drain", params["drain"]),
            *(
                one
                for option in ("wait_timeout", "ready_timeout")
                for one in find_range_problems(option, params[option], 1)
            ),
        ]
    )
    eks = get_client()
    manager = build_manager(eks, name, get_client, check_mode)
    refuse_missing_cluster(manager.lookups.describe_cluster(), name, eks.meta.region_name)
    opener = ApiOpener(stack, get_client("sts"), name, eks.meta.region_name)

    def open_api() -> KubernetesApi:
        return opener.open(manager.lookups.describe_cluster() or {})

    return Replacement(
        manager,
        open_api,
        params["name"],
        item,
        params["new_name"] or "",
        build_pace(params["drain"]),
        params["stop_at"],
        params["wait_timeout"],
        params["ready_timeout"],
        warn,
    )


def build_manager(eks: Any, cluster: str, get_client: Callable[..., Any], check_mode: bool) -> NodegroupManager:
    """The manager of a cluster's node groups."""
    ec2, iam, ssm = (partial(get_client, service) for service in ("ec2", "iam", "ssm"))
    lookups = NodegroupLookups(eks, cluster, ec2, ssm)
    placement = Placement(cluster, lookups.describe_cluster, ec2, check_mode)
    return NodegroupManager(eks, lookups, placement, JoinCheck(ec2, iam, lookups.describe_cluster), check_mode)


def build_pace(drain: Row | None) -> Pace:
    """The pace that the option drain asks for."""
    return Pace(**drop_none(drain or {}))


def read_item(params: Row, get_client: Callable[..., Any]) -> Row:
    """The options of the new group that the task names, the defaults of its declaration included."""
    spec, problems, read = build_nodegroup_spec(), [], {}
    for option in ("nodegroup", "defaults"):
        given = {key: value for key, value in (params[option] or {}).items() if key != "name"}
        read[option], wrong = read_arguments(spec, given, f"{option}.")
        problems += wrong
    raise_problems(problems)
    if not any(params[key] for key in ("nodegroup", "defaults", "node_roles", "private_subnets", "public_subnets")):
        return {"tags": params["tags"]} if params["tags"] is not None else {}
    declared = (params["nodegroup"] or {}).get("name") or params["name"]
    row = {**drop_none(read["nodegroup"]), "name": declared}
    task = {**params, "defaults": read["defaults"], "nodegroups": [row]}
    item = build_item({**task, "subnet_zones": find_subnet_zones(partial(get_client, "ec2"), task)}, row)
    return {key: value for key, value in item.items() if key != "name"}
