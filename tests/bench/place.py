"""A sandbox of its own, and the collection's playbooks run against it as a user runs them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from kumo_sandbox import durations

BIN = Path(sys.executable).parent
# The variables of a run with the guide's ClusterConfig.
GUIDE = {"eks_cluster_config": str(Path(__file__).resolve().parents[2] / "docs" / "examples" / "cluster-config.yaml")}


class Place:
    """A running sandbox that answers as late as AWS, at AWS' quotas.

    Args:
        speed: as kumo-sandbox up takes it.
        kubernetes: whether its clusters have control planes.
    """

    def __init__(self, folder: str, speed: str, kubernetes: bool = False) -> None:
        self.folder = folder
        self.peak = 0.0
        self._env = {**os.environ, "ANSIBLE_HOME": f"{folder}/ansible", "ANSIBLE_LOCALHOST_WARNING": "false"}
        self._env["PYTHONUNBUFFERED"] = "1"
        latency = ["--latency", str(durations.LATENCY)]
        self.sandbox("up", *([] if kubernetes else ["--no-kubernetes"]), "--speed", speed, *latency)
        self._env |= json.loads(self.sandbox("env", "--format", "json"))

    def sandbox(self, *words: str) -> str:
        """Run kumo-sandbox; what it printed."""
        command = [str(BIN / "kumo-sandbox"), words[0], "--state", f"{self.folder}/state", *words[1:]]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    @property
    def endpoint(self) -> str:
        """The URL of the sandbox."""
        return self._env["AWS_ENDPOINT_URL"]

    @property
    def region(self) -> str:
        return self._env["AWS_REGION"]

    def client(self, service: str) -> Any:
        """A boto3 client of the sandbox."""
        words = {"endpoint_url": self.endpoint, "region_name": self.region}
        keys = {f"aws_{key}": self._env[f"AWS_{key.upper()}"] for key in ("access_key_id", "secret_access_key")}
        return boto3.client(service, **words, **keys)

    def start(self, playbook: str, **variables: Any) -> subprocess.Popen[str]:
        """Start ansible-playbook in a session of its own."""
        command = [str(BIN / "ansible-playbook"), "-i", "localhost,", playbook, "-e", json.dumps(variables)]
        return subprocess.Popen(
            command,
            env=self._env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, playbook: str, **variables: Any) -> tuple[int, str]:
        """Run a playbook to its end; (exit code, output). ``peak`` is the memory that its largest process took, in MiB."""
        process = self.start(playbook, **variables)
        output = process.stdout.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = usage.ru_maxrss / 1024
        return process.returncode, output


@contextlib.contextmanager
def place(speed: str = "instant", kubernetes: bool = False) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="kumo-place-") as folder:
        made = Place(folder, speed, kubernetes)
        try:
            yield made
        finally:
            made.sandbox("down")
