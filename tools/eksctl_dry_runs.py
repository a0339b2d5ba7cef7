# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what eksctl fills into our ClusterConfig files: the output of its dry run, against a sandbox.

Requires eksctl on PATH (0.231 wrote what is there). eksctl sees no account but the sandbox's. A file that eksctl refuses ends the run.

Run it with the project's Python after a change of a file: .venv/bin/python tools/eksctl_dry_runs.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from kumo_sandbox import Sandbox

FOLDER = Path(__file__).parents[1] / "tests/unit/plugins/module_utils/cluster_config/eksctl"


def fill(eksctl: str, path: Path, env: dict[str, str]) -> str:
    """What eksctl prints for a file, as JSON; ends the run with its reason where it refuses the file."""
    command = [eksctl, "create", "cluster", "--dry-run", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)
    if done.returncode:
        sys.exit(f"{path.name}: eksctl refuses it: {done.stderr.strip()}")
    return json.dumps(yaml.safe_load(done.stdout), indent=2) + "\n"


def main() -> None:
    """Fill in every file."""
    eksctl = shutil.which("eksctl")
    if eksctl is None:
        sys.exit("eksctl is not on PATH. It is needed only to write these files anew.")
    with Sandbox(region="us-west-2") as sandbox:
        env = {**os.environ, **sandbox.env}
        for path in sorted(FOLDER.glob("*.yaml")):
            (FOLDER / "filled" / f"{path.stem}.json").write_text(fill(eksctl, path, env), encoding="utf-8")


if __name__ == "__main__":
    main()
