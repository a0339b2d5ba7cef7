# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster has as items, each with its quantity and the key of its price. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.cost.model import (
    STANDARD_TIER,
    ClusterCosts,
    LoadBalancer,
    NodeGroup,
    Volume,
)

CONTROL_PLANE, NODES, FARGATE, STORAGE, NETWORK = "control plane", "nodes", "Fargate", "storage", "network"
BALANCERS, CAPABILITIES, LOGS, KEYS = "load balancers", "capabilities", "logs", "keys"
KINDS = (CONTROL_PLANE, NODES, FARGATE, STORAGE, NETWORK, BALANCERS, CAPABILITIES, LOGS, KEYS)
# Free with every gp3 volume: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
FREE_IOPS, FREE_THROUGHPUT = 3000, 125
WITH_IOPS = ("io1", "io2")
DEAREST_ROOT = "gp2"  # of the types that EKS may give a root volume of which nobody says the type
ANY_SPOT = "the price on demand is the most that spot costs"
# What is not in any total, and why
NOT_INCLUDED = (
    "traffic: data through NAT gateways, endpoints and load balancers, between zones and to the internet",
    "load balancer capacity units",
    "ingestion of logs (control plane logs are charged by the GB as they come in)",
    "requests to KMS, snapshots of volumes, images in ECR",
    "savings plans, reserved instances, private prices, credits and taxes",
)


@dataclass(frozen=True)
class Item:
    """A part of the bill.

    Args:
        kind: one of KINDS.
        unit: what the quantity counts, like "node" or "GiB".
        key: of the price; "" where it cannot be known.
        any_of: keys of the prices that a unit may have, where it is not known which.
        ceiling: keys of which the dearest is the most that a unit may cost, where its price is not known.
    """

    kind: str
    name: str
    quantity: float
    unit: str
    key: str
    any_of: tuple[str, ...] = ()
    ceiling: tuple[str, ...] = ()
    note: str = ""


def list_items(costs: ClusterCosts) -> list[Item]:
    """All items, in the order of the report."""
    found = [
        *list_control_plane(costs),
        *(item for group in costs.node_groups for item in list_nodes(group)),
        *list_fargate(costs),
        *(item for volume in costs.volumes for item in list_volume(volume)),
        *list_network(costs),
        *(item for balancer in costs.load_balancers for item in list_balancer(balancer)),
        *list_capabilities(costs),
        *(Item(LOGS, name, size, "GB stored", "logs") for name, size in sorted(costs.logs.items())),
        *(Item(KEYS, name, 1, "key", "kms") for name in costs.keys),
        *(Item(gap.kind, gap.name, 1, "unknown", "", note=gap.reason) for gap in costs.gaps),
    ]
    return sorted(found, key=lambda item: KINDS.index(item.kind))


def list_control_plane(costs: ClusterCosts) -> Iterator[Item]:
    """The cluster, what extended support adds, and its tier. They are separate lines, because each can be ended independently."""
    if costs.exists:
        yield Item(CONTROL_PLANE, "standard support", 1, "cluster", "eks/cluster")
        if costs.support == "EXTENDED":
            note = f"Kubernetes {costs.version} is in extended support. An upgrade ends this charge"
            yield Item(CONTROL_PLANE, "extended support", 1, "cluster", "eks/extended", note=note)
        elif not costs.support:
            note = "whether the version is in extended support is not known"
            yield Item(CONTROL_PLANE, "extended support", 1, "cluster", "", ceiling=("eks/extended",), note=note)
        if costs.tier not in ("", STANDARD_TIER):
            yield Item(CONTROL_PLANE, f"provisioned control plane {costs.tier}", 1, "cluster", f"eks/{costs.tier}")
    if costs.hybrid_vcpus:
        yield Item(CONTROL_PLANE, "hybrid nodes", costs.hybrid_vcpus, "vCPU", "eks/hybrid")


def list_nodes(group: NodeGroup) -> Iterator[Item]:
    """Instances by type, the fee of Auto Mode, volumes and public addresses of a group."""
    for name, count in sorted(group.types.items()):
        if not count:
            continue
        title = f"{group.kind} {group.name}".rstrip()
        if group.unpriced:
            yield Item(NODES, f"{title}, {name}", count, "node", "", note=group.unpriced)
        elif group.is_spot:
            yield _build_spot(group, title, name, count)
        else:
            system = get_system(group)
            yield Item(NODES, f"{title}, {name}", count, "node", f"{system}/{name}", note=group.note)
        if group.is_auto:
            yield Item(NODES, f"EKS Auto Mode's fee for {group.name}, {name}", count, "node", f"auto/{name}")
    for volume in group.volumes:
        yield from list_volume(volume, group.count)
    if group.public_addresses:
        title = f"public IPv4 addresses of {group.kind} {group.name}".rstrip()
        yield Item(NETWORK, title, group.public_addresses, "address", "ipv4")


def get_system(group: NodeGroup) -> str:
    """The first word of the key of an instance on demand."""
    return "windows" if group.is_windows else "ec2"


def _build_spot(group: NodeGroup, title: str, name: str, count: int) -> Item:
    """Nodes on spot, of one type or of any of several. They never cost more than on demand.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html
    """
    types = group.choices or (name,)
    # Spot prices are read of Linux
    spot = tuple(f"spot/{one}" for one in types) if not group.is_windows else ()
    on_demand = tuple(f"{get_system(group)}/{one}" for one in types)
    return Item(
        NODES,
        f"{title}, {' or '.join(types)} on spot",
        count,
        "node",
        spot[0] if len(spot) == 1 else "",
        spot if len(spot) > 1 else (),
        on_demand,
        group.note or ANY_SPOT,
    )


def list_volume(volume: Volume, nodes: int = 1) -> Iterator[Item]:
    """A volume, and what it has beyond the free part."""
    count = volume.count * nodes
    if not count:
        return
    if volume.size is None:
        yield Item(
            STORAGE,
            f"{volume.name}: {format_count(count, 'volume')}",
            count,
            "volume",
            "",
            note="the size is not known",
        )
        return
    label = f"{volume.name}: {count} x {volume.size:g} GiB {volume.type}".rstrip()
    if not volume.type:
        note = "EKS does not say the type of this volume. gp2 is the dearest that it may be"
        yield Item(STORAGE, label, volume.size * count, "GiB", "", ceiling=(f"ebs/{DEAREST_ROOT}",), note=note)
        return
    yield Item(STORAGE, label, volume.size * count, "GiB", f"ebs/{volume.type}")
    free = 0 if volume.type in WITH_IOPS else FREE_IOPS
    if volume.type in (*WITH_IOPS, "gp3") and volume.iops > free:
        yield Item(STORAGE, f"{label}, IOPS", (volume.iops - free) * count, "IOPS", f"ebs/{volume.type}/iops")
    if volume.type == "gp3" and volume.throughput > FREE_THROUGHPUT:
        more = (volume.throughput - FREE_THROUGHPUT) * count
        yield Item(STORAGE, f"{label}, throughput", more, "MiB/s", "ebs/gp3/throughput")


def list_fargate(costs: ClusterCosts) -> Iterator[Item]:
    """Pods on Fargate by size: vCPU and memory are two prices."""
    for pods in costs.fargate:
        title = f"{format_count(pods.count, 'pod')} of {pods.vcpu:g} vCPU and {pods.memory:g} GB"
        yield Item(FARGATE, f"{title}, vCPU", pods.vcpu * pods.count, "vCPU", "fargate/vcpu")
        yield Item(FARGATE, f"{title}, memory", pods.memory * pods.count, "GB", "fargate/gb")


def list_network(costs: ClusterCosts) -> Iterator[Item]:
    if costs.nat_gateways:
        yield Item(NETWORK, "NAT gateways", len(costs.nat_gateways), "gateway", "nat")
        yield Item(NETWORK, "public IPv4 addresses of NAT gateways", len(costs.nat_gateways), "address", "ipv4")
    for service, zones in sorted(costs.endpoints.items()):
        yield Item(NETWORK, f"interface endpoint {service}", zones, "zone", "endpoint")


def list_balancer(balancer: LoadBalancer) -> Iterator[Item]:
    title = f"{balancer.type} load balancer {balancer.name}"
    yield Item(BALANCERS, title, 1, "load balancer", f"lb/{balancer.type}")
    if balancer.public_addresses:
        yield Item(NETWORK, f"public IPv4 addresses of {title}", balancer.public_addresses, "address", "ipv4")


def list_capabilities(costs: ClusterCosts) -> Iterator[Item]:
    """Each capability, and each resource that it manages."""
    for (name, kind), managed in sorted(costs.capabilities.items()):
        yield Item(CAPABILITIES, f"{name} ({kind})", 1, "capability", f"capability/{kind}")
        what = "applications" if kind == "ARGOCD" else "resources"
        if managed is None:
            note = f"how many {what} it manages is not known"
            yield Item(CAPABILITIES, f"{what} of {name}", 1, "unknown", "", note=note)
        elif managed:
            yield Item(
                CAPABILITIES, f"{what} of {name}", managed, what.removesuffix("s"), f"capability/{kind}/resource"
            )


def list_keys(items: Iterable[Item]) -> set[str]:
    """The keys of all prices that these items ask for."""
    return {key for item in items for key in (item.key, *item.any_of, *item.ceiling) if key}
