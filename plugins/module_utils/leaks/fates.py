# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a teardown does with what belongs to a cluster, and how a person removes what it keeps. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import list_other_owners
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import (
    COLLECTION,
    CONTROLLER,
    EKS,
    EKSCTL,
    VOLUME_TAG,
    Claim,
    Thing,
)

Row = dict[str, Any]
KEEP, SNAPSHOT, DELETE = "keep", "snapshot", "delete"
VOLUME_POLICIES, LOG_POLICIES = (KEEP, SNAPSHOT, DELETE), (KEEP, DELETE)
# What controllers recreate from objects in the cluster: without the cluster it serves nobody.
OF_CONTROLLERS = (
    *("load_balancer", "target_group", "security_group", "network_interface", "instance", "launch_template"),
    "instance_profile",
)
# Data, and names by which others find it: only who runs the cluster knows whether they are still needed.
DATA = ("volume", "snapshot", "log_group", "kms_key", "dns_record")
CLI = "aws --region {region} "
REMEDIES = {
    "address": "ec2 release-address --allocation-id {id}",
    "autoscaling_group": "autoscaling delete-auto-scaling-group --auto-scaling-group-name {id} --force-delete",
    "cluster": "eks delete-cluster --name {id}",
    "egress_only_gateway": "ec2 delete-egress-only-internet-gateway --egress-only-internet-gateway-id {id}",
    "event_rule": "events remove-targets and delete-rule --name {id}",
    "flow_log": "ec2 delete-flow-logs --flow-log-ids {id}",
    "iam_policy": "iam delete-policy --policy-arn {id}",
    "iam_role": "iam delete-role --role-name {id}, after its policies and instance profiles",
    "instance": "ec2 terminate-instances --instance-ids {id}",
    "instance_profile": "iam delete-instance-profile --instance-profile-name {id}, after its role is removed from it",
    "internet_gateway": "ec2 delete-internet-gateway --internet-gateway-id {id}",
    "key_pair": "ec2 delete-key-pair --key-pair-id {id}",
    "kms_key": "kms schedule-key-deletion --key-id {id}, when nothing that it encrypted is needed",
    "launch_template": "ec2 delete-launch-template --launch-template-id {id}",
    "log_group": "logs delete-log-group --log-group-name {id}",
    "nat_gateway": "ec2 delete-nat-gateway --nat-gateway-id {id}",
    "network_interface": "ec2 delete-network-interface --network-interface-id {id}",
    "oidc_provider": "iam delete-open-id-connect-provider --open-id-connect-provider-arn {id}",
    "placement_group": "ec2 delete-placement-group --group-name {id}",
    "queue": "sqs delete-queue --queue-url {id}",
    "roles_anywhere_profile": "rolesanywhere delete-profile --profile-id {id}",
    "route_table": "ec2 delete-route-table --route-table-id {id}",
    "security_group": "ec2 delete-security-group --group-id {id}",
    "snapshot": "ec2 delete-snapshot --snapshot-id {id}",
    "subnet": "ec2 delete-subnet --subnet-id {id}",
    "target_group": "elbv2 delete-target-group --target-group-arn {id}",
    "trust_anchor": "rolesanywhere delete-trust-anchor --trust-anchor-id {id}",
    "volume": "ec2 delete-volume --volume-id {id}",
    "vpc": "ec2 delete-vpc --vpc-id {id}",
    "vpc_endpoint": "ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}",
}
INSIDE = ("nodegroup", "fargate_profile", "addon", "pod_identity_association", "capability")


@dataclass(frozen=True)
class Policy:
    """The options of a teardown, and what it knows.

    Args:
        volumes: one of VOLUME_POLICIES, for volumes whose PersistentVolume says that they go with their claim.
        log_group: one of LOG_POLICIES.
        vpc_id: the cluster's VPC; None where it is not known any more.
        owner: the key of the tag that marks what was made for the cluster.
    """

    volumes: str = KEEP
    log_group: str = KEEP
    vpc_id: str | None = None
    owner: str = ""


@dataclass(frozen=True)
class Fate:
    """What becomes of a thing.

    Args:
        removed: whether the teardown removes it.
        why: the reason, as a clause.
    """

    removed: bool
    why: str


def find_fate(thing: Thing, claim: Claim, policy: Policy) -> Fate:
    """What a teardown does with a thing."""
    if not claim.cluster:
        return Fate(False, "nothing says which cluster it belongs to")
    if thing.kind in ("volume", "snapshot", "log_group"):
        return _find_data_fate(thing, claim, policy)
    if thing.kind in DATA:
        return Fate(False, "it may be needed without the cluster")
    other_vpc = thing.facts.get("vpc_id")
    if claim.owner == CONTROLLER and policy.vpc_id and other_vpc and other_vpc != policy.vpc_id:
        return Fate(False, f"it is in {other_vpc}, and the cluster is in {policy.vpc_id}")
    return _find_owner_fate(thing, claim, policy)


def _find_owner_fate(thing: Thing, claim: Claim, policy: Policy) -> Fate:
    others = list_other_owners(thing.tags, policy.owner) if policy.owner else []
    if claim.owner == COLLECTION and others:
        return Fate(False, f"it was made for {', '.join(others)}, too")
    if claim.owner == COLLECTION or thing.kind in INSIDE:
        return Fate(True, "kumo.eks created it" if claim.owner == COLLECTION else "it goes with the cluster")
    if claim.owner == EKS:
        return Fate(True, "EKS removes it with the cluster or the node group")
    if claim.owner == CONTROLLER and thing.kind in OF_CONTROLLERS:
        return Fate(True, "a controller of the cluster created it")
    made_by = "eksctl" if claim.owner == EKSCTL else "others, or by hand"
    return Fate(
        False, f"it was created by {made_by}" if claim.owner != CONTROLLER else "it may be needed without the cluster"
    )


def _find_data_fate(thing: Thing, claim: Claim, policy: Policy) -> Fate:
    if thing.kind == "snapshot":
        return Fate(False, "snapshots are kept")
    if thing.kind == "log_group":
        removed = policy.log_group == DELETE and claim.owner == EKS
        return Fate(
            removed, "eks_teardown_log_group=" + policy.log_group if claim.owner == EKS else "EKS did not create it"
        )
    if claim.owner == COLLECTION:
        return Fate(True, "kumo.eks created it")
    if claim.owner != CONTROLLER:
        return Fate(False, "a driver of the cluster did not create it")
    if thing.tags.get(VOLUME_TAG, "").endswith("/Retain"):
        return Fate(False, "its PersistentVolume had the reclaim policy Retain")
    return Fate(policy.volumes in (SNAPSHOT, DELETE), f"eks_teardown_volumes={policy.volumes}")


def build_remedy(thing: Thing, claim: Claim, region: str) -> str:
    """How a person removes it."""
    if claim.owner == EKSCTL and thing.kind == "stack":
        return f"eksctl delete cluster --region {region} --name {claim.cluster}"
    if thing.kind == "stack":
        return f"aws --region {region} cloudformation delete-stack --stack-name {thing.id}"
    if thing.kind == "load_balancer":
        classic = thing.facts.get("type") == "classic"
        words = (
            "elb delete-load-balancer --load-balancer-name"
            if classic
            else "elbv2 delete-load-balancer --load-balancer-arn"
        )
        return f"aws --region {region} {words} {thing.id}"
    if thing.kind == "dns_record":
        zone = thing.facts.get("zone", "")
        return f"aws route53 change-resource-record-sets --hosted-zone-id {zone}, with DELETE of {thing.name} {thing.facts.get('type', '')}"
    if thing.kind in INSIDE:
        return f"it goes with cluster {claim.cluster}"
    return (CLI + REMEDIES[thing.kind]).format(region=region, id=thing.id)


def build_row(thing: Thing, claim: Claim, policy: Policy, region: str) -> Row:
    """A thing as results have it."""
    fate = find_fate(thing, claim, policy)
    return {
        "kind": thing.kind,
        "id": thing.id,
        "name": thing.name,
        "cluster_name": claim.cluster or None,
        "owner": claim.owner,
        "reason": claim.reason,
        "status": str(thing.facts.get("status") or ""),
        "removed_by_teardown": fate.removed,
        "why": fate.why,
        "remedy": build_remedy(thing, claim, region),
    }


def format_row(row: Row) -> str:
    """A thing in a line: "load balancer k8s-x (tag elbv2.k8s.aws/cluster=my-cluster)"."""
    kind = re.sub("_", " ", row["kind"])
    label = row["name"] if row["kind"] in ("load_balancer", "target_group") else row["id"]
    name = f" {row['name']}" if row["name"] and row["name"] != label else ""
    return f"{kind} {label}{name} ({row['reason']})"
