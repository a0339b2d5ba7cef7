"""Local clusters, whose control plane is on an Outpost: what EKS refuses of them. Their instances are not acted out.

https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html has the table of what they do not have. Texts without a link are assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kumo_sandbox.eks import cluster_rules
from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.errors import InvalidParameter
from kumo_sandbox.eks.outposts import find_outpost
from kumo_sandbox.eks.store import Raw
from kumo_sandbox.launching import OUTPOST_TYPES

PLATFORM = (
    "eks-local-outposts.1"  # https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-platform-versions.html
)
# https://github.com/eksctl-io/eksctl/issues/7552
ONLY_CONFIG_MAP = "Local Amazon EKS cluster only supports bootstrapClusterCreatorAdminPermissions=true and authenticationMode=CONFIG_MAP for AccessConfig."


def check_creation(ctx: Context, p: Raw, subnets: list[dict[str, Any]], mode: str) -> None:
    """Refuse a local cluster that cannot be."""
    config = p["outpostConfig"]
    arns = config["outpostArns"]
    outpost = find_outpost(ctx.store, ctx.region, arns[0]) if len(arns) == 1 else None
    if outpost is None:
        raise InvalidParameter(f"The Outpost ARN is not valid: {', '.join(arns)}", clusterName=p["name"])
    for key in ("controlPlaneInstanceType", "etcdInstanceType"):
        if config.get(key, "m5.large") not in OUTPOST_TYPES:
            raise InvalidParameter(
                f"Instance type {config[key]} is not available on the Outpost", clusterName=p["name"]
            )
    others = [row["SubnetId"] for row in subnets if row.get("OutpostArn") != outpost["OutpostArn"]]
    if others:
        raise InvalidParameter(f"Subnets {', '.join(others)} are not on the Outpost", clusterName=p["name"])
    for text in (*_find_access(p, config, mode), *_find_settings(p, config)):
        raise InvalidParameter(text, clusterName=p["name"])


def _find_access(p: Raw, config: Raw, mode: str) -> Iterator[str]:
    """By the ConfigMap alone; with instances for etcd by access entries, too.

    https://github.com/eksctl-io/eksctl/pull/8774
    """
    asked = p["resourcesVpcConfig"]
    if asked.get("endpointPublicAccess", True) or not asked.get("endpointPrivateAccess"):
        yield "Local Amazon EKS cluster only supports private endpoint access"
    creator = (p.get("accessConfig") or {}).get("bootstrapClusterCreatorAdminPermissions", True)
    if not config.get("etcdInstanceType") and (mode != cluster_rules.CONFIG_MAP or not creator):
        yield ONLY_CONFIG_MAP
    if config.get("etcdInstanceType") and mode == cluster_rules.CONFIG_MAP:
        yield "Local Amazon EKS cluster with etcdInstanceType requires authenticationMode API or API_AND_CONFIG_MAP"


def _find_settings(p: Raw, config: Raw) -> Iterator[str]:
    network, placement = p.get("kubernetesNetworkConfig") or {}, config.get("controlPlanePlacement") or {}
    unsupported = {
        "encryptionConfig": p.get("encryptionConfig"),
        "ipFamily ipv6": network.get("ipFamily") == "ipv6",
        "computeConfig": (p.get("computeConfig") or {}).get("enabled"),
        "remoteNetworkConfig": p.get("remoteNetworkConfig") and not config.get("etcdInstanceType"),
        "etcdPlacement": config.get("etcdPlacement") and not config.get("etcdInstanceType"),
        "spreadLevel": placement.get("spreadLevel") and not config.get("etcdInstanceType"),
        "groupName": placement.get("groupName") and config.get("etcdInstanceType"),
    }
    for name, is_asked in unsupported.items():
        if is_asked:
            yield f"Local Amazon EKS cluster does not support {name} with these settings"


def refuse(raw: Raw, what: str) -> None:
    """Refuse to create what local clusters do not have."""
    if raw.get("outpostConfig"):
        raise InvalidParameter(f"{what} are not supported on local Amazon EKS clusters", clusterName=raw["name"])
