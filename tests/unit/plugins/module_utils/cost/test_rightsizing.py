# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes have room for, whether pods fit on them, and what could cost less."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cost.advice import build_rightsizing
from ansible_collections.kumo.eks.plugins.module_utils.cost.allocatable import (
    Shape,
    build_shape,
    count_pods,
    reserve_cpu,
    reserve_memory,
)
from ansible_collections.kumo.eks.plugins.module_utils.cost.alternatives import compare
from ansible_collections.kumo.eks.plugins.module_utils.cost.packing import ZONE, Pod, build_pod, pack
from ansible_collections.kumo.eks.plugins.module_utils.cost.quantities import read_quantity, sum_requests
from ansible_collections.kumo.eks.plugins.module_utils.cost.rightsizing import find_savings

TOKYO, ZONES = "ap-northeast-1", ("a", "c", "d")
ROOM = Shape("m5.large", 2.0, 8.0, 29)
SPOT = {"key": "spot", "value": "true", "effect": "NoSchedule"}


@pytest.mark.parametrize(("vcpus", "millicores"), [(1, 60), (2, 70), (4, 80), (8, 90), (96, 310)])
def test_the_kubelet_keeps_cpu(vcpus, millicores):
    """6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the others."""
    assert reserve_cpu(vcpus * 1000) == millicores


def test_the_room_of_a_type():
    """m5.large: three interfaces of ten addresses, so 29 pods, for which 11 MiB each and 255 are reserved, and 100 for evictions."""
    assert count_pods(3, 10) == 29 and reserve_memory(29) == 574
    row = {
        "InstanceType": "m5.large",
        "VCpuInfo": {"DefaultVCpus": 2},
        "MemoryInfo": {"SizeInMiB": 8192},
        "NetworkInfo": {"MaximumNetworkInterfaces": 3, "Ipv4AddressesPerInterface": 10},
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
    }
    shape = build_shape(row)
    assert (shape.cpu, shape.pods, shape.architecture) == (1.93, 29, "amd64")
    assert shape.memory == pytest.approx((8192 * 0.925 - 574 - 100) / 1024)


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", 0.25), ("1Gi", 2**30), ("1.5", 1.5), (None, 0), ("100k", 100_000), ("12345n", 1.2345e-5)],
)
def test_quantities(text, number):
    assert read_quantity(text) == pytest.approx(number)


def test_requests_are_those_of_the_scheduler():
    """The sum of containers and sidecars, or an init container that needs more; a limit where there is no request."""
    spec = {
        "containers": [
            {"resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
            {"resources": {"limits": {"cpu": "200m"}}},
        ],
        "initContainers": [
            {"restartPolicy": "Always", "resources": {"requests": {"memory": "1Gi"}}},
            {"resources": {"requests": {"cpu": "1"}}},
        ],
    }
    assert sum_requests({"spec": spec}) == (1.0, 2.0)


def test_pods_fill_nodes_the_largest_first():
    pods = [Pod("a", 1.5, 1), Pod("b", 0.5, 1), Pod("c", 1.0, 1), Pod("d", 1.0, 1)]
    assert pack(pods, ROOM, ZONES).count == 2
    assert pack(pods, ROOM, ZONES, daemons=(0.5, 0.5, 2)).count == 3
    assert pack([Pod(str(n), 0.01, 0.01) for n in range(60)], ROOM, ZONES).count == 3  # 29 pods to a node
    assert pack([Pod("big", 3, 1)], ROOM, ZONES).left == {"big": "it requests more than a node has"}


def test_pods_stay_in_the_zone_of_their_volume():
    pods = [Pod("a", 0.1, 0.1, zones=frozenset("a")), Pod("c", 0.1, 0.1, zones=frozenset("c"))]
    assert pack(pods, ROOM, ZONES).nodes == {"a": 1, "c": 1}
    assert "no zone" in pack([Pod("x", 0.1, 0.1, zones=frozenset("b"))], ROOM, ZONES).left["x"]


def test_spread_and_anti_affinity_hold():
    spread = [Pod(f"p{n}", 0.1, 0.1, "web", skews=((ZONE, 1),)) for n in range(6)]
    assert pack(spread, ROOM, ZONES).nodes == {"a": 1, "c": 1, "d": 1}
    apart = [Pod(f"p{n}", 0.1, 0.1, "db", apart=frozenset(["kubernetes.io/hostname"])) for n in range(5)]
    assert pack(apart, ROOM, ZONES).count == 5
    even = [Pod(f"p{n}", 0.1, 0.1, "api", skews=(("kubernetes.io/hostname", 1),)) for n in range(4)]
    assert pack(even, ROOM, ["a"]).count >= 1 and not pack(even, ROOM, ["a"]).left


def test_taints_and_selectors_hold():
    pod = {"metadata": {"name": "a", "namespace": "x"}, "spec": {"nodeSelector": {"role": "web"}, "containers": []}}
    plain = build_pod(pod, {})
    assert not pack([plain], ROOM, ZONES, {"role": "web"}).left
    assert "node selector" in pack([plain], ROOM, ZONES).left["x/a"]
    assert "taints" in pack([plain], ROOM, ZONES, {"role": "web"}, [SPOT]).left["x/a"]
    pod["spec"]["tolerations"] = [{"key": "spot", "operator": "Exists"}]
    assert not pack([build_pod(pod, {})], ROOM, ZONES, {"role": "web"}, [SPOT]).left
    pod["spec"]["nodeSelector"]["node.kubernetes.io/instance-type"] = "m5.xlarge"
    assert pack([build_pod(pod, {})], ROOM, ZONES, {"role": "web"}, [SPOT]).left


# A group of three nodes with little on them


def build_node(name, zone="a", type_="m5.large", group="general", **labels):
    given = {
        "eks.amazonaws.com/nodegroup": group,
        "node.kubernetes.io/instance-type": type_,
        "topology.kubernetes.io/zone": f"{TOKYO}{zone}",
        "kubernetes.io/arch": "amd64",
        **labels,
    }
    room = {"cpu": "1930m", "memory": "7Gi"}
    return {"metadata": {"name": name, "labels": given}, "spec": {}, "status": {"allocatable": room, "capacity": room}}


def build_row(name, node, cpu="500m", memory="1Gi", kind="ReplicaSet", **spec):
    owner = [{"kind": kind, "uid": name}]
    requests = {"requests": {"cpu": cpu, "memory": memory}}
    return {
        "metadata": {"name": name, "namespace": "shop", "ownerReferences": owner},
        "spec": {"nodeName": node, "containers": [{"resources": requests}], **spec},
        "status": {"phase": "Running"},
    }


def build_type(name, vcpus, gib, architecture="x86_64", **more):
    return {
        "InstanceType": name,
        "VCpuInfo": {"DefaultVCpus": vcpus},
        "MemoryInfo": {"SizeInMiB": gib * 1024},
        "NetworkInfo": {"MaximumNetworkInterfaces": 3, "Ipv4AddressesPerInterface": 10},
        "ProcessorInfo": {"SupportedArchitectures": [architecture]},
        **more,
    }


TYPES = [
    build_type("m5.large", 2, 8),
    build_type("c5.large", 2, 4),
    build_type("m7g.large", 2, 8, "arm64"),
    build_type("c7g.large", 2, 4, "arm64"),
    build_type("t3.large", 2, 8, BurstablePerformanceSupported=True),
    build_type("c5.metal", 96, 192, BareMetal=True),
]
NODES = [build_node(f"n{zone}", zone) for zone in ZONES]
DAEMONS = [
    build_row(f"proxy-{node['metadata']['name']}", node["metadata"]["name"], "100m", "128Mi", "DaemonSet")
    for node in NODES
]


def look(pods, nodes=NODES, usage=None, volumes=(), claims=()):
    return find_savings(nodes, [*pods, *DAEMONS], list(volumes), list(claims), usage, TYPES, TOKYO)


def test_a_smaller_type_holds_the_same_pods():
    (group,) = look([build_row("web", "na"), build_row("api", "nc")])
    assert (
        group["nodes"] == 3
        and group["idle_nodes"] == ["nd"]
        and group["monthly"] == pytest.approx(3 * 0.124 * 730, abs=0.01)
    )
    assert group["cpu_requested"] == pytest.approx(100 * 1.3 / 5.79, abs=0.1) and group["cpu_used"] is None
    found = {row["architecture"]: row for row in group["proposals"]}
    # As many zones as now: c5.large 0.107, c7g.large 0.09095
    assert (found["amd64"]["instance_type"], found["amd64"]["nodes"]) == ("c5.large", 3)
    assert found["amd64"]["monthly"] == pytest.approx(3 * 0.107 * 730, abs=0.01)
    assert found["arm64"]["instance_type"] == "c7g.large" and "images" in found["arm64"]["note"]
    assert found["arm64"]["saving"] == pytest.approx(3 * (0.124 - 0.09095) * 730, abs=0.02)
    assert "could be on spot" in group["advice"][0]


def test_pods_that_need_the_memory_keep_their_type():
    pods = [build_row(f"db{zone}", f"n{zone}", "1", "5Gi", "StatefulSet") for zone in ZONES]
    (group,) = look(pods)
    found = [row["instance_type"] for row in group["proposals"]]
    assert found == ["m7g.large"] and group["advice"] == []  # c5 and c7g have 4 GiB


def test_a_volume_binds_its_pod_to_a_zone():
    term = {"matchExpressions": [{"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [f"{TOKYO}x"]}]}
    volume = {"metadata": {"name": "v"}, "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}}
    claim = {"metadata": {"name": "data", "namespace": "shop"}, "spec": {"volumeName": "v"}}
    pod = build_row("db", "na", volumes=[{"persistentVolumeClaim": {"claimName": "data"}}])
    assert look([pod], volumes=[volume], claims=[claim])[0]["proposals"] == []  # none of the zones is the volume's
    assert look([pod])[0]["proposals"]


def test_usage_and_spot():
    nodes = [build_node("na", **{"eks.amazonaws.com/capacityType": "SPOT"})]
    (group,) = look([build_row("web", "na")], nodes, {("shop", "web"): (0.193, 0.7 * 2**30)})
    assert group["spot"] and group["cpu_used"] == 10.0 and group["memory_used"] == 10.0
    assert "interrupts a group with few types" in group["advice"][0]


def test_the_same_pods_elsewhere():
    """Two pods of 0.5 vCPU and 1 GiB: on EKS 0.5 vCPU and 2 GB, because 256 MiB are added, on ECS 0.5 and 1."""
    pods = [build_row("web", "na"), build_row("api", "nc"), *DAEMONS]
    rows = {row["place"]: row for row in compare(pods, 271.56, TOKYO)}
    assert rows["EKS on EC2"]["monthly"] == pytest.approx(73 + 271.56) and rows["ECS on EC2"]["monthly"] == 271.56
    assert rows["EKS on Fargate"]["monthly"] == pytest.approx(73 + 2 * (0.5 * 0.05056 + 2 * 0.00553) * 730, abs=0.01)
    assert rows["ECS on Fargate"]["monthly"] == pytest.approx(2 * (0.5 * 0.05056 + 0.00553) * 730, abs=0.01)
    host = compare([build_row("net", "na", hostNetwork=True)], None, TOKYO)
    assert host[0]["monthly"] is None and "1 of 1 pod cannot be there" in host[1]["note"]


def test_it_can_be_read():
    groups = look([build_row("web", "na")])
    text = "\n".join(build_rightsizing(groups, compare([build_row("web", "na")], groups[0]["monthly"], TOKYO))["text"])
    assert "general: nc, nd have no pods but those of DaemonSets." in text and "no metrics" in text
    assert "hold the same pods for" in text and "ECS on Fargate" in text
