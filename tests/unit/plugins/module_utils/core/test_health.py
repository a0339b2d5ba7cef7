# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.health import describe_trouble

ISSUES = {"issues": [{"code": "ClusterUnreachable", "message": "no route", "resourceIds": ["subnet-1"]}]}
SAID = "ClusterUnreachable: no route (subnet-1)"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, ""),
        ({"name": "role", "arn": "x"}, ""),
        ({"status": "ACTIVE", "health": {"issues": []}}, ""),
        ({"status": "UPDATING"}, ""),
        ({"status": "DELETING", "health": ISSUES}, ""),
        ({"status": "ACTIVE", "health": ISSUES}, f"x is ACTIVE and has health issues: {SAID}"),
        ({"status": "DEGRADED", "health": ISSUES}, f"x is DEGRADED: {SAID}"),
        ({"status": "DELETE_FAILED"}, "x is DELETE_FAILED: EKS gave no reason"),
    ],
)
def test_what_is_wrong(raw, text):
    assert describe_trouble("x", raw) == text
