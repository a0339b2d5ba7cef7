# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node groups: the pure parts, and the lists held against botocore's model."""

from __future__ import annotations

import botocore.session
import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AMI_TYPES
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import WaitFailed
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.scaling import merge_scaling
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import EXCLUSIVE, build_nodegroup_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_fields import (
    FIELDS,
    build_labels_payload,
    build_taints_payload,
    merge_exclusive,
    normalize_remote_access,
    normalize_update_config,
)
from ansible_collections.kumo.eks.plugins.modules import eks_nodegroup


@pytest.fixture(scope="module")
def creation():
    return botocore.session.get_session().get_service_model("eks").operation_model("CreateNodegroup").input_shape


@pytest.fixture(scope="module")
def documented():
    return yaml.safe_load(eks_nodegroup.DOCUMENTATION)["options"]


def test_ami_types_are_those_of_the_api(creation, documented):
    assert AMI_TYPES == creation.members["amiType"].enum == documented["ami_type"]["choices"]


def test_capacity_types_and_taint_effects_are_those_of_the_api(creation):
    spec = build_nodegroup_spec()
    assert spec["capacity_type"]["choices"] == creation.members["capacityType"].enum
    effect = creation.members["taints"].member.members["effect"]
    assert spec["taints"]["options"]["effect"]["choices"] == effect.enum


def test_every_field_is_a_path_of_the_api(creation):
    for field in FIELDS:
        shape = creation
        for key in field.path.split("."):
            assert key in shape.members, field.path
            shape = shape.members[key]


def test_labels_payload_holds_only_the_difference():
    now = {"same": "1", "changed": "1", "gone": "1"}
    wanted = {"same": "1", "changed": "2", "new": "3"}
    assert build_labels_payload(now, wanted) == {
        "addOrUpdateLabels": {"changed": "2", "new": "3"},
        "removeLabels": ["gone"],
    }


def test_a_taint_is_known_by_key_and_effect():
    now = [
        {"key": "a", "value": "1", "effect": "NO_SCHEDULE"},
        {"key": "a", "value": "1", "effect": "NO_EXECUTE"},
    ]
    wanted = [{"key": "a", "value": "2", "effect": "NO_SCHEDULE"}]
    assert build_taints_payload(now, wanted) == {"addOrUpdateTaints": wanted, "removeTaints": now[1:]}


def test_of_a_count_and_a_percentage_the_one_asked_for_stays():
    now = {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}
    over = merge_exclusive(now, {"max_unavailable_percentage": 50}, EXCLUSIVE["update_config"])
    assert over == {"max_unavailable_percentage": 50, "update_strategy": "MINIMAL"}


def test_the_default_strategy_may_go_unsaid():
    assert normalize_update_config({"maxUnavailable": 1}) == normalize_update_config(
        {"max_unavailable": 1, "update_strategy": "DEFAULT"}
    )


def test_remote_access_reads_both_spellings():
    raw = {"ec2SshKey": "k", "sourceSecurityGroups": ["sg-2", "sg-1"]}
    assert normalize_remote_access(raw) == normalize_remote_access({"ec2_ssh_key": "k", "source_sg": ["sg-1", "sg-2"]})


@pytest.mark.parametrize(
    ("asked", "enforce", "desired"),
    [
        ({"desired_size": 2}, False, 4),
        ({"min_size": 5}, False, 5),
        ({"max_size": 3}, False, 3),
        ({"desired_size": 2}, True, 2),
        ({"min_size": 5}, True, 5),
    ],
)
def test_the_desired_size_is_only_moved_into_the_limits(asked, enforce, desired):
    sizes = merge_scaling({"min_size": 1, "max_size": 6, "desired_size": 4}, asked, enforce)
    assert sizes["desired_size"] == desired


def test_degraded_ends_a_wait_with_the_health_issues():
    resource = NodegroupResource(None, "my-cluster", "general", None)
    issues = [{"code": "AsgInstanceLaunchFailures", "message": "no capacity", "resourceIds": ["i-1"]}]
    resource.describe = lambda: {"status": "DEGRADED", "health": {"issues": issues}}
    with pytest.raises(WaitFailed, match="DEGRADED: AsgInstanceLaunchFailures: no capacity"):
        Reconciler(resource, wait=True).wait_until_active()
