"""ingress-nginx as its project wrote it, installed with the guide's command by the real Helm 3 and 4."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Demo
from kubernetes_views import ARN, node_spec

from kumo_sandbox import Sandbox
from kumo_sandbox.toolchain import binaries

NAME = "ingress-nginx"
GUIDE = (
    "--set",
    "controller.service.type=LoadBalancer",
    "--set",
    r'controller.service.annotations."service\.beta\.kubernetes\.io/aws-load-balancer-type"=nlb',
)


@pytest.fixture(scope="module")
def repository() -> Iterator[str]:
    with Sandbox() as sandbox:
        yield sandbox.chart_repository


@pytest.fixture(params=["helm", "helm3"])
def helm(request: pytest.FixtureRequest, cluster: Demo, repository: str, tmp_path: Path) -> Any:
    """Run Helm in front of demo, which has two nodes and the sandbox's chart repository."""
    program = str(binaries.ensure([request.param])[request.param])
    folders = {f"HELM_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA")}
    environment = {**os.environ, **folders, "KUBECONFIG": str(cluster.side.kubeconfig(ARN))}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    cluster.become(nodes=(node_spec(10), node_spec(11)))
    run("repo", "add", NAME, repository)
    return run


@pytest.mark.extended
def test_the_guides_command_installs_it(cluster: Demo, helm: Any, request: pytest.FixtureRequest) -> None:
    (found,) = json.loads(helm("search", "repo", "nginx", "--output", "json"))
    assert (found["name"], found["version"], found["app_version"]) == (f"{NAME}/{NAME}", "4.11.0", "1.11.0")
    place = ("--namespace", f"ingress-{request.node.callspec.id}")
    helm("install", NAME, f"{NAME}/{NAME}", *place, "--create-namespace", *GUIDE, "--wait", "--timeout", "90s")
    (pod,) = cluster.get("pods", *place)["items"]  # those of its hooks have done their work and are gone
    assert pod["status"]["phase"] == "Running"
    (balancer,) = cluster.balancers.made.values()
    assert balancer.kind == "network"
    service = cluster.get("service", f"{NAME}-controller", *place)
    assert service["status"]["loadBalancer"]["ingress"][0]["hostname"] == f"{balancer.name}.example.com"
    (webhook,) = cluster.get("validatingwebhookconfigurations", f"{NAME}-admission")["webhooks"]
    assert webhook["failurePolicy"] == "Fail"
    cluster.kubectl("create", "ingress", "web", *place, "--class=nginx", "--rule=example.com/*=web:80")
    helm("uninstall", NAME, *place)
    cluster.eventually(lambda: not cluster.balancers.made)
    cluster.kubectl("delete", "namespace", place[1], "--wait=false")
