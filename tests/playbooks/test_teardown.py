# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""teardown.yml finishes, whatever controllers left; without an API server, killed, and in check mode."""

from __future__ import annotations

from typing import Any

import pytest
from support import clock
from support.account.comparison import compare
from support.leaks import REGION, Planter

NAME = "my-cluster"
CLUSTER: dict[str, Any] = {
    "eks_cluster_name": NAME,
    "eks_cluster_version": "1.34",
    "eks_network_nat_gateway": "Disable",
    "eks_network_zones": [f"{REGION}a", f"{REGION}c"],
    "eks_addons_list": [],
}
DELETE = {"eks_teardown_volumes": "delete", "eks_teardown_log_group": "delete"}


def plant(sandbox) -> list[str]:
    """What controllers make in the cluster's VPC; their IDs."""
    ec2, eks = sandbox.client("ec2"), sandbox.client("eks")
    own = [{"Name": "tag-key", "Values": [f"kumo.eks/{REGION}/{NAME}"]}]
    subnets = [row["SubnetId"] for row in ec2.describe_subnets(Filters=own)["Subnets"]]
    planter = Planter(sandbox.client, NAME, subnets)
    config = eks.describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]
    group = config["clusterSecurityGroupId"]
    classic, modern = planter.plant_classic_balancer(), planter.plant_modern_balancer()
    planter.let_in(group, modern["back"])
    found = [*classic.values(), *modern.values(), planter.plant_interface(group), planter.plant_volume()]
    found += [planter.plant_instance()]
    clock.settle(sandbox)
    return found


def test_what_controllers_left_goes_without_an_api_server(sandbox, play, account):
    before = account()
    play("kumo.eks.site", **CLUSTER).assert_ok()
    clock.settle(sandbox)
    ids = plant(sandbox)
    stood = account()

    words = f"eks_teardown_confirm: it must be the name of the cluster to delete, {NAME}."
    play("kumo.eks.teardown", **CLUSTER, eks_teardown_confirm="other").assert_refused(words)
    plan = play("kumo.eks.teardown", "--check", **CLUSTER, **DELETE, eks_teardown_confirm="").assert_ok()
    assert compare(account(), stood) == []
    names = [name.split("/")[-2] if name.startswith("arn:") else name for name in ids]
    assert [name for name in names if name not in plan.output] == [], plan.output

    interface = sandbox.client("ec2").create_network_interface(
        SubnetId=sandbox.client("eks").describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["subnetIds"][0],
        Description="RDSNetworkInterface",
    )["NetworkInterface"]["NetworkInterfaceId"]
    clock.settle(sandbox)
    stood = account()
    play("kumo.eks.teardown", "--check", **CLUSTER).assert_refused("and nothing was removed", "RDSNetworkInterface")
    assert compare(account(), stood) == []
    sandbox.client("ec2").delete_network_interface(NetworkInterfaceId=interface)
    clock.settle(sandbox)

    done = play("kumo.eks.teardown", **CLUSTER, **DELETE).assert_ok()
    assert f"Nothing is left of cluster {NAME}." in done.output
    assert compare(account(), before) == []
    play("kumo.eks.teardown", **CLUSTER, **DELETE).assert_unchanged()


@pytest.mark.extended
def test_a_killed_teardown_is_resumed(sandbox, play, kill_when, account):
    """Killed when the first load balancer is gone, when the groups are, and while EKS deletes the cluster."""
    before = account()
    play("kumo.eks.site", **CLUSTER).assert_ok()
    clock.settle(sandbox)
    plant(sandbox)
    eks, ec2, elb, elbv2 = (sandbox.client(name) for name in ("eks", "ec2", "elb", "elbv2"))

    def count_balancers() -> int:
        classic = elb.describe_load_balancers()["LoadBalancerDescriptions"]
        return len(classic) + len(elbv2.describe_load_balancers()["LoadBalancers"])

    def count_groups() -> int:
        named = [{"Name": "group-name", "Values": ["k8s-*"]}]
        return len(ec2.describe_security_groups(Filters=named)["SecurityGroups"])

    def is_deleting() -> bool:
        names = eks.list_clusters()["clusters"]
        return not names or eks.describe_cluster(name=NAME)["cluster"]["status"] == "DELETING"

    for is_reached in (lambda: count_balancers() < 2, lambda: count_groups() < 3, is_deleting):
        kill_when(is_reached, "kumo.eks.teardown", **CLUSTER, **DELETE)
        clock.settle(sandbox)
    play("kumo.eks.teardown", **CLUSTER, **DELETE).assert_ok()
    assert compare(account(), before) == []
