# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of Amazon EC2 and EC2 Auto Scaling. Each row is the answer of EC2, with its tags as the map C(tags)."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    describe_all_pages,
    describe_by_filter,
    describe_template_versions,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_types import list_node_types

Row = dict[str, Any]
CLUSTER_TAG = "kubernetes.io/cluster/"
OF_NODEGROUP = "eks:nodegroup-name"  # tag that EKS gives the Auto Scaling groups of managed node groups
# Keys of tags by which a resource names its cluster. Values of filters may have wildcards.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
LAUNCH_TEMPLATES = ("describe_launch_templates", "LaunchTemplates")
MARKS = [
    f"{CLUSTER_TAG}*",
    "KubernetesCluster",
    "aws:eks:cluster-name",
    "cluster.k8s.amazonaws.com/name",
    "eks:cluster-name",
    "eks:eks-cluster-name",
    "elbv2.k8s.aws/cluster",
    "kubernetes.io/created-for/pvc/name",
    "kumo.eks/*",
]
LIVING = ["pending", "running", "stopping", "stopped"]


def describe(snapshot: Snapshot, operation: str, key: str, name: str, values: Any, **words: Any) -> list[Row]:
    """The rows that a filter finds, with their tags as a map."""
    return add_tags(describe_by_filter(snapshot.client("ec2"), operation, key, name, values, **words))


def describe_everything(snapshot: Snapshot, operation: str, key: str, **words: Any) -> list[Row]:
    """All rows of the region, with their tags as a map."""
    return add_tags(describe_all_pages(snapshot.client("ec2"), operation, key, **words))


def add_tags(rows: list[Row]) -> list[Row]:
    """The rows with their tags as a map."""
    return [{**row, "tags": read_tag_list(row.get("Tags") or row.get("TagSet"))} for row in rows]


def get_vpc_id(snapshot: Snapshot) -> str:
    return snapshot.cluster["resourcesVpcConfig"]["vpcId"]


@source()
def vpc(snapshot: Snapshot) -> Row:
    """The VPC of the cluster (DescribeVpcs)."""
    (found,) = describe(snapshot, "describe_vpcs", "Vpcs", "vpc-id", [get_vpc_id(snapshot)])
    return found


@source()
def subnets(snapshot: Snapshot) -> dict[str, Row]:
    """DescribeSubnets by ID, of all subnets of the VPC, with C(kind): public, private (a route out), or isolated, by its routes."""
    found = describe(snapshot, "describe_subnets", "Subnets", "vpc-id", [get_vpc_id(snapshot)])
    tables = snapshot.get("route_tables")
    return {row["SubnetId"]: {**row, "kind": find_kind(row["SubnetId"], tables)} for row in found}


def find_kind(subnet: str, tables: list[Row]) -> str:
    """Whether a subnet is public, private or isolated, by the default route of its route table."""
    links = {one.get("SubnetId") or "": row for row in tables for one in row.get("Associations") or []}
    main = next((row for row in tables if any(one.get("Main") for one in row.get("Associations") or [])), None)
    routes = ((links.get(subnet) or main) or {}).get("Routes") or []
    ways = [row for row in routes if row.get("DestinationCidrBlock") == "0.0.0.0/0" and row.get("State") != "blackhole"]
    if any(str(row.get("GatewayId", "")).startswith("igw-") for row in ways):
        return "public"
    return "private" if ways else "isolated"


@source()
def cluster_subnets(snapshot: Snapshot) -> list[Row]:
    """The rows of C(subnets) that the cluster itself has."""
    rows = snapshot.get("subnets")
    return [rows[key] for key in snapshot.cluster["resourcesVpcConfig"]["subnetIds"] if key in rows]


@source()
def node_subnets(snapshot: Snapshot) -> dict[str, list[str]]:
    """By the ID of a subnet the node groups and instances that are in it, as resources of findings."""
    found: dict[str, list[str]] = {}
    for row in snapshot.get("nodegroups"):
        for key in row["subnets"]:
            found.setdefault(key, []).append(f"Node group {row['nodegroupName']}")
    for row in snapshot.get("instances"):
        if OF_NODEGROUP not in row["tags"] and "eks:nodegroup-name" not in row["tags"]:
            found.setdefault(row.get("SubnetId", ""), []).append(f"Instance {row['InstanceId']}")
    return found


@source()
def route_tables(snapshot: Snapshot) -> list[Row]:
    """DescribeRouteTables of the VPC."""
    return describe(snapshot, "describe_route_tables", "RouteTables", "vpc-id", [get_vpc_id(snapshot)])


@source()
def security_groups(snapshot: Snapshot) -> dict[str, Row]:
    """DescribeSecurityGroups by ID, of all security groups of the VPC."""
    rows = describe(snapshot, "describe_security_groups", "SecurityGroups", "vpc-id", [get_vpc_id(snapshot)])
    return {row["GroupId"]: row for row in rows}


@source()
def network_acls(snapshot: Snapshot) -> list[Row]:
    """DescribeNetworkAcls of the VPC."""
    return describe(snapshot, "describe_network_acls", "NetworkAcls", "vpc-id", [get_vpc_id(snapshot)])


@source()
def nat_gateways(snapshot: Snapshot) -> list[Row]:
    """DescribeNatGateways of the VPC, those that are not deleted."""
    filters = [{"Name": "vpc-id", "Values": [get_vpc_id(snapshot)]}]
    rows = describe_everything(snapshot, "describe_nat_gateways", "NatGateways", Filter=filters)
    return [row for row in rows if row.get("State") in ("pending", "available")]


@source()
def vpc_endpoints(snapshot: Snapshot) -> list[Row]:
    """DescribeVpcEndpoints of the VPC."""
    return describe(snapshot, "describe_vpc_endpoints", "VpcEndpoints", "vpc-id", [get_vpc_id(snapshot)])


@source()
def flow_logs(snapshot: Snapshot) -> list[Row]:
    """DescribeFlowLogs of the VPC and of the subnets of the VPC."""
    filters = [{"Name": "resource-id", "Values": [get_vpc_id(snapshot), *sorted(snapshot.get("subnets"))][:200]}]
    return describe_everything(snapshot, "describe_flow_logs", "FlowLogs", Filter=filters)


@source()
def vpc_dns(snapshot: Snapshot) -> Row:
    """C(enableDnsSupport) and C(enableDnsHostnames) of the VPC (DescribeVpcAttribute)."""
    ec2, key = snapshot.client("ec2"), get_vpc_id(snapshot)
    found = {}
    for name, field in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        found[name] = ec2.describe_vpc_attribute(VpcId=key, Attribute=name)[field]["Value"]
    return found


@source()
def instances(snapshot: Snapshot) -> list[Row]:
    """DescribeInstances of the instances with the tag C(kubernetes.io/cluster/NAME) that are not terminated."""
    key = CLUSTER_TAG + snapshot.cluster_name
    rows = describe_by_filter(snapshot.client("ec2"), "describe_instances", "Reservations", "tag-key", [key])
    living = [one for row in rows for one in row["Instances"] if one["State"]["Name"] in LIVING]
    return add_tags(living)


@source()
def images(snapshot: Snapshot) -> dict[str, Row]:
    """DescribeImages by ID, of the images that instances of the cluster have."""
    ids = {row["ImageId"] for row in snapshot.get("instances") if row.get("ImageId")}
    return {row["ImageId"]: row for row in describe(snapshot, "describe_images", "Images", "image-id", ids)}


@source()
def auto_scaling_groups(snapshot: Snapshot) -> list[Row]:
    """DescribeAutoScalingGroups of the groups with the tag C(kubernetes.io/cluster/NAME), those of managed node groups among them."""
    wanted = [{"Name": "tag-key", "Values": [CLUSTER_TAG + snapshot.cluster_name]}]
    client, operation = snapshot.client("autoscaling"), "describe_auto_scaling_groups"
    return add_tags(describe_all_pages(client, operation, "AutoScalingGroups", Filters=wanted))


@source()
def scheduled_actions(snapshot: Snapshot) -> list[Row]:
    """DescribeScheduledActions of the Auto Scaling groups of the region."""
    client, operation = snapshot.client("autoscaling"), "describe_scheduled_actions"
    return describe_all_pages(client, operation, "ScheduledUpdateGroupActions")


@source()
def self_managed_groups(snapshot: Snapshot) -> list[Row]:
    """The rows of C(auto_scaling_groups) that do not belong to a managed node group."""
    return [row for row in snapshot.get("auto_scaling_groups") if OF_NODEGROUP not in row["tags"]]


@source(is_private=True)
def launch_template_contents(snapshot: Snapshot) -> list[Row]:
    """The versions of launch templates that node groups and self-managed groups use: DescribeLaunchTemplateVersions, with C(used_by), C(latest) and
    C(default), the numbers of the template's newest and default version."""
    named: dict[tuple[str, str], list[str]] = {}
    for user, key, version in list_used_templates(snapshot):
        named.setdefault((key, version), []).append(user)
    ids = sorted({key for key, _version in named})  # EC2 has no filter for them
    templates = describe_everything(snapshot, *LAUNCH_TEMPLATES, LaunchTemplateIds=ids) if ids else []
    newest = {row["LaunchTemplateId"]: row for row in templates}
    found = []
    for (key, version), users in sorted(named.items()):
        about = newest.get(key) or {}
        for row in describe_template_versions(snapshot.client("ec2"), {"id": key}, [version]):
            numbers = {"latest": about.get("LatestVersionNumber"), "default": about.get("DefaultVersionNumber")}
            found.append({**row, "used_by": users, "tags": about.get("tags") or {}, **numbers})
    return found


def list_used_templates(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """User, ID and version of the launch templates in use. EKS names those that users gave it."""
    found = [
        (f"Node group {row['nodegroupName']}", row["launchTemplate"]["id"], str(row["launchTemplate"]["version"]))
        for row in snapshot.get("nodegroups")
        if (row.get("launchTemplate") or {}).get("id")
    ]
    for row in snapshot.get("self_managed_groups"):
        policy = (row.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
        used = row.get("LaunchTemplate") or policy.get("LaunchTemplateSpecification") or {}
        if used.get("LaunchTemplateId"):
            name = f"Auto Scaling group {row['AutoScalingGroupName']}"
            found.append((name, used["LaunchTemplateId"], str(used.get("Version") or "$Default")))
    return found


@source()
def launch_templates(snapshot: Snapshot) -> list[Row]:
    """As DescribeLaunchTemplateVersions, of the versions that node groups and self-managed groups use, without user data, and with C(used_by), C(latest)
    and C(default)."""
    rows = snapshot.get("launch_template_contents")
    return [
        {**row, "LaunchTemplateData": {k: v for k, v in row["LaunchTemplateData"].items() if k != "UserData"}}
        for row in rows
    ]


@source()
def ebs_encryption_by_default(snapshot: Snapshot) -> bool:
    """Whether EBS encrypts new volumes of the region (GetEbsEncryptionByDefault)."""
    return snapshot.client("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"]


@source()
def volumes(snapshot: Snapshot) -> list[Row]:
    """DescribeVolumes of the volumes of the region whose tags name a cluster or a PersistentVolumeClaim."""
    return describe(snapshot, "describe_volumes", "Volumes", "tag-key", MARKS)


@source()
def snapshots(snapshot: Snapshot) -> list[Row]:
    """DescribeSnapshots of the account, those whose tags name a cluster or a PersistentVolumeClaim, and those of the rows of C(volumes)."""
    ids = {row["VolumeId"] for row in snapshot.get("volumes")}
    found = [
        *describe(snapshot, "describe_snapshots", "Snapshots", "tag-key", MARKS, OwnerIds=["self"]),
        *describe(snapshot, "describe_snapshots", "Snapshots", "volume-id", ids, OwnerIds=["self"]),
    ]
    return list({row["SnapshotId"]: row for row in found}.values())


@source()
def network_interfaces(snapshot: Snapshot) -> list[Row]:
    """DescribeNetworkInterfaces of the VPC."""
    return describe(snapshot, "describe_network_interfaces", "NetworkInterfaces", "vpc-id", [get_vpc_id(snapshot)])


@source()
def free_interfaces(snapshot: Snapshot) -> list[Row]:
    """DescribeNetworkInterfaces of the region with the status available."""
    return describe(snapshot, "describe_network_interfaces", "NetworkInterfaces", "status", ["available"])


@source()
def addresses(snapshot: Snapshot) -> list[Row]:
    """DescribeAddresses of the region."""
    return describe_everything(snapshot, "describe_addresses", "Addresses")


@source()
def region_instances(snapshot: Snapshot) -> list[Row]:
    """DescribeInstances of the instances of the region whose tags name a cluster, those that are not terminated."""
    rows = describe_by_filter(snapshot.client("ec2"), "describe_instances", "Reservations", "tag-key", MARKS)
    return add_tags([one for row in rows for one in row["Instances"] if one["State"]["Name"] in LIVING])


@source()
def region_security_groups(snapshot: Snapshot) -> list[Row]:
    """DescribeSecurityGroups of the security groups of the region whose tags name a cluster."""
    return describe(snapshot, "describe_security_groups", "SecurityGroups", "tag-key", MARKS)


@source()
def region_launch_templates(snapshot: Snapshot) -> list[Row]:
    """DescribeLaunchTemplates of the launch templates of the region whose tags name a cluster."""
    return describe(snapshot, *LAUNCH_TEMPLATES, "tag-key", MARKS)


@source()
def nodegroup_types(snapshot: Snapshot) -> dict[str, list[str]]:
    """The instance types of each managed node group by its name, also where only its launch template names one."""
    rows = snapshot.get("launch_templates") if any(map(needs_template, snapshot.get("nodegroups"))) else []
    data = {user: row["LaunchTemplateData"] for row in rows for user in row["used_by"]}
    return {
        row["nodegroupName"]: list_node_types(row, data.get(f"Node group {row['nodegroupName']}"))
        for row in snapshot.get("nodegroups")
    }


def needs_template(group: Row) -> bool:
    return not group.get("instanceTypes") and bool(group.get("launchTemplate"))


@source()
def instance_types(snapshot: Snapshot) -> dict[str, Row]:
    """DescribeInstanceTypes by name, of the types that node groups and instances have."""
    types = {name for names in snapshot.get("nodegroup_types").values() for name in names}
    types |= {row["InstanceType"] for row in snapshot.get("instances")}
    rows = describe(snapshot, "describe_instance_types", "InstanceTypes", "instance-type", types)
    return {row["InstanceType"]: row for row in rows}
