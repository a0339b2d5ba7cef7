# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML as people write it, with comments, which YAML libraries drop. Pure.

A text that YAML would read as something else is in quotes. The escapes of double quotes are those of JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+=,:-]*(?<!:)")
ADDRESS = re.compile(r"\d+(\.\d+){3}(/\d+)?")
# What YAML 1.1 reads as a boolean or as null: https://yaml.org/type/bool.html, https://yaml.org/type/null.html
WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
TEMPLATE = re.compile(r"\{[{%#]")
LONGEST_COMMENT = 110  # characters of a line


def format_mapping(values: dict[str, Any], unsafe: bool = False) -> list[str]:
    """The lines of a mapping in block style, its keys in their order.

    Args:
        unsafe: mark texts that Ansible would take for templates (``!unsafe``), for files of variables.
    """
    return [
        line
        for key, value in values.items()
        for line in _format_entry(f"{_format_text(str(key), False)}:", value, unsafe)
    ]


def _format_entry(head: str, value: Any, unsafe: bool) -> list[str]:
    if isinstance(value, dict) and value:
        return [head, *_indent(format_mapping(value, unsafe))]
    if isinstance(value, (list, tuple)) and value:
        return [head, *_indent(_format_list(value, unsafe))]
    return [f"{head} {_format_scalar(value, unsafe)}"]


def _format_list(items: Iterable[Any], unsafe: bool) -> list[str]:
    lines: list[str] = []
    for item in items:
        if isinstance(item, dict) and item:
            first, *rest = format_mapping(item, unsafe)
        elif isinstance(item, (list, tuple)) and item:
            first, *rest = _format_list(item, unsafe)
        else:
            first, rest = _format_scalar(item, unsafe), []
        lines += [f"- {first}", *_indent(rest)]
    return lines


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _format_scalar(value: Any, unsafe: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    return _format_text(str(value), unsafe)


def _format_text(text: str, unsafe: bool) -> str:
    if unsafe and TEMPLATE.search(text):
        return f"!unsafe {_format_text(text, False)}"
    if '"' in text and "'" not in text and text.isprintable():  # JSON in JSON's escapes is hard to read
        return f"'{text}'"
    is_plain = (PLAIN.fullmatch(text) and text.lower() not in WORDS) or ADDRESS.fullmatch(text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def format_comment(text: str) -> list[str]:
    """A text as lines of a comment."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = "#"
        for word in paragraph.split():
            if len(line) + len(word) >= LONGEST_COMMENT and line != "#":
                lines.append(line)
                line = "#"
            line += f" {word}"
        lines.append(line)
    return lines


def comment_out(lines: Iterable[str]) -> list[str]:
    """Lines of YAML that are not in force."""
    return [f"# {line}".rstrip() for line in lines]
