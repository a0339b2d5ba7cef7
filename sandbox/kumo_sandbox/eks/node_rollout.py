"""The nodes of a managed node group are replaced by new ones, as UpdateNodegroupVersion does it.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html: new nodes beside the old ones (not with the
strategy MINIMAL), then old ones are drained and ended, at most maxUnavailable at once, then the group has its size again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.machine_images import build_image_id
from kumo_sandbox.eks.node_names import build_node_name
from kumo_sandbox.eks.store import Cluster, Raw

Milestone = tuple[float, Callable[[], None]]


@dataclass
class Rollout:
    """One update of a node group's version or launch template.

    Args:
        patch: what the node group is afterwards.
        force: whether pods that a PodDisruptionBudget keeps are deleted.
    """

    ctx: Context
    cluster: Cluster
    raw: Raw
    patch: Raw
    force: bool
    _blocked: list[str] = field(default_factory=list)
    _waited: float = 0.0  # seconds, counted by looks: the clock may be instant

    def __post_init__(self) -> None:
        self._target = {**self.raw, **self.patch}
        for instance in self._list_instances():  # those that were launched before this update have what the group has
            instance.__dict__.setdefault("kumo_launched_as", _identify(self.raw))

    @property
    def seconds(self) -> float:
        """How long it takes where nothing keeps it up."""
        return (
            durations.NODEGROUP_VERSION_UPDATE
            + durations.NODES_LAUNCH
            + self._count_batches() * durations.NODE_REPLACEMENT
        )

    def list_milestones(self) -> list[Milestone]:
        """What happens before the end, and when."""
        batches = range(self._count_batches())
        later = [(durations.NODES_LAUNCH + (each + 1) * durations.NODE_REPLACEMENT, self._replace) for each in batches]
        return [(durations.NODES_LAUNCH, self._launch), *later]

    def find_obstacle(self) -> Raw | None:
        """None when the nodes are replaced, the error where pods did not leave in time, empty while it is tried again."""
        if self._list_outdated():
            self._replace()
        elif self._reduce():
            return None
        if self._waited < durations.NODE_DRAIN:
            return {}
        if (
            not self._list_outdated()
        ):  # the drain of a node that is one too many ends with the time of its lifecycle hook
            self._end(self._list_surplus())
            return None
        message = f"Reached max retries while trying to evict pods from nodes in node group {self.raw['nodegroupName']}"
        return {"errorCode": "PodEvictionFailure", "errorMessage": message, "resourceIds": self._blocked}

    def finish(self) -> None:
        """The group is what was asked for. Its Auto Scaling group has its own sizes again."""
        self.raw.update(self.patch, modifiedAt=self.ctx.now())
        self.ctx.aws_context.scale(self.ctx.region, self.raw)

    def _launch(self) -> None:
        """The new nodes are there, and pods go to no old one any more."""
        context, region = self.ctx.aws_context, self.ctx.region
        image = build_image_id(region, self._target["releaseVersion"], self._target["amiType"])
        context.update_own_template(region, self._target, image)
        outdated = self._list_outdated()
        if outdated and self._target["updateConfig"].get("updateStrategy") != "MINIMAL":
            sizes = self.raw["scalingConfig"]
            surge = max(2 * self._count_zones(), self._count_unavailable())
            more = {key: sizes[key] + surge for key in ("maxSize", "desiredSize")}
            context.scale(region, {**self.raw, "scalingConfig": {**sizes, **more}})
        self._mark()
        self.ctx.control_planes.cordon(self.cluster.raw["arn"], [self._name(each) for each in outdated])

    def _replace(self) -> None:
        """Drain old nodes, as many as may be away at once, and end those that are empty."""
        batch = self._list_outdated()[: self._count_unavailable()]
        self._end(self._drain(batch), keep_size=len(self._list_instances()) <= self.raw["scalingConfig"]["desiredSize"])
        self._mark()

    def _reduce(self) -> bool:
        """Drain and end what is one too many; whether the group has its size."""
        self._end(self._drain(self._list_surplus()))
        return not self._list_surplus()

    def _drain(self, instances: list[Any]) -> list[Any]:
        """Evict the pods of nodes; the nodes that none is left on."""
        names = {self._name(instance): instance for instance in instances}
        self._blocked = self.ctx.control_planes.drain(self.cluster.raw["arn"], list(names), self.force)
        self._waited = self._waited + durations.NODES_LOOK if self._blocked else 0.0
        return [instance for name, instance in names.items() if name not in self._blocked]

    def _end(self, instances: list[Any], keep_size: bool = False) -> None:
        client = self.ctx.aws_context.client("autoscaling", self.ctx.region)
        for instance in instances:
            client.terminate_instance_in_auto_scaling_group(
                InstanceId=instance.id, ShouldDecrementDesiredCapacity=not keep_size
            )

    def _mark(self) -> None:
        """What was launched since the last look is what the group is to be."""
        for instance in self._list_instances():
            instance.__dict__.setdefault("kumo_launched_as", _identify(self._target))
        group = self.cluster.raw["resourcesVpcConfig"]["clusterSecurityGroupId"]
        self.ctx.aws_context.give_groups(self.ctx.region, self._target, group)
        self.ctx.control_planes.sync(self.cluster.raw["arn"])

    def _list_instances(self) -> list[Any]:
        return self.ctx.aws_context.list_instances(self.ctx.region, self.raw)

    def _list_outdated(self) -> list[Any]:
        return [each for each in self._list_instances() if each.kumo_launched_as != _identify(self._target)]

    def _list_surplus(self) -> list[Any]:
        """The nodes that were launched last, as many as are too many."""
        return self._list_instances()[self.raw["scalingConfig"]["desiredSize"] :]

    def _count_batches(self) -> int:
        return math.ceil(len(self._list_outdated()) / self._count_unavailable())

    def _count_zones(self) -> int:
        rows = self.ctx.aws_context.describe_subnets(self.ctx.region, self.raw["subnets"])
        return len({row["AvailabilityZone"] for row in rows})

    def _count_unavailable(self) -> int:
        config = self.raw["updateConfig"]
        percentage = config.get("maxUnavailablePercentage")
        if percentage:
            return max(1, len(self._list_instances()) * percentage // 100)
        return config["maxUnavailable"]

    def _name(self, instance: Any) -> str:
        return build_node_name(self.ctx.region, instance.private_ip)


def _identify(nodegroup: Raw) -> tuple[str, str, str]:
    """What makes a node outdated: version, release, and version of the launch template."""
    template = nodegroup.get("launchTemplate") or {}
    return nodegroup["version"], nodegroup["releaseVersion"], template.get("version", "")
