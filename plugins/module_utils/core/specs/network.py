# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that describe a network, as the module eks_network and the role eks_network take them. Pure."""

from __future__ import annotations

from typing import Any

HOSTNAME_TYPES = ["ip-name", "resource-name"]  # HostnameType of EC2
SUBNET_KINDS = ["public", "private", "isolated"]


def build_network_spec() -> dict[str, Any]:
    """The options of a network beside its cluster's name, tags and state."""

    def per_kind(**how: Any) -> dict[str, Any]:
        return {kind: dict(how) for kind in SUBNET_KINDS}

    return dict(
        vpc_id=dict(type="str"),
        subnets=dict(type="dict", options=per_kind(type="list", elements="str")),
        cidr=dict(type="str"),
        secondary_cidrs=dict(type="list", elements="str"),
        ip_family=dict(type="str", choices=["ipv4", "dual_stack"], default="ipv4"),
        zones=dict(type="list", elements="str", default=[]),
        zone_count=dict(type="int", default=3),
        local_zones=dict(type="list", elements="str"),
        instance_types=dict(type="list", elements="str", default=[]),
        subnet_kinds=dict(type="list", elements="str", choices=SUBNET_KINDS, default=["public", "private"]),
        subnet_prefix_lengths=dict(type="dict", options=per_kind(type="int")),
        nat_gateway=dict(type="str", choices=["HighlyAvailable", "Single", "Disable"], default="HighlyAvailable"),
        endpoints=dict(type="list", elements="str"),
        hostname_type=dict(type="str", choices=HOSTNAME_TYPES),
        karpenter_discovery=dict(type="bool", default=False),
        flow_logs=build_flow_logs_spec(),
    )


def build_flow_logs_spec() -> dict[str, Any]:
    """The flow logs of a VPC; an empty dictionary removes them."""
    return dict(
        type="dict",
        options=dict(
            destination=dict(type="str", choices=["cloud-watch-logs", "s3"]),
            log_group_name=dict(type="str"),
            role_arn=dict(type="str"),
            bucket_arn=dict(type="str"),
            traffic_type=dict(type="str", choices=["ALL", "ACCEPT", "REJECT"], default="ALL"),
            max_aggregation_interval=dict(type="int", choices=[60, 600], default=600),
        ),
        required_if=[("destination", "s3", ["bucket_arn"])],
    )
