# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who claims a thing, and what becomes of it."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import Claim, Thing, claim_all, find_claim
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import REMEDIES, Policy, build_remedy, find_fate
from ansible_collections.kumo.eks.plugins.module_utils.leaks.group_rules import select_rules
from ansible_collections.kumo.eks.plugins.module_utils.leaks.obstacles import is_strange
from ansible_collections.kumo.eks.plugins.module_utils.leaks.picture import choose_kinds
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading import INSIDE, KINDS

REGION = "eu-west-1"
OWNED = {"kubernetes.io/cluster/a": "owned"}


def claim(kind, name="", tags=None, **facts):
    found = find_claim(Thing(kind, "id", name, tags or {}, facts), REGION)
    return found and (found.cluster, found.owner)


@pytest.mark.parametrize(
    ("kind", "name", "tags", "expected"),
    [
        ("vpc", "", {"kumo.eks/eu-west-1/a": "owned"}, ("a", "kumo.eks")),
        ("vpc", "", {"kumo.eks/eu-west-2/a": "owned"}, None),
        ("vpc", "", {"kubernetes.io/cluster/a": "shared"}, None),
        ("vpc", "", OWNED, ("a", "unknown")),
        ("load_balancer", "x", {**OWNED, "kubernetes.io/service-name": "default/web"}, ("a", "controller")),
        ("load_balancer", "x", OWNED, ("a", "unknown")),
        ("load_balancer", "x", {"elbv2.k8s.aws/cluster": "a"}, ("a", "controller")),
        ("load_balancer", "x", {"eks:eks-cluster-name": "a"}, ("a", "controller")),
        ("instance", "", {"eks:eks-cluster-name": "a"}, ("a", "eks")),
        ("security_group", "x", {"aws:eks:cluster-name": "a"}, ("a", "eks")),
        ("security_group", "k8s-elb-x", OWNED, ("a", "controller")),
        ("security_group", "nodes", OWNED, ("a", "unknown")),
        ("security_group", "eks-cluster-sg-a-b-123", OWNED, ("a-b", "eks")),
        ("volume", "", {"ebs.csi.aws.com/cluster": "true", **OWNED}, ("a", "controller")),
        ("volume", "", {"kumo.eks/volume": "a/Delete"}, ("a", "controller")),
        ("volume", "", OWNED, ("a", "unknown")),
        ("instance", "", {"karpenter.sh/nodepool": "x", "eks:eks-cluster-name": "a"}, ("a", "controller")),
        ("instance", "", {"karpenter.sh/nodepool": "x"}, None),
        ("autoscaling_group", "", {"eks:cluster-name": "a", "alpha.eksctl.io/cluster-name": "a"}, ("a", "eks")),
        ("stack", "eksctl-a-cluster", {"alpha.eksctl.io/cluster-name": "a"}, ("a", "eksctl")),
        ("stack", "Karpenter-a", {}, ("a", "unknown")),
        ("queue", "a", {"aws:cloudformation:stack-name": "Karpenter-a"}, ("a", "unknown")),
        ("log_group", "/aws/eks/a/cluster", {}, ("a", "eks")),
        ("log_group", "/aws/eks/a/other", {}, None),
        ("kms_key", "alias/eks/a", {}, ("a", "unknown")),
        ("key_pair", "eksctl-a-nodegroup-b-c", {}, ("a", "eksctl")),
        ("key_pair", "a", {}, None),
    ],
)
def test_tags_and_names_tell_the_cluster_and_the_owner(kind, name, tags, expected):
    assert claim(kind, name, tags) == expected


def test_an_instance_profile_of_another_region_is_no_claim():
    tags = {**OWNED, "karpenter.k8s.aws/ec2nodeclass": "default", "topology.kubernetes.io/region": REGION}
    assert claim("instance_profile", tags=tags) == ("a", "controller")
    assert claim("instance_profile", tags={**tags, "topology.kubernetes.io/region": "eu-west-2"}) is None


def test_interfaces_are_known_by_their_description():
    assert claim("network_interface", description="Amazon EKS a") == ("a", "eks")
    assert claim("network_interface", description="aws-K8S-i-1", status="available") == ("", "controller")
    assert claim("network_interface", description="aws-K8S-i-1", status="in-use") is None
    assert claim("network_interface", description="mine", status="available") is None


def test_what_is_bound_to_a_claimed_thing_is_claimed():
    group = Thing("security_group", "sg-1", "x", {"elbv2.k8s.aws/cluster": "a"})
    instance = Thing("instance", "i-1", "", {"karpenter.sh/nodepool": "x", **OWNED})
    balancer = Thing("load_balancer", "arn", "x", {"elbv2.k8s.aws/cluster": "a"}, {"hostname": "X.elb.amazonaws.com"})
    of_service = Thing("load_balancer", "of-service", "y", {"kubernetes.io/service-name": "default/y", **OWNED})
    pods = {"description": "aws-K8S-i-9", "status": "available"}
    things = [
        *(group, instance, balancer, of_service),
        Thing("network_interface", "eni-1", facts={**pods, "groups": ["sg-1"]}),
        Thing("network_interface", "eni-2", facts={"description": "mine", "groups": ["sg-1"]}),
        Thing("network_interface", "eni-3", facts={"description": "", "instances": ["i-1"]}),
        Thing("target_group", "tg-1", facts={"balancers": ["of-service"]}),
        Thing("target_group", "mine", facts={"balancers": ["arn"]}),
        Thing(
            "volume",
            "vol-1",
            tags={"ebs.csi.aws.com/cluster": "true"},
            facts={"instances": ["i-1"], "status": "in-use"},
        ),
        Thing("volume", "vol-2", facts={"instances": ["i-1"]}),
        Thing("iam_role", "role", facts={"issuers": ["oidc.eks.eu-west-1.amazonaws.com/id/A"]}),
        Thing("iam_role", "gone", facts={"issuers": ["oidc.eks.eu-west-1.amazonaws.com/id/B"]}),
        Thing("iam_role", "far", facts={"issuers": ["oidc.eks.eu-west-2.amazonaws.com/id/C"]}),
        Thing("dns_record", "record", facts={"targets": ["dualstack.x.elb.amazonaws.com."]}),
    ]
    found = claim_all(things, REGION, {"oidc.eks.eu-west-1.amazonaws.com/id/A": "a"})
    assert {thing.id: (claim.cluster, claim.owner) for thing, claim in found if thing not in things[:4]} == {
        "eni-1": ("a", "controller"),
        "eni-3": ("a", "controller"),
        "tg-1": ("a", "controller"),
        "mine": ("a", "unknown"),
        "vol-1": ("a", "controller"),
        "role": ("a", "unknown"),
        "gone": ("", "unknown"),
        "record": ("a", "unknown"),
    }


@pytest.mark.parametrize(
    ("kind", "owner", "policy", "removed"),
    [
        ("load_balancer", "controller", Policy(), True),
        ("load_balancer", "unknown", Policy(), False),
        ("stack", "eksctl", Policy(), False),
        ("volume", "controller", Policy(), False),
        ("volume", "controller", Policy("snapshot"), True),
        ("volume", "unknown", Policy("delete"), False),
        ("snapshot", "controller", Policy("delete"), False),
        ("log_group", "eks", Policy(log_group="delete"), True),
        ("log_group", "controller", Policy(log_group="delete"), False),
        ("dns_record", "controller", Policy("delete", "delete"), False),
        ("kms_key", "eks", Policy("delete", "delete"), False),
    ],
)
def test_the_owner_and_the_policy_say_what_becomes_of_it(kind, owner, policy, removed):
    assert find_fate(Thing(kind, "id"), Claim("a", owner, "x"), policy).removed == removed


def test_what_several_clusters_own_is_kept():
    tags = {"kumo.eks/eu-west-1/a": "owned", "kumo.eks/eu-west-1/b": "owned"}
    policy = Policy(owner="kumo.eks/eu-west-1/a")
    fate = find_fate(Thing("iam_role", "x", "", tags), Claim("a", "kumo.eks", "x"), policy)
    assert (fate.removed, fate.why) == (False, "it was made for b in eu-west-1, too")


def test_what_no_cluster_is_known_of_is_never_removed():
    assert not find_fate(Thing("volume", "id"), Claim("", "controller", "x"), Policy("delete")).removed


def test_each_kind_has_a_remedy():
    assert {kind for kind in KINDS if kind not in REMEDIES} == {"load_balancer", "stack", "dns_record", *INSIDE}
    assert [kind for kind in KINDS if not build_remedy(Thing(kind, "id"), Claim("a", "eks", "x"), REGION)] == []


def test_only_rules_that_name_a_group_are_revoked():
    rules = [
        {
            "GroupId": "sg-1",
            "IsEgress": False,
            "SecurityGroupRuleId": "r-1",
            "ReferencedGroupInfo": {"GroupId": "sg-9"},
        },
        {"GroupId": "sg-1", "IsEgress": True, "SecurityGroupRuleId": "r-2", "ReferencedGroupInfo": {"GroupId": "sg-9"}},
        {
            "GroupId": "sg-1",
            "IsEgress": False,
            "SecurityGroupRuleId": "r-3",
            "ReferencedGroupInfo": {"GroupId": "sg-2"},
        },
        {"GroupId": "sg-1", "IsEgress": False, "SecurityGroupRuleId": "r-4", "CidrIpv4": "0.0.0.0/0"},
    ]
    assert select_rules(rules, {"sg-9"}) == {("sg-1", False): ["r-1"], ("sg-1", True): ["r-2"]}


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("network interface eni-1 (RDSNetworkInterface)", True),
        ("network interface eni-1 (ELB app/k8s-x/1)", False),
        ("network interface eni-1 (ELB app/mine/1)", True),
        ("network interface eni-1 (Amazon EKS a)", False),
        ("network interface eni-1 (aws-K8S-i-1)", False),
        ("security group sg-1 (k8s-elb-x)", False),
        ("security group sg-2 (mine)", True),
    ],
)
def test_strangers_are_what_nobody_claims(text, strange):
    things = [Thing("security_group", "sg-1"), Thing("load_balancer", "arn:aws:x:loadbalancer/app/k8s-x/1")]
    assert is_strange(text, things) == strange


def test_kinds_are_chosen_like_sections():
    assert choose_kinds(["all"]) == list(KINDS)
    assert choose_kinds(["!volume"]) == [kind for kind in KINDS if kind != "volume"]
    assert choose_kinds(["volume", "stack"]) == ["volume", "stack"]
    with pytest.raises(ValidationError, match="leaves nothing to look for"):
        choose_kinds(["volume", "!volume"])
