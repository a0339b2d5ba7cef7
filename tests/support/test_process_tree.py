# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make chaos ends everything that a run has started, also what has a session of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from support import process_tree

# As ansible-playbook does: a worker in a session of its own, with a child that works for a while.
PARENT = """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def test_a_worker_in_its_own_session_ends_too():
    process = subprocess.Popen([sys.executable, "-c", PARENT])
    end = time.monotonic() + 30
    while time.monotonic() < end:
        children = process_tree.list_children()
        workers = children.get(process.pid, [])
        if any(children.get(worker) for worker in workers):
            break
        time.sleep(0.05)
    killed = process_tree.kill_tree(process.pid)
    process.wait()
    assert len(killed) == 3 and not any(process_tree.is_alive(pid) for pid in killed)


def test_a_command_is_killed_when_the_condition_holds_or_ends_before():
    looks = iter((False, False, True))
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], text=True)
    assert process_tree.kill_when(lambda: next(looks), process) and process.returncode == -signal.SIGKILL
    process = subprocess.Popen([sys.executable, "-c", ""], text=True)
    assert not process_tree.kill_when(lambda: False, process) and process.returncode == 0


def test_what_a_warm_server_runs_for_a_command_ends_with_it(commands, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    process = subprocess.Popen([commands.python, tmp_path / "parent.py"], text=True)

    def has_worker() -> bool:
        children = process_tree.list_children()
        workers = [pid for server in commands.servers for pid in children.get(server, [])]
        return any(children.get(child) for worker in workers for child in children.get(worker, []))

    assert process_tree.kill_when(has_worker, process, commands.servers)
    children = process_tree.list_children()
    left = [pid for server in commands.servers for pid in children.get(server, []) if process_tree.is_alive(pid)]
    assert left == []
