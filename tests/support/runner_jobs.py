# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the example project under ansible-runner, in a private data directory as AWX makes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .awx_controller import read_default

PROJECT = Path(__file__).resolve().parents[2] / "docs/examples/awx-project"
RUNNER = Path(sys.executable).with_name("ansible-runner")


def answers(playbook: str = "site") -> dict[str, Any]:
    """A survey's defaults, as AWX hands them over: numbers for integers, lists for multiselect, else texts."""
    rows = json.loads((PROJECT / f"surveys/{playbook}.json").read_text())["spec"]
    return {row["variable"]: read_default(row) for row in rows}


def path_of_tools() -> str:
    return f"{RUNNER.parent}:/usr/bin:/bin"


def run_job(folder: Path, playbook: str, ident: str, check: bool = False) -> tuple[int, list[dict[str, Any]]]:
    """Run a playbook of the project in the private data directory; its return code, and the job's events."""
    job = ["--cmdline=--check"] if check else []
    done = subprocess.run(
        [str(RUNNER), "run", str(folder), "-p", playbook, "-i", ident, "--quiet", *job],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "env" / "cmdline").unlink(missing_ok=True)  # ansible-runner keeps it for the next job
    found = events(folder / "artifacts" / ident)
    assert found, done.stdout + done.stderr
    return done.returncode, found


def run(folder: Path, playbook: str, check: bool = False, fails: bool = False) -> list[dict[str, Any]]:
    """Run a playbook that succeeds, or fails; the job's events."""
    code, found = run_job(folder, playbook, playbook, check)
    assert (code != 0) == fails, printed(found)
    return found


def events(artifacts: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    return sorted(found, key=lambda event: event["counter"])


def printed(found: list[dict[str, Any]]) -> str:
    return "\n".join(event["stdout"] for event in found)


def read_artifacts(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the playbook handed on with set_stats."""
    stats = [event["event_data"] for event in found if event["event"] == "playbook_on_stats"]
    return stats[-1].get("artifact_data", {}) if stats else {}
