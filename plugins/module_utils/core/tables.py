# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables as text, for the screen and in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Cells = Sequence[str]


def align_columns(rows: Sequence[Cells]) -> list[str]:
    """Rows of as many cells each, as lines with columns as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def format_markdown_table(head: Cells, rows: Iterable[Cells]) -> list[str]:
    """A table of Markdown. Characters that would end a cell are escaped."""
    return [_format_row(row) for row in (head, ("---",) * len(head), *rows)]


def _format_row(row: Cells) -> str:
    cells = (text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for text in row)
    return f"| {' | '.join(cells)} |"
