# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the inventory beside those of the roles: what exists must not decide what is declared."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.kumo.eks.plugins.inventory.eks import build_facts, build_variables

ROOT = Path(__file__).parents[3]
ROW = {
    "region": "eu-west-1",
    "account_id": "123456789012",
    "profile": "production",
    "cluster": {"name": "one", "status": "ACTIVE", "version": "1.33", "tags": None},
    "version": {"cluster_version": "1.33", "version_status": "EXTENDED_SUPPORT"},
    "nodegroups": [],
}


def list_declared() -> set[str]:
    """The variables of all roles."""
    found: set[str] = set()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text())["argument_specs"].values():
            found |= set(entry.get("options") or {})
    for path in ROOT.glob("roles/*/defaults/main.yml"):
        found |= set(yaml.safe_load(path.read_text()))
    return found


def test_the_inventory_sets_no_variable_that_is_declared():
    declared = list_declared()
    assert {"eks_cluster_name", "eks_cluster_version", "eks_cluster_logging"} <= declared
    shared = {"eks_cluster_name", "eks_region"}  # which cluster it is
    assert set(build_variables(ROW)) & (declared | {"eks_tags", "eks_state"}) <= shared


def test_the_variables_of_a_row():
    found = build_variables(ROW)
    assert (found["eks_support_status"], found["eks_module_defaults"]) == (
        "extended_support",
        {"profile": "production"},
    )
    assert found["eks_cluster_info"]["tags"] == {}
    older = build_variables({**ROW, "version": {"status": "standard-support"}})  # before versionStatus
    assert older["eks_support_status"] == "standard_support"
    denied = build_variables({**ROW, "version": None, "profile": None})
    assert not {"eks_support_status", "eks_version_info", "eks_module_defaults"} & set(denied)


def test_modules_use_a_profile_and_assume_no_role():
    assert build_facts({"profile": "production"}) == {"profile": "production"}
    assert build_facts({"profile": "production", "assume_role_arn": "arn:aws:iam::123456789012:role/x"}) == {}
