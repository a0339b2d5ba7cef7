# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_iam_role against the sandbox: each purpose, lists, what others made, what is in use, and what is refused."""

from __future__ import annotations

import json

import boto3
import pytest

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
MARK = f"kumo.eks/{REGION}/{CLUSTER}"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
NARROW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.fixture
def role(sandbox, run_module):
    def run(check=False, **options):
        return run_module("eks_iam_role", {"cluster_name": CLUSTER, **options}, check=check)

    return run


@pytest.fixture
def iam(sandbox):
    return sandbox.client("iam")


def make(iam, name, service="eks.amazonaws.com", action="sts:AssumeRole", **tags):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, Tags=rows)["Role"]["Arn"]


def attached(iam, name):
    rows = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return sorted(row["PolicyName"] for row in rows)


def statements(iam, name):
    return iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]


def names(iam):
    return {row["RoleName"] for row in iam.list_roles()["Roles"]}


def sent(sandbox):
    calls = [call["operation"] for call in sandbox.calls()]
    return [name for name in calls if not name.startswith(("Describe", "Get", "List"))]


PURPOSES = [
    ("local_cluster", "ec2.amazonaws.com", "sts:AssumeRole", ["AmazonEKSLocalOutpostClusterPolicy"]),
    ("cluster", "eks.amazonaws.com", "sts:AssumeRole", ["AmazonEKSClusterPolicy"]),
    (
        "auto_mode_cluster",
        "eks.amazonaws.com",
        ["sts:AssumeRole", "sts:TagSession"],
        [
            "AmazonEKSBlockStoragePolicy",
            "AmazonEKSClusterPolicy",
            "AmazonEKSComputePolicy",
            "AmazonEKSLoadBalancingPolicy",
            "AmazonEKSNetworkingPolicy",
        ],
    ),
    (
        "node",
        "ec2.amazonaws.com",
        "sts:AssumeRole",
        ["AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"],
    ),
    (
        "self_managed_node",
        "ec2.amazonaws.com",
        "sts:AssumeRole",
        ["AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"],
    ),
    (
        "karpenter_node",
        "ec2.amazonaws.com",
        "sts:AssumeRole",
        [
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
            "AmazonSSMManagedInstanceCore",
        ],
    ),
    (
        "auto_mode_node",
        "ec2.amazonaws.com",
        "sts:AssumeRole",
        ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy"],
    ),
    ("fargate", "eks-fargate-pods.amazonaws.com", "sts:AssumeRole", ["AmazonEKSFargatePodExecutionRolePolicy"]),
    ("addon", "pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"], []),
]


@pytest.mark.parametrize(("purpose", "service", "action", "policies"), PURPOSES)
def test_each_purpose_comes_and_goes(sandbox, role, iam, purpose, service, action, policies):
    before = names(iam)
    options = {"purpose": purpose, **({"addon": "vpc-cni"} if purpose == "addon" else {})}
    sandbox.recorder.clear()
    planned = role(check=True, **options)
    assert planned["changed"] and sent(sandbox) == []
    sandbox.recorder.clear()
    made = role(**options)
    assert made["changed"] and planned["diff"] == made["diff"] and planned["arn"] == made["arn"], made
    assert "sts" not in {call["service"] for call in sandbox.calls()}  # only a plan needs the account's number
    name = made["iam_role_name"]
    assert name.startswith(f"{CLUSTER}.{REGION}_") and made["arn"] == iam.get_role(RoleName=name)["Role"]["Arn"]
    assert statements(iam, name) == [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action}]
    assert attached(iam, name) == policies and made["role"]["tags"] == {MARK: "owned"}
    sandbox.recorder.clear()
    assert not role(check=True, **options)["changed"] and not role(**options)["changed"] and sent(sandbox) == []
    assert role(check=True, state="absent", **options)["changed"]
    gone = role(state="absent", **options)
    assert gone["changed"] and gone["kept"] == [] and gone["role"] is None and names(iam) == before
    assert not role(state="absent", **options)["changed"]


@pytest.mark.extended
def test_a_role_of_the_cluster_is_kept_as_written(role, iam):
    options = {
        "purpose": "node",
        "nodegroup": "general",
        "policy_arns": [READ],
        "inline_policies": {"mine": NARROW},
        "well_known_policies": ["ebs", "alb_ingress", "aws_load_balancer_controller"],
        "policy": {"name": "extra", "document": NARROW},
        "ssm": True,
        "ip_family": "ipv6",
        "container_registry": "pull_only",
        "instance_profile": "nodes",
        "max_session_duration": 7200,
        "description": "Nodes",
        "tags": {"Team": "kumo"},
    }
    planned = role(check=True, **options)
    made = role(**options)
    assert made["changed"] and planned["diff"] == made["diff"], made
    name = "my-cluster.ap-northeast-1_node.general"
    assert attached(iam, name) == sorted(
        ["extra", "AmazonS3ReadOnlyAccess", "AmazonEBSCSIDriverPolicy", "AmazonEKSWorkerNodePolicy"]
        + ["AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"]
    )
    assert set(made["role"]["inline_policies"]) == {"mine", "AmazonEKS_CNI_IPv6_Policy", "aws_load_balancer_controller"}
    assert made["instance_profile"]["role_name"] == name
    assert iam.get_instance_profile(InstanceProfileName="nodes")["InstanceProfile"]["Roles"][0]["RoleName"] == name
    assert not role(**options)["changed"]

    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName=name, PolicyName="other", PolicyDocument=json.dumps(NARROW))
    iam.remove_role_from_instance_profile(InstanceProfileName="nodes", RoleName=name)
    again = role(**options)
    assert again["changed"] and not role(**options)["changed"]
    assert "AdministratorAccess" not in attached(iam, name) and "other" not in again["role"]["inline_policies"]
    less = {key: options[key] for key in ("purpose", "nodegroup", "instance_profile", "policy")}
    assert role(**less)["changed"] and attached(iam, name) == [
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "extra",
    ]
    gone = role(state="absent", purpose="node", nodegroup="general")
    assert gone["changed"] and gone["kept"] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == [] and iam.list_policies(Scope="Local")["Policies"] == []


def test_more_policies_than_the_quota_go_inline(sandbox, role, iam):
    more = ["AmazonSQSReadOnlyAccess", "AmazonSNSReadOnlyAccess", "AmazonKinesisReadOnlyAccess", "IAMReadOnlyAccess"]
    more += [
        "AmazonRoute53ReadOnlyAccess",
        "CloudWatchReadOnlyAccess",
        "AmazonEC2ReadOnlyAccess",
        "AmazonS3ReadOnlyAccess",
    ]
    options = {"purpose": "node", "policy_arns": [f"arn:aws:iam::aws:policy/{name}" for name in more]}
    planned = role(check=True, **options)
    made = role(**options)
    assert made["changed"] and planned["diff"] == made["diff"], made
    assert made["policies_put_inline"] == [READ] and len(made["role"]["policy_arns"]) == 10
    assert list(made["role"]["inline_policies"]) == ["managed-policy.AmazonS3ReadOnlyAccess"]
    assert not role(**options)["changed"]
    fewer = {**options, "policy_arns": options["policy_arns"][:-1]}
    assert role(**fewer)["role"]["inline_policies"] == {} and not role(**fewer)["changed"]
    long = {**options, "policy_arns": [*options["policy_arns"], "arn:aws:iam::aws:policy/ReadOnlyAccess"]}
    sandbox.recorder.clear()
    refused = role(**long)
    assert refused["failed"] and "too long for inline policies" in refused["msg"] and "Service Quotas" in refused["msg"]
    assert sent(sandbox) == []


def test_a_list_and_its_defaults(role, iam):
    rows = [
        {"purpose": "cluster", "name": "eksClusterRole"},
        {"purpose": "node", "tags": {"Team": "nodes"}},
        {"purpose": "fargate"},
    ]
    options = {"iam_roles": rows, "tags": {"Team": "kumo"}, "ssm": True}
    planned = role(check=True, **options)
    made = role(**options)
    assert made["changed"] and planned["diff"] == made["diff"]
    assert [row["name"] for row in made["iam_roles"]] == [
        "eksClusterRole",
        "my-cluster.ap-northeast-1_node",
        "my-cluster.ap-northeast-1_fargate",
    ]
    assert [row["role"]["tags"]["Team"] for row in made["iam_roles"]] == ["kumo", "nodes", "kumo"]
    assert "AmazonSSMManagedInstanceCore" in attached(iam, "my-cluster.ap-northeast-1_node")
    assert not role(**options)["changed"]
    broken = role(
        iam_roles=[*rows, {"purpose": "custom", "name": "x", "trust_policy": NARROW, "policy_arns": [READ + "x"]}]
    )
    assert broken["failed"] and "1 of 4 failed: x: policy_arns: policy arn:" in broken["msg"]
    gone = role(state="absent", iam_roles=rows)
    assert gone["changed"] and [row["role"] for row in gone["iam_roles"]] == [None] * 3


def test_node_groups_share_a_role_and_have_their_own(role, iam):
    groups = [
        {"name": "plain", "instance_types": ["m5.large"]},
        {"name": "rich", "addon_policies": ["cloud_watch"], "attach_policy_arns": [READ]},
        {"name": "given", "node_role": "arn:aws:iam::123456789012:role/given"},
    ]
    made = role(nodegroups=groups, name="eksNodeRole")
    assert {name: arn.rpartition("/")[2] for name, arn in made["node_roles"].items()} == {
        "plain": "eksNodeRole",
        "rich": "my-cluster.ap-northeast-1_node.rich",
        "given": "given",
    }
    assert {"CloudWatchAgentServerPolicy", "AmazonS3ReadOnlyAccess"} < set(
        attached(iam, "my-cluster.ap-northeast-1_node.rich")
    )
    assert len(attached(iam, "eksNodeRole")) == 3
    assert not role(nodegroups=groups, name="eksNodeRole")["changed"]
    assert role(nodegroups=groups, name="eksNodeRole", state="absent")["changed"]


def test_what_somebody_else_made_is_added_to_and_stays(sandbox, role, iam):
    make(iam, "eksClusterRole")
    iam.attach_role_policy(RoleName="eksClusterRole", PolicyArn=READ)
    options = {"purpose": "cluster", "name": "eksClusterRole"}
    made = role(**options)
    assert made["changed"] and made["role"]["tags"] == {}
    assert attached(iam, "eksClusterRole") == ["AmazonEKSClusterPolicy", "AmazonS3ReadOnlyAccess"]
    assert not role(**options)["changed"]
    kept = role(state="absent", **options)
    assert not kept["changed"] and kept["kept"][0]["why"] == "it was not created by kumo.eks for this cluster"
    adopted = role(adopt=True, **options)
    assert adopted["changed"] and adopted["role"]["tags"] == {MARK: "owned"}
    assert attached(iam, "eksClusterRole") == ["AmazonEKSClusterPolicy"] and not role(**options)["changed"]
    assert role(state="absent", **options)["changed"] and "eksClusterRole" not in names(iam)


def test_a_trust_policy_of_others_is_not_widened(role, iam):
    make(iam, "theirs")
    refused = role(purpose="auto_mode_cluster", name="theirs")
    assert refused["failed"] and "eks.amazonaws.com to call sts:AssumeRole and sts:TagSession" in refused["msg"]
    assert attached(iam, "theirs") == []
    make(iam, "wide", action=["sts:*"])
    assert role(purpose="auto_mode_cluster", name="wide")["changed"]
    unnamed = f"{CLUSTER}.{REGION}_cluster"
    make(iam, unnamed)
    refused = role(purpose="cluster")
    assert refused["failed"] and f"an IAM role {unnamed} exists, which kumo.eks did not create" in refused["msg"]


def test_clusters_that_share_a_role_do_not_undo_one_another(role, iam, run_module):
    second = {"cluster_name": "second", "purpose": "auto_mode_cluster", "name": "shared"}
    assert role(purpose="cluster", name="shared", policy_arns=[READ])["changed"]
    assert run_module("eks_iam_role", second)["changed"]
    assert not role(purpose="cluster", name="shared", policy_arns=[READ])["changed"]
    assert not run_module("eks_iam_role", second)["changed"]
    assert len(attached(iam, "shared")) == 6 and len(statements(iam, "shared")) == 2


REFUSED = [
    ({}, "purpose: one of purpose, name, iam_roles"),
    ({"purpose": "custom"}, "name: is required with purpose=custom"),
    ({"purpose": "addon"}, "addon: is required with purpose=addon"),
    (
        {"purpose": "cluster", "ssm": True},
        "ssm: applies to purpose=node and purpose=self_managed_node and purpose=karpenter_node and purpose=auto_mode_node only",
    ),
    ({"purpose": "node", "name": "a b"}, "role_name: 'a b' is not a valid role name"),
    ({"purpose": "node", "path": "x"}, "path: 'x' is not a valid path"),
    ({"purpose": "node", "policy_arns": ["x"]}, "policy_arns: 'x' is not the ARN of an IAM policy"),
    ({"purpose": "node", "max_session_duration": 1}, "max_session_duration: 1 is out of range. Use 3600-43200 seconds"),
    ({"purpose": "node", "tags": {"a": "b (c)"}}, "tags: 'a': 'b (c)' has ( ), which IAM does not accept"),
    ({"purpose": "node", "tags": {"aws:a": "b"}}, "tags: the prefix aws: is reserved by AWS"),
    ({"iam_roles": [{"purpose": "node"}, {"purpose": "node"}]}, "iam_roles: "),
    ({"iam_roles": [{"purpose": "node"}, {"purpose": "custom"}]}, "iam_roles[1].name: is required"),
    ({"purpose": "node", "region": "mars-1"}, "region: 'mars-1' is not a region of any AWS partition"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_is_refused_is_refused_before_anything_is_sent(sandbox, role, options, message):
    sandbox.recorder.clear()
    result = role(**options)
    assert result["failed"] and message in result["msg"], result["msg"]
    assert sent(sandbox) == []


# removal


@pytest.fixture
def cluster(role, run_module, ground):
    """A cluster of this name with its own role, ACTIVE."""

    def make_cluster(name=CLUSTER, **options):
        arn = run_module("eks_iam_role", {"cluster_name": name, "purpose": "cluster", **options})["arn"]
        made = run_module("eks_cluster", {"name": name, "role_arn": arn, "subnets": ground["subnets"], "wait": True})
        assert not made["failed"], made
        return arn

    return make_cluster


def test_a_role_in_use_is_kept_and_says_by_whom(sandbox, role, iam, cluster, run_module, ground):
    cluster()
    node = role(purpose="node")["arn"]
    group = {"cluster_name": CLUSTER, "name": "g", "node_role": node, "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_nodegroup", group)["failed"]
    rows = [{"purpose": "cluster"}, {"purpose": "node"}]
    kept = role(state="absent", iam_roles=rows)
    assert not kept["changed"] and [row["why"] for row in kept["kept"]] == [
        f"it is used by cluster {CLUSTER}",
        f"it is used by node group g of cluster {CLUSTER}",
    ]
    planned = {"nodegroups": ["g"]}
    assert not role(state="absent", purpose="node", planned_removals=planned)["changed"]  # it is there still
    assert role(check=True, state="absent", purpose="node", planned_removals=planned)["changed"]
    assert role(check=True, state="absent", iam_roles=rows, planned_removals={"cluster": True})["kept"] == []

    run_module("eks_nodegroup", {"cluster_name": CLUSTER, "name": "g", "state": "absent", "wait": True})
    run_module("eks_cluster", {"name": CLUSTER, "state": "absent", "wait": True})
    gone = role(state="absent", iam_roles=rows)
    assert gone["changed"] and gone["kept"] == [] and not any(name.startswith(CLUSTER) for name in names(iam))


@pytest.mark.extended
def test_the_access_entry_of_a_node_role_goes_with_it(sandbox, role, iam, run_module, ground):
    """Else nodes of the next role of this name would not join."""
    eks = sandbox.client("eks")
    words = {"name": CLUSTER, "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    run_module("eks_cluster", {**words, "access_config": {"authentication_mode": "API"}})
    group = {"cluster_name": CLUSTER, "name": "general", "subnets": ground["subnets"], "wait": True}
    for _time in range(2):
        arn = role(purpose="node")["arn"]
        assert run_module("eks_nodegroup", {**group, "node_role": arn})["status"] == "ACTIVE"
        assert arn in eks.list_access_entries(clusterName=CLUSTER)["accessEntries"]
        assert run_module("eks_nodegroup", {**group, "state": "absent"})["changed"]
        assert role(purpose="node", state="absent", check=True)["changed"]
        assert arn in eks.list_access_entries(clusterName=CLUSTER)["accessEntries"]
        assert role(purpose="node", state="absent")["kept"] == []
        assert arn not in eks.list_access_entries(clusterName=CLUSTER)["accessEntries"]


def test_a_mark_of_a_cluster_that_is_gone_keeps_nothing(role, iam, run_module):
    shared = {"purpose": "cluster", "name": "shared"}
    role(**shared)
    run_module("eks_iam_role", {"cluster_name": "two", **shared})
    tags = {tag["Key"] for tag in iam.list_role_tags(RoleName="shared")["Tags"]}
    assert tags == {MARK, f"kumo.eks/{REGION}/two"}
    assert role(check=True, state="absent", **shared)["role"] is None


def test_a_role_that_another_cluster_has_is_left_to_it(role, iam, run_module, ground):
    shared = {"purpose": "cluster", "name": "shared"}
    role(**shared)
    arn = run_module("eks_iam_role", {"cluster_name": "two", **shared})["arn"]
    made = run_module("eks_cluster", {"name": "two", "role_arn": arn, "subnets": ground["subnets"], "wait": True})
    assert not made["failed"], made
    planned, kept = (role(state="absent", check=check, **shared) for check in (True, False))
    assert kept["changed"] and planned["changed"] and kept["kept"][0]["why"] == "it is used by cluster two"
    assert {tag["Key"] for tag in iam.list_role_tags(RoleName="shared")["Tags"]} == {f"kumo.eks/{REGION}/two"}
    assert not run_module("eks_iam_role", {"cluster_name": "two", **shared})["changed"]
    assert not role(state="absent", **shared)["changed"]


def test_all_roles_of_a_cluster_by_its_tag(role, iam, run_module):
    before = names(iam)
    role(iam_roles=[{"purpose": "cluster"}, {"purpose": "node", "nodegroup": "renamed"}, {"purpose": "fargate"}])
    make(iam, "theirs", "ec2.amazonaws.com")
    make(iam, "others", "ec2.amazonaws.com", **{f"kumo.eks/{REGION}/other": "owned"})
    make(iam, "lambda", "lambda.amazonaws.com", **{MARK: "owned"})
    found = run_module("eks_iam_role_info", {"cluster_name": CLUSTER, "users": True})
    assert len(found["iam_roles"]) == 3 and found["not_determined"] == []
    assert all(row["users"] == [] for row in found["iam_roles"])
    gone = role(state="absent", all_owned=True)
    assert gone["changed"] and len(gone["iam_roles"]) == 3 and gone["kept"] == []
    assert names(iam) == before | {"theirs", "others", "lambda"}
    assert not role(state="absent", all_owned=True)["changed"]


def test_a_removal_that_was_interrupted_takes_the_empty_instance_profile(role, iam):
    options = {"purpose": "node", "instance_profile": "mine", "state": "absent"}
    name = role(**{**options, "state": "present"})["iam_role_name"]
    iam.create_instance_profile(InstanceProfileName="others")
    iam.remove_role_from_instance_profile(InstanceProfileName="mine", RoleName=name)
    assert role(**{**options, "instance_profile": "others"}, check=True)["changed"]
    assert role(**options)["changed"]
    rows = iam.list_instance_profiles()["InstanceProfiles"]
    assert [row["InstanceProfileName"] for row in rows] == ["others"] and names(iam) == set()
    assert not role(**{**options, "instance_profile": "others"})["changed"]


def test_instance_profiles_of_others_keep_a_role(role, iam):
    name = role(purpose="node", instance_profile="mine")["iam_role_name"]
    iam.create_instance_profile(InstanceProfileName="karpenter")
    iam.add_role_to_instance_profile(InstanceProfileName="karpenter", RoleName=name)
    kept = role(state="absent", purpose="node")
    assert not kept["changed"] and kept["kept"][0]["why"] == "it is used by instance profile karpenter"
    iam.remove_role_from_instance_profile(InstanceProfileName="karpenter", RoleName=name)
    assert role(state="absent", purpose="node")["changed"]
    assert [row["InstanceProfileName"] for row in iam.list_instance_profiles()["InstanceProfiles"]] == ["karpenter"]


@pytest.mark.extended
def test_a_role_of_pods_is_in_use_while_its_oidc_provider_exists(role, iam, cluster, run_module):
    cluster()
    pods = {"cluster_name": CLUSTER, "namespace": "n", "service_account": "a", "role_only": True}
    assert run_module("eks_irsa", pods)["changed"]
    kept = role(state="absent", all_owned=True)
    assert {row["name"] for row in kept["kept"]} == {f"{CLUSTER}.n.a", f"{CLUSTER}.{REGION}_cluster"}
    run_module("eks_cluster", {"name": CLUSTER, "state": "absent", "wait": True})
    for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=row["Arn"])
    assert role(state="absent", all_owned=True)["kept"] == []
    assert not any(name.startswith(CLUSTER) for name in names(iam))


def test_a_role_that_is_used_in_another_region(sandbox, role, run_module, iam):
    ec2 = boto3.client("ec2", region_name="eu-west-1")  # the environment leads to the sandbox
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    arn = role(purpose="cluster")["arn"]
    far = {"name": "far", "role_arn": arn, "subnets": subnets, "wait": True, "region": "eu-west-1"}
    assert not run_module("eks_cluster", far)["failed"]
    kept = role(state="absent", purpose="cluster")
    assert not kept["changed"] and kept["kept"][0]["why"] == "it is used by cluster far in eu-west-1"
    assert role(check=True, state="absent", purpose="cluster", usage_regions=[REGION])["changed"]
