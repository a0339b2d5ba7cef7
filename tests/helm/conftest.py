# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster with two nodes for the folder, the real Helm 3 and 4, a chart repository over HTTP, an OCI registry."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from charts import write_chart
from support.chart_repository import serve_files
from support.warm import Commands

from kumo_sandbox import Sandbox, ground
from kumo_sandbox.toolchain import binaries

CLUSTER = "my-cluster"
HELM_4 = pytest.mark.parametrize("helm_program", ["helm"], indirect=True)  # where Helm 3 does nothing of its own


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    return binaries.ensure(["helm", "kubectl", "registry"])


@pytest.fixture(scope="session")
def kubernetes_sandbox() -> Iterator[Sandbox]:
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        make_cluster(sandbox)
        yield sandbox


def make_cluster(sandbox: Sandbox) -> None:
    """A cluster with a node group of two."""
    ec2, iam, eks = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks")
    vpc = ground.create_vpc(ec2)
    ids = ground.create_subnets(ec2, vpc)
    ground.open_way_out(ec2, vpc)
    cluster_role = ground.create_role(iam, "eksClusterRole", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    node_role = ground.create_role(iam, "eksNodeRole", "ec2.amazonaws.com", ground.NODE_POLICIES)
    eks.create_cluster(
        name=CLUSTER,
        version="1.34",
        roleArn=cluster_role,
        resourcesVpcConfig={"subnetIds": ids},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
    )
    eks.describe_cluster(name=CLUSTER)
    scaling = {"minSize": 2, "maxSize": 2, "desiredSize": 2}
    eks.create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName="general",
        subnets=ids,
        nodeRole=node_role,
        scalingConfig=scaling,
        instanceTypes=["m5.4xlarge"],  # takes 234 pods: what all tests leave running
    )
    eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName="general")


@pytest.fixture(scope="session")
def packages(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archives of ingress-nginx 4.0.0, 4.1.0 and 5.0.0, and their index."""
    root = tmp_path_factory.mktemp("packages")
    for version in ("4.0.0", "4.1.0", "5.0.0"):
        chart = write_chart(tmp_path_factory.mktemp("chart") / "ingress-nginx", version)
        subprocess.run([programs["helm"], "package", chart, "--destination", root], check=True, capture_output=True)
    subprocess.run([programs["helm"], "repo", "index", root], check=True, capture_output=True)
    return root


@pytest.fixture(scope="session")
def repository(packages: Path) -> Iterator[str]:
    """The URL of a repository that lets everybody in."""
    with serve_files(packages) as url:
        yield url


@pytest.fixture(scope="session")
def registry(programs: dict[str, Path], packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an OCI registry that lets everybody in, with those charts under charts/."""
    with serve_registry(programs, packages, tmp_path_factory.mktemp("registry")) as address:
        yield address


@contextmanager
def serve_registry(
    programs: dict[str, Path], packages: Path, folder: Path, user: str = "", password: str = "", bcrypt: str = ""
) -> Iterator[str]:
    """An OCI registry (distribution) with charts, for one user alone where one is named; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    if user:
        (folder / "htpasswd").write_text(f"{user}:{bcrypt}\n")
        config["auth"] = {"htpasswd": {"realm": "charts", "path": str(folder / "htpasswd")}}
    (folder / "config.yml").write_text(json.dumps(config))
    command = [programs["registry"], "serve", folder / "config.yml"]
    signed = ["--username", user, "--password", password] if user else []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            answers(address)
            for archive in packages.glob("*.tgz"):
                push = [programs["helm"], "push", archive, f"oci://{address}/charts", "--plain-http", *signed]
                subprocess.run(push, check=True, capture_output=True)
            yield address
        finally:
            process.terminate()


def answers(address: str) -> None:
    host, port = address.split(":")
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing answers at {address}"
            time.sleep(0.1)


@pytest.fixture(params=["helm", pytest.param("helm3", marks=pytest.mark.extended)])
def helm_program(request: pytest.FixtureRequest) -> Path:
    """Helm 4, then Helm 3."""
    return binaries.ensure([request.param])[request.param]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short path: ansible-core makes a socket below TMPDIR, and Linux allows 107 bytes for the path of one (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def helm_home(tmp_path: Path) -> dict[str, str]:
    """Helm's own folders and Ansible's, the test's own."""
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "ANSIBLE_HOME", "ANSIBLE_REMOTE_TMP")
    home = {name: str(tmp_path / name.lower()) for name in names}
    for path in home.values():
        Path(path).mkdir()
    return {**home, "TMPDIR": str(tmp_path)}


@pytest.fixture
def task(
    run_module: Callable[..., dict[str, Any]],
    kubernetes_sandbox: Sandbox,
    helm_home: dict[str, str],
    helm_program: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., dict[str, Any]]:
    """A Helm module in this process, which spares the second Ansible needs: task("eks_helm", {...}, check=True)."""
    for name, value in {**kubernetes_sandbox.env, **helm_home}.items():
        monkeypatch.setenv(name, value)

    def run(module: str, args: dict[str, Any], check: bool = False, fails: bool = False) -> dict[str, Any]:
        result = run_module(module, {**args, "binary_path": str(helm_program)}, check)
        assert result["failed"] == fails, result
        return result

    return run


@pytest.fixture
def namespace(request: pytest.FixtureRequest, helm_program: Path, kubectl: Callable[..., str]) -> Iterator[str]:
    """One of the test's own. It goes afterwards, so that two nodes are enough for all tests."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))
    name = f"{words[:50].strip('-')}-{helm_program.name}"
    yield name
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def keep(task: Callable[..., dict[str, Any]], namespace: str) -> Callable[..., dict[str, Any]]:
    """eks_helm, or another module, on the test's namespace: keep("web", chart=..., check=True) -> the result."""

    def run(
        name: str, module: str = "eks_helm", check: bool = False, fails: bool = False, **options: Any
    ) -> dict[str, Any]:
        own = {"create_namespace": True} if module == "eks_helm" else {}
        args = {"cluster_name": CLUSTER, "name": name, "namespace": namespace, **own, **options}
        return task(module, args, check, fails)

    return run


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """The small chart, in a folder of the test's own."""
    return str(write_chart(tmp_path / "ingress-nginx"))


@pytest.fixture(scope="session")
def kubectl(kubernetes_sandbox: Sandbox, programs: dict[str, Path]) -> Callable[..., str]:
    """kubectl as the cluster's administrator: kubectl("get", "nodes", "-o", "name") -> what it prints."""
    arn = kubernetes_sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["arn"]
    kubeconfig = str(kubernetes_sandbox.kubernetes.kubeconfig(arn))

    def run(*words: str) -> str:
        command = [str(programs["kubectl"]), "--kubeconfig", kubeconfig, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def ansible(
    kubernetes_sandbox: Sandbox, helm_home: dict[str, str], commands: Commands
) -> Callable[..., tuple[dict[str, Any], str]]:
    """Run a module by the ansible command: ansible("eks_helm", {...}, "-vvv", fails=True) -> (its result, all output).

    ``python``: another interpreter than the warm one, which ends what a killed module has started, too.
    """

    def run(
        module: str, args: dict[str, Any], *flags: str, fails: bool = False, python: str = "", **environment: str
    ) -> tuple[dict[str, Any], str]:
        command = [
            str(commands.ansible),
            "localhost",
            "-c",
            "local",
            "-e",
            f"ansible_python_interpreter={python or commands.python}",
        ]
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
def play_helm(
    kubernetes_sandbox: Sandbox, helm_home: dict[str, str], tmp_path: Path, commands: Commands
) -> Callable[..., tuple[int, str]]:
    """Run the role eks_helm: play_helm("--check", eks_helm_releases=[...]) -> (how many tasks changed, the output)."""
    book = tmp_path / "helm.yml"
    python = '{ansible_python_interpreter: "{{ ansible_playbook_python }}"}'
    book.write_text(
        "---\n- name: The role\n  hosts: localhost\n  connection: local\n  gather_facts: false\n"
        f"  vars: {python}\n  roles: [kumo.eks.eks_helm]\n"
    )

    def run(*flags: str, fails: bool = False, **variables: Any) -> tuple[int, str]:
        wanted = {"eks_cluster_name": CLUSTER, **variables}
        command = [str(commands.playbook), str(book), "-e", json.dumps(wanted), *flags]
        env = {**os.environ, **kubernetes_sandbox.env, **helm_home, "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return int(re.findall(r"changed=(\d+)", done.stdout)[-1]), output

    return run


def until(look: Callable[[], object], what: str) -> Any:
    """What ``look`` finds, once it finds something."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} in vain")
