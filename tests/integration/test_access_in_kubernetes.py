# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access with a real API server: what principals may do and may not, and the way from the aws-auth ConfigMap to access entries."""

from __future__ import annotations

import json

import pytest
import yaml
from clusters import create_cluster

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    CONFIG_MAP,
    NAMESPACE,
    ROLE_BINDING,
)
from kumo_sandbox import Sandbox
from kumo_sandbox.ground import NODE_POLICIES, create_role, open_way_out

pytestmark = pytest.mark.extended
CLUSTER, OLD = "my-cluster", "old-cluster"
ACCOUNT = "arn:aws:iam::123456789012"
GET_PODS = {"verb": "get", "resource": "pods", "namespace": "shop"}
GET_SECRETS = {"verb": "get", "resource": "secrets", "namespace": "shop"}
GET_ELSEWHERE = {"verb": "get", "resource": "pods", "namespace": "default"}
PODS_READER = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        create_cluster(sandbox, CLUSTER)
        yield sandbox


def wait_until_it_answers(api):
    """The first call starts the control plane, which takes longer than a call waits where much else runs."""
    for attempt in range(20):
        try:
            return api.get_version()
        except KubernetesError as error:
            if error.status or attempt == 19:
                raise


@pytest.fixture(scope="module")
def api(standing):
    with open_cluster_api(standing.client("eks"), standing.client("sts"), CLUSTER) as found:
        wait_until_it_answers(found)
        found.create(NAMESPACE, {"metadata": {"name": "shop"}})
        yield found


@pytest.fixture
def role(standing, request):
    """A role that the caller may assume."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    name = f"r{abs(hash(request.node.name)) % 10**9}"
    return standing.client("iam").create_role(RoleName=name, Path="/teams/", AssumeRolePolicyDocument=document)["Role"][
        "Arn"
    ]


@pytest.fixture
def entry(run_module, role):
    def run(**options):
        result = run_module("eks_access_entry", {"cluster_name": CLUSTER, "principal_arn": role, **options})
        assert not result["failed"], result
        return result

    return run


@pytest.fixture
def review(run_module, role):
    """eks_access_review: the options beside the questions, and each question with the expected answer."""

    def run(*questions, **options):
        checks = [{**question, "expected": expected} for question, expected in questions]
        return run_module("eks_access_review", {"cluster_name": CLUSTER, "checks": checks, **options})

    return run


def grant(name, *namespaces):
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    return {"policy_arn": name, "access_scope": scope}


def bind_pods_reader(api, name, **subject):
    """Let somebody read pods in the namespace shop."""
    kind, value = next(iter(subject.items()))
    api.apply(CLUSTER_ROLE, {"metadata": {"name": "pods-reader"}, "rules": PODS_READER})
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": kind.title(), "name": value}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pods-reader"}
    body = {"metadata": {"name": name}, "subjects": subjects, "roleRef": reference}
    api.apply(ROLE_BINDING, body, "shop")


def test_rights_of_an_access_policy_are_proven_as_the_role(standing, api, entry, review, role):
    entry(access_policies=[grant("AmazonEKSViewPolicy", "shop")])
    as_role = {"principal_arn": role, "assume_role": True}
    asked = [(GET_PODS, True), (GET_SECRETS, False), (GET_ELSEWHERE, False)]
    proven = review(*asked, **as_role)
    assert not proven["failed"], proven
    assert [(row["allowed"], row["complete"]) for row in proven["reviews"]] == [
        (True, True),
        (False, True),
        (False, True),
    ]
    wrong = review((GET_SECRETS, True), (GET_PODS, False), **as_role, wait_timeout=0)
    assert wrong["failed"] and "get secrets in namespace shop: is not allowed" in wrong["msg"]
    assert "get pods in namespace shop: is allowed" in wrong["msg"] and len(wrong["reviews"]) == 2
    # others see RBAC alone, and the module says so
    unproven = review((GET_PODS, True), principal_arn=role, wait_timeout=0)
    assert unproven["failed"] and "does not see AmazonEKSViewPolicy. Set assume_role=true" in unproven["msg"]
    unproven = review((GET_SECRETS, False), principal_arn=role, wait_timeout=0)
    assert unproven["failed"] and "is not proven" in unproven["msg"]
    entry(access_policies=[grant("AmazonEKSEditPolicy")])
    assert not review((GET_SECRETS, True), (GET_ELSEWHERE, True), **as_role)["failed"]
    entry(state="absent")
    gone = review((GET_PODS, False), **as_role)
    assert not gone["failed"] and not gone["reviews"][0]["known"]


def test_rights_of_groups_are_proven_by_anybody(api, entry, review, role):
    bind_pods_reader(api, "of-readers", group="readers")
    entry(kubernetes_groups=["readers"])
    answered = review((GET_PODS, True), (GET_ELSEWHERE, False), principal_arn=role)
    assert not answered["failed"], answered
    assert answered["principal"]["username"].endswith("/kumo-eks") and answered["principal"]["groups"] == ["readers"]
    assert not review((GET_PODS, True), (GET_SECRETS, False), principal_arn=role, assume_role=True)["failed"]
    assert not review((GET_PODS, True), username="x", groups=["readers"])["failed"]
    metrics = {"verb": "get", "non_resource_url": "/metrics"}
    assert not review(({"verb": "*", "resource": "*"}, True), (metrics, True))["failed"]  # the caller
    assert "has no access entry" in review((GET_PODS, True), principal_arn=f"{ACCOUNT}:role/none")["msg"]


def test_an_entry_takes_effect_some_seconds_later_and_is_waited_for(standing, api, entry, review, role):
    standing.clock.set_speed(5)
    try:
        entry(access_policies=[grant("AmazonEKSViewPolicy")])
        as_role = {"principal_arn": role, "assume_role": True}
        early = review((GET_PODS, True), **as_role, wait_timeout=0)
        assert early["failed"] and "does not know the principal" in early["msg"]
        assert not review((GET_PODS, True), **as_role, wait_timeout=60)["failed"]
    finally:
        standing.clock.set_speed("instant")


@pytest.fixture
def old_cluster(standing):
    """A cluster without access entries, with a node group, and people in its ConfigMap."""
    ec2, eks, iam = standing.client("ec2"), standing.client("eks"), standing.client("iam")
    config = eks.describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]
    open_way_out(ec2, config["vpcId"])
    words = {"roleArn": f"{ACCOUNT}:role/{CLUSTER}-cluster", "resourcesVpcConfig": {"subnetIds": config["subnetIds"]}}
    eks.create_cluster(name=OLD, version="1.33", **words)
    node = create_role(iam, "old-node", "ec2.amazonaws.com", NODE_POLICIES)
    eks.describe_cluster(name=OLD)
    eks.create_nodegroup(clusterName=OLD, nodegroupName="n", nodeRole=node, subnets=config["subnetIds"])
    trust = '{"Version": "2012-10-17", "Statement": []}'
    for name in ("admins", "readers", "service", "odd"):
        iam.create_role(RoleName=name, Path="/people/", AssumeRolePolicyDocument=trust)
    iam.create_user(UserName="ann")
    yield OLD
    eks.delete_nodegroup(clusterName=OLD, nodegroupName="n")


def test_the_way_from_the_config_map_to_access_entries(standing, old_cluster, run_module):
    eks, sts = standing.client("eks"), standing.client("sts")
    rows = [
        {"rolearn": f"{ACCOUNT}:role/admins", "username": "admin", "groups": ["system:masters"]},
        {"rolearn": f"{ACCOUNT}:role/readers", "username": "reader:{{SessionName}}", "groups": ["readers"]},
        {"rolearn": f"{ACCOUNT}:role/odd", "username": "odd-{{SessionName}}", "groups": []},
        {"rolearn": f"{ACCOUNT}:role/service", "username": "s", "groups": ["system:custom"]},
        {"rolearn": f"{ACCOUNT}:role/gone", "username": "g", "groups": ["readers"]},
    ]
    people = {
        "mapUsers": yaml.safe_dump([{"userarn": f"{ACCOUNT}:user/ann", "username": "ann", "groups": ["readers"]}])
    }

    def compare():
        found = run_module("eks_aws_auth_info", {"cluster_name": OLD})
        assert not found["failed"], found
        return found, {row["arn"].rpartition("/")[2]: row for row in found["mappings"]}

    with open_cluster_api(eks, sts, OLD) as api:
        wait_until_it_answers(api)
        made = api.get(CONFIG_MAP, "aws-auth", "kube-system")  # EKS wrote its nodes into it
        own = yaml.safe_load(made["data"]["mapRoles"])
        assert [row["rolearn"] for row in own] == [f"{ACCOUNT}:role/old-node"]
        data = {"mapRoles": yaml.safe_dump(own + rows), "mapAccounts": '["210987654321"]', **people}
        api.patch(CONFIG_MAP, "aws-auth", {"data": data}, "kube-system")
        api.create(NAMESPACE, {"metadata": {"name": "shop"}})
        bind_pods_reader(api, "of-readers", group="readers")
        bind_pods_reader(api, "of-odd", user="odd-kumo-eks")

        found, by_name = compare()
        assert found["authentication_mode"] == "CONFIG_MAP" and not found["migrated"]
        states = {name: row["state"] for name, row in by_name.items()}
        pending = {"old-node", "admins", "readers", "odd", "ann"}
        assert {name for name, state in states.items() if state == "pending"} == pending
        assert {name for name, state in states.items() if state == "impossible"} == {"service", "gone", "210987654321"}
        assert by_name["admins"]["access_entry"]["principal_arn"] == f"{ACCOUNT}:role/people/admins"
        assert by_name["old-node"]["access_entry"]["type"] == "EC2_LINUX"
        assert "system:custom" in by_name["service"]["why"] and "all principals" in by_name["210987654321"]["why"]
        assert "no such role" in by_name["gone"]["why"]
        assert "cannot be kept" in by_name["odd"]["notes"][0]

        eks.update_cluster_config(name=OLD, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
        eks.describe_cluster(name=OLD)
        found, by_name = compare()
        assert by_name["old-node"]["state"] == "migrated"  # EKS did it
        assert found["caller_has_entry"]
        done = run_module("eks_access_entry", {"cluster_name": OLD, "access_entries": found["access_entries"]})
        assert done["changed"] and not done["failed"], done
        found, by_name = compare()
        migrated = {name for name, row in by_name.items() if row["state"] == "migrated"}
        assert migrated == {"old-node", "admins", "readers", "ann"}
        # its user name could not be kept, and a binding names it: found by asking the API server
        assert by_name["odd"]["lost"] == ["get pods in namespace shop"] and by_name["odd"]["state"] == "impossible"
        assert found["access_entries"] == [] and not found["migrated"]

        eks.update_access_entry(clusterName=OLD, principalArn=f"{ACCOUNT}:role/people/readers", kubernetesGroups=[])
        found, by_name = compare()
        assert by_name["readers"]["lost"] == ["get pods in namespace shop"] and by_name["readers"]["state"] == "pending"
        run_module("eks_access_entry", {"cluster_name": OLD, "access_entries": found["access_entries"]})
        assert compare()[1]["readers"]["state"] == "migrated"
        bound = {"verb": "get", "resource": "pods", "namespace": "shop", "expected": True}
        proof = {"cluster_name": OLD, "principal_arn": f"{ACCOUNT}:role/people/readers", "checks": [bound]}
        assert not run_module("eks_access_review", proof)["failed"]
        assert api.get(CLUSTER_ROLE_BINDING, "cluster-admin")
