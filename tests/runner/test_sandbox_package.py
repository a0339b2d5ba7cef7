# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make build-sandbox` makes, installed into an empty environment: kumo-sandbox without the checkout, and without the collection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

from kumo_sandbox.toolchain.build_cache import get_cache_folder

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
# Of the sandbox's own tests those that need no Kubernetes and are over in a minute: rules of EKS, EC2 and IAM, the command
# line, the server, the toolchain. The part `sandbox` of the gate runs all of them on the same sources.
OWN_TESTS = (
    "test_structure.py",
    "test_pytest_plugin.py",
    "ec2",
    "iam",
    "eks/test_rules.py",
    "service/test_clusters.py",
    "service/test_command_line.py",
    "service/test_server.py",
    "kubernetes/test_binaries.py",
)
BY_BOTO3 = """
import json
import boto3
from kumo_sandbox import ground

ec2, iam, eks = (boto3.client(name) for name in ("ec2", "iam", "eks"))
role = ground.create_role(iam, "cluster", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
subnets = ground.create_subnets(ec2, ground.create_vpc(ec2))
eks.create_cluster(name="first", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
eks.get_waiter("cluster_active").wait(name="first")
print(json.dumps({"name": "second", "roleArn": role, "resourcesVpcConfig": {"subnetIds": subnets}}))
"""
TESTS_OF_OTHERS = """
import boto3
import pytest
from kumo_sandbox import Sandbox


@pytest.fixture(scope="session")
def kumo_sandbox_options():
    return {"region": "eu-west-1"}


def test_the_account_is_pointed_to(kumo_sandbox: Sandbox):
    assert boto3.client("eks").meta.region_name == "eu-west-1"
    boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")


def test_it_is_empty_again(kumo_sandbox: Sandbox):
    vpcs = boto3.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in vpcs if not vpc["IsDefault"]] == []
"""


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, a folder to work in, and the state folder of its sandboxes."""

    bin: Path
    folder: Path

    def run(self, *command: str | Path, stdin: str = "", **variables: str) -> str:
        """Run a program of the environment, with no variables of ours; what it printed."""
        words = [str(word) for word in command]
        program = self.bin / words[0]
        words[0] = str(program) if program.exists() else words[0]
        own = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "KUMO_SANDBOX_STATE": str(self.folder / "state"),
            "KUMO_SANDBOX_CACHE": str(get_cache_folder()),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }
        done = subprocess.run(
            words, input=stdin, capture_output=True, text=True, cwd=self.folder, env={**own, **variables}, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def read_environment(self) -> dict[str, str]:
        return dict(json.loads(self.run("kumo-sandbox", "env", "--format", "json")))


def build(folder: Path) -> list[Path]:
    command = [sys.executable, "tools/build_sandbox.py", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheel and the source distribution."""
    return build(tmp_path_factory.mktemp("archives"))


@pytest.fixture(scope="module")
def installed(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("elsewhere")
    environment = folder / "environment"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, environment], check=True)
    wheel = f"{archives[0]}[pytest]"
    subprocess.run([UV, "pip", "install", "-q", "--python", environment / "bin/python", wheel], check=True)
    return Installed(environment / "bin", folder)


@pytest.fixture
def up(installed: Installed, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of a sandbox that is started with the options of the test's parameter."""
    installed.run("kumo-sandbox", "up", "--speed", "instant", *request.param)
    yield installed.read_environment()
    assert "The sandbox is stopped" in installed.run("kumo-sandbox", "down")


def test_two_builds_are_equal(archives: list[Path], tmp_path: Path):
    assert [path.read_bytes() for path in build(tmp_path)] == [path.read_bytes() for path in archives]


def test_they_have_what_git_tracks(archives: list[Path]):
    """The wheel has the package; the source distribution its tests, pages and licence, too."""
    tracked = subprocess.run(["git", "ls-files", "sandbox"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {name.removeprefix("sandbox/") for name in tracked.stdout.splitlines()}
    package = {name for name in names if name.startswith("kumo_sandbox/")}
    with zipfile.ZipFile(archives[0]) as wheel:
        assert {name for name in wheel.namelist() if ".dist-info/" not in name} == package
    with tarfile.open(archives[1]) as source:
        found = {name.partition("/")[2] for name in source.getnames()}
    assert found - {"PKG-INFO", ".gitignore"} == names
    assert {"kumo_sandbox/py.typed", "kumo_sandbox/binaries/kubernetes/go.sum"} <= package
    assert (ROOT / "sandbox/LICENSE").read_bytes() == (ROOT / "COPYING").read_bytes()


def test_they_say_whose_they_are(archives: list[Path]):
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    with zipfile.ZipFile(archives[0]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        facts = Parser().parsestr(wheel.read(name).decode())
    assert facts["Version"] == galaxy["version"]
    assert facts["License-Expression"] == galaxy["license"][0]
    assert facts["Author"] == galaxy["authors"][0]
    assert {f"Repository, {galaxy['repository']}", f"Issues, {galaxy['issues']}"} <= set(facts.get_all("Project-URL"))
    assert "](../" not in facts.get_payload() and "](fidelity.md)" not in facts.get_payload()


@pytest.mark.parametrize("up", [["--no-kubernetes"]], indirect=True)
def test_a_cluster_by_boto3_and_by_a_client_of_http(installed: Installed, up: dict[str, str]):
    body = installed.run("python", "-c", BY_BOTO3, **up)
    keys = f"{up['AWS_ACCESS_KEY_ID']}:{up['AWS_SECRET_ACCESS_KEY']}"
    signed = ["curl", "-sS", "--fail-with-body", "--aws-sigv4", f"aws:amz:{up['AWS_REGION']}:eks", "--user", keys]
    clusters = f"{up['AWS_ENDPOINT_URL']}/clusters"
    made = json.loads(installed.run(*signed, "-H", "Content-Type: application/json", "-d", "@-", clusters, stdin=body))
    assert made["cluster"]["status"] == "CREATING"
    assert json.loads(installed.run(*signed, clusters)) == {"clusters": ["first", "second"]}
    shown = json.loads(installed.run("curl", "-sS", f"{up['AWS_ENDPOINT_URL']}/_sandbox/status"))
    assert {row["name"]: row["status"] for row in shown["clusters"]} == {"first": "ACTIVE", "second": "ACTIVE"}


@pytest.mark.parametrize("up", [[]], indirect=True)
def test_a_cluster_has_a_kubernetes_api(installed: Installed, up: dict[str, str]):
    installed.run("python", "-c", BY_BOTO3, **up)
    config = installed.run("kumo-sandbox", "kubeconfig", "first").strip()
    kubectl = installed.run("kumo-sandbox", "binaries", "kubectl").split("\t")[1].strip()
    assert "kube-system" in installed.run(kubectl, "--kubeconfig", config, "get", "namespaces")


def test_the_modules_of_go_are_complete(installed: Installed):
    """Go finds everything that the programs are built from, and every checksum, in the installed package."""
    where = "import kumo_sandbox; print(kumo_sandbox.__path__[0])"
    modules = Path(installed.run("python", "-c", where).strip()) / "binaries"
    assert modules.is_relative_to(installed.bin.parent)
    pinned = installed.run(
        "python", "-c", "from kumo_sandbox.toolchain.binaries import TOOLS; print(TOOLS['kwok'].version)"
    )
    assert pinned.strip() in (modules / "kubernetes/go.mod").read_text()
    for source in sorted((ROOT / "sandbox/kumo_sandbox/binaries").glob("*/go.*")):
        assert (modules / source.parent.name / source.name).read_bytes() == source.read_bytes()


def test_its_own_tests_pass_without_the_checkout(installed: Installed, archives: list[Path]):
    with tarfile.open(archives[1]) as source:
        source.extractall(installed.folder, filter="data")
    [folder] = installed.folder.glob("kumo_sandbox-*")
    shutil.rmtree(folder / "kumo_sandbox")  # so that it is the wheel that is tested
    tests = [f"{folder.name}/tests/{name}" for name in OWN_TESTS]
    said = installed.run("pytest", "-q", "-m", "not extended", "-p", "no:cacheprovider", *tests)
    assert " passed" in said and "skipped" not in said
    imported = [path for path in folder.rglob("*.py") if "ansible_collections" in path.read_text()]
    assert imported == []


def test_others_have_its_fixtures(installed: Installed):
    """pytest finds them by the entry point, in a project without settings."""
    project = installed.folder / "project"
    project.mkdir()
    (project / "pytest.ini").write_text("[pytest]\n")  # or those of a checkout around the folder would be taken
    (project / "test_eks.py").write_text(TESTS_OF_OTHERS)
    (installed.folder / ".aws").mkdir()
    (installed.folder / ".aws/config").write_text("[profile work]\nregion = us-east-1\n")
    real = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1", "AWS_SESSION_TOKEN": "real"}
    said = installed.run("pytest", "-q", "-p", "no:cacheprovider", project, **real)
    assert "2 passed" in said, os.linesep.join(said.splitlines()[-20:])
