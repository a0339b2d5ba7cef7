# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that load Python's libraries once for a whole test run: python, for modules, ansible and ansible-playbook.

The real ones, where KUMO_TESTS_COLD is set. As a program, warm.py COMMAND [ARGUMENT ...] runs a command with the warm ones
first on PATH.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
OUTPUT = SUPPORT.parent / "output"
BIN = Path(sys.executable).parent
COLD = "KUMO_TESTS_COLD"
LONGEST_ADDRESS = 100  # of a Unix socket: Linux takes 107 bytes
PLAYBOOK_COMMANDS = ("ansible", "ansible-playbook")


@dataclass(frozen=True)
class Commands:
    """Where the commands are that a test runs, and the processes whose children do the work of warm ones."""

    python: Path
    folder: Path
    servers: tuple[int, ...] = ()

    @property
    def playbook(self) -> Path:
        return self.folder / "ansible-playbook"

    @property
    def ansible(self) -> Path:
        return self.folder / "ansible"


@contextmanager
def commands() -> Iterator[Commands]:
    """The commands, warm unless the environment wants the real ones."""
    if os.environ.get(COLD):
        yield Commands(Path(sys.executable), BIN)
        return
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUTPUT, prefix="warm-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        python = folder / "warm-python"
        # ansible_playbook_python is what a playbook's process calls its executable
        flavours = (("playbooks", python), ("modules", Path(sys.executable)))
        servers = [stack.enter_context(serve(flavour, folder, executable)) for flavour, executable in flavours]
        write_client(python, folder / "modules", sys.executable)
        for name in PLAYBOOK_COMMANDS:
            write_client(folder / name, folder / "playbooks", sys.executable, str(BIN / name))
        yield Commands(python, folder, tuple(servers))


@contextmanager
def serve(flavour: str, folder: Path, executable: Path) -> Iterator[int]:
    """The id of a server at a socket with the flavour's name. It ends with this process, however that ends."""
    address = str(folder / flavour)
    if len(address) > LONGEST_ADDRESS:
        raise ValueError(f"{address} is too long for a socket: check out the project elsewhere, or set {COLD}=1")
    words = [sys.executable, SUPPORT / "warm_server.py", address, flavour, OUTPUT / "compiled", executable]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, start_new_session=True, env=env) as process:
        assert process.stdin and process.stdout
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process.pid
        finally:
            process.stdin.close()


def write_client(path: Path, server: Path, *real: str) -> None:
    """An executable that has the server do what the real command would."""
    text = (SUPPORT / "warm_client.py").read_text()
    text = text.replace('SERVER = ""', f"SERVER = {str(server)!r}").replace("REAL = ()", f"REAL = {real!r}")
    path.write_text(f"#!{Path(sys.executable).resolve()} -ISE\n{text}")
    path.chmod(0o755)


def main(command: list[str]) -> int:
    with commands() as found:
        path = f"{found.folder}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(command, env={**os.environ, "PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
