# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the modules' documentation work as they stand, one after the other, and a second time change nothing."""

from __future__ import annotations

import importlib
import json
from typing import Any

import boto3
import pytest
import yaml

CHANGING = ("eks_cluster", "eks_nodegroup", "eks_fargate_profile", "eks_addon", "eks_identity_provider")
LOOKING = (
    "eks_cluster_info",
    "eks_nodegroup_info",
    "eks_fargate_profile_info",
    "eks_addon_info",
    "eks_version_info",
    "eks_addon_version_info",
    "eks_insights_info",
    "eks_update_info",
    "eks_identity_provider_info",
    "eks_capability_info",
    "eks_certificate_authority_info",
)


def tasks(module: str) -> list[tuple[str, dict[str, Any]]]:
    source = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{module}")
    return [(task["name"], task[f"kumo.eks.{module}"]) for task in yaml.safe_load(source.EXAMPLES)]


@pytest.fixture
def placed(sandbox, ground):
    """The examples' placeholders, with what stands in the sandbox in their place."""
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    sandbox.client("iam").create_role(RoleName="ebsCsiRole", AssumeRolePolicyDocument=document)
    subnets = dict(zip(("subnet-11111111", "subnet-22222222", "subnet-33333333"), ground["subnets"], strict=True))

    def place(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: place(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [place(inner) for inner in value]
        return subnets.get(value, value)

    return place


@pytest.fixture
def standing(run_module, ground):
    """The cluster of the examples, with nodes, for CoreDNS is not ACTIVE without, and with no add-on that EKS does not manage."""
    place = {"role_arn": ground["role"], "subnets": ground["subnets"]}
    words = {"name": "my-cluster", "version": "1.34", "bootstrap_self_managed_addons": False, **place}
    assert not run_module("eks_cluster", {**words, "wait": True})["failed"]
    nodes = {"cluster_name": "my-cluster", "name": "first", "node_role": ground["node_role"]}
    assert not run_module("eks_nodegroup", {**nodes, "subnets": ground["subnets"], "wait": True})["failed"]


def play(run_module, placed, module: str) -> None:
    for name, options in tasks(module):
        result = run_module(module, placed(options))
        assert not result["failed"], (name, result["msg"])
        again = run_module(module, placed(options))
        assert not again["failed"] and not again["changed"], (name, again)


def test_the_examples_of_clusters(run_module, ground, placed):
    play(run_module, placed, "eks_cluster")


def test_the_examples_of_networks(run_module, placed, sandbox):
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), sandbox.keys[:2], strict=True))
    ec2 = boto3.client("ec2", region_name="us-west-2", endpoint_url=sandbox.endpoint, **keys)
    ec2.modify_availability_zone_group(GroupName="us-west-2-lax-1", OptInStatus="opted-in")
    play(run_module, placed, "eks_network")
    play(run_module, placed, "eks_network_info")


@pytest.mark.parametrize("module", CHANGING[1:])
def test_the_examples_of_what_a_cluster_has(run_module, ground, placed, standing, module):
    play(run_module, placed, module)


@pytest.mark.parametrize("module", LOOKING)
def test_the_examples_of_looking(run_module, ground, placed, standing, module):
    play(run_module, placed, module)
