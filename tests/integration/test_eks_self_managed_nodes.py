# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_self_managed_nodes against the sandbox, whose clock does not wait. The cluster has no API server here: instances count."""

from __future__ import annotations

import base64

import pytest

from kumo_sandbox import durations

CLUSTER = "my-cluster"
NAME = "my-cluster.self-managed.mixed"
OWNER = "kumo.eks/ap-northeast-1/my-cluster"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECd5iQrQw16tG6xRmDbcezdX4XWhobYW92YJigDo+74 somebody"
MODULE = "eks_self_managed_nodes"
REFRESH = {"strategy": "instance_refresh"}


@pytest.fixture
def role(sandbox, run_module, ground):
    """A cluster with access entries, and the role of the nodes with its instance profile."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    entries = {"access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}}
    assert not run_module("eks_cluster", {**words, **entries})["failed"]
    made = run_module("eks_iam_role", {"cluster_name": CLUSTER, "purpose": "self_managed_node"})
    assert not made["failed"], made
    return made


@pytest.fixture
def nodes(run_module, role, ground):
    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "self_managed_nodegroups" in options else {"name": "mixed"})}
        return run_module(MODULE, {**words, **options}, check=check)

    run.base = {
        "node_role": role["arn"],
        "subnets": ground["subnets"],
        "instance_types": ["m5.large", "m5a.large"],
        "scaling_config": {"min_size": 2, "max_size": 5},
        "labels": {"role": "mixed"},
        "taints": [{"key": "dedicated", "value": "batch", "effect": "NO_SCHEDULE"}],
        "tags": {"Team": "a"},
        "update_config": REFRESH,
    }
    return run


@pytest.fixture
def step(sandbox, nodes):
    """Plan a task and run it: both say the same, and the plan changes nothing."""

    def run(changed, **options):
        sandbox.recorder.clear()
        planned = nodes(check=True, **options)
        assert not planned["failed"], planned
        names = [call["operation"] for call in sandbox.calls()]
        assert [name for name in names if not name.startswith(("Describe", "List", "Get"))] == []
        real = nodes(**options)
        assert not real["failed"], real
        assert (planned["changed"], real["changed"]) == (changed, changed), (planned["diff"], real["diff"])
        assert planned["diff"] == real["diff"]
        assert (real["diff"]["before"] != real["diff"]["after"]) == changed
        return real

    return run


def describe(sandbox):
    rows = sandbox.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
    return rows[0] if rows else None


def read_tags(group):
    return {tag["Key"]: (tag["Value"], tag["PropagateAtLaunch"]) for tag in group["Tags"]}


def read_data(sandbox, version="$Latest"):
    answer = sandbox.client("ec2").describe_launch_template_versions(LaunchTemplateName=NAME, Versions=[version])
    return answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def list_nodes(sandbox):
    arn = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["arn"]
    return sandbox.view(arn).nodes


@pytest.fixture
def target_group(sandbox, ground):
    vpc = sandbox.client("ec2").describe_subnets(SubnetIds=ground["subnets"])["Subnets"][0]["VpcId"]
    words = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": vpc}
    return sandbox.client("elbv2").create_target_group(**words)["TargetGroups"][0]["TargetGroupArn"]


def test_a_group_that_is_not_listed_yet_was_not_deleted(sandbox, nodes, monkeypatch):
    monkeypatch.setattr(durations, "READ_LAG", 60.0)
    sandbox.clock.set_speed(100)
    made = nodes(**nodes.base, wait=False)
    assert not made["failed"] and made["changed"] and made["group"]["status"] == "ACTIVE", made


def test_the_life_of_a_group(sandbox, nodes, step, role, target_group):
    made = {**nodes.base, "wait": True}
    real = step(True, **made)
    assert (real["waited_for"], real["pending"]) == ("instances", [])
    assert [row["lifecycle_state"] for row in real["group"]["instances"]] == ["InService", "InService"]
    group = describe(sandbox)
    tags = read_tags(group)
    assert tags["kubernetes.io/cluster/my-cluster"] == ("owned", True)
    assert tags["k8s.io/cluster-autoscaler/my-cluster"] == ("owned", False)
    assert tags["k8s.io/cluster-autoscaler/node-template/label/role"] == ("mixed", False)
    assert tags["k8s.io/cluster-autoscaler/node-template/taint/dedicated"] == ("batch:NoSchedule", False)
    assert OWNER in tags and tags["Team"] == ("a", False)
    data = read_data(sandbox)
    assert data["IamInstanceProfile"] == {"Name": role["arn"].rpartition("/")[2]}
    entry = sandbox.client("eks").describe_access_entry(clusterName=CLUSTER, principalArn=role["arn"])["accessEntry"]
    assert entry["type"] == "EC2_LINUX"
    for _look in range(3):
        describe(sandbox)
    assert [(node.labels, node.taints) for node in list_nodes(sandbox)] == [
        ({"role": "mixed"}, (("dedicated", "batch", "NoSchedule"),))
    ] * 2
    step(False, **made)

    changed = {
        **made,
        "template": {"volumes": [{"size": 50}]},
        "scaling_config": {"min_size": 3, "max_size": 6},
        "instances_distribution": {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 50},
        "warm_pool_config": {"enabled": True, "min_size": 1},
        "labels": {"role": "other"},
        "tags": {"Team": "b"},
        "max_instance_lifetime": 86400,
        "target_group_arns": [target_group],
        "enabled_metrics": ["all"],
        "suspended_processes": ["AZRebalance"],
    }
    real = step(True, **changed)
    assert real["group"]["suspended_processes"] == ["AZRebalance"] and len(real["group"]["enabled_metrics"]) == 20
    assert (describe(sandbox)["MaxInstanceLifetime"], describe(sandbox)["TargetGroupARNs"]) == (86400, [target_group])
    assert real["diff"]["before"]["outdated_instances"] == 2
    assert [row["outdated"] for row in real["group"]["instances"]] == [False] * 3
    assert "k8s.io/cluster-autoscaler/node-template/taint/dedicated" in read_tags(describe(sandbox))
    step(False, **changed)
    targets = sandbox.client("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    assert {row["Target"]["Id"] for row in targets} == {row["instance_id"] for row in real["group"]["instances"]}
    cleared = {"max_instance_lifetime": 0, "target_group_arns": [], "enabled_metrics": [], "suspended_processes": []}
    step(True, **{**changed, **cleared})
    assert [
        name for name in ("SuspendedProcesses", "EnabledMetrics", "TargetGroupARNs") if describe(sandbox)[name]
    ] == []

    gone = {"state": "absent", "wait": True}
    real = step(True, **gone)
    assert real["group"] == {} and describe(sandbox) is None
    assert role["arn"] not in sandbox.client("eks").list_access_entries(clusterName=CLUSTER)["accessEntries"]
    assert sandbox.client("ec2").describe_launch_templates()["LaunchTemplates"] == []
    step(False, **gone)


def test_ssh_and_zones_of_a_group(sandbox, run_module, nodes, step, ground):
    ec2 = sandbox.client("ec2")
    ec2.create_key_pair(KeyName="k")
    zones = {row["SubnetId"]: row["AvailabilityZone"] for row in ec2.describe_subnets()["Subnets"]}
    chosen = ground["subnets"][0]
    made = {name: value for name, value in nodes.base.items() if name != "subnets"}
    made |= {
        "private_subnets": ground["subnets"],
        "availability_zones": [zones[chosen]],
        "template": {"key_name": "k", "ssh_sources": ["203.0.113.0/24"]},
        "suspended_processes": ["AZRebalance"],
        "wait": True,
    }
    refused = nodes(**{**made, "suspended_processes": ["Launch"]})
    assert refused["failed"] and "starts no nodes while Launch is suspended" in refused["msg"], refused
    real = step(True, **made)
    assert real["group"]["subnets"] == [chosen]
    wanted = [{"Name": "group-name", "Values": [f"{NAME}.ssh"]}]
    (group,) = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
    assert group["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "203.0.113.0/24"}]
    assert group["GroupId"] in read_data(sandbox)["SecurityGroupIds"]
    step(False, **made)
    other = {**made, "template": {"key_name": "k", "ssh_sources": ["198.51.100.0/24"]}}
    step(True, **other)
    step(False, **other)
    nodes(state="absent", wait=True)
    assert ec2.describe_security_groups(Filters=wanted)["SecurityGroups"] == []


def test_nodes_in_a_local_zone(sandbox, run_module, nodes, step, ground):
    ec2 = sandbox.client("ec2")
    ec2.modify_availability_zone_group(GroupName="ap-northeast-1-tpe-1", OptInStatus="opted-in")
    vpc = ec2.describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"][0]["VpcId"]
    words = {"VpcId": vpc, "CidrBlock": "10.0.77.0/24", "AvailabilityZone": "ap-northeast-1-tpe-1a"}
    place = {"subnets": [ec2.create_subnet(**words)["Subnet"]["SubnetId"]]}
    step(True, **{**nodes.base, **place}, wait=True)
    named = {**nodes.base, "subnets": None, "local_zones": ["ap-northeast-1-tpe-1a"]}
    named |= {"private_subnets": ground["subnets"], "local_zone_private_subnets": place["subnets"]}
    step(False, **named, wait=True)
    refused = nodes(**{**named, "local_zone_private_subnets": ground["subnets"]})
    assert refused["failed"] and "local_zones: no subnet of local_zone_private_subnets is in" in refused["msg"], refused
    refused = nodes(**{**nodes.base, **place, "name": "other", "instance_types": ["m7i.large"]})
    assert refused["failed"] and "ap-northeast-1-tpe-1a offers none of m7i.large. Use one of c5.2x" in refused["msg"], (
        refused
    )
    for module, role, what in (
        ("eks_nodegroup", {"node_role": ground["node_role"]}, "managed node groups"),
        (
            "eks_fargate_profile",
            {"role_arn": ground["pod_role"], "selectors": [{"namespace": "a"}]},
            "Fargate profiles",
        ),
        ("eks_cluster", {"role_arn": ground["role"]}, "control planes"),
    ):
        named = {"name": "new"} if module == "eks_cluster" else {"cluster_name": CLUSTER, "name": "new"}
        own = {"subnets": [*ground["subnets"], *place["subnets"]]} if module == "eks_cluster" else place
        refused = run_module(module, {**named, **role, **own})
        assert refused["failed"] and f"EKS has no {what} there" in refused["msg"], refused


def test_efa_of_a_group(sandbox, nodes, step, ground):
    ec2 = sandbox.client("ec2")
    made = {**nodes.base, "subnets": ground["subnets"][:1], "instance_types": ["c6in.32xlarge"], "wait": True}
    made |= {"template": {"efa": True}}
    step(True, **made)
    step(False, **made)
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{NAME}.efa"]}])[
        "SecurityGroups"
    ]
    interfaces = read_data(sandbox)["NetworkInterfaces"]
    assert len(interfaces) == 2 and all(group["GroupId"] in row["Groups"] for row in interfaces)
    (placement,) = ec2.describe_placement_groups()["PlacementGroups"]
    assert (placement["GroupName"], placement["Strategy"]) == (f"{NAME}.efa", "cluster")
    step(True, state="absent", wait=True)
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    assert ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["*.efa"]}])["SecurityGroups"] == []


@pytest.mark.extended
def test_a_group_in_a_capacity_block(sandbox, nodes, step, ground):
    """A group with a plain launch template: it is changed and rolled as others, and stays what it is."""
    block = {
        **nodes.base,
        "subnets": ground["subnets"][:1],
        "capacity_type": "CAPACITY_BLOCK",
        "instance_types": ["p5.48xlarge"],
        "ami_type": "AL2023_x86_64_NVIDIA",
        "template": {"capacity_reservation": {"id": "cr-0123456789abcdef0"}},
        "wait": True,
    }
    made = step(True, **block)["group"]
    assert (made["capacity_type"], made["instance_types"]) == ("CAPACITY_BLOCK", ["p5.48xlarge"])
    group, data = describe(sandbox), read_data(sandbox)
    assert "MixedInstancesPolicy" not in group and group["LaunchTemplate"]["Version"] == "1"
    assert (data["InstanceType"], data["InstanceMarketOptions"]) == ("p5.48xlarge", {"MarketType": "capacity-block"})
    step(False, **block)
    kept = {key: value for key, value in block.items() if key not in ("capacity_type", "instance_types")}
    step(False, **kept)
    rolled = step(True, **{**kept, "labels": {"role": "other"}})["group"]
    assert [(row["launch_template_version"], row["outdated"]) for row in rolled["instances"]] == [("2", False)] * 2
    assert read_data(sandbox)["InstanceType"] == "p5.48xlarge"
    sizes = {"scaling_config": {"min_size": 0, "max_size": 2, "desired_size": 0}, "enforce_desired_size": True}
    step(True, **sizes, wait=True)
    lost = nodes(**{**kept, "template": {}})
    assert lost["failed"] and "Use template.capacity_reservation.id" in lost["msg"]
    other = nodes(**{**nodes.base, "capacity_type": "ON_DEMAND"})
    assert other["failed"] and "capacity_type is 'CAPACITY_BLOCK', not 'ON_DEMAND'" in other["msg"]
    step(True, state="absent", wait=True)


def test_a_mixed_group_does_not_become_one_in_a_capacity_block(nodes):
    assert not nodes(**nodes.base)["failed"]
    template = {"capacity_reservation": {"id": "cr-0123456789abcdef0"}}
    words = {**nodes.base, "capacity_type": "CAPACITY_BLOCK", "instance_types": ["m5.large"], "template": template}
    refused = nodes(**words)
    assert refused["failed"] and "capacity_type is 'ON_DEMAND', not 'CAPACITY_BLOCK'" in refused["msg"]


def test_options_that_are_left_out_change_nothing(sandbox, nodes, step):
    step(True, **nodes.base, wait=True)
    before = read_data(sandbox)
    real = step(True, scaling_config={"min_size": 1, "max_size": 9})
    assert (real["group"]["scaling_config"], read_data(sandbox)) == (
        {"min_size": 1, "max_size": 9, "desired_size": 2},
        before,
    )
    sandbox.client("autoscaling").set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=4)
    step(False, scaling_config={"min_size": 1, "max_size": 9, "desired_size": 2})
    step(True, scaling_config={"min_size": 1, "max_size": 9, "desired_size": 2}, enforce_desired_size=True)


def test_a_list_with_a_purge(sandbox, nodes):
    rows = [{"name": name} for name in ("mixed", "other")]
    words = {"defaults": dict(nodes.base), "wait": True, "purge": True}
    made = nodes(self_managed_nodegroups=rows, **words)
    assert not made["failed"] and [row["changed"] for row in made["self_managed_nodegroups"]] == [True, True], made
    left = nodes(self_managed_nodegroups=rows[1:], **{**words, "purge": False})
    assert (left["changed"], left["unlisted"]) == (False, ["mixed"])
    done = nodes(self_managed_nodegroups=rows[1:], **words)
    assert [(row["name"], row["changed"]) for row in done["self_managed_nodegroups"]] == [
        ("other", False),
        ("mixed", True),
    ]
    assert describe(sandbox) is None
    entries = sandbox.client("eks").list_access_entries(clusterName=CLUSTER)["accessEntries"]
    assert nodes.base["node_role"] in entries  # the other group has the role, too


@pytest.mark.extended
def test_a_rollout_that_drains_requires_the_cluster(sandbox, nodes):
    assert not nodes(**nodes.base, wait=True)["failed"]
    before = read_data(sandbox)
    words = {**nodes.base, "update_config": {"max_unavailable": 1}, "template": {"monitoring": True}, "wait": True}
    refused = nodes(**words)
    assert refused["failed"] and "set instance_refresh, which does not drain" in refused["msg"]
    assert read_data(sandbox) == before
    kept = nodes(**{**words, "update_config": {"strategy": "none"}})
    assert not kept["failed"] and [row["outdated"] for row in kept["group"]["instances"]] == [True, True]


@pytest.mark.parametrize(
    ("ami_type", "words"),
    [
        ("AL2023_x86_64_NVIDIA", ("application/node.eks.aws", '"name": "my-cluster"', "--node-labels=role=mixed")),
        (
            "BOTTLEROCKET_x86_64",
            ('cluster-name = "my-cluster"', "[settings.kubernetes.node-labels]", "batch:NoSchedule"),
        ),
        (
            "WINDOWS_CORE_2022_x86_64",
            ("Start-EKSBootstrap.ps1", '-EKSClusterName "my-cluster"', "--register-with-taints="),
        ),
    ],
)
def test_each_image_is_told_its_cluster(sandbox, nodes, ami_type, words):
    types = ["g5.xlarge"] if "NVIDIA" in ami_type else ["m5.large"]
    made = nodes(**{**nodes.base, "ami_type": ami_type, "instance_types": types})
    assert not made["failed"], made
    text = base64.b64decode(read_data(sandbox)["UserData"]).decode()
    assert [word for word in words if word not in text] == [], text
    for _look in range(5):
        describe(sandbox)
    assert [node.labels for node in list_nodes(sandbox)] == [{"role": "mixed"}] * 2


@pytest.mark.extended
def test_the_image_stays_until_the_task_asks_for_another(sandbox, nodes, step):
    step(True, **nodes.base, wait=True)
    ssm, old = sandbox.client("ssm"), read_data(sandbox)["ImageId"]
    name = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id"
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == old
    step(True, **nodes.base, version="1.32", wait=True)
    new = read_data(sandbox)["ImageId"]
    assert new != old
    step(False, **nodes.base, wait=True)
    step(True, **{**nodes.base, "template": {"image_id": "ami-0123456789abcdef0"}}, wait=True)
    step(True, **nodes.base, wait=True)
    assert read_data(sandbox)["ImageId"] == new
    refused = nodes(**nodes.base, version="1.34")
    assert refused["failed"] and "Upgrade the cluster first" in refused["msg"]


def test_a_group_of_somebody_else_is_refused(sandbox, nodes):
    made = nodes(**nodes.base)
    assert not made["failed"], made
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": OWNER}
    sandbox.client("autoscaling").delete_tags(Tags=[tag])
    for words in (nodes.base, {"state": "absent"}):
        refused = nodes(**words)
        assert refused["failed"] and "was not created by kumo.eks" in refused["msg"], refused


@pytest.mark.extended
def test_the_info_module_finds_what_was_created(run_module, nodes):
    nodes(**nodes.base, wait=True)
    found = run_module(f"{MODULE}_info", {"cluster_name": CLUSTER})["self_managed_nodegroups"]
    assert [(row["name"], row["auto_scaling_group_name"], len(row["instances"])) for row in found] == [
        ("mixed", NAME, 2)
    ]
    assert run_module(f"{MODULE}_info", {"cluster_name": "other"})["self_managed_nodegroups"] == []


@pytest.mark.extended
def test_suspended_processes_are_not_resumed(sandbox, nodes):
    nodes(**nodes.base, wait=True)
    sandbox.client("autoscaling").suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])
    refused = nodes(**{**nodes.base, "template": {"monitoring": True}}, wait=True)
    assert refused["failed"] and "Launch is suspended" in refused["msg"]


def test_an_exact_list_of_access_entries_lets_the_nodes_in(sandbox, run_module, nodes, step):
    """The entry of the nodes is the role's own, and no list of access entries names it."""
    step(True, **nodes.base)
    done = run_module("eks_access_entry", {"cluster_name": CLUSTER, "access_entries": [], "exact": True})
    assert not done["failed"], done
    reasons = {row["name"]: row["why"] for row in done["kept"]}
    assert "self-managed nodes join the cluster by it" in reasons[nodes.base["node_role"]]
    step(False, **nodes.base)


def test_a_public_key_and_described_instance_types(sandbox, nodes, step):
    base = {name: value for name, value in nodes.base.items() if name != "instance_types"}
    task = {**base, "instance_selector": {"vcpus": 2, "memory": "8", "allow": "^m5a?[.]"}}
    made = step(True, **task, template={"public_key": PUBLIC_KEY})
    assert made["instance_types"] == ["m5.large", "m5a.large"]
    (pair,) = sandbox.client("ec2").describe_key_pairs()["KeyPairs"]
    assert pair["KeyName"].startswith(f"{NAME}.") and read_data(sandbox)["KeyName"] == pair["KeyName"]
    step(False, **task, template={"public_key": PUBLIC_KEY})
    assert nodes(state="absent", wait=True)["changed"]
    assert sandbox.client("ec2").describe_key_pairs()["KeyPairs"] == []
