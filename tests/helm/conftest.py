# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster with two nodes for the folder, the real Helm 3 and 4, a chart repository over HTTP, an OCI registry."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kumo_sandbox import Sandbox, binaries

ANSIBLE = Path(sys.executable).with_name("ansible")
CLUSTER = "my-cluster"
HELM_4 = pytest.mark.parametrize("helm_program", ["helm"], indirect=True)  # where Helm 3 does nothing of its own
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-controller
spec:
  replicas: {{ .Values.controller.replicas }}
  selector:
    matchLabels: {run: {{ .Release.Name }}}
  template:
    metadata:
      labels: {run: {{ .Release.Name }}}
      annotations: {{ toJson .Values.controller.podAnnotations }}
    spec:
      containers:
        - {name: controller, image: "example.com/controller:{{ .Chart.AppVersion }}"}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-controller
  annotations: {{ toJson .Values.controller.service.annotations }}
spec:
  type: {{ .Values.controller.service.type }}
  selector: {run: {{ .Release.Name }}}
  ports: [{port: 80}]
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-login
stringData:
  password: {{ .Values.controller.password | quote }}
"""
VALUES = {
    "controller": {
        "replicas": 1,
        "podAnnotations": {},
        "password": "not-to-be-shown",
        "service": {"type": "ClusterIP", "annotations": {}},
    }
}


def write_chart(folder: Path, version: str, **templates: str) -> Path:
    """A chart like ingress-nginx, of that version."""
    about = {"apiVersion": "v2", "name": "ingress-nginx", "version": version, "appVersion": f"app-{version}"}
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(json.dumps({**about, "description": "A small controller"}))
    (folder / "values.yaml").write_text(json.dumps(VALUES))
    for name, text in {"deployment": DEPLOYMENT, "service": SERVICE, "secret": SECRET, **templates}.items():
        (folder / "templates" / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    return binaries.ensure(["helm", "helm3", "registry"])


@pytest.fixture(scope="session")
def kubernetes_sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        make_cluster(sandbox)
        yield sandbox


def make_cluster(sandbox: Sandbox) -> None:
    """A cluster with a node group of two."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for number, zone in enumerate("acd")
    ]
    ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]

    def role(name: str, service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    cluster_role, node_role = role("eksClusterRole", "eks.amazonaws.com"), role("eksNodeRole", "ec2.amazonaws.com")
    eks.create_cluster(name=CLUSTER, version="1.34", roleArn=cluster_role, resourcesVpcConfig={"subnetIds": ids})
    eks.describe_cluster(name=CLUSTER)
    scaling = {"minSize": 2, "maxSize": 2, "desiredSize": 2}
    eks.create_nodegroup(
        clusterName=CLUSTER, nodegroupName="general", subnets=ids, nodeRole=node_role, scalingConfig=scaling
    )
    eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="general")


@pytest.fixture(scope="session")
def repository(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a repository with versions 4.0.0, 4.1.0 and 5.0.0 of ingress-nginx."""
    root = tmp_path_factory.mktemp("repository")
    for version in ("4.0.0", "4.1.0", "5.0.0"):
        chart = write_chart(tmp_path_factory.mktemp("chart") / "ingress-nginx", version)
        subprocess.run([programs["helm"], "package", chart, "--destination", root], check=True, capture_output=True)
    subprocess.run([programs["helm"], "repo", "index", root], check=True, capture_output=True)
    handler = functools.partial(QuietFiles, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="session")
def registry(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an OCI registry that lets everybody in."""
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "config.yml").write_text(json.dumps(config))
    command = [programs["registry"], "serve", folder / "config.yml"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        answers(address)
        yield address
        process.terminate()


def answers(address: str) -> None:
    host, port = address.split(":")
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing answers at {address}"
            time.sleep(0.1)


@pytest.fixture(params=["helm", "helm3"])
def helm_program(request: pytest.FixtureRequest, programs: dict[str, Path]) -> Path:
    """Helm 4, then Helm 3."""
    return programs[request.param]


@pytest.fixture
def helm_home(tmp_path: Path) -> dict[str, str]:
    """Helm's own folders and Ansible's, the test's own."""
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "ANSIBLE_HOME", "TMPDIR")
    home = {name: str(tmp_path / name.lower()) for name in names}
    for path in home.values():
        Path(path).mkdir()
    return home


@pytest.fixture
def ansible(kubernetes_sandbox: Sandbox, helm_home: dict[str, str]) -> Callable[..., tuple[dict[str, Any], str]]:
    """Run a module by the ansible command: ansible("eks_helm", {...}, "-vvv", fails=True) -> (its result, all output)."""

    def run(
        module: str, args: dict[str, Any], *flags: str, fails: bool = False, **environment: str
    ) -> tuple[dict[str, Any], str]:
        command = [str(ANSIBLE), "localhost", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
        command += ["-m", f"kumo.eks.{module}", "-a", json.dumps(args), *flags]
        env = {**os.environ, **kubernetes_sandbox.env, **helm_home, "ANSIBLE_NOCOLOR": "1", **environment}
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        dummy, arrow, rest = done.stdout.partition(" => ")
        assert arrow, output
        assert ("| FAILED! => " in done.stdout) == fails, output
        return json.JSONDecoder().raw_decode(rest)[0], output

    return run


@pytest.fixture
def play_helm(kubernetes_sandbox: Sandbox, helm_home: dict[str, str], tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the role helm: play_helm("--check", helm_releases=[...]) -> (how many tasks changed, the output)."""
    book = tmp_path / "helm.yml"
    python = '{ansible_python_interpreter: "{{ ansible_playbook_python }}"}'
    book.write_text(
        "---\n- name: The role\n  hosts: localhost\n  connection: local\n  gather_facts: false\n"
        f"  vars: {python}\n  roles: [kumo.eks.helm]\n"
    )

    def run(*flags: str, fails: bool = False, **variables: Any) -> tuple[int, str]:
        wanted = {"eks_cluster_name": CLUSTER, **variables}
        command = [f"{ANSIBLE}-playbook", str(book), "-e", json.dumps(wanted), *flags]
        env = {**os.environ, **kubernetes_sandbox.env, **helm_home, "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return int(re.findall(r"changed=(\d+)", done.stdout)[-1]), output

    return run
