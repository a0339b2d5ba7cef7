# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_karpenter, eks_discovery_tags and the role of Karpenter's nodes against the sandbox; releases and NodePools: tests/playbooks/test_karpenter.py."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from ansible_collections.kumo.eks.plugins.action import eks_karpenter
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
NODE_ROLE = f"{CLUSTER}.{REGION}_karpenter-node"
KEY = "karpenter.sh/discovery"
IN_KUBERNETES = ("eks_helm", "eks_karpenter_nodes")  # of a cluster that exists


@pytest.fixture
def karpenter(monkeypatch, run_module, sandbox):
    """karpenter(check=True, **options) -> the task's result, without its parts in Kubernetes."""
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda self, tmp=None, task_vars=None: {})

    def run(check=False, fails=False, **options):
        action = eks_karpenter.ActionModule.__new__(eks_karpenter.ActionModule)
        args = {"cluster_name": CLUSTER, **options}
        action._task, action._connection = SimpleNamespace(args=args, check_mode=check), MagicMock()
        action._remove_tmp_path = lambda path: None

        def execute(module_name, module_args, task_vars):
            name = module_name.removeprefix("kumo.eks.")
            if name == "eks_helm" or (name in IN_KUBERNETES and not check):
                return {"changed": False}
            return run_module(name, module_args, check=check)

        action._execute_module = execute
        result = action.run(task_vars={})
        assert bool(result.get("failed")) == fails, result
        return result

    return run


@pytest.fixture
def cluster(run_module, ground):
    words = {"name": CLUSTER, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    access = {"authentication_mode": "API_AND_CONFIG_MAP"}
    assert not run_module("eks_cluster", {**words, "access_config": access})["failed"]
    node = {"cluster_name": CLUSTER, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def find_tagged(sandbox):
    rows = sandbox.client("ec2").describe_tags(Filters=[{"Name": "key", "Values": [KEY]}])["Tags"]
    return {row["ResourceId"]: row["Value"] for row in rows}


def make_profile(iam, **more):
    """An instance profile as Karpenter makes it for a node class."""
    tags = {
        f"kubernetes.io/cluster/{CLUSTER}": "owned",
        "topology.kubernetes.io/region": REGION,
        "karpenter.k8s.aws/ec2nodeclass": "default",
        **more,
    }
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    iam.create_instance_profile(InstanceProfileName="my-cluster_123", Tags=rows)
    iam.add_role_to_instance_profile(InstanceProfileName="my-cluster_123", RoleName=NODE_ROLE)


def test_an_empty_account_gets_the_plan(sandbox, karpenter):
    sandbox.recorder.clear()
    result = karpenter(check=True, kubernetes_version="1.34")
    assert result["changed"] and sent(sandbox) == []
    assert result["node_role_name"] == NODE_ROLE and result["queue_name"] == CLUSTER
    assert not karpenter(state="absent")["changed"]
    planned = [key for diff in result["diff"] for key in diff["after"]]
    assert {"EC2NodeClass default", "NodePool default", "queue", "spot-interruption", AGENT} <= set(planned)


@pytest.mark.extended
def test_what_karpenter_needs_comes_and_goes(sandbox, ground, karpenter, cluster, run_module):
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    before = {row["RoleName"] for row in iam.list_roles()["Roles"]}
    made = karpenter(tags={"Team": "a"})
    assert made["changed"]
    entry = eks.describe_access_entry(clusterName=CLUSTER, principalArn=made["node_role_arn"])["accessEntry"]
    assert entry["type"] == "EC2_LINUX" and entry["tags"][f"kumo.eks/{REGION}/{CLUSTER}"] == "owned"
    attached = iam.list_attached_role_policies(RoleName=NODE_ROLE)["AttachedPolicies"]
    assert {row["PolicyName"] for row in attached} == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonSSMManagedInstanceCore",
    }
    controller = f"{CLUSTER}.kube-system.karpenter_pod"
    assert len(iam.list_role_policies(RoleName=controller)["PolicyNames"]) == 6
    group = eks.describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert find_tagged(sandbox) == dict.fromkeys([*ground["subnets"], group], CLUSTER)
    assert AGENT in eks.list_addons(clusterName=CLUSTER)["addons"]
    sandbox.recorder.clear()
    assert not karpenter(tags={"Team": "a"})["changed"] and sent(sandbox) == []
    kept = run_module("eks_access_entry", {"cluster_name": CLUSTER, "access_entries": [], "exact": True})["kept"]
    assert "nodes of karpenter join the cluster by it" in {row["why"] for row in kept}

    assert karpenter(identity="irsa", tags={"Team": "a"})["changed"]
    roles = {row["RoleName"] for row in iam.list_roles()["Roles"]} - before
    assert roles == {NODE_ROLE, f"{CLUSTER}.kube-system.karpenter"}
    make_profile(iam)
    gone = karpenter(identity="irsa", state="absent")
    assert gone["kept"] == []
    assert {row["RoleName"] for row in iam.list_roles()["Roles"]} == before and find_tagged(sandbox) == {}
    assert iam.list_instance_profiles()["InstanceProfiles"] == [] or "my-cluster_123" not in {
        row["InstanceProfileName"] for row in iam.list_instance_profiles()["InstanceProfiles"]
    }
    assert made["node_role_arn"] not in eks.list_access_entries(clusterName=CLUSTER)["accessEntries"]
    assert AGENT not in eks.list_addons(clusterName=CLUSTER)["addons"]
    assert not karpenter(identity="irsa", state="absent")["changed"]


def test_an_instance_profile_of_somebody_else_keeps_the_role(sandbox, run_module):
    role = {"cluster_name": CLUSTER, "iam_roles": [{"purpose": "karpenter_node"}]}
    assert not run_module("eks_iam_role", role)["failed"]
    make_profile(sandbox.client("iam"), **{f"kubernetes.io/cluster/{CLUSTER}": "shared"})
    (kept,) = run_module("eks_iam_role", {**role, "state": "absent"})["kept"]
    assert "instance profile my-cluster_123" in kept["why"]


def test_a_failure_names_the_part(karpenter, sandbox):
    sandbox.client("sqs").create_queue(QueueName=CLUSTER)
    message = karpenter(check=True, fails=True)["msg"]
    assert message.startswith("Karpenter, interruption queue: queue_name: a queue my-cluster exists")


def test_a_tag_of_another_cluster_is_not_removed(sandbox, ground, run_module):
    ec2 = sandbox.client("ec2")
    first, second = ground["subnets"][:2]
    ec2.create_tags(Resources=[first, second], Tags=[{"Key": KEY, "Value": "other"}])
    tags = {"cluster_name": CLUSTER, "subnets": [first], "security_groups": [ground["group"]]}
    plan = run_module("eks_discovery_tags", tags, check=True)
    assert plan["diff"] == {
        "before": {first: {"value": "other"}, ground["group"]: {}},
        "after": dict.fromkeys([first, ground["group"]], {"value": CLUSTER}),
    }
    assert find_tagged(sandbox) == dict.fromkeys([first, second], "other")
    assert run_module("eks_discovery_tags", tags)["diff"] == plan["diff"]
    assert not run_module("eks_discovery_tags", tags)["changed"]
    assert run_module("eks_discovery_tags", {"cluster_name": CLUSTER, "state": "absent"})["changed"]
    assert find_tagged(sandbox) == {second: "other"}
    assert not run_module("eks_discovery_tags", {"cluster_name": CLUSTER, "state": "absent"})["changed"]
    assert "does not exist" in run_module("eks_discovery_tags", {"cluster_name": CLUSTER})["msg"]
