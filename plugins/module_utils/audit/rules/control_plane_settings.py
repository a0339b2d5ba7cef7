# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A: other settings of the control plane, and its certificate authorities."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import list_issues
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import (
    API_AND_CONFIG_MAP,
    CONFIG_MAP,
    get_mode,
)

DAY = 86400  # seconds
FOREIGN_TAGS = ("aws:", "eks:", "kumo.eks/")


@rule(
    "A09",
    MEDIUM,
    "Deletion protection is on",
    reads=("cluster",),
    why="A single call deletes a cluster without it, once its node groups are gone.",
    remedy="Turn deletion protection on.",
    task=("eks_cluster", {"name": "{cluster}", "deletion_protection": True}),
    references=("Prowler eks_cluster_deletion_protection_enabled",),
)
def deletion_protection(cluster: Row) -> Hits:
    if not cluster.get("deletionProtection"):
        yield name_cluster(cluster), "deletionProtection is false"


@rule(
    "A10",
    MEDIUM,
    "Access is managed by access entries",
    reads=("cluster",),
    why="A mistake in the ConfigMap aws-auth locks everybody out, and nothing of AWS records who changed it.",
    remedy="Move the mappings to access entries with kumo.eks.migrate_aws_auth. A cluster cannot go back from API to CONFIG_MAP.",
    task=("eks_cluster", {"name": "{cluster}", "access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}}),
    references=("CIS EKS 4.1.7", "Kubescape C-0285"),
)
def authentication_mode(cluster: Row) -> Hits:
    if get_mode(cluster) == CONFIG_MAP:
        yield name_cluster(cluster), "authenticationMode is CONFIG_MAP"


@rule(
    "A10b",
    LOW,
    "The ConfigMap aws-auth is not used any more",
    reads=("cluster",),
    why="With API_AND_CONFIG_MAP whoever may change a ConfigMap in kube-system can make everybody an administrator.",
    remedy="Set the authentication mode to API when aws-auth has no mappings left.",
    task=("eks_cluster", {"name": "{cluster}", "access_config": {"authentication_mode": "API"}}),
    references=("Kubescape C-0285",),
)
def authentication_by_config_map(cluster: Row) -> Hits:
    if get_mode(cluster) == API_AND_CONFIG_MAP:
        yield name_cluster(cluster), "authenticationMode is API_AND_CONFIG_MAP"


@rule(
    "A11",
    CRITICAL,
    "EKS reports no health issue of the cluster",
    reads=("cluster",),
    why="EKS cannot manage or upgrade a cluster whose subnets, role or key are gone.",
    remedy="Mend what the issue names.",
    references=("eksup EKS002", "EKS insights Cluster health issues"),
)
def cluster_health(cluster: Row) -> Hits:
    for issue in list_issues(cluster):
        yield name_cluster(cluster), f"{issue.get('code')}: {issue.get('message')}"


@rule(
    "A11b",
    HIGH,
    "The cluster is active",
    reads=("cluster",),
    why="A cluster that has failed cannot be changed.",
    remedy="See its health issues and updates. A cluster that failed while it was created has to be deleted.",
    references=("eksup EKS002",),
)
def cluster_status(cluster: Row) -> Hits:
    if cluster["status"] not in ("ACTIVE", "UPDATING"):
        yield name_cluster(cluster), f"status is {cluster['status']}"


@rule(
    "A15",
    LOW,
    "The control plane scales with its load",
    reads=("cluster",),
    why="A provisioned tier is charged for by the hour, whether it is needed or not.",
    remedy="Use the tier standard, unless the load asks for capacity ahead of time.",
    task=("eks_cluster", {"name": "{cluster}", "control_plane_scaling_config": {"tier": "standard"}}),
)
def scaling_tier(cluster: Row) -> Hits:
    tier = (cluster.get("controlPlaneScalingConfig") or {}).get("tier") or "standard"
    if tier != "standard":
        yield name_cluster(cluster), f"controlPlaneScalingConfig.tier is {tier}"


@rule(
    "A15b",
    INFO,
    "Components of the control plane have their default settings",
    reads=("cluster",),
    why="Settings of the API server, scheduler and controller manager change how workloads behave, and surprise who does not know them.",
    remedy="Keep a note of the reason, or remove the setting.",
)
def component_settings(cluster: Row) -> Hits:
    names = ("kubeApiServerConfig", "kubeSchedulerConfig", "kubeControllerManagerConfig")
    changed = [name for name in names if cluster.get(name)]
    if changed:
        yield name_cluster(cluster), f"set: {', '.join(changed)}"


@rule(
    "A18",
    LOW,
    "Zonal shift is on",
    reads=("cluster",),
    why="With it, AWS can move the traffic inside the cluster out of an impaired zone.",
    remedy="Turn zonal shift on. Workloads need replicas in all zones.",
    task=("eks_cluster", {"name": "{cluster}", "zonal_shift_config": {"enabled": True}}),
)
def zonal_shift(cluster: Row) -> Hits:
    if not (cluster.get("zonalShiftConfig") or {}).get("enabled"):
        yield name_cluster(cluster), "zonalShiftConfig.enabled is false"


@rule(
    "A19",
    INFO,
    "The cluster has tags",
    reads=("cluster",),
    why="Costs and owners of resources without tags cannot be told apart.",
    remedy="Give the cluster tags of your own.",
    task=("eks_tag", {"resource": "{arn}", "tags": {"team": "platform"}}),
)
def cluster_tags(cluster: Row) -> Hits:
    if all(key.startswith(FOREIGN_TAGS) for key in cluster.get("tags") or {}):
        yield name_cluster(cluster), "it has no tag but those of AWS and of this collection"


@rule(
    "A16",
    HIGH,
    "The certificate authority is valid for two more years",
    reads=("cluster", "certificate_authorities", "now"),
    why="When it expires, nobody can connect to the API server, and nodes leave the cluster. A rotation takes weeks: all clients have to trust the new one.",
    remedy="Append a successor, and follow the steps of the rotation.",
    task=("eks_certificate_authority", {"cluster_name": "{cluster}"}),
)
def certificate_authority_expires(cluster: Row, certificate_authorities: list[Row], now: float) -> Hits:
    active = [row for row in certificate_authorities if row.get("signingStatus") == "IN_USE"]
    if not active:
        raise Undecided("EKS lists no certificate authority that is in use")
    for row in active:
        end = (row.get("validity") or {}).get("notAfter")
        alone = len(certificate_authorities) == 1
        if end and alone and end.timestamp() - now < 730 * DAY:
            yield name_cluster(cluster), f"{row['id']} is valid until {end.date()}, and there is no successor"


@rule(
    "A16b",
    HIGH,
    "No rotation of the certificate authority is pending or has failed",
    reads=("cluster", "certificate_authorities"),
    why="EKS activates a successor by itself on the day that it has scheduled, also if clients do not trust it yet.",
    remedy="Let all clients trust the successor, and activate it before EKS does.",
    task=("eks_certificate_authority_info", {"cluster_name": "{cluster}"}),
)
def certificate_authority_pending(cluster: Row, certificate_authorities: list[Row]) -> Hits:
    for row in certificate_authorities:
        events = row.get("scheduledEvents") or {}
        if row.get("distributionStatus") == "FAILED":
            yield name_cluster(cluster), f"{row['id']} could not be distributed"
        elif row.get("signingStatus") == "NOT_USED" and events.get("firstAutoActivation"):
            yield name_cluster(cluster), f"EKS activates {row['id']} on {_format_day(events['firstAutoActivation'])}"


def _format_day(value: datetime) -> str:
    return value.astimezone(UTC).date().isoformat()


@rule(
    "A17",
    MEDIUM,
    "Outgoing traffic of the control plane has a way",
    reads=("cluster", "cluster_subnets"),
    why="With CUSTOMER_ROUTED, the control plane reaches webhooks and OIDC issuers outside the VPC only by the routes of its subnets.",
    remedy="Give the subnets of the cluster a route to a NAT gateway or a firewall.",
)
def egress_without_route(cluster: Row, cluster_subnets: list[Row]) -> Hits:
    mode = cluster["resourcesVpcConfig"].get("controlPlaneEgressMode") or "AWS_MANAGED"
    if mode != "CUSTOMER_ROUTED":
        raise NotApplicable(f"controlPlaneEgressMode is {mode}")
    for row in cluster_subnets:
        if row["kind"] == "isolated":
            yield (
                f"Subnet {row['SubnetId']}",
                "controlPlaneEgressMode is CUSTOMER_ROUTED, and the subnet has no default route",
            )
