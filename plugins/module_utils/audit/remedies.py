# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that mend findings. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Row, Rule

# Rules whose task changes what no workload notices. The playbook applies them where it is asked to.
SAFE = ("control_plane_logs", "deletion_protection", "endpoint_private", "log_retention")

PLAIN = re.compile(r"[A-Za-z][^:#,\[\]{}\"'\n]*")  # text that YAML takes for text without quotes
WORDS = ("true", "false", "yes", "no", "on", "off", "null")


def is_safe(rule: Rule) -> bool:
    """Whether the playbook may apply a rule's task by itself."""
    return rule.task is not None and rule.name in SAFE


def build_task(rule: Rule, resource: str, place: Row) -> Row | None:
    """The task as data: a name, a module and its options.

    Args:
        place: cluster and region, for the placeholders of the task.
    """
    if rule.task is None:
        return None
    module, options = rule.task
    words = {**place, "name": resource.rpartition(" ")[2]}
    filled = _fill({**options, "region": "{region}"}, words)
    return {"name": rule.title, f"kumo.eks.{module}": filled}


def _fill(value: Any, words: Row) -> Any:
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace(f"{{{name}}}", str(text))
        return value
    if isinstance(value, dict):
        return {key: _fill(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, words) for one in value]
    return value


def build_task_text(rule: Rule, resource: str, place: Row) -> str:
    """The task as YAML, "" where the rule has none."""
    task = build_task(rule, resource, place)
    return "\n".join(_format_item(task)) + "\n" if task else ""


def _format_item(task: Row) -> list[str]:
    (first, title), (module, options) = task.items()
    return [f"- {first}: {_format_flow(title)}", f"  {module}:", *_format(options, 4)]


def _format(options: Row, indent: int) -> list[str]:
    """A mapping as YAML, whose scalars are written as JSON where YAML could take them for something else."""
    lines, blank = [], " " * indent
    for key, value in options.items():
        if isinstance(value, dict) and value:
            lines += [f"{blank}{key}:", *_format(value, indent + 2)]
        elif isinstance(value, list) and value:
            lines += [f"{blank}{key}:", *(f"{blank}  - {_format_flow(one)}" for one in value)]
        else:
            lines.append(f"{blank}{key}: {_format_flow(value)}")
    return lines


def _format_flow(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_format_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_format_flow, value)) + "]"
    if isinstance(value, str) and (not PLAIN.fullmatch(value) or value.lower() in WORDS):
        return json.dumps(value)
    return str(value)
