# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in processes of their own, for tests that run several at once, or kill one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
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


def until(condition: Callable[[], bool]) -> None:
    """Until it holds; fails after two minutes: three parts of the gate share two cores."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
