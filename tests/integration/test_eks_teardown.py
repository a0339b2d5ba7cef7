# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_teardown: what controllers left is removed through AWS, or by themselves while they live; nothing of others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support.account.listing import leave_out_remains, list_account
from support.leaks import REGION, Planter

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.leaks import teardown

CLUSTER, OTHER = "my-cluster", "other-cluster"


@pytest.fixture
def do(run_module):
    """do("leftovers", volumes="delete") -> the result of a step."""

    def run(step, check=False, fails=False, **options):
        result = run_module(
            "eks_teardown", {"cluster_name": CLUSTER, "step": step, "wait_timeout": 10, **options}, check=check
        )
        assert result["failed"] == fails, result
        return result

    return run


@pytest.fixture
def account(sandbox):
    return lambda: leave_out_remains(list_account(sandbox.client))


@pytest.fixture
def planter(sandbox, ground):
    return Planter(sandbox.client, CLUSTER, ground["subnets"])


@pytest.fixture
def cluster(sandbox, ground):
    """A cluster; the ID of its security group."""
    made = sandbox.client("eks").create_cluster(
        name=CLUSTER, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}
    )
    sandbox.store.settle()
    return (
        made["cluster"]["resourcesVpcConfig"].get("clusterSecurityGroupId")
        or sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"][
            "clusterSecurityGroupId"
        ]
    )


def plant_network(planter):
    """Load balancers of both controllers, whose groups name each other, and interfaces of pods."""
    planter.plant_classic_balancer()
    modern = planter.plant_modern_balancer()
    planter.let_in(modern["security_group"], modern["back"])
    planter.let_in(modern["back"], modern["security_group"])
    planter.plant_interface(modern["back"])
    planter.plant_instance()
    planter.plant_template()
    return modern


def test_what_controllers_left_is_removed_and_nothing_of_others(do, sandbox, ground, planter, account):
    strange = Planter(sandbox.client, OTHER, ground["subnets"])
    strange.plant_classic_balancer()
    group = strange.plant_modern_balancer()["back"]
    strange.plant_interface()
    before = account()
    modern = plant_network(planter)
    planter.let_in(group, modern["back"])  # a group of somebody else lets the load balancer in
    planted = account()
    plan = do("leftovers", check=True)
    assert account() == planted
    result = do("leftovers")
    assert (plan["changed"], result["changed"]) == (True, True)
    assert sorted(row["id"] for row in plan["removed"]) == sorted(row["id"] for row in result["removed"])
    assert {row["kind"] for row in result["removed"]} == {
        "load_balancer",
        "target_group",
        "security_group",
        "network_interface",
        "instance",
        "launch_template",
    }
    assert account() == before
    assert not do("leftovers")["changed"]


def test_the_cluster_keeps_its_own_group_and_loses_the_rules_of_its_load_balancers(do, sandbox, planter, cluster):
    modern = planter.plant_modern_balancer()
    planter.let_in(cluster, modern["back"])
    removed = do("leftovers")["removed"]
    assert cluster not in {row["id"] for row in removed}
    (group,) = sandbox.client("ec2").describe_security_groups(GroupIds=[cluster])["SecurityGroups"]
    pairs = [pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]]
    assert modern["back"] not in pairs
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    sandbox.store.settle()
    proof = do("proof")
    assert (proof["left"], [row["kind"] for row in proof["kept"]]) == ([], [])
    assert proof["lines"] == [f"Nothing is left of cluster {CLUSTER}."]


def test_trust_anchor_and_profile_go_when_the_cluster_is_gone(do, sandbox, ground, planter, cluster, account):
    Planter(sandbox.client, OTHER, ground["subnets"]).plant_anywhere()
    planted = planter.plant_anywhere()
    kept = account()
    assert not do("leftovers")["changed"] and account() == kept  # nodes of the cluster use them
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    sandbox.store.settle()
    assert {row["id"] for row in do("proof")["left"]} == set(planted.values())
    plan, result = do("leftovers", check=True), do("leftovers")
    assert plan["diff"] == result["diff"]
    assert [(row["kind"], row["id"]) for row in result["removed"]] == list(reversed(planted.items()))
    assert not do("leftovers")["changed"] and do("proof")["left"] == []
    assert len(sandbox.client("rolesanywhere").list_profiles()["profiles"]) == 1


@pytest.mark.parametrize(
    ("volumes", "left"),
    [("keep", ["volume"]), ("snapshot", ["snapshot"]), ("delete", [])],
)
def test_volumes_go_as_the_policy_says(do, planter, volumes, left):
    planter.plant_volume()
    assert do("leftovers", volumes=volumes)["changed"] == (volumes != "keep")
    assert not do("leftovers", volumes=volumes)["changed"]
    proof = do("proof", volumes=volumes)
    assert [row["kind"] for row in proof["kept"]] == left
    assert all(f"aws --region {REGION} ec2 delete-{row['kind']}" in row["remedy"] for row in proof["kept"])


def test_a_volume_that_said_retain_is_kept(do, planter):
    volume = planter.plant_volume({"kumo.eks/volume": f"{CLUSTER}/Retain"})
    assert not do("leftovers", volumes="delete")["changed"]
    (kept,) = do("proof", volumes="delete")["kept"]
    assert (kept["id"], kept["why"]) == (volume, "its PersistentVolume had the reclaim policy Retain")


def test_a_snapshot_that_an_interrupted_run_began_is_used(do, sandbox, planter):
    volume = planter.plant_volume()
    tags = [{"Key": "kumo.eks/snapshot-of", "Value": volume}]
    begun = [{"ResourceType": "snapshot", "Tags": tags}]
    sandbox.client("ec2").create_snapshot(VolumeId=volume, TagSpecifications=begun)
    do("leftovers", volumes="snapshot")
    found = sandbox.client("ec2").describe_snapshots(Filters=[{"Name": "tag:kumo.eks/snapshot-of", "Values": [volume]}])
    assert len(found["Snapshots"]) == 1


def test_the_log_group_goes_after_the_cluster_and_only_when_that_is_said(do, sandbox, cluster):
    logs = sandbox.client("logs")
    name = f"/aws/eks/{CLUSTER}/cluster"
    if not logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
        logs.create_log_group(logGroupName=name)
    assert not do("leftovers", log_group="delete")["changed"]
    sandbox.client("eks").delete_cluster(name=CLUSTER)
    sandbox.store.settle()
    assert not do("leftovers")["changed"]
    assert [row["id"] for row in do("proof")["kept"]] == [name]
    assert [row["id"] for row in do("leftovers", log_group="delete")["removed"]] == [name]
    assert do("proof", log_group="delete")["kept"] == []


def test_a_load_balancer_in_another_vpc_is_named_and_kept(do, sandbox, planter, cluster):
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    words = {"VpcId": vpc, "CidrBlock": "10.9.0.0/24", "AvailabilityZone": f"{REGION}a"}
    planter.vpc, planter.subnets = vpc, [ec2.create_subnet(**words)["Subnet"]["SubnetId"]]
    planter.plant_classic_balancer()
    assert not do("leftovers")["changed"]
    rows = [row for row in do("check")["resources"] if row["kind"] == "load_balancer"]
    assert [(row["removed_by_teardown"], f"it is in {vpc}" in row["why"]) for row in rows] == [(False, True)]


def test_what_is_protected_is_seen_before_the_first_deletion(do, sandbox, planter, account):
    modern = planter.plant_modern_balancer()["load_balancer"]
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    sandbox.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=modern, Attributes=protection)
    before = account()
    result = do("check")
    assert [text.partition(".")[0] for text in result["obstacles"]] == [
        "Load balancer k8s-my-cluster-web has deletion protection"
    ]
    assert "In the way:" in result["lines"]
    assert account() == before


def test_a_stranger_in_the_network_is_seen_before_the_first_deletion(do, sandbox, run_module):
    run_module(
        "eks_network", {"cluster_name": CLUSTER, "nat_gateway": "Disable", "zones": [f"{REGION}a", f"{REGION}c"]}
    )
    ec2 = sandbox.client("ec2")
    own = [{"Name": "tag-key", "Values": [f"kumo.eks/{REGION}/{CLUSTER}"]}]
    subnets = [row["SubnetId"] for row in ec2.describe_subnets(Filters=own)["Subnets"]]
    planter = Planter(sandbox.client, CLUSTER, subnets)
    modern = planter.plant_modern_balancer()
    planter.plant_interface(modern["back"])
    planter.plant_instance()
    assert do("check")["obstacles"] == []
    database = ec2.create_network_interface(SubnetId=subnets[0], Description="RDSNetworkInterface")
    (text,) = do("check", check=True)["obstacles"]
    assert f"network interface {database['NetworkInterface']['NetworkInterfaceId']} (RDSNetworkInterface)" in text
    assert modern["back"] not in text


# through the Kubernetes API


class FakeApi:
    """An API server with controllers that take away what is deleted, if they are alive."""

    def __init__(self):
        self.objects, self.alive, self.refusal, self.changes = {}, True, None, []

    def add(self, kind, name, spec=None, finalizers=(), **metadata):
        about = {"name": name, "namespace": "default", "uid": f"uid-{name}", "finalizers": list(finalizers), **metadata}
        self.objects.setdefault(kind, []).append({"metadata": about, "spec": spec or {}})

    def list(self, kind, namespace="", label_selector="", field_selector=""):
        if self.refusal:
            raise self.refusal
        if kind.kind not in self.objects:
            raise KubernetesError("not found", 404)
        rows = self.objects[kind.kind]
        return [row for row in rows if not label_selector or row["metadata"].get("labels", "") == label_selector]

    def delete(self, kind, name, namespace="", uid=""):
        self.changes.append(("delete", kind.kind, name))
        for row in [row for row in self.objects[kind.kind] if row["metadata"]["name"] == name]:
            row["metadata"]["deletionTimestamp"] = "now"
            if self.alive or not row["metadata"]["finalizers"]:
                self.objects[kind.kind].remove(row)
        return True

    def patch(self, kind, name, body, namespace=""):
        self.changes.append(("patch", kind.kind, name))
        for row in self.objects[kind.kind]:
            if row["metadata"]["name"] == name:
                row["spec"].update(body.get("spec") or {})
                about = dict(body.get("metadata") or {})
                row["metadata"].setdefault("annotations", {}).update(about.pop("annotations", {}))
                row["metadata"].update(about)

    def close(self):
        pass


@pytest.fixture
def api(monkeypatch):
    fake = FakeApi()
    fake.add("Service", "web", {"type": "LoadBalancer"}, ["service.k8s.aws/resources"])
    fake.add("Service", "inside", {"type": "ClusterIP"})
    fake.add("Ingress", "shop", finalizers=["ingress.k8s.aws/resources"])
    fake.add("Ingress", "nginx")
    binding = {"targetGroupARN": "arn:mine"}
    fake.add("TargetGroupBinding", "mine", binding, ["elbv2.k8s.aws/resources"])
    labels = {"gateway.k8s.aws.alb/stack-name": "shop"}
    fake.add("TargetGroupBinding", "k8s-shop", binding, ["elbv2.k8s.aws/resources"], labels=labels)
    for kind in ("Gateway", "PersistentVolume", "Deployment", "StatefulSet"):
        fake.objects[kind] = []
    monkeypatch.setattr(teardown, "open_described_api", lambda *about: _Opened(fake))
    return fake


class _Opened(SimpleNamespace):
    def __init__(self, api):
        super().__init__(api=api)

    def __enter__(self):
        return self.api

    def __exit__(self, *_error):
        return None


def add_volume(api, volume, policy="Delete", made_by="ebs.csi.aws.com"):
    csi = {"driver": "ebs.csi.aws.com", "volumeHandle": volume}
    annotations = {"pv.kubernetes.io/provisioned-by": made_by} if made_by else {}
    spec = {"csi": csi, "persistentVolumeReclaimPolicy": policy}
    api.add("PersistentVolume", f"pv-{volume}", spec, annotations=annotations)


def test_controllers_take_away_what_has_load_balancers(do, cluster, api):
    plan = do("controllers", check=True)
    assert (plan["changed"], plan["reachable"], api.changes) == (True, True, [])
    result = do("controllers")
    assert result["diff"] == plan["diff"]
    assert plan["diff"]["before"] == {
        "Service default/web": {"load_balancer": []},
        "Ingress default/shop": {"load_balancer": []},
        "TargetGroupBinding default/mine": {"target_group": "arn:mine"},
    }
    assert [row["metadata"]["name"] for row in api.objects["TargetGroupBinding"]] == ["k8s-shop"]
    assert [row["metadata"]["name"] for row in api.objects["Service"]] == ["inside"]
    assert [row["metadata"]["name"] for row in api.objects["Ingress"]] == ["nginx"]
    assert not do("controllers")["changed"]


def test_a_controller_that_is_dead_does_not_stop_the_teardown(do, cluster, api):
    api.alive = False
    result = do("controllers", wait_timeout=1)
    assert len(result["left"]) == 3
    assert (
        "Service default/web has finalizers that no controller took away: service.k8s.aws/resources" in result["left"]
    )


def test_volumes_are_held_and_marked_before_their_claims_go(do, sandbox, cluster, api, planter):
    ours, kept, static = (planter.plant_volume({}) for _number in range(3))
    add_volume(api, ours)
    add_volume(api, kept, "Retain")
    add_volume(api, static, made_by="")
    do("controllers")
    policies = {row["spec"]["persistentVolumeReclaimPolicy"] for row in api.objects["PersistentVolume"]}
    assert policies == {"Retain"}
    api.changes.clear()
    do("controllers")  # as after an interruption: what each said before is still known
    assert api.changes == []
    result = do("leftovers", volumes="delete")
    assert [row["id"] for row in result["removed"]] == [ours]
    proof = do("proof", volumes="delete", wait_timeout=1)["kept"]
    assert {row["id"] for row in proof if row["kind"] == "volume"} == {kept, static}


def test_what_would_make_things_anew_is_paused_first(do, cluster, api):
    label = "app.kubernetes.io/name=argocd-application-controller"
    api.add("StatefulSet", "argocd", {"replicas": 1}, labels=label)
    api.add("Application", "shop", finalizers=["resources-finalizer.argocd.argoproj.io"])
    do("controllers")
    assert api.changes[:2] == [("patch", "StatefulSet", "argocd"), ("patch", "Application", "shop")]
    assert api.objects["StatefulSet"][0]["spec"]["replicas"] == 0
    assert not api.objects["Application"][0]["metadata"]["finalizers"]


@pytest.mark.parametrize("status", [0, 401, 403])
def test_without_an_api_server_everything_goes_through_aws(do, cluster, api, planter, status):
    api.refusal = KubernetesError("it does not answer", status)
    planter.plant_classic_balancer()
    result = do("controllers")
    assert (result["changed"], result["reachable"]) == (False, False)
    assert any("it does not answer" in str(text) for text in result["warnings"])
    assert {row["kind"] for row in do("leftovers")["removed"]} == {"load_balancer", "security_group"}


def test_without_a_cluster_there_is_nothing_to_ask(do, sandbox, api):
    assert (do("controllers")["changed"], api.changes) == (False, [])
