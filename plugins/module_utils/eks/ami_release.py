# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The latest release of EKS' images, from AWS' public SSM parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    WINDOWS,
    build_release_order,
    build_release_parameter,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnsupportedVersion, ValidationError


def find_latest_release(ssm: Any, ec2: Callable[[], Any], ami_type: str, version: str) -> str:
    """The latest release version for an AMI type and a Kubernetes version.

    Needs ssm:GetParameter on AWS' public parameters, for Windows also ec2:DescribeImages.

    Raises:
        ValidationError: where AWS publishes none.
    """
    parameter = build_release_parameter(ami_type, version)
    if parameter is None:
        raise ValidationError(
            f"release_version: there is no latest release for ami_type {ami_type}, because the image is your own."
            " Omit release_version, and change the image to update the nodes."
        )
    try:
        value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except Exception as error:
        if not has_code(error, "ParameterNotFound"):
            raise
        raise UnsupportedVersion(
            f"release_version: AWS publishes no latest release for ami_type {ami_type} and Kubernetes {version}"
            f" (SSM parameter {parameter} does not exist). Set a release version, or omit the option."
        ) from error
    if read_ami_type(ami_type).system == WINDOWS:
        return _read_image_release(ec2(), value, version)
    return value


def _read_image_release(ec2: Any, image_id: str, version: str) -> str:
    """The release at the end of a Windows image's name: Windows_Server-2022-English-Core-EKS_Optimized-1.31-2024.11.12.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-versions-windows.html
    """
    name = ec2.describe_images(ImageIds=[image_id])["Images"][0]["Name"]
    return f"{version}-{name.rpartition(f'{version}-')[2]}"


def choose_release(ami_type: str, current: str | None, latest: str) -> str:
    """The latest release, or the current one where that is newer: the parameters trail the service by hours.

    https://github.com/awslabs/amazon-eks-ami/issues/559
    """
    if current and build_release_order(ami_type, current) >= build_release_order(ami_type, latest):
        return current
    return latest
