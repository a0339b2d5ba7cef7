# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.filter.cluster_config import FilterModule
from ansible_collections.kumo.eks.plugins.filter.cluster_config_vpc import FilterModule as VpcFilterModule

ROOT = Path(__file__).parents[4]
EXAMPLE = (ROOT / "docs/examples/cluster-config.yaml").read_text(encoding="utf-8")
cluster_config = FilterModule().filters()["cluster_config"]
cluster_config_vpc = VpcFilterModule().filters()["cluster_config_vpc"]

TAGS = {"alpha.eksctl.io/nodegroup-type": "managed"}
EXPECTED = {
    "eks_cluster_name": "my-cluster",
    "eks_region": "ap-northeast-1",
    "eks_network_cidr": "10.0.0.0/16",
    "eks_network_nat_gateway": "HighlyAvailable",
    "eks_cluster_version": "1.29",
    "eks_cluster_logging": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "eks_cluster_access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
    "eks_nodegroups_list": [
        {
            "name": "general-purpose",
            "scaling_config": {"min_size": 2, "max_size": 10, "desired_size": 3},
            "capacity_type": "ON_DEMAND",
            "private_networking": False,
            "labels": {
                "alpha.eksctl.io/cluster-name": "my-cluster",
                "alpha.eksctl.io/nodegroup-name": "general-purpose",
                "role": "general",
            },
            "tags": {
                "alpha.eksctl.io/nodegroup-name": "general-purpose",
                "alpha.eksctl.io/nodegroup-type": "managed",
                "Environment": "production",
            },
            "template": {
                "volumes": [{"size": 50, "type": "gp3", "iops": 3000, "throughput": 125}],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
                "tags": {"Name": "my-cluster-general-purpose-Node"},
            },
            "instance_types": ["m5.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "addon_policies": ["alb_ingress", "cloud_watch"],
        },
        {
            "name": "spot-workers",
            "scaling_config": {"min_size": 0, "max_size": 20, "desired_size": 5},
            "capacity_type": "SPOT",
            "private_networking": False,
            "labels": {
                "alpha.eksctl.io/cluster-name": "my-cluster",
                "alpha.eksctl.io/nodegroup-name": "spot-workers",
                "role": "spot-worker",
            },
            "tags": {"alpha.eksctl.io/nodegroup-name": "spot-workers", "alpha.eksctl.io/nodegroup-type": "managed"},
            "template": {
                "volumes": [{"size": 80, "type": "gp3", "iops": 3000, "throughput": 125}],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
                "tags": {"Name": "my-cluster-spot-workers-Node"},
            },
            "instance_types": ["m5.large", "m5a.large", "m4.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
        },
    ],
    "eks_nodegroups_ssm": True,
    "eks_fargate_profiles": [
        {"name": "default", "selectors": [{"namespace": "fargate-tasks", "labels": {"compute": "fargate"}}]}
    ],
    "eks_addons_list": [{"name": "vpc-cni"}, {"name": "kube-proxy"}, {"name": "coredns"}, {"name": "metrics-server"}],
    "eks_cluster_bootstrap_self_managed_addons": False,
    "eks_cluster_endpoint_public_access": True,
    "eks_cluster_endpoint_private_access": False,
    "eks_cluster_role_policy_arns": ["arn:aws:iam::aws:policy/AmazonEKSVPCResourceController"],
    "eks_irsa_oidc_provider": False,
}


def test_the_guides_file_as_text_and_as_a_dictionary():
    assert cluster_config(EXAMPLE) == EXPECTED
    assert cluster_config(yaml.safe_load(EXAMPLE)) == EXPECTED


def test_all_problems_are_in_the_error():
    text = EXAMPLE.replace("desiredCapacity: 3", "desiredCapasity: 3").replace("spot: true", "spot: maybe")
    with pytest.raises(AnsibleFilterError) as caught:
        cluster_config(text)
    assert "- managedNodeGroups[0].desiredCapasity: unknown field. Did you mean desiredCapacity?" in str(caught.value)
    assert "- managedNodeGroups[1].spot: 'maybe' is not valid" in str(caught.value)


def test_a_key_that_is_there_twice_is_refused_with_both_lines():
    text = EXAMPLE + "vpc:\n  cidr: 10.1.0.0/16\n"
    first, second = (number for number, line in enumerate(text.splitlines(), start=1) if line.startswith("vpc:"))
    with pytest.raises(AnsibleFilterError) as caught:
        cluster_config(text)
    assert f"- vpc: is a duplicate key, in line {first} and in line {second}." in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "--- 1\n--- 2"])
def test_text_that_is_no_yaml(text: str):
    with pytest.raises(AnsibleFilterError, match="is not YAML"):
        cluster_config(text)


@pytest.mark.parametrize("given", ["", None, 7, []])
def test_what_is_no_mapping(given: object):
    with pytest.raises(AnsibleFilterError, match="is not a mapping of fields"):
        cluster_config(given)


def test_the_page_of_fields_is_what_the_table_says():
    spec = importlib.util.spec_from_file_location("cluster_config_doc", ROOT / "tools/cluster_config_doc.py")
    doc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(doc)
    assert (ROOT / "docs/cluster-config.md").read_text(encoding="utf-8") == doc.build_page(), (
        "run .venv/bin/python tools/cluster_config_doc.py"
    )


# subnets without an ID

WITHOUT_IDS = """
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: my-cluster, region: us-west-2}
vpc:
  id: vpc-1
  subnets:
    private:
      one: {cidr: 10.0.0.0/19}
      us-west-2b:
      three: {id: subnet-3}
nodeGroups:
  - {name: general, instanceType: m5.large, privateNetworking: true, subnets: [one]}
"""


def build_subnet(subnet: str, block: str, zone: str) -> dict[str, str]:
    return {"subnet_id": subnet, "cidr_block": block, "availability_zone": zone}


IN_VPC = [
    build_subnet("subnet-1", "10.0.0.0/19", "us-west-2a"),
    build_subnet("subnet-2", "10.0.32.0/19", "us-west-2b"),
    build_subnet("subnet-3", "10.0.64.0/19", "us-west-2c"),
]


def test_subnets_are_found_by_block_and_by_zone():
    assert cluster_config_vpc(WITHOUT_IDS) == {"vpc_id": "vpc-1", "region": "us-west-2"}
    found = cluster_config(WITHOUT_IDS, IN_VPC)
    assert found["eks_network_subnets"] == {"private": ["subnet-1", "subnet-2", "subnet-3"]}
    assert found["eks_self_managed_nodes_list"][0]["subnets"] == ["subnet-1"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (None, ["vpc.subnets.private.one.id: is missing", "pass the subnets of vpc-1 to the filter"]),
        (
            IN_VPC[1:],
            [
                "vpc.subnets.private.one: vpc-1 has no subnet with the CIDR block 10.0.0.0/19",
                "10.0.32.0/19 in us-west-2b, 10.0.64.0/19 in us-west-2c",
            ],
        ),
        (
            [*IN_VPC, build_subnet("subnet-4", "10.0.96.0/19", "us-west-2b")],
            ["vpc.subnets.private.us-west-2b: vpc-1 has several subnets with the zone us-west-2b: subnet-2, subnet-4"],
        ),
    ],
)
def test_a_subnet_that_is_not_found_is_refused(rows, words):
    with pytest.raises(AnsibleFilterError) as caught:
        cluster_config(WITHOUT_IDS, rows)
    assert [word for word in words if word not in str(caught.value)] == []
    assert "at least two subnets" not in str(caught.value)


def test_without_a_vpc_nothing_is_looked_up():
    text = WITHOUT_IDS.replace("  id: vpc-1\n", "")
    assert cluster_config_vpc(text) == {}
    with pytest.raises(
        AnsibleFilterError, match="or set vpc.id, in which one with the CIDR block 10.0.0.0/19 is looked up"
    ):
        cluster_config(text)


@pytest.mark.parametrize("text", [EXAMPLE, "", "[]", "vpc: [", "vpc: {subnets: 1}", "vpc: {subnets: {public: {x: 1}}}"])
def test_where_nothing_is_to_be_looked_up(text):
    assert cluster_config_vpc(text) == {}
