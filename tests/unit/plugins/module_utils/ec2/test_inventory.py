# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a network where listings trail what was done, or were begun before it."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.ec2 import inventory as room
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory


class Listing:
    """DescribeNatGateways: answers these ids, and lets something happen while it is at work."""

    def __init__(self):
        self.ids, self.meanwhile = [], lambda: None

    def can_paginate(self, operation):
        return False

    def describe_nat_gateways(self, Filter):
        ids = list(self.ids)
        self.meanwhile()
        return {"NatGateways": [build_row(one) for one in ids]}


def build_row(one, state="available"):
    return {"NatGatewayId": one, "VpcId": "vpc-1", "State": state, "tags": {}}


@pytest.fixture
def listing():
    return Listing()


@pytest.fixture
def inventory(listing):
    made = Inventory(listing, "owner")
    made.vpc = {"VpcId": "vpc-1", "tags": {}}
    return made


def read_ids(inventory):
    inventory.read(("nat_gateways",))
    return sorted(row["NatGatewayId"] for row in inventory.list_rows("nat_gateways"))


def test_a_listing_does_not_forget_what_was_noted_since_it_was_begun(listing, inventory):
    listing.ids = ["nat-old"]
    listing.meanwhile = lambda: inventory.put("nat_gateways", build_row("nat-new"))
    assert read_ids(inventory) == ["nat-new", "nat-old"]
    listing.meanwhile = lambda: None
    assert read_ids(inventory) == ["nat-old"]  # noted before, and gone


def test_a_listing_does_not_bring_back_what_was_changed_or_deleted_since_it_was_begun(listing, inventory):
    listing.ids = ["nat-1", "nat-2"]

    def change():
        inventory.drop("nat_gateways", "nat-1")
        inventory.put("nat_gateways", build_row("nat-2", "deleting"))

    listing.meanwhile = change
    assert read_ids(inventory) == ["nat-2"]
    assert inventory.find("nat_gateways", "nat-2")["State"] == "deleting"


def test_what_was_just_made_stays_until_listings_have_caught_up(listing, inventory, monkeypatch):
    inventory.add("nat_gateways", build_row("nat-1", "pending"))
    assert read_ids(inventory) == ["nat-1"]
    listing.ids = ["nat-1"]
    assert read_ids(inventory) == ["nat-1"] and inventory.find("nat_gateways", "nat-1")["State"] == "available"
    listing.ids = []
    assert read_ids(inventory) == ["nat-1"]  # another of EC2's servers may answer
    inventory.drop("nat_gateways", "nat-1")
    assert read_ids(inventory) == []
    monkeypatch.setattr(room, "CATCH_UP", 0.0)
    inventory.add("nat_gateways", build_row("nat-2"))
    assert read_ids(inventory) == []


def test_what_was_made_in_a_vpc_that_was_given_up_is_gone_with_it(listing, inventory):
    inventory.add("nat_gateways", build_row("nat-1"))
    inventory.vpc = {"VpcId": "vpc-2", "tags": {}}
    assert read_ids(inventory) == []
