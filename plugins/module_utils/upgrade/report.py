# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans, runbooks and records of upgrades as text. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import align_columns, format_markdown_table
from ansible_collections.kumo.eks.plugins.module_utils.upgrade import plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import WAITING, format_wait

Row = dict[str, Any]
STEPS = ("Step", "Version", "What", "From", "To", "By", "Usually")
GATES = ("Gate", "Verdict", "What was read")
TITLES = {**plan.TITLES, plan.FARGATE: "restart of pods on Fargate"}  # what is done, in a table of steps
MARKS = {"passed": "+", "failed": "!", "unknown": "?"}


def format_lines(result: Row, title: str = "") -> list[str]:
    """The plan and the gates of a result, as tables for the screen."""
    steps, gates = result.get("steps") or [], result.get("gates") or []
    way = f" from {result['version']} to {result['kubernetes_version']}" if result.get("kubernetes_version") else ""
    head = f"{title or name_kind(result)} of cluster {result['cluster_name']}{way}"
    lines = [
        f"{head}: {format_count(len(steps), 'step')}."
        if steps
        else f"Cluster {result['cluster_name']} is at {result['version']}: no step is left."
    ]
    lines += (
        align_columns([STEPS, *(_build_cells(number, row) for number, row in enumerate(steps, 1))]) if steps else []
    )
    lines += ["", "Gates of the next step:"] if gates else []
    for row in gates:
        state = "overridden" if row["override"] and row["verdict"] != "passed" else row["verdict"]
        later = "" if row["applies"] else " (later)"
        lines.append(f"{MARKS[row['verdict']]} {row['id']} {state}{later}: {'; '.join(row['evidence'])}")
        lines += [f"    warning: {text}" for text in row["warnings"]]
        lines += [f"    {row['remedy']}"] if row["remedy"] and row["verdict"] != "passed" else []
        lines += [f"    overridden: {row['override']}"] if row["override"] else []
    return lines + ([f"Waits: {format_wait(result[WAITING])}"] if result.get(WAITING) else [])


def name_kind(result: Row) -> str:
    """What the plan is of."""
    return "Rollback" if result.get("rollback") else "Upgrade"


def _build_cells(number: int, row: Row) -> tuple[str, ...]:
    what = TITLES[row["kind"]].format(name=row["name"]) + (f" ({row['note']})" if row["note"] else "")
    return (str(number), row["minor"], what, row["before"], row["after"], row["by"], row["usual_duration"])


def build_runbook(result: Row) -> str:
    """A page for the people who watch this upgrade: its gates, steps, checks and the way back."""
    name, region = result["cluster_name"], result.get("region") or ""
    lines = [
        f"# {name_kind(result)} of {name} from {result['version']} to {result['kubernetes_version']}",
        "",
        f"Region {region}. Written from the state of the cluster, and to be written again after each change.",
        "",
        "## Gates",
        "",
        *_format_table(GATES, [(row["id"], row["verdict"], "; ".join(row["evidence"])) for row in result["gates"]]),
        "",
        *[f"- {row['id']}: {row['remedy']}" for row in result["gates"] if row["remedy"] and row["verdict"] != "passed"],
        *[f"- {row['id']}, warning: {text}" for row in result["gates"] for text in row["warnings"]],
        "",
        "## Steps",
        "",
        *_format_table(STEPS, [_build_cells(number, row) for number, row in enumerate(result["steps"], 1)]),
        "",
        "All steps that kumo.eks does, one after the other, with a look at nodes and pods after each:",
        "",
        "```console",
        f"ansible-playbook kumo.eks.upgrade -e eks_cluster_name={name} -e eks_cluster_region={region}"
        f" -e eks_upgrade_version={result['kubernetes_version']}"
        + (" -e eks_upgrade_rollback=true" if result.get("rollback") else ""),
        "```",
        "",
        "## Checks by hand",
        "",
        "```console",
        "kubectl get nodes",
        "kubectl get pods --all-namespaces --field-selector status.phase!=Running,status.phase!=Succeeded",
        f"aws eks list-insights --cluster-name {name} --region {region}",
        "```",
        "",
        "## When it stops",
        "",
        "- Run the same command again: it goes on with the first step that is not done.",
        "- A node group that cannot drain a node fails with PodEvictionFailure: let the pods go, or set eks_upgrade_force.",
        "- Within seven days after a step, EKS can roll the control plane back by one minor version: eks_upgrade_version one lower, and"
        " eks_upgrade_rollback. Node groups, and add-ons that do not know the older version, go back before it.",
    ]
    return "\n".join([*lines, ""])


def build_record(result: Row, title: str = "") -> str:
    """What a run did, as Markdown."""
    lines = [
        f"# {title or name_kind(result)} of {result['cluster_name']}",
        "",
        f"- By: {result['caller']}",
        f"- Began: {result['began']}, ended: {result['ended']}",
        f"- From {result['from_version']} to {result['version']}, asked for: {result['kubernetes_version']}"
        if not title
        else f"- Kubernetes {result['from_version']}",
        f"- Result: {result['result']}",
        *([f"- {format_wait(result[WAITING])}"] if result.get(WAITING) else []),
        "",
        "## Gates",
        "",
        *_format_table(
            (*GATES, "Overridden"),
            [(row["id"], row["verdict"], "; ".join(row["evidence"]), row["override"]) for row in result["gates"]],
        ),
        "",
        "## Steps",
        "",
        *_format_table(
            ("Began", "What", "From", "To", "Seconds", "Afterwards"),
            [
                (
                    row["began"],
                    TITLES[row["kind"]].format(name=row["name"]),
                    row["before"],
                    row["after"],
                    str(row["seconds"]),
                    row.get("health") or "",
                )
                for row in result["done"]
            ],
        ),
    ]
    return "\n".join([*lines, ""])


def _format_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return ["None."]
    return format_markdown_table(head, rows)
