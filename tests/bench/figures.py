# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of each version, in figures.json."""

from __future__ import annotations

import datetime
import json
import platform
from pathlib import Path

import yaml
from ansible.release import __version__ as ansible_version

HERE = Path(__file__).resolve().parent
PATH = HERE / "figures.json"
_found: dict[str, dict[str, float]] = {}


def begin(part: str) -> None:
    """What is noted from now on is of this part of the bench: several measure what has the same name."""
    _found[part] = {}


def remember(what: str, value: float) -> None:
    """Note a figure of the part that runs."""
    _found[next(reversed(_found))][what] = round(value, 2)


def keep() -> None:
    """Write this run's figures to those of the version in galaxy.yml; what this run did not measure stays."""
    version = yaml.safe_load((HERE.parents[1] / "galaxy.yml").read_text())["version"]
    kept = json.loads(PATH.read_text()) if PATH.exists() else {}
    row = kept.setdefault(version, {"figures": {}})
    row["measured"] = datetime.date.today().isoformat()
    row["with"] = {"ansible-core": ansible_version, "Python": platform.python_version()}
    for part, figures in _found.items():
        row["figures"].setdefault(part, {}).update(figures)
    PATH.write_text(json.dumps(kept, indent=2) + "\n")
    print(f"{PATH} has the figures of {version}.")
