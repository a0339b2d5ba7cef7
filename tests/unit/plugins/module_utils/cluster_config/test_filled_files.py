# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What eksctl fills in changes nothing: its dry run of a file gives the variables that the file gives.

The files of eksctl/ are ours. Those of eksctl/filled/ are what eksctl printed for them; tools/eksctl_dry_runs.py writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.text import parse_text

FOLDER = Path(__file__).parent / "eksctl"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
PAGE = Path(__file__).parents[5] / "docs" / "cluster-config.md"


def read(path: Path) -> dict[str, Any]:
    return build_role_variables(parse_text(path.read_text(encoding="utf-8")))


def drop_named_differences(variables: dict[str, Any]) -> dict[str, Any]:
    """The variables without what docs/cluster-config.md names: the AMI type beside a launch template of the user's own."""
    groups = [
        {name: value for name, value in group.items() if name != "ami_type" or "launch_template" not in group}
        for group in variables["eks_nodegroups_list"]
    ]
    return {**variables, "eks_nodegroups_list": groups}


def test_each_file_was_run():
    assert FILES and FILES == sorted(f"{path.stem}.yaml" for path in (FOLDER / "filled").glob("*.json"))


@pytest.mark.parametrize("name", FILES)
def test_what_eksctl_fills_in_is_what_we_take_without_it(name: str):
    filled = FOLDER / "filled" / name.replace(".yaml", ".json")
    assert drop_named_differences(read(FOLDER / name)) == drop_named_differences(read(filled))


def test_eksctl_filled_something_in():
    text = (FOLDER / "filled" / "nodes.json").read_text(encoding="utf-8")
    assert '"volumeThroughput": 125' in text and '"alpha.eksctl.io/nodegroup-type": "managed"' in text


def test_the_page_names_the_difference():
    assert "With `launchTemplate` and without `amiFamily`" in PAGE.read_text(encoding="utf-8")
