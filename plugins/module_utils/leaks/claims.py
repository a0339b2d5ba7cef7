# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to which cluster: by the tags that the collection, controllers, EKS and eksctl set, and by names that only they give. Pure.

A tag ``kubernetes.io/cluster/NAME: shared`` says that a cluster uses what others made. It is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key, list_owners

COLLECTION, CONTROLLER, EKS, EKSCTL, UNKNOWN = "kumo.eks", "controller", "eks", "eksctl", "unknown"
OWNERS = (COLLECTION, CONTROLLER, EKS, EKSCTL, UNKNOWN)
# A volume of a PersistentVolume, marked while the cluster could still be asked: NAME/RECLAIM_POLICY
VOLUME_TAG = "kumo.eks/volume"
# https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/tags.go
CLUSTER_TAG, OWNED = "kubernetes.io/cluster/", "owned"
SERVICE_TAG = "kubernetes.io/service-name"
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/deploy/tracking/provider.go
BALANCER_TAG = "elbv2.k8s.aws/cluster"
# Its value is "true": the cluster's name is in CLUSTER_TAG, where the driver is configured with it.
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
CSI_TAG, CLAIM_TAG = "ebs.csi.aws.com/cluster", "kubernetes.io/created-for/pvc/name"
# https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go (eniClusterTagKey, eniDescriptionPrefix)
CNI_TAG, POD_INTERFACE = "cluster.k8s.amazonaws.com/name", "aws-K8S-"
CNI_INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
# https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/aws/ec2/api/helper.go
BRANCH_TAGS = ("vpcresources.k8s.aws/trunk-eni-id", "vpcresources.k8s.aws/vlan-id")
# https://karpenter.sh/docs/concepts/nodeclasses/#spectags
NODEPOOL_TAG, NODE_CLASS_TAG = "karpenter.sh/nodepool", "karpenter.k8s.aws/ec2nodeclass"
KARPENTER_TAG = "karpenter.k8s.aws/cluster"
# https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/apis/v1/ec2nodeclass.go (InstanceProfileTags)
REGION_TAG = "topology.kubernetes.io/region"
# Of EKS itself: https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html, and of EKS Auto Mode the last one:
# https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html
EKS_TAGS = ("aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name")
OF_OBJECTS = ("load_balancer", "target_group", "security_group", "volume", "snapshot")
# https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/types.go (ClusterNameTag, OldClusterNameTag)
EKSCTL_TAGS = ("alpha.eksctl.io/cluster-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name")
STACK_TAG = "aws:cloudformation:stack-name"
# The stack of https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/
KARPENTER_STACK = re.compile(r"Karpenter-([0-9A-Za-z][0-9A-Za-z_-]*)")

NAME = r"([0-9A-Za-z][0-9A-Za-z_-]*)"
# kind -> what its names look like, and whose they are. No cluster's name has a dot, a slash or a blank.
NAMES: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "security_group": ((re.compile(rf"eks-cluster-sg-{NAME}-\d+"), EKS),),
    "log_group": (
        (re.compile(rf"/aws/eks/{NAME}/cluster"), EKS),
        (re.compile(rf"/aws/containerinsights/{NAME}/(?:application|dataplane|host|performance)"), CONTROLLER),
    ),
    "kms_key": ((re.compile(rf"alias/eks/{NAME}"), UNKNOWN),),
    "key_pair": ((re.compile(rf"eksctl-{NAME}-nodegroup-.+"), EKSCTL),),
    "iam_role": ((re.compile(rf"Karpenter(?:Node|Controller)Role-{NAME}"), UNKNOWN),),
    "iam_policy": ((re.compile(rf"KarpenterController(?:\w*)Policy-{NAME}"), UNKNOWN),),
    "instance_profile": ((re.compile(rf"KarpenterNodeInstanceProfile-{NAME}"), UNKNOWN),),
    "stack": ((KARPENTER_STACK, UNKNOWN),),
}
EKS_INTERFACE = re.compile(rf"Amazon EKS {NAME}")
DNS_OWNER = re.compile(rf"heritage=external-dns,external-dns/owner={NAME}")


@dataclass(frozen=True)
class Thing:
    """Something in an account.

    Args:
        kind: like "load_balancer".
        id: by which AWS deletes it.
        name: by which people know it.
        facts: what its kind has beside: ``status``, ``description``, ``vpc_id``, ``groups``, ``balancers``, ``hostname``, ...
    """

    kind: str
    id: str
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """Which cluster a thing belongs to, whose work it is, and why that is believed.

    Args:
        cluster: the name; "" where only the kind of the cluster is known.
        owner: one of OWNERS.
    """

    cluster: str
    owner: str
    reason: str


def find_claim(thing: Thing, region: str) -> Claim | None:
    """The claim by a thing's own tags and name, None for what no cluster claims."""
    for look in (_find_collection, _find_volume, _find_karpenter, _find_balancer, _find_eks, _find_eksctl):
        claim = look(thing, region)
        if claim:
            return claim
    return _find_name(thing) or _find_cluster_tag(thing) or _find_orphan(thing)


def claim_all(things: Iterable[Thing], region: str, issuers: dict[str, str]) -> list[tuple[Thing, Claim]]:
    """The things that clusters claim, also by what they are bound to.

    Args:
        issuers: the host and path of an OIDC issuer -> the name of its cluster.
    """
    things = list(things)
    claims = {number: find_claim(thing, region) for number, thing in enumerate(things)}
    found = [(things[number], claim) for number, claim in claims.items() if claim]
    relations = _build_relations(found, issuers)
    for number, thing in enumerate(things):
        claim = claims[number]
        if claim is None or not claim.cluster:
            claims[number] = next(filter(None, (look(thing) for look in relations)), claim) or _find_issuer(
                thing, region
            )
    return [(things[number], claim) for number, claim in claims.items() if claim]


# by tags


def _find_collection(thing: Thing, region: str) -> Claim | None:
    clusters = [cluster for place, cluster in list_owners(thing.tags) if place == region]
    return Claim(clusters[0], COLLECTION, f"tag {build_owner_key(region, clusters[0])}") if clusters else None


def _find_volume(thing: Thing, _region: str) -> Claim | None:
    text = thing.tags.get(VOLUME_TAG, "")
    return Claim(text.partition("/")[0], CONTROLLER, f"tag {VOLUME_TAG}={text}") if text else None


def _find_karpenter(thing: Thing, region: str) -> Claim | None:
    """What Karpenter made. EKS Auto Mode, which is Karpenter inside, marks its work with a tag of EKS alone."""
    if thing.kind == "instance_profile" and thing.tags.get(REGION_TAG) != region:
        return None  # IAM has no regions, and other regions may have a cluster of this name
    mark = next((key for key in (NODEPOOL_TAG, NODE_CLASS_TAG, KARPENTER_TAG) if key in thing.tags), "")
    if not mark:
        return None
    cluster = thing.tags.get(KARPENTER_TAG) or _get_owned_cluster(thing) or thing.tags.get(EKS_TAGS[2], "")
    return Claim(cluster, CONTROLLER, f"tag {mark}={thing.tags[mark]} (Karpenter)") if cluster else None


def _find_balancer(thing: Thing, _region: str) -> Claim | None:
    cluster = thing.tags.get(BALANCER_TAG)
    return Claim(cluster, CONTROLLER, f"tag {BALANCER_TAG}={cluster}") if cluster else None


def _find_eks(thing: Thing, _region: str) -> Claim | None:
    """What EKS made. Load balancers and volumes of EKS Auto Mode are of its controllers, and do not go with the cluster.

    https://aws-samples.github.io/sample-aws-eks-auto-mode/docs/architecture/cleanup
    """
    claim = _find_by_value(thing, EKS_TAGS, EKS)
    if claim and thing.kind in OF_OBJECTS and not any(thing.tags.get(key) for key in EKS_TAGS[:2]):
        return Claim(claim.cluster, CONTROLLER, f"{claim.reason} (EKS Auto Mode)")
    return claim


def _find_eksctl(thing: Thing, _region: str) -> Claim | None:
    return _find_by_value(thing, EKSCTL_TAGS, EKSCTL)


def _find_by_value(thing: Thing, keys: tuple[str, ...], owner: str) -> Claim | None:
    key = next((key for key in keys if thing.tags.get(key)), "")
    return Claim(thing.tags[key], owner, f"tag {key}={thing.tags[key]}") if key else None


def _get_owned_cluster(thing: Thing) -> str:
    keys = sorted(key for key, value in thing.tags.items() if key.startswith(CLUSTER_TAG) and value == OWNED)
    return keys[0].removeprefix(CLUSTER_TAG) if keys else ""


def _find_cluster_tag(thing: Thing) -> Claim | None:
    """Controllers set ``kubernetes.io/cluster/NAME: owned``, and so do people and other tools: another mark says who did."""
    cluster, tags = _get_owned_cluster(thing), thing.tags
    if thing.kind == "instance_profile":
        return None
    reason = f"tag {CLUSTER_TAG}{cluster}={OWNED}"
    if not cluster and thing.tags.get(CNI_TAG):
        return Claim(tags[CNI_TAG], CONTROLLER, f"tag {CNI_TAG}={tags[CNI_TAG]}")
    if not cluster:
        return None
    marks = {
        "load_balancer": SERVICE_TAG in tags,
        "security_group": thing.name.startswith("k8s-elb-"),
        "volume": CSI_TAG in tags or CLAIM_TAG in tags,
        "snapshot": CSI_TAG in tags,
        "network_interface": str(thing.facts.get("description", "")).startswith(POD_INTERFACE)
        or any(key in tags for key in BRANCH_TAGS),
    }
    return Claim(cluster, CONTROLLER if marks.get(thing.kind) else UNKNOWN, reason)


# by names


def _find_name(thing: Thing) -> Claim | None:
    for pattern, owner in NAMES.get(thing.kind, ()):
        found = pattern.fullmatch(thing.name)
        if found:
            return Claim(found[1], owner, f"name {thing.name}")
    found = EKS_INTERFACE.fullmatch(str(thing.facts.get("description", "")))
    if found and thing.kind == "network_interface":
        return Claim(found[1], EKS, f"description {found[0]}")
    found = KARPENTER_STACK.fullmatch(thing.tags.get(STACK_TAG, ""))
    if found:
        return Claim(found[1], UNKNOWN, f"tag {STACK_TAG}={found[0]}")
    found = DNS_OWNER.match(str(thing.facts.get("text", "")))
    if found and thing.kind == "dns_record":
        return Claim(found[1], CONTROLLER, f"text {found[0]}")
    return None


def _find_orphan(thing: Thing) -> Claim | None:
    """What some cluster left that nothing names."""
    if thing.kind == "network_interface" and _is_loose_pod_interface(thing):
        return Claim("", CONTROLLER, f"description {thing.facts['description']} (VPC CNI), and not attached")
    if thing.kind in ("volume", "snapshot") and CSI_TAG in thing.tags:
        attached = thing.facts.get("status") == "in-use"
        return None if attached else Claim("", CONTROLLER, f"tag {CSI_TAG} (EBS CSI driver), and not attached")
    return None


def _find_issuer(thing: Thing, region: str) -> Claim | None:
    """An issuer of the region that is no cluster's here. It may be a cluster's of another account."""
    issuers = [one for one in thing.facts.get("issuers") or [] if f".{region}." in one]
    if not issuers:
        return None
    return Claim("", UNKNOWN, f"no cluster of this account and region has the issuer {issuers[0]}")


def _is_loose_pod_interface(thing: Thing) -> bool:
    return _is_pod_interface(thing) and thing.facts.get("status") == "available"


# by what they are bound to

Follow = Callable[[Thing, Claim, str], "Claim | None"]


def _build_relations(
    found: list[tuple[Thing, Claim]], issuers: dict[str, str]
) -> list[Callable[[Thing], Claim | None]]:
    """Looks at what a thing is bound to, of the claims by tags and names."""
    by_id = {(thing.kind, thing.id): claim for thing, claim in found if claim.cluster}
    hosts = {
        str(thing.facts["hostname"]).lower(): claim
        for thing, claim in found
        if claim.cluster and thing.facts.get("hostname")
    }

    def look_at(kind: str, fact: str, other: str, follow: Follow) -> Callable[[Thing], Claim | None]:
        def look(thing: Thing) -> Claim | None:
            if thing.kind != kind:
                return None
            ids = [one for one in thing.facts.get(fact) or [] if (other, one) in by_id]
            return follow(thing, by_id[(other, ids[0])], ids[0]) if ids else None

        return look

    def look_at_issuer(thing: Thing) -> Claim | None:
        for issuer in thing.facts.get("issuers") or []:
            if issuer in issuers:
                return Claim(issuers[issuer], UNKNOWN, f"it trusts the issuer {issuer}")
        return None

    def look_at_host(thing: Thing) -> Claim | None:
        hosts_of = [
            str(host).lower().rstrip(".").removeprefix("dualstack.") for host in thing.facts.get("targets") or []
        ]
        host = next((one for one in hosts_of if one in hosts), "")
        return Claim(hosts[host].cluster, UNKNOWN, f"it points to {host}") if host else None

    return [
        look_at("network_interface", "instances", "instance", _follow_instance),
        look_at("network_interface", "groups", "security_group", _follow_group),
        look_at("target_group", "balancers", "load_balancer", _follow_balancer),
        look_at("event_rule", "queues", "queue", _follow_any),
        look_at("volume", "instances", "instance", _follow_volume),
        look_at_issuer,
        look_at_host,
    ]


def _follow_balancer(_thing: Thing, claim: Claim, other: str) -> Claim:
    """Those of a Service may have no tags. The AWS Load Balancer Controller tags all that it creates: one without tags is a user's.

    Ingresses and routes may name target groups that the controller did not make.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/gateway/#specify-out-of-band-target-groups
    """
    owner = claim.owner if claim.reason.startswith(f"tag {CLUSTER_TAG}") else UNKNOWN
    return Claim(claim.cluster, owner, f"it is bound to {other}")


def _follow_any(_thing: Thing, claim: Claim, other: str) -> Claim:
    return Claim(claim.cluster, claim.owner, f"it is bound to {other}")


def _follow_instance(thing: Thing, claim: Claim, other: str) -> Claim:
    """An interface of a node: of the VPC CNI, or what the instance was started with."""
    owner = CONTROLLER if _is_pod_interface(thing) else claim.owner
    return Claim(claim.cluster, owner, f"it is attached to, or was made on, instance {other}")


def _follow_group(thing: Thing, claim: Claim, other: str) -> Claim | None:
    """An interface with the cluster's group is its own only where the VPC CNI made it: others use the group, too."""
    if not _is_pod_interface(thing):
        return None
    return Claim(
        claim.cluster, CONTROLLER, f"description {thing.facts['description']} (VPC CNI), and security group {other}"
    )


def _follow_volume(thing: Thing, claim: Claim, other: str) -> Claim | None:
    """A volume that a driver attached. The root volume of the instance goes with it."""
    return Claim(claim.cluster, CONTROLLER, f"tag {CSI_TAG}, and instance {other}") if CSI_TAG in thing.tags else None


def _is_pod_interface(thing: Thing) -> bool:
    return str(thing.facts.get("description", "")).startswith(POD_INTERFACE)
