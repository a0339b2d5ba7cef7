# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export writes down and what it names: tags, secrets, what EKS made, what may not be read."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import read_group
from ansible_collections.kumo.eks.plugins.module_utils.export.declaration import build_declaration
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.export.tags import find_common_tags, find_own_tags

ARN = "arn:aws:eks:eu-west-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/control"
CLUSTER = {
    "name": "c",
    "arn": f"{ARN}:cluster/c",
    "version": "1.33",
    "status": "ACTIVE",
    "roleArn": ROLE,
    "resourcesVpcConfig": {
        "vpcId": "vpc-1",
        "subnetIds": ["subnet-1", "subnet-2"],
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
    },
    "accessConfig": {"authenticationMode": "API"},
    "identity": {"oidc": {"issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/1"}},
}
SUBNETS = {
    "subnet-1": {"kind": "private", "zone": "eu-west-1b", "tags": {}},
    "subnet-2": {"kind": "private", "zone": "eu-west-1a", "tags": {}},
}


@pytest.fixture
def state():
    return ClusterState("c", "eu-west-1", CLUSTER, subnets=SUBNETS, vpc={"DnsSupport": True, "DnsHostnames": True})


def build_addon(**options):
    return {
        "addonName": "coredns",
        "addonVersion": "v1",
        "status": "ACTIVE",
        "addonArn": f"{ARN}:addon/c/coredns/1",
        **options,
    }


def find_note(found, kind):
    return [row for row in found["not_expressed"] if row["kind"] == kind]


def test_a_cluster_alone(state):
    found = build_declaration(state)
    assert [row["kind"] for row in found["not_expressed"]] == ["Helm releases"] and not found["owned"]
    assert found["role_variables"] == {
        "eks_cluster_name": "c",
        "eks_region": "eu-west-1",
        "eks_network_existing_vpc_id": "vpc-1",
        "eks_network_subnets": {"private": ["subnet-2", "subnet-1"]},
        "eks_cluster_adopt": True,
        "eks_cluster_version": "1.33",
        "eks_cluster_endpoint_public_access": True,
        "eks_cluster_endpoint_private_access": False,
        "eks_cluster_public_access_cidrs": ["0.0.0.0/0"],
        "eks_cluster_access_config": {"authentication_mode": "API"},
        "eks_cluster_role_arn": ROLE,
        "eks_nodegroups_list": [],
        "eks_addons_list": [],
    }


def test_what_kumo_eks_made_is_not_adopted(state):
    state.cluster = {**CLUSTER, "tags": {"kumo.eks/eu-west-1/c": "owned"}}
    found = build_declaration(state)
    assert found["owned"] and "eks_cluster_adopt" not in found["role_variables"]
    assert "teardown" not in found["role_variables_text"]


@pytest.mark.parametrize(
    ("values", "is_written"),
    [({"replicas": 2}, True), ({"auth": {"password": "hunter22"}}, False), ({"existingSecret": "mine"}, True)],
)
def test_values_that_are_secrets_are_not_written_down(state, values, is_written):
    state.addons = [build_addon(configurationValues=json.dumps(values))]
    found = build_declaration(state)
    (addon,) = found["role_variables"]["eks_addons_list"]
    assert ("configuration_values" in addon) is is_written
    assert [row["field"] for row in find_note(found, "add-on")] == ([] if is_written else ["configuration_values"])
    assert "hunter22" not in json.dumps(found)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETING"])
def test_what_eks_could_not_create_is_named(state, status):
    state.addons = [build_addon(status=status)]
    found = build_declaration(state)
    assert found["role_variables"]["eks_addons_list"] == []
    assert f"its status is {status}" in find_note(found, "add-on")[0]["reason"]


def test_what_may_not_be_read_is_named(state):
    state.unread = [("node groups", "eks:ListNodegroups", "no")]
    found = build_declaration(state)
    assert [row["reason"] for row in find_note(found, "node groups")] == [
        "could not be read: eks:ListNodegroups is denied. AWS said: no"
    ]
    for text in ("role_variables_text", "cluster_config_text"):
        assert "# - node groups: could not be read: eks:ListNodegroups is denied." in found[text]


def build_group(name, tags):
    sizes = {"MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1}
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    return read_group({"AutoScalingGroupName": name, **sizes, "VPCZoneIdentifier": "subnet-1", "Tags": rows})


def test_what_no_declaration_has_is_named(state):
    state.identity_providers = [{"identityProviderConfigName": "people", "issuerUrl": "https://id", "clientId": "k"}]
    argo = {"argoCd": {"namespace": "argocd", "awsIdc": {"idcInstanceArn": "arn:aws:sso:::instance/ssoins-1"}}}
    state.capabilities = [
        {"capabilityName": "argo", "type": "ARGOCD", "roleArn": ROLE, "status": "ACTIVE", "configuration": argo},
        {"capabilityName": "broken", "type": "KRO", "roleArn": ROLE, "status": "CREATE_FAILED"},
    ]
    state.addons = [{"addonName": "cert-manager", "addonVersion": "v1", "tags": {"kumo.eks/platform": "cert_manager"}}]
    own = {"kumo.eks/self-managed-nodegroup": "own", "kumo.eks/eu-west-1/c": "owned"}
    state.self_managed = [build_group("c-own", own), build_group("theirs", {})]  # without their launch templates
    found = build_declaration(state)
    mine, theirs = find_note(found, "self-managed nodes")
    assert (mine["name"], theirs["name"]) == ("own", "theirs") and "could not be read" in mine["reason"]
    assert "launch template, which could not be read" in theirs["reason"]
    assert (
        "# Of nodeGroups, not in force: kumo.eks did not create Auto Scaling group theirs"
        in found["cluster_config_text"]
    )
    assert found["role_variables"]["eks_cluster_identity_providers"] == [
        {"name": "people", "issuer_url": "https://id", "client_id": "k"}
    ]
    assert [row["forms"] for row in find_note(found, "OIDC identity provider")] == [["ClusterConfig"]]
    assert [(row["name"], len(row["forms"])) for row in find_note(found, "capability")] == [("argo", 1), ("broken", 2)]
    (capability,) = found["role_variables"]["eks_cluster_capabilities"]
    assert capability == {
        "name": "argo",
        "type": "ARGOCD",
        "role_arn": ROLE,
        "argo_cd": {"namespace": "argocd", "aws_idc": {"idc_instance_arn": "arn:aws:sso:::instance/ssoins-1"}},
    }
    assert [row["name"] for row in find_note(found, "platform component")] == ["cert_manager"]


def test_a_vpc_without_dns_is_named(state):
    state.vpc = {"DnsSupport": True, "DnsHostnames": False}
    assert "DnsHostnames of the VPC is disabled" in find_note(build_declaration(state), "network")[0]["reason"]


TOOL = {"alpha.eksctl.io/cluster-name": "c"}


@pytest.mark.parametrize(
    ("rows", "common"),
    [
        ([{"a": "1", "b": "2"}, {"a": "1"}], {"a": "1"}),
        ([{"a": "1"}, {"a": "2"}], {}),
        ([{"a": "1"}, None], {}),
        ([{**TOOL, "a": "1"}, {**TOOL, "a": "1"}], {"a": "1"}),
        ([{"aws:cloudformation:stack-name": "s", "kumo.eks/eu-west-1/c": "owned"}], {}),
        ([], {}),
    ],
)
def test_common_tags(rows, common):
    assert find_common_tags(rows) == common


def test_marks_of_tools_stay_with_their_resource():
    assert find_own_tags({**TOOL, "a": "1", "aws:x": "y"}, {"a": "1"}) == TOOL
