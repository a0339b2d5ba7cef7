# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools of the documentation site: places, links, diagrams, the pages of playbooks, the menu, and the checks of what was built."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools" / "docs_site"))
import accessible
import assemble
import check
import diagrams
import languages
import links
import places

import playbooks

ROOT = places.ROOT
DRAWN = """```mermaid
flowchart LR
  accTitle: One title.
  accDescr: What it shows
  a --> b
```
"""


# places


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("docs/README.md", "index"),
        ("README.md", "project"),
        ("docs/errors.md", "errors"),
        ("docs/tasks/upgrade.md", "tasks/upgrade"),
        ("docs/guide", "guide/index"),
        ("docs/examples/awx-project", "examples/awx-project"),
        ("roles/eks_irsa/README.md", "roles/eks_irsa"),
        ("plugins/modules/eks_cluster.py", "reference/eks_cluster_module"),
        ("plugins/lookup/eks_token.py", "reference/eks_token_lookup"),
        ("playbooks/site.yml", "playbooks/site"),
        ("galaxy.yml", None),
        ("docs/never.md", None),
    ],
)
def test_the_page_of_a_file(path: str, page: str | None):
    assert places.find_page(path) == page


def test_each_page_has_a_place_of_its_own():
    pages = [places.find_page(str(path.relative_to(ROOT))) for path in places.list_markdown()]
    assert len(pages) > 30 and len(pages) == len(set(pages)) and None not in pages


# links


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("../fleets.md#the-inventory", "../fleets.md#the-inventory"),
        ("../README.md", "../index.md"),
        ("../../README.md#plugins", "../project.md#plugins"),
        ("../../plugins/modules/eks_cluster.py", "../reference/eks_cluster_module.rst"),
        ("../../roles/eks_helm/README.md", "../roles/eks_helm.md"),
        ("../examples/my-chart", "https://github.com/kumo-eks/kumo.eks/tree/main/docs/examples/my-chart"),
        ("https://example.com/x.md", "https://example.com/x.md"),
        ("#here", "#here"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(link: str, found: str):
    assert links.rewrite_link(link, "docs/tasks/upgrade.md", set()) == found


def test_a_file_that_is_linked_is_offered():
    files: set[str] = set()
    assert links.rewrite_link("iam-policy.json", "docs/permissions.md", files) == "./files/docs/iam-policy.json"
    assert files == {"docs/iam-policy.json"}


def test_a_link_that_leads_nowhere_is_refused():
    with pytest.raises(links.BrokenLink, match="never.md"):
        links.rewrite_link("never.md", "docs/README.md", set())


def test_links_in_fenced_blocks_stay():
    text = "[a](errors.md)\n```text\n[b](never.md)\n```\n[c](fleets.md)\n"
    assert links.rewrite_links(text, "docs/README.md")[0] == text.replace("(errors", "(./errors").replace(
        "(fl", "(./fl"
    )


# diagrams


def list_sources() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), source)
        for path in places.list_markdown()
        for source in diagrams.list_diagrams(path.read_text())
    ]


def test_each_diagram_of_the_documentation_has_an_alternative_text():
    found = list_sources()
    assert {path for path, dummy in found} >= {
        "docs/architecture.md",
        "docs/tasks/upgrade.md",
        "docs/guide/13-teardown.md",
    }
    for path, source in found:
        assert len(diagrams.read_alternative(source)) > 60, path
        assert re.match(r"(flowchart|sequenceDiagram|stateDiagram)", source), path


def test_a_diagram_is_drawn_once_and_keeps_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    drawn: list[str] = []
    monkeypatch.setattr(diagrams, "draw_svg", lambda source: drawn.append(source) or "<svg/>")
    text = diagrams.draw_all(f"before\n\n{DRAWN}\nafter\n", tmp_path, "../_diagrams/")
    assert diagrams.draw_all(f"before\n\n{DRAWN}\nafter\n", tmp_path, "../_diagrams/") == text
    (picture,) = tmp_path.glob("*.svg")
    assert f"```{{image}} ../_diagrams/{picture.name}\n:alt: One title. What it shows.\n" in text
    assert "mermaid" not in text and text.startswith("before") and text.endswith("after\n") and len(drawn) == 1


@pytest.mark.parametrize("line", ["  accTitle: One title.\n", "  accDescr: What it shows\n"])
def test_a_diagram_without_words_is_refused(line: str, tmp_path: Path):
    with pytest.raises(diagrams.NoAlternative):
        diagrams.draw_all(DRAWN.replace(line, ""), tmp_path, "./")


# assembly


def test_the_menu_has_the_tasks_in_the_order_of_the_start_page():
    tasks = assemble.order_tasks()
    assert tasks[0] == "tasks/adopt-a-cluster"
    assert sorted(f"{task}.md" for task in tasks) == sorted(
        str(path.relative_to(ROOT / "docs")) for path in ROOT.glob("docs/tasks/*.md")
    )


def test_the_menu_leads_to_pages_that_are_there():
    pages = re.findall(r"^[\w/-]+$", assemble.add_navigation("index"), re.MULTILINE)
    own = {places.find_page(str(path.relative_to(ROOT))) for path in places.list_markdown()}
    generated = {"reference/index", "roles/index", "playbooks/index", "changelog"}
    assert {"errors", "fleets", "guide/index"} <= set(pages) and set(pages) - own - generated == set()
    assert assemble.add_navigation("errors") == ""


def test_a_block_that_is_a_file_shows_its_name():
    assert (
        assemble.caption_files("```yaml file=a.yml\nx: 1\n```\n")
        == "```{code-block} yaml\n:caption: a.yml\n\nx: 1\n```\n"
    )


def test_a_file_is_written_only_if_it_differs(tmp_path: Path):
    path = tmp_path / "a" / "b.md"
    assemble.write(path, b"x")
    before = path.stat().st_mtime_ns
    assemble.write(path, b"x")
    assert path.stat().st_mtime_ns == before
    assemble.write(path, b"y")
    assert path.read_bytes() == b"y"


# playbooks


@pytest.mark.parametrize("name", places.list_playbooks())
def test_the_page_of_a_playbook(name: str):
    page = playbooks.write_page(name)
    assert page.startswith(f"# {name}.yml\n") and f"ansible-playbook kumo.eks.{name}" in page
    assert len(playbooks.read_head(name)) > 40, "the head of the playbook says what it does"
    assert "## Described in\n\n- [" in page and "../ja/" not in page


def test_variables_of_a_playbook_have_meanings_and_roles_keep_theirs():
    page = playbooks.write_page("teardown")
    assert re.search(r"^\| `eks_teardown_confirm` \| the name of the cluster", page, re.MULTILINE)
    assert "`eks_cluster_name` |" not in page, "that is a variable of roles"


# checks


PAGE = (
    '<a href="other.html#there">x</a><a href="https://example.com">y</a><img class="diagram" src="d.svg" alt="words">'
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(check, "HTML", tmp_path)
    check.read_page.cache_clear()
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "other.html").write_text('<h2 id="there">x</h2>')
    (tmp_path / "d.svg").write_text("<svg/>")
    return tmp_path


def test_links_that_hold(site: Path):
    assert list(check.find_broken_links()) == []
    assert check.read_page(site / "page.html").diagrams == ["words"]


def test_links_that_do_not_hold(site: Path):
    (site / "other.html").write_text("<p>x</p>")
    (site / "d.svg").unlink()
    assert list(check.find_broken_links()) == ["page.html: d.svg", "page.html: other.html#there has no such anchor"]


def test_a_diagram_that_is_not_shown(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "source.md"
    source.write_text(DRAWN)
    monkeypatch.setattr(check, "list_markdown", lambda: [source])
    monkeypatch.setattr(check, "page_of", lambda path: "page")
    (wrong,) = check.find_missing_diagrams()
    assert wrong.startswith("page.html: 1 diagrams")
    (site / "page.html").write_text(PAGE.replace("words", "One title. What it shows."))
    check.read_page.cache_clear()
    assert list(check.find_missing_diagrams()) == []


def test_what_the_search_does_not_know(site: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("list_plugins", "list_roles", "list_playbooks"):
        monkeypatch.setattr(check, name, list)
    (site / "searchindex.js").write_text(
        'Search.setIndex({"docnames": [], "terms": {"eks_nodegroup": 1}, "titleterms": {"karpent": 1}})'
    )
    assert list(check.find_search_gaps()) == ["the search does not know capacity_type"]


def test_pages_that_are_missing(site: Path):
    assert "no page errors.html" in check.find_missing_pages()


# what the theme leaves out


def test_a_page_is_completed_once(tmp_path: Path):
    page = tmp_path / "a" / "page.html"
    page.parent.mkdir()
    page.write_text(
        '<p class="caption" role="heading">x</p><aside class="sidebar-drawer"></aside><aside class="toc-drawer no-toc"></aside><pre>y</pre>'
        '<a aria-role="button">z</a><p><img alt="a" src="a.svg" /></p>'
        '<div class="table-wrapper docutils"><th class="head"><p></p></th></div>'
    )
    accessible.finish_pages(tmp_path)
    text = page.read_text()
    assert (
        'role="heading" aria-level="2">' in text
        and '<aside aria-label="On this page" class="toc-drawer no-toc">' in text
    )
    assert '<pre tabindex="0">' in text and "aria-role" not in text and 'aria-label="Site"' in text
    assert text.count('tabindex="0"><img alt="a" src="a.svg" /></span></p>') == 1, "a wide picture scrolls by keyboard"
    assert '<div tabindex="0" class="table-wrapper docutils"><td class="head"></td></div>' in text
    accessible.finish_pages(tmp_path)
    assert page.read_text() == text


def test_the_index_of_the_reference_says_what_it_lists():
    text = ".. _list_of_x:\n\nKumo.Eks\n========\n\nCollection version 0.1.0\n"
    assert assemble.name_index(text) == text.replace("Kumo.Eks\n========", "Modules and plugins\n===================")
    assert assemble.name_index("kumo.eks.eks_cluster module\n===\n") == "kumo.eks.eks_cluster module\n===\n"


def test_the_changelog_has_no_contents_either():
    assert "contents::" in (ROOT / "CHANGELOG.rst").read_text()
    assert "contents::" not in assemble.drop_contents((ROOT / "CHANGELOG.rst").read_text())


def test_a_page_of_antsibull_docs_loses_its_own_contents():
    text = "Title\n=====\n\n.. contents::\n   :local:\n   :depth: 1\n\n.. note::\n   stays\n"
    assert assemble.drop_contents(text) == "Title\n=====\n\n\n.. note::\n   stays\n"


def test_a_title_of_the_reference_has_a_dash():
    text = "kumo.eks.eks_cluster module -- Manage -- clusters\n+++\n\nkumo.eks.eks_x role -- y\n"
    assert assemble.join_title(text) == text.replace("module -- ", "module \N{EN DASH} ")


# the two languages


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("guide/05-helm", "# T\n\n[日本語](../ja/guide/05-helm.md)\n\ntext\n"),
        ("ja/tasks/upgrade", "# T\n\n[English](../../tasks/upgrade.md)\n\ntext\n"),
        ("sandbox/index", "# T\n\n[日本語](../ja/sandbox.md)\n\ntext\n"),
        ("errors", "# T\n\ntext\n"),
    ],
)
def test_a_page_links_to_the_other_language(page: str, link: str):
    assert languages.link_other(page, "# T\n\ntext\n") == link
    assert languages.link_other(page, link) == link


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("始まり。\n続き。\n`code` も。\n\n次。\n", "始まり。続き。`code` も。\n\n次。\n"),
        ("- 項目。\n  続き。\n- 項目。\n", "- 項目。続き。\n- 項目。\n"),
        ("文。\n3 つの語。\n1. 項目。\n| 表 |\n", "文。3 つの語。\n1. 項目。\n| 表 |\n"),
        ("文。\n```yaml\n# 注。\nキー。\n```\n", "文。\n```yaml\n# 注。\nキー。\n```\n"),
    ],
)
def test_lines_of_a_japanese_text(text: str, joined: str):
    assert languages.join_lines(text) == joined


def test_a_japanese_page_names_its_language_and_begins_its_menu_with_its_own_pages(tmp_path: Path):
    page, search = tmp_path / "ja" / "page.html", tmp_path / "_static" / "searchtools.js"
    for path in (page, search):
        path.parent.mkdir()
    search.write_text("".join(old for old, dummy in languages.SEARCH))
    captions = [
        f'<p class="caption" role="heading"><span class="caption-text">{name}</span></p>' for name in ("A", "日本語")
    ]
    page.write_text(
        f'<html class="no-js" lang="en"><div class="sidebar-tree">\n{captions[0]}{captions[1]}<ul></ul></div>'
    )
    languages.finish_languages(tmp_path)
    languages.finish_languages(tmp_path)
    assert (
        page.read_text()
        == f'<html class="no-js" lang="ja"><div class="sidebar-tree">\n{captions[1]}<ul></ul>{captions[0]}</div>'
    )
    assert search.read_text().count("unspaced") == 4


def test_a_search_of_another_sphinx_is_refused():
    with pytest.raises(ValueError, match=r"searchtools\.js has changed"):
        languages.search_parts("nothing of it")
