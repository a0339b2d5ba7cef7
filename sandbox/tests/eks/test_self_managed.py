"""Auto Scaling groups of the account's own: instances on the clock, which of them become nodes, refreshes and deletion."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.eks.node_user_data import read_user_data

IMAGE = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id"
JOINED = durations.INSTANCE_LAUNCH + durations.INSTANCE_BOOT + 60
STEP = 40.0


def encode(text):
    return base64.b64encode(text.encode()).decode()


def build_config(cluster, **flags):
    details = {
        "name": cluster["name"],
        "apiServerEndpoint": cluster["endpoint"],
        "certificateAuthority": cluster["certificateAuthority"]["data"],
        "cidr": cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
    }
    kubelet = {"flags": [f"--{key.replace('_', '-')}={value}" for key, value in flags.items()]}
    return json.dumps({"kind": "NodeConfig", "spec": {"cluster": details, "kubelet": kubelet}})


class Group:
    """One Auto Scaling group, its template and what became of its instances."""

    def __init__(self, sandbox, account, cluster):
        self.sandbox, self.account, self.cluster = sandbox, account, cluster
        self.ec2, self.asg, iam = (sandbox.client(name) for name in ("ec2", "autoscaling", "iam"))
        iam.create_instance_profile(InstanceProfileName="nodes")
        iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="node")
        image = sandbox.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        shared = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
        self.data = {
            "ImageId": image,
            "IamInstanceProfile": {"Name": "nodes"},
            "SecurityGroupIds": [shared],
            "UserData": encode(build_config(cluster, node_labels="a=b", register_with_taints="x=y:NoSchedule")),
        }

    def create(self, **changes):
        words = {"LaunchTemplateName": "own", "LaunchTemplateData": {**self.data, **changes}}
        self.template = self.ec2.create_launch_template(**words)["LaunchTemplate"]["LaunchTemplateId"]
        self.asg.create_auto_scaling_group(
            AutoScalingGroupName="own",
            MinSize=1,
            MaxSize=4,
            DesiredCapacity=2,
            VPCZoneIdentifier=",".join(self.account["subnets"]),
            MixedInstancesPolicy=self.build_policy("1"),
        )

    def build_policy(self, version):
        spec = {"LaunchTemplateId": self.template, "Version": version}
        return {"LaunchTemplate": {"LaunchTemplateSpecification": spec, "Overrides": [{"InstanceType": "m5.large"}]}}

    def roll_out(self, **changes):
        words = {"LaunchTemplateId": self.template, "LaunchTemplateData": {**self.data, **changes}}
        self.ec2.create_launch_template_version(**words)
        self.asg.update_auto_scaling_group(AutoScalingGroupName="own", MixedInstancesPolicy=self.build_policy("2"))

    def describe(self):
        rows = self.asg.describe_auto_scaling_groups(AutoScalingGroupNames=["own"])["AutoScalingGroups"]
        return rows[0] if rows else None

    def states(self):
        return sorted(row["LifecycleState"] for row in self.describe()["Instances"])

    def versions(self):
        return sorted(row["LaunchTemplate"]["Version"] for row in self.describe()["Instances"])

    def nodes(self, seconds=0.0):
        """After so many seconds, with a look every few of them: one thing begins when the one before is over."""
        while seconds > 0:
            self.sandbox.clock.advance(min(seconds, STEP))
            self.describe()  # what is due is acted out with a call
            seconds -= STEP
        return self.sandbox.view(self.cluster["arn"]).nodes


@pytest.fixture
def own(sandbox, account, eks, cluster, monkeypatch):
    """A group of a cluster that lets the role of its nodes in. Reads find it at once: sandbox/tests/service/test_lag.py has the lag."""
    monkeypatch.setattr(durations, "READ_LAG", 0.0)
    mode = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.update_cluster_config(name=cluster, accessConfig=mode)
    sandbox.clock.advance(durations.CLUSTER_CONFIG_UPDATE)
    found = Group(sandbox, account, eks.describe_cluster(name=cluster)["cluster"])
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    eks.create_access_entry(clusterName=cluster, principalArn=account["node"], type="EC2_LINUX")
    return found


def test_instances_come_and_join_by_and_by(own):
    own.create()
    assert own.states() == ["Pending", "Pending"]
    assert own.nodes(durations.INSTANCE_LAUNCH + 1) == ()
    assert own.states() == ["InService", "InService"]
    found = own.nodes(durations.INSTANCE_BOOT + 1)
    assert [(node.labels, node.taints, node.nodegroup, node.version) for node in found] == [
        ({"a": "b"}, (("x", "y", "NoSchedule"),), "", "1.33")
    ] * 2
    assert {node.zone for node in found} == {"ap-northeast-1a", "ap-northeast-1c"}


@pytest.mark.parametrize(
    "changes",
    [
        {"UserData": encode("#!/bin/sh\n")},
        {"IamInstanceProfile": {"Name": "others"}},
        {"SecurityGroupIds": []},
    ],
    ids=["no bootstrap data", "a role without an entry", "another security group"],
)
def test_what_lacks_something_never_joins(sandbox, own, account, changes):
    iam = sandbox.client("iam")
    iam.create_instance_profile(InstanceProfileName="others")
    iam.add_role_to_instance_profile(InstanceProfileName="others", RoleName="pod")
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    own.create(**changes)
    assert own.nodes(JOINED) == () and own.nodes(1800) == ()
    assert own.states() == ["InService", "InService"]


def test_nodes_join_when_their_role_gets_its_entry(own, eks, account):
    words = {"clusterName": "c", "principalArn": account["node"]}
    eks.delete_access_entry(**words)
    own.create()
    assert own.nodes(JOINED) == ()
    eks.create_access_entry(**words, type="EC2_LINUX")
    assert len(own.nodes(durations.NODES_LOOK + 1)) == 2


def test_a_new_instance_profile_is_not_known_at_once(own, sandbox):
    sandbox.client("iam").create_instance_profile(InstanceProfileName="new")
    with pytest.raises(ClientError, match="ValidationError.*Invalid IAM Instance Profile name"):
        own.create(IamInstanceProfile={"Name": "new"})


BLOCK = {
    "InstanceType": "p5.48xlarge",
    "InstanceMarketOptions": {"MarketType": "capacity-block"},
    "CapacityReservationSpecification": {
        "CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}
    },
}


def test_a_group_in_a_capacity_block_has_no_mixed_instances_policy(own, sandbox):
    with pytest.raises(ClientError, match=r"ValidationError.*Incompatible launch template.*Capacity Blocks"):
        own.create(**BLOCK)
    words = {
        "AutoScalingGroupName": "block",
        "MinSize": 1,
        "MaxSize": 1,
        "VPCZoneIdentifier": own.account["subnets"][0],
    }
    own.asg.create_auto_scaling_group(**words, LaunchTemplate={"LaunchTemplateId": own.template, "Version": "1"})
    group = own.asg.describe_auto_scaling_groups(AutoScalingGroupNames=["block"])["AutoScalingGroups"][0]
    assert "MixedInstancesPolicy" not in group and group["LaunchTemplate"]["LaunchTemplateId"] == own.template
    rows = own.ec2.describe_instances(InstanceIds=[group["Instances"][0]["InstanceId"]])["Reservations"]
    assert rows[0]["Instances"][0]["InstanceLifecycle"] == "capacity-block"


def test_a_template_that_asks_for_spot_instances_goes_with_no_mix(own):
    with pytest.raises(ClientError, match="request Spot Instances"):
        own.create(InstanceMarketOptions={"MarketType": "spot"})


def test_a_capacity_block_is_named_by_its_reservation(own):
    with pytest.raises(ClientError):
        own.create(**{**BLOCK, "CapacityReservationSpecification": {}})
    words = {
        "AutoScalingGroupName": "block",
        "MinSize": 0,
        "MaxSize": 1,
        "VPCZoneIdentifier": own.account["subnets"][0],
    }
    with pytest.raises(ClientError, match="must contain the parameter CapacityReservationId"):
        own.asg.create_auto_scaling_group(**words, LaunchTemplate={"LaunchTemplateId": own.template, "Version": "1"})


def test_an_instance_keeps_its_version_until_it_is_replaced(own):
    own.create()
    own.nodes(JOINED)
    own.roll_out(Monitoring={"Enabled": True})
    assert own.versions() == ["1", "1"]
    old = own.describe()["Instances"][0]["InstanceId"]
    own.asg.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
    assert own.states() == ["InService", "Pending", "Terminating"]
    own.nodes(JOINED)
    assert (own.versions(), len(own.nodes())) == (["1", "2"], 2)
    last = own.describe()["Instances"][0]["InstanceId"]
    own.asg.terminate_instance_in_auto_scaling_group(InstanceId=last, ShouldDecrementDesiredCapacity=True)
    with pytest.raises(ClientError, match="desiredSize equals minSize"):
        own.asg.terminate_instance_in_auto_scaling_group(
            InstanceId=own.describe()["Instances"][-1]["InstanceId"], ShouldDecrementDesiredCapacity=True
        )


def test_an_instance_refresh_replaces_what_does_not_match(own, sandbox):
    own.create()
    own.nodes(JOINED)
    own.roll_out(Monitoring={"Enabled": True})
    words = {"AutoScalingGroupName": "own"}
    own.asg.start_instance_refresh(**words, Preferences={"SkipMatching": True, "MinHealthyPercentage": 50})
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        own.asg.start_instance_refresh(**words)
    seen = []
    for _each in range(6):
        (row,) = own.asg.describe_instance_refreshes(**words)["InstanceRefreshes"]
        seen.append((row["Status"], row["PercentageComplete"]))
        sandbox.clock.advance(JOINED)
    assert seen[:2] == [("InProgress", 0), ("InProgress", 50)] and seen[-1] == ("Successful", 100)
    assert own.versions() == ["2", "2"]


def test_a_group_is_there_until_its_instances_are_gone(own, sandbox):
    own.create()
    own.nodes(JOINED)
    with pytest.raises(ClientError, match="ResourceInUse"):
        own.asg.delete_auto_scaling_group(AutoScalingGroupName="own")
    own.asg.delete_auto_scaling_group(AutoScalingGroupName="own", ForceDelete=True)
    assert own.describe()["Status"] == "Delete in progress" and own.states() == ["Terminating", "Terminating"]
    assert own.nodes(durations.INSTANCE_TERMINATE + 1) == ()
    assert own.describe() is None
    found = sandbox.client("ec2").describe_instances()["Reservations"]
    assert {row["State"]["Name"] for one in found for row in one["Instances"]} == {"terminated"}


def test_what_is_refused(own):
    own.create()
    with pytest.raises(ClientError, match="AlreadyExists"):
        own.asg.create_auto_scaling_group(
            AutoScalingGroupName="own", MinSize=0, MaxSize=1, AvailabilityZones=["ap-northeast-1a"]
        )
    with pytest.raises(ClientError, match="Desired capacity:9 must be between"):
        own.asg.update_auto_scaling_group(AutoScalingGroupName="own", DesiredCapacity=9)
    with pytest.raises(ClientError, match="launch template version 7"):
        own.asg.update_auto_scaling_group(AutoScalingGroupName="own", MixedInstancesPolicy=own.build_policy("7"))
    own.asg.update_auto_scaling_group(AutoScalingGroupName="own", MinSize=3)
    found = own.describe()
    assert (found["DesiredCapacity"], len(found["Instances"])) == (3, 3)
    assert found["MixedInstancesPolicy"]["InstancesDistribution"]["SpotAllocationStrategy"] == "lowest-price"


def test_metrics_and_a_lifetime_are_kept_and_load_balancers_must_exist(own):
    own.create()
    named = {"AutoScalingGroupName": "own"}
    own.asg.enable_metrics_collection(**named, Granularity="1Minute", Metrics=["GroupMinSize"])
    own.asg.enable_metrics_collection(**named, Granularity="1Minute", Metrics=["GroupMaxSize"])
    own.asg.update_auto_scaling_group(**named, MaxInstanceLifetime=86400)
    found = own.describe()
    assert [row["Metric"] for row in found["EnabledMetrics"]] == ["GroupMaxSize", "GroupMinSize"]
    assert found["MaxInstanceLifetime"] == 86400
    own.asg.disable_metrics_collection(**named, Metrics=["GroupMaxSize"])
    own.asg.update_auto_scaling_group(**named, MaxInstanceLifetime=0)
    found = own.describe()
    assert [row["Metric"] for row in found["EnabledMetrics"]] == ["GroupMinSize"] and "MaxInstanceLifetime" not in found
    arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/a/1"
    with pytest.raises(ClientError, match="Target Groups may not be valid"):
        own.asg.attach_load_balancer_target_groups(**named, TargetGroupARNs=[arn])
    with pytest.raises(ClientError, match="Load Balancers may not be valid"):
        own.asg.attach_load_balancers(**named, LoadBalancerNames=["a"])


TOML = """
[settings.kubernetes]
api-server = "https://x"
cluster-certificate = "ca"
cluster-name = "c"
[settings.kubernetes.node-labels]
"a.b/c" = "d"
[settings.kubernetes.node-taints]
x = ["y:NoSchedule", "z:NoExecute"]
"""
POWERSHELL = """<powershell>
[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"
& $EKSBootstrapScriptFile -EKSClusterName "c" -KubeletExtraArgs "--node-labels=a=b --register-with-taints=x:NoExecute" 3>&1
</powershell>"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TOML, ("BOTTLEROCKET", "c", {"a.b/c": "d"}, (("x", "y", "NoSchedule"), ("x", "z", "NoExecute")), True)),
        (POWERSHELL, ("WINDOWS", "c", {"a": "b"}, (("x", "", "NoExecute"),), True)),
        ("[settings.kubernetes]\ncluster-name = 'c'\n", ("BOTTLEROCKET", "c", {}, (), False)),
    ],
)
def test_each_image_reads_its_own_user_data(text, expected):
    found = read_user_data(encode(text))
    assert (found.system, found.cluster, found.labels, found.taints, found.is_complete) == expected
