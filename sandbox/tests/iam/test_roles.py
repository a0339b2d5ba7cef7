"""Roles, policies and instance profiles: names, tags, quotas, deletions."""

from __future__ import annotations

import json

import pytest

STATEMENT = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})


@pytest.fixture
def iam(sandbox):
    return sandbox.client("iam")


@pytest.fixture
def role(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    return "r"


def document(length: int) -> str:
    """A policy of so many characters, white space not counted."""
    empty = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    size = len("".join(json.dumps(empty).split()))
    empty["Statement"][0]["Resource"] = "arn:aws:s3:::" + "b" * (length - size - len("arn:aws:s3:::") + 1)
    return json.dumps(empty, indent=4)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"RoleName": "r" * 65}, "roleName' failed to satisfy constraint: Member must have length less than or equal"),
        ({"RoleName": "a b"}, "regular expression pattern"),
        ({"Path": "no-slash"}, "ValidationError"),
        ({"Tags": [{"Key": "a,b", "Value": ""}]}, "tags.1.member.key"),
        ({"Tags": [{"Key": "a", "Value": "b#(c)&"}]}, "tags.1.member.value"),
        ({"Tags": [{"Key": "aws:a", "Value": "b"}]}, "System tags cannot be added"),
        ({"Tags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]}, "less than or equal to 50"),
    ],
)
def test_roles_that_do_not_go(iam, refused, options, error):
    asked = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST, **options}
    assert error in refused(iam.create_role, **asked)


def test_names_and_tags_that_go(iam):
    tags = [{"Key": "Straße/äöü +-=.:@_", "Value": "日本"}]
    iam.create_role(RoleName="r" * 64, Path="/a/b/", AssumeRolePolicyDocument=TRUST, Tags=tags)
    iam.create_instance_profile(InstanceProfileName="p" * 128)


def test_a_trust_policy_has_at_most_2048_characters(iam, role, refused):
    long = json.loads(TRUST)
    long["Statement"] += [{**STATEMENT, "Sid": f"Sid{number}"} for number in range(30)]
    asked = {"RoleName": role, "PolicyDocument": json.dumps(long)}
    assert "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048" in refused(
        iam.update_assume_role_policy, **asked
    )
    assert "ACLSizePerRole" in refused(iam.create_role, RoleName="x", AssumeRolePolicyDocument=json.dumps(long))


def test_a_role_has_ten_managed_policies_until_the_quota_is_raised(sandbox, iam, role, refused):
    arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document(200))["Policy"]["Arn"] for n in range(11)]
    for arn in [*arns[:10], arns[0]]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    asked = {"RoleName": role, "PolicyArn": arns[10]}
    assert refused(iam.attach_role_policy, **asked) == "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10"
    sandbox.quotas.change({"policies_per_role": 20})
    iam.attach_role_policy(**asked)


def test_inline_policies_share_10240_characters(iam, role, refused):
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=document(6000))
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=document(6000))  # itself does not count twice
    asked = {"RoleName": role, "PolicyName": "b", "PolicyDocument": document(4300)}
    assert "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role r" in refused(
        iam.put_role_policy, **asked
    )
    iam.put_role_policy(**asked | {"PolicyDocument": document(4200)})


def test_a_managed_policy_has_6144_characters_and_five_versions(iam, refused):
    assert "PolicySize: 6144" in refused(iam.create_policy, PolicyName="p", PolicyDocument=document(6145))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(6144))["Policy"]["Arn"]
    for _each in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(300))
    error = refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document(300))
    assert error.startswith("LimitExceeded: A managed policy can have up to 5 versions.")


def test_a_role_is_kept_by_its_policies_and_instance_profiles(iam, role, refused):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(200))["Policy"]["Arn"]
    profile = {"InstanceProfileName": "p", "RoleName": role}
    iam.create_instance_profile(InstanceProfileName="p")
    steps = [
        (
            "must remove roles from instance profile first",
            lambda: iam.add_role_to_instance_profile(**profile),
            lambda: iam.remove_role_from_instance_profile(**profile),
        ),
        (
            "must detach all policies first",
            lambda: iam.attach_role_policy(RoleName=role, PolicyArn=arn),
            lambda: iam.detach_role_policy(RoleName=role, PolicyArn=arn),
        ),
        (
            "must delete policies first",
            lambda: iam.put_role_policy(RoleName=role, PolicyName="i", PolicyDocument=document(200)),
            lambda: iam.delete_role_policy(RoleName=role, PolicyName="i"),
        ),
    ]
    for error, act, undo in steps:
        act()
        assert f"DeleteConflict: Cannot delete entity, {error}" in refused(iam.delete_role, RoleName=role)
        undo()
    iam.delete_role(RoleName=role)


def test_an_instance_profile_has_one_role_and_is_kept_by_it(iam, role, refused):
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName=role)
    iam.create_role(RoleName="second", AssumeRolePolicyDocument=TRUST)
    second = {"InstanceProfileName": "p", "RoleName": "second"}
    assert "LimitExceeded" in refused(iam.add_role_to_instance_profile, **second)
    assert "DeleteConflict" in refused(iam.delete_instance_profile, InstanceProfileName="p")
    assert "NoSuchEntity" in refused(iam.remove_role_from_instance_profile, **second)


def test_a_role_has_50_tags(iam, role, refused):
    iam.tag_role(RoleName=role, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    assert "LimitExceeded" in refused(iam.tag_role, RoleName=role, Tags=[{"Key": "more", "Value": ""}])
    iam.tag_role(RoleName=role, Tags=[{"Key": "k1", "Value": "again"}])


def test_listings_come_in_pages(iam, role):
    for number in range(150):
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=TRUST)
    page = iam.list_roles()
    assert page["IsTruncated"] and len(page["Roles"]) == 100
    found = [row["RoleName"] for page in iam.get_paginator("list_roles").paginate() for row in page["Roles"]]
    assert len(set(found)) == len(found) == 151


def test_a_service_linked_role_is_the_services(iam, refused):
    role = iam.create_service_linked_role(AWSServiceName="eks-nodegroup.amazonaws.com")["Role"]["RoleName"]
    assert "UnmodifiableEntity" in refused(iam.delete_role, RoleName=role)
    arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    assert "UnmodifiableEntity" in refused(iam.attach_role_policy, RoleName=role, PolicyArn=arn)


def test_a_policy_that_is_attached_again_is_attached_once(iam, role):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(200))["Policy"]["Arn"]
    for _each in range(2):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
