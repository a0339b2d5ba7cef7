# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports: text, Markdown, CSV and the page."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.fleet_report import build_report
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import list_items
from ansible_collections.kumo.eks.plugins.module_utils.cost.lines import build_lines, build_total
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import ClusterCosts, NodeGroup

REGION = "ap-northeast-1"


def build_cluster(name, nodes, **more):
    group = NodeGroup("node group", "<general>", {"m5.large": nodes})
    lines = build_lines(list_items(ClusterCosts(name, support="STANDARD", node_groups=[group])), PriceBook(REGION))
    row = {
        "cluster_name": name,
        "region": REGION,
        "lines": lines,
        "total": build_total(lines, REGION),
        "notices": ["Soon"],
    }
    return {"host": "localhost", "failures": [], "error": "", **row, **more}


FAILED = {"host": "far", "cluster_name": "gone", "region": REGION, "error": "cluster gone does not exist"}
REPORT = build_report([build_cluster("one", 1), build_cluster("two", 2, host="two.tokyo"), FAILED])


def test_the_total_of_a_fleet():
    (total,) = REPORT["totals"]
    assert total["clusters"] == 2 and total["monthly"] == round(146 + 3 * 0.124 * 730, 6)
    assert total["at_least"]  # one cluster could not be priced
    text = "\n".join(REPORT["lines"])
    assert "far could not be priced: cluster gone does not exist" in text
    assert "Total of 2 clusters: at least 417.56 USD a month." in text
    alone = build_report([build_cluster("one", 1)])
    assert not alone["totals"][0]["at_least"] and "Total of" not in "\n".join(alone["lines"])
    assert "Total: 163.52 USD a month (730 hours a month, 0.2240 an hour)." in alone["lines"]


def test_csv_can_be_read_by_a_spreadsheet():
    rows = list(csv.DictReader(io.StringIO(REPORT["csv"])))
    assert [row["cluster"] for row in rows] == ["one", "one", "two", "two"]
    assert {row["currency"] for row in rows} == {"USD"} and float(rows[0]["monthly"]) == 73.0
    evil = build_cluster("=1+1", 1)
    assert "'=1+1" in build_report([evil])["csv"]


def test_markdown_has_a_table_for_each_cluster():
    text = REPORT["markdown"]
    assert text.startswith("# Cost\n") and "## Cost of one in ap-northeast-1" in text
    assert "| control plane | standard support | 1 cluster | 0.1/hour | 0.1000 | 73.00 |" in text


class Page(HTMLParser):
    """The elements of a page, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_tells_its_charts():
    html = REPORT["html"]
    page = Page()
    page.feed(html)
    assert page.open == [] and "script" not in page.tags and "link" not in page.tags and "img" not in page.tags
    assert (
        not {"src", "href"} & {name for name, _value in page.attributes}
        and "url(" not in html
        and "@import" not in html
    )
    assert page.tags.count("figure") == 3  # the fleet, and each cluster
    assert "prefers-color-scheme: dark" in html and "@media print" in html and "width=device-width" in html
    assert "&lt;general&gt;" in html and "<general>" not in html
    assert re.search(r"<span>one</span> .*?<span class=\"number\">163.52 USD</span>", html)
