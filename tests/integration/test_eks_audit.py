# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""eks_audit_info: each source of a rule is read or says why not, verdicts, exceptions, and rules of users."""

from __future__ import annotations

import json

import pytest
from support.fake_kubernetes import FakeKubernetes

from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.catalog import SOURCES
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening

CLUSTER = "my-cluster"
WORDS = {"clusterName": CLUSTER}
SIZES = {"minSize": 1, "maxSize": 3, "desiredSize": 2}
POD = {
    "metadata": {"name": "debug", "namespace": "shop"},
    "spec": {"containers": [{"name": "app", "image": "busybox", "securityContext": {"privileged": True}}]},
}


@pytest.fixture
def eks(sandbox):
    return sandbox.client("eks")


@pytest.fixture
def kubernetes(eks, monkeypatch):
    fake = FakeKubernetes(eks, CLUSTER)
    fake.objects["Pod"] = [POD]
    fake.objects["Secret"] = [
        {
            "metadata": {"name": "db", "namespace": "shop", "annotations": {"own": "s3cret-value"}},
            "data": {"password": "czNjcmV0"},
        }
    ]
    monkeypatch.setattr(opening, "connect_api", fake.connect)
    return fake


@pytest.fixture
def cluster(request, sandbox, eks, ground, kubernetes, kept_account):
    kept_account.build(request, lambda: create_cluster(eks, ground))
    return CLUSTER


def create_cluster(eks, ground):
    eks.create_cluster(
        name=CLUSTER,
        version="1.33",
        roleArn=ground["role"],
        resourcesVpcConfig={"subnetIds": ground["subnets"]},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    )
    eks.create_nodegroup(
        **WORDS, nodegroupName="general", scalingConfig=SIZES, subnets=ground["subnets"], nodeRole=ground["node_role"]
    )
    eks.create_addon(**WORDS, addonName="vpc-cni")


@pytest.fixture
def audit(cluster, run_module):
    def run(**options):
        return run_module("eks_audit_info", {"cluster_name": CLUSTER, **options})

    return run


def read_verdicts(result):
    return {row["name"]: row["verdict"] for row in result["checks"]}


# What the sandbox does not answer: its rules are unknown
UNREAD = {
    "service_quotas": "NotImplemented: The sandbox does not have it: The list_service_quotas action has not been implemented",
    "savings_plans": "NotImplemented: The sandbox does not have it: the service is unknown",
}


def test_each_source_is_read(cluster, sandbox, eks, kubernetes):
    raw = eks.describe_cluster(name=CLUSTER)["cluster"]
    snapshot = Snapshot(SOURCES, sandbox.client, raw, lambda _raw: kubernetes, 0)
    snapshot.prepare(SOURCES)
    problems = {name: snapshot.read(name).problem for name in SOURCES if not snapshot.read(name).is_known}
    assert problems == UNREAD


def test_an_audit(audit, sandbox):
    found = audit()
    assert not found["failed"] and not found["changed"], found.get("msg")
    verdicts = read_verdicts(found)
    assert verdicts["privileged_container"] == "failed"
    (one,) = [row for row in found["findings"] if row["name"] == "privileged_container"]
    assert (one["resource"], one["severity"], one["id"]) == ("Pod shop/debug", "high", "KUMO-D01")
    assert [row["reason"] for row in found["checks"] if "not as expected" in row["reason"]] == []
    assert sum(found["counts"]["checks"].values()) == len(found["checks"]) == len(RULES)
    unknown = {row["name"] for row in found["checks"] if row["verdict"] == "unknown"}
    no_metrics = {"memory_near_limit", "busy_node"}
    expected = {"coredns_replicas", "no_savings_plan", "old_image", *no_metrics}
    assert {name for name in unknown if not name.startswith("quota_")} == expected
    assert "s3cret" not in str(found) and "czNjcmV0" not in str(found)


def test_roles_of_nodes_are_judged_by_their_documents(audit, sandbox, ground):
    iam = sandbox.client("iam")
    name = ground["node_role"].rpartition("/")[2]
    document = {"Statement": [{"Effect": "Allow", "Action": ["iam:Pass*", "s3:*"], "Resource": "*"}]}
    iam.put_role_policy(
        RoleName=name, PolicyName="own", PolicyDocument=json.dumps({"Version": "2012-10-17", **document})
    )
    found = audit(only=["node_role_escalation", "KUMO-B08b", "node_role_administrator"])
    assert read_verdicts(found) == {
        "node_role_administrator": "passed",
        "node_role_wildcard": "failed",
        "node_role_escalation": "failed",
    }
    assert "iam:PassRole by own" in str(found["findings"]) and "s3:* by own" in str(found["findings"])


def test_what_cannot_be_looked_at_is_unknown(audit, kubernetes, sandbox):
    kubernetes.lost = "nothing answers"
    found = audit(families=["pod_security", "control_plane"])
    checks = {row["name"]: row for row in found["checks"]}
    assert checks["privileged_container"]["verdict"] == "unknown"
    assert checks["privileged_container"]["reason"] == "nothing answers"
    assert checks["deletion_protection"]["verdict"] == "failed"
    asked = audit(only=["privileged_container"], kubernetes=False)
    assert "kubernetes=false" in asked["checks"][0]["reason"] and asked["findings"] == []


def test_only_what_rules_need_is_read(audit, sandbox):
    sandbox.recorder.clear()
    audit(only=["deletion_protection", "endpoint_public"])
    assert [call["operation"] for call in sandbox.calls()] == ["DescribeCluster"]


def test_sets_and_exceptions(audit):
    cis = audit(rule_set="cis", kubernetes=False)
    assert all(any(one.startswith("CIS EKS") for one in row["references"]) for row in cis["checks"])
    rows = [
        {"rule": "deletion_protection", "reason": "a test cluster", "until": "2999-12-31"},
        {"rule": "KUMO-A06", "resource": "Cluster my-*", "reason": "until March", "until": "2020-03-31"},
        {"rule": "zonal_shift", "resource": "Cluster other", "reason": "none", "until": "2999-12-31"},
    ]
    found = audit(only=["deletion_protection", "endpoint_private", "zonal_shift"], exceptions=rows)
    assert {row["name"]: row["exception"] for row in found["findings"]} == {
        "deletion_protection": "a test cluster",
        "endpoint_private": "",
        "zonal_shift": "",
    }
    assert [row["state"] for row in found["exceptions"]] == ["used", "expired", "unused"]
    assert found["counts"]["excepted"] == 1 and found["counts"]["findings"]["medium"] == 1


OWN = {"id": "OWN-1", "severity": "low", "title": "Groups are large", "reads": ["nodegroups"]}


def test_rules_of_users(audit):
    expression = "nodegroups[?scalingConfig.maxSize < `10`].{resource: nodegroupName, evidence: scalingConfig.maxSize}"
    found = audit(only=["OWN-1"], custom_rules=[{**OWN, "expression": expression}])
    (one,) = found["findings"]
    assert (one["id"], one["resource"], one["evidence"], one["family"]) == ("OWN-1", "general", "3", "custom")
    passed = audit(only=["OWN-1"], custom_rules=[{**OWN, "expression": "nodegroups[?nodegroupName == 'x']"}])
    assert passed["checks"][0]["verdict"] == "passed"
    broken = audit(only=["OWN-1"], custom_rules=[{**OWN, "expression": "length(nodegroups[0].version.x)"}])
    assert broken["checks"][0]["verdict"] == "unknown"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ["endpoint_publik"]}, ["only", "endpoint_publik", "Did you mean endpoint_public?"]),
        ({"skip": ["X"]}, ["skip", "'X'"]),
        (
            {"exceptions": [{"rule": "A05", "reason": "x", "until": "31.03.2027"}]},
            ["exceptions[0].until", "31.03.2027"],
        ),
        ({"exceptions": [{"rule": "A05", "reason": " ", "until": "2027-03-31"}]}, ["exceptions[0].reason", "empty"]),
        ({"custom_rules": [{**OWN, "expression": "a ["}]}, ["custom_rules[0].expression", "not a JMESPath"]),
        (
            {"custom_rules": [{**OWN, "expression": "a", "reads": ["config_map_contents"]}]},
            ["custom_rules[0].reads", "config_maps"],
        ),
        ({"custom_rules": [{**OWN, "id": "endpoint_public", "expression": "a"}]}, ["custom_rules[0].id", "taken"]),
    ],
)
def test_wrong_options_are_refused(audit, sandbox, options, words):
    sandbox.recorder.clear()
    found = audit(**options)
    assert found["failed"] and [word for word in words if word not in found["msg"]] == [], found["msg"]
    assert not sandbox.calls()


def test_denied_calls_are_unknown_and_nothing_else_is_lost(audit, sandbox, monkeypatch):
    iam = sandbox.client("iam")
    iam.create_user(UserName="reader")
    allowed = {
        "Effect": "Allow",
        "Action": ["eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup"],
        "Resource": "*",
    }
    iam.put_user_policy(
        UserName="reader",
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    try:
        found = audit()
    finally:
        sandbox.set_enforce_iam(False)
    assert not found["failed"], found.get("msg")
    checks = {row["name"]: row for row in found["checks"]}
    assert checks["deletion_protection"]["verdict"] == "failed" and checks["nodegroup_status"]["verdict"] == "passed"
    assert checks["flow_logs_off"]["verdict"] == "unknown" and "ec2:Describe" in checks["flow_logs_off"]["reason"]
    assert [
        row["name"]
        for row in found["checks"]
        if row["verdict"] == "passed" and row["name"] in ("node_role_administrator", "left_volumes")
    ] == []
    assert found["counts"]["checks"]["unknown"] > 80
