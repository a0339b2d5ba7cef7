# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_info against a cluster with something in each section that AWS' API knows. Helm's section is in tests/helm."""

from __future__ import annotations

import json
from collections import Counter

import pytest

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
AWS = ["all", "!helm_releases"]
SECTIONS = {
    "cluster",
    "network",
    "nodegroups",
    "fargate_profiles",
    "addons",
    "access_entries",
    "pod_identity_associations",
    "oidc_provider",
    "insights",
}


@pytest.fixture
def whole(sandbox, ground):
    """A cluster with one of everything, made by boto3 alone."""
    eks, iam, inside = sandbox.client("eks"), sandbox.client("iam"), {"clusterName": CLUSTER}
    place = {"subnetIds": ground["subnets"]}
    modes = {"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False}
    eks.create_cluster(
        name=CLUSTER, version="1.33", roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=modes
    )
    eks.create_nodegroup(**inside, nodegroupName="workers", nodeRole=ground["node_role"], subnets=ground["subnets"])
    eks.create_fargate_profile(
        **inside,
        fargateProfileName="batch",
        podExecutionRoleArn=ground["pod_role"],
        subnets=ground["subnets"],
        selectors=[{"namespace": "batch"}],
    )
    for name in ("vpc-cni", "kube-proxy"):
        eks.create_addon(**inside, addonName=name, resolveConflicts="OVERWRITE")
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    pods = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    eks.create_pod_identity_association(**inside, namespace="default", serviceAccount="reader", roleArn=pods)
    eks.create_access_entry(**inside, principalArn=pods, kubernetesGroups=["viewers"])
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["default"]}
    eks.associate_access_policy(**inside, principalArn=pods, policyArn=view, accessScope=scope)
    return pods


@pytest.fixture
def look(run_module):
    def run(*sections, **options):
        return run_module("eks_info", {"cluster_name": CLUSTER, "region": REGION, "sections": [*sections], **options})

    return run


def test_everything_in_one_task(sandbox, whole, look, run_module):
    so_far = len(sandbox.calls())
    found = look(*AWS)
    calls = Counter(call["operation"] for call in sandbox.calls()[so_far:] if call["service"] in ("eks", "iam"))
    assert not found["failed"] and found["exists"] and found["not_read"] == [] and set(found) >= SECTIONS
    assert calls["DescribeCluster"] == 1 and calls["DescribeAddon"] == 2 and calls["ListAccessEntries"] == 1
    # Each section is what the module for it says
    same = {"region": REGION, "cluster_name": CLUSTER}
    assert [found["cluster"]] == run_module("eks_cluster_info", {"region": REGION, "name": CLUSTER})["clusters"]
    assert found["nodegroups"] == run_module("eks_nodegroup_info", same)["nodegroups"]
    assert found["fargate_profiles"] == run_module("eks_fargate_profile_info", same)["fargate_profiles"]
    assert found["addons"] == run_module("eks_addon_info", same)["addons"]
    vpc = {"region": REGION, "vpc_id": found["cluster"]["resources_vpc_config"]["vpc_id"]}
    assert found["network"]["vpc_id"] == run_module("eks_network_info", vpc)["network"]["vpc_id"]
    associations = run_module("eks_pod_identity_info", same)["associations"]
    assert found["pod_identity_associations"] == associations and len(associations) == 1
    entry = next(row for row in found["access_entries"] if row["principal_arn"] == whole)
    assert entry["kubernetes_groups"] == ["viewers"]
    (policy,) = entry["access_policies"]
    assert policy["policy_arn"].endswith("/AmazonEKSViewPolicy")
    assert policy["access_scope"] == {"type": "namespace", "namespaces": ["default"]}
    assert found["insights"] and {"PASSING"} <= {row["insight_status"]["status"] for row in found["insights"]}
    provider = found["oidc_provider"]
    assert provider["issuer"] == found["cluster"]["identity"]["oidc"]["issuer"]
    assert (provider["exists"], provider["arn"], provider["audiences"]) == (False, None, [])
    sandbox.client("iam").create_open_id_connect_provider(Url=provider["issuer"], ClientIDList=["sts.amazonaws.com"])
    provider = look("oidc_provider")["oidc_provider"]
    assert provider["exists"] and provider["audiences"] == ["sts.amazonaws.com"]
    assert provider["arn"].endswith(provider["issuer"].removeprefix("https://"))


def test_chosen_sections_take_only_their_calls(sandbox, whole, look):
    so_far = len(sandbox.calls())
    found = look("addons", "insights")
    assert set(found) & SECTIONS == {"addons", "insights"}
    calls = {call["operation"] for call in sandbox.calls()[so_far:]}
    assert calls == {"DescribeCluster", "ListAddons", "DescribeAddon", "ListInsights"}
    assert set(look("!network", "!helm_releases", "!insights")) & SECTIONS == SECTIONS - {"network", "insights"}


def test_what_is_denied_is_named_and_not_empty(sandbox, whole, look, monkeypatch):
    iam = sandbox.client("iam")
    iam.create_user(UserName="reader")
    allowed = [
        "eks:DescribeCluster",
        "eks:ListAddons",
        "eks:List*",
        "eks:DescribeNodegroup",
        "eks:DescribeFargateProfile",
    ]
    statements = [
        {"Effect": "Allow", "Action": allowed, "Resource": "*"},
        {"Effect": "Deny", "Action": "eks:ListInsights", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=document)
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    found = look(*AWS)
    denied = {row["section"]: row["action"] for row in found["not_read"]}
    assert denied == {
        "network": denied["network"],
        "addons": "eks:DescribeAddon",
        "access_entries": "eks:DescribeAccessEntry",
        "pod_identity_associations": "eks:DescribePodIdentityAssociation",
        "oidc_provider": "iam:GetOpenIDConnectProvider",
        "insights": "eks:ListInsights",
    }
    assert denied["network"].startswith("ec2:Describe")
    assert not set(denied) & set(found) and {"cluster", "nodegroups", "fargate_profiles"} <= set(found)
    assert all("not authorized" in row["reason"] for row in found["not_read"])
    # Without DescribeCluster the others are still read; what depends on it is named
    statements[0]["Action"] = ["eks:List*", "eks:DescribeAddon"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=document)
    found = look("cluster", "addons", "oidc_provider", "helm_releases")
    assert found["exists"] and len(found["addons"]) == 2
    assert {row["section"]: row["action"] for row in found["not_read"]} == {
        "cluster": "eks:DescribeCluster",
        "oidc_provider": "eks:DescribeCluster",
        "helm_releases": "",
    }


def test_a_cluster_that_does_not_exist(sandbox, look):
    found = look("all")
    assert not found["failed"] and found["exists"] is False and not set(found) & SECTIONS


def test_a_cluster_without_access_entries_has_none(sandbox, ground, look):
    place = {"subnetIds": ground["subnets"]}
    modes = {"authenticationMode": "CONFIG_MAP"}
    sandbox.client("eks").create_cluster(
        name=CLUSTER, version="1.33", roleArn=ground["role"], resourcesVpcConfig=place, accessConfig=modes
    )
    found = look("access_entries")
    assert found["access_entries"] == [] and found["not_read"] == []


def test_throttled_calls_are_repeated(sandbox, whole, look):
    sandbox.add_fault(kind="throttle", service="eks", operation="*", every=3, count=6)
    found = look(*AWS)
    assert not found["failed"] and found["not_read"] == [] and len(found["addons"]) == 2
