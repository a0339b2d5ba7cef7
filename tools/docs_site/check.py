"""What the built site must have: a page for all that there is, links that hold, and a search index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from diagrams import list_diagrams, read_alternative
from places import HTML, ROOT, find_page, list_markdown, list_playbooks, list_plugins, list_roles

SEARCHED = ("eks_nodegroup", "karpenter", "capacity_type")  # words of a name, of a page and of an option


class Page(HTMLParser):
    """The links of a page and the anchors in it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.diagrams: list[str] = []  # their alternative texts

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := values.get(name))}
        self.links |= {value for name in ("href", "src") if (value := values.get(name))}
        if tag == "img" and "diagram" in (values.get("class") or "").split():
            self.diagrams.append(values.get("alt") or "")


def check_site() -> list[str]:
    """What is wrong; an empty list is a site that is complete."""
    return [*find_missing_pages(), *find_broken_links(), *find_search_gaps(), *find_missing_diagrams()]


def find_missing_pages() -> Iterator[str]:
    wanted = [f"reference/{name}_{kind}" for name, kind in list_plugins()]
    wanted += [
        f"{folder}/{role}{end}" for role in list_roles() for folder, end in (("reference", "_role"), ("roles", ""))
    ]
    wanted += [f"playbooks/{name}" for name in list_playbooks()]
    wanted += [page_of(path) for path in list_markdown()]
    for page in wanted:
        if not (HTML / f"{page}.html").exists():
            yield f"no page {page}.html"


def page_of(path: Path) -> str:
    return find_page(str(path.relative_to(ROOT))) or ""


@cache
def read_page(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text())
    return page


def find_broken_links() -> Iterator[str]:
    """Links of the site to itself that lead to no file, or to no anchor of it."""
    for path in sorted(HTML.rglob("*.html")):
        for link in sorted(read_page(path).links):
            if re.match(r"[a-z]+:|//", link) or path.name in ("genindex.html", "search.html"):
                continue
            target, _hash, anchor = unescape(link).partition("#")
            found = (path.parent / unquote(target.partition("?")[0])).resolve() if target else path
            if not found.is_file():
                yield f"{path.relative_to(HTML)}: {link}"
            elif anchor and found.suffix == ".html" and unquote(anchor) not in read_page(found).anchors:
                yield f"{path.relative_to(HTML)}: {link} has no such anchor"


def find_missing_diagrams() -> Iterator[str]:
    """Diagrams that are not on their page, or have no alternative text there."""
    for path in list_markdown():
        sources, page = list_diagrams(path.read_text()), HTML / f"{page_of(path)}.html"
        shown = read_page(page).diagrams if page.exists() else []
        if [read_alternative(source) for source in sources] != shown:
            yield f"{page_of(path)}.html: {len(sources)} diagrams, shown with their alternative texts: {shown}"


def find_search_gaps() -> Iterator[str]:
    """Words and pages that a reader would not find."""
    text = (HTML / "searchindex.js").read_text()
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    if len(index["docnames"]) < len(list_plugins()) + len(list_roles()) + len(list_playbooks()):
        yield f"the search knows only {len(index['docnames'])} pages"
    known = {*index["terms"], *index["titleterms"]}
    yield from (f"the search does not know {word}" for word in SEARCHED if not any(word[:6] in term for term in known))
