# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of EKS' refusals mean that a new IAM role is not seen yet."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

ARN = "arn:aws:iam::123456789012:role/x"
PROPAGATING = [
    f"roleArn, {ARN}, does not exist",
    f"Role with arn: {ARN}, could not be assumed because it does not exist or the trusted entity is not correct",
    "Role could not be assumed because the trusted entity is not correct",
    "Error in role params",
    "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policy is attached",
    "IAM role's policy must include the `ec2:DescribeSubnets` action",
    "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
    "Role provided in the request does not exist",
    "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole",
]
FINAL = [
    "The subnet ID 'subnet-12345678' does not exist",
    "Security group(s) not found",
    "unsupported Kubernetes version",
    "The key pair 'x' does not exist",
]


def is_propagating(code, message):
    error = ClientError({"Error": {"Code": code, "Message": message}}, "CreateCluster")
    return EksResource(None, "c").is_propagating(error)


@pytest.mark.parametrize("message", PROPAGATING)
def test_a_new_role_is_waited_for(message):
    assert is_propagating("InvalidParameterException", message)
    assert not is_propagating("ResourceNotFoundException", message)


@pytest.mark.parametrize("message", FINAL)
def test_what_will_stay_wrong_is_not(message):
    assert not is_propagating("InvalidParameterException", message)


def test_other_errors_are_not():
    assert not EksResource(None, "c").is_propagating(ValueError("the role does not exist"))
