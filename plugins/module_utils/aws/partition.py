# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS partitions: which one a region is in, its DNS suffix, its service principals and its managed policies.

botocore ships the list of partitions (``data/partitions.json``), so a new one is known as soon as botocore is.
"""

from __future__ import annotations

from functools import cache
from typing import Any

try:
    import botocore
    import botocore.session
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

AWS_DOMAIN = "amazonaws.com"
# Most principals are SERVICE.amazonaws.com in every partition, EKS' own among them. EC2's is not: EKS in China refuses a node
# role that trusts ec2.amazonaws.com ("Following required service principals [ec2.amazonaws.com.cn] were not found").
# https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/partitions.go
# https://github.com/bottlerocket-os/bottlerocket-update-operator/issues/316
EC2_PRINCIPALS = {
    "aws-cn": "ec2.amazonaws.com.cn",
    "aws-iso": "ec2.c2s.ic.gov",
    "aws-iso-b": "ec2.sc2s.sgov.gov",
}


@cache
def _get_session() -> Any:
    return botocore.session.get_session()


@cache
def get_partition(region: str) -> str:
    """The partition of a region: "aws-cn" for "cn-north-1".

    Raises:
        ValidationError: botocore knows no partition with such a region.
    """
    try:
        return _get_session().get_partition_for_region(region)
    except botocore.exceptions.UnknownRegionError as error:
        raise ValidationError(
            f"region: {region!r} is not a region of any AWS partition that botocore {botocore.__version__} knows."
            " Check its spelling, or upgrade botocore."
        ) from error


@cache
def _list_domains() -> dict[str, str]:
    """The domain of each partition."""
    rows = _get_session().get_data("partitions")["partitions"]
    return {row["id"]: row["outputs"]["dnsSuffix"] for row in rows}


def get_dns_suffix(partition: str) -> str:
    """The domain of a partition's endpoints: "amazonaws.com.cn" for "aws-cn"."""
    return _list_domains().get(partition, AWS_DOMAIN)


def list_dns_suffixes() -> list[str]:
    """The domains of all partitions."""
    return sorted(set(_list_domains().values()))


@cache
def list_service_regions(service: str, partition: str) -> tuple[str, ...]:
    """The regions of a partition in which botocore knows the service."""
    return tuple(_get_session().get_available_regions(service, partition))


def build_service_principal(service: str, partition: str) -> str:
    """The principal by which a service assumes a role: "eks.amazonaws.com" for "eks"."""
    if service == "ec2":
        return EC2_PRINCIPALS.get(partition, f"ec2.{AWS_DOMAIN}")
    return f"{service}.{AWS_DOMAIN}"


def build_managed_policy_arn(name: str, partition: str) -> str:
    """The ARN of an AWS managed policy, whose name may have a path: "service-role/AmazonEBSCSIDriverPolicy"."""
    return f"arn:{partition}:iam::aws:policy/{name}"
