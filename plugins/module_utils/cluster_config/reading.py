# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a ClusterConfig against the table of fields and collects everything that is wrong with it. Pure."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import (
    CHOICES,
    DEFINITIONS,
    REQUIRED,
    ROOT,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.verdicts import find_verdict
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

NO_ARN = "arn:::::"  # how eksctl writes an ARN that is not there, if it does not leave it empty

_WANTED = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "boolean": (bool, "true or false"),
    "number": ((int, float), "a number"),
}


def read(config: Any) -> tuple[dict[str, Any], list[str]]:
    """The config without nulls and empty mappings, and the problems found: unknown, wrong, missing, refused fields."""
    if not isinstance(config, dict):
        return {}, [f"ClusterConfig: {format_value(config)} is not a mapping of fields."]
    reader = _Reader()
    return reader.read_fields(config, ROOT, "") or {}, reader.problems


def format_value(value: Any) -> str:
    """A value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class _Reader:
    def __init__(self) -> None:
        self.problems: list[str] = []

    def read_value(self, value: Any, kind: str, path: str) -> Any:
        """The value as it is to be translated; None where it is absent, refused or wrong."""
        if value is None or _is_no_arn(value, path):
            return None
        state, said = find_verdict(re.sub(r"\[\d+\]", "[]", re.sub(r"\{[^}]*\}", "{}", path)))
        if state == "refused" and not _changes_nothing(value, said.accepts):
            self.problems.append(
                f"{_format_path(path)}: not supported by kumo.eks: {said.why}. {said.remedy[0].upper()}{said.remedy[1:]}."
            )
        if state == "refused":
            return None
        if kind.startswith("["):
            return self.read_items(value, kind[1:-1], path)
        if kind.startswith("{"):
            return self.read_mapping_of(value, kind[1:-1], path)
        if kind in DEFINITIONS:
            return self.read_fields(value, kind, path)
        return self.read_scalar(value, kind, path)

    def read_items(self, value: Any, kind: str, path: str) -> list[Any] | None:
        if kind == "NodeGroupTaint" and path.startswith("nodeGroups[") and isinstance(value, dict):
            value = [_read_taint(key, text) for key, text in value.items()]
        if not isinstance(value, list):
            return self.report(path, value, "a list")
        for index, item in enumerate(value):
            if item is None:
                self.report(f"{path}[{index}]", item, "an item")
        return [self.read_value(item, kind, f"{path}[{index}]") for index, item in enumerate(value)]

    def read_mapping_of(self, value: Any, kind: str, path: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return self.report(path, value, "a mapping")
        read_entries = {}
        for key, item in value.items():
            if not isinstance(key, str):
                self.report(path, key, "text keys, in quotes")
            else:
                entry = self.read_value("" if item is None and kind == "string" else item, kind, f"{path}{{{key}}}")
                read_entries[key] = {} if entry is None and kind != "string" else entry
        return read_entries

    def read_fields(self, value: Any, kind: str, path: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return self.report(path, value, f"a mapping with fields like {', '.join(list(DEFINITIONS[kind])[:3])}")
        fields = DEFINITIONS[kind]
        below = f"{path}." if path else ""
        for name in REQUIRED.get(kind, ()):
            if value.get(name) is None:
                self.problems.append(f"{_format_path(below)}{name}: is missing.")
        for name in value:
            if name not in fields:
                self.problems.append(f"{_format_path(below)}{name}: unknown field.{suggest_name(str(name), fields)}")
        found = {
            name: self.read_value(value.get(name), fields[name], f"{below}{name}") for name in value if name in fields
        }
        return {name: item for name, item in found.items() if item is not None}

    def read_scalar(self, value: Any, kind: str, path: str) -> Any:
        if kind in CHOICES:
            return self.read_choice(value, CHOICES[kind], path)
        if kind == "any":
            return value
        wanted, words = _WANTED[kind]
        if path == "metadata.version" and isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.report_unquoted_version(value, path)
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
            cure = f', in quotes: "{value}"' if kind == "string" and not isinstance(value, (dict, list)) else ""
            return self.report(path, value, f"{words}{cure}")
        return value

    def read_choice(self, value: Any, choices: tuple[str, ...], path: str) -> Any:
        """One of the choices, as it is spelt there; capital letters do not matter, as in eksctl."""
        for choice in choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        hint = suggest_name(str(value), choices) if len(choices) > 1 else ""
        return self.report(path, value, f"one of {', '.join(choices)}", hint)

    def report_unquoted_version(self, value: float, path: str) -> None:
        minor = f"{value}" if len(f"{value}") > 3 else f"{value}0"
        self.problems.append(f'{path}: {value} is a number in YAML. Write it in quotes: version: "{minor}".')

    def report(self, path: str, value: Any, allowed: str, hint: str = "") -> None:
        self.problems.append(f"{_format_path(path)}: {format_value(value)} is not valid. Use {allowed}.{hint}")


def _read_taint(key: Any, text: Any) -> dict[str, Any]:
    """The other form of a taint, "key": "value:effect" or ":effect": parseTaint in eksctl's pkg/utils/taints."""
    value, _colon, effect = str(text).rpartition(":")
    return {"key": key, "value": value, "effect": effect}


def _is_no_arn(value: Any, path: str) -> bool:
    return value == NO_ARN or (value == "" and path.endswith("ARN"))


def _changes_nothing(value: Any, accepts: tuple[Any, ...]) -> bool:
    """Nothing, or what the verdict accepts; a mapping of settings that are all off is nothing, too."""
    if isinstance(value, dict) and all(one is False for one in value.values()):
        return True
    return value == [] or any(
        value == accepted and isinstance(value, bool) is isinstance(accepted, bool) for accepted in accepts
    )


def _format_path(path: str) -> str:
    """Entries of mappings as people write them: labels{role} -> labels.role."""
    return re.sub(r"\{([^}]*)\}", r".\1", path)
