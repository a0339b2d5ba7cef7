# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the inventory plugin and of the lookup, and variables of playbooks that no role and no module has. Nothing is asked of AWS."""

from __future__ import annotations

from support.bad_inputs.row import inventory, lookup, playbook

file = inventory("kumo.eks.eks", regions=["eu-west-1"])
token = lookup("kumo.eks.eks_token", region="eu-west-1", _terms=["there"])
waves = playbook("waves_input", eks_upgrade_waves=["staging"])

INVENTORY = [
    file("a mistyped option", "regoins", "unknown option", "Did you mean regions?", regoins=["all"]),
    file(
        "a region that does not exist", "regions", "'eu-west'", "not a region of any AWS partition", regions=["eu-west"]
    ),
    file("all regions and one", "regions", "eu-west-1", "Use all alone", regions=["all", "eu-west-1"]),
    file("no accounts", "accounts", "empty", "Add an entry", accounts=[]),
    file(
        "a mistyped option of an account",
        "accounts[0].profil",
        "unknown",
        "Did you mean profile?",
        accounts=[{"profil": "x"}],
    ),
    file("an external ID alone", "accounts[0]", "set profile", "assume_role_arn", accounts=[{"external_id": "x"}]),
    file("text for an account", "accounts[0]", "'x'", "mapping of options", accounts=["x"]),
]
LOOKUP = [
    token("a mapping for a name", "_terms", "{}", "Use a name like", _terms=[{}]),
    token("a name with a blank", "_terms", "'my cluster'", "letters, digits, hyphens", _terms=["my cluster"]),
    token("an empty name", "_terms", "''", "Use a name like", _terms=[""]),
]
PLAYBOOKS = [
    waves("no waves", "eks_upgrade_waves", "is required", "a list of patterns", eks_upgrade_waves=None),
    waves("a version by a word", "eks_upgrade_version", "latest", '"1.34"', eks_upgrade_version="latest"),
    waves(
        "a check that there is not", "eks_upgrade_wave_checks", "disks", "nodegroups", eks_upgrade_wave_checks=["disks"]
    ),
    waves(
        "tasks that are not there",
        "eks_upgrade_wave_tasks",
        "no/own.yml",
        "a file of tasks",
        eks_upgrade_wave_tasks="no/own.yml",
    ),
]
