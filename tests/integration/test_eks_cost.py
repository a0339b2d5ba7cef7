# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_cost_info and eks_cost_plan against an account: what is counted, where prices come from, and what cannot be read."""

from __future__ import annotations

import json

import pytest
from denials import build_policy_without
from support.fake_kubernetes import FakeKubernetes

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
OPTIONS = {"cluster_name": CLUSTER, "region": REGION, "kubernetes": False}


@pytest.fixture
def cluster(request, sandbox, ground, kept_account):
    """A cluster with nodes on demand and on spot, an add-on of storage, a load balancer and a Fargate profile."""
    return kept_account.build(request, lambda: build_cluster(sandbox, ground))


def build_cluster(sandbox, ground):
    eks, ec2, inside = sandbox.client("eks"), sandbox.client("ec2"), {"clusterName": CLUSTER}
    secrets = [{"resources": ["secrets"], "provider": {"keyArn": ground["key"]}}]
    place = {"subnetIds": ground["subnets"]}
    eks.create_cluster(
        name=CLUSTER, version="1.33", roleArn=ground["role"], resourcesVpcConfig=place, encryptionConfig=secrets
    )
    common = {**inside, "nodeRole": ground["node_role"], "subnets": ground["subnets"]}
    data = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3"}}]}
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)["LaunchTemplate"]
    named = {"launchTemplate": {"id": template["LaunchTemplateId"], "version": "1"}}
    sizes = {"minSize": 1, "maxSize": 5, "desiredSize": 3}
    eks.create_nodegroup(**common, **named, nodegroupName="general", instanceTypes=["m5.large"], scalingConfig=sizes)
    sizes = {"minSize": 0, "maxSize": 5, "desiredSize": 2}
    spot = {"capacityType": "SPOT", "instanceTypes": ["m5.large", "m5a.large"], "scalingConfig": sizes}
    eks.create_nodegroup(**common, **named, nodegroupName="spot", **spot)
    selectors = [{"namespace": "batch"}]
    role = ground["pod_role"]
    eks.create_fargate_profile(
        **inside, fargateProfileName="batch", podExecutionRoleArn=role, subnets=ground["subnets"], selectors=selectors
    )
    tags = [{"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"}]
    claim = [{"Key": "kubernetes.io/created-for/pvc/name", "Value": "data"}]
    rows = [{"ResourceType": "volume", "Tags": [*tags, *claim]}]
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=100, VolumeType="gp3", TagSpecifications=rows)
    elb = sandbox.client("elbv2")
    for name, scheme, own in (("web", "internet-facing", tags), ("theirs", "internal", [])):
        words = {"Subnets": ground["subnets"], "Scheme": scheme, "Type": "network", **({"Tags": own} if own else {})}
        elb.create_load_balancer(Name=name, **words)


@pytest.fixture
def price(run_module):
    def run(**options):
        return run_module("eks_cost_info", {**OPTIONS, **options})

    return run


def list_amounts(result):
    return {line["name"]: line["monthly"] for line in result["lines"]}


def test_everything_is_counted(cluster, ground, price):
    found = price()
    assert not found["failed"] and found["failures"] == []
    amounts, lines = list_amounts(found), {line["name"]: line for line in found["lines"]}
    assert amounts["standard support"] == 73.0
    assert amounts["node group general, m5.large"] == pytest.approx(3 * 0.124 * 730)
    assert amounts["volumes of general: 3 x 50 GiB gp3"] == pytest.approx(150 * 0.096)
    assert amounts["PersistentVolumes: 1 x 100 GiB gp3"] == pytest.approx(9.6)
    assert amounts["NAT gateways"] == pytest.approx(0.062 * 730)
    assert amounts["network load balancer web"] == pytest.approx(0.0243 * 730)
    assert amounts["public IPv4 addresses of network load balancer web"] == pytest.approx(3 * 0.005 * 730)
    assert amounts[ground["key"]] == 1.0 and not any("theirs" in name for name in amounts)
    spot = lines["node group spot, m5.large on spot"]
    assert 0 < spot["monthly"] < 2 * 0.124 * 730 and spot["source"].startswith("EC2, DescribeSpotPriceHistory")
    assert lines["node group general, m5.large"]["source"] == "Price List API, AmazonEC2, APN1-BoxUsage:m5.large"
    assert amounts["pods on Fargate"] is None and found["total"]["unknown"] == ["pods on Fargate"]
    known = sum(amount for amount in amounts.values() if amount)
    assert found["total"]["at_least"] and found["total"]["monthly"] == pytest.approx(known)
    assert amounts["extended support"] == pytest.approx(365)  # of 1.33, whose standard support ended in July 2026
    assert any("Kubernetes 1.33 is in extended support since 2026-07-29" in text for text in found["notices"])


def test_the_shipped_table_says_the_same(cluster, price):
    """Where the Price List API is not asked: the prices of the table, each with its date."""
    table, asked = price(price_source="table"), price()
    assert {line["source"] for line in table["lines"] if line["source"].startswith("Price List API")} == set()
    assert list_amounts(table) == list_amounts(asked)
    assert all(line["as_of"] for line in table["lines"] if line["monthly"] is not None)


@pytest.fixture
def deny(sandbox, monkeypatch):
    """A caller without some rights."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    yield lambda *actions: iam.put_user_policy(
        UserName="reader", PolicyName="own", PolicyDocument=build_policy_without(*actions)
    )
    sandbox.set_enforce_iam(False)


# Of each right the lines that are missing without it: docs/permissions.md has the same list
LOST = {
    "eks:DescribeClusterVersions": "support of the version",
    "ec2:DescribeInstances": "nodes",
    "eks:ListNodegroups": "nodes",
    "eks:DescribeNodegroup": "nodes",
    "ec2:DescribeVolumes": "nodes",
    "eks:ListFargateProfiles": "Fargate profiles",
    "ec2:DescribeNatGateways": "network",
    "elasticloadbalancing:DescribeLoadBalancers": "load balancers",
    "elasticloadbalancing:DescribeTags": "load balancers",
    "eks:ListCapabilities": "capabilities",
    "logs:DescribeLogGroups": "log groups",
}


def test_what_is_denied_is_unknown_and_not_free(cluster, price, deny):
    deny("pricing:GetProducts")
    whole = price(price_source="table")["total"]["monthly"]
    for action, name in LOST.items():
        deny(action)
        found = price(price_source="table")
        assert not found["failed"], found
        (line,) = [line for line in found["lines"] if line["name"] == name]
        assert line["monthly"] is None and action.split(":")[1] in line["note"], action
        assert found["total"]["at_least"] and found["total"]["monthly"] <= whole


def test_prices_that_may_not_be_asked_for(cluster, price, deny):
    deny("pricing:GetProducts", "ec2:DescribeSpotPriceHistory")
    found = price()
    assert not found["failed"] and len(found["failures"]) == 2
    assert all("not authorized" in text for text in found["failures"])
    assert list_amounts(found)["node group general, m5.large"] == pytest.approx(3 * 0.124 * 730)
    spot = next(line for line in found["lines"] if "spot" in line["name"])
    assert spot["monthly"] is None and spot["monthly_most"] == pytest.approx(2 * 0.124 * 730)
    refused = price(price_source="api")
    assert refused["failed"] and "price_source: api, and prices cannot be read" in refused["msg"]


def test_a_cluster_that_does_not_exist(sandbox, price):
    found = price()
    assert found["failed"] and f"cluster {CLUSTER} does not exist in {REGION}" in found["msg"]


def test_the_price_list_is_asked_where_it_is(sandbox, cluster, price):
    """Once for each price."""
    so_far = len(sandbox.calls())
    price()
    calls = [row for row in sandbox.calls()[so_far:] if row["service"] == "pricing"]
    assert {row["operation"] for row in calls} == {"GetProducts"} and len(calls) < 20


def test_a_plan_without_an_account(run_module, monkeypatch):
    """With the shipped table nothing is asked: neither an address nor credentials are needed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    group = {"name": "a", "changed": True, "instance_types": ["m5.large"], "scaling_config": {"desired_size": 2}}
    result = {"nodegroups": [group], "diff": {"before": {"a": {}}, "after": {"a": {**group, "disk_size": 20}}}}
    found = run_module("eks_cost_plan", {"results": [result], "region": REGION})
    assert not found["failed"] and found["difference"] == pytest.approx(2 * 0.124 * 730)
    assert json.loads(json.dumps(found["after"]))["at_least"] and found["before"]["monthly"] == 0


class Cluster(FakeKubernetes):
    """With metrics-server."""

    def read(self, path, accept=""):
        assert path == "/apis/metrics.k8s.io/v1beta1/pods"
        usage = {"cpu": "100m", "memory": "256Mi"}
        about = {"namespace": "shop", "name": "web"}
        return json.dumps({"items": [{"metadata": about, "containers": [{"usage": usage}]}]})


def build_node(name, kind, **capacity):
    labels = {"eks.amazonaws.com/compute-type": kind}
    if kind == "ec2":
        zone = {"topology.kubernetes.io/zone": f"{REGION}a", "eks.amazonaws.com/nodegroup": "general"}
        labels |= {"node.kubernetes.io/instance-type": "m5.large", **zone}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def build_pod(name, node, cpu, memory, **annotations):
    owner = [{"kind": "ReplicaSet", "uid": name}]
    about = {"name": name, "namespace": "shop", "annotations": annotations, "ownerReferences": owner}
    spec = {"nodeName": node, "containers": [{"resources": {"requests": {"cpu": cpu, "memory": memory}}}]}
    return {"metadata": about, "spec": spec, "status": {"phase": "Running"}}


@pytest.fixture
def kubernetes(sandbox, monkeypatch):
    fake = Cluster(sandbox.client("eks"), CLUSTER)
    fake._list_nodes = list
    monkeypatch.setattr(opening, "connect_api", fake.connect)
    nodes = [build_node("f1", "fargate"), build_node("f2", "fargate"), build_node("h1", "hybrid", cpu="8")]
    fake.objects["Node"] = [*nodes, build_node("e1", "ec2", cpu="1930m", memory="7Gi")]
    fake.objects["Pod"] = [
        build_pod("a", "f1", "250m", "512Mi", CapacityProvisioned="0.25vCPU 1GB"),
        build_pod("b", "f2", "1", "8Gi"),
        build_pod("web", "e1", "500m", "1Gi"),
    ]
    return fake


def test_kubernetes_knows_pods_on_fargate_and_hybrid_nodes(cluster, kubernetes, price):
    found = price(kubernetes=True, rightsizing=True)
    assert not found["failed"], found
    amounts = list_amounts(found)
    assert amounts["1 pod of 0.25 vCPU and 1 GB, vCPU"] == pytest.approx(0.25 * 0.05056 * 730)
    assert amounts["1 pod of 2 vCPU and 9 GB, memory"] == pytest.approx(9 * 0.00553 * 730)  # 8 GiB and 256 MiB
    assert amounts["hybrid nodes"] == pytest.approx(8 * 730 * 0.02) and found["total"]["unknown"] == []
    (group,) = found["rightsizing"]["groups"]
    assert group["instance_types"] == ["m5.large"] and group["cpu_used"] == pytest.approx(5.2)
    assert [row["place"] for row in found["rightsizing"]["alternatives"]] == [
        "EKS on EC2",
        "EKS on Fargate",
        "ECS on EC2",
        "ECS on Fargate",
    ]


def test_a_cluster_that_cannot_be_reached(cluster, kubernetes, price, monkeypatch):
    def refuse(*_args):
        raise EksError("no route to host")

    monkeypatch.setattr(opening, "connect_api", refuse)
    found = price(kubernetes=True, rightsizing=True)
    (line,) = [line for line in found["lines"] if line["name"] == "pods on Fargate"]
    assert "no route to host" in line["note"] and "rightsizing" not in found
    refused = price(rightsizing=True)
    assert refused["failed"] and "rightsizing: true needs the pods" in refused["msg"]


def test_a_group_without_nodes_has_the_type_of_its_launch_template(cluster, price, sandbox, ground):
    ec2, eks = sandbox.client("ec2"), sandbox.client("eks")
    made = ec2.create_launch_template(LaunchTemplateName="big", LaunchTemplateData={"InstanceType": "m5.4xlarge"})
    template = {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}
    place = {"clusterName": CLUSTER, "nodeRole": ground["node_role"], "subnets": ground["subnets"]}
    sizes = {"minSize": 1, "maxSize": 1, "desiredSize": 1}
    eks.create_nodegroup(**place, nodegroupName="big", launchTemplate=template, scalingConfig=sizes)
    found = ec2.describe_instances(Filters=[{"Name": "tag:eks:nodegroup-name", "Values": ["big"]}])
    ids = [row["InstanceId"] for reservation in found["Reservations"] for row in reservation["Instances"]]
    if ids:
        ec2.terminate_instances(InstanceIds=ids)
    names = {line["name"] for line in price()["lines"]}
    assert "node group big, m5.4xlarge" in names, names
