"""Diagrams: fenced blocks of Mermaid, which GitHub draws, become SVG with an alternative text.

The text is what Mermaid's own ``accTitle`` and ``accDescr`` say; a diagram without them is refused.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

FENCE = re.compile(r"^```mermaid.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = '%%{init: {"theme": "neutral", "flowchart": {"htmlLabels": false}}}%%\n'


class NoAlternative(Exception):
    """A diagram that says nothing to whom does not see it."""


def draw_all(text: str, folder: Path, prefix: str) -> str:
    """A page with its diagrams drawn into the folder; ``prefix`` leads from the page to it."""

    def draw(found: re.Match[str]) -> str:
        source = found[1]
        name = f"{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"
        alternative = read_alternative(source)
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(draw_svg(source))
        return f"```{{image}} {prefix}{name}\n:alt: {alternative}\n:class: diagram\n```"

    return FENCE.sub(draw, text)


def draw_svg(source: str) -> str:
    """The SVG, drawn on this machine. mermaidx is imported only here: it is in the environment of the site."""
    import mermaidx

    return mermaidx.render(SETTINGS + source).svg()


def list_diagrams(text: str) -> list[str]:
    """The sources of the diagrams of a page."""
    return FENCE.findall(text)


def read_alternative(source: str) -> str:
    """Title and description of a diagram in one line."""
    said = [re.search(rf"^\s*{word}\s*:\s*(.+)$", source, re.MULTILINE) for word in ("accTitle", "accDescr")]
    if not all(said):
        raise NoAlternative(f"a diagram needs accTitle and accDescr:\n{source}")
    return ". ".join(found[1].strip().rstrip(".") for found in said if found) + "."
