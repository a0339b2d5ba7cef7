# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are taken for misspelt ones."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.plugin_utils.variable_names import find_misspelt, list_known


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("eks_audit_fail", "eks_audit_fail_on"),
        ("eks_upgrade_verson", "eks_upgrade_version"),
        ("eks_cluster_nam", "eks_cluster_name"),
        ("eks_nodegroup_list", "eks_nodegroups_list"),
    ],
)
def test_a_slip_is_named_with_what_is_meant(name, meant):
    (text,) = find_misspelt({name: 1})
    assert text.startswith(f"{name}: ") and text.endswith(f"Did you mean {meant}?")


def test_variables_of_users_and_ours_are_left_alone():
    ours = {name: 1 for name in list_known()}
    assert "eks_cluster_name" in ours and "eks_drift_fail" in ours and "eks_account_id" in ours
    assert list(find_misspelt({**ours, "eks_team": 1, "my_eks_cluster_nam": 1, "eks_budget_owner": 1})) == []
