# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs from EKS' defaults, what of it the add-on can be told, and which version takes its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.takeover.field_managers import list_changed_fields
from ansible_collections.kumo.eks.plugins.module_utils.takeover.plan import (
    Plan,
    choose_version,
    find_owner,
    plan_settings,
    plan_workloads,
    read_version,
)
from ansible_collections.kumo.eks.plugins.module_utils.takeover.settings import Observed
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import ARCHITECTURES, BY_NAME, COREFILES, LINUX

REGISTRY = "602401143452.dkr.ecr.ap-northeast-1.amazonaws.com"
OFFERED = ["v1.20.4-eksbuild.2", "v1.20.4-eksbuild.1", "v1.19.6-eksbuild.7"]
CLOSED = {"type": "object", "additionalProperties": False}
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
Row = dict[str, Any]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        (f"{REGISTRY}/amazon-k8s-cni:v1.20.4-eksbuild.1", "v1.20.4-eksbuild.1"),
        (f"{REGISTRY}/eks/kube-proxy:v1.33.3-minimal-eksbuild.4", "v1.33.3-eksbuild.4"),
        ("public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.49.0", "v1.49.0"),
        ("registry.example.com:5000/coredns", ""),
        ("coredns/coredns@sha256:0123", ""),
    ],
)
def test_versions_of_images(image: str, version: str) -> None:
    assert read_version(image) == version


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        ("v1.19.6-eksbuild.7", "v1.19.6-eksbuild.7"),
        ("v1.19.6-eksbuild.1", "v1.19.6-eksbuild.7"),
        ("v1.20.1", "v1.20.4-eksbuild.1"),
        ("v1.20.4", "v1.20.4-eksbuild.2"),
        ("v1.21.0", ""),
        ("v1.20.4-eksbuild.3", ""),
        ("", "v1.19.6-eksbuild.7"),
    ],
)
def test_the_version_that_changes_least_and_is_not_older(installed: str, chosen: str) -> None:
    assert choose_version(installed, OFFERED, "v1.19.6-eksbuild.7") == chosen


def build_cni(**spec: Any) -> Row:
    container = {"name": "aws-node", "image": f"{REGISTRY}/amazon-k8s-cni:v1.20.4-eksbuild.1", "env": []}
    labels = {"k8s-app": "aws-node"}
    pod = {"containers": [container], "tolerations": [{"operator": "Exists"}], **spec}
    template = {"metadata": {"labels": labels}, "spec": pod}
    about = {"name": "aws-node", "namespace": "kube-system"}
    return {"metadata": about, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def plan_of(name: str, schema: Row, **observed: Any) -> Plan:
    plan = Plan(name)
    plan_settings(plan, BY_NAME[name], Observed(**{"workloads": {}, "config_maps": {}, **observed}), schema)
    return plan


def test_environment_that_the_schema_knows_is_kept() -> None:
    workload = build_cni()
    workload["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "WARM_ENI_TARGET", "value": "1"},
        {"name": "WARM_IP_TARGET", "value": "5"},
        {"name": "CLUSTER_NAME", "value": "x"},
        {"name": "OLD_OPTION", "value": "secret-value"},
        {"name": "MY_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    known = {**CLOSED, "properties": {"WARM_IP_TARGET": {"type": "string"}}}
    plan = plan_of("vpc-cni", {**CLOSED, "properties": {"env": known}}, workloads={"aws-node": workload})
    assert plan.kept == {"env": {"WARM_IP_TARGET": "5"}}
    assert plan.lost == [
        "DaemonSet aws-node env OLD_OPTION",
        "DaemonSet aws-node env TOKEN, which has its value from another object",
    ]
    assert "secret-value" not in str(plan.build_row()["lost"])


def test_what_eks_sets_itself_is_no_setting() -> None:
    term = {"matchExpressions": [LINUX, ARCHITECTURES]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    plan = plan_of("vpc-cni", CLOSED, workloads={"aws-node": build_cni(affinity=affinity)})
    assert plan.kept == {} and plan.lost == []


@pytest.mark.parametrize(
    ("spec", "lost"),
    [
        ({"tolerations": [{"key": "a", "operator": "Exists"}]}, "DaemonSet aws-node tolerations"),
        ({"nodeSelector": {"pool": "a"}}, "DaemonSet aws-node nodeSelector"),
        ({"affinity": {"podAffinity": {"x": []}}}, "DaemonSet aws-node affinity"),
        ({"priorityClassName": "mine"}, "DaemonSet aws-node priorityClassName"),
        (
            {"containers": [{"name": "aws-node", "image": "mirror.example.com/cni:v1.20.4"}]},
            "DaemonSet aws-node image mirror.example.com/cni:v1.20.4, which is not in a registry of EKS",
        ),
        ({"initContainers": [{"name": "mine", "image": "x"}]}, "DaemonSet aws-node container mine"),
    ],
)
def test_what_the_schema_has_no_place_for_is_lost(spec: Row, lost: str) -> None:
    assert plan_of("vpc-cni", CLOSED, workloads={"aws-node": build_cni(**spec)}).lost == [lost]


def test_the_corefile_is_compared_without_white_space() -> None:
    schema = {**CLOSED, "properties": {"corefile": {"type": "string"}}}
    for text, kept in ((COREFILES[1].replace("\n", "\n  "), {}), ("mine", {"corefile": "mine"})):
        maps = {"coredns": {"data": {"Corefile": text, "Other": "x"}}}
        plan = plan_of("coredns", schema, config_maps=maps)
        assert plan.kept == kept and plan.lost == ["ConfigMap coredns Other"]


def test_dns_on_fargate_stays_there() -> None:
    schema = {**CLOSED, "properties": {"computeType": {"type": "string"}}}
    assert plan_of("coredns", schema, on_fargate=True).kept == {"computeType": "fargate"}
    assert plan_of("coredns", CLOSED, on_fargate=True).lost == ["pods of CoreDNS on Fargate"]


def test_a_second_disruption_budget_is_not_added() -> None:
    budget = {
        "metadata": {"name": "mine"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"k8s-app": "kube-dns"}}},
    }
    schema = {**CLOSED, "properties": {"podDisruptionBudget": {"type": "object"}}}
    assert plan_of("coredns", schema, budgets=(budget,)).kept == {"podDisruptionBudget": {"enabled": False}}
    other = copy.deepcopy(budget)
    other["spec"]["selector"]["matchLabels"] = {"app": "x"}
    assert plan_of("coredns", schema, budgets=(other,)).kept == {}
    own = {"metadata": {"name": "coredns"}, "spec": {**budget["spec"]}}
    assert plan_of("coredns", schema, budgets=(own,)).kept == {"podDisruptionBudget": {"minAvailable": 1}}


def test_values_of_a_release() -> None:
    values = {
        "controller": {
            "replicaCount": 3,
            "serviceAccount": {"create": True, "annotations": {"eks.amazonaws.com/role-arn": "arn", "mine": "x"}},
        },
        "storageClasses": [{"name": "fast"}],
    }
    controller = {**CLOSED, "properties": {"replicaCount": {"type": "integer"}}}
    plan = plan_of("aws-ebs-csi-driver", {**CLOSED, "properties": {"controller": controller}}, release=values)
    assert plan.kept == {"controller": {"replicaCount": 3}}
    assert plan.lost == ["Helm value controller.serviceAccount.annotations.mine", "Helm value storageClasses"]


def manage(manager: str, fields: Row, **more: Any) -> Row:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}


def test_fields_that_others_set_after_the_installation() -> None:
    image = {
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"aws-node"}': {".": {}, "f:image": {}}}}}}
    }
    rows = [
        manage("kubectl-client-side-apply", {"f:spec": {"f:selector": {}, "f:updateStrategy": {}}}),
        manage("kubectl-edit", image),
        manage("kube-controller-manager", {"f:spec": {"f:x": {}}}),
        manage("eks", {"f:spec": {"f:y": {}}}),
        manage("kubelet2", {"f:spec": {"f:z": {}}}, subresource="status"),
        manage("kubectl-rollout", {"f:metadata": {"f:annotations": {"f:kubectl.kubernetes.io/restartedAt": {}}}}),
    ]
    found = list_changed_fields({"metadata": {"managedFields": rows}})
    assert found == ['.spec.template.spec.containers[name="aws-node"].image']


@pytest.mark.parametrize(
    ("labels", "annotations", "owner"),
    [
        ({}, {}, "eks"),
        ({"app.kubernetes.io/managed-by": "Helm"}, {"meta.helm.sh/release-name": "r"}, "helm"),
        ({"argocd.argoproj.io/instance": "a"}, {}, "argocd"),
        ({"helm.toolkit.fluxcd.io/name": "a"}, {"meta.helm.sh/release-name": "r"}, "flux"),
    ],
)
def test_who_manages_it(labels: Row, annotations: Row, owner: str) -> None:
    workload = build_cni()
    workload["metadata"].update(labels=labels, annotations=annotations)
    assert find_owner(workload) == owner
    workload["spec"]["template"]["spec"]["containers"][0]["image"] = "public.ecr.aws/eks/cni:v1.20.4"
    assert find_owner(workload) == ("kubectl" if owner == "eks" else owner)


def test_what_stands_against_a_take_over() -> None:
    workload = build_cni()
    for change, reason in (
        (lambda row: None, ""),
        (lambda row: row["metadata"].update(namespace="networking"), "runs in namespace networking"),
        (lambda row: row["spec"]["selector"]["matchLabels"].update(a="b"), "selects its pods by other labels"),
    ):
        row = copy.deepcopy(workload)
        change(row)
        plan = Plan("vpc-cni", managed_by="eks")
        plan_workloads(plan, BY_NAME["vpc-cni"], Observed({"aws-node": row}, {}))
        assert (reason in plan.why) and bool(plan.why) == bool(reason), plan.why
