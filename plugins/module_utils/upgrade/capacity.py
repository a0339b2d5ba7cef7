# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates of capacity: free addresses for the control plane and for new nodes, and the quota of vCPUs. Pure.

How many nodes EKS adds during an update: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
"""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.findings import FAILED, PASSED, UNKNOWN, Finding
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import NODEGROUP, Plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row

# "Amazon EKS requires up to five available IP addresses from the subnets that you specified when you created your cluster":
# https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
CONTROL_PLANE_ADDRESSES = 5
# Quotas of running On-Demand and Spot vCPUs, by the first letters of an instance type's family. The first that fits counts.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
QUOTAS = (
    (("inf",), "L-1945791B", "L-B5D1601B"),
    (("trn",), "L-2C3B7624", "L-6B0D517C"),
    (("vt", "g"), "L-DB2E81BA", "L-3819A6DF"),
    (("p",), "L-417A185B", "L-7212CCBC"),
    (("f",), "L-74FC7D96", "L-88CF9481"),
    (("x",), "L-7295265B", "L-E3A00192"),
    (("a", "c", "d", "h", "i", "m", "r", "t", "z"), "L-1216C47A", "L-34B43A08"),
)
MINIMAL = " With update_config.update_strategy MINIMAL, an update in place adds no nodes."
UNCOUNTED = ("dl", "hpc", "mac")  # families with separate quotas, whose codes are not here


def find_quota_code(instance_type: str, is_spot: bool) -> str:
    """The code of the quota that counts an instance, empty where none is known."""
    family = instance_type.partition(".")[0].lower()
    if family.startswith(UNCOUNTED):
        return ""
    row = next((row for row in QUOTAS if family.startswith(row[0])), None)
    return row[2 if is_spot else 1] if row else ""


def list_updated_groups(state: ClusterState, plan: Plan) -> list[Row]:
    """The managed node groups that the plan updates."""
    names = {step.name for step in plan.steps if step.kind == NODEGROUP}
    return [raw for raw in state.nodegroups if raw["nodegroupName"] in names]


def compute_surge(raw: Row, zones: int) -> int:
    """The most nodes that EKS adds to a group at once.

    The larger of twice the number of its zones and its maximum of unavailable nodes; with the strategy MINIMAL none.
    """
    desired, update = raw["scalingConfig"].get("desiredSize") or 0, raw.get("updateConfig") or {}
    if not desired or update.get("updateStrategy") == "MINIMAL":
        return 0
    share = update.get("maxUnavailablePercentage")
    unavailable = math.ceil(desired * share / 100) if share else update.get("maxUnavailable") or 1
    return max(2 * zones, unavailable)


def _count_new_nodes(plan: Plan, raw: Row, zones: int) -> int:
    """The most nodes that are there beside those of a group: all of them where a new group replaces it."""
    if raw["nodegroupName"] in plan.blue_green:
        return raw["scalingConfig"].get("desiredSize") or 0
    return compute_surge(raw, zones)


def check_control_plane_addresses(state: ClusterState, plan: Plan) -> Finding:
    """The subnets of the control plane have the addresses that EKS needs for its new network interfaces."""
    if plan.target == plan.current:
        return Finding(PASSED, ["the control plane stays at its version"])
    if not state.subnets.is_known:
        return Finding(UNKNOWN, [state.subnets.problem], "Allow ec2:DescribeSubnets.")
    ids = state.cluster["resourcesVpcConfig"]["subnetIds"]
    missing = [name for name in ids if name not in state.subnets.value]
    if missing:
        return Finding(
            FAILED, [f"subnet {name} does not exist" for name in missing], "Set subnets of the cluster that exist."
        )
    free = {name: state.subnets.value[name]["AvailableIpAddressCount"] for name in ids}
    evidence = [f"{name} has {format_count(count, 'free address')}" for name, count in free.items()]
    total = sum(free.values())
    if total < CONTROL_PLANE_ADDRESSES:
        remedy = f"EKS needs up to {CONTROL_PLANE_ADDRESSES}: free some, or set other subnets of the cluster in the same zones."
        return Finding(FAILED, evidence, remedy)
    few = [
        f"{name} has only {format_count(count, 'free address')}"
        for name, count in free.items()
        if count < CONTROL_PLANE_ADDRESSES
    ]
    return Finding(PASSED, evidence, warnings=few)


def check_node_addresses(state: ClusterState, plan: Plan) -> Finding:
    """The subnets of each node group have an address for each node of the surge, and better for the pods on it."""
    groups = list_updated_groups(state, plan)
    if not groups:
        return Finding(PASSED, ["no managed node group is updated"])
    if not state.subnets.is_known:
        return Finding(UNKNOWN, [state.subnets.problem], "Allow ec2:DescribeSubnets.")
    evidence, failed, warnings = [], [], []
    for raw in groups:
        rows = [state.subnets.value[name] for name in raw["subnets"] if name in state.subnets.value]
        surge = _count_new_nodes(plan, raw, len({row["AvailabilityZone"] for row in rows}))
        free = sum(row["AvailableIpAddressCount"] for row in rows)
        text = f"node group {raw['nodegroupName']}: {format_count(free, 'free address')} for {format_count(surge, 'more node')}"
        evidence.append(text)
        per_node = _count_addresses(state, raw)
        if surge and free < surge:
            failed.append(text)
        elif surge and free < surge * per_node:
            warnings.append(f"{text}, which take up to {per_node} each for their pods")
    rolled = any(raw["nodegroupName"] not in plan.blue_green for raw in groups)
    remedy = "Free some addresses, or add subnets." + MINIMAL * rolled
    return Finding(FAILED, failed, remedy, warnings) if failed else Finding(PASSED, evidence, warnings=warnings)


def _count_addresses(state: ClusterState, raw: Row) -> int:
    """The addresses of the first network interface, which the VPC CNI takes at once; 1 where the type is not known."""
    known = state.types.value or {}
    rows = [known[name] for name in list_types(state, raw) if name in known]
    return max((row["NetworkInfo"]["Ipv4AddressesPerInterface"] for row in rows), default=1)


def list_types(state: ClusterState, raw: Row) -> list[str]:
    """The instance types of a node group, empty where they are not known."""
    return (state.node_types.value or {}).get(raw["nodegroupName"], [])


def compute_demand(state: ClusterState, plan: Plan) -> dict[str, int]:
    """The vCPUs of the largest surge by the code of their quota: groups are updated one after the other."""
    demand: dict[str, int] = {}
    for raw in list_updated_groups(state, plan):
        zones = {(state.subnets.value or {}).get(name, {}).get("AvailabilityZone", name) for name in raw["subnets"]}
        surge = _count_new_nodes(plan, raw, len(zones))
        for name in list_types(state, raw):
            code = find_quota_code(name, raw.get("capacityType") == "SPOT")
            vcpus = ((state.types.value or {}).get(name) or {}).get("VCpuInfo", {}).get("DefaultVCpus", 0)
            if surge and code:
                demand[code] = max(demand.get(code, 0), surge * vcpus)
    return demand


def check_vcpu_quota(state: ClusterState, plan: Plan) -> Finding:
    """The quotas of running vCPUs have room for the largest surge."""
    if not any(_count_new_nodes(plan, raw, 1) for raw in list_updated_groups(state, plan)):
        return Finding(PASSED, ["no node is added"])
    remedy = "Allow servicequotas:GetServiceQuota, ec2:DescribeInstances, ec2:DescribeInstanceTypes and ec2:DescribeLaunchTemplateVersions."
    for read in (state.node_types, state.types, state.quotas):
        if not read.is_known:
            return Finding(UNKNOWN, [read.problem], remedy)
    evidence, failed = [], []
    uncounted = sorted(
        {
            name
            for raw in list_updated_groups(state, plan)
            for name in list_types(state, raw)
            if not find_quota_code(name, raw.get("capacityType") == "SPOT") or name not in state.types.value
        }
    )
    if uncounted:
        return Finding(
            UNKNOWN,
            [f"the quota of {', '.join(uncounted)} is not known"],
            "Look at Service Quotas, and override the gate.",
        )
    for code, vcpus in compute_demand(state, plan).items():
        row: dict[str, Any] = state.quotas.value[code]
        text = f"{row['name']} ({code}): {row['used']:g} of {row['limit']:g} vCPUs are used, {vcpus} more are needed"
        evidence.append(text)
        if row["used"] + vcpus > row["limit"]:
            failed.append(text)
    return (
        Finding(FAILED, failed, "Ask Service Quotas for more, or end instances.")
        if failed
        else Finding(PASSED, evidence)
    )
