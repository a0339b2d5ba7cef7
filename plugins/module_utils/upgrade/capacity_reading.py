# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what the gates of capacity ask for: subnets, instance types of node groups, and what is counted against the quotas of vCPUs.

It may be denied, or fail: the gates are then unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_types import read_node_types
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.capacity import find_quota_code, list_types
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row

RUNNING = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]


def read_capacity(get_client: Callable[[str], Any], state: ClusterState) -> None:
    """Read it into the state.

    Args:
        get_client: gives a boto3 client by the name of its service.
        state: the cluster and its node groups are known.
    """
    ec2 = get_client("ec2")
    _read_subnets(ec2, state)
    state.node_types = read_or_note(lambda: read_node_types(lambda: ec2, state.nodegroups))
    types = {name for raw in state.nodegroups for name in list_types(state, raw)}
    instances = read_or_note(lambda: _list_instances(ec2)) if types else Read([], "")
    types |= {row["InstanceType"] for row in instances.value or []}
    state.types = read_or_note(
        lambda: {
            row["InstanceType"]: row
            for row in describe_by_filter(ec2, "describe_instance_types", "InstanceTypes", "instance-type", types)
        }
    )
    state.quotas = instances
    if instances.is_known and state.types.is_known:
        codes = _list_codes(state)
        state.quotas = read_or_note(lambda: _read_quotas(get_client, codes, instances.value, state.types.value))


def _read_subnets(ec2: Any, state: ClusterState) -> None:
    ids = {
        *state.cluster["resourcesVpcConfig"]["subnetIds"],
        *(one for raw in state.nodegroups for one in raw["subnets"]),
    }
    state.subnets = read_or_note(
        lambda: {
            row["SubnetId"]: row for row in describe_by_filter(ec2, "describe_subnets", "Subnets", "subnet-id", ids)
        }
    )


def _list_instances(ec2: Any) -> list[Row]:
    pages = describe_all_pages(ec2, "describe_instances", "Reservations", Filters=RUNNING)
    return [row for reservation in pages for row in reservation["Instances"]]


def _list_codes(state: ClusterState) -> set[str]:
    """The codes of the quotas that count the nodes of its groups."""
    codes = {
        find_quota_code(name, raw.get("capacityType") == "SPOT")
        for raw in state.nodegroups
        for name in list_types(state, raw)
    }
    return codes - {""}


def _read_quotas(
    get_client: Callable[[str], Any], codes: set[str], instances: list[Row], types: dict[str, Row]
) -> dict[str, Row]:
    """Of each code the limit, and the vCPUs that are used."""
    client = get_client("service-quotas")
    used: dict[str, int] = {}
    for row in instances:
        code = find_quota_code(row["InstanceType"], row.get("InstanceLifecycle") == "spot")
        vcpus = (types.get(row["InstanceType"]) or {}).get("VCpuInfo", {}).get("DefaultVCpus", 0)
        used[code] = used.get(code, 0) + vcpus
    found = {}
    for code in sorted(codes):
        quota = client.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
        found[code] = {"name": quota["QuotaName"], "limit": quota["Value"], "used": used.get(code, 0)}
    return found
