# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists with purge: what kumo.eks created for the cluster and a list names no more is named, or deleted; what others made stays."""

from __future__ import annotations

import json

import pytest

CLUSTER = "my-cluster"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture
def run(sandbox, run_module, ground):
    """A module on a cluster that is ACTIVE."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]

    def call(module, check=False, **options):
        result = run_module(module, {"cluster_name": CLUSTER, **options}, check=check)
        assert not result["failed"], result
        return result

    return call


def walk(run, module, option, rows, **more):
    """Make two, and list one: it is named first, and then deleted; the plan says the same, and a second time nothing changes."""
    run(module, **{option: rows}, **more)
    left = run(module, **{option: rows[:1]}, **more)
    assert "unlisted" not in left
    named = run(module, **{option: rows[:1]}, purge=False, **more)
    assert not named["changed"] and len(named["unlisted"]) == 1
    assert "not in the list" in str(named.get("warnings"))
    planned = run(module, check=True, **{option: rows[:1]}, purge=True, **more)
    purged = run(module, **{option: rows[:1]}, purge=True, **more)
    assert planned["changed"] and purged["changed"] and planned["diff"] == purged["diff"]
    again = run(module, **{option: rows[:1]}, purge=True, **more)
    assert not again["changed"] and again["unlisted"] == []
    return purged


def test_addons(sandbox, run):
    eks = sandbox.client("eks")
    eks.create_addon(clusterName=CLUSTER, addonName="coredns")
    run("eks_addon", name="eks-pod-identity-agent", owned=True, tags={"kumo.eks/platform": "pod_identity"})
    walk(run, "eks_addon", "addons", [{"name": "vpc-cni"}, {"name": "kube-proxy"}], owned=True, wait=True)
    assert sorted(eks.list_addons(clusterName=CLUSTER)["addons"]) == ["coredns", "eks-pod-identity-agent", "vpc-cni"]


def test_fargate_profiles(sandbox, run, ground):
    eks, selectors = sandbox.client("eks"), [{"namespace": "jobs"}]
    words = {"podExecutionRoleArn": ground["pod_role"], "subnets": ground["subnets"], "selectors": selectors}
    eks.create_fargate_profile(clusterName=CLUSTER, fargateProfileName="theirs", **words)
    rows = [{"name": name, "selectors": selectors} for name in ("stays", "goes")]
    more = {"role_arn": ground["pod_role"], "subnets": ground["subnets"], "owned": True, "wait": True}
    walk(run, "eks_fargate_profile", "profiles", rows, **more)
    assert sorted(eks.list_fargate_profiles(clusterName=CLUSTER)["fargateProfileNames"]) == ["stays", "theirs"]


def test_pod_identity_associations(sandbox, run):
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    theirs = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    words = {"clusterName": CLUSTER, "namespace": "web", "roleArn": theirs}
    eks.create_pod_identity_association(**words, serviceAccount="theirs")
    rows = [{"namespace": "web", "service_account": name, "policy_arns": [READ]} for name in ("stays", "goes")]
    planned = run("eks_pod_identity", check=True, associations=rows, owned=True, purge=True)
    assert planned["unlisted"] == []
    run("eks_pod_identity", associations=rows, owned=True)
    named = run("eks_pod_identity", associations=rows[:1], owned=True, purge=False)
    assert named["unlisted"] == ["web/goes"] and not named["changed"]
    refused = run_refused(run, "eks_pod_identity", namespace="web", service_account="stays", purge=True)
    assert "purge: applies to a list" in refused


def run_refused(run, module, **options):
    with pytest.raises(AssertionError) as caught:
        run(module, **options)
    return str(caught.value)


def test_identities_of_irsa(sandbox, run):
    iam = sandbox.client("iam")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    rows = [
        {"namespace": "web", "service_account": name, "policy": {"name": f"read-{name}", "document": policy}}
        for name in ("stays", "goes")
    ]
    done = walk(run, "eks_irsa", "identities", rows, roles_only=True)
    assert done["unlisted"] == ["web/goes"] and done["kept"] == []
    names = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert "my-cluster.web.stays" in names and "my-cluster.web.goes" not in names
    assert [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]] == ["read-stays"]
