# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_addon with identity: the roles that EKS recommends, by either way, from one to the other, and removed with the add-on."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_cluster_role_name
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.identity.addon_identity import AddonIdentityManager
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import build_cluster_context

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
DRIVER, ACCOUNT = "aws-ebs-csi-driver", "ebs-csi-controller-sa"
BY_PODS = build_cluster_role_name(CLUSTER, REGION, f"addon.{DRIVER}.{ACCOUNT}")
BY_IRSA = f"{CLUSTER}.kube-system.{ACCOUNT}"


@pytest.fixture
def addon(sandbox, run_module):
    def run(*names, check=False, fails=False, **options):
        words = {"cluster_name": CLUSTER, "wait": True, **options}
        rows = [
            {"name": name, **({"identity": options["identity"]} if "identity" in options else {})} for name in names
        ]
        words.pop("identity", None)
        result = run_module("eks_addon", {**words, "addons": rows} if rows else {**words, **options}, check=check)
        assert result["failed"] == fails, result
        return result

    return run


@pytest.fixture
def cluster(run_module, ground):
    words = {"name": CLUSTER, "version": "1.34", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    node = {"cluster_name": CLUSTER, "name": "general", "node_role": ground["node_role"], "subnets": ground["subnets"]}
    assert not run_module("eks_nodegroup", {**node, "wait": True})["failed"]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def list_roles(sandbox):
    return {row["RoleName"] for row in sandbox.client("iam").list_roles()["Roles"] if CLUSTER in row["RoleName"]}


def test_a_plan_before_there_is_a_cluster(sandbox, addon):
    sandbox.recorder.clear()
    result = addon(DRIVER, check=True, identity="pod_identity")
    assert result["changed"] and sent(sandbox) == [] and result["addons"][0]["iam_roles"] == [BY_PODS]


def test_roles_come_change_their_way_and_go(sandbox, addon, cluster):
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    made = addon(DRIVER, identity="pod_identity", tags={"Team": "a"})
    assert made["addons"][0]["iam_roles"] == [BY_PODS] and list_roles(sandbox) == {BY_PODS}
    (policy,) = iam.list_attached_role_policies(RoleName=BY_PODS)["AttachedPolicies"]
    assert policy["PolicyName"] == "AmazonEBSCSIDriverPolicy"
    tags = {row["Key"]: row["Value"] for row in iam.list_role_tags(RoleName=BY_PODS)["Tags"]}
    assert tags == {"Team": "a", f"kumo.eks/{REGION}/{CLUSTER}": "owned"}
    (association,) = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", ACCOUNT)
    sandbox.recorder.clear()
    assert not addon(DRIVER, identity="pod_identity", tags={"Team": "a"})["changed"] and sent(sandbox) == []

    plan = addon(DRIVER, check=True, identity="irsa")
    assert set(plan["diff"]["after"][DRIVER]["iam_roles"]) == {BY_IRSA}
    sandbox.recorder.clear()
    assert addon(DRIVER, identity="irsa")["changed"] and sent(sandbox).count("UpdateAddon") == 1
    shown = eks.describe_addon(clusterName=CLUSTER, addonName=DRIVER)["addon"]
    assert shown["serviceAccountRoleArn"].endswith(f"/{BY_IRSA}") and not shown.get("podIdentityAssociations")
    assert not addon(DRIVER, identity="irsa")["changed"] and list_roles(sandbox) == {BY_PODS, BY_IRSA}

    assert addon(DRIVER, identity="irsa", state="absent", check=True)["changed"]
    gone = addon(DRIVER, identity="irsa", state="absent", wait=False)
    assert gone["changed"] and gone["addons"][0]["kept"] == [] and list_roles(sandbox) == set()
    assert not addon(DRIVER, identity="irsa", state="absent")["changed"]


def test_an_add_on_without_recommendations_and_what_contradicts(addon, cluster, sandbox):
    result = addon("coredns", identity="pod_identity")
    assert "EKS recommends no permissions for add-on coredns" in result["warnings"][0]
    arn = "arn:aws:iam::123456789012:role/r"
    message = addon(name=DRIVER, identity="irsa", service_account_role_arn=arn, fails=True)["msg"]
    assert "service_account_role_arn: cannot be combined with identity" in message and list_roles(sandbox) == set()
    message = addon(name=DRIVER, identity="pods", fails=True)["msg"]
    assert "pod_identity, irsa, none" in message


def test_the_vpc_cni_of_an_ipv6_cluster_gets_the_policy_of_the_guide(sandbox):
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    context = build_cluster_context(None, CLUSTER, REGION, lambda: "arn:aws:sts::123456789012:assumed-role/a/b")
    catalog, item = AddonCatalog(eks, CLUSTER), {"name": "vpc-cni", "identity": "pod_identity"}
    for family, policies in (("ipv4", []), ("ipv6", ["AmazonEKS_CNI_IPv6_Policy"])):
        cluster = {"kubernetesNetworkConfig": {"ipFamily": family}}
        (row,) = AddonIdentityManager(eks, iam, context, cluster, catalog).find_recommended(item)
        assert row["service_account"] == "aws-node" and list(row["inline_policies"]) == policies
        assert bool(row["policy_arns"]) != bool(policies)


def test_an_add_on_that_is_purged_takes_its_roles_along(sandbox, addon, cluster, run_module):
    both = [{"name": "eks-pod-identity-agent"}, {"name": DRIVER, "identity": "pod_identity"}]
    words = {"cluster_name": CLUSTER, "owned": True, "wait": True}
    assert not run_module("eks_addon", {**words, "addons": both})["failed"]
    assert BY_PODS in list_roles(sandbox)
    purge = {**words, "addons": both[:1], "purge": True}
    planned = run_module("eks_addon", purge, check=True)
    assert planned["unlisted"] == [DRIVER] and BY_PODS in list_roles(sandbox)
    purged = run_module("eks_addon", purge)
    assert purged["changed"] and planned["diff"] == purged["diff"]
    assert BY_PODS not in list_roles(sandbox)
    again = run_module("eks_addon", purge)
    assert not again["changed"] and again["unlisted"] == []
