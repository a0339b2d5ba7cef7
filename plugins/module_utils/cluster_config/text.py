# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A ClusterConfig from YAML text. A key that is there twice is refused: YAML libraries silently keep the last one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where filters run

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError


def parse_text(text: str) -> Any:
    """The data of the text.

    Raises:
        ValidationError: naming each key that is there twice, with both lines.
        yaml.YAMLError: the text is not YAML.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    twice = list(_find_duplicates(node, "")) if node else []
    if twice:
        raise ValidationError("\n".join(twice), problems=twice)
    return yaml.safe_load(text)


def _find_duplicates(node: yaml.Node, path: str) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _find_duplicates(item, f"{path}[{number}]")
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            here = f"{path}.{name}" if path else name
            if name in lines and name != "<<":
                yield f"{here}: is a duplicate key, in line {lines[name]} and in line {line}. Remove one of them."
            lines[name] = line
            yield from _find_duplicates(value, here)
