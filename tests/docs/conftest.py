# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the pages share: one account with Kubernetes behind its clusters, and a folder to work in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.clock import SPEED
from support.warm import Commands

from kumo_sandbox import Sandbox
from kumo_sandbox.state_dir import StateDir
from kumo_sandbox.toolchain import binaries

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TOOLS = ("kubectl", "helm")
PATIENCE = 600  # seconds that one block may take; a busy machine needs several times what a quiet one does


@dataclass
class Story:
    """The README and the guide as one reader follows them: an account, a folder, and what was printed last."""

    sandbox: Sandbox
    folder: Path
    tools: dict[str, Path]
    state: Path  # of the sandbox, where the command kumo-sandbox finds it
    output: str = ""
    commands: Path = BIN  # where ansible-playbook is
    run_module: Callable[..., dict[str, Any]] | None = None  # runs one in the test's own process
    findings: list[Any] = field(default_factory=list)  # of the page on troubleshooting, for which no cure was read yet
    readme_calls: list[dict[str, Any]] = field(default_factory=list)
    user: dict[str, str] = field(
        default_factory=dict
    )  # whose keys the reader has, as variables; none is the administrator

    def run(self, *command: str) -> str:
        """Run a command as the reader would; its output is kept, and a failure fails the test with it."""
        folders = [
            str(self.commands),
            str(BIN),
            *(str(path.parent) for path in self.tools.values()),
            os.environ["PATH"],
        ]
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **self.sandbox.env,
            **self.user,
            "KUMO_SANDBOX_STATE": str(self.state),
            "PATH": ":".join(folders),
            "ANSIBLE_HOME": str(self.folder / ".ansible"),
            **{f"HELM_{kind}_HOME": str(self.folder / ".helm" / kind) for kind in ("CACHE", "CONFIG", "DATA")},
            "ANSIBLE_NOCOLOR": "1",
        }
        process = subprocess.Popen(
            command,
            env=env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            self.output = process.communicate(timeout=PATIENCE)[0]
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # what bash started would go on in the account without it
            self.output = process.communicate()[0]
            error.add_note(self.output)
            raise
        assert process.returncode == 0, self.output
        return self.output

    def playbook(self, path: Path) -> dict[str, int]:
        """Run a playbook; what its recap counts."""
        recap = self.run("ansible-playbook", path.name).partition("PLAY RECAP")[2]
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", recap)}


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("reader")
    for example in (ROOT / "docs/examples").glob("*.yaml"):
        shutil.copy(example, folder)
    shutil.copytree(ROOT / "docs/examples/my-chart", folder / "my-chart")
    state = StateDir(str(tmp_path_factory.mktemp("sandbox")))
    with Sandbox(speed=SPEED, kubernetes=True, state_dir=str(state.clusters)) as sandbox:
        state.claim()
        state.write_facts({"pid": os.getpid(), "endpoint": sandbox.endpoint, "env": sandbox.env})
        yield Story(sandbox, folder, binaries.ensure(TOOLS), state.folder, commands=commands.folder)
