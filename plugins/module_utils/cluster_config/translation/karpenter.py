# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""karpenter of a ClusterConfig as variables of the role eks_karpenter. Pure.

What eksctl creates: pkg/actions/karpenter/create.go, pkg/cfn/builder/karpenter.go, pkg/karpenter/karpenter.go. It declares no EC2NodeClass and
no NodePool. Its names of the nodes' role and of the instance profile are kept, because those that its users write name them.
"""

from __future__ import annotations

from typing import Any

NAMESPACE = "karpenter"
ROLE, PROFILE = "eksctl-KarpenterNodeRole-{}", "eksctl-KarpenterNodeInstanceProfile-{}"
DISCOVERY = "karpenter.sh/discovery"


def build_karpenter(config: dict[str, Any]) -> dict[str, Any]:
    """The variables of eks_karpenter, none where the file does not ask for Karpenter."""
    given = config.get("karpenter")
    if given is None:
        return {}
    name = config["metadata"]["name"]
    return {
        "eks_karpenter_enabled": True,
        "eks_karpenter_version": given["version"].removeprefix("v"),
        "eks_karpenter_namespace": NAMESPACE,
        "eks_karpenter_identity": "irsa",
        "eks_karpenter_create_service_account": given.get("createServiceAccount", False),
        "eks_karpenter_node_role_name": ROLE.format(name),
        "eks_karpenter_instance_profile": given.get("defaultInstanceProfile") or PROFILE.format(name),
        "eks_karpenter_interruption_queue": given.get("withSpotInterruptionQueue", False),
        "eks_karpenter_discovery": DISCOVERY in config["metadata"].get("tags", {}),
        "eks_karpenter_node_classes": [],
        "eks_karpenter_node_pools": [],
        "eks_karpenter_permissions_boundary": config.get("iam", {}).get("serviceRolePermissionsBoundary"),
    }
