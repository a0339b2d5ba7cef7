# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network import NOTHING
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_plan import network_plan, network_removal

REGION = "ap-northeast-1"
MARK = "kumo.eks/ap-northeast-1/my-cluster"
ZONES = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]


def plan(found=None, cidr="10.0.0.0/16", zones=None, nat_gateway="HighlyAvailable"):
    found, zones = NOTHING if found is None else found, ZONES if zones is None else zones
    return network_plan(found, "my-cluster", REGION, cidr, zones, nat_gateway, {"Environment": "test"})


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
        {
            "nat_gateway_id": f"nat-{zone}",
            "subnet_id": f"subnet-my-cluster-public-{zone}",
            "state": "available",
            "nat_gateway_addresses": [{"allocation_id": f"eipalloc-{zone}", "network_interface_id": f"eni-{zone}"}],
            "tags": {MARK: "owned"},
        }
        for zone in gateways
    ]
    vpc = {"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16", "dns_hostnames": True, "dns_support": True}
    gateway = {"internet_gateway_id": "igw-1", "attached": True, "tags": wanted["tags"]}
    addresses = [
        {
            "allocation_id": f"eipalloc-{zone}",
            "public_ip": f"203.0.113.{number}",
            "tags": {MARK: "owned", "Name": f"my-cluster-{zone}"},
        }
        for number, zone in enumerate(gateways)
    ]
    there = {"vpc": {**vpc, "tags": wanted["tags"]}, "internet_gateway": gateway, "subnets": subnets}
    return {**NOTHING, **there, "nat_gateways": nat, "addresses": addresses}


def with_routes(found, wanted):
    tables = [
        {
            "route_table_id": f"rtb-{row['name']}",
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
    assert not again["unfinished"]
    assert (again["vpc"], again["gateway"]) == ("", "")
    for key in ("subnets", "nat_gateways", "pending", "surplus", "surplus_addresses", "failed"):
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
    with pytest.raises(EksError, match="eks_network_cidr: 10.0.0.0/27 is too small for 3 zones"):
        plan(cidr="10.0.0.0/27")


def test_an_unknown_choice_is_refused_with_what_is_allowed():
    with pytest.raises(EksError, match="Both is not one of HighlyAvailable, Single, Disable"):
        plan(nat_gateway="Both")


def whole():
    """A network with nothing missing."""
    found = network_of(plan(), ZONES)
    return with_routes(found, plan(found))


def test_everything_that_is_made_carries_the_owners_tag():
    wanted = plan()
    rows = [*wanted["subnets"], *wanted["nat_gateways"], wanted]
    assert all(row["tags"][MARK] == "owned" for row in rows)
    tables = plan(network_of(plan(), ZONES))["route_tables"]
    assert all(row["tags"][MARK] == "owned" for row in [*tables["public"], *tables["private"]])


def test_what_differs_is_told_before_and_after():
    found = whole()
    found["subnets"][0]["map_public_ip_on_launch"] = False
    found["route_tables"][1]["routes"][0]["gateway_id"] = "nat-other"
    found["vpc"]["dns_hostnames"] = False
    again = plan(found)
    assert again["vpc"] == "dns_hostnames: False -> True"
    assert [row["why"] for row in again["subnets"]] == ["public addresses: False -> True"]
    assert [row["why"] for row in again["route_tables"]["private"]] == [
        "route 0.0.0.0/0: nat-other -> nat-ap-northeast-1a"
    ]


def test_a_route_into_nothing_is_put_right():
    found = whole()
    found["route_tables"][1]["routes"][0]["state"] = "blackhole"
    assert [row["id"] for row in plan(found)["route_tables"]["private"]] == ["rtb-my-cluster-private-ap-northeast-1a"]


def test_a_table_whose_tags_changed_is_changed_and_not_made_anew():
    found = whole()
    found["route_tables"][0]["tags"] = {**found["route_tables"][0]["tags"], "Environment": "old"}
    (table,) = plan(found)["route_tables"]["public"]
    assert (table["id"], table["why"]) == ("rtb-my-cluster-public", "tag Environment: old -> test")


def test_an_address_that_an_interrupted_run_left_is_taken_for_its_gateway():
    found = whole()
    found["nat_gateways"] = found["nat_gateways"][1:]
    (gateway,) = plan(found)["nat_gateways"]
    assert (gateway["zone"], gateway["allocation_id"]) == ("ap-northeast-1a", "eipalloc-ap-northeast-1a")
    assert plan(found)["surplus_addresses"] == []


def test_an_address_that_no_gateway_needs_is_surplus():
    found = whole()
    found["nat_gateways"] = []
    assert plan(found, nat_gateway="Disable")["surplus_addresses"] == ["203.0.113.0", "203.0.113.1", "203.0.113.2"]


def test_a_failed_gateway_is_told_with_the_reason_and_made_anew():
    found = whole()
    found["nat_gateways"][0] |= {"state": "failed", "failure_message": "no free addresses"}
    again = plan(found)
    assert again["failed"] == ["nat-ap-northeast-1a: no free addresses"]
    assert [row["zone"] for row in again["nat_gateways"]] == ["ap-northeast-1a"]


def test_a_new_zone_takes_free_ranges_and_moves_no_subnet():
    found = whole()
    again = plan(found, zones=[*ZONES, "ap-northeast-1b"])
    assert sorted(row["cidr"] for row in again["subnets"]) == ["10.0.192.0/19", "10.0.224.0/19"]
    assert {row["zone"] for row in again["subnets"]} == {"ap-northeast-1b"}


def test_without_zones_the_regions_first_three_are_taken():
    found = {**NOTHING, "zones": ["ap-northeast-1a", "ap-northeast-1b", "ap-northeast-1c", "ap-northeast-1d"]}
    assert plan(found, zones=[])["zones"] == ["ap-northeast-1a", "ap-northeast-1b", "ap-northeast-1c"]


def test_an_interrupted_run_goes_on_in_all_three_zones():
    found = network_of(plan(), [])
    found = {
        **found,
        "subnets": found["subnets"][:1],
        "zones": ["ap-northeast-1a", "ap-northeast-1b", "ap-northeast-1c"],
    }
    assert plan(found, zones=[])["zones"] == found["zones"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"zones": ["ap-northeast-1a", "ap-northeast-1x"]},
            "eks_network_zones: ap-northeast-1x is not a zone of ap-northeast-1",
        ),
        ({"zones": ["ap-northeast-1a"]}, "eks_network_zones: ap-northeast-1a alone is not enough"),
        ({"zones": ["ap-northeast-1a", "ap-northeast-1a"]}, "eks_network_zones: a zone is there twice"),
        ({"cidr": "10.0.0.0/8"}, "eks_network_cidr: 10.0.0.0/8 has a /8; a VPC has a /16 to a /28"),
        ({"cidr": "ten"}, "eks_network_cidr: ten is not a range"),
        ({"cidr": "10.0.0.1/16"}, "eks_network_cidr: 10.0.0.1/16 is not a range"),
    ],
)
def test_what_ec2_would_not_take_is_refused_by_name(wrong, words):
    with pytest.raises(EksError, match=words):
        plan({**NOTHING, "zones": ZONES}, **wrong)


def test_a_range_cannot_change_and_a_zone_cannot_go():
    with pytest.raises(EksError, match=r"eks_network_cidr: vpc-1 has 10.0.0.0/16, wanted 10.1.0.0/16"):
        plan(whole(), cidr="10.1.0.0/16")
    with pytest.raises(EksError, match="eks_network_zones: ap-northeast-1d has subnets of the cluster"):
        plan(whole(), zones=ZONES[:2])


def removal(found):
    return network_removal(found, "my-cluster", REGION)


def test_only_what_was_made_for_the_cluster_is_removed():
    found = whole()
    mine = removal(found)
    assert mine["blocking"] == []
    assert (len(mine["subnets"]), len(mine["nat_gateways"]), len(mine["addresses"])) == (6, 3, 3)
    assert len(mine["route_tables"]) == 4
    assert mine["vpc"]["vpc_id"] == "vpc-1"


def test_what_others_left_in_the_vpc_is_named():
    found = whole()
    found["security_groups"] = [
        {"group_id": "sg-1", "group_name": "default", "tags": {}},
        {"group_id": "sg-2", "group_name": "k8s-elb-a1", "tags": {}},
    ]
    found["network_interfaces"] = [
        {"network_interface_id": "eni-ap-northeast-1a", "description": "NAT gateway", "tags": {}},
        {"network_interface_id": "eni-9", "description": "ELB net/a1", "tags": {}},
    ]
    found["subnets"] = [*found["subnets"], {"subnet_id": "subnet-9", "cidr_block": "10.0.192.0/19", "tags": {}}]
    assert removal(found)["blocking"] == [
        "network interface eni-9 (ELB net/a1)",
        "security group sg-2 (k8s-elb-a1)",
        "subnet subnet-9 (10.0.192.0/19)",
    ]
    assert "subnet-9" not in [row["subnet_id"] for row in removal(found)["subnets"]]
