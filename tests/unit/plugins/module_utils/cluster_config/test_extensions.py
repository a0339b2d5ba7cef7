# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""identityProviders and capabilities of a ClusterConfig, and that the modules take what comes out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import check_input

PROVIDER = {"type": "oidc", "name": "people", "issuerURL": "https://id.example.com", "clientID": "k8s"}
ACK = {"name": "ack", "type": "ack", "attachPolicyARNs": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]}
IDC = {"idcInstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef", "idcRegion": "us-west-2"}
ADMIN = {"policyARN": "AmazonEKSClusterAdminPolicy", "accessScope": {"type": "cluster"}}
ROLE = "arn:aws:iam::123456789012:role/capability"


def build(**fields: Any) -> dict[str, Any]:
    head = {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": "one", "region": "eu-west-1"},
    }
    return build_role_variables({**head, **fields})


def problems(**fields: Any) -> list[str]:
    with pytest.raises(Unusable) as caught:
        build(**fields)
    return caught.value.problems


def test_an_identity_provider():
    claims = {"usernameClaim": "email", "usernamePrefix": "o:", "groupsClaim": "g", "groupsPrefix": "o:"}
    found = build(identityProviders=[{**PROVIDER, **claims, "requiredClaims": {"a": "b"}, "tags": {"c": "d"}}])
    assert found["eks_cluster_identity_providers"] == [
        {
            "name": "people",
            "issuer_url": "https://id.example.com",
            "client_id": "k8s",
            "username_claim": "email",
            "username_prefix": "o:",
            "groups_claim": "g",
            "groups_prefix": "o:",
            "required_claims": {"a": "b"},
            "tags": {"c": "d"},
        }
    ]
    assert check_input({"identity_providers": found["eks_cluster_identity_providers"]}).problems == []


def test_capabilities_get_roles_or_bring_them():
    argo_cd = {"namespace": "argocd", "awsIdc": IDC, "networkAccess": {"vpceIds": ["vpce-01"]}}
    mappings = [{"role": "ADMIN", "identities": [{"id": "x", "type": "SSO_USER"}]}]
    document = {"Version": "2012-10-17", "Statement": []}
    found = build(
        capabilities=[
            {**ACK, "attachPolicy": document, "accessPolicies": [ADMIN], "deletePropagationPolicy": "RETAIN"},
            {
                "name": "cd",
                "type": "ARGOCD",
                "roleArn": ROLE,
                "configuration": {"argocd": {**argo_cd, "rbacRoleMappings": mappings}},
            },
        ]
    )["eks_cluster_capabilities"]
    assert found == [
        {
            "name": "ack",
            "type": "ACK",
            "policy_arns": ACK["attachPolicyARNs"],
            "inline_policies": {"kumo-eks": document},
            "access_policies": [
                {"policy_arn": ADMIN["policyARN"], "access_scope": {"type": "cluster", "namespaces": None}}
            ],
        },
        {
            "name": "cd",
            "type": "ARGOCD",
            "role_arn": ROLE,
            "argo_cd": {
                "namespace": "argocd",
                "aws_idc": {"idc_instance_arn": IDC["idcInstanceArn"], "idc_region": "us-west-2"},
                "network_access": {"vpce_ids": ["vpce-01"]},
                "rbac_role_mappings": mappings,
            },
        },
    ]
    assert check_input({"capabilities": found}).problems == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"identityProviders": [PROVIDER, {**PROVIDER, "name": "b"}]}, "identityProviders: 2 are given"),
        ({"identityProviders": [{"type": "oidc", "name": "a"}]}, "identityProviders[0].issuerURL: is missing"),
        (
            {"capabilities": [{"name": "a", "type": "FLUX"}]},
            "capabilities[0].type: 'FLUX' is not valid. Use one of ACK",
        ),
        ({"capabilities": [ACK, {**ACK, "name": "b"}]}, "capabilities[1].type: ACK is given twice"),
        ({"capabilities": [{**ACK, "roleArn": ROLE}]}, "attachPolicyARNs: cannot be combined with roleArn"),
        ({"capabilities": [{**ACK, "deletePropagationPolicy": "DELETE"}]}, "'DELETE' is not valid. Use RETAIN"),
        ({"capabilities": [{"name": "a", "type": "ARGOCD"}]}, "awsIdc.idcInstanceArn: is missing"),
        (
            {"capabilities": [{**ACK, "configuration": {"argocd": {"namespace": "x"}}}]},
            "configuration.argocd: is for type ARGOCD",
        ),
        (
            {"capabilities": [{**ACK, "accessPolicies": [{"policyARN": "AmazonEKSViewPolicy"}]}]},
            "accessPolicies[0].accessScope.type: is missing",
        ),
        (
            {"capabilities": [ACK], "accessConfig": {"authenticationMode": "CONFIG_MAP"}},
            "CONFIG_MAP has no access entries, which capabilities need",
        ),
    ],
)
def test_what_is_refused(fields: dict[str, Any], text: str):
    found = problems(**fields)
    assert any(text in problem for problem in found), found


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"identity_providers": [{"name": "a"}, {"name": "b"}]}, "eks_cluster_identity_providers: a, b are given"),
        (
            {"identity_providers": [{"name": "a", "issuer_url": "http://x"}]},
            "eks_cluster_identity_providers[0].issuer_url",
        ),
        ({"capabilities": [{"name": "a"}]}, "eks_cluster_capabilities[0].type: is missing"),
        (
            {"capabilities": [{"name": "a", "type": "ARGOCD"}]},
            "eks_cluster_capabilities[0].argo_cd.aws_idc.idc_instance_arn: is missing",
        ),
        (
            {"capabilities": [{"name": "a", "type": "KRO"}, {"name": "b", "type": "KRO"}]},
            "eks_cluster_capabilities: 2 capabilities of the type KRO are given",
        ),
        (
            {"capabilities": [{"name": "a", "type": "KRO", "role_arn": ROLE, "role_name": "r"}]},
            "eks_cluster_capabilities[0].role_arn: cannot be combined with role_name",
        ),
        ({"capabilities": [{"name": "a", "type": "KRO", "role_name": "a b"}]}, "eks_cluster_capabilities[0].role_name"),
        (
            {"capabilities": [{"name": "a", "type": "KRO", "policy_arns": ["x"]}]},
            "eks_cluster_capabilities[0].policy_arns",
        ),
    ],
)
def test_the_input_of_the_role_is_checked(words: dict[str, Any], text: str):
    found = check_input(words).problems
    assert any(problem.startswith(text) for problem in found), found
    absent = {name: [{**row, "state": "absent"} for row in rows] for name, rows in words.items()}
    assert [line for line in check_input(absent).problems if "are given" in line or "missing" in line] == []
