# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cost.yml, and the price at the end of a plan: it is that of what is then made."""

from __future__ import annotations

import csv
import json
import re

import pytest

NAME, REGION = "priced", "ap-northeast-1"
PRICE = re.compile(r"Price of the plan: ([\d,.]+) USD a month, (?:([\d,.]+) USD (more|less) than|as) before\.")
GROUP = {
    "name": "general",
    "instance_types": ["m5.large"],
    "scaling_config": {"min_size": 1, "max_size": 5, "desired_size": 2},
    "template": {"volumes": [{"size": 40, "type": "gp3"}]},
}
DECLARED = {
    "eks_cluster_name": NAME,
    "eks_region": REGION,
    "eks_cluster_version": "1.35",
    "eks_network_zone_count": 2,
    "eks_network_endpoints": ["s3", "ecr.api"],
    "eks_nodegroups_list": [GROUP],
    "eks_addons_list": [],
    "eks_cluster_logging": [],
}
# 0.10 the cluster, two m5.large of 0.124, two NAT gateways of 0.062 with an address of 0.005, an endpoint of 0.014 in two zones; 80 GiB
EXPECTED = round(730 * (0.10 + 2 * 0.124 + 2 * (0.062 + 0.005) + 2 * 0.014) + 80 * 0.096, 2)


@pytest.fixture
def sandbox(sandbox):
    """Everything is there at once: nothing is waited for."""
    sandbox.clock.set_speed("instant")
    return sandbox


def read_price(run):
    found = PRICE.search(run.assert_ok().output)
    assert found, run.output
    amount, difference = (float(text.replace(",", "")) if text else 0.0 for text in found.groups()[:2])
    return amount, -difference if found[3] == "less" else difference


def test_the_price_of_a_plan_is_that_of_what_is_made(sandbox, play, tmp_path):
    planned, more = read_price(play("kumo.eks.site", "--check", **DECLARED))
    assert planned == more == EXPECTED
    made = play("kumo.eks.site", **DECLARED).assert_ok()
    assert "Price of the plan" not in made.output
    files = {f"eks_cost_{kind}_file": f"cost.{kind}" for kind in ("json", "markdown", "csv", "html")}
    words = {"eks_cluster_name": NAME, "eks_region": REGION, "eks_cost_kubernetes": False}
    shown = play("kumo.eks.cost", **words, **files).assert_ok()
    (cluster,) = json.loads((tmp_path / "cost.json").read_text())
    assert cluster["total"]["monthly"] == pytest.approx(planned, abs=0.005), shown.output
    assert not cluster["total"]["at_least"] and cluster["failures"] == []
    assert f"Total: {planned:,.2f} USD a month" in shown.output
    with (tmp_path / "cost.csv").open() as text:
        assert sum(float(row["monthly"]) for row in csv.DictReader(text)) == pytest.approx(planned, abs=0.005)
    assert f"{planned:,.2f} USD" in (tmp_path / "cost.markdown").read_text()
    assert "<figure>" in (tmp_path / "cost.html").read_text()
    changed = {**DECLARED, "eks_network_nat_gateway": "Single"}
    amount, difference = read_price(play("kumo.eks.site", "--check", **changed))
    assert difference == pytest.approx(-0.067 * 730, abs=0.01) and amount == pytest.approx(
        planned + difference, abs=0.01
    )


@pytest.mark.extended
def test_the_price_of_a_plan_can_be_left_out(sandbox, play):
    silent = play("kumo.eks.site", "--check", eks_cost_plan=False, **DECLARED).assert_ok()
    assert "Price of the plan" not in silent.output


@pytest.mark.extended
def test_a_cluster_that_cannot_be_priced_is_named(sandbox, play):
    play("kumo.eks.cost", eks_cluster_name="nobody", eks_region=REGION).assert_refused(
        "nobody could not be priced", "cluster nobody does not exist in ap-northeast-1"
    )
