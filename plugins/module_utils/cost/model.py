# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a cluster costs something, as it was read or is planned. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html: diskSize
DEFAULT_SIZE, DEFAULT_WINDOWS_SIZE = 20, 50
STANDARD_TIER = "standard"


@dataclass(frozen=True)
class Volume:
    """A volume of EBS.

    Args:
        size: GiB, None where nobody says it.
        type: like gp3; "" where nobody says it.
        count: how many of the kind.
    """

    name: str
    size: float | None
    type: str = ""
    iops: int = 0
    throughput: int = 0
    count: int = 1


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one kind.

    Args:
        kind: what the report calls them, like "node group".
        types: how many nodes there are by instance type.
        choices: types of which each node may have any, where the types of nodes are not known.
        is_spot: whether they are on spot capacity.
        is_auto: whether EKS Auto Mode runs them, which has a fee.
        is_windows: whether they run Windows, whose license is in the price.
        unpriced: why the price on demand is not theirs, as of reserved capacity.
        volumes: of each node.
        public_addresses: how many nodes have a public IPv4 address.
        note: what the reader should know.
    """

    kind: str
    name: str
    types: dict[str, int]
    choices: tuple[str, ...] = ()
    is_spot: bool = False
    is_auto: bool = False
    is_windows: bool = False
    unpriced: str = ""
    volumes: tuple[Volume, ...] = ()
    public_addresses: int = 0
    note: str = ""

    @property
    def count(self) -> int:
        return sum(self.types.values())


@dataclass(frozen=True)
class FargatePods:
    """Pods of one size on Fargate."""

    vcpu: float
    memory: float  # GB
    count: int
    name: str = ""


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer. ``type`` is application, network or classic."""

    name: str
    type: str
    public_addresses: int = 0


@dataclass(frozen=True)
class Unknown:
    """A part that could not be read, so that it is missing in the total."""

    kind: str
    name: str
    reason: str


@dataclass
class ClusterCosts:
    """All parts of a cluster that cost something.

    Args:
        exists: whether there is a cluster at all. Without, only what the lists have costs something.
        support: STANDARD, EXTENDED, or "" where it is not known.
        capabilities: how many resources each capability manages, None where that is not known, by name and type.
        endpoints: zones of each interface endpoint by its service.
        logs: stored GB by log group.
        keys: customer managed KMS keys.
        hybrid_vcpus: of hybrid nodes.
        gaps: what could not be read.
    """

    name: str = ""
    exists: bool = True
    version: str = ""
    tier: str = STANDARD_TIER
    support: str = ""
    node_groups: list[NodeGroup] = field(default_factory=list)
    fargate: list[FargatePods] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    nat_gateways: list[str] = field(default_factory=list)
    endpoints: dict[str, int] = field(default_factory=dict)
    load_balancers: list[LoadBalancer] = field(default_factory=list)
    capabilities: dict[tuple[str, str], int | None] = field(default_factory=dict)
    logs: dict[str, float] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    hybrid_vcpus: int = 0
    gaps: list[Unknown] = field(default_factory=list)
