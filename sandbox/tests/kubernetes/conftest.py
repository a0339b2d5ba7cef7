"""One control plane for the whole folder, and kubectl in front of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from kubernetes_views import ACCESS_KEY, ARN, SECRET, USER, cluster_view

from kumo_sandbox.aws_interfaces import (
    AwsSide,
    LoadBalancerSpec,
    LoadBalancerStack,
    MadeBalancer,
    PodCaller,
    StackRefusedError,
    VolumeError,
    VolumeSpec,
)
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes import KubernetesBackend, review_token
from kumo_sandbox.toolchain import binaries

PATIENCE = 60.0  # seconds until a wait gives up; nothing takes that long


class TokenReviews(BaseHTTPRequestHandler):
    """Answers a cluster's API server as the AWS side does."""

    views: dict[str, ClusterView] = {}
    aws_auth: dict[str, str] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        cluster = self.views[self.path.partition("?")[0].removeprefix("/review/")]
        words = {"principal_of": self.principal_of, "aws_auth": lambda: self.aws_auth, "now": time.time()}
        answer = review_token(body, cluster=cluster, **words)
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def principal_of(access_key: str) -> tuple[str, str, str | None] | None:
        return (USER, SECRET, None) if access_key == ACCESS_KEY else None

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


@dataclass
class StackBalancers:
    """Stands for the AWS side's load balancers of Ingresses and Gateways."""

    made: dict[str, LoadBalancerStack] = field(default_factory=dict)  # by stack
    removed: list[str] = field(default_factory=list)
    refusal: str = ""  # why none is made
    held: bool = False  # whether something of a deleted load balancer is still there

    targets: dict[str, frozenset[tuple[str, int]]] = field(default_factory=dict)  # by the ARN of their group

    def ensure(self, wanted: LoadBalancerStack) -> MadeBalancer:
        if self.refusal:
            raise StackRefusedError("FailedBuildModel", self.refusal)
        self.made[wanted.stack] = wanted
        return MadeBalancer(f"arn:{wanted.name}", f"{wanted.name}.Example.com", active=True)

    def find_target_type(self, cluster: str, target_group: str) -> str:
        return target_group.partition("/")[0]

    def set_targets(self, cluster: str, target_group: str, targets: frozenset[tuple[str, int]]) -> None:
        self.targets[target_group] = targets

    def remove(self, cluster: str, prefix: str, stack: str) -> bool:
        self.made.pop(stack, None)
        self.removed.append(stack)
        return not self.held


@dataclass
class Balancers:
    """Stands for the AWS side's load balancers: what was asked for, and whether it is ready."""

    made: dict[str, LoadBalancerSpec] = field(default_factory=dict)  # by name
    removed: list[str] = field(default_factory=list)
    ready: bool = True
    held: bool = False  # whether something of a deleted load balancer is still there
    stacks: StackBalancers = field(default_factory=StackBalancers)

    def ensure(self, wanted: LoadBalancerSpec) -> str | None:
        self.made.setdefault(wanted.name, wanted)
        return f"{wanted.name}.example.com" if self.ready else None

    def remove(self, wanted: LoadBalancerSpec) -> bool:
        self.made.pop(wanted.name, None)
        self.removed.append(wanted.name)
        return not self.held


@dataclass
class Disks:
    """Stands for the AWS side's volumes: what was asked for, by whom, and whether it is ready."""

    made: dict[str, VolumeSpec] = field(default_factory=dict)  # by ID
    callers: list[PodCaller] = field(default_factory=list)
    attached: dict[str, str] = field(default_factory=dict)  # instance by ID
    ready: bool = True
    refusal: str = ""  # why nothing is made, attached and deleted

    def ensure(self, caller: PodCaller, wanted: VolumeSpec) -> str | None:
        self._ask(caller)
        volume = f"vol-{wanted.name[-12:]}"
        self.made.setdefault(volume, wanted)
        return volume if self.ready else None

    def remove(self, caller: PodCaller, volume: str) -> None:
        self._ask(caller)
        assert volume not in self.attached
        self.made.pop(volume, None)

    def attach(self, caller: PodCaller, volume: str, instance: str) -> str:
        self._ask(caller)
        self.attached[volume] = instance
        return "/dev/xvdaa"

    def detach(self, caller: PodCaller, volume: str, instance: str) -> None:
        self._ask(caller)
        assert self.attached.pop(volume) == instance

    def _ask(self, caller: PodCaller) -> None:
        self.callers.append(caller)
        if self.refusal:
            raise VolumeError(self.refusal)


@dataclass
class Demo:
    """The cluster demo: its view, which tests change, and the side that follows it."""

    side: KubernetesBackend
    views: dict[str, ClusterView]
    balancers: Balancers
    disks: Disks
    state_dir: Path
    scratch: Path
    kubectl_program: Path

    def become(self, **changes: Any) -> None:
        """Change the view and tell the side."""
        self.views[ARN] = cluster_view(**changes)
        self.side.sync(ARN)

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the cluster's administrator."""
        command = [str(self.kubectl_program), "--kubeconfig", str(self.side.kubeconfig(ARN)), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def names(self, *arguments: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.get(*arguments)["items"]}

    def eventually(self, look: Callable[[], Any]) -> Any:
        """The first true answer of ``look``."""
        end = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < end, f"still {found!r} after {PATIENCE:.0f} s; {self.logs()}"
            time.sleep(0.1)
        return found

    def crash(self) -> None:
        """Kill what runs of its control plane; the next call starts it again."""
        (row,) = self.side.status()
        for pid in cast("list[int]", row["pids"]):
            os.kill(pid, signal.SIGKILL)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.state_dir.rglob("sandbox.log"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The cluster demo; its control plane starts with the first call."""
    views: dict[str, ClusterView] = {ARN: cluster_view()}
    kubectl = binaries.ensure()["kubectl"]
    TokenReviews.views = views
    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenReviews)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        balancers, disks = Balancers(), Disks()
        reviews = f"http://127.0.0.1:{server.server_address[1]}/review"
        side = KubernetesBackend(folder, views.get, reviews, AwsSide(balancers, disks))
        side.endpoint(ARN)
        yield Demo(side, views, balancers, disks, Path(folder), tmp_path_factory.mktemp("demo"), kubectl)
        side.stop()
        assert not list(Path(folder).iterdir())
    server.shutdown()


@pytest.fixture
def cluster(demo: Demo) -> Iterator[Demo]:
    """The cluster demo, empty at the beginning and at the end of a test."""
    demo.become()
    yield demo
    demo.become()


@pytest.fixture
def namespace(cluster: Demo, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    name = request.node.name.replace("_", "-").removeprefix("test-")[:60].strip("-")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
