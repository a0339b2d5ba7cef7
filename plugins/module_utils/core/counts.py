# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of things in texts: "1 cluster", "2 clusters". Pure."""

from __future__ import annotations

HISSING = ("s", "x", "ch", "sh")


def format_count(number: int, noun: str, one: str = "", many: str = "") -> str:
    """A number with its noun, and with the verb that follows: ``format_count(1, "free address", "is", "are")`` is "1 free address is".

    Args:
        noun: in the singular. Its last word is what is counted.
        one: the verb for one thing; empty for none.
        many: the verb for none and for several things.
    """
    verb = one if number == 1 else many
    return f"{number} {noun if number == 1 else build_plural(noun)}{f' {verb}' if verb else ''}"


def build_plural(noun: str) -> str:
    """The plural of a regular noun, or of several: "node or pod"."""
    return " or ".join(_build_plural(one) for one in noun.split(" or "))


def _build_plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(HISSING) else f"{noun}s"
