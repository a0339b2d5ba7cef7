# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which objects a call is about: the API group, the plural name and whether they live in namespaces. Pure.

The kinds that identities and Helm need are written down here, so that no discovery has to be made for them. Any other
kind is found by ``discovery``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Kind:
    """A kind of Kubernetes objects.

    Args:
        api_version: as in a manifest, like "v1" or "apps/v1".
        kind: as in a manifest, like "Deployment".
        plural: its name in paths, like "deployments".
        namespaced: whether its objects live in namespaces.
        verbs: what the API server offers for it; empty where nobody asked.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True
    verbs: tuple[str, ...] = ()

    def build_path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of an object, or of a list. Names are quoted: a name never leaves its place in the path."""
        parts = [build_group_path(self.api_version)]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


def build_group_path(api_version: str) -> str:
    """The path of an API group's version. The core group has no name.

    https://kubernetes.io/docs/reference/using-api/#api-groups
    """
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


APPS = "apps/v1"
RBAC = "rbac.authorization.k8s.io/v1"
CLUSTER_ROLE = Kind(RBAC, "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
DAEMON_SET = Kind(APPS, "DaemonSet", "daemonsets")
DEPLOYMENT = Kind(APPS, "Deployment", "deployments")
EVENT = Kind("v1", "Event", "events")
NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
NODE = Kind("v1", "Node", "nodes", namespaced=False)
PERSISTENT_VOLUME = Kind("v1", "PersistentVolume", "persistentvolumes", namespaced=False)
PERSISTENT_VOLUME_CLAIM = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
POD = Kind("v1", "Pod", "pods")
POD_DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
REPLICA_SET = Kind(APPS, "ReplicaSet", "replicasets")
ROLE = Kind(RBAC, "Role", "roles")
ROLE_BINDING = Kind(RBAC, "RoleBinding", "rolebindings")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
STATEFUL_SET = Kind(APPS, "StatefulSet", "statefulsets")
