"""Compares the pages of docs/ja with the English ones that they translate: headings, blocks, figures, tables, links and names.

Usage: translations.py            lists what differs; 1 where something does
       translations.py --stamp PAGE ...   notes in pages of docs/ja that they are up to date with the English ones

The last line of a page says which state of the English page it translates. Who changes an English page changes the other,
too, and stamps it.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from os.path import relpath
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JAPANESE = ROOT / "docs" / "ja"
OTHER_PLACES = {"README.md": "project.md", "sandbox/README.md": "sandbox.md"}
# Tables of options, rules, rights and messages: their texts are those of the code, which are English.
REFERENCE = ("architecture.md", "audit-rules.md", "cluster-config.md", "errors.md", "permissions.md")

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
STAMP = re.compile(r"^<!-- (\S+) ([0-9a-f]{12}) -->$", re.MULTILINE)


def list_pairs() -> dict[Path, Path]:
    """Each English page that has a translation or should have one, and where that is."""
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md"), *ROOT.glob("docs/tasks/*.md")]
    pairs = {page: JAPANESE / page.relative_to(ROOT / "docs") for page in sorted(pages) if page.name not in REFERENCE}
    return {**{ROOT / page: JAPANESE / place for page, place in OTHER_PLACES.items()}, **pairs}


def find_differences(english: Path, japanese: Path) -> Iterator[str]:
    """What a page has and its translation has not, or the other way round, each in words."""
    place = name(japanese)
    stamp = STAMP.search(japanese.read_text())
    if not stamp or stamp.groups() != (name(english), digest(english)):
        yield f"{place}: {name(english)} has changed since it was translated (tools/translations.py --stamp {place})"
    for what, read in (
        ("levels of headings", list_levels),
        ("blocks", list_blocks),
        ("rows and columns of tables", list_tables),
    ):
        for wanted, found in zip_longest(read(english), read(japanese)):
            if wanted != found:
                yield f"{place}: {what}: {found!r} stands where {name(english)} has {wanted!r}"
                break
    for what, wanted, found in (
        ("links", Counter(translate_links(english, japanese)), Counter(list_links(japanese, english))),
        ("code", Counter(set(list_code(english))), Counter(set(list_code(japanese)))),
    ):
        yield from (f"{place}: {what}: {one} is missing" for one in sorted((wanted - found).elements()))
        yield from (f"{place}: {what}: {one} is not in {name(english)}" for one in sorted((found - wanted).elements()))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@cache
def read_prose(path: Path) -> str:
    """A page without its fenced blocks and stamp."""
    return STAMP.sub("", FENCED.sub("", path.read_text()))


def list_headings(path: Path) -> list[str]:
    return re.findall(r"^#+ .*$", read_prose(path), re.MULTILINE)


def list_levels(path: Path) -> list[str]:
    return [heading.partition(" ")[0] for heading in list_headings(path)]


def list_blocks(path: Path) -> list[str]:
    return FENCED.findall(path.read_text())


def list_tables(path: Path) -> list[int]:
    """The columns of each row of a table."""
    rows = [line for line in read_prose(path).splitlines() if line.startswith("|")]
    return [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows]


def list_code(path: Path) -> list[str]:
    return [" ".join(code.split()) for code in CODE.findall(read_prose(path))]


def list_links(path: Path, other: Path) -> list[str]:
    """The links of a page without those that lead to it in the other language."""
    found = LINK.findall(read_prose(path))
    return [mark + link for mark, link in found if (path.parent / link).resolve() != other]


def list_anchors(path: Path) -> list[str]:
    """The anchors of a page's headings, in their order, as GitHub and MyST name them."""
    texts = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.partition(" ")[2]) for heading in list_headings(path)]
    return [re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts]


def translate_links(english: Path, japanese: Path) -> Iterator[str]:
    """The links that a translation must have: to translated pages and headings where there are such."""
    pairs = list_pairs()
    for mark, link in LINK.findall(read_prose(english)):
        target, hash_sign, anchor = link.partition("#")
        if "://" in link:
            yield mark + link
            continue
        wanted = (english.parent / target).resolve() if target else english
        if wanted == japanese:
            continue
        place = wanted / "README.md" if wanted.is_dir() and (wanted / "README.md") in pairs else wanted
        other = pairs.get(place)
        if other and other.exists():
            if anchor:
                anchor = list_anchors(other)[list_anchors(place).index(anchor)]
            wanted = other
        path = relpath(wanted, japanese.parent) if target else ""
        yield f"{mark}{path}{hash_sign}{anchor}"


def stamp_page(japanese: Path) -> None:
    """Note the state of the English page in the last line of its translation."""
    english = next(page for page, other in list_pairs().items() if other == japanese)
    text = STAMP.sub("", japanese.read_text()).rstrip()
    japanese.write_text(f"{text}\n\n<!-- {name(english)} {digest(english)} -->\n")


def main(words: list[str]) -> int:
    if words[:1] == ["--stamp"]:
        for word in words[1:]:
            stamp_page(Path(word).resolve())
        return 0
    wrong = [line for pair in list_pairs().items() if pair[1].exists() for line in find_differences(*pair)]
    print("\n".join(wrong) or "docs/ja: up to date")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
