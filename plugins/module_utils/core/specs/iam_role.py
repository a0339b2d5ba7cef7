# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that describe an IAM role of a cluster, alone or in a list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Spec = dict[str, Any]

PURPOSES = (
    "cluster",
    "auto_mode_cluster",
    "local_cluster",
    "node",
    "self_managed_node",
    "karpenter_node",
    "auto_mode_node",
    "hybrid_node",
    "fargate",
    "addon",
    "capability",
    "connector",
    "custom",
)
# The policies of iam/well_known_policies that the service account of a controller needs.
CONTROLLER_POLICIES = (
    "auto_scaler",
    "aws_load_balancer_controller",
    "cert_manager",
    "cloud_watch",
    "ebs",
    "efs",
    "external_dns",
    "external_secrets",
    "fsx",
    "image_builder",
    "xray",
)
WELL_KNOWN = ("alb_ingress", "app_mesh", "app_mesh_preview", *CONTROLLER_POLICIES)


def build_permissions_spec(well_known: Iterable[str]) -> Spec:
    """The options that every IAM role has, whatever it is for. None has a default.

    Args:
        well_known: which policies of iam/well_known_policies make sense for it.
    """
    policy = dict(
        name=dict(type="str", required=True),
        document=dict(type="raw"),
        description=dict(type="str"),
        path=dict(type="str", default="/"),
    )
    return dict(
        policy_arns=dict(type="list", elements="str"),
        inline_policies=dict(type="dict"),
        well_known_policies=dict(type="list", elements="str", choices=list(well_known)),
        policy=dict(type="dict", options=policy),
        permissions_boundary=dict(type="str"),
        path=dict(type="str"),
        description=dict(type="str"),
        max_session_duration=dict(type="int"),
        purge_policies=dict(type="bool"),
        purge_trust=dict(type="bool"),
        tags=dict(type="dict", aliases=["resource_tags"]),
        purge_tags=dict(type="bool"),
    )


def build_iam_role_spec() -> Spec:
    """The options of one role. None has a default, so that those of a task are the defaults of the items of its list."""
    return dict(
        name=dict(type="str", aliases=["role_name"]),
        purpose=dict(type="str", choices=list(PURPOSES)),
        nodegroup=dict(type="str"),
        addon=dict(type="str"),
        capability=dict(type="str"),
        trust_anchor_arn=dict(type="str"),
        trust_policy=dict(type="raw"),
        default_policies=dict(type="bool"),
        cni_policy=dict(type="bool"),
        container_registry=dict(type="str", choices=["read_only", "pull_only"]),
        ip_family=dict(type="str", choices=["ipv4", "ipv6"]),
        ssm=dict(type="bool"),
        instance_profile=dict(type="str"),
        adopt=dict(type="bool"),
        **build_permissions_spec(WELL_KNOWN),
    )
