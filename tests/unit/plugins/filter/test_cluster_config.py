# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.filter.cluster_config import FilterModule

ROOT = Path(__file__).parents[4]
EXAMPLE = (ROOT / "docs/examples/cluster-config.yaml").read_text(encoding="utf-8")
cluster_config = FilterModule().filters()["cluster_config"]

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
