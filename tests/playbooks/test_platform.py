# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components of both kinds with site.yml and teardown.yml, on a cluster with a Kubernetes API and a mirror of charts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.account.comparison import compare
from support.chart_repository import TEMPLATE, serve_files, write_repository
from support.clock import SPEED
from support.load_balancer_controller import INGRESS_CLASS

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SERVICE_ACCOUNT
from ansible_collections.kumo.eks.plugins.module_utils.leaks.controllers import INGRESS
from ansible_collections.kumo.eks.plugins.module_utils.platform.charts import (
    AWS_LOAD_BALANCER_CONTROLLER,
    EXTERNAL_SECRETS,
)
from kumo_sandbox import Sandbox
from kumo_sandbox.toolchain import binaries

pytestmark = pytest.mark.extended
NAME, VERSION = "my-cluster", "1.34"
ZONE = "Z0123456789ABCDEFGHIJ"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:production/*"
CHARTS = {chart.name: chart.choose_version(VERSION) for chart in (AWS_LOAD_BALANCER_CONTROLLER, EXTERNAL_SECRETS)}
# The chart of the AWS Load Balancer Controller has a class for its Ingresses.
TEMPLATES = {AWS_LOAD_BALANCER_CONTROLLER.name: f"{TEMPLATE}---\n{json.dumps(INGRESS_CLASS)}\n"}
EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
APPLICATION = {
    "name": "my-app",
    "namespace": "production",
    "chart": str(EXAMPLES / "my-chart"),
    "values_files": [str(EXAMPLES / "production-values.yaml")],
}
EXTERNAL_DNS = {"name": "external_dns", "hosted_zones": [ZONE]}
SECRETS = {
    "name": "external_secrets",
    "secrets": [SECRET],
    "values": {"replicaCount": 2},
    "secret_values": {"key": "not-to-be-shown"},
}


@pytest.fixture
def sandbox(monkeypatch) -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        for name, value in sandbox.env.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture
def variables(ground, tmp_path, monkeypatch) -> Iterator[dict]:
    """A cluster with two nodes, four components, and the mirror that has their charts."""
    helm: Path = binaries.ensure(["helm"])["helm"]
    monkeypatch.setenv("PATH", f"{helm.parent}{os.pathsep}{os.environ['PATH']}")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"HELM_{kind}_HOME", str(tmp_path / "helm" / kind))
    with serve_files(write_repository(helm, tmp_path, CHARTS, TEMPLATES)) as mirror:
        yield {
            "eks_cluster_name": NAME,
            "eks_cluster_version": VERSION,
            "eks_network_subnets": {"private": ground["subnets"]},
            "eks_nodegroups_list": [{"name": "general", "scaling_config": {"min_size": 2, "max_size": 2}}],
            "eks_platform_chart_repository": mirror,
            "eks_platform_components": [SECRETS, "aws_load_balancer_controller", "metrics_server", EXTERNAL_DNS],
        }


def list_addons(eks):
    return set(eks.list_addons(clusterName=NAME)["addons"]) - {"vpc-cni", "kube-proxy", "coredns"}


def list_accounts(eks):
    return {row["serviceAccount"] for row in eks.list_pod_identity_associations(clusterName=NAME)["associations"]}


def test_a_platform_comes_and_goes(sandbox, account, variables, play, play_role, run_module):
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    before = account()
    planned = play_role("eks_platform", "--check", "--diff", **variables).assert_ok()
    for name in (*CHARTS, *CHARTS.values(), "metrics-server", "eks-pod-identity-agent", ZONE, SECRET):
        assert name in planned.output, name
    assert compare(account(), before) == []

    made = play("kumo.eks.site", "-v", **variables).assert_ok()
    assert "not-to-be-shown" not in made.output
    assert list_addons(eks) == {"eks-pod-identity-agent", "external-dns", "metrics-server"}
    assert list_accounts(eks) == {"aws-load-balancer-controller", "external-dns", "external-secrets"}
    policy = iam.get_role_policy(RoleName=f"{NAME}.external-dns.external-dns_pod", PolicyName="external_dns")
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == [f"arn:aws:route53:::hostedzone/{ZONE}"]
    rows = {row["name"]: row for row in run_module("eks_helm_info", {"cluster_name": NAME})["releases"]}
    assert {row["chart"] for row in rows.values()} == {f"{name}-{version}" for name, version in CHARTS.items()}
    assert rows["external-secrets"]["updated"] > rows["aws-load-balancer-controller"]["updated"]

    kept = [SECRETS, "aws_load_balancer_controller", "metrics_server"]
    named = play("kumo.eks.site", **{**variables, "eks_platform_components": kept}).assert_unchanged()
    assert "external_dns: not in eks_platform_components" in named.output
    kept = [{**SECRETS, "identity": "irsa"}, "aws_load_balancer_controller", "metrics_server"]
    fewer = {**variables, "eks_platform_components": kept}
    assert play_role("eks_platform", eks_platform_purge=True, **fewer).assert_ok().changed == 1
    assert list_addons(eks) == {"eks-pod-identity-agent", "metrics-server"}
    assert list_accounts(eks) == {"aws-load-balancer-controller"}  # no association before the role by IRSA
    with open_cluster_api(eks, sandbox.client("sts"), NAME) as api:
        found = api.get(SERVICE_ACCOUNT, "external-secrets", "external-secrets")
    role = iam.get_role(RoleName=f"{NAME}.external-secrets.external-secrets")["Role"]
    assert found["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == role["Arn"]

    play("kumo.eks.teardown", **fewer).assert_ok()
    assert compare(account(), before) == []


@pytest.fixture
def public(sandbox, ground):
    """The subnets of the ground, tagged for load balancers that the internet reaches."""
    tags = [{"Key": "kubernetes.io/role/elb", "Value": "1"}]
    sandbox.client("ec2").create_tags(Resources=ground["subnets"], Tags=tags)


def read_status(api):
    """Where the Ingress of the application is reached, nothing before it is served."""
    return (api.get(INGRESS, "my-app-my-chart", "production").get("status") or {}).get("loadBalancer")


def list_balancers(sandbox):
    return [row["DNSName"] for row in sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"]]


def test_the_guides_application_gets_its_address(sandbox, public, account, variables, play, play_role):
    """The production values of page 5: an Application Load Balancer comes and goes with the release, and with the cluster."""
    before = account()
    variables |= {
        "eks_platform_components": ["aws_load_balancer_controller"],
        "eks_helm_releases": [APPLICATION],
    }
    play("kumo.eks.site", **variables).assert_ok()
    (balancer,) = wait_for(lambda: list_balancers(sandbox))
    with open_cluster_api(sandbox.client("eks"), sandbox.client("sts"), NAME) as api:
        status = wait_for(lambda: read_status(api))
    assert status["ingress"][0]["hostname"] == balancer.lower()
    gone = [{**APPLICATION, "state": "absent"}]
    play_role("eks_helm", **{**variables, "eks_helm_releases": gone}).assert_ok()
    wait_for(lambda: not list_balancers(sandbox))

    play("kumo.eks.site", **variables).assert_ok()
    wait_for(lambda: list_balancers(sandbox))
    play("kumo.eks.teardown", **variables).assert_ok()
    assert compare(account(), before) == []


def wait_for(look):
    """The first true answer of ``look``."""
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found
