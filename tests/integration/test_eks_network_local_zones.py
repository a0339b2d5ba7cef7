# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_network with Local Zones against the sandbox: their subnets, routes and tags, and what is refused."""

from __future__ import annotations

import pytest

CLUSTER, LOCAL, GROUP = "my-cluster", "ap-northeast-1-tpe-1a", "ap-northeast-1-tpe-1"
OPTIONS = {
    "zones": ["ap-northeast-1c", "ap-northeast-1d"],
    "local_zones": [LOCAL],
}  # 1d is the parent of the Local Zone


@pytest.fixture
def network(run_module, sandbox):
    """eks_network for my-cluster: network(check=False, **options) -> its result."""

    def run(check=False, **options):
        return run_module("eks_network", {"cluster_name": CLUSTER, "wait_timeout": 30, **options}, check=check)

    return run


@pytest.fixture
def opted_in(sandbox):
    sandbox.client("ec2").modify_availability_zone_group(GroupName=GROUP, OptInStatus="opted-in")


def sent(sandbox):
    """The calls that change something, since the last look."""
    names = [call["operation"] for call in sandbox.calls()]
    sandbox.recorder.clear()
    return [name for name in names if not name.startswith(("Describe", "Get", "List"))]


def find_route(network, table):
    (row,) = [row for row in network["route_tables"] if row["name"] == f"{CLUSTER}-{table}"]
    return {route["destination"]: route["target"] for route in row["routes"]}["0.0.0.0/0"]


def test_a_life_with_a_local_zone(sandbox, run_module, network, opted_in):
    first = network(**{**OPTIONS, "local_zones": []})["network"]
    sent(sandbox)
    planned = network(check=True, **OPTIONS, endpoints=["ec2"])
    assert planned["changed"] and sent(sandbox) == []
    made = network(**OPTIONS, endpoints=["ec2"])
    assert made["ready"] and made["diff"] == planned["diff"], made
    assert sent(sandbox).count("CreateSubnet") == 2
    found = made["network"]
    assert (found["zones"], found["local_zones"]) == (OPTIONS["zones"], [LOCAL])
    for kind in ("public", "private"):
        assert found[f"{kind}_subnet_ids"] == first[f"{kind}_subnet_ids"]
        assert len(found[f"local_zone_{kind}_subnet_ids"]) == 1
    local = [row for row in found["subnets"] if row["availability_zone"] == LOCAL]
    assert [row["name"] for row in local] == [f"{CLUSTER}-public-{LOCAL}", f"{CLUSTER}-private-{LOCAL}"]
    assert [row["map_public_ip_on_launch"] for row in local] == [True, False]
    assert not any(key.startswith("kubernetes.io/role/") for row in local for key in row["tags"])
    assert all(row["tags"][f"kumo.eks/ap-northeast-1/{CLUSTER}"] == "owned" for row in local)
    gateways = {row["availability_zone"]: row["nat_gateway_id"] for row in found["nat_gateways"]}
    assert list(gateways) == OPTIONS["zones"]
    assert find_route(found, f"private-{LOCAL}") == gateways["ap-northeast-1d"]
    assert find_route(found, "public") == found["internet_gateway_id"]
    assert found["vpc_endpoints"][0]["subnet_ids"] == sorted(found["private_subnet_ids"])
    for options in (OPTIONS, {"zones": OPTIONS["zones"]}):
        again = network(**options)
        assert not again["changed"] and again["network"]["local_zones"] == [LOCAL], again
    seen = run_module("eks_network_info", {"cluster_name": CLUSTER})["network"]
    assert seen["local_zone_private_subnet_ids"] == found["local_zone_private_subnet_ids"]
    refused = network(zones=OPTIONS["zones"], ip_family="dual_stack")
    assert refused["failed"] and "cannot be combined with ip_family dual_stack" in refused["msg"]
    given = network(subnets={"private": found["private_subnet_ids"] + found["local_zone_private_subnet_ids"]})
    assert given["network"]["private_subnet_ids"] == found["private_subnet_ids"], given
    assert given["network"]["local_zone_private_subnet_ids"] == found["local_zone_private_subnet_ids"]
    words = {"private": found["private_subnet_ids"] + found["local_zone_private_subnet_ids"]}
    checked = run_module(
        "eks_preflight", {"cluster_name": CLUSTER, "check_account": True, "network": {"subnets": words}}
    )
    assert not checked["failed"], checked["msg"]
    one = network(**OPTIONS, nat_gateway="Single")["network"]
    assert find_route(one, f"private-{LOCAL}") == gateways["ap-northeast-1c"]
    gone = network(state="absent")
    assert gone["changed"] and gone["ready"] and gone["network"]["vpc_id"] is None, gone


def test_a_local_zone_that_is_not_listed_any_more_goes_unless_it_is_used(sandbox, network, opted_in):
    first = network(**{**OPTIONS, "local_zones": []})["network"]
    made = network(**OPTIONS)["network"]
    ec2, without = sandbox.client("ec2"), {**OPTIONS, "local_zones": []}
    place = made["local_zone_private_subnet_ids"][0]
    interface = ec2.create_network_interface(SubnetId=place, Description="node")["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    sent(sandbox)
    for check in (True, False):
        refused = network(check=check, **without)
        assert refused["failed"] and sent(sandbox) == []
        assert (
            f"local_zones: {LOCAL} is not listed, and its subnets are in use: network interface {interface}"
            in refused["msg"]
        )
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    sent(sandbox)
    planned = network(check=True, **without)
    assert planned["changed"] and sent(sandbox) == []
    gone = network(**without)
    assert gone["diff"] == planned["diff"]
    assert list(gone["diff"]["after"]) == [f"route table {CLUSTER}-public"]  # which the public subnet leaves first
    assert sorted(sent(sandbox)) == ["DeleteRouteTable", "DeleteSubnet", "DeleteSubnet", "DisassociateRouteTable"]
    now = gone["network"]
    assert (now["local_zones"], now["local_zone_private_subnet_ids"]) == ([], [])
    assert [row["subnet_id"] for row in now["subnets"]] == [row["subnet_id"] for row in first["subnets"]]
    assert not network(**without)["changed"]


def test_endpoints_leave_the_route_table_of_a_local_zone_that_goes(sandbox, network, opted_in):
    network(**OPTIONS, endpoints=["s3"])
    without = {**OPTIONS, "local_zones": [], "endpoints": ["s3"]}
    planned, gone = network(check=True, **without), network(**without)
    assert gone["diff"] == planned["diff"] and not network(**without)["changed"]


def test_a_removal_of_a_local_zone_that_was_interrupted_is_taken_up(sandbox, network, opted_in):
    made = network(**OPTIONS)["network"]
    ec2 = sandbox.client("ec2")
    for subnet in made["local_zone_private_subnet_ids"] + made["local_zone_public_subnet_ids"]:
        ec2.delete_subnet(SubnetId=subnet)
    sent(sandbox)
    assert network(**{**OPTIONS, "local_zones": []})["changed"] and sent(sandbox) == ["DeleteRouteTable"]


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ([LOCAL], f"the account has not opted in to {LOCAL}. Run aws ec2 modify-availability-zone-group --region ap-northeast-1"
         f" --group-name {GROUP} --opt-in-status opted-in"),
        (["us-west-2-lax-1a"], f"us-west-2-lax-1a is not a Local Zone of ap-northeast-1. Its Local Zones are: {LOCAL}."),
        (["ap-northeast-1a"], "ap-northeast-1a is not the name of a Local Zone"),
        ([LOCAL, LOCAL], "a zone is listed twice"),
    ],
)  # fmt: skip
def test_local_zones_are_refused_before_anything_is_created(sandbox, network, zones, words):
    sandbox.recorder.clear()
    refused = network(**{**OPTIONS, "local_zones": zones})
    assert refused["failed"] and words in refused["msg"], refused["msg"]
    assert sent(sandbox) == []
