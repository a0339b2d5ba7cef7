"""One of the two sides: AWS or the sandbox, with the playbooks run against it, recorded, and always torn down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

BIN = Path(sys.executable).parent
HERE = Path(__file__).resolve().parent
TEARDOWNS = 3  # what is left by one is taken by the next


@dataclass
class Side:
    """Where the guide's cluster is created.

    Args:
        name: for messages.
        folder: of its files; the recording is calls.jsonl in it.
        env: the environment that leads to it.
        config: the ClusterConfig.
        stop: once it is set, nothing more is created, and the teardown begins.
        deadline: of time.monotonic(), after which it is torn down.
    """

    name: str
    folder: Path
    env: dict[str, str]
    config: dict[str, Any]
    stop: threading.Event
    deadline: float
    errors: list[str] = field(default_factory=list)

    @property
    def recording(self) -> Path:
        return self.folder / "calls.jsonl"

    def work(self) -> None:
        """Create the cluster, send the probes, and delete all of it, whatever happens. Failures are noted in ``errors``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.recording.unlink(missing_ok=True)
        (self.folder / "cluster-config.yaml").write_text(yaml.safe_dump(self.config))
        try:
            if self._play("site", "kumo.eks.site") and not self.stop.is_set():
                self._probe()
        finally:
            self.tear_down()

    def tear_down(self) -> None:
        """Run the teardown until it ends well, a few times."""
        for number in range(1, TEARDOWNS + 1):
            if self._play(f"teardown-{number}", "kumo.eks.teardown", always=True):
                return
        self.errors.append(f"{self.name}: the teardown did not end well. Run it again: make aws-check with --teardown.")

    def _play(self, title: str, playbook: str, always: bool = False) -> bool:
        """Run a playbook; its screen goes to a file. Whether it ended well."""
        variables = {
            "eks_cluster_config": str(self.folder / "cluster-config.yaml"),
            "eks_irsa_roles_only": True,
            "eks_teardown_confirm": self.config["metadata"]["name"],
        }
        command = [str(BIN / "ansible-playbook"), "-i", "localhost,", playbook, "-e", json.dumps(variables)]
        return self._run(title, command, always)

    def _probe(self) -> None:
        self._run("probes", [sys.executable, str(HERE / "probes.py"), self.config["metadata"]["name"]])
        taken = (self.folder / "probes.log").read_text().strip()
        self.errors += [f"{self.name}: {line}" for line in taken.splitlines()]

    def _run(self, title: str, command: list[str], always: bool = False) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"{self.name}: {title}", flush=True)
        paths = [str(HERE / "recorder"), self.env.get("PYTHONPATH", "")]
        env = {**self.env, "KUMO_RECORDING": str(self.recording), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        log = self.folder / f"{title}.log"
        with log.open("w") as screen:
            # A session of its own: an interruption of the terminal is for this program, which then tears down.
            process = subprocess.Popen(
                command,
                env=env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
            while process.poll() is None:
                if not always and (self.stop.is_set() or time.monotonic() > self.deadline):
                    process.terminate()
                    process.wait()
                    break
                time.sleep(0.2)
        if process.returncode and not (self.stop.is_set() and not always):
            self.errors.append(f"{self.name}: {title} ended with {process.returncode}, see {log}")
        return process.returncode == 0
