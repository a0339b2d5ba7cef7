# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a cluster has in AWS that costs something. Calls nothing that changes.

A part that cannot be read is a gap, which makes the total "at least": it would be taken for free otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.cost import items
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import (
    STANDARD_TIER,
    ClusterCosts,
    LoadBalancer,
    NodeGroup,
    Unknown,
    Volume,
)
from ansible_collections.kumo.eks.plugins.module_utils.cost.plan import FIRST_TYPE, PREPAID, is_windows, list_volumes
from ansible_collections.kumo.eks.plugins.module_utils.cost.support import (
    format_support,
    read_support,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import normalize_template_data
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_info import describe_network
from ansible_collections.kumo.eks.plugins.module_utils.ec2.node_types import list_node_types, read_template_data
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import choose_support_type, describe_version

Row = dict[str, Any]
LIVING = ("pending", "running")
GIB = 2.0**30
NAT_STATES = ("pending", "available")
# Tags of instances, which say whose they are: of EKS, of the cloud provider, and of EKS Auto Mode
# https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html, https://docs.aws.amazon.com/eks/latest/userguide/automode.html
OF_CLUSTER = ("eks:cluster-name", "aws:eks:cluster-name", "eks:eks-cluster-name")
OF_PROVIDER = "kubernetes.io/cluster/{}"
# Tag of an instance, and what its value is the name of
GROUPS = (
    ("eks:nodegroup-name", "node group"),
    ("karpenter.sh/nodepool", "Karpenter nodes"),
    ("kumo.eks/self-managed-nodegroup", "self-managed nodes"),
    ("aws:autoscaling:groupName", "Auto Scaling group"),
)
MANAGED = "node group"
OPERATOR = "eks.amazonaws.com"  # runs the instances of EKS Auto Mode
AUTO_TITLE = "EKS Auto Mode nodes"
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/configurations/
OF_BALANCERS = ("elbv2.k8s.aws/cluster", "eks:eks-cluster-name")
MOST_TAGGED = 20  # load balancers that DescribeTags takes at once
LOG_GROUPS = ("/aws/eks/{}/", "/aws/containerinsights/{}/")
FARGATE_PODS = "pods on Fargate"


@dataclass
class CostReader:
    """Reads one cluster.

    Args:
        get_client: gives a boto3 client by the name of its service.
    """

    get_client: Callable[..., Any]
    cluster_name: str
    raw: Row = field(default_factory=dict)  # the answer of DescribeCluster
    profiles: list[str] = field(default_factory=list)
    instances: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)  # ids of volumes

    @property
    def eks(self) -> Any:
        return self.get_client("eks")

    @property
    def region(self) -> str:
        return self.eks.meta.region_name

    def read(self) -> ClusterCosts:
        """Everything that AWS' API knows.

        Raises:
            EksError: there is no such cluster.
        """
        self.raw = describe_or_none(self.eks.describe_cluster, "cluster", name=self.cluster_name) or {}
        refuse_missing_cluster(self.raw or None, self.cluster_name, self.region)
        costs = ClusterCosts(self.cluster_name, version=self.raw["version"])
        costs.tier = (self.raw.get("controlPlaneScalingConfig") or {}).get("tier") or STANDARD_TIER
        costs.keys = [row["provider"]["keyArn"] for row in self.raw.get("encryptionConfig") or []]
        parts: tuple[tuple[str, str, Callable[[ClusterCosts], None]], ...] = (
            (items.CONTROL_PLANE, "support of the version", self._read_support),
            (items.NODES, "nodes", self._read_nodes),
            (items.STORAGE, "volumes of PersistentVolumes", self._read_volumes),
            (items.FARGATE, "Fargate profiles", self._read_profiles),
            (items.NETWORK, "network", self._read_network),
            (items.BALANCERS, "load balancers", self._read_balancers),
            (items.BALANCERS, "classic load balancers", self._read_classic_balancers),
            (items.CAPABILITIES, "capabilities", self._read_capabilities),
            (items.LOGS, "log groups", self._read_logs),
        )
        for kind, name, read in parts:
            self._try(costs, kind, name, read)
        return costs

    @staticmethod
    def _try(costs: ClusterCosts, kind: str, name: str, read: Callable[[ClusterCosts], None]) -> None:
        """Read a part, or note the gap."""
        problem = read_or_note(partial(read, costs)).problem
        if problem:
            costs.gaps.append(Unknown(kind, name, problem))

    # control plane

    def _read_support(self, costs: ClusterCosts) -> None:
        row = describe_version(self.eks, costs.version)
        costs.support = read_support(row)
        self.warnings += format_support(self.cluster_name, row, choose_support_type({}, self.raw), self.region)

    def _read_capabilities(self, costs: ClusterCosts) -> None:
        rows = list_names(self.eks, "list_capabilities", "capabilities", self.cluster_name)
        costs.capabilities = {(row["capabilityName"], row["type"]): None for row in rows}

    # nodes

    def _read_nodes(self, costs: ClusterCosts) -> None:
        self.instances = self._list_instances()
        managed = {raw["nodegroupName"]: raw for raw in self._list_managed()}
        on_spot = {name for name, raw in managed.items() if raw.get("capacityType") == "SPOT"}
        grouped: dict[tuple[str, str, bool, bool, bool, str], list[Row]] = {}
        for row in self.instances:
            system = row.get("Platform") == "windows", find_unpriced(row)
            grouped.setdefault((*describe_owner(row), *system), []).append(row)
        seen = {key[1] for key in grouped if key[0] == MANAGED}
        for (kind, name, lifecycle, auto, windows, unpriced), rows in sorted(grouped.items()):
            spot = lifecycle or (kind == MANAGED and name in on_spot)
            types = dict(Counter(row["InstanceType"] for row in rows))
            addresses = sum(bool(row.get("PublicIpAddress")) for row in rows)
            costs.node_groups.append(
                NodeGroup(
                    kind,
                    name,
                    types,
                    is_spot=spot,
                    is_auto=auto,
                    is_windows=windows,
                    unpriced=unpriced,
                    public_addresses=addresses,
                )
            )
        costs.volumes += self._list_node_volumes()
        costs.node_groups += [self._build_managed(raw) for name, raw in managed.items() if name not in seen]

    def _list_instances(self) -> list[Row]:
        """The instances of the cluster that run."""
        ec2, found = self.get_client("ec2"), {}
        filters = [{"Name": "tag-key", "Values": [OF_PROVIDER.format(self.cluster_name)]}]
        filters += [{"Name": f"tag:{key}", "Values": [self.cluster_name]} for key in OF_CLUSTER]
        states = {"Name": "instance-state-name", "Values": list(LIVING)}
        for one in filters:
            rows = describe_all_pages(ec2, "describe_instances", "Reservations", Filters=[one, states])
            found |= {row["InstanceId"]: row for reservation in rows for row in reservation["Instances"]}
        return list(found.values())

    def _list_node_volumes(self) -> list[Volume]:
        """The volumes that are attached to the instances, as kinds with their number."""
        names = {row["InstanceId"]: describe_owner(row)[1] for row in self.instances}
        ec2 = self.get_client("ec2")
        rows = describe_by_filter(ec2, "describe_volumes", "Volumes", "attachment.instance-id", names)
        rows = [row for row in rows if not is_of_claim(row)]
        self.counted |= {row["VolumeId"] for row in rows}
        kinds = Counter((f"volumes of {names[row['Attachments'][0]['InstanceId']]}", *read_volume(row)) for row in rows)
        return [Volume(*kind, count=count) for kind, count in sorted(kinds.items())]

    def _list_managed(self) -> list[Row]:
        names = list_names(self.eks, "list_nodegroups", "nodegroups", self.cluster_name)
        words = {"clusterName": self.cluster_name}
        return describe_all(
            names, lambda name: describe_or_none(self.eks.describe_nodegroup, "nodegroup", nodegroupName=name, **words)
        )

    def _build_managed(self, raw: Row) -> NodeGroup:
        """A managed node group none of whose nodes are there: by its desired size."""
        name, size = raw["nodegroupName"], raw["scalingConfig"]["desiredSize"]
        group, data = convert_answer(raw), read_template_data(self.get_client("ec2"), raw)
        if data:
            group["template"] = {"data": normalize_template_data(data)}
        types = list_node_types(raw, data)
        spot, many = raw.get("capacityType") == "SPOT", len(types) > 1
        return NodeGroup(
            MANAGED,
            name,
            {types[0]: size},
            choices=tuple(types) if many else (),
            is_spot=spot,
            is_windows=is_windows(raw.get("amiType")),
            unpriced=PREPAID if raw.get("capacityType") == "CAPACITY_BLOCK" else "",
            volumes=tuple(list_volumes(name, group)),
            public_addresses=size if self._is_public(raw["subnets"]) else 0,
            note=FIRST_TYPE if many and not spot else "",
        )

    def _is_public(self, subnets: list[str]) -> bool:
        """Whether nodes in these subnets get a public IPv4 address."""
        rows = describe_by_filter(self.get_client("ec2"), "describe_subnets", "Subnets", "subnet-id", subnets)
        return bool(rows) and all(row.get("MapPublicIpOnLaunch") for row in rows)

    # storage

    def _read_volumes(self, costs: ClusterCosts) -> None:
        """Volumes that a CSI driver made for the cluster. The tag has the cluster's name where the driver knows it."""
        key = OF_PROVIDER.format(self.cluster_name)
        filters = [{"Name": "tag-key", "Values": [key]}]
        rows = describe_all_pages(self.get_client("ec2"), "describe_volumes", "Volumes", Filters=filters)
        self.add_claims(costs, [row for row in rows if is_of_claim(row)])

    def add_claims(self, costs: ClusterCosts, rows: list[Row]) -> None:
        """Count volumes of claims that were not counted yet."""
        costs.volumes += count_claims(row for row in rows if row["VolumeId"] not in self.counted)
        self.counted |= {row["VolumeId"] for row in rows}

    # Fargate

    def _read_profiles(self, costs: ClusterCosts) -> None:
        self.profiles = list_names(self.eks, "list_fargate_profiles", "fargateProfileNames", self.cluster_name)

    # network

    def _read_network(self, costs: ClusterCosts) -> None:
        vpc_id = (self.raw.get("resourcesVpcConfig") or {}).get("vpcId")
        ec2 = self.get_client("ec2")
        network = describe_network(ec2, self.region, self.cluster_name, vpc_id, leftovers=False)["network"]
        rows = [row for row in network["nat_gateways"] if row["state"] in NAT_STATES]
        costs.nat_gateways = sorted(row["name"] or row["nat_gateway_id"] for row in rows)
        found = [row for row in network["vpc_endpoints"] if row["type"] == "Interface"]
        costs.endpoints = {row["service_name"]: len(row["subnet_ids"]) or 1 for row in found}

    def _read_balancers(self, costs: ClusterCosts) -> None:
        client = self.get_client("elbv2")
        rows = {
            row["LoadBalancerArn"]: row
            for row in describe_all_pages(client, "describe_load_balancers", "LoadBalancers")
        }
        for part in split(list(rows)):
            for tagged in client.describe_tags(ResourceArns=part)["TagDescriptions"]:
                if self._is_own(tagged["Tags"]):
                    row = rows[tagged["ResourceArn"]]
                    costs.load_balancers.append(build_balancer(row["LoadBalancerName"], row["Type"], row))

    def _read_classic_balancers(self, costs: ClusterCosts) -> None:
        client = self.get_client("elb")
        rows = {
            row["LoadBalancerName"]: row
            for row in describe_all_pages(client, "describe_load_balancers", "LoadBalancerDescriptions")
        }
        for part in split(list(rows)):
            for tagged in client.describe_tags(LoadBalancerNames=part)["TagDescriptions"]:
                if self._is_own(tagged["Tags"]):
                    row = rows[tagged["LoadBalancerName"]]
                    costs.load_balancers.append(build_balancer(row["LoadBalancerName"], "classic", row))

    def _is_own(self, rows: list[Row]) -> bool:
        tags = read_tag_list(rows)
        return OF_PROVIDER.format(self.cluster_name) in tags or any(
            tags.get(key) == self.cluster_name for key in OF_BALANCERS
        )

    # logs

    def _read_logs(self, costs: ClusterCosts) -> None:
        client = self.get_client("logs")
        for prefix in LOG_GROUPS:
            words = {"logGroupNamePrefix": prefix.format(self.cluster_name)}
            for row in describe_all_pages(client, "describe_log_groups", "logGroups", **words):
                costs.logs[row["logGroupName"]] = round((row.get("storedBytes") or 0) / GIB, 3)


def describe_owner(instance: Row) -> tuple[str, str, bool, bool]:
    """What runs an instance: kind and name of the group, whether it is on spot, and whether EKS Auto Mode runs it."""
    tags = read_tag_list(instance.get("Tags"))
    spot = instance.get("InstanceLifecycle") == "spot"
    if (instance.get("Operator") or {}).get("Principal") == OPERATOR:
        return AUTO_TITLE, tags.get("karpenter.sh/nodepool", ""), spot, True
    for key, kind in GROUPS:
        if key in tags:
            return kind, tags[key], spot, False
    return "instance", instance["InstanceId"], spot, False


def find_unpriced(instance: Row) -> str:
    """Why the price on demand of shared tenancy is not that of an instance; "" where it is."""
    if instance.get("InstanceLifecycle") == "capacity-block":
        return PREPAID
    tenancy = (instance.get("Placement") or {}).get("Tenancy") or "default"
    return f"its tenancy is {tenancy}, of which the price is not known" if tenancy != "default" else ""


def read_volume(row: Row) -> tuple[float, str, int, int]:
    """Size, type, IOPS and throughput of a volume."""
    return row["Size"], row["VolumeType"], row.get("Iops") or 0, row.get("Throughput") or 0


def is_of_claim(row: Row) -> bool:
    """Whether a volume was made for a PersistentVolumeClaim.

    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
    """
    return "kubernetes.io/created-for/pvc/name" in read_tag_list(row.get("Tags"))


def count_claims(rows: Iterable[Row]) -> list[Volume]:
    """Volumes of claims as kinds with their number."""
    kinds = Counter(read_volume(row) for row in rows)
    return [Volume("PersistentVolumes", *kind, count=count) for kind, count in sorted(kinds.items())]


def build_balancer(name: str, kind: str, row: Row) -> LoadBalancer:
    """A load balancer; one that is reached from the internet has an address in each zone."""
    zones = row.get("AvailabilityZones") or []
    public = row.get("Scheme") == "internet-facing"
    return LoadBalancer(name, kind, len(zones) if public else 0)


def split(names: list[str]) -> Iterator[list[str]]:
    """As many as DescribeTags takes at once."""
    for start in range(0, len(names), MOST_TAGGED):
        yield names[start : start + MOST_TAGGED]
