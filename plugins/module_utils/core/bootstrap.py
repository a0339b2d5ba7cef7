# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bootstrap data of a self-managed node: its cluster, its labels and its taints. Pure.

EKS writes that of managed nodes. These functions write the same into the user data of nodes that EKS does not start:
a NodeConfig for Amazon Linux 2023, settings in TOML for Bottlerocket, the bootstrap script for Windows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

# Taints of the options, as a kubelet spells them: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
OWN_FLAGS = {"--node-labels": "labels", "--register-with-taints": "taints"}
# https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html (bootstrap script parameters)
WINDOWS_SCRIPT = '[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"'


@dataclass(frozen=True)
class Bootstrap:
    """What the bootstrap data of a node contains.

    Args:
        cluster: the answer of DescribeCluster.
        labels: by their keys.
        taints: as the option has them: key, value, effect.
    """

    cluster: dict[str, Any]
    labels: dict[str, Any] = field(default_factory=dict)
    taints: tuple[dict[str, Any], ...] = ()


def build_cluster_details(cluster: dict[str, Any]) -> dict[str, Any]:
    """ClusterDetails of a NodeConfig from DescribeCluster: name, endpoint, certificate and service range."""
    network = cluster.get("kubernetesNetworkConfig") or {}
    is_ipv6 = network.get("ipFamily") == "ipv6"
    # https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/api/v1alpha1/nodeconfig_types.go (ClusterDetails)
    local = {"enableOutpost": True, "id": cluster.get("id")} if cluster.get("outpostConfig") else {}
    return {
        **local,
        "name": cluster["name"],
        "apiServerEndpoint": cluster.get("endpoint"),
        "certificateAuthority": (cluster.get("certificateAuthority") or {}).get("data"),
        "cidr": network.get("serviceIpv6Cidr" if is_ipv6 else "serviceIpv4Cidr"),
    }


def build_bottlerocket_details(cluster: dict[str, Any]) -> dict[str, Any]:
    """settings.kubernetes that a Bottlerocket node needs to join: https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/"""
    details = build_cluster_details(cluster)
    return {
        "api-server": details["apiServerEndpoint"],
        "cluster-certificate": details["certificateAuthority"],
        "cluster-name": details["name"],
    }


def format_taint(taint: dict[str, Any]) -> str:
    """ "dedicated=batch:NoSchedule"; without a value "dedicated:NoSchedule"."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{EFFECTS[taint['effect']]}"


def build_kubelet_flags(bootstrap: Bootstrap) -> list[str]:
    """The flags of a kubelet that gives its node labels and taints, sorted, so that the same options give the same flags."""
    labels = ",".join(f"{key}={value}" for key, value in sorted(bootstrap.labels.items()))
    taints = ",".join(sorted(map(format_taint, bootstrap.taints)))
    flags = (("--node-labels", labels), ("--register-with-taints", taints))
    return [f"{name}={value}" for name, value in flags if value]


def add_to_node_config_spec(spec: dict[str, Any], bootstrap: Bootstrap) -> dict[str, Any]:
    """The spec of a NodeConfig with the cluster, labels and taints.

    Raises:
        ValidationError: for flags that the options labels and taints set.
    """
    kubelet = spec.get("kubelet") or {}
    for flag in kubelet.get("flags") or []:
        name = str(flag).partition("=")[0]
        if name in OWN_FLAGS:
            raise ValidationError(
                f"template.node_config.spec.kubelet.flags: {name} is set by the option {OWN_FLAGS[name]}. Use it."
            )
    flags = [*build_kubelet_flags(bootstrap), *(kubelet.get("flags") or [])]
    found = {**spec, "cluster": {**build_cluster_details(bootstrap.cluster), **(spec.get("cluster") or {})}}
    return {**found, "kubelet": {**kubelet, "flags": flags}} if flags else found


def add_to_bottlerocket(kubernetes: dict[str, Any], bootstrap: Bootstrap) -> dict[str, Any]:
    """settings.kubernetes with the cluster, labels and taints. A key may have several taints, so each has a list."""
    taints: dict[str, list[str]] = {}
    for taint in sorted(bootstrap.taints, key=format_taint):
        taints.setdefault(taint["key"], []).append(f"{taint.get('value') or ''}:{EFFECTS[taint['effect']]}")
    labels = {key: str(value) for key, value in bootstrap.labels.items()}
    own = {key: value for key, value in (("node-labels", labels), ("node-taints", taints)) if value}
    return {**build_bottlerocket_details(bootstrap.cluster), **own, **kubernetes}


def build_windows_commands(bootstrap: Bootstrap) -> str:
    """The lines of PowerShell that join the cluster. With the endpoint and the certificate the script does not ask EKS for them."""
    details = build_cluster_details(bootstrap.cluster)
    words = [
        ("EKSClusterName", details["name"]),
        ("APIServerEndpoint", details["apiServerEndpoint"]),
        ("Base64ClusterCA", details["certificateAuthority"]),
        ("ServiceCIDR", details["cidr"]),
        ("KubeletExtraArgs", " ".join(build_kubelet_flags(bootstrap))),
    ]
    arguments = " ".join(f'-{name} "{value}"' for name, value in words if value)
    return f"{WINDOWS_SCRIPT}\n& $EKSBootstrapScriptFile {arguments} 3>&1 4>&1 5>&1 6>&1"
