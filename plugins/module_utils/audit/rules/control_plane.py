# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A: versions, logs and endpoints of the control plane."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    Undecided,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import SUPPORT_ENDS_SOON
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import (
    STANDARD_SUPPORT,
    find_version,
    get_support_status,
)

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
WORLD = ("0.0.0.0/0", "::/0")
WIDE = 8  # bits: networks of this prefix length or shorter are of nobody's office
DAY = 86400  # seconds


def require_version(cluster: Row, cluster_versions: list[Row]) -> Row:
    """What EKS says of the cluster's version. Raises Undecided where it says nothing."""
    found = find_version(cluster_versions, cluster["version"])
    if not found:
        raise Undecided(f"EKS does not list the version {cluster['version']}")
    return found


@rule(
    "A01",
    HIGH,
    "The Kubernetes version is in standard support",
    reads=("cluster", "cluster_versions"),
    why="In extended support the control plane costs six times as much, and after it EKS upgrades the cluster by itself.",
    remedy="Upgrade the control plane, add-ons and nodes.",
    task=("eks_upgrade", {"cluster_name": "{cluster}", "kubernetes_version": "{next_version}"}),
    references=(
        "hardeneks check_eks_version",
        "Prowler eks_cluster_uses_a_supported_version",
        "Checkov CKV_AWS_339",
        "Security Hub EKS.2",
        "Popeye POP-405",
    ),
)
def version_support(cluster: Row, cluster_versions: list[Row]) -> Hits:
    found = get_support_status(require_version(cluster, cluster_versions))
    if found != STANDARD_SUPPORT:
        yield name_cluster(cluster), f"version {cluster['version']} has the status {found}"


@rule(
    "A01b",
    MEDIUM,
    "Standard support lasts for 90 days or more",
    reads=("cluster", "cluster_versions", "now"),
    why="An upgrade needs time for tests. After this day the cluster costs more, or is upgraded by EKS, as its upgrade policy says.",
    remedy="Plan the upgrade.",
    task=("eks_upgrade_info", {"cluster_name": "{cluster}", "kubernetes_version": "{next_version}"}),
    references=("Prowler eks_cluster_uses_a_supported_version",),
)
def version_support_ends(cluster: Row, cluster_versions: list[Row], now: float) -> Hits:
    version = require_version(cluster, cluster_versions)
    end = version.get("endOfStandardSupportDate")
    if get_support_status(version) == STANDARD_SUPPORT and end and end.timestamp() - now < SUPPORT_ENDS_SOON * DAY:
        yield name_cluster(cluster), f"standard support of {cluster['version']} ends on {end.date()}"


@rule(
    "A02",
    LOW,
    "The upgrade policy does not lead into extended support",
    reads=("cluster",),
    why="With EXTENDED, EKS keeps the version beyond its standard support, and charges the higher price without a question.",
    remedy="Set the upgrade policy to STANDARD, if the cluster is upgraded in time. EKS then upgrades it at the end of standard support.",
    task=("eks_cluster", {"name": "{cluster}", "upgrade_policy": {"support_type": "STANDARD"}}),
)
def upgrade_policy(cluster: Row) -> Hits:
    policy = (cluster.get("upgradePolicy") or {}).get("supportType")
    if policy is None:
        raise Undecided("DescribeCluster has no upgradePolicy")
    if policy == "EXTENDED":
        yield name_cluster(cluster), "upgradePolicy.supportType is EXTENDED"


def list_logs(cluster: Row) -> set[str]:
    """The types of logs that are on."""
    rows = (cluster.get("logging") or {}).get("clusterLogging") or []
    return {one for row in rows if row.get("enabled") for one in row.get("types") or []}


@rule(
    "A03",
    MEDIUM,
    "All types of control plane logs are on",
    reads=("cluster",),
    why="Without them nothing shows afterwards who has done what, or why the control plane refused something.",
    remedy="Turn on all five types. CloudWatch Logs charges for them.",
    task=("eks_cluster", {"name": "{cluster}", "logging": list(LOG_TYPES)}),
    references=(
        "CIS EKS 2.1.1",
        "hardeneks check_logs_are_enabled",
        "Prowler eks_control_plane_logging_all_types_enabled",
        "Checkov CKV_AWS_37",
        "Trivy AWS-0038",
        "Security Hub EKS.8",
        "Kubescape C-0067",
    ),
)
def control_plane_logs(cluster: Row) -> Hits:
    missing = [one for one in LOG_TYPES if one not in list_logs(cluster)]
    if missing:
        yield name_cluster(cluster), f"not logged: {', '.join(missing)}"


@rule(
    "A03b",
    HIGH,
    "Audit logs are on",
    reads=("cluster",),
    why="The audit log is the only record of who read and changed what in the cluster.",
    remedy="Turn on at least the logs audit and authenticator.",
    task=("eks_cluster", {"name": "{cluster}", "logging": list(LOG_TYPES)}),
    references=("CIS EKS 2.1.1", "Security Hub EKS.8", "Kubescape C-0067"),
)
def audit_logs(cluster: Row) -> Hits:
    missing = [one for one in ("audit", "authenticator") if one not in list_logs(cluster)]
    if missing:
        yield name_cluster(cluster), f"not logged: {', '.join(missing)}"


@rule(
    "A05",
    HIGH,
    "The public API endpoint does not admit the whole internet",
    reads=("cluster",),
    why="Everybody can send requests to the API server: stolen credentials work from anywhere, and flaws of it are in reach.",
    remedy="Limit public_access_cidrs to your networks, or turn the public endpoint off.",
    task=(
        "eks_cluster",
        {"name": "{cluster}", "public_access_cidrs": ["203.0.113.0/24"], "endpoint_private_access": True},
    ),
    references=(
        "CIS EKS 5.4.1",
        "hardeneks check_endpoint_public_access",
        "Prowler eks_cluster_not_publicly_accessible",
        "Checkov CKV_AWS_38",
        "Trivy AWS-0041",
        "Security Hub EKS.1",
        "Kubescape C-0227",
    ),
)
def endpoint_public(cluster: Row) -> Hits:
    place = cluster["resourcesVpcConfig"]
    open_to = [one for one in place.get("publicAccessCidrs") or WORLD[:1] if one in WORLD]
    if place.get("endpointPublicAccess") and open_to:
        yield name_cluster(cluster), f"endpointPublicAccess is true, publicAccessCidrs has {', '.join(open_to)}"


@rule(
    "A05b",
    MEDIUM,
    "The public API endpoint admits no network of millions of addresses",
    reads=("cluster",),
    why="A block of this size belongs to many, and is as good as the whole internet.",
    remedy="Name the networks from which the API server is used.",
    references=("CIS EKS 5.4.1", "Checkov CKV_AWS_38"),
)
def endpoint_cidrs_wide(cluster: Row) -> Hits:
    place = cluster["resourcesVpcConfig"]
    if not place.get("endpointPublicAccess"):
        return
    cidrs = [one for one in place.get("publicAccessCidrs") or [] if one not in WORLD]
    wide = [one for one in cidrs if ":" not in one and int(one.partition("/")[2] or 32) <= WIDE]
    if wide:
        yield name_cluster(cluster), f"publicAccessCidrs has {', '.join(wide)}"


@rule(
    "A05c",
    LOW,
    "The API server has no public endpoint",
    reads=("cluster",),
    why="What is not reachable from the internet cannot be attacked from there.",
    remedy="Use the private endpoint alone, if all who use the API server reach the VPC.",
    task=("eks_cluster", {"name": "{cluster}", "endpoint_public_access": False, "endpoint_private_access": True}),
    references=("CIS EKS 5.4.2", "Checkov CKV_AWS_39", "Trivy AWS-0040", "Security Hub EKS.1", "Kubescape C-0228"),
)
def endpoint_public_at_all(cluster: Row) -> Hits:
    place = cluster["resourcesVpcConfig"]
    if place.get("endpointPublicAccess"):
        cidrs = ", ".join(place.get("publicAccessCidrs") or WORLD[:1])
        yield name_cluster(cluster), f"endpointPublicAccess is true for {cidrs}"


@rule(
    "A06",
    MEDIUM,
    "The private API endpoint is on",
    reads=("cluster",),
    why="Without it, nodes and controllers in the VPC reach the API server over the internet, and fail with their way out.",
    remedy="Turn the private endpoint on. The public one stays as it is.",
    task=("eks_cluster", {"name": "{cluster}", "endpoint_private_access": True}),
    references=("CIS EKS 5.4.2", "Prowler eks_cluster_private_nodes_enabled"),
)
def endpoint_private(cluster: Row) -> Hits:
    if not cluster["resourcesVpcConfig"].get("endpointPrivateAccess"):
        yield name_cluster(cluster), "endpointPrivateAccess is false"
