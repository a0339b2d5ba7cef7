# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a newcomer through the built site, on a desktop and a phone. Screenshots are kept in tests/output/site."""

from __future__ import annotations

import json

import pytest
from conftest import SCREENSHOTS, SITE
from support.browser import DESKTOP, PHONE, Browser, Page

SCREENS = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda screen: screen.name)
# Pages of each sort; the longest, of modules with hundreds of options, is the last
PAGES = (
    "index",
    "project",
    "errors",
    "tasks/upgrade",
    "architecture",
    "playbooks/upgrade",
    "ja/index",
    "ja/guide/03-node-groups",
    "reference/eks_fargate_profile_module",
)
FOLLOWED = "[...document.querySelectorAll('article a')].find(one => one.textContent.trim() === %s)?.href || ''"
SHOWN = "(box => box.top >= 0 && box.top < innerHeight)(document.getElementById(%s).getBoundingClientRect())"  # it scrolls smoothly
RESULTS = "[...document.querySelectorAll('#search-results li a')].map(one => one.href).join(' ')"


def follow(page: Page, text: str) -> None:
    """Follow the link of the article with this text."""
    target = page.evaluate(FOLLOWED % json.dumps(text))
    assert target, f"no link {text}"
    page.go("about:blank")  # a link to another place of the same page would load nothing
    page.go(target)


@SCREENS
def test_the_way_from_the_start_page_to_an_option(chromium: Browser, screen):
    page = chromium.open(SITE / "index.html", screen)
    assert "kumo.eks" in page.evaluate("document.title")
    follow(page, "Installation")
    assert page.wait_until(SHOWN % json.dumps("installation")), "the section is not in view"
    assert "ansible-galaxy collection install kumo.eks" in page.evaluate(
        "document.querySelector('#installation').innerText"
    )
    page.go((SITE / "index.html").as_uri())
    follow(page, "A first cluster")
    assert "kumo.eks.site" in page.evaluate("document.body.innerText")
    page.go((SITE / "index.html").as_uri())
    follow(page, "eks_nodegroup")
    option = page.evaluate(
        "[...document.querySelectorAll('[id]')].find(one => /parameter-capacity_type$/.test(one.id))?.id || ''"
    )
    assert option, "the option has no place of its own"
    assert page.complaints == [] and all(url.startswith(("file:", "data:", "about:")) for url in page.requests)


@SCREENS
def test_the_search_finds_an_option_a_failure_and_a_japanese_word(chromium: Browser, screen):
    for words, wanted in (
        ("capacity_type", "eks_nodegroup_module.html"),
        ("NodeCreationFailure", "errors.html"),
        ("監査", "ja/support.html"),  # two characters within a longer run of them
    ):
        page = chromium.open(SITE / "index.html", screen)
        page.go(f"{(SITE / 'search.html').as_uri()}?q={words}")
        page.wait_until(f"({RESULTS}).includes({json.dumps(wanted)})")  # they come one by one
        assert wanted in page.evaluate(RESULTS), words
    page.keep_screenshot(SCREENSHOTS / f"search-{screen.name}.png")
    assert page.find_wide() == []


@SCREENS
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read(chromium: Browser, screen, name: str):
    page = chromium.open(SITE / f"{name}.html", screen)
    page.keep_screenshot(SCREENSHOTS / f"{name.replace('/', '-')}-{screen.name}.png", most=2400)
    assert page.find_wide() == []
    assert page.complaints == [] and all(url.startswith(("file:", "data:")) for url in page.requests)
    assert page.find_barriers() == []


def test_the_menu_of_a_phone_opens_and_shows_the_tasks(chromium: Browser):
    page = chromium.open(SITE / "index.html", PHONE)
    shown = "document.querySelector('.sidebar-drawer').getBoundingClientRect().right > 0"
    assert not page.evaluate(shown)
    page.click("label.nav-overlay-icon, label[for=__navigation]")
    assert page.wait_until(shown)
    text = page.evaluate("document.querySelector('.sidebar-tree').innerText")
    assert "Adopt a cluster" in text and "What went wrong" in text
    page.keep_screenshot(SCREENSHOTS / "menu-phone.png", most=900)


def test_a_page_leads_to_the_other_language_and_back(chromium: Browser):
    page = chromium.open(SITE / "guide" / "05-helm.html", DESKTOP)
    follow(page, "日本語")
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert page.evaluate("document.querySelector('.sidebar-tree .caption').innerText") == "日本語"
    follow(page, "English")
    assert page.evaluate("document.documentElement.lang + location.pathname").endswith("/guide/05-helm.html")


@pytest.mark.parametrize("name", ["reference/eks_nodegroup_module", "reference/eks_self_managed_nodes_module"])
def test_the_texts_of_options_are_in_view_on_a_desktop(chromium: Browser, name: str):
    page = chromium.open(SITE / f"{name}.html", DESKTOP)
    wide = (
        "[...document.querySelectorAll('.table-wrapper')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert page.evaluate(wide) == 0


def test_diagrams_are_drawn_and_have_alternative_texts(chromium: Browser):
    for name in ("architecture", "tasks/upgrade", "tasks/manage-many-clusters", "guide/13-teardown"):
        page = chromium.open(SITE / f"{name}.html", DESKTOP)
        found = page.evaluate(
            "[...document.querySelectorAll('img.diagram')].map(one => [one.clientWidth > 200 && one.clientHeight > 100, one.alt.length > 40])"
        )
        assert found and all(all(row) for row in found), name


@SCREENS
def test_recordings_and_screenshots_are_shown(chromium: Browser, screen):
    for name in ("project", "ja/project", "tasks/upgrade", "tasks/audit", "tasks/know-the-cost"):
        page = chromium.open(SITE / f"{name}.html", screen)
        found = page.evaluate(
            "[...document.querySelectorAll('article img:not(.diagram)')].map(one => [one.naturalWidth > 0, one.clientWidth, one.alt.length])"
        )
        assert found and all(loaded and width > 300 and alternative > 30 for loaded, width, alternative in found), name
        assert page.find_wide() == [] and page.complaints == []
