"""A page for each playbook: what its head says, its variables with what the documentation says of them, and what it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import yaml
from links import link_to_repository, rewrite_link
from places import ROOT, find_page, list_markdown, list_playbooks, list_roles

JAPANESE = ROOT / "docs/ja"
VARIABLE = re.compile(r"\beks_\w+")
TABLE = re.compile(r"^\| variable \|.* (?:meaning|what it does) \|\n(?:\|.*\n?)+", re.MULTILINE)
ROW = re.compile(r"^\|\s*((?:`eks_\w+`(?:, )?)+)\s*\|\s*(.+?)\s*\|$", re.MULTILINE)
USED = re.compile(r"kumo\.eks\.(eks_\w+)")


def write_pages() -> dict[str, str]:
    """The pages with their names, among them the list of all."""
    names = list_playbooks()
    rows = [f"| [{name}]({name}.md) | {read_head(name).split('. ', maxsplit=1)[0].rstrip('.')} |" for name in names]
    index = [
        "# Playbooks",
        "",
        "Each is run with `ansible-playbook kumo.eks.NAME`.",
        "",
        "| playbook | what it does |",
        "|---|---|",
    ]
    pages = {f"playbooks/{name}": write_page(name) for name in names}
    return {**pages, "playbooks/index": "\n".join([*index, *rows, ""])}


def write_page(name: str) -> str:
    """The page of one playbook."""
    path = f"playbooks/{name}.yml"
    sections = [
        f"# {name}.yml",
        read_head(name),
        f"```bash\nansible-playbook kumo.eks.{name}\n```",
        "## Described in",
        list_items(f"[{title}]({link})" for title, link in find_mentions(name)),
        *write_variables(name),
        *write_uses(name),
        f"[The playbook]({link_to_repository(path)}) in the repository.",
    ]
    return "\n\n".join(sections) + "\n"


def list_items(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def read_head(name: str) -> str:
    """The comment above the first play."""
    head = (ROOT / f"playbooks/{name}.yml").read_text().partition("\n- ")[0]
    return " ".join(re.findall(r"^# ?(.*)$", head, re.MULTILINE))


def find_mentions(name: str) -> list[tuple[str, str]]:
    """Titles and links of the English pages that run it or describe it."""
    pages = [path for path in list_markdown() if JAPANESE not in path.parents]
    found = [path for path in pages if re.search(rf"kumo\.eks\.{name}\b", path.read_text())]
    return [(read_title(path.read_text()), f"../{find_page(str(path.relative_to(ROOT)))}.md") for path in found]


def read_title(text: str) -> str:
    return re.search(r"^# (.*)$", text, re.MULTILINE)[1]


def read_sources(name: str) -> str:
    """The playbook with the task files that it names, and those that these name."""
    texts, waiting, seen = [], [f"playbooks/{name}.yml"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        texts.append((ROOT / path).read_text())
        tasks = {f"playbooks/tasks/{word.split('/')[-1]}" for word in re.findall(r"_tasks: ([\w/]+\.yml)", texts[-1])}
        waiting += [task for task in tasks - seen - set(waiting) if (ROOT / task).exists()]
    return "\n".join(texts)


def write_variables(name: str) -> list[str]:
    """A table of the variables of the playbook that no role has; nothing where there are none."""
    names = sorted(set(VARIABLE.findall(read_sources(name))) & set(read_meanings()) - read_role_variables())
    if not names:
        return []
    rows = [f"| `{word}` | {read_meanings()[word]} |" for word in names]
    return ["## Variables", "\n".join(["| variable | what it does |", "|---|---|", *rows])]


@cache
def read_meanings() -> dict[str, str]:
    """What the tables of variables in the documentation say."""
    found: dict[str, str] = {}
    for path in list_markdown():
        page = str(path.relative_to(ROOT))
        for table in TABLE.findall(path.read_text()):
            for cells in ROW.finditer(table):
                meaning = re.split(r"(?<!\\)\|", cells[2])[-1].strip()
                for word in VARIABLE.findall(cells[1]):
                    found.setdefault(word, move_links(meaning, page))
    return found


def move_links(text: str, page: str) -> str:
    """Text of a page with its links as a page of a playbook needs them."""

    def move(found: re.Match[str]) -> str:
        link = found[1] if not found[1].startswith("#") else f"{page.split('/')[-1]}{found[1]}"
        moved = rewrite_link(link, page, set())
        return moved if "://" in moved else re.sub(r"^(\./|(\.\./)+)", "../", moved)

    return re.sub(r"(?<=\]\()([^)\s]+)(?=\))", move, text)


@cache
def read_role_variables() -> set[str]:
    specs = [yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text()) for role in list_roles()]
    return {
        option for spec in specs for entry in spec["argument_specs"].values() for option in entry.get("options", {})
    }


def write_uses(name: str) -> list[str]:
    """Links to the roles and modules that it uses."""
    used = sorted(set(USED.findall(read_sources(name))))
    roles = [f"[{word}](../roles/{word}.md)" for word in used if word in list_roles()]
    modules = [
        f"[{word}](../reference/{word}_module.rst)"
        for word in used
        if (ROOT / f"plugins/modules/{word}.py").exists() and word not in list_roles()
    ]
    found = [f"{kind}: {', '.join(links)}" for kind, links in (("Roles", roles), ("Modules", modules)) if links]
    return ["## What it uses", list_items(found)] if found else []
