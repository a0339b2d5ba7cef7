# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a plan and its gates are made of, side by side: the answers of EKS, EC2 and Service Quotas.

What only a gate asks for may be denied, or fail: the gate is then unknown. What the plan is made of may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_all
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import list_owned_groups
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import build_version_rows, list_offered
from ansible_collections.kumo.eks.plugins.module_utils.eks.insights import (
    describe_insights,
    list_insights,
    refresh_insights,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import list_versions
from ansible_collections.kumo.eks.plugins.module_utils.nodes.rollout import list_outdated, list_standing
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GROUP_TAG, GroupContext
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_template import read_image
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.capacity_reading import read_capacity
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import KubernetesReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row


@dataclass
class StateReader:
    """Reads a cluster.

    Args:
        get_client: gives a boto3 client by the name of its service.
        context: of groups of self-managed nodes.
        kubernetes: reads the API server; None where it is not to be asked.
        refresh: whether EKS refreshes its insights first, and refresh_timeout the limit in seconds.
    """

    get_client: Callable[[str], Any]
    cluster_name: str
    context: GroupContext
    kubernetes: KubernetesReader | None
    refresh: bool = False
    refresh_timeout: float = 900
    _offers: dict[str, Read] = field(default_factory=dict)
    _versions: list[Read] = field(default_factory=list)

    @property
    def eks(self) -> Any:
        return self.get_client("eks")

    def read(self, target: int, with_gates: bool) -> ClusterState:
        """The state.

        Args:
            target: the minor version at the end.
            with_gates: whether that which only gates ask for is read, too.
        """
        raw = describe_or_none(self.eks.describe_cluster, "cluster", name=self.cluster_name)
        refuse_missing_cluster(raw, self.cluster_name, self.eks.meta.region_name)
        state = ClusterState(raw)
        self.get_client("autoscaling"), self.get_client("ec2")  # making clients is not for threads
        looks: list[Callable[[], None]] = [
            partial(self._read_nodegroups, state),
            partial(self._read_addons, state),
            partial(self._read_profiles, state),
            partial(self._read_self_managed, state),
        ]
        if with_gates:
            self._read_versions(state)
            newer = state.list_newer()
            # A refresh takes minutes, and a version that EKS does not offer is refused without it.
            if target > state.minor and (newer is None or f"1.{target}" in newer):
                looks += [partial(self._read_insights, state, "UPGRADE_READINESS", f"1.{state.minor + 1}")]
            elif target < state.minor:
                looks += [partial(self._read_insights, state, "ROLLBACK_READINESS", f"1.{target}")]
        if self.kubernetes:
            looks += self.kubernetes.list_looks(raw, state.minor, target, with_gates)
            state.kubernetes = self.kubernetes.state
        run_all(looks)
        if with_gates:
            read_capacity(self.get_client, state)
        return state

    def read_pods(self, raw: Row) -> Read:
        """The pods of the cluster."""
        return self.kubernetes.read_pods(raw) if self.kubernetes else Read()

    def _read_nodegroups(self, state: ClusterState) -> None:
        names = list_names(self.eks, "list_nodegroups", "nodegroups", self.cluster_name)
        words = {"clusterName": self.cluster_name}
        state.nodegroups = describe_all(
            names, lambda name: describe_or_none(self.eks.describe_nodegroup, "nodegroup", nodegroupName=name, **words)
        )

    def _read_addons(self, state: ClusterState) -> None:
        names = list_names(self.eks, "list_addons", "addons", self.cluster_name)
        words = {"clusterName": self.cluster_name}
        state.addons = describe_all(
            names, lambda name: describe_or_none(self.eks.describe_addon, "addon", addonName=name, **words)
        )
        for raw in state.addons:
            state.offers[raw["addonName"]] = self.find_offer(raw["addonName"])

    def find_offer(self, name: str) -> Read:
        """The versions that EKS offers of an add-on; none of a name that is none."""
        if name not in self._offers:  # they do not change during a run
            self._offers[name] = read_or_note(partial(self._list_versions, name))
        return self._offers[name]

    def _list_versions(self, name: str) -> list[Row]:
        return [row for info in list_offered(self.eks, addonName=name) for row in build_version_rows(info)]

    def _read_profiles(self, state: ClusterState) -> None:
        state.fargate_profiles = list_names(self.eks, "list_fargate_profiles", "fargateProfileNames", self.cluster_name)

    def _read_versions(self, state: ClusterState) -> None:
        if not self._versions:
            self._versions.append(read_or_note(partial(list_versions, self.eks, includeAll=True)))
        state.versions = self._versions[0]

    def _read_insights(self, state: ClusterState, category: str, version: str) -> None:
        wanted = {"categories": [category], "kubernetesVersions": [version]}

        def look() -> list[Row]:
            if self.refresh:
                refresh_insights(self.eks, self.cluster_name, self.refresh_timeout)
            found = list_insights(self.eks, self.cluster_name, wanted)
            return describe_insights(self.eks, self.cluster_name, [row["id"] for row in found])

        state.insights = read_or_note(look)

    def _read_self_managed(self, state: ClusterState) -> None:
        state.self_managed = read_or_note(lambda: list(self._list_self_managed()))

    def _list_self_managed(self) -> Iterator[Row]:
        for group in list_owned_groups(self.get_client("autoscaling"), self.context.owner):
            name = group["tags"].get(GROUP_TAG)
            if not name:
                continue
            template = self.context.build_template(name).describe()
            image = read_image(template["data"]) if template else None
            yield {
                "name": name,
                "version": image.version if image else "",
                "ami_type": image.ami_type if image else "",
                "is_pinned": bool(image and image.is_pinned),
                "outdated": len(list_outdated(group)),
                "instances": [row["InstanceId"] for row in list_standing(group)],
            }
