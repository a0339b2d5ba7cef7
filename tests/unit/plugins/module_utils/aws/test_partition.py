# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partitions, their domains and their service principals, all of them as botocore and EKS know them."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import (
    build_managed_policy_arn,
    build_service_principal,
    get_dns_suffix,
    get_partition,
    list_dns_suffixes,
    list_service_regions,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

REGIONS = [
    ("ap-northeast-1", "aws", "amazonaws.com", "ec2.amazonaws.com"),
    ("mx-central-1", "aws", "amazonaws.com", "ec2.amazonaws.com"),
    ("cn-north-1", "aws-cn", "amazonaws.com.cn", "ec2.amazonaws.com.cn"),
    ("us-gov-west-1", "aws-us-gov", "amazonaws.com", "ec2.amazonaws.com"),
    ("eusc-de-east-1", "aws-eusc", "amazonaws.eu", "ec2.amazonaws.com"),
    ("us-iso-east-1", "aws-iso", "c2s.ic.gov", "ec2.c2s.ic.gov"),
    ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", "ec2.sc2s.sgov.gov"),
    ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", "ec2.amazonaws.com"),
    ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov", "ec2.amazonaws.com"),
]


@pytest.mark.parametrize(("region", "partition", "domain", "ec2"), REGIONS)
def test_each_partition(region, partition, domain, ec2):
    assert get_partition(region) == partition and get_dns_suffix(partition) == domain
    assert domain in list_dns_suffixes()
    assert build_service_principal("ec2", partition) == ec2
    for service in ("eks", "eks-fargate-pods", "pods.eks"):
        assert build_service_principal(service, partition) == f"{service}.amazonaws.com"
    assert build_managed_policy_arn("X", partition) == f"arn:{partition}:iam::aws:policy/X"


def test_a_region_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="region: 'mars-1' is not a region of any AWS partition"):
        get_partition("mars-1")


def test_regions_of_a_service():
    assert "ap-northeast-1" in list_service_regions("eks", "aws")
    assert set(list_service_regions("eks", "aws-cn")) == {"cn-north-1", "cn-northwest-1"}
