"""Access entries as EKS takes them, makes them, and lets the API server know of them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations, ground

ARN = "arn:aws:eks:ap-northeast-1:123456789012:cluster/c"
ACCOUNT = "arn:aws:iam::123456789012"
OWN = f"{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
POLICY = "arn:aws:eks::aws:cluster-access-policy/{}"
CLUSTER = {"type": "cluster"}


def refuse(code, text=""):
    return pytest.raises(ClientError, match=f"{code}.*{text}")


@pytest.fixture
def entries(sandbox, eks, account):
    """A cluster with access entries; its calls with the cluster's name filled in."""
    places = {"subnetIds": account["subnets"]}
    access = {"authenticationMode": "API"}
    eks.create_cluster(name="c", roleArn=account["cluster"], resourcesVpcConfig=places, accessConfig=access)
    sandbox.clock.advance(durations.CLUSTER_CREATE)
    eks.describe_cluster(name="c")

    def call(operation, **words):
        return getattr(eks, operation)(clusterName="c", **words)

    return call


@pytest.fixture
def role(sandbox, entries):
    arn = ground.create_role(sandbox.client("iam"), "person", "eks.amazonaws.com")
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    return arn


def list_known(sandbox, principal):
    """What the API server knows of a principal: groups and policies."""
    return [
        (rule.groups, [(name, scope, spaces) for name, scope, spaces in rule.policies])
        for rule in sandbox.view(ARN).access
        if rule.principal_arn == principal
    ]


@pytest.mark.parametrize(
    ("principal", "text"),
    [
        (f"{ACCOUNT}:role/nobody", "The specified principalArn is invalid: invalid principal"),
        (f"{ACCOUNT}:user/nobody", "The specified principalArn is invalid: invalid principal"),
        (f"{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", "of a Service Linked Role"),
        ("arn:aws:sts::123456789012:assumed-role/person/me", "principalArn parameter format is not valid"),
        (f"{ACCOUNT}:group/people", "principalArn parameter format is not valid"),
        ("person", "principalArn parameter format is not valid"),
    ],
)
def test_a_principal_is_a_role_or_a_user_that_exists(entries, principal, text):
    with refuse("InvalidParameterException", text):
        entries("create_access_entry", principalArn=principal)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"kubernetesGroups": ["a", "system:masters"]}, "group name system:masters is invalid, it cannot start with"),
        *(
            ({"username": f"{prefix}me"}, f"The username must not begin with {prefix}")
            for prefix in ("system:", "eks:")
        ),
        *(({"username": f"{prefix}me"}, "must not begin with") for prefix in ("aws:", "amazon:", "iam:")),
        ({"username": "john{{SessionName}}"}, "must include a colon before"),
    ],
)
def test_names_that_eks_keeps_to_itself(entries, role, words, text):
    with refuse("InvalidParameterException", text):
        entries("create_access_entry", principalArn=role, **words)
    entries("create_access_entry", principalArn=role)
    with refuse("InvalidParameterException", text):
        entries("update_access_entry", principalArn=role, **words)


def test_user_names_that_eks_gives_have_no_path(sandbox, entries):
    iam = sandbox.client("iam")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    deployer = iam.create_role(RoleName="deployer", Path="/teams/a/", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    alice = iam.create_user(UserName="alice", Path="/people/")["User"]["Arn"]
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    made = [entries("create_access_entry", principalArn=arn)["accessEntry"] for arn in (deployer, alice)]
    sts = "arn:aws:sts::123456789012:assumed-role/deployer/{{SessionName}}"
    assert [entry["username"] for entry in made] == [sts, alice]
    assert made[0]["accessEntryArn"].rpartition("/")[0].endswith("access-entry/c/role/123456789012/deployer")


def test_a_new_role_is_not_known_at_once(sandbox, entries):
    arn = ground.create_role(sandbox.client("iam"), "new", "eks.amazonaws.com")
    with refuse("InvalidParameterException", "invalid principal"):
        entries("create_access_entry", principalArn=arn)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    entries("create_access_entry", principalArn=arn)
    with refuse("ResourceInUseException", "already in use on this cluster"):
        entries("create_access_entry", principalArn=arn)


def test_nodes_are_of_the_account_of_the_cluster(entries):
    with refuse("InvalidParameterException", "in the account of the cluster"):
        entries("create_access_entry", principalArn="arn:aws:iam::210987654321:role/node", type="EC2_LINUX")
    entries("create_access_entry", principalArn="arn:aws:iam::210987654321:role/person")


@pytest.mark.parametrize(
    ("policy", "scope", "text"),
    [
        ("AmazonEKSNoPolicy", CLUSTER, "policyArn parameter format is not valid"),
        ("AmazonEKSComputePolicy", CLUSTER, "only be associated with AWS service-linked roles"),
        ("AmazonEKSViewPolicy", {}, "must have a type"),
        ("AmazonEKSViewPolicy", {"type": "namespace"}, "at least one namespace"),
        ("AmazonEKSViewPolicy", {"type": "cluster", "namespaces": ["a"]}, "cannot be specified with namespaces"),
    ],
)
def test_associations_that_do_not_go(entries, role, policy, scope, text):
    entries("create_access_entry", principalArn=role)
    with refuse("InvalidParameterException", text):
        entries("associate_access_policy", principalArn=role, policyArn=POLICY.format(policy), accessScope=scope)


def test_the_api_server_knows_changes_some_seconds_later(sandbox, entries, role):
    view = {"principalArn": role, "policyArn": POLICY.format("AmazonEKSViewPolicy")}
    entries("create_access_entry", principalArn=role, kubernetesGroups=["a"])
    assert list_known(sandbox, role) == []
    sandbox.clock.advance(durations.ACCESS_ENTRY)
    entries("associate_access_policy", **view, accessScope={"type": "namespace", "namespaces": ["x"]})
    assert list_known(sandbox, role) == [(("a",), [])]
    sandbox.clock.advance(durations.ACCESS_ENTRY)
    entries("associate_access_policy", **view, accessScope=CLUSTER)
    assert list_known(sandbox, role) == [(("a",), [("AmazonEKSViewPolicy", "namespace", ("x",))])]
    sandbox.clock.advance(durations.ACCESS_ENTRY)
    (row,) = entries("list_associated_access_policies", principalArn=role)["associatedAccessPolicies"]
    assert row["accessScope"] == {"type": "cluster", "namespaces": []}  # one association, with another scope
    entries("delete_access_entry", principalArn=role)
    assert list_known(sandbox, role) == [(("a",), [("AmazonEKSViewPolicy", "cluster", ())])]
    sandbox.clock.advance(durations.ACCESS_ENTRY)
    entries("list_access_entries")
    assert list_known(sandbox, role) == []


def test_the_entry_of_an_older_role_lets_nobody_in(sandbox, entries, role):
    entries("create_access_entry", principalArn=role)
    sandbox.clock.advance(durations.ACCESS_ENTRY)
    entries("list_access_entries")
    assert list_known(sandbox, role) == [((), [])]
    sandbox.client("iam").delete_role(RoleName="person")
    assert list_known(sandbox, role) == []
    ground.create_role(sandbox.client("iam"), "person", "eks.amazonaws.com")
    assert list_known(sandbox, role) == []
    assert role in entries("list_access_entries")["accessEntries"]  # it stays


def test_eks_lets_itself_in_and_nobody_changes_that(entries):
    assert entries("describe_access_entry", principalArn=OWN)["accessEntry"]["type"] == "STANDARD"
    for operation, words in (
        ("delete_access_entry", {}),
        ("update_access_entry", {"kubernetesGroups": ["a"]}),
        ("associate_access_policy", {"policyArn": POLICY.format("AmazonEKSViewPolicy"), "accessScope": CLUSTER}),
    ):
        with refuse("InvalidParameterException", "of a Service Linked Role"):
            entries(operation, principalArn=OWN, **words)


def test_all_published_policies_are_listed(eks, entries):
    names = [row["name"] for row in eks.list_access_policies()["accessPolicies"]]
    assert {"AmazonEKSClusterAdminPolicy", "AmazonEKSSecretReaderPolicy", "AmazonEMRJobPolicy"} <= set(names)
    assert len(names) == len(set(names)) > 30
