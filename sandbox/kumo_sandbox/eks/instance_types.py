"""Which instance types there are, and which of them an AMI type goes with.

moto's list is EC2's DescribeInstanceTypes of one region.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest
from kumo_sandbox.eks.machine_images import LAST_WITH_AL2
from kumo_sandbox.eks.store import Raw
from kumo_sandbox.eks.versions import BY_NAME


def list_unknown(types: list[str]) -> list[str]:
    """Those that EC2 does not have."""
    return [name for name in types if name not in _load_types()]


def check_image(cluster: str, ami_type: str, version: str, types: list[str]) -> None:
    """The image exists for the Kubernetes version, and runs on the architecture of the instance types.

    https://github.com/scylladb/scylla-cluster-tests/issues/12524
    https://github.com/ManagedKube/kubernetes-ops/issues/231
    """
    if ami_type.startswith("AL2_") and BY_NAME[version].minor > LAST_WITH_AL2:
        raise InvalidParameter(
            f"AMI Type {ami_type} is only supported for kubernetes versions 1.{LAST_WITH_AL2} or earlier",
            clusterName=cluster,
        )
    if ami_type == "CUSTOM":
        return
    architecture = "arm64" if "_ARM_64" in ami_type else "x86_64"
    wrong = [name for name in types if architecture not in _list_architectures(name, architecture)]
    if wrong:
        raise InvalidParameter(
            f"[{', '.join(wrong)}] is not a valid instance type for requested amiType {ami_type}", clusterName=cluster
        )


def check_zones(region: str, cluster: str, types: list[str], zones: set[str]) -> None:
    """Each zone has one of the instance types.

    https://github.com/eksctl-io/eksctl/issues/6461, https://github.com/awslabs/ec2-spot-workshops/issues/154
    """
    offered = _load_offers(region)
    if not all(name in offered for name in types):
        return  # unknown ones are a health issue of the group
    for zone in sorted(zones):
        if types and not any(zone in offered[name] for name in types):
            others = ", ".join(sorted(offered[types[0]]))
            raise InvalidRequest(
                f"Your requested instance type ({types[0]}) is not supported in your requested Availability Zone ({zone}). Please retry"
                f" your request by not specifying an Availability Zone or choosing {others}.",
                clusterName=cluster,
            )


def find_issue(nodegroup: Raw) -> Raw | None:
    """The health issue of a node group whose instance types do not exist.

    EKS API, Issue.code: "Ec2InstanceTypeDoesNotExist: One or more of the supplied Amazon EC2 instance types do not exist"
    """
    unknown = list_unknown(nodegroup.get("instanceTypes") or [])
    if not unknown:
        return None
    return {
        "code": "Ec2InstanceTypeDoesNotExist",
        "message": f"One or more of the supplied Amazon EC2 instance types do not exist: {', '.join(unknown)}",
        "resourceIds": unknown,
    }


def _list_architectures(name: str, default: str) -> list[str]:
    row = _load_types().get(name) or {}
    return (row.get("ProcessorInfo") or {}).get("SupportedArchitectures") or [default]


@cache
def _load_offers(region: str) -> dict[str, frozenset[str]]:
    """By instance type, the zones of the region that have it; empty for a region that moto does not know.

    Local Zones are in none of moto's lists.
    """
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

    found: dict[str, frozenset[str]] = {}
    for row in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, ()):
        found[row["InstanceType"]] = found.get(row["InstanceType"], frozenset()) | {row["Location"]}
    return found


def _load_types() -> dict[str, Any]:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    return INSTANCE_TYPES
