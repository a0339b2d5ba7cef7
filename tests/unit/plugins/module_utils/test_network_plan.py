# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.network_plan import network_plan
from ansible_collections.kumo.eks.plugins.module_utils.resources.network import NOTHING

ZONES = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]


def plan(found=None, cidr="10.0.0.0/16", zones=None, nat_gateway="HighlyAvailable"):
    found, zones = NOTHING if found is None else found, ZONES if zones is None else zones
    return network_plan(found, "my-cluster", cidr, zones, nat_gateway, {"Environment": "test"})


def network_of(wanted, gateways):
    """The network that a run of the plan leaves behind, with NAT gateways in these zones."""
    subnets = [
        {
            "subnet_id": f"subnet-{row['name']}",
            "cidr_block": row["cidr"],
            "availability_zone": row["zone"],
            "map_public_ip_on_launch": row["public"],
            "tags": row["tags"],
        }
        for row in wanted["subnets"]
    ]
    nat = [
        {"nat_gateway_id": f"nat-{zone}", "subnet_id": f"subnet-my-cluster-public-{zone}", "state": "available"}
        for zone in gateways
    ]
    vpc = {"vpc_id": "vpc-1", "tags": wanted["tags"]}
    gateway = {"internet_gateway_id": "igw-1"}
    return {**NOTHING, "vpc": vpc, "internet_gateway": gateway, "subnets": subnets, "nat_gateways": nat}


def with_routes(found, wanted):
    tables = [
        {
            "tags": row["tags"],
            "associations": [{"subnet_id": subnet} for subnet in row["subnets"]],
            "routes": [
                {"destination_cidr_block": route["dest"], "gateway_id": route["gateway_id"]} for route in row["routes"]
            ],
        }
        for kind in ("public", "private")
        for row in wanted["route_tables"][kind]
    ]
    return {**found, "route_tables": tables}


def test_an_empty_account_lacks_everything():
    wanted = plan()
    assert wanted["vpc"]
    assert [row["cidr"] for row in wanted["subnets"]] == [f"10.0.{number}.0/19" for number in range(0, 192, 32)]
    assert [row["zone"] for row in wanted["nat_gateways"]] == ZONES


def test_subnets_carry_the_tags_that_load_balancers_look_for():
    tags = [row["tags"] for row in plan()["subnets"]]
    assert all("kubernetes.io/role/elb" in row for row in tags[:3])
    assert all("kubernetes.io/role/internal-elb" in row for row in tags[3:])
    assert all(row["kubernetes.io/cluster/my-cluster"] == "owned" for row in tags)


def test_nothing_differs_once_all_is_there():
    found = network_of(plan(), ZONES)
    found = with_routes(found, plan(found))
    again = plan(found, zones=[])
    assert not again["vpc"]
    assert again["zones"] == ZONES
    for key in ("subnets", "nat_gateways", "pending", "surplus"):
        assert again[key] == []
    assert again["route_tables"] == {"public": [], "private": []}


def test_each_private_subnet_goes_out_by_the_gateway_of_its_zone():
    tables = plan(network_of(plan(), ZONES))["route_tables"]["private"]
    assert [row["routes"][0]["gateway_id"] for row in tables] == [f"nat-{zone}" for zone in ZONES]


def test_a_single_gateway_serves_all_zones_and_the_others_are_surplus():
    single = plan(network_of(plan(), ZONES), nat_gateway="Single")
    assert {row["routes"][0]["gateway_id"] for row in single["route_tables"]["private"]} == {"nat-ap-northeast-1a"}
    assert single["surplus"] == ["nat-ap-northeast-1c", "nat-ap-northeast-1d"]


def test_without_gateways_private_subnets_have_no_way_out():
    disabled = plan(network_of(plan(), ZONES), nat_gateway="Disable")
    assert [row["routes"] for row in disabled["route_tables"]["private"]] == [[], [], []]
    assert len(disabled["surplus"]) == 3


def test_a_changed_tag_is_put_right():
    found = network_of(plan(), ZONES)
    found["subnets"][0]["tags"] = {**found["subnets"][0]["tags"], "Environment": "other"}
    assert [row["name"] for row in plan(found)["subnets"]] == ["my-cluster-public-ap-northeast-1a"]


def test_a_range_that_is_too_small_is_refused_by_name():
    with pytest.raises(EksError, match="network_cidr: 10.0.0.0/27 is too small for 3 zones"):
        plan(cidr="10.0.0.0/27")


def test_an_unknown_choice_is_refused_with_what_is_allowed():
    with pytest.raises(EksError, match="Both is not one of HighlyAvailable, Single, Disable"):
        plan(nat_gateway="Both")
