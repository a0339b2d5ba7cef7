# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tools/ec2_prices.py: which prices it takes of a source that has zeros and prices of dedicated tenancy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[5] / "tools"))
import ec2_prices

SCALED = {"m5.large": 0.096, "m5.xlarge": 0.192, "m5.2xlarge": 0.384, "g5.xlarge": 1.006, "g5.2xlarge": 1.212}


def find(*prices):
    """The price per unit from those of large, xlarge, 2xlarge and so on in a region."""
    names = ("m5.large", "m5.xlarge", "m5.2xlarge", "m5.4xlarge")
    rows = {name: {"here": price} for name, price in zip(names, prices, strict=False)}
    return ec2_prices.find_unit(rows, "here", "m5")


def test_the_lowest_price_that_sizes_share_is_that_of_shared_tenancy():
    assert find(0.1364, 0.248, 0.496, 0.0) == pytest.approx(0.031)  # the first one is of dedicated tenancy
    assert find(0.124, 0.248, 0.496) == pytest.approx(0.031)


def test_what_cannot_be_told_apart_is_left_out():
    assert find(0.1364, 0.2728) is None  # both may be of dedicated tenancy
    assert find(0.124, 0.0, 0.0) is None and find(0.0, 0.0) is None


def test_families_that_do_not_scale_are_left_out():
    assert ec2_prices.list_scaling(SCALED) == ["m5"]
    families, types = ec2_prices.split({**SCALED, "m5.metal": 4.608})
    assert families == {"m5": pytest.approx(0.024)} and set(types) == {"m5.metal", "g5.xlarge", "g5.2xlarge"}
