# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""F: security groups and network ACLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

WORLD = ("0.0.0.0/0", "::/0")
ADMIN_PORTS = {22: "SSH", 3389: "RDP"}
NODE_PORTS = (10250, 10255, 10256)  # kubelet and kube-proxy
CLUSTER_TAG = "kubernetes.io/cluster/"


def list_used_groups(cluster: Row, instances: list[Row]) -> dict[str, list[str]]:
    """IDs of the groups of the control plane and of instances, with who has them."""
    place, found = cluster["resourcesVpcConfig"], {}
    own = [*(place.get("securityGroupIds") or []), *filter(None, [place.get("clusterSecurityGroupId")])]
    for key in own:
        found.setdefault(key, []).append("control plane")
    for row in instances:
        for group in row.get("SecurityGroups") or []:
            found.setdefault(group["GroupId"], []).append(row["InstanceId"])
    return found


def list_open(group: Row) -> Iterator[tuple[Row, str]]:
    """Permissions of a group that admit the whole internet, with the network."""
    for row in group.get("IpPermissions") or []:
        cidrs = [one.get("CidrIp") for one in row.get("IpRanges") or []]
        cidrs += [one.get("CidrIpv6") for one in row.get("Ipv6Ranges") or []]
        for cidr in cidrs:
            if cidr in WORLD:
                yield row, str(cidr)


def has_port(row: Row, port: int) -> bool:
    if row.get("IpProtocol") == "-1":
        return True
    return row.get("IpProtocol") in ("tcp", "6") and row.get("FromPort", 0) <= port <= row.get("ToPort", 65535)


def format_ports(row: Row) -> str:
    if row.get("IpProtocol") == "-1":
        return "all traffic"
    first, last = row.get("FromPort"), row.get("ToPort")
    return f"{row.get('IpProtocol')} {first}" + (f"-{last}" if last != first else "")


def name_group(group: Row) -> str:
    return f"Security group {group['GroupId']}"


def _find(cluster: Row, groups: dict[str, Row], instances: list[Row], matches: Any) -> Hits:
    for key, users in sorted(list_used_groups(cluster, instances).items()):
        group = groups.get(key)
        found = [f"{format_ports(row)} from {cidr}" for row, cidr in list_open(group or {}) if matches(row)]
        if group and found:
            yield name_group(group), f"{', '.join(found)}; used by {', '.join(users[:3])}"


@rule(
    "F06",
    CRITICAL,
    "No security group of nodes or control plane admits SSH or RDP from the internet",
    reads=("cluster", "security_groups", "instances"),
    why="Whoever guesses or steals a key is root on a node, with all of its pods.",
    remedy="Remove the rule. Use Session Manager instead of SSH.",
    references=("Checkov CKV_AWS_100", "Prowler ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22"),
)
def ssh_from_internet(cluster: Row, security_groups: dict[str, Row], instances: list[Row]) -> Hits:
    yield from _find(cluster, security_groups, instances, lambda row: any(has_port(row, port) for port in ADMIN_PORTS))


@rule(
    "F06b",
    CRITICAL,
    "No security group admits the kubelet from the internet",
    reads=("cluster", "security_groups", "instances"),
    why="The kubelet runs commands in all containers of its node.",
    remedy="Remove the rule. Only the control plane needs this port.",
)
def kubelet_from_internet(cluster: Row, security_groups: dict[str, Row], instances: list[Row]) -> Hits:
    yield from _find(
        cluster,
        security_groups,
        instances,
        lambda row: row.get("IpProtocol") != "-1" and any(has_port(row, port) for port in NODE_PORTS),
    )


@rule(
    "F06c",
    HIGH,
    "No security group of nodes admits ranges of ports from the internet",
    reads=("cluster", "security_groups", "instances"),
    why="Each NodePort and each pod in the host's network is then open to all.",
    remedy="Open single ports, to the groups of load balancers.",
)
def ports_from_internet(cluster: Row, security_groups: dict[str, Row], instances: list[Row]) -> Hits:
    def is_range(row: Row) -> bool:
        if any(has_port(row, port) for port in (*ADMIN_PORTS, *NODE_PORTS)):
            return False
        return row.get("ToPort", 65535) - row.get("FromPort", 0) > 10

    yield from _find(cluster, security_groups, instances, is_range)


@rule(
    "F06d",
    MEDIUM,
    "The control plane's security group admits no whole networks",
    reads=("cluster", "security_groups"),
    why="The cluster security group is on all managed nodes: what it admits reaches the kubelets and all pods.",
    remedy="Replace rules for networks by rules for security groups.",
)
def cluster_group_networks(cluster: Row, security_groups: dict[str, Row]) -> Hits:
    group = security_groups.get(cluster["resourcesVpcConfig"].get("clusterSecurityGroupId") or "")
    if not group:
        raise NotApplicable("the cluster security group is not in the VPC")
    for row in group.get("IpPermissions") or []:
        cidrs = [one["CidrIp"] for one in row.get("IpRanges") or [] if int(one["CidrIp"].partition("/")[2]) <= 16]
        if row.get("IpProtocol") == "-1" and cidrs:
            yield name_group(group), f"all traffic from {', '.join(cidrs)}"


@rule(
    "F08",
    HIGH,
    "No node has two security groups with the cluster's tag",
    reads=("cluster", "instances", "security_groups"),
    why="Controllers of load balancers expect one, and fail with two.",
    remedy="Remove the tag kubernetes.io/cluster/NAME from all groups of nodes but one, which is usually the cluster security group.",
)
def cluster_tag_on_groups(cluster: Row, instances: list[Row], security_groups: dict[str, Row]) -> Hits:
    if not instances:
        raise NotApplicable("the cluster has no instances")
    tag = CLUSTER_TAG + cluster["name"]
    for row in instances:
        groups = [one["GroupId"] for one in row.get("SecurityGroups") or []]
        tagged = [key for key in groups if tag in (security_groups.get(key) or {}).get("tags", {})]
        if len(tagged) > 1:
            yield (
                f"Instance {row['InstanceId']}",
                f"{format_count(len(tagged), 'group', 'has', 'have')} the tag {tag}: {', '.join(tagged)}",
            )


@rule(
    "F22",
    MEDIUM,
    "Network ACLs of nodes admit the answers to their requests",
    reads=("node_subnets", "network_acls"),
    why="Network ACLs keep no state: without the ephemeral ports, nodes send requests and never see an answer.",
    remedy="Admit TCP and UDP from 1024 to 65535, or all traffic.",
)
def network_acl_answers(node_subnets: dict[str, list[str]], network_acls: list[Row]) -> Hits:
    for acl in network_acls:
        used = {one.get("SubnetId") for one in acl.get("Associations") or []} & set(node_subnets)
        rows = [row for row in acl.get("Entries") or [] if not row.get("Egress")]
        if used and not _admits_answers(rows):
            yield (
                f"Network ACL {acl['NetworkAclId']}",
                f"no inbound rule allows TCP 32768-60999 of {', '.join(sorted(filter(None, used)))}",
            )


def _admits_answers(rows: list[Row]) -> bool:
    """Whether the first entry by number that is about these ports lets them in.

    https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    """
    for row in sorted(rows, key=lambda row: row.get("RuleNumber", 0)):
        first, last = _find_ports(row)
        if row.get("RuleAction") == "allow" and first <= 32768 and last >= 60999:
            return True
        if row.get("RuleAction") == "deny" and row.get("CidrBlock") == "0.0.0.0/0" and first <= 60999 and last >= 32768:
            return False
    return False


def _find_ports(row: Row) -> tuple[int, int]:
    """The TCP ports of an entry; none for another protocol."""
    if row.get("Protocol") == "-1":
        return 0, 65535
    ports = row.get("PortRange") or {}
    return (ports.get("From", 0), ports.get("To", 65535)) if row.get("Protocol") == "6" else (65536, -1)


@rule(
    "F06e",
    LOW,
    "Security groups of load balancers admit single ports",
    reads=("cluster_load_balancers", "security_groups"),
    why="A load balancer listens on its listeners alone. Wide rules hide what is meant to be open.",
    remedy="Limit the rules to the ports of listeners.",
)
def load_balancer_groups(cluster_load_balancers: list[Row], security_groups: dict[str, Row]) -> Hits:
    for row in cluster_load_balancers:
        for key in row.get("SecurityGroups") or []:
            wide = [
                format_ports(one)
                for one, _cidr in list_open(security_groups.get(key) or {})
                if one.get("ToPort") != one.get("FromPort") or one.get("IpProtocol") == "-1"
            ]
            if wide:
                yield f"Security group {key}", f"{', '.join(wide)} from the internet; used by {row['LoadBalancerName']}"
