# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the guide's cluster, each figure with its source, and what is unknown."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cost.book import PriceBook
from ansible_collections.kumo.eks.plugins.module_utils.cost.fargate import read_annotation, round_up
from ansible_collections.kumo.eks.plugins.module_utils.cost.items import list_items
from ansible_collections.kumo.eks.plugins.module_utils.cost.lines import build_lines, build_total
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import (
    ClusterCosts,
    FargatePods,
    LoadBalancer,
    NodeGroup,
    Unknown,
    Volume,
)
from ansible_collections.kumo.eks.plugins.module_utils.cost.price import Price

TOKYO, SPOT_TYPES = "ap-northeast-1", ("m5.large", "m5a.large", "m4.large")
GENERAL = NodeGroup(
    "node group",
    "general-purpose",
    {"m5.large": 3},
    volumes=(Volume("volumes of general-purpose", 50, "gp3", 3000, 125),),
)
SPOT = NodeGroup("node group", "spot-workers", {"m5.large": 5}, choices=SPOT_TYPES, is_spot=True)
GUIDE = ClusterCosts(
    "my-cluster", version="1.34", support="STANDARD", node_groups=[GENERAL, SPOT], nat_gateways=["a", "c", "d"]
)


def price(costs, **read):
    return build_lines(list_items(costs), PriceBook(TOKYO, read))


def test_the_guides_cluster_line_by_line():
    """73 dollars for the control plane, as the guide says, and what the nodes add to it."""
    lines = {line["name"]: line for line in price(GUIDE)}
    expected = {
        # AmazonEKS of 2026-09-18: APN1-AmazonEKS-Hours:perCluster 0.10
        "standard support": (0.10, 73.0),
        # 3 x 0.124 of the family m5, as the Price List has it: AmazonEC2, APN1-BoxUsage:m5.large
        "node group general-purpose, m5.large": (0.124, 3 * 0.124 * 730),
        # AmazonEC2: APN1-EBS:VolumeUsage.gp3 0.096
        "volumes of general-purpose: 3 x 50 GiB gp3": (0.096, 150 * 0.096),
        # AmazonEC2 of 2026-09-25: APN1-NatGateway-Hours 0.062; AmazonVPC: APN1-PublicIPv4:InUseAddress 0.005
        "NAT gateways": (0.062, 3 * 0.062 * 730),
        "public IPv4 addresses of NAT gateways": (0.005, 3 * 0.005 * 730),
    }
    for name, (unit, monthly) in expected.items():
        line = lines.pop(name)
        assert line["unit_price"] == unit and line["monthly"] == pytest.approx(monthly) and line["source"], name
    (spot,) = lines.values()
    assert spot["monthly"] is None and spot["source"] == "unknown"
    assert spot["monthly_most"] == pytest.approx(5 * 0.129 * 730)  # m4.large is the dearest of the three


def test_what_is_unknown_makes_the_total_a_lower_limit():
    lines = price(GUIDE)
    total = build_total(lines, TOKYO)
    known = 73 + 3 * 0.124 * 730 + 14.4 + 3 * 0.067 * 730
    assert total["at_least"] and total["monthly"] == pytest.approx(known)
    assert total["monthly_most"] == pytest.approx(known + 5 * 0.129 * 730)
    assert total["unknown"] == ["node group spot-workers, m5.large or m5a.large or m4.large on spot"]
    without = build_total(price(ClusterCosts(support="STANDARD")), TOKYO)
    assert (without["at_least"], without["monthly"], without["hourly"]) == (False, 73.0, 0.1)


def test_spot_prices_of_a_choice_are_a_range():
    read = {
        f"spot/{name}": Price(amount, "EC2", "2026-11-27", True)
        for name, amount in zip(SPOT_TYPES, (0.05, 0.04, 0.06), strict=True)
    }
    line = next(line for line in price(GUIDE, **read) if "spot" in line["name"])
    assert line["monthly"] == pytest.approx(5 * 0.04 * 730) and line["monthly_most"] == pytest.approx(5 * 0.06 * 730)


def test_extended_support_and_tiers_are_told_apart():
    costs = ClusterCosts(version="1.30", support="EXTENDED", tier="tier-xl")
    lines = {line["name"]: line for line in build_lines(list_items(costs), PriceBook("us-east-1"))}
    assert lines["standard support"]["hourly"] == 0.1 and lines["extended support"]["hourly"] == 0.5
    assert "upgrade" in lines["extended support"]["note"]
    assert lines["provisioned control plane tier-xl"]["hourly"] == 1.65
    tokyo = {line["name"]: line for line in price(costs)}
    assert tokyo["provisioned control plane tier-xl"]["monthly"] is None  # no source says it there
    unknown = {line["name"]: line for line in price(ClusterCosts())}["extended support"]
    assert unknown["monthly"] is None and unknown["monthly_most"] == pytest.approx(365)


def test_volumes_cost_what_goes_beyond_the_free_part():
    """gp3: 0.096 for a GiB, 0.006 for each of the IOPS above 3000, 0.048 for each MiB/s above 125. io2 has nothing free."""
    volumes = [Volume("a", 100, "gp3", 4000, 225), Volume("b", 10, "io2", 200), Volume("c", 20), Volume("d", None)]
    lines = price(ClusterCosts(exists=False, volumes=volumes))
    amounts = {line["name"]: line["monthly"] for line in lines}
    assert amounts["a: 1 x 100 GiB gp3"] == pytest.approx(9.6)
    assert amounts["a: 1 x 100 GiB gp3, IOPS"] == pytest.approx(6.0)
    assert amounts["a: 1 x 100 GiB gp3, throughput"] == pytest.approx(4.8)
    assert amounts["b: 1 x 10 GiB io2"] == pytest.approx(1.42) and amounts["b: 1 x 10 GiB io2, IOPS"] == pytest.approx(
        14.8
    )
    assert amounts["c: 1 x 20 GiB"] is None and lines[5]["monthly_most"] == pytest.approx(2.4)  # gp2 0.12
    assert amounts["d: 1 volume"] is None and lines[-1]["monthly_most"] is None


def test_the_rest_of_the_bill():
    costs = ClusterCosts(
        support="STANDARD",
        fargate=[FargatePods(0.25, 0.5, 4)],
        endpoints={"com.amazonaws.ap-northeast-1.ecr.api": 3},
        load_balancers=[LoadBalancer("web", "application", 3), LoadBalancer("inner", "network")],
        capabilities={("argo", "ARGOCD"): 2, ("ack", "ACK"): None},
        logs={"/aws/eks/my-cluster/cluster": 12.5},
        keys=["arn:aws:kms:ap-northeast-1:123456789012:key/0"],
        hybrid_vcpus=8,
        node_groups=[NodeGroup("EKS Auto Mode nodes", "general", {"m7i.large": 2}, is_auto=True, public_addresses=2)],
        gaps=[Unknown("storage", "volumes of PersistentVolumes", "ec2:DescribeVolumes is denied")],
    )
    amounts = {line["name"]: line["monthly"] for line in price(costs)}
    assert amounts["4 pods of 0.25 vCPU and 0.5 GB, vCPU"] == pytest.approx(0.05056 * 730)
    assert amounts["4 pods of 0.25 vCPU and 0.5 GB, memory"] == pytest.approx(2 * 0.00553 * 730)
    assert amounts["interface endpoint com.amazonaws.ap-northeast-1.ecr.api"] == pytest.approx(3 * 0.014 * 730)
    assert amounts["application load balancer web"] == pytest.approx(0.0243 * 730)
    assert amounts["public IPv4 addresses of application load balancer web"] == pytest.approx(3 * 0.005 * 730)
    assert amounts["/aws/eks/my-cluster/cluster"] == pytest.approx(12.5 * 0.033)
    assert amounts["arn:aws:kms:ap-northeast-1:123456789012:key/0"] == 1.0
    assert amounts["EKS Auto Mode's fee for general, m7i.large"] == pytest.approx(2 * 0.01562 * 730)
    assert amounts["volumes of PersistentVolumes"] is None and amounts["argo (ARGOCD)"] is None
    assert amounts["hybrid nodes"] is None and amounts["resources of ack"] is None
    virginia = {line["name"]: line["monthly"] for line in build_lines(list_items(costs), PriceBook("us-east-1"))}
    assert virginia["argo (ARGOCD)"] == pytest.approx(0.03 * 730)
    assert virginia["applications of argo"] == pytest.approx(2 * 0.0015 * 730)
    assert virginia["hybrid nodes"] == pytest.approx(8 * 0.02 * 730)


@pytest.mark.parametrize(
    ("cpu", "memory", "size"),
    [
        (0, 0, (0.25, 0.5)),
        (0.25, 0.25, (0.25, 0.5)),
        (0.25, 0.5, (0.25, 1.0)),  # 256 MiB are added
        (1, 8, (2.0, 9.0)),  # the example of AWS' page: there is no 1 vCPU with 9 GB
        (3, 4, (4.0, 8.0)),
        (5, 40, (8.0, 44.0)),
        (16, 119, (16.0, 120.0)),
        (17, 1, None),
    ],
)
def test_fargate_rounds_up(cpu, memory, size):
    assert round_up(cpu, memory) == size


def test_what_fargate_says_itself():
    assert read_annotation("0.25vCPU 0.5GB") == (0.25, 0.5) and read_annotation("") is None


def test_windows_and_reserved_capacity_do_not_have_the_price_of_linux():
    groups = [
        NodeGroup("node group", "win", {"m5.large": 2}, is_windows=True),
        NodeGroup("node group", "winspot", {"m5.large": 1}, is_windows=True, is_spot=True),
        NodeGroup(
            "node group", "block", {"p5.48xlarge": 1}, unpriced="a Capacity Block is paid for when it is reserved"
        ),
    ]
    read = {"windows/m5.large": Price(0.216, "Price List API", "2026-11-27", True)}
    lines = price(ClusterCosts(exists=False, node_groups=groups))
    assert [line["monthly"] for line in lines] == [None, None, None]
    known = price(ClusterCosts(exists=False, node_groups=groups), **read)
    assert [line["monthly"] for line in known] == [pytest.approx(2 * 0.216 * 730), None, None]
    assert known[1]["monthly_most"] == pytest.approx(0.216 * 730) and "paid for" in known[2]["note"]
