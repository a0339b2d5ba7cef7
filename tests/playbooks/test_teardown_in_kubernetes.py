# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml with a Kubernetes API: living controllers take their load balancers away, and volumes go as the policy says.

What a controller that is gone cannot take away goes with the cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from support import clock
from support.account.comparison import compare
from support.load_balancer_controller import (
    DEFINED,
    GATEWAY_CLASS,
    INGRESS_CLASS,
    build_binding,
    build_controller,
    build_definition,
    build_gateway,
    build_ingress,
    build_route,
    build_web_service,
)
from support.load_balancer_controller import NAME as CONTROLLER

from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.kubernetes import KINDS
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    DEPLOYMENT,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    SERVICE,
    STATEFUL_SET,
    Kind,
)
from ansible_collections.kumo.eks.plugins.module_utils.leaks.controllers import (
    GATEWAY,
    INGRESS,
    TARGET_GROUP_BINDING,
)
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended
NAME = "my-cluster"
CLASS = Kind(INGRESS_CLASS["apiVersion"], INGRESS_CLASS["kind"], "ingressclasses", namespaced=False)
DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
GATEWAYS_CLASS = Kind("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses", namespaced=False)
ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
POLICIES = ("Delete", "Retain")


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=clock.SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    yield standing
    standing.reset()


def build_service(name: str) -> dict:
    ports = [{"port": 80, "targetPort": 80}]
    return {"metadata": {"name": name}, "spec": {"type": "LoadBalancer", "ports": ports, "selector": {"app": name}}}


def build_class(policy: str) -> dict:
    return {
        "metadata": {"name": policy.lower()},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": policy,
    }


def build_database() -> dict:
    """With two claims: the volume of one goes with it, that of the other is retained."""
    claims = [
        {
            "metadata": {"name": policy.lower()},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": policy.lower(),
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
        for policy in POLICIES
    ]
    mounts = [{"name": policy.lower(), "mountPath": f"/{policy.lower()}"} for policy in POLICIES]
    pod = {"containers": [{"name": "db", "image": "db", "volumeMounts": mounts}]}
    template = {"metadata": {"labels": {"app": "db"}}, "spec": pod}
    selector = {"matchLabels": {"app": "db"}}
    spec = {"serviceName": "db", "selector": selector, "template": template, "volumeClaimTemplates": claims}
    return {"metadata": {"name": "db"}, "spec": spec}


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def make_database(api) -> dict[str, str]:
    """The volumes of the database, by the reclaim policies of their PersistentVolumes."""
    for policy in POLICIES:
        api.create(KINDS["storage_classes"], build_class(policy))
    api.create(STATEFUL_SET, build_database(), "default")
    wait_until(lambda: api.get(STATEFUL_SET, "db", "default").get("status", {}).get("readyReplicas"))
    names = {policy: f"{policy.lower()}-db-0" for policy in POLICIES}
    claims = {policy: api.get(PERSISTENT_VOLUME_CLAIM, name, "default") for policy, name in names.items()}
    volumes = {policy: api.get(PERSISTENT_VOLUME, claim["spec"]["volumeName"]) for policy, claim in claims.items()}
    assert {policy: row["spec"]["persistentVolumeReclaimPolicy"] for policy, row in volumes.items()} == {
        policy: policy for policy in POLICIES
    }
    return {policy: row["spec"]["csi"]["volumeHandle"] for policy, row in volumes.items()}


@pytest.mark.parametrize("policy", ["delete", "snapshot", "keep"])
def test_controllers_take_away_what_they_made(sandbox, account, ground, play, policy):
    eks, elb, ec2 = sandbox.client("eks"), sandbox.client("elb"), sandbox.client("ec2")
    before = account()
    variables = {
        "eks_cluster_name": NAME,
        "eks_cluster_version": "1.34",
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_nodegroups_list": [{"name": "general", "scaling_config": {"min_size": 2, "max_size": 2}}],
        "eks_addons_list": [
            *({"name": name} for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")),
            {"name": "aws-ebs-csi-driver", "identity": "pod_identity"},
        ],
    }
    play("kumo.eks.site", **variables).assert_ok()
    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        api.create(SERVICE, build_service("web"), "default")
        volumes = make_database(api)
        wait_until(lambda: elb.describe_load_balancers()["LoadBalancerDescriptions"])
        plan = play("kumo.eks.teardown", "--check", "--diff", **variables).assert_ok()
        rows = {row["spec"]["csi"]["volumeHandle"]: row for row in api.list(PERSISTENT_VOLUME)}
        ours = rows[volumes["Delete"]]["metadata"]["name"]
        assert [
            words for words in ("Service default/web", f"PersistentVolume {ours}") if words not in plan.output
        ] == []
        assert api.get(SERVICE, "web", "default")["spec"]["type"] == "LoadBalancer"
        assert rows[volumes["Delete"]]["spec"]["persistentVolumeReclaimPolicy"] == "Delete"

    done = play("kumo.eks.teardown", eks_teardown_volumes=policy, **variables).assert_ok()
    assert "cannot be asked" not in done.output
    assert f"aws --region ap-northeast-1 ec2 delete-volume --volume-id {volumes['Retain']}" in done.output
    left = {row["VolumeId"] for row in ec2.describe_volumes()["Volumes"]}
    assert left == ({volumes["Retain"]} if policy != "keep" else set(volumes.values()))
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert [row["VolumeId"] for row in snapshots] == ([volumes["Delete"]] if policy == "snapshot" else [])
    for row in snapshots:
        ec2.delete_snapshot(SnapshotId=row["SnapshotId"])
    for volume in left:
        ec2.delete_volume(VolumeId=volume)
    assert compare(account(), before) == []


def list_balancers(sandbox):
    return sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]


def make_target_group(sandbox, ground) -> str:
    """A target group of somebody's own, in the VPC of the cluster."""
    (subnet,) = sandbox.client("ec2").describe_subnets(SubnetIds=ground["subnets"][:1])["Subnets"]
    words = {"Name": "mine", "Protocol": "HTTP", "Port": 80, "VpcId": subnet["VpcId"]}
    return sandbox.client("elbv2").create_target_group(**words)["TargetGroups"][0]["TargetGroupArn"]


def list_targets(sandbox, target_group: str) -> list[str]:
    rows = sandbox.client("elbv2").describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return [row["Target"]["Id"] for row in rows]


def serve_gateway(api, target_group: str) -> None:
    """A Gateway that the AWS Load Balancer Controller serves, and the targets of that target group."""
    for kind in DEFINED:
        api.create(DEFINITION, build_definition(kind))
    for kind in DEFINED:
        name = build_definition(kind)["metadata"]["name"]
        wait_until(lambda name=name: is_established(api.get(DEFINITION, name)))
    api.create(DEPLOYMENT, build_controller(), "default")
    api.create(SERVICE, build_web_service(), "default")
    create(api, GATEWAYS_CLASS, GATEWAY_CLASS)
    create(api, GATEWAY, build_gateway(), "default")
    create(api, ROUTE, build_route(), "default")
    create(api, TARGET_GROUP_BINDING, build_binding(target_group), "default")
    wait_until(lambda: is_programmed(api.get(GATEWAY, "front", "default")))


def create(api, kind: Kind, body: dict, namespace: str = "") -> None:
    """A custom resource says of which kind it is."""
    api.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body}, namespace)


def is_established(definition: dict) -> bool:
    rows = (definition.get("status") or {}).get("conditions") or []
    return any((row["type"], row["status"]) == ("Established", "True") for row in rows)


def is_programmed(gateway: dict) -> bool:
    rows = (gateway.get("status") or {}).get("conditions") or []
    return any((row["type"], row["status"]) == ("Programmed", "True") for row in rows)


def build_small(ground):
    """The variables of a cluster with one node and no add-ons."""
    return {
        "eks_cluster_name": NAME,
        "eks_cluster_version": "1.34",
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_addons_list": [],
        "eks_nodegroups_list": [{"name": "general", "scaling_config": {"min_size": 1, "max_size": 1}}],
    }


@pytest.mark.parametrize("alive", [True, False])
def test_gateways_and_the_targets_of_target_groups_that_stay(sandbox, account, ground, play, alive):
    target_group = make_target_group(sandbox, ground)
    before = account()
    variables = build_small(ground)
    play("kumo.eks.site", **variables).assert_ok()
    with open_cluster_api(sandbox.client("eks"), sandbox.client("sts"), NAME) as api:
        serve_gateway(api, target_group)
        wait_until(lambda: list_targets(sandbox, target_group))
        if not alive:
            api.delete(DEPLOYMENT, CONTROLLER, "default")
            wait_until(lambda: api.get(DEPLOYMENT, CONTROLLER, "default") is None)
    assert len(list_balancers(sandbox)) == 1

    done = play("kumo.eks.teardown", eks_teardown_wait_timeout=15, **variables).assert_ok()
    left = [
        "Gateway default/front has finalizers that no controller took away: gateway.k8s.aws/alb",
        "TargetGroupBinding default/mine has finalizers that no controller took away: elbv2.k8s.aws/resources",
    ]
    assert [text in done.output for text in left] == [not alive] * 2
    assert list_balancers(sandbox) == [] and list_targets(sandbox, target_group) == []
    assert compare(account(), before) == []


def test_what_a_controller_left_goes_with_the_cluster(sandbox, account, ground, play):
    """Its release was removed before the Ingress: load balancer, target group and security groups have lost their owner."""
    before = account()
    variables = build_small(ground)
    play("kumo.eks.site", **variables).assert_ok()
    with open_cluster_api(sandbox.client("eks"), sandbox.client("sts"), NAME) as api:
        api.create(DEPLOYMENT, build_controller(), "default")
        api.create(SERVICE, build_web_service(), "default")
        api.create(CLASS, INGRESS_CLASS)
        api.create(INGRESS, build_ingress(), "default")
        wait_until(lambda: (api.get(INGRESS, "shop", "default").get("status") or {}).get("loadBalancer"))
        api.delete(DEPLOYMENT, CONTROLLER, "default")
        wait_until(lambda: api.get(DEPLOYMENT, CONTROLLER, "default") is None)
    assert len(list_balancers(sandbox)) == 1

    done = play("kumo.eks.teardown", eks_teardown_wait_timeout=15, **variables).assert_ok()
    left = "Ingress default/shop has finalizers that no controller took away: ingress.k8s.aws/resources"
    assert left in done.output and list_balancers(sandbox) == []
    assert compare(account(), before) == []
