# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a pending release is freed, and how."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.recovery import find_rollback_target, get_recover_after
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release


@pytest.mark.parametrize(
    ("status", "earlier", "revision"),
    [
        ("pending-upgrade", ("superseded", "failed", "deployed"), 3),
        ("pending-rollback", ("superseded", "failed"), 1),
        ("pending-upgrade", ("failed",), 1),
        ("pending-install", (), 1),
        ("pending-install", ("uninstalled",), 2),
        ("uninstalling", ("superseded",), None),
    ],
)
def test_the_revision_to_which_a_pending_release_is_rolled_back(status, earlier, revision):
    history = [{"revision": number, "status": each} for number, each in enumerate((*earlier, status), 1)]
    current = Release("web", "default", len(history), status, "", "", "", "", "", {}, {})
    assert find_rollback_target(current, history) == revision


def test_a_release_is_left_alone_for_twice_as_long_as_a_wait():
    assert get_recover_after({"recover_after": None, "wait_timeout": 100}) == 600
    assert get_recover_after({"recover_after": None, "wait_timeout": 900}) == 1800
    assert get_recover_after({"recover_after": 0, "wait_timeout": 900}) == 0
