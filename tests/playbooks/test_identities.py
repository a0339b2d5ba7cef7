# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identities of pods in site.yml and teardown.yml, from a ClusterConfig and from variables, and the role irsa alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from support import clock

pytestmark = pytest.mark.extended

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
NAME = "my-cluster"


def allowing(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


@pytest.fixture
def config(ground, tmp_path) -> dict[str, Any]:
    """site.yml's variable for a ClusterConfig with a service account and an association, on subnets that stand."""
    subnets = dict(zip(("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"), ground["subnets"], strict=True))
    path = tmp_path / "cluster-config.yaml"
    text = {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": NAME, "region": "ap-northeast-1", "version": "1.33"},
        "vpc": {"subnets": {"private": {zone: {"id": subnet} for zone, subnet in subnets.items()}}},
        "addonsConfig": {"disableDefaultAddons": True},
        "addons": [{"name": "eks-pod-identity-agent"}],
        "iam": {
            "withOIDC": True,
            "serviceAccounts": [
                {
                    "metadata": {"name": "external-dns", "namespace": "kube-system"},
                    "roleOnly": True,
                    "wellKnownPolicies": {"externalDNS": True},
                    "attachPolicyARNs": [READ],
                }
            ],
            "podIdentityAssociations": [
                {
                    "namespace": "production",
                    "serviceAccountName": "reader",
                    "permissionPolicyName": "read",
                    "permissionPolicy": allowing("s3:GetObject"),
                }
            ],
        },
    }
    path.write_text(yaml.safe_dump(text))
    return {"eks_cluster_config": str(path)}


def test_a_cluster_config_with_identities_comes_up_and_goes_also_after_its_cluster(sandbox, play, account, config):
    before = account()
    plan = play("kumo.eks.site", "--check", "--diff", **config).assert_ok()
    for words in ("route53:ChangeResourceRecordSets", "system:serviceaccount:kube-system:external-dns", "s3:GetObject"):
        assert words in plan.output
    assert "does not have the add-on eks-pod-identity-agent" not in plan.output
    assert account() == before

    first = play("kumo.eks.site", **config).assert_ok()
    stood = account()
    assert [row["serviceAccount"] for row in stood["associations"]] == ["reader"]
    assert len(stood["oidc_providers"]) == 1
    for name in ("kube-system/external-dns", "production/reader"):
        assert re.search(rf"service account +{name} +arn:aws:iam::123456789012:role/", first.output), first.output
    assert "does not have the add-on eks-pod-identity-agent" not in first.output
    play("kumo.eks.site", **config).assert_unchanged()

    sandbox.client("iam").put_role_policy(
        RoleName=next(row["RoleName"] for row in stood["roles"] if "external-dns" in row["RoleName"]),
        PolicyName="external_dns",
        PolicyDocument=json.dumps(allowing("route53:*")),
    )
    plan = play("kumo.eks.site", "--check", "--diff", **config).assert_ok()
    assert plan.changed == 1
    lines = [line for line in plan.output.splitlines() if "route53:" in line]
    assert any(line.startswith("-") and '"Action": "route53:*"' in line for line in lines), plan.output
    assert any(line.startswith("+") and '"route53:ListHostedZones"' in line for line in lines), plan.output
    assert play("kumo.eks.site", **config).assert_ok().changed == 1

    # A teardown that was killed after the cluster's end.
    eks = sandbox.client("eks")
    eks.delete_addon(clusterName=NAME, addonName="eks-pod-identity-agent")
    eks.delete_cluster(name=NAME)
    clock.settle(sandbox)
    assert len(account()["oidc_providers"]) == 1
    play("kumo.eks.teardown", **config).assert_ok()
    assert account() == before
    play("kumo.eks.teardown", **config).assert_unchanged()


@pytest.fixture
def cluster(sandbox, ground) -> None:
    """A cluster that the roles did not make."""
    sandbox.client("eks").create_cluster(
        name=NAME, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}, version="1.33"
    )
    clock.settle(sandbox)


def test_irsa_alone(play_role, cluster, account):
    policy = {"name": "my-app-s3-policy", "document": allowing("s3:GetObject")}
    options = {
        "eks_cluster_name": NAME,
        "eks_tags": {"Team": "kumo"},
        "eks_irsa_service_accounts": [
            {"name": "my-app-sa", "namespace": "production", "role_only": True, "policy": policy}
        ],
        "eks_irsa_pod_identity_associations": [
            {"namespace": "production", "service_account": "reader", "policy_arns": [READ]}
        ],
    }
    before = account()
    assert play_role("eks_irsa", "--check", "--diff", **options).assert_ok().changed == 2
    assert account() == before
    assert play_role("eks_irsa", **options).assert_ok().changed == 2
    play_role("eks_irsa", **options).assert_unchanged()
    gone = {**options, "eks_irsa_state": "absent"}
    assert play_role("eks_irsa", "--check", **gone).assert_ok().changed == 2
    assert play_role("eks_irsa", **gone).assert_ok().changed == 2
    assert account() == before
    play_role("eks_irsa", **gone).assert_unchanged()


def test_irsa_keeps_and_removes_a_provider_alone(play_role, cluster, account):
    before = account()
    options = {"eks_cluster_name": NAME, "eks_irsa_oidc_provider": True}
    assert play_role("eks_irsa", **options).assert_ok().changed == 1
    assert len(account()["oidc_providers"]) == 1
    assert play_role("eks_irsa", eks_irsa_state="absent", **options).assert_ok().changed == 1
    assert account() == before


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"eks_irsa_service_accounts": [{"name": "a"}] * 2},
            ["eks_irsa_service_accounts: service account default/a belongs"],
        ),
        (
            {"eks_irsa_service_accounts": [{"name": "a", "polcy": {}}]},
            ["eks_irsa_service_accounts[0].polcy: unknown option. Did you mean policy?"],
        ),
        (
            {"eks_irsa_pod_identity_associations": [{"namespace": "n"}]},
            ["eks_irsa_pod_identity_associations[0].service_account: required"],
        ),
    ],
)
def test_wrong_identities_are_refused_before_anything_is_sent(sandbox, play, variables, words):
    play("kumo.eks.site", eks_cluster_name=NAME, **variables).assert_refused(*words)
    assert sandbox.calls() == []
