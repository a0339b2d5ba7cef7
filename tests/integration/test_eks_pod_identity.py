# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_pod_identity against the sandbox: the twelve steps, roles of its own, lists, and what is refused."""

from __future__ import annotations

import json
import re

import pytest
from denials import build_policy_without

from ansible_collections.kumo.eks.plugins.module_utils.aws import denials
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import describe_associations

CLUSTER = "my-cluster"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
}
NARROW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.fixture
def identity(request, sandbox, run_module, ground, kept_account):
    """eks_pod_identity for production/my-app-sa on a cluster that is ACTIVE."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    made = kept_account.build(request, lambda: run_module("eks_cluster", words))
    assert not made["failed"], made

    def run(check=False, **options):
        one = {"namespace": "production", "service_account": "my-app-sa"}
        words = {"cluster_name": CLUSTER, **({} if "associations" in options else one), **options}
        return run_module("eks_pod_identity", words, check=check)

    sandbox.recorder.clear()
    return run


@pytest.fixture
def roles(sandbox):
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    create = sandbox.client("iam").create_role
    return [create(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"] for name in ("one", "two")]


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def test_twelve_steps(sandbox, identity, roles):
    one, two = roles
    sandbox.recorder.clear()
    made = {"role_arn": one, "tags": {"Team": "a"}}
    planned = identity(check=True, **made)
    assert planned["changed"] and sent(sandbox) == []
    created = identity(**made)
    assert created["changed"] and planned["diff"] == created["diff"], created
    assert created["association"]["role_arn"] == one and created["association"]["tags"] == {"Team": "a"}
    assert not identity(check=True, **made)["changed"]
    sandbox.recorder.clear()
    assert not identity(**made)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == [
        "DescribeCluster",
        "ListPodIdentityAssociations",
        "DescribePodIdentityAssociation",
        "DescribeAddon",
    ]

    modified = {
        "role_arn": two,
        "target_role_arn": "arn:aws:iam::210987654321:role/target",
        "disable_session_tags": True,
        "session_policy": json.dumps(NARROW),
        "tags": {"Team": "b"},
    }
    planned = identity(check=True, **modified)
    assert planned["changed"]
    changed = identity(**modified)
    assert changed["changed"] and planned["diff"] == changed["diff"]
    found = changed["association"]
    assert (found["role_arn"], found["target_role_arn"]) == (two, modified["target_role_arn"])
    assert found["disable_session_tags"] and found["tags"] == {"Team": "b"}
    modified["session_policy"] = NARROW
    assert not identity(check=True, **modified)["changed"] and not identity(**modified)["changed"]
    assert not identity()["changed"]

    assert identity(check=True, state="absent")["changed"]
    removed = identity(state="absent")
    assert removed["changed"] and removed["kept"] == [] and removed["association"] is None
    assert sandbox.client("eks").list_pod_identity_associations(clusterName=CLUSTER)["associations"] == []
    assert not identity(check=True, state="absent")["changed"] and not identity(state="absent")["changed"]
    assert sandbox.client("iam").get_role(RoleName="one")


def test_what_eks_cannot_take_away_needs_a_replacement(identity, roles):
    identity(role_arn=roles[0], target_role_arn=roles[1], tags={"A": "b"})
    refused = identity(target_role_arn="")
    assert refused["failed"] and "Set replace=true" in refused["msg"]
    replaced = identity(target_role_arn="", replace=True)
    assert replaced["changed"] and "target_role_arn" not in replaced["association"]
    assert replaced["association"]["role_arn"] == roles[0] and replaced["association"]["tags"] == {"A": "b"}
    assert not identity(target_role_arn="", replace=True)["changed"]


def test_a_role_of_its_own_comes_and_goes_with_it(sandbox, identity):
    iam = sandbox.client("iam")
    words = {"policy_arns": [READ], "policy": {"name": "p", "document": NARROW}}
    planned = identity(check=True, **words)
    created = identity(**words)
    assert created["changed"] and planned["diff"] == created["diff"], created
    name = f"{CLUSTER}.production.my-app-sa_pod"
    assert created["association"]["role_arn"] == created["role"]["arn"]
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"] == [TRUST]
    assert created["role"]["policy_arns"] == sorted([READ, created["policy"]["arn"]])
    assert not identity(**words)["changed"]
    iam.detach_role_policy(RoleName=name, PolicyArn=READ)
    assert identity(**words)["changed"]

    other = identity(service_account="other", role_arn=created["role"]["arn"])
    assert other["changed"]
    kept = identity(state="absent")
    assert kept["changed"] and kept["kept"][0]["why"] == "it is used by the associations of production/other"
    assert identity(service_account="other", state="absent")["changed"]
    removed = identity(state="absent")
    assert removed["changed"] and removed["kept"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]


LEFT = f"{CLUSTER}.production.my-app-sa_pod"


def test_a_role_that_an_association_leaves_is_named_and_kept(sandbox, identity, roles):
    """Pods that run have its credentials: deleted, it would refuse them at once."""
    assert identity(policy_arns=[READ])["role"]["role_name"] == LEFT
    planned = identity(check=True, role_arn=roles[0])
    changed = identity(role_arn=roles[0])
    assert changed["changed"] and changed["association"]["role_arn"] == roles[0]
    (kept,) = changed["kept"]
    assert (kept["kind"], kept["name"]) == ("role", LEFT) and "until they are restarted" in kept["why"]
    assert planned["kept"] == changed["kept"] and planned["diff"] == changed["diff"]
    assert sandbox.client("iam").get_role(RoleName=LEFT)
    again = identity(role_arn=roles[0])
    assert not again["changed"] and again["kept"] == []
    assert identity(role_name="named", policy_arns=[])["kept"] == []  # the role before was not made for the cluster
    (kept,) = identity(role_arn=roles[0])["kept"]
    assert kept["name"] == "named"


def test_the_role_that_was_left_is_deleted_as_the_result_says(sandbox, identity, roles, run_module):
    identity(policy_arns=[READ])
    identity(role_arn=roles[0])
    gone = run_module("eks_iam_role", {"cluster_name": CLUSTER, "name": LEFT, "purpose": "custom", "state": "absent"})
    assert gone["changed"] and not gone["failed"], gone
    assert LEFT not in [role["RoleName"] for role in sandbox.client("iam").list_roles()["Roles"]]


def test_a_role_that_others_have_is_not_left_over(identity, roles):
    arn = identity(policy_arns=[READ])["role"]["arn"]
    identity(service_account="other", role_arn=arn)
    assert identity(role_arn=roles[0])["kept"] == []
    one = {"namespace": "production", "service_account": "my-app-sa"}
    two = {"namespace": "production", "service_account": "other"}
    moved = identity(associations=[{**one, "role_arn": arn}, {**two, "role_arn": roles[1]}])
    assert moved["changed"] and moved["kept"] == []


def test_a_role_that_may_not_be_read_is_no_reason_to_fail(sandbox, identity, roles, monkeypatch):
    identity(policy_arns=[READ])
    iam, told = sandbox.client("iam"), []
    monkeypatch.setattr(denials, "warn", told.append)
    iam.create_user(UserName="runner")
    iam.put_user_policy(UserName="runner", PolicyName="own", PolicyDocument=build_policy_without("iam:GetRole"))
    key = iam.create_access_key(UserName="runner")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    try:
        changed = identity(role_arn=roles[0])
    finally:
        sandbox.set_enforce_iam(False)
    assert changed["changed"] and not changed["failed"] and changed["kept"] == []
    assert any(LEFT in line and "iam:GetRole is denied" in line for line in told)


def test_irsa_and_pod_identity_share_a_role_without_undoing_one_another(sandbox, identity, run_module):
    words = {"cluster_name": CLUSTER, "namespace": "production", "service_account": "my-app-sa", "role_name": "both"}
    irsa = {**words, "role_only": True}
    assert run_module("eks_irsa", irsa)["changed"]
    assert identity(role_name="both", policy_arns=[])["changed"]
    assert not run_module("eks_irsa", irsa)["changed"] and not identity(role_name="both", policy_arns=[])["changed"]
    kept = run_module("eks_irsa", {**irsa, "state": "absent"})
    assert kept["changed"] and kept["kept"][0]["kind"] == "role"
    assert not run_module("eks_irsa", {**irsa, "state": "absent"})["changed"]
    removed = identity(role_name="both", state="absent")
    assert removed["changed"] and removed["kept"] == []
    assert "both" not in [role["RoleName"] for role in sandbox.client("iam").list_roles()["Roles"]]


def test_a_role_that_another_clusters_pods_take_lets_them_in_further_on(sandbox, identity, run_module, ground):
    cluster = {"name": "second", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", cluster)["failed"]
    words = {"namespace": "n", "service_account": "a", "role_name": "both"}
    assert identity(role_name="both")["changed"]
    assert run_module("eks_pod_identity", {"cluster_name": "second", **words})["changed"]
    kept = identity(role_name="both", state="absent")
    assert kept["changed"] and kept["kept"][0]["why"] == "others use it, too: second in ap-northeast-1"
    role = sandbox.client("iam").get_role(RoleName="both")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"] == [TRUST]
    assert [tag["Key"] for tag in role["Tags"]] == ["kumo.eks/ap-northeast-1/second"]
    assert run_module("eks_pod_identity", {"cluster_name": "second", **words, "state": "absent"})["kept"] == []


def test_a_list_has_a_result_for_each_and_one_that_fails_stops_none(identity, roles):
    rows = [
        {"namespace": "n", "service_account": "one", "role_arn": roles[0]},
        {"namespace": "n", "service_account": "two"},
        {"namespace": "n", "service_account": "three", "policy_arns": [READ]},
    ]
    result = identity(associations=rows)
    assert result["failed"] and "1 of 3 failed: n/two: role_arn: is required to create" in result["msg"]
    assert [row["changed"] for row in result["associations"]] == [True, False, True]
    rows[1]["role_arn"] = roles[1]
    assert [row["changed"] for row in identity(associations=rows)["associations"]] == [False, True, False]
    assert identity(associations=rows, state="absent")["changed"]


def test_the_agent_is_checked(sandbox, identity, roles, run_module):
    assert identity(role_arn=roles[0])["agent"] == "MISSING"
    run_module("eks_addon", {"cluster_name": CLUSTER, "name": "eks-pod-identity-agent", "wait": True})
    assert identity(role_arn=roles[0])["agent"] == "ACTIVE"
    found = run_module("eks_pod_identity_info", {"cluster_name": CLUSTER, "namespace": "production"})
    assert found["agent"] == "ACTIVE" and [row["service_account"] for row in found["associations"]] == ["my-app-sa"]
    assert run_module("eks_pod_identity_info", {"cluster_name": CLUSTER, "namespace": "other"})["associations"] == []
    nothing = run_module("eks_pod_identity_info", {"cluster_name": "none"})
    assert nothing["associations"] == [] and nothing["agent"] == "MISSING"


def test_a_missing_agent_is_warned_of(identity, roles, monkeypatch):
    said = []
    from ansible.module_utils import basic

    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda module, words, *rest, **more: said.append(words))
    identity(role_arn=roles[0])
    assert [words for words in said if "does not have the add-on eks-pod-identity-agent" in words]
    said.clear()
    identity(check=True, role_arn=roles[0])
    assert said == []


def test_an_association_of_an_add_on_is_left_to_it(sandbox, identity, roles, run_module):
    pair = {"service_account": "ebs-csi-controller-sa", "role_arn": roles[0]}
    run_module(
        "eks_addon",
        {"cluster_name": CLUSTER, "name": "aws-ebs-csi-driver", "pod_identity_associations": [pair]},
    )
    rows = sandbox.client("eks").list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    if not any("ownerArn" in row for row in rows):
        pytest.fail(f"the sandbox names no owner: {rows}")
    result = identity(namespace="kube-system", service_account="ebs-csi-controller-sa", role_arn=roles[1])
    assert result["failed"] and "belongs to arn:aws:eks" in result["msg"]
    sandbox.recorder.clear()
    result = identity(namespace="kube-system", service_account="ebs-csi-controller-sa", policy_arns=[READ])
    assert result["failed"] and "belongs to arn:aws:eks" in result["msg"] and sent(sandbox) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "role_arn: is required to create the association of production/my-app-sa"),
        ({"role_arn": "one"}, "role_arn: 'one' is not the ARN of an IAM role"),
        (
            {"role_arn": "arn:aws:iam::123456789012:role/one", "target_role_arn": "x"},
            "target_role_arn: 'x' is not the ARN",
        ),
        ({"role_arn": "arn:aws:iam::123456789012:role/one", "policy_arns": []}, "policy_arns would change it"),
        ({"service_account": "a*"}, "service_account"),
        ({"policy_arns": [], "session_policy": NARROW}, "session_policy: .* set disable_session_tags=true"),
        ({"policy_arns": [], "session_policy": {"a": 1}}, "session_policy: .* is not a policy document"),
        ({"cluster_name": "none"}, "cluster none does not exist"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(sandbox, identity, options, words):
    result = identity(**options)
    assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert sent(sandbox) == []


def test_a_plan_can_be_made_where_there_is_no_cluster_yet(sandbox, identity):
    planned = identity(check=True, cluster_name="later", policy_arns=[READ])
    assert planned["changed"] and planned["association"]["role_arn"].endswith(":role/later.production.my-app-sa_pod")
    assert sent(sandbox) == []


def test_an_association_that_goes_while_all_are_looked_at_is_left_out(sandbox, identity, roles):
    made = [{"namespace": "jobs", "service_account": name, "role_arn": roles[0]} for name in ("a", "b")]
    assert not identity(associations=made)["failed"]
    gone = {"service": "eks", "operation": "DescribePodIdentityAssociation", "code": "ResourceNotFoundException"}
    sandbox.faults.add(kind="throttle", message="No association found", **gone)
    assert len(describe_associations(sandbox.client("eks"), CLUSTER, {})) == 1


def test_an_association_that_is_deleted_and_made_again(sandbox, identity, roles):
    assert identity(role_arn=roles[0])["changed"]
    sandbox.clock.set_speed(4)
    assert identity(state="absent")["changed"]
    made = identity(role_arn=roles[0])
    assert made["changed"] and not made["failed"], made
    assert sent(sandbox).count("CreatePodIdentityAssociation") > 2, "EKS did not refuse the first attempt"
    assert not identity(role_arn=roles[0])["changed"]
