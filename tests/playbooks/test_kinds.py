# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the page on kinds of clusters, each from nothing, with what its kind needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.certificates import CA_BUNDLE

PAGE = Path(__file__).parents[2] / "docs/guide/11-kinds.md"
REGION = "ap-northeast-1"
pytestmark = pytest.mark.extended


def read_file(name):
    """The variables of a file of the page."""
    _before, _fence, rest = PAGE.read_text().partition(f"```yaml file={name}\n")
    return yaml.safe_load(rest.partition("```")[0])


def list_policies(sandbox, role):
    rows = sandbox.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return {row["PolicyName"] for row in rows}


def get_entry_type(sandbox, cluster, role):
    eks = sandbox.client("eks")
    (arn,) = [one for one in eks.list_access_entries(clusterName=cluster)["accessEntries"] if one.endswith(f"/{role}")]
    return eks.describe_access_entry(clusterName=cluster, principalArn=arn)["accessEntry"]["type"]


def check_auto_mode(sandbox, cluster):
    role = f"auto.{REGION}_auto-node"
    assert cluster["computeConfig"]["nodeRoleArn"].endswith(f":role/{role}")
    assert sorted(cluster["computeConfig"]["nodePools"]) == ["general-purpose", "system"]
    assert cluster["storageConfig"]["blockStorage"]["enabled"]
    assert cluster["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"]
    assert len(list_policies(sandbox, f"auto.{REGION}_cluster")) == 5
    assert get_entry_type(sandbox, "auto", role) == "EC2"


def check_private(sandbox, cluster):
    ec2, config = sandbox.client("ec2"), cluster["resourcesVpcConfig"]
    assert (config["endpointPublicAccess"], config["endpointPrivateAccess"]) == (False, True)
    here = [{"Name": "vpc-id", "Values": [config["vpcId"]]}]
    services = {row["ServiceName"].rpartition(f"{REGION}.")[2] for row in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    assert {"ec2", "ecr.api", "ecr.dkr", "s3", "sts", "eks"} <= services
    assert ec2.describe_nat_gateways(Filters=here)["NatGateways"] == []
    assert "10.90.0.0/16" in str(ec2.describe_security_groups(GroupIds=[config["clusterSecurityGroupId"]]))


def check_ipv6(sandbox, cluster):
    assert cluster["kubernetesNetworkConfig"]["ipFamily"] == "ipv6"
    role = f"six.{REGION}_node"
    assert "AmazonEKS_CNI_Policy" not in list_policies(sandbox, role)
    assert "AmazonEKS_CNI_IPv6_Policy" in sandbox.client("iam").list_role_policies(RoleName=role)["PolicyNames"]


def check_windows(sandbox, cluster):
    eks = sandbox.client("eks")
    assert "AmazonEKSVPCResourceController" in list_policies(sandbox, f"windows.{REGION}_cluster")
    cni = eks.describe_addon(clusterName="windows", addonName="vpc-cni")["addon"]
    assert yaml.safe_load(cni["configurationValues"]) == {"enableWindowsIpam": "true"}
    group = eks.describe_nodegroup(clusterName="windows", nodegroupName="windows")["nodegroup"]
    assert (group["status"], group["amiType"]) == ("ACTIVE", "WINDOWS_CORE_2022_x86_64")


def check_hybrid(sandbox, cluster):
    role = f"hybrid.{REGION}_hybrid-node"
    assert cluster["remoteNetworkConfig"]["remoteNodeNetworks"] == [{"cidrs": ["10.80.0.0/16"]}]
    assert list_policies(sandbox, role) == {"AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryPullOnly"}
    assert get_entry_type(sandbox, "hybrid", role) == "HYBRID_LINUX"
    group = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
    rules = str(sandbox.client("ec2").describe_security_groups(GroupIds=[group]))
    assert "10.80.0.0/16" in rules and "10.85.0.0/16" in rules


def check_hybrid_by_certificates(sandbox):
    role, client = f"hybrid.{REGION}_hybrid-node", sandbox.client("rolesanywhere")
    (anchor,), (profile,) = client.list_trust_anchors()["trustAnchors"], client.list_profiles()["profiles"]
    found = sandbox.client("iam").get_role(RoleName=role)["Role"]
    assert profile["roleArns"] == [found["Arn"]] and anchor["trustAnchorArn"] in str(found["AssumeRolePolicyDocument"])
    assert list_policies(sandbox, role) == {"AmazonEC2ContainerRegistryPullOnly"}
    assert get_entry_type(sandbox, "hybrid", role) == "HYBRID_LINUX"


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("auto-mode.yml", check_auto_mode),
        ("private.yml", check_private),
        ("ipv6.yml", check_ipv6),
        ("windows.yml", check_windows),
    ],
)
def test_a_kind_of_cluster_from_nothing(sandbox, play, name, check):
    variables = read_file(name)
    play("kumo.eks.site", **variables).assert_ok()
    check(sandbox, sandbox.client("eks").describe_cluster(name=variables["eks_cluster_name"])["cluster"])


def test_a_cluster_for_hybrid_nodes_stays_and_goes(sandbox, play, account):
    """Its role, its access entry and its rules are made once, and gone with it."""
    variables, before = read_file("hybrid.yml"), account()
    play("kumo.eks.site", **variables).assert_ok()
    check_hybrid(sandbox, sandbox.client("eks").describe_cluster(name="hybrid")["cluster"])
    play("kumo.eks.site", **variables).assert_unchanged()
    variables |= {"eks_cluster_hybrid_node_ca_bundle": CA_BUNDLE}
    play("kumo.eks.site", **variables).assert_ok()
    check_hybrid_by_certificates(sandbox)
    play("kumo.eks.site", **variables).assert_unchanged()
    play("kumo.eks.teardown", **variables).assert_ok()
    assert account() == before
