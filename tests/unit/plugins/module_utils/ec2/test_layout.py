# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subnets a network has, and where; without AWS."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.layout import (
    SubnetPlan,
    build_ipv6_blocks,
    build_subnet_tags,
    build_subnets,
    choose_nat_zones,
    read_ipv6,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.options import NetworkOptions

REGION = "ap-northeast-1"
ZONES = [f"{REGION}{letter}" for letter in "acd"]


def options(**words):
    return NetworkOptions("my-cluster", REGION, **words)


def existing(kind, zone, cidr, owned=True):
    tags = {"Name": f"my-cluster-{kind}-{zone}"} | ({options().owner: "owned"} if owned else {})
    return {"CidrBlock": cidr, "AvailabilityZone": zone, "tags": tags}


def blocks(plans):
    return [plan.cidr for plan in plans]


def test_eighths_public_first_as_networks_have_had_them():
    plans = build_subnets(options(), ZONES, ["10.0.0.0/16"], [])
    assert blocks(plans) == [f"10.0.{32 * number}.0/19" for number in range(6)]
    assert [plan.name for plan in plans][::3] == [f"my-cluster-public-{ZONES[0]}", f"my-cluster-private-{ZONES[0]}"]


@pytest.mark.parametrize(("zones", "prefix"), [(2, 19), (4, 19), (5, 20), (6, 20)])
def test_more_zones_have_smaller_subnets(zones, prefix):
    names = [f"{REGION}{letter}" for letter in "abcdef"[:zones]]
    assert {cidr.split("/")[1] for cidr in blocks(build_subnets(options(), names, ["10.0.0.0/16"], []))} == {
        str(prefix)
    }


def test_a_new_zone_takes_what_is_free_and_the_others_stay():
    there = [
        existing(kind, zone, f"10.0.{32 * number}.0/19")
        for number, (kind, zone) in enumerate((kind, zone) for kind in ("public", "private") for zone in ZONES[:2])
    ]
    plans = build_subnets(options(), ZONES, ["10.0.0.0/16"], there)
    assert blocks(plans) == [
        "10.0.0.0/19",
        "10.0.32.0/19",
        "10.0.128.0/19",
        "10.0.64.0/19",
        "10.0.96.0/19",
        "10.0.160.0/19",
    ]


def test_subnets_of_others_are_in_the_way_also_with_our_name():
    theirs = [existing("public", ZONES[0], "10.0.0.0/20", owned=False)]
    assert blocks(build_subnets(options(), ZONES[:2], ["10.0.0.0/16"], theirs))[0] == "10.0.32.0/19"


def test_sizes_and_a_second_range_when_the_first_is_full():
    sized = options(subnet_prefix_lengths={"public": 26, "private": 25})
    plans = build_subnets(sized, ZONES[:2], ["10.0.0.0/24", "10.1.0.0/24"], [])
    assert blocks(plans) == ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/25", "10.1.0.0/25"]
    networks = [ipaddress.IPv4Network(cidr) for cidr in blocks(plans)]
    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)
    with pytest.raises(ValidationError, match="has no room for another private subnet"):
        build_subnets(sized, ZONES, ["10.0.0.0/24"], [])


def test_ipv6_blocks_are_kept_and_the_others_free_ones():
    plans = [SubnetPlan(f"n{number}", "private", ZONES[0], "10.0.0.0/24") for number in range(3)]
    there = [{"tags": {"Name": "n1"}, "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:0db8:0:0::/64"}]}]
    found = build_ipv6_blocks(plans, "2001:db8::/56", there)
    assert [plan.ipv6_cidr for plan in found] == ["2001:db8:0:1::/64", "2001:db8::/64", "2001:db8:0:2::/64"]
    assert build_ipv6_blocks(plans, None, there) == plans
    gone = {
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": "failed"}}]
    }
    assert read_ipv6(gone) is None


def test_local_zones_come_behind_the_others_and_know_their_parents():
    local = {f"{REGION}-tpe-1a": ZONES[2]}
    plans = build_subnets(options(), ZONES[:2], ["10.0.0.0/16"], [], local)
    assert blocks(plans) == [f"10.0.{32 * number}.0/19" for number in range(6)]
    assert [plan.zone for plan in plans] == 2 * [*ZONES[:2], *local]
    assert [plan.parent for plan in plans] == 2 * [None, None, ZONES[2]]
    tags = [build_subnet_tags(options(karpenter_discovery=True), plan) for plan in plans if plan.parent]
    assert all(set(each) == {options().owner, "Name", "kubernetes.io/cluster/my-cluster"} for each in tags)


def test_tags_that_controllers_look_for():
    public = build_subnet_tags(options(karpenter_discovery=True), SubnetPlan("p", "public", ZONES[0], ""))
    private = build_subnet_tags(options(karpenter_discovery=True), SubnetPlan("p", "private", ZONES[0], ""))
    isolated = build_subnet_tags(options(karpenter_discovery=True), SubnetPlan("p", "isolated", ZONES[0], ""))
    assert public["kubernetes.io/role/elb"] == private["kubernetes.io/role/internal-elb"] == "1"
    assert private["karpenter.sh/discovery"] == "my-cluster" and "karpenter.sh/discovery" not in {**public, **isolated}
    assert isolated["kubernetes.io/cluster/my-cluster"] == "owned"


@pytest.mark.parametrize(
    ("words", "zones"),
    [
        ({}, ZONES),
        ({"nat_gateway": "Single"}, ZONES[:1]),
        ({"nat_gateway": "Disable"}, []),
        ({"subnet_kinds": ("public",)}, []),
        ({"subnet_kinds": ("private",), "nat_gateway": "Single"}, []),
    ],
)
def test_zones_with_a_nat_gateway(words, zones):
    assert choose_nat_zones(options(**words), ZONES) == zones
