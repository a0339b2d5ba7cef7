# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make chaos ends everything that a run has started, also what has a session of its own."""

from __future__ import annotations

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
