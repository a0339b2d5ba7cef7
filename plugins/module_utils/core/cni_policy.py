# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the VPC CNI may do in an IPv6 cluster, for which AWS manages no policy. Pure data."""

from __future__ import annotations

from typing import Any

ACTIONS = (
    "AssignIpv6Addresses",
    "DescribeInstances",
    "DescribeTags",
    "DescribeNetworkInterfaces",
    "DescribeInstanceTypes",
    # Subnet discovery, which version 1.22.1 switched on
    "DescribeSubnets",
    "DescribeSecurityGroups",
)


def build_ipv6_cni_document(partition: str) -> dict[str, Any]:
    """The policy document.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html#cni-iam-role-create-ipv6-policy,
    https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [f"ec2:{name}" for name in ACTIONS], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": "ec2:CreateTags",
                "Resource": f"arn:{partition}:ec2:*:*:network-interface/*",
            },
        ],
    }
