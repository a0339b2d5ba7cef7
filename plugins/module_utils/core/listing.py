# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of texts in messages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 5  # texts that a message names


def format_first(texts: Sequence[str], most: int = MOST, separator: str = ", ") -> str:
    """The first of the texts, and how many more there are: a, b and 3 more."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return separator.join(texts[:most]) + more
