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
from support.leaks import Planter
from support.load_balancer_controller import (
    INGRESS_CLASS,
    build_controller,
    build_ingress,
    build_web_service,
)
from support.load_balancer_controller import NAME as CONTROLLER

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    DEPLOYMENT,
    PERSISTENT_VOLUME,
    SERVICE,
    Kind,
)
from ansible_collections.kumo.eks.plugins.module_utils.leaks.controllers import INGRESS
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended
NAME = "my-cluster"
CLASS = Kind(INGRESS_CLASS["apiVersion"], INGRESS_CLASS["kind"], "ingressclasses", namespaced=False)


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=clock.SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


def build_service(name: str) -> dict:
    ports = [{"port": 80, "targetPort": 80}]
    return {"metadata": {"name": name}, "spec": {"type": "LoadBalancer", "ports": ports, "selector": {"app": name}}}


def build_volume(volume: str, policy: str) -> dict:
    """As the EBS CSI driver's provisioner writes it."""
    about = {"name": f"pv-{volume}", "annotations": {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": policy,
        "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": volume},
    }
    return {"metadata": about, "spec": spec}


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_controllers_take_away_what_they_made(sandbox, account, ground, play):
    eks, elb = sandbox.client("eks"), sandbox.client("elb")
    before = account()
    variables = {
        "eks_cluster_name": NAME,
        "eks_cluster_version": "1.34",
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_addons_list": [],
    }
    play("kumo.eks.site", **variables).assert_ok()
    planter = Planter(sandbox.client, NAME, ground["subnets"])
    ours, kept = planter.plant_volume({}), planter.plant_volume({})
    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        api.create(SERVICE, build_service("web"), "default")
        api.create(PERSISTENT_VOLUME, build_volume(ours, "Delete"))
        api.create(PERSISTENT_VOLUME, build_volume(kept, "Retain"))
        wait_until(lambda: elb.describe_load_balancers()["LoadBalancerDescriptions"])
        plan = play("kumo.eks.teardown", "--check", "--diff", **variables).assert_ok()
        assert [
            words for words in ("Service default/web", f"PersistentVolume pv-{ours}") if words not in plan.output
        ] == []
        assert api.get(SERVICE, "web", "default")["spec"]["type"] == "LoadBalancer"
        assert api.get(PERSISTENT_VOLUME, f"pv-{ours}")["spec"]["persistentVolumeReclaimPolicy"] == "Delete"

    done = play("kumo.eks.teardown", eks_teardown_volumes="delete", **variables).assert_ok()
    assert "cannot be asked" not in done.output
    assert f"aws --region ap-northeast-1 ec2 delete-volume --volume-id {kept}" in done.output
    planter.ec2.delete_volume(VolumeId=kept)
    assert compare(account(), before) == []


def list_balancers(sandbox):
    return sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]


def test_what_a_controller_left_goes_with_the_cluster(sandbox, account, ground, play):
    """Its release was removed before the Ingress: load balancer, target group and security groups have lost their owner."""
    before = account()
    variables = {
        "eks_cluster_name": NAME,
        "eks_cluster_version": "1.34",
        "eks_network_subnets": {"private": ground["subnets"]},
        "eks_addons_list": [],
        "eks_nodegroups_list": [{"name": "general", "scaling_config": {"min_size": 1, "max_size": 1}}],
    }
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
