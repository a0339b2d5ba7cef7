# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The price of a plan: both sides from the results of tasks in check mode."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.plan import build_sides
from ansible_collections.kumo.eks.plugins.module_utils.cost.plan_task import build_plan

TOKYO = "ap-northeast-1"
VOLUME = {"volume_size": 50, "volume_type": "gp3", "iops": 3000, "throughput": 125}


def build_group(size, volume=50, **more):
    data = {"block_device_mappings": {"/dev/xvda": {**VOLUME, "volume_size": volume}}}
    sizes = {"min_size": 1, "max_size": 9, "desired_size": size}
    group = {
        "capacity_type": "ON_DEMAND",
        "instance_types": ["m5.large"],
        "scaling_config": sizes,
        "subnets": ["public-a"],
    }
    return {**group, "template": {"data": data}, **more}


def build_result(before, after, changed=True):
    row = {"name": "general", "changed": changed, "scaling_config": after.get("scaling_config")}
    return {
        "nodegroups": [row],
        "diff": {"before": {"general": before}, "after": {"general": after}},
        "changed": changed,
    }


def build_network(states, before=(), after=(), public=True):
    rows = [{"name": name, "nat_gateway_id": f"nat-{name}", "state": state} for name, state in states.items()]
    diff = {
        side: {f"NAT gateway {name}": {} for name in names} for side, names in (("before", before), ("after", after))
    }
    subnets = [{"subnet_id": "public-a", "map_public_ip_on_launch": public}]
    network = {"nat_gateways": rows, "vpc_endpoints": [], "subnets": subnets}
    return {"network": network, "changed": bool(before or after), "diff": diff}


NEW = {
    "cluster": {"name": "c", "version": "1.34"},
    "changed": True,
    "diff": {"before": {}, "after": {"version": "1.34"}},
}
THERE = {"cluster": {"name": "c", "version": "1.34"}, "changed": False, "diff": {"before": {"a": 1}, "after": {"a": 1}}}


def plan(*results):
    sides = build_sides(list(results))
    for side in sides:
        side.support = "STANDARD"
    return build_plan(*sides, PriceBook(TOKYO))


def test_a_new_cluster_costs_nothing_before():
    found = plan(NEW, build_network({"a": "pending"}, after=["a"]), build_result({}, build_group(3)), {"skipped": True})
    expected = 73 + 3 * 0.124 * 730 + 150 * 0.096 + 0.062 * 730 + 0.005 * 730 + 3 * 0.005 * 730
    assert found["before"]["monthly"] == 0.0 and found["after"]["monthly"] == pytest.approx(expected)
    assert found["difference"] == pytest.approx(expected)
    assert found["text"][0].startswith(f"Price of the plan: {expected:,.2f} USD a month, {expected:,.2f} USD more")


def test_a_change_moves_the_price():
    """One node more, larger volumes, and one NAT gateway in the place of three."""
    network = build_network({"a": "available", "c": "deleting", "d": "deleting"}, before=["c", "d"], public=False)
    found = plan(THERE, network, build_result(build_group(3), build_group(4, 60)))
    before = 73 + 3 * 0.124 * 730 + 150 * 0.096 + 3 * 0.067 * 730
    after = 73 + 4 * 0.124 * 730 + 240 * 0.096 + 0.067 * 730
    assert found["before"]["monthly"] == pytest.approx(before) and found["after"]["monthly"] == pytest.approx(after)
    assert found["difference"] == pytest.approx(after - before)
    assert "1.34 USD more than before" in found["text"][0]
    names = [row["name"] for row in found["changes"]]
    assert "NAT gateways" in names and "standard support" not in names


def test_what_does_not_change_is_on_both_sides():
    group = build_group(3)
    found = plan(THERE, build_network({"a": "available"}), build_result(group, group, changed=False))
    assert found["difference"] == 0.0 and found["changes"] == [] and "as before" in found["text"][0]
    assert found["after"]["monthly"] > 300


def test_a_group_that_goes_and_defaults_of_eks():
    bare = {"instance_types": None, "scaling_config": {"desired_size": 2}}
    removed = plan(THERE, build_result(build_group(3), {}))
    assert removed["difference"] == pytest.approx(-(3 * 0.124 * 730 + 14.4))
    added = plan(THERE, build_result({}, bare))
    lines = {line["name"]: line for line in added["lines"]}
    assert lines["node group general, t3.medium"]["monthly"] == pytest.approx(2 * 0.0544 * 730)
    assert lines["root volumes of general: 2 x 20 GiB"]["monthly"] is None and added["after"]["at_least"]


def test_types_of_launch_templates():
    bare = {"instance_types": None, "scaling_config": {"desired_size": 2}}
    own = plan(THERE, build_result({}, {**bare, "template": {"data": {"instance_type": "m5.large"}}}))
    assert "node group general, m5.large" in {line["name"] for line in own["lines"]}
    given = plan(THERE, build_result({}, {**bare, "launch_template.id": "lt-1", "launch_template.version": "1"}))
    (line,) = [line for line in given["lines"] if "node group general" in line["name"]]
    assert line["name"] == "node group general, type of its launch template" and line["monthly"] is None, line
    assert given["after"]["at_least"]


def test_self_managed_nodes_and_capabilities():
    spot = build_group(2, capacity_type=None, instances_distribution={"on_demand_percentage_above_base_capacity": 0})
    result = build_result({}, spot)
    result["self_managed_nodegroups"] = result.pop("nodegroups")
    capability = {"capability": {"capability_name": "argo", "type": "ARGOCD"}, "changed": True, "diff": {"before": {}}}
    found = plan(THERE, result, {"results": [capability, {"skipped": True}]})
    names = [line["name"] for line in found["lines"]]
    assert "self-managed nodes general, m5.large on spot" in names and "argo (ARGOCD)" in names
    assert found["before"]["monthly"] == 73.0


def test_endpoints_that_come_and_go():
    def build(service, kind="Interface"):
        return {"service": service, "type": kind, "subnets": ["a", "c"] if kind == "Interface" else []}

    network = build_network({})
    network["network"]["vpc_endpoints"] = [{"service_name": "stays", "type": "Interface", "subnet_ids": ["a"]}]
    before = {"VPC endpoint x": build("goes")}
    after = {"VPC endpoint y": build("comes"), "VPC endpoint z": build("s3", "Gateway")}
    network["diff"], network["changed"] = {"before": before, "after": after}, True
    sides = build_sides([network])
    assert [side.endpoints for side in sides] == [{"stays": 1, "goes": 2}, {"stays": 1, "comes": 2}]


def test_the_key_of_the_secrets():
    key = "arn:aws:kms:ap-northeast-1:123456789012:key/0"
    encrypted = {**NEW, "diff": {"before": {}, "after": {"encryption_config": {"key_arn": key}}}}
    there = {**THERE, "cluster": {"name": "c", "encryption_config": [{"provider": {"key_arn": key}}]}}
    assert [side.keys for side in build_sides([encrypted])] == [[], [key]]
    assert [side.keys for side in build_sides([there])] == [[key], [key]]
