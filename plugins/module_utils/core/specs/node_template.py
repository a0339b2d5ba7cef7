# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a node group's launch template. Pure.

There is none for what EKS refuses in a template: IAM instance profile, subnets, shutdown and hibernation behavior.
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

VOLUME_TYPES = ["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"]
ON_OFF = ["enabled", "disabled"]


def build_node_template_spec() -> Spec:
    """The suboptions of ``template``."""
    return {
        "volumes": {"type": "list", "elements": "dict", "options": _build_volume_spec()},
        "metadata_options": {"type": "dict", "options": _build_metadata_spec()},
        "tags": {"type": "dict"},
        "security_groups": {"type": "list", "elements": "str"},
        "key_name": {"type": "str", "no_log": False},
        "image_id": {"type": "str"},
        "user_data": {"type": "str"},
        "node_config": {"type": "dict"},
        "bottlerocket_settings": {"type": "dict"},
        "efa_interfaces": {"type": "int"},
        "placement": {
            "type": "dict",
            "options": {
                "group_name": {"type": "str"},
                "partition_number": {"type": "int"},
                "tenancy": {"type": "str", "choices": ["default", "dedicated"]},
            },
        },
        "capacity_reservation": {
            "type": "dict",
            "options": {
                "preference": {"type": "str", "choices": ["capacity-reservations-only", "open", "none"]},
                "id": {"type": "str"},
                "resource_group_arn": {"type": "str"},
            },
            "mutually_exclusive": [("id", "resource_group_arn")],
        },
        "monitoring": {"type": "bool"},
        "ebs_optimized": {"type": "bool"},
        "cpu_options": {
            "type": "dict",
            "options": {"core_count": {"type": "int"}, "threads_per_core": {"type": "int"}},
        },
        "enclave": {"type": "bool"},
    }


def _build_volume_spec() -> Spec:
    return {
        "device_name": {"type": "str"},
        "size": {"type": "int"},
        "type": {"type": "str", "choices": VOLUME_TYPES},
        "iops": {"type": "int"},
        "throughput": {"type": "int"},
        "encrypted": {"type": "bool"},
        "kms_key_id": {"type": "str", "no_log": False},
        "snapshot_id": {"type": "str"},
        "delete_on_termination": {"type": "bool"},
    }


def _build_metadata_spec() -> Spec:
    return {
        "http_tokens": {"type": "str", "choices": ["required", "optional"]},
        "http_put_response_hop_limit": {"type": "int"},
        "http_endpoint": {"type": "str", "choices": ON_OFF},
        "http_protocol_ipv6": {"type": "str", "choices": ON_OFF},
        "instance_metadata_tags": {"type": "str", "choices": ON_OFF},
    }
