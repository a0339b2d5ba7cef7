# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Components of both kinds with site.yml and teardown.yml, on a cluster with a Kubernetes API and a mirror of charts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.account.comparison import compare
from support.chart_repository import serve_files, write_repository
from support.clock import SPEED

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SERVICE_ACCOUNT
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
EXTERNAL_DNS = {"name": "external_dns", "hosted_zones": [ZONE]}
SECRETS = {
    "name": "external_secrets",
    "secrets": [SECRET],
    "values": {"replicaCount": 2},
    "secret_values": {"key": "not-to-be-shown"},
}


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    return standing


@pytest.fixture
def variables(ground, tmp_path, monkeypatch) -> Iterator[dict]:
    """A cluster with two nodes, four components, and the mirror that has their charts."""
    helm: Path = binaries.ensure(["helm"])["helm"]
    monkeypatch.setenv("PATH", f"{helm.parent}{os.pathsep}{os.environ['PATH']}")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"HELM_{kind}_HOME", str(tmp_path / "helm" / kind))
    with serve_files(write_repository(helm, tmp_path, CHARTS)) as mirror:
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
