# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both declarations of a cluster: role variables and a ClusterConfig. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.export.config import ConfigBuilder
from ansible_collections.kumo.eks.plugins.module_utils.export.files import format_config, format_variables
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, Note
from ansible_collections.kumo.eks.plugins.module_utils.export.variables import CONFIG, VARIABLES, VariablesBuilder


def build_declaration(state: ClusterState, releases: bool = False) -> dict[str, Any]:
    """The result of eks_export for a cluster that exists."""
    builder = VariablesBuilder(state, releases)
    variables = builder.build()
    config = ConfigBuilder(state, variables)
    written = config.build()
    notes = sorted([*builder.notes, *config.notes], key=lambda note: (note.kind, note.name, note.field, note.reason))
    return {
        "owned": state.is_owned,
        "role_variables": variables,
        "role_variables_text": format_variables(state, variables, _choose(notes, VARIABLES)),
        "cluster_config": written,
        "cluster_config_text": format_config(state, written, config.left_out, _choose(notes, CONFIG)),
        "not_expressed": [{**asdict(note), "forms": list(note.forms)} for note in notes],
    }


def _choose(notes: list[Note], form: str) -> list[Note]:
    return [note for note in notes if form in note.forms]
