# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the example project share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.runner_jobs import PROJECT, answers, path_of_tools

from kumo_sandbox import Sandbox


@pytest.fixture
def awx(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private data directory as AWX makes it: project, inventory, extra variables, and the AWS credential, which has no region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    keys = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name in keys:
        monkeypatch.delenv(name)
    folder = tmp_path / "private"
    shutil.copytree(PROJECT, folder / "project")
    for name, text in {
        "inventory/hosts": "localhost ansible_connection=local\n",
        "env/extravars": json.dumps(answers()),
        "env/envvars": json.dumps(
            {**{key: sandbox.env[key] for key in keys}, "ANSIBLE_HOME": str(tmp_path / "home"), "PATH": path_of_tools()}
        ),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder
