"""What the theme and antsibull-docs leave out for those who do not see the pages or use no mouse: axe-core asks for it.

The levels of headings in the menu, names of the two drawers, and code blocks, tables and pictures that scroll by keyboard, and tables without empty headers.
Each replacement can be made again.
"""

from __future__ import annotations

import re
from pathlib import Path

REPLACEMENTS = (
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Site">'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    ("<pre>", '<pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ('<th class="head"><p></p></th>', '<td class="head"></td>'),  # the corner of a table heads nothing
    (' aria-role="button"', ""),  # there is no such attribute
)
BOX = '<span class="picture" role="group" aria-label="Picture" tabindex="0">'
PICTURE = re.compile(rf"(?<!{re.escape(BOX)})<img [^>]*>")


def finish_pages(folder: Path) -> None:
    """Complete all pages that are not complete yet."""
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text()
        finished = finish(text)
        if finished != text:
            path.write_text(finished)


def finish(text: str) -> str:
    for old, new in REPLACEMENTS:
        text = text.replace(old, new)
    return PICTURE.sub(lambda found: f"{BOX}{found[0]}</span>", text)
