# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_leaks_info: everything that is planted once for a cluster is found, and nothing of others."""

from __future__ import annotations

import pytest
from support.leaks import REGION, Planter

GONE, OTHER = "gone-cluster", "other-cluster"


def plant_all(sandbox, cluster, subnets):
    planter = Planter(sandbox.client, cluster, subnets)
    classic, modern = planter.plant_classic_balancer(), planter.plant_modern_balancer()
    volume = planter.plant_volume()
    return {
        ("load_balancer", classic["load_balancer"]),
        ("security_group", classic["security_group"]),
        ("load_balancer", modern["load_balancer"]),
        ("target_group", modern["target_group"]),
        ("security_group", modern["security_group"]),
        ("security_group", modern["back"]),
        ("network_interface", planter.plant_interface(**{"cluster.k8s.amazonaws.com/name": cluster})),
        ("network_interface", planter.plant_interface(modern["back"])),
        ("volume", volume),
        ("snapshot", planter.plant_snapshot(volume)),
        ("instance", planter.plant_instance()),
        ("autoscaling_group", planter.plant_autoscaling_group()),
        *((kind if kind != "insights" else "log_group", name) for kind, name in planter.plant_rest().items()),
    }


@pytest.fixture
def planted(request, sandbox, ground, kept_account):
    """What two clusters left that are gone, and what a stranger has: by cluster, as kind and ID."""

    def work():
        found = {name: plant_all(sandbox, name, ground["subnets"]) for name in (GONE, OTHER)}
        planter = Planter(sandbox.client, "stranger", ground["subnets"])
        ec2 = sandbox.client("ec2")
        ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)
        ec2.create_network_interface(SubnetId=ground["subnets"][0], Description="mine")
        shared = [{"Key": f"kubernetes.io/cluster/{GONE}", "Value": "shared"}]
        ec2.create_tags(Resources=[planter.vpc, *ground["subnets"]], Tags=shared)
        return {name: sorted(rows) for name, rows in found.items()}

    return kept_account.build(request, work)


def name_rows(result):
    return sorted((row["kind"], row["id"]) for row in result["resources"])


def is_template(row):
    return row["kind"] == "launch_template"


def test_everything_of_a_cluster_is_found_and_nothing_of_others(planted, run_module):
    result = run_module("eks_leaks_info", {"cluster_name": GONE})
    found = {one for one in name_rows(result) if one[0] != "launch_template"}
    assert found == {tuple(one) for one in planted[GONE]}
    assert len([row for row in result["resources"] if is_template(row)]) == 1
    assert (result["cluster_exists"], result["clusters"], result["not_read"]) == (False, [GONE], [])
    assert {row["cluster_name"] for row in result["resources"]} == {GONE}


def test_each_row_says_whose_it_is_and_what_becomes_of_it(planted, run_module):
    rows = run_module("eks_leaks_info", {"cluster_name": GONE})["resources"]
    found = {(row["kind"], row["owner"], row["removed_by_teardown"]) for row in rows}
    assert found == {
        ("load_balancer", "controller", True),
        ("target_group", "controller", True),
        ("security_group", "controller", True),
        ("network_interface", "controller", True),
        ("instance", "controller", True),
        ("launch_template", "controller", True),
        ("instance_profile", "controller", True),
        ("volume", "controller", False),
        ("snapshot", "controller", False),
        ("autoscaling_group", "eks", True),
        ("log_group", "eks", False),
        ("log_group", "controller", False),
        ("kms_key", "unknown", False),
        ("iam_role", "unknown", False),
        ("oidc_provider", "eksctl", False),
        ("key_pair", "eksctl", False),
        ("stack", "eksctl", False),
        ("iam_policy", "kumo.eks", True),
        ("address", "kumo.eks", True),
        ("placement_group", "kumo.eks", True),
        ("queue", "kumo.eks", True),
        ("event_rule", "kumo.eks", True),
        ("trust_anchor", "kumo.eks", True),
        ("roles_anywhere_profile", "kumo.eks", True),
        ("dns_record", "controller", False),
    }
    assert [row for row in rows if not row["reason"] or not row["remedy"]] == []


def test_an_account_is_searched_for_clusters_that_are_gone(planted, run_module, sandbox, ground):
    result = run_module("eks_leaks_info", {})
    assert result["clusters"] == [GONE, OTHER]
    expected = [tuple(one) for rows in planted.values() for one in rows if one[0] != "dns_record"]
    assert sorted(one for one in name_rows(result) if one[0] != "launch_template") == sorted(expected)


def test_a_cluster_that_exists_is_no_leak(planted, run_module, sandbox, ground):
    sandbox.client("eks").create_cluster(
        name=OTHER, roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}
    )
    assert run_module("eks_leaks_info", {})["clusters"] == [GONE]
    result = run_module("eks_leaks_info", {"cluster_name": OTHER})
    assert (result["cluster_exists"], result["clusters"]) == (True, [])
    kinds = {row["kind"] for row in result["resources"] if row["owner"] == "eks"}
    assert {"cluster", "security_group", "network_interface"} <= kinds


def test_kinds_narrow_the_search(planted, run_module, sandbox):
    sandbox.recorder.clear()
    found = run_module("eks_leaks_info", {"cluster_name": GONE, "kinds": ["volume"]})["resources"]
    assert [row["kind"] for row in found] == ["volume"]
    assert {call["operation"] for call in sandbox.calls()} == {"DescribeCluster", "DescribeVolumes"}


def test_what_no_cluster_is_known_of_is_named_in_the_account(run_module, sandbox, ground):
    planter = Planter(sandbox.client, GONE, ground["subnets"])
    loose, volume = planter.plant_interface(), planter.plant_volume({})
    rows = run_module("eks_leaks_info", {})["resources"]
    assert {(row["id"], row["cluster_name"], row["removed_by_teardown"]) for row in rows} == {
        (loose, None, False),
        (volume, None, False),
    }
    assert run_module("eks_leaks_info", {"cluster_name": GONE})["resources"] == []


def test_a_clean_account_has_none(run_module, sandbox, ground):
    result = run_module("eks_leaks_info", {}, check=True)
    assert (result["changed"], result["resources"], result["clusters"], result["not_read"]) == (False, [], [], [])
