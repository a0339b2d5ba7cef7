# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two declarations as text, with what they do not say as comments. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.export.config import LeftOut
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, Note
from ansible_collections.kumo.eks.plugins.module_utils.export.yaml_text import (
    comment_out,
    format_comment,
    format_mapping,
)

Row = dict[str, Any]
# The beginning of a variable's name, and the title of its part of the file
TITLES = {
    "eks_network_": "Network",
    "eks_cluster_": "Control plane",
    "eks_nodegroups_": "Node groups",
    "eks_self_managed_nodes_": "Self-managed nodes",
    "eks_fargate_": "Fargate profiles",
    "eks_addons_": "Add-ons",
    "eks_access_": "Access",
    "eks_irsa_": "Identities of pods",
}
FIRST = ("eks_cluster_name", "eks_region", "eks_tags")
NOT_READ = (
    "Helm releases and objects in Kubernetes are not part of it. Kubernetes versions and image releases of node groups are written"
    " down where they differ from the cluster's, or with the option releases."
)


def format_variables(state: ClusterState, variables: Row, notes: Iterable[Note]) -> str:
    """The file of variables, for group_vars or host_vars."""
    head = f"Cluster {state.name} in {state.region} as variables of the roles of kumo.eks. {NOT_READ}"
    if not state.is_owned:
        head += (
            " kumo.eks did not create this cluster: eks_cluster_adopt lets site.yml change it all the same. teardown.yml refuses to"
            " delete it."
        )
    lines = ["---", *format_comment(head), *_format_notes(notes)]
    part = None
    for name, value in variables.items():
        title = "" if name in FIRST else next(title for start, title in TITLES.items() if name.startswith(start))
        if title != part:
            lines += ["", *([f"# {title}"] if title else [])]
            part = title
        lines += format_mapping({name: value}, unsafe=True)
    return "\n".join([*lines, ""])


def format_config(state: ClusterState, config: Row, left_out: list[LeftOut], notes: Iterable[Note]) -> str:
    """The ClusterConfig."""
    head = f"Cluster {state.name} in {state.region} as a ClusterConfig of eksctl. {NOT_READ}"
    if not state.is_owned:
        head += " kumo.eks did not create this cluster: run site.yml with -e eks_cluster_adopt=true."
    lines = ["---", *format_comment(head), *_format_notes(notes)]
    for name, value in config.items():
        lines += [*([""] if isinstance(value, (dict, list)) else []), *format_mapping({name: value})]
    for part in left_out:
        lines += [
            "",
            *format_comment(f"Of {part.path}, not in force: {part.reason}."),
            *comment_out(format_mapping(part.value)),
        ]
    return "\n".join([*lines, ""])


def _format_notes(notes: Iterable[Note]) -> list[str]:
    rows = list(notes)
    if not rows:
        return []
    return ["#", "# Not written down:", *(line for note in rows for line in format_comment(f"- {note.format()}."))]
