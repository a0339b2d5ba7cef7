# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The latest release of an image, by stubbed clients: the sandbox has no images of Windows."""

from __future__ import annotations

from unittest.mock import Mock

import botocore.exceptions
import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.eks.ami_release import choose_release, find_latest_release


def test_a_windows_release_is_the_end_of_its_images_name():
    ssm, ec2 = Mock(), Mock()
    ssm.get_parameter.return_value = {"Parameter": {"Value": "ami-1"}}
    name = "Windows_Server-2022-English-Core-EKS_Optimized-1.31-2024.11.12"
    ec2.describe_images.return_value = {"Images": [{"Name": name}]}
    assert find_latest_release(ssm, lambda: ec2, "WINDOWS_CORE_2022_x86_64", "1.31") == "1.31-2024.11.12"
    ec2.describe_images.assert_called_once_with(ImageIds=["ami-1"])


def test_a_release_that_aws_does_not_publish_is_named():
    ssm = Mock()
    answer = {"Error": {"Code": "ParameterNotFound", "Message": ""}}
    ssm.get_parameter.side_effect = botocore.exceptions.ClientError(answer, "GetParameter")
    with pytest.raises(
        ValidationError, match="publishes no latest release for ami_type AL2_x86_64 and Kubernetes 1.33"
    ):
        find_latest_release(ssm, Mock(), "AL2_x86_64", "1.33")
    with pytest.raises(ValidationError, match="the image is your own"):
        find_latest_release(ssm, Mock(), "CUSTOM", "1.33")


def test_a_newer_release_is_not_taken_back():
    image = "AL2023_x86_64_STANDARD"
    assert choose_release(image, "1.34.3-20261201", "1.34.2-20261105") == "1.34.3-20261201"
    assert choose_release(image, "1.34.2-20261001", "1.34.2-20261105") == "1.34.2-20261105"
    assert choose_release(image, None, "1.34.2-20261105") == "1.34.2-20261105"
