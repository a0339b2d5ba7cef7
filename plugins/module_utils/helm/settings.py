# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as --set and --set-string take them, apart: key and texts, as helm/pkg/strvals/parser.go reads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUOTED_KEY = re.compile(r'(^|[.,])"([^"=]*)"(?=[.=\[])')
# An assignment: a key, and a list in braces or a value, in which a backslash takes the meaning of what follows.
ASSIGNMENT = re.compile(r"((?:[^=,\\]|\\.)+)=(\{(?:[^}\\]|\\.)*\}|(?!\{)(?:[^,\\]|\\.)*)(?:,|$)", re.DOTALL)
ITEM = re.compile(r"(?:[^,\\]|\\.)+", re.DOTALL)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
NO_TEXT = re.compile(r"(true|false|null)|0|[-+]?[1-9][0-9]*|[-+]0[0-9]*", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """One assignment.

    Args:
        key: as it is written, without double quotes.
        texts: its value, or its values where ``is_list``.
        is_text: whether Helm takes all of them as text, and none as a number, a truth value or null.
        source: the whole of it as it is written.
    """

    key: str
    texts: tuple[str, ...]
    is_list: bool
    is_text: bool
    source: str

    def overlaps(self, other: Setting) -> bool:
        """Whether one of the two sets a part of the other."""
        short, long = sorted((self.key, other.key), key=len)
        return long.startswith((f"{short}.", f"{short}["))


def unquote_keys(text: str) -> str:
    """A key without its double quotes: text pasted from a shell's command line, where the shell removes them."""
    return QUOTED_KEY.sub(r"\1\2", text)


def split_settings(text: str, as_string: bool) -> list[Setting] | None:
    """The assignments of one --set or --set-string; None where it is written in another way.

    Args:
        as_string: whether every value is text.
    """
    text, place, found = unquote_keys(text), 0, []
    while place < len(text):
        match = ASSIGNMENT.match(text, place)
        if match is None:
            return None
        found.append(_build_setting(match[1], match[2], as_string))
        place = match.end()
    return found


def _build_setting(key: str, value: str, as_string: bool) -> Setting:
    is_list = value.startswith("{")
    words = ITEM.findall(value[1:-1]) if is_list else [value]
    texts = tuple(ESCAPE.sub(r"\1", word) for word in words)
    is_text = all(text and (as_string or not NO_TEXT.fullmatch(text)) for text in texts) and bool(texts)
    return Setting(key, texts, is_list, is_text, f"{key}={value}")


def list_texts(text: str) -> Iterator[tuple[str, str]]:
    """Each key and text of one --set, also of one whose form is not known, as far as it can be read."""
    for setting in split_settings(text, as_string=True) or []:
        for each in setting.texts:
            yield setting.key, each
    for match in re.finditer(r"(?:^|,)((?:[^=,\\]|\\.)+)=((?:[^,\\]|\\.)*)", text):
        yield match[1], match[2]
