"""Kubernetes versions as EKS offers them: DescribeClusterVersions, and what may follow what.

Dates: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html (release, end of standard and of
extended support). The day of 1.36: https://github.com/endoflife-date/endoflife.date/blob/master/products/amazon-eks.md, from that page.
Patch versions: https://github.com/awslabs/amazon-eks-ami/blob/main/CHANGELOG.md
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kumo_sandbox.eks.context import Context, handles, paginate
from kumo_sandbox.eks.control_plane_limits import build_component_config, build_scaling_tiers
from kumo_sandbox.eks.errors import InvalidParameter


@dataclass(frozen=True)
class Version:
    name: str
    release: str
    standard_until: str
    extended_until: str
    patch: str

    @property
    def minor(self) -> int:
        return int(self.name.split(".")[1])


VERSIONS = (
    Version("1.36", "2026-06-02", "2027-08-02", "2028-08-02", "1.36.2"),
    Version("1.35", "2026-01-27", "2027-03-27", "2028-03-27", "1.35.0"),
    Version("1.34", "2025-10-02", "2026-12-02", "2027-12-02", "1.34.2"),
    Version("1.33", "2025-05-29", "2026-07-29", "2027-07-29", "1.33.5"),
    Version("1.32", "2025-01-23", "2026-03-23", "2027-03-23", "1.32.9"),
    Version("1.31", "2024-09-26", "2025-11-26", "2026-11-26", "1.31.13"),
    Version("1.30", "2024-05-23", "2025-07-23", "2026-07-23", "1.30.14"),
    Version("1.29", "2024-01-23", "2025-03-23", "2026-03-23", "1.29.15"),
)
DEFAULT = "1.35"  # assumed: AWS says it in answers only. It trails the newest one
BY_NAME = {version.name: version for version in VERSIONS}


def parse_day(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def find_support_status(ctx: Context, version: Version) -> str:
    """STANDARD_SUPPORT, EXTENDED_SUPPORT, or UNSUPPORTED where the sandbox refuses what AWS no longer offers."""
    if ctx.now() < parse_day(version.standard_until):
        return "STANDARD_SUPPORT"
    if ctx.settings.refuse_unsupported and ctx.now() >= parse_day(version.extended_until):
        return "UNSUPPORTED"
    return "EXTENDED_SUPPORT"


def find_offered(ctx: Context, name: str | None) -> Version:
    """The version a creation gets; raises InvalidParameterException where it is not offered."""
    version = BY_NAME.get(name or DEFAULT)
    if version is None or find_support_status(ctx, version) == "UNSUPPORTED":
        raise InvalidParameter(f"unsupported Kubernetes version {name}")
    return version


def build_release_version(name: str, ami_type: str = "") -> str:
    """The newest AMI release for a node group of this Kubernetes version, as the images of its kind name theirs.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html, eks-ami-versions-windows.html,
    https://github.com/bottlerocket-os/bottlerocket/releases
    """
    if ami_type.startswith("BOTTLEROCKET"):
        return "1.49.0-713f44ce"
    return f"{name}-2026.11.11" if ami_type.startswith("WINDOWS") else f"{BY_NAME[name].patch}-20261105"


@handles("DescribeClusterVersions")
def describe_cluster_versions(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    rows = []
    for version in VERSIONS:
        status = find_support_status(ctx, version)
        if status == "UNSUPPORTED" and not p.get("includeAll"):
            continue
        if p.get("clusterVersions") and version.name not in p["clusterVersions"]:
            continue
        if p.get("defaultOnly") and version.name != DEFAULT:
            continue
        if (p.get("versionStatus") or status) != status or (p.get("status") or status.lower()) != status.lower():
            continue
        rows.append(
            {
                "clusterVersion": version.name,
                "clusterType": p.get("clusterType") or "eks",
                "defaultPlatformVersion": "eks.20",
                "defaultVersion": version.name == DEFAULT,
                "releaseDate": parse_day(version.release),
                "endOfStandardSupportDate": parse_day(version.standard_until),
                "endOfExtendedSupportDate": parse_day(version.extended_until),
                "status": status.lower(),
                "versionStatus": status,
                "kubernetesPatchVersion": version.patch,
                "controlPlaneScalingTiers": build_scaling_tiers(),
                # "EKS v1.31 and above"
                "controlPlaneComponentConfig": build_component_config() if version.minor >= 31 else None,
            }
        )
    return paginate(ctx, p, "clusterVersions", rows)
