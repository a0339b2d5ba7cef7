# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of audit and cost in a real browser: on a desktop and a phone, light and dark, and on paper. Screenshots are kept in tests/output/pages."""

from __future__ import annotations

import pytest
from reports import EVIL, FAILING, build_audit, build_cost
from support.browser import DESKTOP, PHONE

PAGES = {"audit": build_audit, "cost": build_cost}
SCREENS = [(screen, scheme) for screen in (DESKTOP, PHONE) for scheme in ("light", "dark")]
SMALLEST = 12  # CSS pixels: below, text is hard to read
READABLE = """[...document.body.querySelectorAll('*')].filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
  && one.getBoundingClientRect().width && parseFloat(getComputedStyle(one).fontSize) < %d).map(one => one.outerHTML.slice(0, 120))"""
# What is on paper is what is drawn: no closed details, nothing hidden, nothing cut off
CUT_OFF = """[...document.body.querySelectorAll('*')].filter(one => {
  const style = getComputedStyle(one);
  return style.display === 'none' || style.visibility === 'hidden' || (style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1);
}).map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, build in PAGES.items():
        (folder / f"{name}.html").write_text(build()["html"], encoding="utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("screen", "scheme"), SCREENS, ids=lambda value: getattr(value, "name", value))
def test_a_page_can_be_read_and_needs_nothing(chromium, files, screenshots, name, screen, scheme):
    page = chromium.open(files[name], screen, scheme)
    page.keep_screenshot(screenshots / f"{name}-{screen.name}-{scheme}.png")
    assert page.find_wide() == []
    assert page.evaluate(READABLE % SMALLEST) == []
    assert page.find_barriers() == []
    assert page.requests == [files[name].as_uri()] and page.complaints == []
    assert page.evaluate("document.documentElement.lang") == "en" and page.evaluate("document.title")
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, back.strip("rgb()").split(","))) < 150) is (scheme == "dark")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_paper_shows_everything_in_dark_ink(chromium, files, screenshots, name):
    page = chromium.open(files[name], DESKTOP, "dark")
    page.emulate("print", "dark")
    assert page.evaluate(CUT_OFF) == [] and page.find_wide() == []
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    page.keep_pdf(screenshots / f"{name}.pdf")
    assert (screenshots / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_columns_have_names_on_each_screen(chromium, files):
    """A table shows its head; on a phone each cell shows the name of its column."""
    shown = "[...document.querySelectorAll('thead')].every(one => one.getBoundingClientRect().height > 10)"
    assert chromium.open(files["cost"], DESKTOP).evaluate(shown)
    phone = chromium.open(files["cost"], PHONE)
    assert not phone.evaluate(shown)
    names = phone.evaluate(
        "[...document.querySelector('tbody tr').cells].map(one => getComputedStyle(one, '::before').content)"
    )
    assert names == [
        f'"{name}"' for name in ("Kind", "Name", "Quantity", "Unit price", "Per hour", "Per month", "Source")
    ]


def test_all_findings_are_in_the_page(chromium, files):
    page = chromium.open(files["audit"], PHONE)
    shown = page.evaluate("[...document.querySelectorAll('article')].map(one => one.innerText)")
    assert len(shown) == len(FAILING)
    assert [rule.id for rule in FAILING if not any(rule.id in text and rule.remedy in text for text in shown)] == []
    assert sum("Deployment shop/web" in text for text in shown) == len(FAILING) - 1  # one is accepted
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert EVIL in page.evaluate("document.body.innerText")


def test_the_amounts_are_in_the_page(chromium, files):
    text = chromium.open(files["cost"], PHONE).evaluate("document.body.innerText")
    assert "2 clusters: at least" in text and "4 of 6 m5.large are enough" in text and EVIL in text


FAULTS = {
    "wide": ("<p style='width: 1000px'>x</p>", lambda page: page.find_wide()),
    "request": ("<img src='https://example.com/x.png' alt='x'>", lambda page: page.requests[1:]),
    "script error": ("<script>throw new Error('x')</script>", lambda page: page.complaints),
    "pale": ("<p style='color: #bbb; background: #fff'>pale</p>", lambda page: page.find_barriers()),
    "no alternative": ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", lambda page: page.find_barriers()),
    "heading": ("<h1>One</h1><h4>Four</h4>", lambda page: page.find_barriers()),
    "small": ("<p style='font-size: 9px'>small</p>", lambda page: page.evaluate(READABLE % SMALLEST)),
    "hidden": (
        "<details><summary>more</summary><p>x</p></details><p hidden>x</p>",
        lambda page: page.evaluate(CUT_OFF),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_browser_sees_what_is_wrong(chromium, tmp_path, fault):
    """Each check fails where it has to."""
    body, look = FAULTS[fault]
    file = tmp_path / "page.html"
    head = "<!doctype html><html lang='en'><head><title>x</title><meta name='viewport' content='width=device-width'></head>"
    file.write_text(f"{head}<body><main>{body}</main></body></html>")
    assert look(chromium.open(file, PHONE))
