# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Karpenter's parts as options of modules: the published policies, manifests, the order of steps, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import normalize_document
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.events.interruption import build_queue_name, build_rule_name
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import (
    build_class_defaults,
    build_node_class,
    build_node_pool,
)
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.options import (
    build_karpenter_spec,
    find_karpenter_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.plan import KarpenterPlan
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.policies import (
    ControllerRights,
    build_controller_policies,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place

PLACE = Place("my-cluster", "ap-northeast-1", "aws", "123456789012", "1.34", exists=True)
SEEN = {"addons": [], "accounts": [], "roles": []}
# Of the six documents of cloudformation.yaml of Karpenter v1.14, for this cluster, with NODE and QUEUE for the ARNs of role and queue
PUBLISHED = "6d8dc8a89cb844e04315b3ce4c9f83f1705e17d615760efb72d12b65447a930b"


def plan(seen=None, place=PLACE, **options):
    found, problems = read_arguments(build_karpenter_spec(), {"cluster_name": "my-cluster", **options}, "")
    assert problems == []
    given = {name: value for name, value in found.items() if value is not None}
    return KarpenterPlan(given, place, {**SEEN, **(seen or {})})


def steps(**options):
    return [(step.module, step.args) for step in plan(**options).list_present_steps()]


def release(**options):
    return dict(steps(**options))["eks_helm"]["releases"][-1]


def test_the_policies_are_those_that_are_published():
    rights = ControllerRights("my-cluster", "ap-northeast-1", "aws", "123456789012", "NODE", "QUEUE")
    documents = build_controller_policies(rights)
    text = json.dumps({name: normalize_document(document) for name, document in documents.items()}, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == PUBLISHED
    longest = ControllerRights("c" * 100, "ap-northeast-1", "aws", "123456789012", "n" * 120, "q" * 120)
    assert (
        sum(len(json.dumps(one)) for one in build_controller_policies(longest).values()) < 10240
    )  # IAM's quota, inline
    without = ControllerRights("my-cluster", "ap-northeast-1", "aws", "123456789012", "NODE")
    assert set(documents) - set(build_controller_policies(without)) == {"KarpenterControllerInterruptionPolicy"}


def test_the_parts_come_in_their_order():
    rows = steps(tags={"Team": "a"})
    assert [module for module, args in rows] == [
        "eks_iam_role",
        "eks_access_entry",
        "eks_interruption_queue",
        "eks_addon",
        "eks_pod_identity",
        "eks_discovery_tags",
        "eks_helm",
        "eks_karpenter_nodes",
    ]
    parts = dict(rows)
    (role,), (entry,) = parts["eks_iam_role"]["iam_roles"], parts["eks_access_entry"]["access_entries"]
    assert role == {"purpose": "karpenter_node", "tags": {"Team": "a", "kumo.eks/platform": "karpenter"}}
    name = "my-cluster.ap-northeast-1_karpenter-node"
    assert (entry["principal_arn"], entry["type"]) == (f"arn:aws:iam::123456789012:role/{name}", "EC2_LINUX")
    (association,) = parts["eks_pod_identity"]["associations"]
    passed = association["inline_policies"]["KarpenterControllerIAMIntegrationPolicy"]["Statement"][0]
    assert passed["Resource"] == entry["principal_arn"]
    assert parts["eks_karpenter_nodes"] == {
        "node_role": name,
        "tags": {"Team": "a"},
        "purge": False,
        "wait_timeout": 1200,
    }
    definitions, controller = parts["eks_helm"]["releases"]
    assert (definitions["chart"], definitions["version"]) == ("oci://public.ecr.aws/karpenter/karpenter-crd", "1.14.1")
    assert controller["depends_on"] == ["karpenter-crd"] and controller["crds"] == "skip"
    assert controller["values"]["settings"] == {"clusterName": "my-cluster", "interruptionQueue": "my-cluster"}


def test_what_is_there_or_not_wanted_is_left_out():
    seen = {"addons": [{"name": AGENT, "component": "", "namespace": ""}]}
    assert "eks_addon" not in dict(steps(seen=seen))
    assert "eks_addon" not in dict(steps(place=Place(**{**PLACE.__dict__, "auto_mode": True})))
    less = steps(identity="none", interruption_queue=False, discovery=False, crds=False, node_pools=[], node_classes=[])
    assert [module for module, args in less] == [
        "eks_iam_role",
        "eks_access_entry",
        "eks_helm",
        "eks_interruption_queue",
        "eks_karpenter_nodes",
    ]
    assert dict(less)["eks_interruption_queue"]["state"] == "absent"
    assert dict(less)["eks_karpenter_nodes"]["node_pools"] == []
    assert [row["name"] for row in dict(less)["eks_helm"]["releases"]] == ["karpenter"]


def test_irsa_annotates_the_service_account_and_takes_the_other_role_away():
    role = {"component": "karpenter", "namespace": "kube-system", "service_account": "karpenter"}
    rows = steps(seen={"roles": [{**role, "identity": "pod_identity"}]}, identity="irsa")
    assert dict(rows)["eks_irsa"]["identities"][0]["role_only"] is True
    assert [module for module, args in rows][-3:] == ["eks_helm", "eks_pod_identity", "eks_karpenter_nodes"]
    assert dict(rows)["eks_pod_identity"]["state"] == "absent"
    account = release(identity="irsa", values={"replicas": 1})["values"]["serviceAccount"]
    arn = "arn:aws:iam::123456789012:role/my-cluster.kube-system.karpenter"
    assert account == {"create": True, "name": "karpenter", "annotations": {"eks.amazonaws.com/role-arn": arn}}
    own = steps(identity="irsa", create_service_account=False)
    assert dict(own)["eks_irsa"]["identities"][0]["role_only"] is False


def test_a_mirror_and_its_user_count_for_both_charts():
    given = {"chart_repository_username": "u", "chart_repository_password": "p"}
    rows = dict(steps(chart_repository="https://charts.example.com", **given))["eks_helm"]["releases"]
    assert {(row["chart"], row["repository"], row["username"]) for row in rows} == {
        ("karpenter-crd", "https://charts.example.com", "u"),
        ("karpenter", "https://charts.example.com", "u"),
    }
    assert release(version="1.13.0", namespace="karpenter")["version"] == "1.13.0"


def test_the_nodes_go_first_and_the_role_last():
    rows = [step.module for step in plan(state="absent").list_removal_steps()]
    assert rows == [
        "eks_karpenter_nodes",
        "eks_helm",
        "eks_interruption_queue",
        "eks_discovery_tags",
        "eks_pod_identity",
        "eks_iam_role",
    ]
    agent = {"name": AGENT, "component": "pod_identity", "namespace": ""}
    own = {"namespace": "kube-system", "service_account": "karpenter"}
    removal, kept = plan(seen={"addons": [agent], "accounts": [own]}).build_agent_removal()
    assert [step.args["addons"] for step in removal] == [[{"name": AGENT}]] and kept == []
    other = {"namespace": "production", "service_account": "reader"}
    removal, (row,) = plan(seen={"addons": [agent], "accounts": [own, other]}).build_agent_removal()
    assert removal == [] and "production/reader" in row["why"]


def test_what_is_said_of_nodes_is_merged_over_the_example():
    defaults = build_class_defaults("my-cluster", "role", "", {"Team": 1})
    spec = build_node_class({"name": "a", "spec": {"amiSelectorTerms": [{"alias": "bottlerocket@latest"}]}}, defaults)[
        "spec"
    ]
    assert spec["amiSelectorTerms"] == [{"alias": "bottlerocket@latest"}] and spec["role"] == "role"
    assert spec["tags"] == {"Team": "1"} and spec["subnetSelectorTerms"] == [
        {"tags": {"karpenter.sh/discovery": "my-cluster"}}
    ]
    assert "role" not in build_node_class({"name": "a", "spec": {"instanceProfile": "p"}}, defaults)["spec"]
    assert build_class_defaults("my-cluster", "role", "profile", {})["instanceProfile"] == "profile"
    pool = build_node_pool({"name": "b", "node_class": "a", "spec": {"limits": {"cpu": 10}}, "labels": {"x": "y"}})
    assert pool["metadata"]["labels"] == {"x": "y", "app.kubernetes.io/managed-by": "kumo.eks"}
    assert pool["spec"]["limits"] == {"cpu": 10} and pool["spec"]["disruption"]["consolidateAfter"] == "1m"
    assert pool["spec"]["template"]["spec"]["nodeClassRef"]["name"] == "a"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"queue_name": "a.b"}, ["queue_name: 'a.b'", "1-80 letters"]),
        ({"queue_name": "a", "interruption_queue": False}, ["queue_name", "interruption_queue is false"]),
        ({"subnets": ["subnet"]}, ["subnets: 'subnet'", "subnet-0a1b2c3d4e5f60718"]),
        ({"security_groups": ["sg-12345678"], "discovery": False}, ["security_groups", "discovery is false"]),
        ({"namespace": "A"}, ["namespace: 'A'"]),
        ({"service_account": "A"}, ["service_account: 'A'"]),
        ({"node_pools": [{"name": "A_b"}]}, ["node_pools[0].name: 'A_b'"]),
        ({"node_classes": [{"name": "a"}, {"name": "a"}]}, ["node_classes", "unique"]),
        (
            {"node_classes": [{"name": "a", "spec": {"role": "r", "instanceProfile": "p"}}]},
            ["both role and instanceProfile"],
        ),
        ({"chart_repository": "oci://"}, ["chart_repository", "names no registry"]),
        ({"ecr_login": True}, ["ecr_login"]),
        ({"wait_timeout": 0}, ["wait_timeout: 0"]),
    ],
)
def test_problems_name_option_value_and_what_is_allowed(options, words):
    (problem,) = find_karpenter_problems(options)
    assert all(word in problem for word in words), problem


def test_names_fit_their_service():
    assert build_queue_name("my-cluster") == "my-cluster" and len(build_queue_name("c" * 100)) == 80
    assert build_rule_name("my-cluster", "rebalance") == "my-cluster-rebalance"
    assert len(build_rule_name("c" * 100, "rebalance")) == 64
    assert build_rule_name("c" * 100, "rebalance") != build_rule_name("c" * 100, "spot-interruption")
