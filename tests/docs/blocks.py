# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fenced blocks of a page. The first word after the fence is the language, which readers see as colours; the second is
the block's kind, which says what the tests do with it; the rest are options (``key=value`` or a word)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block; ``line`` is that of its opening fence, counted from 1."""

    page: str
    line: int
    language: str
    kind: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def read(path: Path) -> list[Block]:
    """The blocks of a page in their order; a fence that is never closed is an error."""
    found: list[Block] = []
    opened: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, lines = (number, fence[1]), []
        elif opened is not None and fence:
            found.append(_block(path.name, *opened, "\n".join(lines) + "\n"))
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        raise ValueError(f"{path.name}:{opened[0]}: this fence is never closed")
    return found


def _block(page: str, line: int, info: str, text: str) -> Block:
    language, dummy, rest = info.strip().partition(" ")
    words = rest.split()
    kind = words[0] if words else ""
    options = dict(word.partition("=")[::2] for word in words[1:])
    if "=" in kind:  # file=NAME is a kind with its value
        kind, dummy, options["name"] = kind.partition("=")
    return Block(page, line, language, kind, text, options)
