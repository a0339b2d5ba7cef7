# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a node group, for eks_nodegroup, the role eks_nodegroups and eks_preflight. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AMI_TYPES
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import build_node_template_spec

Spec = dict[str, Any]

CAPACITY_TYPES = ["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]
TAINT_EFFECTS = ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]


def build_nodegroup_spec() -> Spec:
    """The options that describe one node group, beside its name."""
    return {
        **_build_placement_spec(),
        **_build_machine_spec(),
        **_build_update_spec(),
        "labels": {"type": "dict"},
        "taints": {"type": "list", "elements": "dict", "options": _build_taint_spec()},
        "tags": {"type": "dict", "aliases": ["resource_tags"]},
        "purge_tags": {"type": "bool", "default": True},
    }


def _build_placement_spec() -> Spec:
    """Where the nodes are, how many, and with which rights."""
    whole = {"type": "int"}
    return {
        "node_role": {"type": "str"},
        "subnets": {"type": "list", "elements": "str"},
        "private_networking": {"type": "bool"},
        "scaling_config": {"type": "dict", "options": dict.fromkeys(("min_size", "max_size", "desired_size"), whole)},
        "enforce_desired_size": {"type": "bool", "default": False},
    }


def _build_machine_spec() -> Spec:
    """What the nodes are."""
    return {
        "instance_types": {"type": "list", "elements": "str"},
        "ami_type": {"type": "str", "choices": AMI_TYPES},
        "capacity_type": {"type": "str", "choices": CAPACITY_TYPES},
        "disk_size": {"type": "int"},
        "remote_access": {
            "type": "dict",
            "options": {
                "ec2_ssh_key": {"type": "str", "no_log": False},
                "source_sg": {"type": "list", "elements": "str"},
            },
        },
        "template": {"type": "dict", "options": build_node_template_spec()},
        "launch_template": {
            "type": "dict",
            "options": {"id": {"type": "str"}, "name": {"type": "str"}, "version": {"type": "str"}},
            "mutually_exclusive": [("id", "name")],
            "required_one_of": [("id", "name")],
        },
        "warm_pool_config": {
            "type": "dict",
            "options": {
                "enabled": {"type": "bool", "required": True},
                "min_size": {"type": "int"},
                "max_group_prepared_capacity": {"type": "int"},
                "pool_state": {"type": "str", "choices": ["STOPPED", "RUNNING", "HIBERNATED"]},
                "reuse_on_scale_in": {"type": "bool"},
            },
        },
    }


def _build_update_spec() -> Spec:
    """How the nodes are kept up to date."""
    return {
        "version": {"type": "str"},
        "release_version": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "replace": {"type": "bool", "default": False},
        "update_config": {
            "type": "dict",
            "options": {
                "max_unavailable": {"type": "int"},
                "max_unavailable_percentage": {"type": "int"},
                "update_strategy": {"type": "str", "choices": ["DEFAULT", "MINIMAL"]},
            },
        },
        "node_repair_config": {"type": "dict", "options": _build_node_repair_spec()},
    }


def _build_node_repair_spec() -> Spec:
    """NodeRepairConfig and its overrides."""
    override = {
        "node_monitoring_condition": {"type": "str", "required": True},
        "node_unhealthy_reason": {"type": "str", "required": True},
        "min_repair_wait_time_mins": {"type": "int", "required": True},
        "repair_action": {"type": "str", "required": True, "choices": ["Replace", "Reboot", "NoAction"]},
    }
    return {
        "enabled": {"type": "bool"},
        "max_unhealthy_node_threshold_count": {"type": "int"},
        "max_unhealthy_node_threshold_percentage": {"type": "int"},
        "max_parallel_nodes_repaired_count": {"type": "int"},
        "max_parallel_nodes_repaired_percentage": {"type": "int"},
        "node_repair_config_overrides": {"type": "list", "elements": "dict", "options": override},
    }


def _build_taint_spec() -> Spec:
    return {
        "key": {"type": "str", "required": True, "no_log": False},
        "value": {"type": "str"},
        "effect": {"type": "str", "required": True, "choices": TAINT_EFFECTS},
    }
