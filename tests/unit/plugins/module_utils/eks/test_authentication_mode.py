# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mode of clusters of all ages."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import get_mode, has_entries


@pytest.mark.parametrize("cluster", [{}, {"accessConfig": None}, {"accessConfig": {}}])
def test_a_cluster_without_a_mode_has_the_one_there_was_before(cluster):
    assert get_mode(cluster) == "CONFIG_MAP" and not has_entries(cluster)


@pytest.mark.parametrize("mode", ["API_AND_CONFIG_MAP", "API"])
def test_the_other_modes_have_entries(mode):
    assert has_entries({"accessConfig": {"authenticationMode": mode}})
