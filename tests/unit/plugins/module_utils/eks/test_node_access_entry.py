# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.eks.node_access_entry import may_have_entries


@pytest.mark.parametrize("planned", [None, {}, {"name": "my-cluster"}])
def test_a_planned_cluster_may_have_entries(planned):
    assert may_have_entries(planned)


@pytest.mark.parametrize(("mode", "may"), [("API", True), ("API_AND_CONFIG_MAP", True), ("CONFIG_MAP", False)])
def test_the_mode_of_a_cluster_decides(mode, may):
    cluster = {"name": "my-cluster", "version": "1.34"}
    assert may_have_entries({**cluster, "accessConfig": {"authenticationMode": mode}}) is may


def test_an_old_cluster_without_a_mode_has_none():
    assert not may_have_entries({"name": "my-cluster", "version": "1.29"})
