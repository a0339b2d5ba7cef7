# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates of node groups: their data held against botocore's model of EC2, their names, and how lists are read."""

from __future__ import annotations

import base64
import hashlib

import botocore.session
import botocore.validate
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import normalize_template_data
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_items
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import (
    LONGEST_NAME,
    build_template_data,
    build_template_name,
)

EVERYTHING = {
    "volumes": [
        {"size": 50, "kms_key_id": "alias/ebs"},
        {
            "device_name": "/dev/xvdf",
            "type": "io2",
            "iops": 1000,
            "snapshot_id": "snap-1",
            "delete_on_termination": False,
        },
    ],
    "metadata_options": {"http_put_response_hop_limit": 1, "instance_metadata_tags": "enabled"},
    "tags": {"Name": "general"},
    "security_groups": ["sg-2", "sg-1"],
    "key_name": "key",
    "user_data": "#!/bin/bash\necho a",
    "placement": {"group_name": "group", "tenancy": "dedicated", "partition_number": 2},
    "capacity_reservation": {"preference": "open"},
    "monitoring": True,
    "ebs_optimized": True,
    "cpu_options": {"core_count": 2, "threads_per_core": 1},
    "enclave": True,
}
CLUSTER = {"name": "c", "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-cluster"}}


def build(template, cluster=None, **options):
    return build_template_data({"template": template, **options}, {"Team": "a"}, cluster)


@pytest.fixture(scope="module")
def shape():
    return botocore.session.get_session().get_service_model("ec2").shape_for("RequestLaunchTemplateData")


@pytest.mark.parametrize(
    ("template", "options"),
    [
        ({}, {}),
        (EVERYTHING, {}),
        ({"efa_interfaces": 4, "security_groups": ["sg-1"]}, {}),
        (
            {"capacity_reservation": {"id": "cr-1"}},
            {"capacity_type": "CAPACITY_BLOCK", "instance_types": ["p5.48xlarge"]},
        ),
    ],
)
def test_data_is_what_ec2_takes(shape, template, options):
    data = build(template, CLUSTER, **options)
    report = botocore.validate.ParamValidator().validate(data, shape)
    assert not report.has_errors(), report.generate_report()


def test_defaults_require_imdsv2_and_let_pods_reach_it():
    assert build({})["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    assert build(EVERYTHING)["MetadataOptions"]["HttpPutResponseHopLimit"] == 1


@pytest.mark.parametrize(
    ("ami_type", "device"),
    [
        (None, "/dev/xvda"),
        ("AL2_ARM_64", "/dev/xvda"),
        ("AL2023_x86_64_NVIDIA", "/dev/xvda"),
        ("BOTTLEROCKET_ARM_64_FIPS", "/dev/xvdb"),
        ("WINDOWS_FULL_2025_x86_64", "/dev/sda1"),
    ],
)
def test_a_volume_without_a_device_is_the_one_that_holds_images(ami_type, device):
    (row,) = build({"volumes": [{"size": 50}]}, ami_type=ami_type)["BlockDeviceMappings"]
    assert row == {
        "DeviceName": device,
        "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "DeleteOnTermination": True},
    }


def test_a_key_encrypts():
    assert build(EVERYTHING)["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True


def test_the_clusters_security_group_is_added_beside_others():
    assert build({"security_groups": ["sg-1"]}, CLUSTER)["SecurityGroupIds"] == ["sg-cluster", "sg-1"]
    alone = {"security_groups": ["sg-1"], "cluster_security_group": False}
    assert build(alone, CLUSTER)["SecurityGroupIds"] == ["sg-1"]
    assert "SecurityGroupIds" not in build({}, CLUSTER)  # EKS adds it


def test_each_network_card_has_an_efa_interface():
    data = build({"efa_interfaces": 2, "security_groups": ["sg-1"]}, CLUSTER)
    assert "SecurityGroupIds" not in data
    assert [(row["DeviceIndex"], row["NetworkCardIndex"]) for row in data["NetworkInterfaces"]] == [(0, 0), (1, 1)]
    assert all(row["Groups"] == ["sg-cluster", "sg-1"] for row in data["NetworkInterfaces"])


def test_a_capacity_block_names_its_market_and_instance_type():
    template = {"capacity_reservation": {"id": "cr-1"}}
    data = build(template, capacity_type="CAPACITY_BLOCK", instance_types=["p5.48xlarge"])
    assert data["InstanceMarketOptions"] == {"MarketType": "capacity-block"}
    assert data["InstanceType"] == "p5.48xlarge"
    assert data["CapacityReservationSpecification"] == {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}}


def test_tags_reach_instances_volumes_and_interfaces():
    tags = normalize_template_data(build(EVERYTHING))["tag_specifications"]
    assert tags == dict.fromkeys(("instance", "volume", "network-interface"), {"Team": "a", "Name": "general"})


def test_an_answer_of_ec2_compares_with_what_was_sent():
    sent = build(EVERYTHING)
    answer = {**sent, "MetadataOptions": {**sent["MetadataOptions"], "State": "applied"}}
    answer["BlockDeviceMappings"] = sent["BlockDeviceMappings"][::-1]
    answer["SecurityGroupIds"] = sent["SecurityGroupIds"][::-1]
    assert normalize_template_data(answer) == normalize_template_data(sent)


def test_a_diff_has_the_size_and_the_hash_of_user_data():
    """It may hold secrets. Another text has another hash, so that it is a change."""
    one, other = (normalize_template_data({"UserData": base64.b64encode(text).decode()}) for text in (b"one", b"two"))
    assert one == {"user_data": f"3 bytes, SHA-256 {hashlib.sha256(b'one').hexdigest()}"} and one != other
    assert normalize_template_data({"UserData": ""}) == normalize_template_data({}) == {}


def test_names_never_collide_and_never_exceed_the_limit():
    assert build_template_name("my-cluster", "general") == "my-cluster.general"
    assert build_template_name("a", "b-c") != build_template_name("a-b", "c")
    long = [build_template_name("c" * 100, "n" * 60 + end) for end in ("-one", "-two")]
    assert long[0] != long[1] and {len(name) for name in long} == {LONGEST_NAME}


def test_an_item_is_over_the_defaults_of_the_task():
    task = {
        "nodegroups": [
            {"name": "a", "tags": {"x": "item"}, "labels": {"b": "2"}},
            {"name": "b", "private_networking": False, "node_role": "arn:own", "purge_tags": False},
            {"name": "c", "launch_template": {"id": "lt-1"}, "subnets": ["subnet-own"]},
        ],
        "defaults": {"template": {"monitoring": True}, "labels": {"a": "1"}, "tags": {"x": "default", "y": "1"}},
        "tags": {"x": "task", "z": "1"},
        "node_roles": {"a": "arn:a", "b": "arn:b"},
        "private_subnets": ["subnet-private"],
        "public_subnets": ["subnet-public"],
    }
    first, second, third = build_items(task)
    assert first["tags"] == {"x": "item", "y": "1", "z": "1"} and first["labels"] == {"b": "2"}
    assert first["node_role"] == "arn:a" and first["subnets"] == ["subnet-private"]
    assert second["node_role"] == "arn:own" and second["subnets"] == ["subnet-public"]
    assert first["template"] == second["template"] == {"monitoring": True}
    assert "template" not in third and third["subnets"] == ["subnet-own"] and "node_role" not in third
