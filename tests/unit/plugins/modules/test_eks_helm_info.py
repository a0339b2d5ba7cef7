# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What eks_helm_info makes of Helm's answers."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError
from ansible_collections.kumo.eks.plugins.modules.eks_helm_info import read_details

ROW = {"name": "web", "namespace": "default"}


class Answers:
    """A Helm whose every command fails with this text."""

    def __init__(self, stderr: str) -> None:
        self.stderr = stderr

    def read_json(self, *args: str) -> None:
        raise HelmError(f"helm {args[0]}", self.stderr, 1)


def test_a_release_that_was_uninstalled_since_it_was_listed_has_no_details():
    assert read_details(Answers("Error: release: not found"), ROW, ["user_values"]) is None


def test_another_failure_is_one():
    with pytest.raises(HelmError, match="connection refused"):
        read_details(Answers("Error: connection refused"), ROW, ["history"])
