"""The source of the site: pages of the repository at their places, with generated ones beside them.

A file is written only if it differs from the one of the last build, so that Sphinx reads only what has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from diagrams import draw_all
from languages import get_language, join_lines, link_other
from links import rewrite_links
from places import DIAGRAMS, REFERENCE, ROOT, SOURCE, find_page, list_markdown, list_roles

import playbooks

PROJECT = (
    "project",
    "architecture",
    "sandbox/index",
    "sandbox/clients",
    "sandbox/pytest",
    "sandbox/comparison",
    "sandbox/fidelity",
    "sandbox/kubernetes",
    "contributing",
    "changelog",
)
HOW_TO = ("errors", "cluster-config", "fleets", "permissions", "audit-rules", "examples/awx-project", "support")


def assemble() -> None:
    """Write SOURCE, and remove what is in it from earlier builds and has no place any more."""
    contents = {
        **read_pages(),
        **read_generated(),
        **read_reference(),
        "changelog.rst": drop_contents((ROOT / "CHANGELOG.rst").read_text()).encode(),
    }
    for path, content in contents.items():
        write(SOURCE / path, content)
    kept = {SOURCE / path for path in contents} | set((SOURCE / DIAGRAMS).glob("*.svg"))
    for path in [path for path in SOURCE.rglob("*") if path.is_file() and path not in kept]:
        path.unlink()


def write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_pages() -> dict[str, bytes]:
    """The pages in Markdown of the repository, and the files that they link to."""
    found: dict[str, bytes] = {}
    for path in list_markdown():
        name = str(path.relative_to(ROOT))
        page = find_page(name)
        text, files = rewrite_links(path.read_text(), name)
        ups = "../" * page.count("/") or "./"
        text = draw_all(text, SOURCE / DIAGRAMS, f"{ups}{DIAGRAMS}/")
        text = link_other(page, join_lines(text) if get_language(page) == "ja" else text)
        found[f"{page}.md"] = (caption_files(text) + add_navigation(page)).encode()
        found |= {f"files/{file}": (ROOT / file).read_bytes() for file in files}
    return found


def caption_files(text: str) -> str:
    """Blocks that are a file (``yaml file=NAME``) show its name."""
    return re.sub(r"^```(\w+) file=(\S+)$", r"```{code-block} \1\n:caption: \2\n", text, flags=re.MULTILINE)


def read_generated() -> dict[str, bytes]:
    """The pages of playbooks, and the list of roles."""
    roles = [f"| [{role}]({role}.md) | [options](../reference/{role}_role.rst) |" for role in list_roles()]
    text = "\n".join(["# Roles", "", "| role | reference |", "|---|---|", *roles, "", *toctree(list_roles())])
    pages = {**playbooks.write_pages(), "roles/index": text}
    pages["playbooks/index"] += "\n".join(["", *toctree(playbooks.list_playbooks())])
    return {f"{page}.md": text.encode() for page, text in pages.items()}


def read_reference() -> dict[str, bytes]:
    """The pages by antsibull-docs. A link of the collection's index to its documentation would lead here."""
    return {
        f"reference/{path.name}": name_index(join_title(drop_contents(path.read_text()))).encode()
        for path in REFERENCE.glob("*.rst")
    }


def name_index(text: str) -> str:
    """The index of the collection with a title that says what it lists; antsibull-docs takes the name, with capitals."""
    title = "Modules and plugins"
    return re.sub(r"^Kumo\.Eks\n=+$", f"{title}\n{'=' * len(title)}", text, count=1, flags=re.MULTILINE)


def join_title(text: str) -> str:
    """A page whose title has a dash. The two hyphens of antsibull-docs are broken into two lines where a title is long."""
    return re.sub(r"^(kumo\.eks\.\w+ \w+) -- ", "\\1 \N{EN DASH} ", text, count=1, flags=re.MULTILINE)


def drop_contents(text: str) -> str:
    """A page without its own list of sections: the theme shows it beside the text, and an error in the place of another one."""
    return re.sub(r"^\.\. contents::.*\n(?: +:.*\n)*", "", text, flags=re.MULTILINE)


def add_navigation(page: str) -> str:
    """What the start page and that of the guide have beside their text: the pages below them, in their order."""
    if page in ("guide/index", "ja/guide/index"):
        return "\n".join(["", *toctree(list_folder(f"docs/{page.removesuffix('index')}[0-9]*.md"), titles_only=True)])
    if page == "ja/index":
        return "\n".join(["", *toctree(list_japanese(), titles_only=True)])
    if page.startswith("roles/"):
        role = page.removeprefix("roles/")
        return f"\n[All options of {role}](../reference/{role}_role.rst), down to the last level.\n"
    if page != "index":
        return ""
    sections = {
        "Tasks": order_tasks(),
        "Guide and references": ["guide/index", *HOW_TO],
        "Reference": ["reference/index", "roles/index", "playbooks/index"],
        "Project": PROJECT,
        "日本語": ["ja/index"],
    }
    return "\n".join(["", *(line for caption, pages in sections.items() for line in toctree(pages, caption))])


def order_tasks() -> list[str]:
    """The pages of tasks in the order of their links on the start page."""
    linked = re.findall(r"\]\((tasks/[\w-]+)\.md\)", (ROOT / "docs/README.md").read_text())
    return list(dict.fromkeys(linked))


def list_japanese() -> list[str]:
    """The pages beside the Japanese start page: the README, the guide, the tasks, and what else there is."""
    tasks = [f"tasks/{page}" for page in list_folder("docs/ja/tasks/*.md")]
    others = [page for page in list_folder("docs/ja/*.md") if page not in ("README", "project")]
    return ["project", "guide/index", *tasks, *others]


def list_folder(pattern: str) -> list[str]:
    return [path.stem for path in sorted(ROOT.glob(pattern))]


def toctree(pages: Iterable[str], caption: str = "", titles_only: bool = False) -> list[str]:
    """A hidden list of pages: it makes the menu."""
    options = [":hidden:", *([f":caption: {caption}"] if caption else []), *([":titlesonly:"] if titles_only else [])]
    return ["```{toctree}", *options, "", *pages, "```", ""]
