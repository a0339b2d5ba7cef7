"""Links that hold on GitHub, made to hold on the site.

A link to Markdown leads to its page, one to the source of a module, plugin or playbook to the page that documents it, and one to a folder
to the page of its README. Another file of docs is offered for download. What is not on the site leads to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import yaml
from places import FILES, ROOT, find_page

LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


class BrokenLink(Exception):
    """A link that leads nowhere in the repository."""


def rewrite_links(text: str, path: str) -> tuple[str, set[str]]:
    """A page of the repository at ``path`` with the links of the site, and the files that it links to; fenced blocks stay."""
    files: set[str] = set()

    def rewrite(found: re.Match[str]) -> str:
        return rewrite_link(found[1], path, files)

    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(rewrite, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(rewrite, text[end:])]), files


def rewrite_link(link: str, path: str, files: set[str]) -> str:
    """One link; a file that the site must offer is added to ``files``."""
    if "://" in link or link.startswith(("#", "mailto:")):
        return link
    target, hash_sign, anchor = link.partition("#")
    wanted = resolve(target, path)
    page = find_page(wanted)
    if page:
        suffix = ".md" if is_markdown(wanted) else ".rst"
        return lead_to(f"{page}{suffix}", path) + hash_sign + anchor
    if re.fullmatch(FILES, wanted) and (ROOT / wanted).is_file():
        files.add(wanted)
        return lead_to(f"files/{wanted}", path)
    return link_to_repository(wanted)


def is_markdown(path: str) -> bool:
    """Whether the page of a file or folder is Markdown on the site, too: that of a playbook is generated as such."""
    return path.endswith((".md", ".yml")) or (ROOT / path).is_dir()


def resolve(target: str, path: str) -> str:
    """What a relative link of a file leads to, from the root of the repository."""
    found = ((ROOT / path).parent / target).resolve()
    if not found.exists():
        raise BrokenLink(f"{path}: {target}")
    return str(found.relative_to(ROOT))


def lead_to(wanted: str, path: str) -> str:
    """A file of the site's source, seen from the page of ``path``."""
    page = find_page(path) or ""
    ups = "../" * (len(PurePosixPath(page).parts) - 1)
    return f"{ups or './'}{wanted}"


def link_to_repository(path: str) -> str:
    kind = "tree" if (ROOT / path).is_dir() else "blob"
    return f"{read_repository()}/{kind}/main/{path}"


def read_repository() -> str:
    return yaml.safe_load(Path(ROOT / "galaxy.yml").read_text())["repository"]
