"""Where the site is made, and which file of the repository becomes which page."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "tests" / "output" / "docs"
SOURCE, HTML, DOCTREES = OUTPUT / "source", OUTPUT / "html", OUTPUT / "doctrees"
REFERENCE = OUTPUT / "reference"  # what antsibull-docs wrote last, with the key of its input

# Patterns of pages, and the name of the page on the site. ``index`` is what GitHub shows as README of a folder.
PAGES = (
    (r"docs/README\.md", "index"),
    (r"docs/guide/README\.md", "guide/index"),
    (r"docs/(ja|ja/guide)/README\.md", r"\1/index"),
    (r"docs/(examples/.*)/README\.md", r"\1"),
    (r"docs/(.*)\.md", r"\1"),
    (r"roles/(\w+)/README\.md", r"roles/\1"),
    (r"sandbox/README\.md", "sandbox/index"),
    (r"sandbox/fidelity\.md", "sandbox/fidelity"),
    (r"sandbox/docs/(\w+)\.md", r"sandbox/\1"),
    (r"sandbox/kumo_sandbox/kubernetes/README\.md", "sandbox/kubernetes"),
    (r"README\.md", "project"),
    (r"CONTRIBUTING\.md", "contributing"),
    (r"CHANGELOG\.rst", "changelog"),
    # Sources of what is documented by a generated page
    (r"plugins/modules/(\w+)\.py", r"reference/\1_module"),
    (r"plugins/(filter|inventory|lookup)/(\w+)\.py", r"reference/\2_\1"),
    (r"playbooks/(\w+)\.yml", r"playbooks/\1"),
)
DIAGRAMS = "_diagrams"  # below SOURCE
FILES = r"docs/.*"  # what is no page in these folders is offered as a file


def find_page(path: str) -> str | None:
    """The page of a file or folder of the repository, both without extension; None where it has none."""
    if (ROOT / path).is_dir():
        path = f"{path}/README.md".lstrip("./")
    for pattern, page in PAGES:
        found = re.fullmatch(pattern, path)
        if found and (ROOT / path).exists():
            return found.expand(page)
    return None


def list_markdown() -> list[Path]:
    """The files in Markdown that are pages."""
    patterns = (
        "*.md",
        "docs/**/*.md",
        "roles/*/README.md",
        "sandbox/*.md",
        "sandbox/docs/*.md",
        "sandbox/kumo_sandbox/*/*.md",
    )
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(path for path in found if find_page(str(path.relative_to(ROOT))))


def list_playbooks() -> list[str]:
    return sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


def list_roles() -> list[str]:
    return sorted(path.parent.parent.name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))


def list_plugins() -> list[tuple[str, str]]:
    """Name and kind of each documented plugin, as antsibull-docs names its page."""
    kinds = {"modules": "module", "filter": "filter", "inventory": "inventory", "lookup": "lookup"}
    return [
        (path.stem, kind) for folder, kind in kinds.items() for path in sorted((ROOT / "plugins" / folder).glob("*.py"))
    ]
