# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait takes from the results of the tasks before it."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.unsettled import collect_unsettled

ACTIVE = {"name": "general", "changed": False, "status": "ACTIVE", "updates": []}


def test_nothing_where_all_were_active_already():
    cluster = {"changed": False, "cluster": {"name": "c", "status": "ACTIVE"}, "updates": []}
    assert collect_unsettled([cluster, {"nodegroups": [ACTIVE]}, {"skipped": True, "changed": False}]) == {}


def test_a_change_and_a_status_are_waited_for_with_their_updates():
    changed = {**ACTIVE, "name": "spot", "changed": True, "updates": [{"id": "u-1", "type": "ConfigUpdate"}]}
    creating = {"name": "coredns", "changed": False, "status": "CREATING"}
    assert collect_unsettled([{"nodegroups": [ACTIVE, changed]}, {"addons": [creating]}]) == {
        "nodegroups": ["spot"],
        "updates": [{"id": "u-1", "nodegroup": "spot"}],
        "addons": ["coredns"],
    }


def test_a_group_that_took_the_place_of_a_declared_one_has_its_name_in_eks():
    row = {**ACTIVE, "nodegroup_name": "general-2", "changed": True, "updates": [{"id": "u-1", "type": "ConfigUpdate"}]}
    updates = [{"id": "u-1", "nodegroup": "general-2"}]
    assert collect_unsettled([{"nodegroups": [row]}]) == {"nodegroups": ["general-2"], "updates": updates}


def test_a_cluster_and_its_updates():
    result = {"changed": True, "cluster": {"name": "c", "status": "UPDATING"}, "updates": [{"id": "u-2"}]}
    assert collect_unsettled([result]) == {"cluster": True, "updates": [{"id": "u-2"}]}


def test_a_single_resource_by_its_own_key():
    result = {"changed": True, "status": "CREATING", "updates": [], "fargate_profile": {"fargate_profile_name": "f"}}
    assert collect_unsettled([result])["fargate_profiles"] == ["f"]


def test_what_is_being_deleted_is_waited_for_until_it_is_gone():
    goes = {**ACTIVE, "name": "goes", "changed": True, "status": "DELETING"}
    gone = {"name": "gone", "changed": True, "updates": []}
    assert collect_unsettled([{"nodegroups": [ACTIVE, goes, gone]}]) == {"deleted": {"nodegroups": ["goes"]}}
