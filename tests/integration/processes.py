# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules and plays in processes of their own, for tests that run several at once, kill one, or read what it prints meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def play(module: str, options: dict[str, Any], **environment: str) -> dict[str, Any]:
    """A module in a process of its own, as Ansible runs it, and its result."""
    process = started(module, options, **environment)
    out, err = process.communicate(timeout=120)
    assert out, err
    return {"failed": False, **json.loads(out)}


def started(module: str, options: dict[str, Any], **environment: str) -> subprocess.Popen[str]:
    code = (
        "import sys, json\n"
        "from ansible.module_utils.testing import patch_module_args\n"
        "from ansible_collections.kumo.eks.plugins.module_utils.core import waiting\n"
        "waiting.FIRST_PAUSE = 0.05\n"
        f"from ansible_collections.kumo.eks.plugins.modules import {module} as module\n"
        "with patch_module_args(json.loads(sys.argv[1])):\n"
        "    module.main()\n"
    )
    command = [sys.executable, "-c", code, json.dumps(options)]
    env = {**os.environ, **environment}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def build_play(*tasks: dict[str, Any]) -> dict[str, Any]:
    """A play of these tasks on this machine."""
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": list(tasks),
    }


def start_play(playbook: Path, folder: Path, tasks: list[dict[str, Any]], *flags: str) -> subprocess.Popen[str]:
    """A play of these tasks, as a user runs it; ``playbook`` is the program, and ``folder`` the test's own."""
    book = folder / "book.json"
    book.write_text(json.dumps([build_play(*tasks)]))
    command = [str(playbook), *flags, "-i", "localhost,", str(book)]
    env = {**os.environ, "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "300"}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool]) -> None:
    """Until it holds; fails after two minutes: three parts of the gate share two cores."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
