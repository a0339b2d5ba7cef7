# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_irsa in IAM against the sandbox; its Kubernetes side is walked in test_irsa_chain.py."""

from __future__ import annotations

import json
import re

import pytest

CLUSTER = "my-cluster"
OWNER = f"kumo.eks/ap-northeast-1/{CLUSTER}"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
PUSH = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"


def allowing(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::my-bucket/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def for_ec2():
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def irsa(request, sandbox, run_module, ground, kept_account):
    """eks_irsa for production/my-app-sa, the role alone, on a cluster that is ACTIVE."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    made = kept_account.build(request, lambda: run_module("eks_cluster", words))
    assert not made["failed"], made

    def run(check=False, **options):
        one = {"namespace": "production", "service_account": "my-app-sa", "role_only": True}
        words = {"cluster_name": CLUSTER, **({} if "identities" in options else one), **options}
        return run_module("eks_irsa", {key: value for key, value in words.items() if value is not None}, check=check)

    sandbox.recorder.clear()
    return run


@pytest.fixture
def iam(sandbox):
    return sandbox.client("iam")


@pytest.fixture
def second(run_module, ground):
    """Another cluster; its name."""
    words = {"name": "second", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    return "second"


def sent(sandbox):
    """The calls that change something."""
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def get_issuer(sandbox):
    url = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["identity"]["oidc"]["issuer"]
    return url.removeprefix("https://")


def guide_trust(sandbox, *accounts):
    """The trust policy of the guide's section 6.3."""
    issuer = get_issuer(sandbox)
    subjects = [f"system:serviceaccount:{account}" for account in accounts or ("production:my-app-sa",)]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{issuer}:sub": subjects[0] if len(subjects) == 1 else subjects,
                        f"{issuer}:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }


def test_twelve_steps(sandbox, irsa, iam):
    made = {
        "role_name": "my-app",
        "policy": {"name": "my-app-s3-policy", "document": allowing("s3:GetObject", "s3:PutObject")},
        "policy_arns": [READ],
        "inline_policies": {"list": json.dumps(allowing("s3:ListBucket"))},
        "permissions_boundary": PUSH,
        "max_session_duration": 7200,
        "tags": {"Team": "a"},
    }
    planned = irsa(check=True, **made)
    assert planned["changed"] and sent(sandbox) == []
    created = irsa(**made)
    assert created["changed"], created
    assert planned["diff"] == created["diff"] and planned["role_arn"] == created["role_arn"]
    role = iam.get_role(RoleName="my-app")["Role"]
    assert role["AssumeRolePolicyDocument"] == guide_trust(sandbox)
    assert role["MaxSessionDuration"] == 7200
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {"Team": "a", OWNER: "owned"}
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=created["oidc_provider"]["arn"])
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    assert not irsa(check=True, **made)["changed"]
    sandbox.recorder.clear()
    made["policy"]["document"] = json.dumps(allowing("s3:PutObject", "s3:GetObject"))
    again = irsa(**made)
    assert not again["changed"] and sent(sandbox) == [], again["diff"]

    modified = {
        "role_name": "my-app",
        "policy": {"name": "my-app-s3-policy", "document": allowing("s3:GetObject")},
        "policy_arns": [PUSH],
        "inline_policies": {"other": allowing("s3:ListBucket")},
        "permissions_boundary": "",
        "max_session_duration": 3600,
        "description": "reads",
        "tags": {"Team": "b"},
    }
    planned = irsa(check=True, **modified)
    assert planned["changed"] and sent(sandbox) == []
    changed = irsa(**modified)
    assert changed["diff"] == planned["diff"]
    before, after = (
        changed["diff"][side]["production/my-app-sa"]["policy"]["document"] for side in ("before", "after")
    )
    assert before["Statement"][0]["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert after["Statement"][0]["Action"] == "s3:GetObject"
    policy = created["policy"]["arn"]
    assert changed["role"]["policy_arns"] == sorted([PUSH, policy])
    assert list(changed["role"]["inline_policies"]) == ["other"]
    assert changed["role"]["permissions_boundary"] is None and changed["role"]["tags"] == {"Team": "b", OWNER: "owned"}
    assert not irsa(check=True, **modified)["changed"]
    assert not irsa(**modified)["changed"]

    sandbox.recorder.clear()
    planned = irsa(check=True, role_name="my-app", state="absent")
    assert planned["changed"] and planned["kept"] == [] and sent(sandbox) == []
    removed = irsa(role_name="my-app", state="absent")
    assert removed["changed"] and removed["diff"] == planned["diff"]
    assert [row["RoleName"] for row in iam.list_roles()["Roles"] if row["RoleName"] == "my-app"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert not irsa(check=True, role_name="my-app", state="absent")["changed"]
    assert not irsa(role_name="my-app", state="absent")["changed"]


def test_an_option_that_is_left_out_is_left_alone_and_empty_clears(irsa):
    irsa(policy_arns=[READ], inline_policies={"one": allowing("s3:GetObject")}, tags={"A": "b"}, description="d")
    bare = irsa()
    assert not bare["changed"] and bare["role"]["policy_arns"] == [READ] and bare["role"]["tags"]["A"] == "b"
    with_policy = irsa(policy={"name": "p", "document": allowing("s3:GetObject")})
    assert len(with_policy["role"]["policy_arns"]) == 2
    cleared = irsa(policy_arns=[], inline_policies={}, tags={}, description="")
    assert cleared["changed"] and cleared["role"]["policy_arns"] == [] and cleared["role"]["inline_policies"] == {}
    assert cleared["role"]["tags"] == {OWNER: "owned"} and not cleared["role"]["description"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda iam, name: iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(for_ec2())),
        lambda iam, name: iam.detach_role_policy(RoleName=name, PolicyArn=READ),
        lambda iam, name: iam.attach_role_policy(RoleName=name, PolicyArn=PUSH),
        lambda iam, name: iam.put_role_policy(
            RoleName=name, PolicyName="one", PolicyDocument=json.dumps(allowing("s3:*"))
        ),
        lambda iam, name: iam.delete_role_permissions_boundary(RoleName=name),
        lambda iam, name: iam.update_role(RoleName=name, MaxSessionDuration=43200),
        lambda iam, name: iam.untag_role(RoleName=name, TagKeys=["A"]),
        lambda iam, name: iam.create_policy_version(
            PolicyArn="arn:aws:iam::123456789012:policy/p",
            PolicyDocument=json.dumps(allowing("s3:*")),
            SetAsDefault=True,
        ),
    ],
)
def test_drift_in_any_part_is_seen_and_set_right(irsa, iam, spoil):
    wanted = {
        "policy_arns": [READ],
        "inline_policies": {"one": allowing("s3:GetObject")},
        "policy": {"name": "p", "document": allowing("s3:PutObject")},
        "permissions_boundary": PUSH,
        "max_session_duration": 3600,
        "tags": {"A": "b"},
    }
    name = irsa(**wanted)["role"]["role_name"]
    spoil(iam, name)
    assert irsa(check=True, **wanted)["changed"] and irsa(**wanted)["changed"]
    assert not irsa(**wanted)["changed"]


def test_policy_versions_rotate_and_the_oldest_that_is_not_in_force_goes(irsa, iam):
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketTagging"]
    for action in actions:
        arn = irsa(policy={"name": "p", "document": allowing(action)})["policy"]["arn"]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    for action in ("s3:GetBucketPolicy", "s3:GetBucketAcl"):
        assert irsa(policy={"name": "p", "document": allowing(action)})["changed"]
    rows = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert sorted(row["VersionId"] for row in rows) == ["v3", "v4", "v5", "v6", "v7"]
    assert [row["VersionId"] for row in rows if row["IsDefaultVersion"]] == ["v7"]


def test_several_accounts_and_patterns_only_when_asked_for(sandbox, irsa, iam):
    several = [{"name": "a"}, {"name": "b", "namespace": "other"}]
    assert irsa(service_account=None, service_accounts=several, role_name="r")["changed"]
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == guide_trust(
        sandbox, "other:b", "production:a"
    )
    refused = irsa(namespace="team-*", service_account="*", role_name="r")
    assert refused["failed"] and "set allow_patterns=true" in refused["msg"]
    assert irsa(namespace="team-*", service_account="*", role_name="r", allow_patterns=True)["changed"]
    condition = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    issuer = get_issuer(sandbox)
    assert condition == {
        "StringLike": {f"{issuer}:sub": "system:serviceaccount:team-*:*"},
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
    }


def test_an_adopted_role_keeps_what_others_trust_it_for_and_is_never_deleted(sandbox, irsa, iam):
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(for_ec2()), Path="/apps/")
    adopted = irsa(role_name="theirs")
    assert adopted["changed"] and adopted["role_arn"] == "arn:aws:iam::123456789012:role/apps/theirs"
    assert iam.get_role(RoleName="theirs")["Role"]["AssumeRolePolicyDocument"]["Statement"] == [
        *guide_trust(sandbox)["Statement"],
        *for_ec2()["Statement"],
    ]
    assert not irsa(role_name="theirs")["changed"]
    removed = irsa(role_name="theirs", state="absent")
    assert not removed["changed"]
    assert {(row["kind"], row["why"].split(",")[0]) for row in removed["kept"]} == {
        ("role", "it was not created by kumo.eks for this cluster"),
        ("oidc provider", "roles trust it: theirs"),
    }
    assert irsa(role_name="theirs", purge_trust=True)["changed"]
    assert iam.get_role(RoleName="theirs")["Role"]["AssumeRolePolicyDocument"] == guide_trust(sandbox)


def test_a_role_of_another_tool_is_adopted_only_by_name_and_loses_nothing(irsa, iam):
    name = f"{CLUSTER}.production.my-app-sa"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(for_ec2()), Tags=[{"Key": "Tool", "Value": "t"}])
    iam.attach_role_policy(RoleName=name, PolicyArn=PUSH)
    iam.put_role_policy(RoleName=name, PolicyName="theirs", PolicyDocument=json.dumps(allowing("s3:ListBucket")))
    wanted = {"policy_arns": [READ], "inline_policies": {"ours": allowing("s3:GetObject")}, "tags": {"Team": "a"}}
    refused = irsa(**wanted)
    assert refused["failed"] and f"an IAM role {name} exists, which kumo.eks did not create" in refused["msg"]
    assert irsa(check=True, **wanted)["failed"]

    adopted = irsa(role_name=name, **wanted)["role"]
    assert adopted["policy_arns"] == sorted([PUSH, READ]) and list(adopted["inline_policies"]) == ["ours", "theirs"]
    assert adopted["tags"] == {"Tool": "t", "Team": "a"}
    assert not irsa(role_name=name, **wanted)["changed"]
    purged = irsa(role_name=name, purge_policies=True, **wanted)["role"]
    assert purged["policy_arns"] == [READ] and list(purged["inline_policies"]) == ["ours"]


def test_a_role_of_another_cluster_is_shared_only_by_name(irsa, iam, run_module, second):
    assert irsa(role_name="my-app")["changed"]
    words = {"namespace": "production", "service_account": "my-app-sa", "role_only": True}
    iam.create_role(
        RoleName="second.production.my-app-sa",
        AssumeRolePolicyDocument=json.dumps(for_ec2()),
        Tags=[{"Key": OWNER, "Value": "owned"}],
    )
    refused = run_module("eks_irsa", {"cluster_name": second, **words})
    assert refused["failed"] and f"which was created for {CLUSTER} in ap-northeast-1" in refused["msg"]


def test_a_policy_of_another_tool_is_changed_only_where_nobody_else_has_it(irsa, iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allowing("s3:GetObject")))["Policy"]["Arn"]
    iam.create_user(UserName="somebody")
    iam.attach_user_policy(UserName="somebody", PolicyArn=arn)
    assert irsa(policy={"name": "p", "document": allowing("s3:GetObject")})["role"]["policy_arns"] == [arn]
    refused = irsa(policy={"name": "p", "document": allowing("s3:PutObject")})
    assert refused["failed"] and "user somebody would get other permissions" in refused["msg"]
    iam.detach_user_policy(UserName="somebody", PolicyArn=arn)
    assert irsa(policy={"name": "p", "document": allowing("s3:PutObject")})["changed"]
    removed = irsa(state="absent")
    assert removed["changed"] and [row["name"] for row in removed["kept"]] == [arn]


def test_a_policy_that_clusters_share_goes_with_the_last_of_them(irsa, iam, run_module, second):
    policy = {"policy": {"name": "p", "document": allowing("s3:GetObject")}}
    words = {"cluster_name": second, "namespace": "n", "service_account": "a", "role_only": True, **policy}
    arn = irsa(**policy)["policy"]["arn"]
    assert run_module("eks_irsa", words)["changed"] and not run_module("eks_irsa", words)["changed"]
    assert not irsa(**policy)["changed"]
    planned, removed = (irsa(state="absent", check=check) for check in (True, False))
    assert removed["changed"] and removed["diff"] == planned["diff"]
    assert [(row["name"], row["why"]) for row in removed["kept"]] == [
        (arn, "others use it, too: second in ap-northeast-1")
    ]
    assert run_module("eks_irsa", {**words, "state": "absent"})["kept"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_provider_that_is_there_is_found_again_and_its_audience_ensured(sandbox, irsa, iam):
    arn = iam.create_open_id_connect_provider(Url=f"https://{get_issuer(sandbox)}", ClientIDList=["vault"])[
        "OpenIDConnectProviderArn"
    ]
    result = irsa(identities=[])
    assert result["changed"] and result["oidc_provider"]["audiences"] == ["sts.amazonaws.com", "vault"]
    assert not irsa(identities=[])["changed"]
    kept = irsa(identities=[], state="absent")
    assert not kept["changed"] and kept["kept"][0]["why"] == "it was not created by kumo.eks"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == [
        "vault",
        "sts.amazonaws.com",
    ]


def test_absent_keeps_what_others_use_and_says_so(irsa, iam):
    policy = {"name": "shared", "document": allowing("s3:GetObject")}
    one, two = ({"namespace": "n", "service_account": name, "role_only": True} for name in ("one", "two"))
    made = irsa(identities=[{**one, "policy": policy}, two])
    assert made["changed"], made
    arn = made["identities"][0]["policy"]["arn"]
    iam.create_user(UserName="somebody")
    iam.attach_user_policy(UserName="somebody", PolicyArn=arn)
    for check in (True, False):
        removed = irsa(identities=[{**one, "policy": policy}], state="absent", check=check)
        assert removed["changed"]
        assert {(row["kind"], row["why"]) for row in removed["kept"]} == {
            ("policy", "it is attached to user somebody"),
            ("oidc provider", f"roles trust it: {CLUSTER}.n.two"),
        }
    iam.detach_user_policy(UserName="somebody", PolicyArn=arn)
    last = irsa(identities=[{**one, "policy": policy}, two], state="absent")
    assert last["changed"] and last["kept"] == [] and last["oidc_provider"] is None
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_absent_works_when_the_cluster_is_gone(sandbox, irsa, iam):
    irsa(policy={"name": "p", "document": allowing("s3:GetObject")})
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    removed = irsa(state="absent")
    assert removed["changed"] and removed["kept"] == [] and removed["oidc_provider"] is None
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_what_a_cluster_of_the_same_name_left_behind_goes_too(sandbox, irsa, iam, run_module, ground):
    """The role trusts both clusters' providers then; the first one's is dead."""
    irsa()
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    words = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    assert irsa()["changed"] and not irsa()["changed"]
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 2
    planned, removed = (irsa(state="absent", check=check) for check in (True, False))
    assert removed["changed"] and removed["kept"] == [] and removed["diff"] == planned["diff"]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert not irsa(state="absent")["changed"]


def test_a_trust_of_another_kind_of_provider_is_never_taken_for_dead(sandbox, irsa, iam):
    irsa(role_name="r")
    google = {
        "Effect": "Allow",
        "Principal": {"Federated": "accounts.google.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    document = guide_trust(sandbox)
    document["Statement"].append(google)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=json.dumps(document))
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    removed = irsa(role_name="r", state="absent")
    assert [row["name"] for row in removed["kept"]] == ["r"]
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"] == [google]
    again = irsa(role_name="r", state="absent")
    assert not again["changed"] and [row["name"] for row in again["kept"]] == ["r"]


def test_no_identity_is_made_for_a_cluster_that_is_going(sandbox, irsa):
    sandbox.clock.set_speed(1)
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    sandbox.recorder.clear()
    refused = irsa()
    assert refused["failed"] and f"cluster {CLUSTER} in ap-northeast-1 is DELETING" in refused["msg"]
    assert sent(sandbox) == []


def test_a_role_that_clusters_share_loses_only_this_clusters_trust(sandbox, irsa, iam, run_module, second):
    irsa(role_name="shared")
    words = {"namespace": "production", "service_account": "my-app-sa", "role_only": True, "role_name": "shared"}
    assert run_module("eks_irsa", {"cluster_name": "second", **words})["changed"]
    assert not irsa(role_name="shared")["changed"]
    removed = irsa(role_name="shared", state="absent")
    assert removed["changed"] and removed["kept"][0]["name"] == "shared"
    rows = iam.get_role(RoleName="shared")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert len(rows) == 1 and get_issuer(sandbox) not in json.dumps(rows)


def test_a_list_has_a_result_for_each_and_one_that_fails_stops_none(irsa):
    rows = [
        {"namespace": "n", "service_account": "one", "role_only": True, "policy_arns": [READ]},
        {"namespace": "n", "service_account": "two", "role_only": True, "policy_arns": [f"{READ}-not"]},
    ]
    result = irsa(identities=rows)
    assert result["failed"] and "1 of 2 failed: n/two: policy_arns: policy arn:" in result["msg"]
    assert [row["failed"] for row in result["identities"]] == [False, True]
    rows[1]["policy_arns"] = []
    assert [row["changed"] for row in irsa(identities=rows)["identities"]] == [False, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"service_account": "My_App"}, "service_account: 'My_App' is not a valid name in Kubernetes"),
        (
            {"policy_arns": ["arn:aws-cn:iam::aws:policy/X"]},
            "policy_arns: .* is of the partition aws-cn, and ap-northeast-1 is in aws.",
        ),
        (
            {"policy_arns": ["arn:aws:iam::aws:policy/Nothing"]},
            "policy_arns: policy arn:aws:iam::aws:policy/Nothing does not exist",
        ),
        (
            {"permissions_boundary": "arn:aws:iam::123456789012:policy/no"},
            "permissions_boundary: policy arn:aws:iam::123456789012:policy/no does not exist",
        ),
        ({"max_session_duration": 60}, "max_session_duration: 60 is out of range. Use 3600-43200"),
        ({"token_expiration": 60}, "token_expiration: 60 is out of range. Use 3600-86400"),
        ({"path": "apps"}, "path: 'apps' is not a valid path"),
        (
            {"policy": {"name": "p", "document": {"Statement": []}}, "policy_arns": [f"{READ}-not"]},
            "does not exist",
        ),
        ({"policy_arns": ["my-policy"]}, "policy_arns: 'my-policy' is not the ARN of an IAM policy. Use one like"),
        ({"permissions_boundary": "b"}, "permissions_boundary: 'b' is not the ARN of an IAM policy"),
        ({"inline_policies": {"a b": "{}"}}, "inline_policies: 'a b' is not a valid policy name. Use 1-128"),
        ({"policy": {"name": "p" * 129}}, "policy.name: 'p+' is not a valid policy name"),
        ({"namespace": "n" * 64}, "namespace: .* is not a valid name in Kubernetes. Use 1-63"),
        ({"service_account_labels": {"a": None}}, "service_account_labels: a has no value"),
        ({"role_name": "a b"}, "role_name: 'a b' is not a valid role name"),
        ({"inline_policies": {"x": "{"}}, "inline_policies.x: not valid JSON"),
        ({"policy": {"name": "p"}}, "policy.document: is required"),
        ({"role_arn": "arn:aws:iam::123456789012:user/x"}, "role_arn: .* is not the ARN of an IAM role"),
        ({"role_arn": "arn:aws:iam::123456789012:role/x", "policy_arns": []}, "policy_arns would change it"),
        ({"cluster_name": "none"}, "cluster none does not exist in ap-northeast-1"),
    ],
)
def test_bad_input_is_refused_before_any_role_is_made(sandbox, irsa, options, words):
    result = irsa(**options)
    assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert not {"CreateRole", "CreatePolicy", "AttachRolePolicy"} & set(sent(sandbox))


def test_a_plan_can_be_made_where_there_is_no_cluster_yet(sandbox, irsa):
    planned = irsa(check=True, cluster_name="later", role_only=False, policy_arns=[READ])
    assert planned["changed"] and planned["role_arn"] == "arn:aws:iam::123456789012:role/later.production.my-app-sa"
    assert planned["service_accounts"][0]["annotations"] == {"eks.amazonaws.com/role-arn": planned["role_arn"]}
    assert sent(sandbox) == []


def test_throttling_is_ridden_out(sandbox, irsa):
    for operation in ("CreateRole", "AttachRolePolicy", "CreateOpenIDConnectProvider"):
        sandbox.add_fault(kind="throttle", service="iam", operation=operation, count=2)
    result = irsa(policy_arns=[READ])
    assert not result["failed"] and result["role"]["policy_arns"] == [READ]
    assert sum(call["status"] >= 400 and call["operation"] in sent(sandbox) for call in sandbox.calls()) == 6
