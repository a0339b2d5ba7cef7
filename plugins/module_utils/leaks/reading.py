# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an account has of the kinds that clusters leave: each kind by its Describe operations, side by side.

A kind that the caller may not look at is named, and is not taken for an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    format_aws_error,
    has_code,
    has_message,
    is_not_found,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import read_if_allowed, warn_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import (
    BALANCER_TAG,
    CLUSTER_TAG,
    CNI_INSTANCE_TAG,
    CNI_TAG,
    CSI_TAG,
    EKS_TAGS,
    EKSCTL_TAGS,
    KARPENTER_TAG,
    NODE_CLASS_TAG,
    NODEPOOL_TAG,
    POD_INTERFACE,
    VOLUME_TAG,
    Thing,
)
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading_anywhere import KINDS as ANYWHERE_KINDS
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading_anywhere import AnywhereReader
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading_iam import IamReader

Row = dict[str, Any]
GONE = (
    "terminated",
    "shutting-down",
    "deleted",
    "deleting",
    "DELETE_COMPLETE",
    "Deleted",
    "Deleting",
    "delete_complete",
)
NO_CLUSTER = "No cluster found for name:"  # some operations answer it with the code InvalidParameterException
BATCH = 20  # resources of one DescribeTags of Elastic Load Balancing; the API's limit


@dataclass(frozen=True)
class Ec2Kind:
    """A kind of EC2 that tags mark.

    Args:
        operation: of boto3's client; key, of the list in its answer; id, of a row.
        name: the member of a row by which people know it; otherwise its tag Name.
        parameter: the request's list of filters.
    """

    operation: str
    key: str
    id: str
    name: str = ""
    parameter: str = "Filters"


EC2_KINDS = {
    "volume": Ec2Kind("describe_volumes", "Volumes", "VolumeId"),
    "launch_template": Ec2Kind(
        "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", "LaunchTemplateName"
    ),
    "address": Ec2Kind("describe_addresses", "Addresses", "AllocationId", "PublicIp"),
    "security_group": Ec2Kind("describe_security_groups", "SecurityGroups", "GroupId", "GroupName"),
    "vpc": Ec2Kind("describe_vpcs", "Vpcs", "VpcId"),
    "subnet": Ec2Kind("describe_subnets", "Subnets", "SubnetId"),
    "nat_gateway": Ec2Kind("describe_nat_gateways", "NatGateways", "NatGatewayId", parameter="Filter"),
    "internet_gateway": Ec2Kind("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "egress_only_gateway": Ec2Kind(
        "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"
    ),
    "route_table": Ec2Kind("describe_route_tables", "RouteTables", "RouteTableId"),
    "vpc_endpoint": Ec2Kind("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "ServiceName"),
    "flow_log": Ec2Kind("describe_flow_logs", "FlowLogs", "FlowLogId", parameter="Filter"),
    "placement_group": Ec2Kind("describe_placement_groups", "PlacementGroups", "GroupName", "GroupName"),
}
# What is in a cluster goes with it: kind -> List operation of EKS, and key of the names in its answer
INSIDE = {
    "nodegroup": ("list_nodegroups", "nodegroups"),
    "fargate_profile": ("list_fargate_profiles", "fargateProfileNames"),
    "addon": ("list_addons", "addons"),
    "pod_identity_association": ("list_pod_identity_associations", "associations"),
    "capability": ("list_capabilities", "capabilities"),
}
OTHER_KINDS = (
    *("cluster", "load_balancer", "target_group", "network_interface", "snapshot", "instance", "autoscaling_group"),
    *("key_pair", "log_group", "kms_key", "oidc_provider", "iam_role", "iam_policy", "instance_profile", "stack"),
    *("queue", "event_rule", "dns_record"),
)
KINDS = tuple(sorted((*OTHER_KINDS, *EC2_KINDS, *INSIDE, *ANYWHERE_KINDS)))


@dataclass(frozen=True)
class Unread:
    """A kind that was not read.

    Args:
        action: the IAM action that the caller lacks.
        reason: what AWS said.
    """

    kind: str
    action: str
    reason: str


def build_tag_keys(region: str, cluster: str | None) -> list[str]:
    """The keys of all tags that mark what belongs to a cluster, or to any cluster of the region."""
    fixed = [*EKS_TAGS, *EKSCTL_TAGS, BALANCER_TAG, CSI_TAG, CNI_TAG, NODEPOOL_TAG, NODE_CLASS_TAG, KARPENTER_TAG]
    return [build_owner_key(region, cluster or "*"), f"{CLUSTER_TAG}{cluster or '*'}", VOLUME_TAG, *fixed]


class AccountReader:
    """Reads an account in one region.

    Args:
        get_client: gives a boto3 client by the name of its service.
        cluster: looks for the things of this cluster alone, which takes fewer calls.
    """

    def __init__(self, get_client: Callable[[str], Any], region: str, cluster: str | None = None) -> None:
        self._get_client, self._region, self.cluster = get_client, region, cluster
        self._keys = build_tag_keys(region, cluster)
        self.unread: list[Unread] = []
        iam, anywhere = IamReader(get_client, region, cluster), AnywhereReader(get_client)
        self._readers: dict[str, Callable[[], Iterable[Thing]]] = {
            **{kind: lambda kind=kind: self._read_ec2(kind) for kind in EC2_KINDS},
            **{kind: lambda kind=kind: self._read_inside(kind) for kind in INSIDE},
            **{kind: lambda kind=kind: anywhere.read(kind) for kind in ANYWHERE_KINDS},
            "cluster": self._read_clusters,
            "load_balancer": self._read_balancers,
            "target_group": self._read_target_groups,
            "network_interface": self._read_interfaces,
            "snapshot": self._read_snapshots,
            "instance": self._read_instances,
            "autoscaling_group": self._read_autoscaling_groups,
            "key_pair": self._read_key_pairs,
            "log_group": self._read_log_groups,
            "kms_key": self._read_keys,
            "stack": self._read_stacks,
            "queue": self._read_queues,
            "event_rule": self._read_rules,
            "dns_record": self._read_records,
            "oidc_provider": iam.read_providers,
            "iam_role": iam.read_roles,
            "iam_policy": iam.read_policies,
            "instance_profile": iam.read_profiles,
        }

    def read(self, kinds: Iterable[str]) -> list[Thing]:
        """The things of these kinds that may belong to a cluster. What is denied is in ``unread``."""
        wanted = [kind for kind in KINDS if kind in set(kinds)]
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            found = list(pool.map(self._read_kind, wanted))
        return [thing for things in found for thing in things]

    def _read_kind(self, kind: str) -> list[Thing]:
        def note(action: str, error: Exception) -> None:
            self.note_unread(kind, action, error)

        return read_if_allowed(lambda: list(self._readers[kind]()), [], note)

    def note_unread(self, kind: str, action: str, error: Exception) -> None:
        """Remember, and warn of, a kind that was not read."""
        warn_denied(error, action, f"resources of the kind {kind} were not looked for")
        self.unread.append(Unread(kind, action, format_aws_error(error) or str(error)))

    # EKS

    def _read_clusters(self) -> Iterator[Thing]:
        for name in [self.cluster] if self.cluster else self.list_cluster_names():
            raw = self.describe_cluster(name)
            if raw is not None:
                group = raw["resourcesVpcConfig"].get("clusterSecurityGroupId")
                facts = {"arn": raw["arn"], "status": raw["status"], "groups": [group] if group else []}
                yield Thing("cluster", name, name, {**(raw.get("tags") or {}), EKS_TAGS[0]: name}, facts)

    def list_cluster_names(self) -> list[str]:
        """The clusters of the region."""
        pages = self._get_client("eks").get_paginator("list_clusters").paginate()
        return [name for page in pages for name in page["clusters"]]

    def describe_cluster(self, name: str) -> Row | None:
        """A cluster as EKS describes it, None where there is none."""
        try:
            return self._get_client("eks").describe_cluster(name=name)["cluster"]
        except Exception as error:
            if is_not_found(error):
                return None
            raise

    def _read_inside(self, kind: str) -> Iterator[Thing]:
        operation, key = INSIDE[kind]
        if self.cluster is None:
            return
        try:
            pages = self._get_client("eks").get_paginator(operation).paginate(clusterName=self.cluster)
            rows = [row for page in pages for row in page[key]]
        except Exception as error:
            if is_not_found(error) or has_message(error, NO_CLUSTER):
                return
            raise
        for row in rows:
            name = row if isinstance(row, str) else row.get("associationId") or row.get("capabilityName") or ""
            yield Thing(kind, name, name, {EKS_TAGS[0]: self.cluster})

    # EC2

    def _read_ec2(self, kind: str) -> Iterator[Thing]:
        how = EC2_KINDS[kind]
        rows = describe_all_pages(self._ec2, how.operation, how.key, **{how.parameter: self._build_filters()})
        for row in rows:
            if str(row.get("State", "")) not in GONE:
                yield self._build_thing(kind, how.id, row, row.get(how.name, ""), **_read_facts(row))

    @property
    def _ec2(self) -> Any:
        return self._get_client("ec2")

    def _build_filters(self, **more: list[str]) -> list[Row]:
        names = {key.replace("_", "-"): values for key, values in more.items()} or {"tag-key": self._keys}
        return [{"Name": name, "Values": values} for name, values in names.items()]

    @staticmethod
    def _build_thing(kind: str, key: str, row: Row, name: str = "", **facts: Any) -> Thing:
        tags = read_tag_list(row.get("Tags") or row.get("TagSet") or [])
        return Thing(kind, row[key], name or tags.get("Name", ""), tags, {k: v for k, v in facts.items() if v})

    def _read_interfaces(self) -> Iterator[Thing]:
        """Those with tags, and those that only a description marks: of pods, and of control planes."""
        described = self._build_filters(description=[f"{POD_INTERFACE}*", "aws-k8s-branch-eni*", "Amazon EKS *"])
        found: dict[str, Row] = {}
        for filters in (self._build_filters(), described):
            rows = describe_all_pages(self._ec2, "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
            found.update({row["NetworkInterfaceId"]: row for row in rows})
        for row in found.values():
            tags = read_tag_list(row.get("TagSet") or [])
            instance = (row.get("Attachment") or {}).get("InstanceId") or tags.get(CNI_INSTANCE_TAG)
            yield self._build_thing(
                "network_interface",
                "NetworkInterfaceId",
                row,
                description=row.get("Description"),
                status=row.get("Status"),
                vpc_id=row.get("VpcId"),
                groups=[group["GroupId"] for group in row.get("Groups") or []],
                instances=[instance] if instance else [],
            )

    def _read_snapshots(self) -> Iterator[Thing]:
        rows = describe_all_pages(
            self._ec2, "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=self._build_filters()
        )
        for row in rows:
            yield self._build_thing("snapshot", "SnapshotId", row, status=row.get("State"), volume=row.get("VolumeId"))

    def _read_instances(self) -> Iterator[Thing]:
        rows = describe_all_pages(self._ec2, "describe_instances", "Reservations", Filters=self._build_filters())
        for row in (one for reservation in rows for one in reservation["Instances"]):
            if row["State"]["Name"] not in GONE:
                facts = {"status": row["State"]["Name"], "vpc_id": row.get("VpcId")}
                yield self._build_thing("instance", "InstanceId", row, **facts)

    def _read_key_pairs(self) -> Iterator[Thing]:
        """All of them: those of eksctl have no tags."""
        for row in self._ec2.describe_key_pairs()["KeyPairs"]:
            yield self._build_thing("key_pair", "KeyPairId", row, row["KeyName"])

    def _read_autoscaling_groups(self) -> Iterator[Thing]:
        keys = [key for key in self._keys if "*" not in key]
        filters = [{"Name": "tag-key", "Values": keys}] if self.cluster else []  # its filters know no wildcards
        rows = describe_all_pages(
            self._get_client("autoscaling"), "describe_auto_scaling_groups", "AutoScalingGroups", Filters=filters
        )
        for row in rows:
            name = row["AutoScalingGroupName"]
            yield Thing("autoscaling_group", name, name, read_tag_list(row.get("Tags") or []))

    # Elastic Load Balancing

    def _read_balancers(self) -> Iterator[Thing]:
        yield from self._read_classic_balancers()
        rows = describe_all_pages(self._get_client("elbv2"), "describe_load_balancers", "LoadBalancers")
        tags = self._read_balancer_tags([row["LoadBalancerArn"] for row in rows])
        for row in rows:
            arn = row["LoadBalancerArn"]
            facts = {"arn": arn, "vpc_id": row.get("VpcId"), "hostname": row["DNSName"], "type": row["Type"]}
            yield Thing("load_balancer", arn, row["LoadBalancerName"], tags[arn], facts)

    def _read_classic_balancers(self) -> Iterator[Thing]:
        elb = self._get_client("elb")
        rows = describe_all_pages(elb, "describe_load_balancers", "LoadBalancerDescriptions")
        names = [row["LoadBalancerName"] for row in rows]
        tags: dict[str, dict[str, str]] = {name: {} for name in names}
        for batch in _split(names):
            answer = _ignore_gone(lambda batch=batch: _describe_tags(elb, LoadBalancerNames=batch))
            tags.update({row["LoadBalancerName"]: read_tag_list(row["Tags"]) for row in answer})
        for row in rows:
            facts = {"vpc_id": row.get("VPCId"), "hostname": row["DNSName"], "type": "classic"}
            name = row["LoadBalancerName"]
            yield Thing("load_balancer", name, name, tags[name], facts)

    def _read_target_groups(self) -> Iterator[Thing]:
        rows = describe_all_pages(self._get_client("elbv2"), "describe_target_groups", "TargetGroups")
        tags = self._read_balancer_tags([row["TargetGroupArn"] for row in rows])
        for row in rows:
            arn = row["TargetGroupArn"]
            facts = {"arn": arn, "vpc_id": row.get("VpcId"), "balancers": row.get("LoadBalancerArns") or []}
            yield Thing("target_group", arn, row["TargetGroupName"], tags[arn], facts)

    def _read_balancer_tags(self, arns: list[str]) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = {arn: {} for arn in arns}
        for batch in _split(arns):
            answer = _ignore_gone(lambda batch=batch: _describe_tags(self._get_client("elbv2"), ResourceArns=batch))
            tags.update({row["ResourceArn"]: read_tag_list(row["Tags"]) for row in answer})
        return tags

    # the rest

    def _read_log_groups(self) -> Iterator[Thing]:
        end = f"{self.cluster}/" if self.cluster else ""
        for prefix in (f"/aws/eks/{end}", f"/aws/containerinsights/{end}"):
            rows = describe_all_pages(
                self._get_client("logs"), "describe_log_groups", "logGroups", logGroupNamePrefix=prefix
            )
            for row in rows:
                yield Thing("log_group", row["logGroupName"], row["logGroupName"], {}, {"arn": row.get("arn", "")})

    def _read_keys(self) -> Iterator[Thing]:
        for row in describe_all_pages(self._get_client("kms"), "list_aliases", "Aliases"):
            if row.get("TargetKeyId"):
                yield Thing("kms_key", row["TargetKeyId"], row["AliasName"], {}, {"arn": row["AliasArn"]})

    def _read_stacks(self) -> Iterator[Thing]:
        for row in describe_all_pages(self._get_client("cloudformation"), "describe_stacks", "Stacks"):
            if row["StackStatus"] not in GONE:
                yield Thing("stack", row["StackName"], row["StackName"], read_tag_list(row.get("Tags") or []))

    def _read_queues(self) -> Iterator[Thing]:
        sqs = self._get_client("sqs")
        prefix = {"QueueNamePrefix": self.cluster[:80]} if self.cluster else {}
        pages = sqs.get_paginator("list_queues").paginate(**prefix)
        for url in [url for page in pages for url in page.get("QueueUrls") or []]:
            tags = _ignore_gone(lambda url=url: sqs.list_queue_tags(QueueUrl=url).get("Tags") or {}, {})
            yield Thing("queue", url, url.rpartition("/")[2], tags)

    def _read_rules(self) -> Iterator[Thing]:
        """Of EventBridge's default bus. Nothing else makes a rule for a cluster than Karpenter's instructions and this collection."""
        events = self._get_client("events")
        prefixes = (
            [{"NamePrefix": name} for name in (self.cluster, f"Karpenter-{self.cluster}")] if self.cluster else [{}]
        )
        rows: list[Row] = []
        for prefix in prefixes:
            rows += [row for page in events.get_paginator("list_rules").paginate(**prefix) for row in page["Rules"]]
        for row in rows:
            tags = _ignore_gone(lambda row=row: events.list_tags_for_resource(ResourceARN=row["Arn"])["Tags"])
            yield Thing("event_rule", row["Name"], row["Name"], read_tag_list(tags), {"arn": row["Arn"]})

    def _read_records(self) -> Iterator[Thing]:
        """The TXT records of external-dns, by whose text it recognizes what it made. Only the owner that is called like the cluster."""
        if self.cluster is None:
            return
        route53 = self._get_client("route53")
        for zone in describe_all_pages(route53, "list_hosted_zones", "HostedZones"):
            rows = describe_all_pages(
                route53, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
            )
            for row in rows:
                values = [one["Value"].strip('"') for one in row.get("ResourceRecords") or []]
                facts: Row = {"zone": zone["Id"].rpartition("/")[2], "type": row["Type"]}
                if row["Type"] == "TXT" and values and values[0].startswith("heritage=external-dns"):
                    facts["text"] = values[0]
                elif row["Type"] in ("A", "AAAA", "CNAME"):
                    alias = (row.get("AliasTarget") or {}).get("DNSName", "")
                    facts["targets"] = [*values, *([alias] if alias else [])]
                else:
                    continue
                yield Thing("dns_record", f"{facts['zone']}/{row['Name']}/{row['Type']}", row["Name"], {}, facts)


def _read_facts(row: Row) -> Row:
    attachments = [one["InstanceId"] for one in row.get("Attachments") or [] if one.get("InstanceId")]
    return {"status": row.get("State"), "vpc_id": row.get("VpcId"), "instances": attachments}


def _describe_tags(client: Any, **names: list[str]) -> list[Row]:
    """The tags of so many load balancers or target groups as one call takes."""
    return describe_all_pages(client, "describe_tags", "TagDescriptions", **names)


def _split(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]


def _ignore_gone(ask: Callable[[], Any], default: Any = ()) -> Any:
    """The answer about what was listed a moment ago; the default where it is gone meanwhile."""
    try:
        return ask()
    except Exception as error:
        if has_code(
            error,
            "LoadBalancerNotFound",
            "TargetGroupNotFound",
            "AccessPointNotFound",
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            "ResourceNotFoundException",
        ):
            return default
        raise
