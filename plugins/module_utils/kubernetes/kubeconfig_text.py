# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A kubeconfig's text, edited so that comments and layout stay. Pure.

YAML libraries that ansible-core brings forget comments. So the places of the entries are taken from PyYAML's own nodes,
the text is changed there, and the outcome is read again: unless it says exactly what it should, the whole file is
written from the values.
"""

from __future__ import annotations

from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to the controller, where this module runs

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import PARTS

Edit = tuple[int, int, str]  # from, to, and what stands there instead


def parse_kubeconfig(text: str, path: str) -> Any:
    """The values of a kubeconfig.

    Raises:
        ValidationError: it is not YAML; with the place, and without the text there, which may be a secret.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ValidationError(
            f"path: {path} is not valid YAML{place}: {problem}. Nothing was written. Correct the file, or name another"
        ) from None


def has_comments(text: str) -> bool:
    """Whether lines of the text are comments."""
    return any(line.lstrip().startswith("#") for line in text.splitlines())


def edit_kubeconfig(text: str, after: dict[str, Any]) -> tuple[str, bool]:
    """The text that says ``after``, and whether comments and layout are kept in it."""
    try:
        edited = _edit(text, after)
        if yaml.safe_load(edited) == after:
            return edited, True
    except (yaml.YAMLError, ValueError):
        pass
    return dump(after), False


def dump(value: Any, indent: int = 0) -> str:
    """A value as YAML in block style."""
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=False, width=10**6)
    return "".join(" " * indent + line for line in text.splitlines(keepends=True))


def _edit(text: str, after: dict[str, Any]) -> str:
    """The text with each key of ``after`` that it says otherwise changed in place, or added at the end."""
    if text and not text.endswith("\n"):
        text += "\n"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return text + dump(after)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ValueError("not in block style")
    before = yaml.safe_load(text)
    nodes = {key.value: (key, value) for key, value in root.value}
    edits: list[Edit] = []
    added = ""
    for name, value in after.items():
        if name not in nodes:
            added += dump({name: value})
        elif before[name] != value:
            edits += _edit_value(text, *nodes[name], before[name], value, name in PARTS)
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text + added


def _edit_value(text: str, key: Any, node: Any, before: Any, value: Any, is_part: bool) -> list[Edit]:
    """The edits that give a key another value: row by row for a list in block style."""
    in_rows = is_part and isinstance(node, yaml.SequenceNode) and not node.flow_style and before and value
    if in_rows:
        return _edit_rows(text, node, before, value)
    # "key: []" and "key:" become "key:" and its rows; a scalar stays on its line
    rendered = dump({key.value: value})[:-1]
    return [(key.start_mark.index, max(_find_end(node), key.end_mark.index + 1), rendered)]


def _edit_rows(text: str, node: Any, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Edit]:
    """The edits of a list's rows, which are known by their names."""
    indent = node.start_mark.column
    wanted = {row["name"]: row for row in after}
    edits: list[Edit] = []
    for item, row in zip(node.value, before, strict=True):
        start, end = _find_lines(text, item)
        new = wanted.pop(row["name"], None)
        if new is None:
            edits.append((start, end, ""))
        elif new != row:
            edits.append((start, end, dump([new], indent)))
    if wanted:
        end = _find_lines(text, node.value[-1])[1]
        edits.append((end, end, dump(list(wanted.values()), indent)))
    return edits


def _find_lines(text: str, node: Any) -> tuple[int, int]:
    """From the start of a node's first line to the end of its last one."""
    return text.rfind("\n", 0, node.start_mark.index) + 1, text.index("\n", _find_end(node) - 1) + 1


def _find_end(node: Any) -> int:
    """Where a node's text ends. A block's own end is where the next token begins, behind comments that are not its."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _find_end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _find_end(node.value[-1])
    return node.end_mark.index
