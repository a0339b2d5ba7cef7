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
    "eks_nodegroups_list": [
        {
            "name": "general-purpose",
            "scaling_config": {"min_size": 2, "max_size": 10, "desired_size": 3},
            "capacity_type": "ON_DEMAND",
            "private_networking": False,
            "instance_types": ["m5.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "template": {
                "volumes": [{"size": 50, "type": "gp3", "iops": 3000, "throughput": 125}],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
                "tags": {"Name": "my-cluster-general-purpose-Node"},
            },
            "addon_policies": ["alb_ingress", "cloud_watch"],
            "labels": {
                "alpha.eksctl.io/cluster-name": "my-cluster",
                "alpha.eksctl.io/nodegroup-name": "general-purpose",
                "role": "general",
            },
            "tags": {**TAGS, "alpha.eksctl.io/nodegroup-name": "general-purpose", "Environment": "production"},
        },
        {
            "name": "spot-workers",
            "scaling_config": {"min_size": 0, "max_size": 20, "desired_size": 5},
            "capacity_type": "SPOT",
            "private_networking": False,
            "instance_types": ["m5.large", "m5a.large", "m4.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "template": {
                "volumes": [{"size": 80, "type": "gp3", "iops": 3000, "throughput": 125}],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
                "tags": {"Name": "my-cluster-spot-workers-Node"},
            },
            "labels": {
                "alpha.eksctl.io/cluster-name": "my-cluster",
                "alpha.eksctl.io/nodegroup-name": "spot-workers",
                "role": "spot-worker",
            },
            "tags": {**TAGS, "alpha.eksctl.io/nodegroup-name": "spot-workers"},
        },
    ],
    "eks_nodegroups_ssm": True,
    "eks_fargate_profiles": [
        {"name": "default", "selectors": [{"namespace": "fargate-tasks", "labels": {"compute": "fargate"}}]}
    ],
    "eks_addons_list": [{"name": "vpc-cni"}, {"name": "kube-proxy"}, {"name": "coredns"}, {"name": "metrics-server"}],
}


def test_the_guides_file_as_text_and_as_a_dictionary():
    assert cluster_config(EXAMPLE) == EXPECTED
    assert cluster_config(yaml.safe_load(EXAMPLE)) == EXPECTED


def test_all_problems_are_in_the_error():
    text = EXAMPLE.replace("desiredCapacity: 3", "desiredCapasity: 3").replace("spot: true", "spot: maybe")
    with pytest.raises(AnsibleFilterError) as caught:
        cluster_config(text)
    assert "- managedNodeGroups[0].desiredCapasity: unknown field, did you mean desiredCapacity?" in str(caught.value)
    assert "- managedNodeGroups[1].spot: 'maybe' is not right" in str(caught.value)


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
    assert (ROOT / "docs/cluster-config.md").read_text(encoding="utf-8") == doc.page(), (
        "run .venv/bin/python tools/cluster_config_doc.py"
    )
