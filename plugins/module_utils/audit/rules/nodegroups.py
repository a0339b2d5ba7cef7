# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""G: managed node groups."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import list_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")
AGENT = "eks-node-monitoring-agent"


def name_group(row: Row) -> str:
    return f"Node group {row['nodegroupName']}"


def require_groups(nodegroups: list[Row]) -> None:
    if not nodegroups:
        raise NotApplicable("the cluster has no managed node groups")


@rule(
    "G01",
    HIGH,
    "Node groups are active",
    reads=("nodegroups",),
    why="A degraded group does not replace nodes that fail, and cannot be updated.",
    remedy="Mend what its health issues name.",
    task=("eks_nodegroup_info", {"cluster_name": "{cluster}", "name": "{name}"}),
    references=("eksup EKS003",),
)
def nodegroup_status(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        if row["status"] not in ("ACTIVE", "UPDATING", "CREATING", "DELETING"):
            yield name_group(row), f"status is {row['status']}"


@rule(
    "G01b",
    HIGH,
    "EKS reports no health issue of a node group",
    reads=("nodegroups",),
    why="Nodes do not start, do not join, or are not replaced.",
    remedy="Mend what the issue names.",
    task=("eks_nodegroup_info", {"cluster_name": "{cluster}", "name": "{name}"}),
    references=("eksup EKS003",),
)
def nodegroup_health(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        for issue in list_issues(row):
            yield name_group(row), f"{issue.get('code')}: {issue.get('message')}"


@rule(
    "G05",
    HIGH,
    "No node group has images of Amazon Linux 2",
    reads=("nodegroups",),
    why="EKS publishes no images of Amazon Linux 2 after Kubernetes 1.32: they get no security updates.",
    remedy="Create a node group with AL2023 or Bottlerocket, and delete this one.",
    references=("eksup EKS008",),
)
def amazon_linux_2(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        if str(row.get("amiType")).startswith("AL2_"):
            yield name_group(row), f"amiType is {row['amiType']}"


@rule(
    "G05b",
    INFO,
    "Node groups have images of EKS",
    reads=("nodegroups",),
    why="EKS neither updates nodes with an image of your own, nor reports that it is old.",
    remedy="Use an ami_type of EKS, or rebuild and roll the image with each security update.",
)
def custom_image(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        if row.get("amiType") == "CUSTOM":
            yield name_group(row), "amiType is CUSTOM"


@rule(
    "G04",
    MEDIUM,
    "Node groups have the Kubernetes version of the control plane",
    reads=("cluster", "nodegroups"),
    why="Older kubelets lack fixes, and block the next upgrade of the control plane when they are three minor versions behind.",
    remedy="Update the node group.",
    task=("eks_nodegroup", {"cluster_name": "{cluster}", "name": "{name}", "version": "{version}"}),
    references=("eksup K8S001", "EKS insights Kubelet version skew"),
)
def nodegroup_version(cluster: Row, nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        if row.get("version") and parse_minor(row["version"]) < parse_minor(cluster["version"]):
            yield name_group(row), f"version is {row['version']}, the control plane has {cluster['version']}"


@rule(
    "G08",
    MEDIUM,
    "Auto repair of nodes is on",
    reads=("nodegroups",),
    why="A node whose network, disk or kernel fails keeps its pods until somebody notices.",
    remedy="Turn on node_repair_config.",
    task=("eks_nodegroup", {"cluster_name": "{cluster}", "name": "{name}", "node_repair_config": {"enabled": True}}),
)
def node_repair(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        if not (row.get("nodeRepairConfig") or {}).get("enabled"):
            yield name_group(row), "nodeRepairConfig.enabled is false"


@rule(
    "G08b",
    LOW,
    "The node monitoring agent is there where auto repair is on",
    reads=("cluster", "nodegroups", "addons"),
    why="Without the agent, auto repair sees only nodes that do not answer, and not those whose network or storage fails.",
    remedy="Install the add-on eks-node-monitoring-agent.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": AGENT}),
)
def node_monitoring_agent(cluster: Row, nodegroups: list[Row], addons: list[Row]) -> Hits:
    repaired = [row["nodegroupName"] for row in nodegroups if (row.get("nodeRepairConfig") or {}).get("enabled")]
    if not repaired:
        raise NotApplicable("no node group has auto repair")
    if not any(row["addonName"] == AGENT for row in addons):
        yield f"Cluster {cluster['name']}", f"no add-on {AGENT}, and auto repair of {', '.join(repaired)}"


@rule(
    "G09",
    HIGH,
    "Remote access to node groups is limited to security groups",
    reads=("nodegroups",),
    why="With a key and no source security group, EKS opens port 22 of the nodes to the whole internet.",
    remedy="Create the node group again without remote_access, or with source_security_groups. Use Session Manager instead of SSH.",
    references=("Checkov CKV_AWS_100",),
)
def remote_access_open(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        access = row.get("remoteAccess") or {}
        if access.get("ec2SshKey") and not access.get("sourceSecurityGroups"):
            yield name_group(row), f"remoteAccess has the key {access['ec2SshKey']}, and no sourceSecurityGroups"


@rule(
    "G09b",
    LOW,
    "Nodes have no SSH keys",
    reads=("nodegroups", "launch_templates"),
    why="Keys are shared and do not expire, and nothing records what is done with them.",
    remedy="Use Session Manager, and create the node group again without a key.",
)
def ssh_key(nodegroups: list[Row], launch_templates: list[Row]) -> Hits:
    for row in nodegroups:
        if (row.get("remoteAccess") or {}).get("ec2SshKey"):
            yield name_group(row), f"remoteAccess has the key {row['remoteAccess']['ec2SshKey']}"
    for row in launch_templates:
        if row["LaunchTemplateData"].get("KeyName"):
            yield (
                f"Launch template {row['LaunchTemplateName']}",
                f"KeyName is {row['LaunchTemplateData']['KeyName']}; used by {', '.join(row['used_by'])}",
            )


@rule(
    "G10",
    HIGH,
    "Nodes are in two zones or more",
    reads=("nodegroups", "subnets"),
    why="All applications are gone when the zone fails.",
    remedy="Create a node group with subnets of several zones, or one for each zone.",
    references=("Prowler autoscaling_group_multiple_az",),
)
def nodegroup_zones(nodegroups: list[Row], subnets: dict[str, Row]) -> Hits:
    require_groups(nodegroups)
    zones = {(subnets.get(key) or {}).get("AvailabilityZone") for row in nodegroups for key in row["subnets"]} - {None}
    if len(zones) < 2:
        names = ", ".join(row["nodegroupName"] for row in nodegroups)
        yield (
            f"Node group {nodegroups[0]['nodegroupName']}",
            f"all of {names} are in {', '.join(map(str, sorted(zones, key=str))) or 'no known zone'}",
        )


@rule(
    "G11",
    MEDIUM,
    "Spot node groups have several instance types",
    reads=("nodegroups", "nodegroup_types"),
    why="AWS takes back all instances of a type in a zone at once. With one type the whole group is gone.",
    remedy="Name at least three types of the same size. Types of a node group cannot be changed: create another one.",
    references=("Prowler autoscaling_group_multiple_instance_types",),
)
def spot_types(nodegroups: list[Row], nodegroup_types: dict[str, list[str]]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        types = nodegroup_types[row["nodegroupName"]]
        if row.get("capacityType") == "SPOT" and len(types) < 3:
            yield name_group(row), f"capacityType is SPOT, its instance types are {', '.join(types)}"


@rule(
    "G11b",
    LOW,
    "Node groups have no burstable instances",
    reads=("nodegroups", "nodegroup_types"),
    why="When their CPU credits are spent, all pods of the node become slow, or the account pays for more.",
    remedy="Use m, c or r instances for steady load.",
)
def burstable_types(nodegroups: list[Row], nodegroup_types: dict[str, list[str]]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        types = [one for one in nodegroup_types[row["nodegroupName"]] if one.startswith(BURSTABLE)]
        if types:
            yield name_group(row), f"its instance types are {', '.join(types)}"


@rule(
    "G12",
    MEDIUM,
    "An update of a node group replaces not more than a third of its nodes at once",
    reads=("nodegroups",),
    why="The pods of all these nodes are evicted together, and may find no room.",
    remedy="Set update_config to a smaller number or percentage.",
    task=(
        "eks_nodegroup",
        {"cluster_name": "{cluster}", "name": "{name}", "update_config": {"max_unavailable_percentage": 33}},
    ),
)
def update_config(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        config, size = row.get("updateConfig") or {}, (row.get("scalingConfig") or {}).get("desiredSize") or 0
        share = config.get("maxUnavailablePercentage") or 0
        number = config.get("maxUnavailable") or 0
        if share > 34 or (size > 2 and number * 3 > size + 2):
            yield name_group(row), f"updateConfig is {number or f'{share} %'} of {size} nodes"


@rule(
    "G13",
    MEDIUM,
    "Node groups have room to grow",
    reads=("nodegroups",),
    why="An autoscaler can add no node, and pods stay pending.",
    remedy="Raise max_size.",
    task=("eks_nodegroup", {"cluster_name": "{cluster}", "name": "{name}", "scaling_config": {"max_size": 10}}),
)
def nodegroup_full(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        sizes = row.get("scalingConfig") or {}
        if sizes.get("desiredSize") == sizes.get("maxSize") and sizes.get("minSize") != sizes.get("maxSize"):
            yield name_group(row), f"desiredSize and maxSize are {sizes.get('maxSize')}"


@rule(
    "G13b",
    MEDIUM,
    "The system pods have at least two nodes",
    reads=("nodegroups",),
    why="With a single node, each update and each failure interrupts everything, CoreDNS as well.",
    remedy="Raise min_size and desired_size to two or more.",
    task=(
        "eks_nodegroup",
        {"cluster_name": "{cluster}", "name": "{name}", "scaling_config": {"min_size": 2, "desired_size": 2}},
    ),
)
def single_node(nodegroups: list[Row]) -> Hits:
    require_groups(nodegroups)
    total = sum((row.get("scalingConfig") or {}).get("desiredSize") or 0 for row in nodegroups)
    if total == 1:
        (one,) = [row for row in nodegroups if (row.get("scalingConfig") or {}).get("desiredSize")]
        yield name_group(one), "all node groups together have one node"


@rule(
    "G20",
    CRITICAL,
    "The subnets of node groups exist",
    reads=("nodegroups", "subnets"),
    why="The group can start no node there.",
    remedy="Create another node group in subnets that exist, and delete this one.",
)
def nodegroup_subnets_exist(nodegroups: list[Row], subnets: dict[str, Row]) -> Hits:
    require_groups(nodegroups)
    for row in nodegroups:
        lost = [key for key in row["subnets"] if key not in subnets]
        if lost:
            yield name_group(row), f"{', '.join(lost)} is not in the VPC"
