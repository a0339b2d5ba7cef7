"""The pages in two languages: links from one to the other, Japanese text without blanks at its line breaks, and its place in menu and search.

Sphinx builds one language. What depends on the language of a page is done to the text before, or to the built page after it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from places import HTML, ROOT, find_page

sys.path.append(str(Path(__file__).resolve().parents[1]))
from translations import list_pairs

FOLDER = "ja"
NAMES = {"en": "English", "ja": "日本語"}
BLOCK = re.compile(r"^(```.*?^```[ ]*$)", re.MULTILINE | re.DOTALL)
# Both lines end and begin a sentence or a clause: what begins a list, a table, a heading, a comment or a block stays on its line.
BREAK = re.compile(r"(?<=[、。）」：])\n *(?=[^\s|#>`<*+\-\d]|`[^`]|\*\*|\d+[^.)\d])")
MENU = re.compile(
    r'(<div class="sidebar-tree">\n)(.*?)(<p class="caption"[^>]*><span class="caption-text">日本語</span>.*?)(</div>)',
    re.DOTALL,
)
# Sphinx' search takes words of two characters, and words that it has indexed, as whole words. Japanese has no blanks between words.
SEARCH = (
    (
        "if (word.length > 2) {",
        "const unspaced = /[^\\x00-\\x7f]/.test(word);\n      if (unspaced || word.length > 2) {",
    ),
    ("if (!terms.hasOwnProperty(word)) {", "if (unspaced || !terms.hasOwnProperty(word)) {"),
    ("if (!titleTerms.hasOwnProperty(word)) {", "if (unspaced || !titleTerms.hasOwnProperty(word)) {"),
)


def get_language(page: str) -> str:
    """The code of the language of a page of the site."""
    return "ja" if page.startswith(f"{FOLDER}/") else "en"


@cache
def list_others() -> dict[str, str]:
    """Each page that there is in both languages, with the one in the other language."""
    names = [tuple(find_page(str(path.relative_to(ROOT))) for path in pair) for pair in list_pairs().items()]
    pairs = {english: japanese for english, japanese in names if english and japanese}
    return {**pairs, **{japanese: english for english, japanese in pairs.items()}}


def link_other(page: str, text: str) -> str:
    """The text of a page with a link to the other language below its title, if it has none yet."""
    other = list_others().get(page)
    if not other:
        return text
    name = NAMES[get_language(other)]
    if f"[{name}](" in text:
        return text
    link = f"[{name}]({'../' * page.count('/')}{other}.md)"
    return re.sub(r"^(# .*\n)", rf"\1\n{link}\n", text, count=1, flags=re.MULTILINE)


def join_lines(text: str) -> str:
    """A Japanese text whose sentences follow each other without the blank that a browser makes of a line break."""
    parts = BLOCK.split(text)
    return "".join(part if part.startswith("```") else BREAK.sub("", part) for part in parts)


def finish_languages(folder: Path = HTML) -> None:
    """Complete the Japanese pages and the search of a built site. It can be done again."""
    for path in sorted((folder / FOLDER).rglob("*.html")):
        rewrite(path, mark_japanese)
    rewrite(folder / "_static" / "searchtools.js", search_parts)


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Write what a change makes of a file, if that differs."""
    text = path.read_text()
    changed = change(text)
    if changed != text:
        path.write_text(changed)


def mark_japanese(text: str) -> str:
    """A built page that names its language, with the Japanese pages at the top of its menu."""
    text = text.replace('<html class="no-js" lang="en"', '<html class="no-js" lang="ja"', 1)
    return MENU.sub(r"\1\3\2\4", text, count=1)


def search_parts(text: str) -> str:
    """Sphinx' search, which finds a Japanese word inside of a longer run of characters."""
    if "unspaced" in text:
        return text
    for old, new in SEARCH:
        if text.count(old) != 1:
            raise ValueError(f"Sphinx' searchtools.js has changed: {old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text
