# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""O: what clusters that are gone have left behind in the region."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import LOW, MEDIUM, Hits, Row, rule
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import Claim, Thing, find_claim

REMEDY = "Check that nothing uses it, and delete it."
KINDS = {"Classic load balancer": "load_balancer"}  # of leaks, where the words are others


def find_row_claim(kind: str, row: Row, cluster: Row) -> Claim | None:
    """Which cluster a row belongs to, by its tags and names, as eks_leaks_info says it."""
    facts = {"description": row.get("Description") or "", "status": row.get("Status") or row.get("State") or ""}
    thing = Thing(kind, "", row.get("GroupName") or "", row["tags"], facts)
    return find_claim(thing, cluster["arn"].split(":")[3])


def find_cluster(kind: str, row: Row, cluster: Row) -> str:
    """The cluster that a row belongs to, "" for none."""
    claim = find_row_claim(kind, row, cluster)
    return claim.cluster if claim else ""


def list_left(rows: list[Row], cluster_names: list[str], cluster: Row, title: str, key: str) -> Hits:
    """The rows of clusters that the region does not have. ``title`` is their kind, in words."""
    kind = KINDS.get(title, title.lower().replace(" ", "_"))
    for row in rows:
        name = find_cluster(kind, row, cluster)
        if name and name not in cluster_names:
            yield f"{title} {row[key]}", f"of the cluster {name}, which EKS does not list in the region"


@rule(
    "O01",
    MEDIUM,
    "No load balancer is left of a cluster that is gone",
    reads=("load_balancers", "cluster_names", "cluster"),
    why="It costs by the hour, and keeps subnets and security groups from being deleted.",
    remedy=REMEDY,
)
def left_load_balancers(load_balancers: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(load_balancers, cluster_names, cluster, "Load balancer", "LoadBalancerName")


@rule(
    "O01b",
    MEDIUM,
    "No classic load balancer is left of a cluster that is gone",
    reads=("classic_load_balancers", "cluster_names", "cluster"),
    why="It costs by the hour, and keeps subnets and security groups from being deleted.",
    remedy=REMEDY,
)
def left_classic_load_balancers(classic_load_balancers: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(classic_load_balancers, cluster_names, cluster, "Classic load balancer", "LoadBalancerName")


@rule(
    "O01c",
    LOW,
    "No target group is left of a cluster that is gone",
    reads=("target_groups", "cluster_names", "cluster"),
    why="It counts against the quota of target groups.",
    remedy=REMEDY,
)
def left_target_groups(target_groups: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(target_groups, cluster_names, cluster, "Target group", "TargetGroupName")


@rule(
    "O01d",
    LOW,
    "No security group is left of a cluster that is gone",
    reads=("region_security_groups", "cluster_names", "cluster"),
    why="It keeps the VPC from being deleted, and may open something that nobody knows of.",
    remedy=REMEDY,
)
def left_security_groups(region_security_groups: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(region_security_groups, cluster_names, cluster, "Security group", "GroupId")


@rule(
    "O02",
    LOW,
    "No network interface of nodes is left unattached",
    reads=("free_interfaces", "cluster"),
    why="It holds an address, and keeps subnets and security groups from being deleted.",
    remedy="Delete the interface. The VPC CNI leaves it when an instance ends before it could.",
)
def left_interfaces(free_interfaces: list[Row], cluster: Row) -> Hits:
    for row in free_interfaces:
        about = row.get("Description") or ""
        if find_row_claim("network_interface", {**row, "Status": "available"}, cluster):
            yield f"Network interface {row['NetworkInterfaceId']}", f"available: {about or 'no description'}"


@rule(
    "O03",
    MEDIUM,
    "No volume is left of a cluster that is gone",
    reads=("volumes", "cluster_names", "cluster"),
    why="It costs by the month, and may hold data that should be gone.",
    remedy="Make a snapshot if the data may be needed, and delete the volume.",
)
def left_volumes(volumes: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(volumes, cluster_names, cluster, "Volume", "VolumeId")


@rule(
    "O03b",
    LOW,
    "No snapshot is left of a cluster that is gone",
    reads=("snapshots", "cluster_names", "cluster"),
    why="It costs by the month, and may hold data that should be gone.",
    remedy=REMEDY,
)
def left_snapshots(snapshots: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(snapshots, cluster_names, cluster, "Snapshot", "SnapshotId")


@rule(
    "O04",
    LOW,
    "No log group is left of a cluster that is gone",
    reads=("log_groups", "cluster_names"),
    why="EKS and Container Insights do not delete their log groups. Storage costs by the month.",
    remedy="Delete the log group, if nobody has to keep the audit logs.",
)
def left_log_groups(log_groups: list[Row], cluster_names: list[str]) -> Hits:
    for row in log_groups:
        parts = row["logGroupName"].split("/")  # /aws/eks/NAME/cluster, /aws/containerinsights/NAME/...
        if len(parts) > 3 and parts[3] not in cluster_names:
            yield f"Log group {row['logGroupName']}", f"of the cluster {parts[3]}, {row.get('storedBytes', 0)} bytes"


@rule(
    "O04b",
    LOW,
    "No OIDC provider is left of a cluster that is gone",
    reads=("oidc_providers", "cluster_names", "cluster", "cluster_issuers"),
    why="Roles that trust it stay, and the number of providers of an account is limited.",
    remedy="Check that it is not of a cluster of another account. Delete it, and the roles that trust it.",
)
def left_oidc_providers(
    oidc_providers: list[Row], cluster_names: list[str], cluster: Row, cluster_issuers: list[str]
) -> Hits:
    region = cluster["arn"].split(":")[3]
    for row in oidc_providers:
        if row["issuer"].startswith(f"oidc.eks.{region}.") and row["issuer"] not in cluster_issuers:
            yield f"OIDC provider {row['arn']}", "no cluster of the region has this issuer"


@rule(
    "O04c",
    LOW,
    "No IAM role is left of a cluster that is gone",
    reads=("iam_roles", "cluster_issuers", "cluster"),
    why="Roles that nobody uses are rights that somebody may find.",
    remedy="Check that it is not for a cluster of another account, and delete it.",
)
def left_roles(iam_roles: list[Row], cluster_issuers: list[str], cluster: Row) -> Hits:
    region = cluster["arn"].split(":")[3]
    for row in iam_roles:
        text = str(row.get("AssumeRolePolicyDocument"))
        start = f"oidc-provider/oidc.eks.{region}."
        if start in text and not any(f"oidc-provider/{issuer}" in text for issuer in cluster_issuers):
            yield f"IAM role {row['RoleName']}", "it trusts an OIDC provider of no cluster of the region"


@rule(
    "O04d",
    LOW,
    "No launch template is left of a cluster that is gone",
    reads=("region_launch_templates", "cluster_names", "cluster"),
    why="Nobody knows any more what it is for.",
    remedy=REMEDY,
)
def left_launch_templates(region_launch_templates: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(region_launch_templates, cluster_names, cluster, "Launch template", "LaunchTemplateName")


@rule(
    "O04e",
    LOW,
    "Elastic IP addresses of clusters are in use",
    reads=("addresses", "cluster_names", "cluster"),
    why="An address that nothing uses costs by the hour.",
    remedy="Release the address.",
)
def left_addresses(addresses: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    for row in addresses:
        marked = find_cluster("address", row, cluster)
        if marked and not row.get("AssociationId"):
            gone = "" if marked in cluster_names else ", which EKS does not list in the region"
            yield f"Elastic IP address {row.get('PublicIp')}", f"not associated; of the cluster {marked}{gone}"


@rule(
    "O05",
    MEDIUM,
    "No instance is left of a cluster that is gone",
    reads=("region_instances", "cluster_names", "cluster"),
    why="It runs, costs and belongs to nothing. Karpenter's instances stay when it is deleted before them.",
    remedy="Terminate the instance.",
)
def left_instances(region_instances: list[Row], cluster_names: list[str], cluster: Row) -> Hits:
    yield from list_left(region_instances, cluster_names, cluster, "Instance", "InstanceId")
