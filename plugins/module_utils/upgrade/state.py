# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a cluster before an upgrade: the answers of AWS and of the Kubernetes API, each with why it may be missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

Row = dict[str, Any]


@dataclass
class KubernetesState:
    """What the API server of the cluster says.

    Args:
        nodes: Node objects. pods: Pod objects. budgets: PodDisruptionBudgets. workloads: Deployments and StatefulSets.
        proxy: the DaemonSet kube-proxy and its ConfigMap, {daemon_set, mode}; empty where there is none.
        metrics: rows of apiserver_requested_deprecated_apis: {api_version, resource, removed_release}.
        managed: {kind, namespace, name, api_version, manager} of objects that a manager writes by an API version that is to go.
        releases: {namespace, name, api_version, kind, object, minor} of what the stored manifests of Helm releases have.
    """

    nodes: Read = field(default_factory=Read)
    pods: Read = field(default_factory=Read)
    budgets: Read = field(default_factory=Read)
    workloads: Read = field(default_factory=Read)
    proxy: Read = field(default_factory=Read)
    metrics: Read = field(default_factory=Read)
    managed: Read = field(default_factory=Read)
    releases: Read = field(default_factory=Read)


@dataclass
class ClusterState:
    """A cluster as it is.

    Args:
        cluster: DescribeCluster. nodegroups, addons: DescribeNodegroup, DescribeAddon. fargate_profiles: their names.
        offers: of each installed add-on the rows of build_version_rows, for all Kubernetes versions.
        versions: DescribeClusterVersions.
        self_managed: {name, version, image, ami_type, outdated, instances} of groups that this collection created.
        insights: DescribeInsight of the insights about the next version. refreshed: when, None where it was not asked for.
        node_types: instance types by the name of the managed node group.
        subnets: DescribeSubnets by ID. types: DescribeInstanceTypes by name. quotas: {code: {limit, used}} of vCPUs.
    """

    cluster: Row
    nodegroups: list[Row] = field(default_factory=list)
    addons: list[Row] = field(default_factory=list)
    fargate_profiles: list[str] = field(default_factory=list)
    offers: dict[str, Read] = field(default_factory=dict)
    versions: Read = field(default_factory=Read)
    self_managed: Read = field(default_factory=Read)
    insights: Read = field(default_factory=Read)
    node_types: Read = field(default_factory=Read)
    subnets: Read = field(default_factory=Read)
    types: Read = field(default_factory=Read)
    quotas: Read = field(default_factory=Read)
    kubernetes: KubernetesState = field(default_factory=KubernetesState)

    @property
    def minor(self) -> int:
        """Of the control plane."""
        return parse_minor(self.cluster["version"])

    def list_newer(self) -> list[str] | None:
        """The newer versions that EKS offers, the lowest first; None where that is not known."""
        if not self.versions.is_known or not self.versions.value:
            return None
        known = [row["clusterVersion"] for row in self.versions.value]
        return sorted((name for name in known if parse_minor(name) > self.minor), key=parse_minor)

    @property
    def is_auto_mode(self) -> bool:
        return bool((self.cluster.get("computeConfig") or {}).get("enabled"))


FARGATE_LABEL = ("eks.amazonaws.com/compute-type", "fargate")
NODEGROUP_LABEL = "eks.amazonaws.com/nodegroup"


def is_fargate(node: Row) -> bool:
    return (node["metadata"].get("labels") or {}).get(FARGATE_LABEL[0]) == FARGATE_LABEL[1]


def get_nodegroup(node: Row) -> str:
    """The managed node group of a node, empty for any other node."""
    return (node["metadata"].get("labels") or {}).get(NODEGROUP_LABEL, "")


def get_instance(node: Row) -> str:
    """The EC2 instance of a node: aws:///ZONE/INSTANCE."""
    return str((node.get("spec") or {}).get("providerID") or "").rpartition("/")[2]


def read_kubelet_minor(node: Row) -> int:
    """The minor version of a node's kubelet, of v1.31.13-eks-113cf36."""
    return read_minor(node["status"]["nodeInfo"]["kubeletVersion"])


def read_minor(version: str) -> int:
    """The minor number of a full version, as v1.31.13-eksbuild.5."""
    return int(version.lstrip("v").split(".")[1])
