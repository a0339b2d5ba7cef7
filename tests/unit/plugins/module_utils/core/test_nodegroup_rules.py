# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What EKS refuses of the options of a node group, and what follows from AMI and instance types."""

from __future__ import annotations

import re

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    AMI_TYPES,
    build_release_order,
    build_release_parameter,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_image import find_image_version_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import find_template_data_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import (
    find_nodegroup_problems,
    find_nodegroup_warnings,
)

VOLUMES = "template.volumes"


def template(**options):
    return {"template": options}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "n" * 64}, "Use 1-63 letters"),
        ({"instance_types": ["m5large"]}, "'m5large' is not an instance type"),
        ({"instance_types": ["m5.large", "m5.large"]}, "Listed more than once: m5.large"),
        ({"instance_types": ["m5.large", "m7g.large"]}, "have different architectures"),
        ({"instance_types": [f"m5.{n}xlarge" for n in range(2, 23)]}, "21 are given. EKS accepts at most 20"),
        ({"instance_types": ["m7g.large"]}, "needs an image for arm64. Use AL2023_ARM_64_STANDARD"),
        ({"ami_type": "AL2023_ARM_64_STANDARD", "instance_types": ["m5.large"]}, "Use an AMI type for x86_64"),
        ({"ami_type": "AL2023_x86_64_NVIDIA", "instance_types": ["m5.large"]}, "m5.large has no such accelerator"),
        ({"ami_type": "AL2_x86_64", "version": "1.33"}, "AL2_x86_64 ends with Kubernetes 1.32"),
        (
            {"ami_type": "CUSTOM", "release_version": "1"},
            "release_version: EKS does not accept it with ami_type CUSTOM",
        ),
        ({"ami_type": "WINDOWS_CORE_2022_x86_64", "disk_size": 20}, "Use 50 or more"),
        ({"labels": {"node-role.kubernetes.io/worker": "a"}}, "has a reserved prefix"),
        ({"labels": {"eks.amazonaws.com/team": "a"}}, "has a reserved prefix"),
        ({"capacity_type": "CAPACITY_BLOCK"}, "Use template.capacity_reservation.id"),
        (
            {"scaling_config": {"max_size": 2}, "update_config": {"max_unavailable": 3}},
            "max_unavailable: 3 is above scaling_config.max_size, which is 2",
        ),
        ({"template": {}, "disk_size": 30}, r"Set template.volumes: \[\{size: 30\}\]"),
        ({"template": {}, "remote_access": {"ec2_ssh_key": "k"}}, "Set template.key_name"),
        ({"template": {}, "launch_template": {"id": "lt-1"}}, "template: it cannot be combined with launch_template"),
        ({"template": {}, "ami_type": "CUSTOM"}, "CUSTOM needs an image. Set template.image_id"),
        (template(image_id="x", user_data="a"), "'x' is not the ID of an image"),
        ({**template(image_id="ami-1", user_data="a"), "version": "1.34"}, "version: 1.34 cannot be combined"),
        (
            {**template(image_id="ami-1", user_data="a"), "ami_type": "AL2_x86_64"},
            "Omit it: EKS takes the image as CUSTOM",
        ),
        (template(image_id="ami-1"), "EKS adds no bootstrap data for an own image"),
        (template(image_id="ami-1", user_data="a", volumes=[{"size": 9}]), "each volume needs a device_name"),
        (template(volumes=[{"size": 9}, {"size": 9}]), "Only one volume can omit it, /dev/xvda of the image"),
        (template(volumes=[{"size": 9}, {"device_name": "/dev/xvda"}]), "device /dev/xvda is given more than once"),
        (template(volumes=[{"size": 0}]), "size 0 is not valid"),
        (template(volumes=[{"type": "gp2", "iops": 100}]), "iops is not valid for type gp2"),
        (template(volumes=[{"type": "io1"}]), "type io1 needs iops"),
        (template(volumes=[{"type": "gp2", "throughput": 125}]), "throughput is not valid for type gp2"),
        (template(volumes=[{"throughput": 100}]), "Use 125 to 2000 MiB/s"),
        (template(volumes=[{"kms_key_id": "k", "encrypted": False}]), "kms_key_id needs encryption"),
        (
            {**template(volumes=[{"size": 30}]), "ami_type": "WINDOWS_CORE_2022_x86_64"},
            "size 30 is not valid for Windows",
        ),
        (template(metadata_options={"http_put_response_hop_limit": 65}), "hop_limit: 65 is out of range"),
        (template(efa_interfaces=0), "efa_interfaces: 0 is not valid"),
        (template(security_groups=["default"]), "'default' is not the ID of a security group"),
        (
            {**template(capacity_reservation={"id": "cr-1"}), "capacity_type": "SPOT"},
            "cannot be combined with capacity_type",
        ),
        (
            template(capacity_reservation={"id": "cr-1", "preference": "none"}),
            "none cannot be combined with a reservation",
        ),
        (template(tags={"aws:a": "b"}), "template.tags: the prefix aws: is reserved"),
        (template(user_data="echo a"), "template.user_data begins with"),
    ],
)
def test_what_eks_refuses(options, message):
    (problem,) = find_nodegroup_problems({**options})
    assert re.search(message, problem), problem


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"labels": {"node.kubernetes.io/role": "a", "example.com/a": "b"}},
        {"instance_types": ["m7g.large"], "ami_type": "BOTTLEROCKET_ARM_64"},
        {"instance_types": ["g5.xlarge"], "ami_type": "AL2023_x86_64_NVIDIA"},
        {"instance_types": ["inf2.xlarge"], "ami_type": "AL2_x86_64_GPU", "version": "1.32"},
        {"ami_type": "CUSTOM", "launch_template": {"id": "lt-1"}, "instance_types": ["m7g.large"]},
        {
            "capacity_type": "CAPACITY_BLOCK",
            "instance_types": ["p5.48xlarge"],
            "template": {"capacity_reservation": {"id": "cr-1"}},
        },
    ],
)
def test_what_eks_accepts(options):
    assert list(find_nodegroup_problems(options)) == []


def test_amazon_linux_2_ends_with_the_clusters_version():
    assert list(find_image_version_problems({"ami_type": "AL2_ARM_64"}, "1.32")) == []
    assert list(find_image_version_problems({"ami_type": "AL2_ARM_64"}, "1.33"))
    assert list(find_image_version_problems({"ami_type": "AL2023_ARM_64_STANDARD"}, "1.33")) == []


def test_ssh_from_everywhere_is_warned_of():
    assert "0.0.0.0/0" in next(find_nodegroup_warnings({"remote_access": {"ec2_ssh_key": "k"}}))
    assert not list(find_nodegroup_warnings({"remote_access": {"ec2_ssh_key": "k", "source_sg": ["sg-1"]}}))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({"IamInstanceProfile": {"Name": "p"}}, {}, "IAM instance profile"),
        ({"NetworkInterfaces": [{"SubnetId": "subnet-1"}]}, {}, "names a subnet"),
        ({"HibernationOptions": {"Configured": True}}, {}, "hibernation"),
        ({"InstanceInitiatedShutdownBehavior": "stop"}, {}, "shutdown behavior"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, {}, "capacity_type SPOT"),
        ({"InstanceType": "m5.large"}, {"instance_types": ["m5.large"]}, "only one of the two"),
        ({"ImageId": "ami-1"}, {"version": "1.34"}, "version: EKS does not accept it"),
    ],
)
def test_what_eks_refuses_of_an_own_launch_template(data, options, message):
    (problem,) = find_template_data_problems(data, options)
    assert message in problem


def test_each_ami_type_has_a_parameter_of_its_latest_release():
    found = {name: build_release_parameter(name, "1.34") for name in AMI_TYPES}
    assert found.pop("CUSTOM") is None
    assert all("1.34" in parameter for parameter in found.values())
    images = "/aws/service/eks/optimized-ami/1.34"
    assert found["AL2023_ARM_64_NVIDIA"] == f"{images}/amazon-linux-2023/arm64/nvidia/recommended/release_version"
    assert found["AL2_x86_64_GPU"] == f"{images}/amazon-linux-2-gpu/recommended/release_version"
    assert (
        found["BOTTLEROCKET_x86_64_FIPS"] == "/aws/service/bottlerocket/aws-k8s-1.34-fips/x86_64/latest/image_version"
    )
    windows = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id"
    assert found["WINDOWS_CORE_2022_x86_64"] == windows


def test_architecture_and_system_follow_from_the_name():
    for name in AMI_TYPES:
        image = read_ami_type(name)
        assert image is None or (image.architecture == "arm64") == ("ARM" in name)


@pytest.mark.parametrize(
    ("ami_type", "older", "newer"),
    [
        ("AL2023_x86_64_STANDARD", "1.34.2-20261105", "1.34.10-20261020"),
        ("AL2_x86_64", "1.32.1-20251105", "1.32.1-20251201"),
        ("BOTTLEROCKET_x86_64", "1.9.0-ffffffff", "1.14.2-1602f3a8"),
        ("WINDOWS_CORE_2022_x86_64", "1.31-2024.9.12", "1.31-2024.11.12"),
    ],
)
def test_releases_have_an_order(ami_type, older, newer):
    assert build_release_order(ami_type, older) < build_release_order(ami_type, newer)
