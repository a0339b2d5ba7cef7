# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""F, L: load balancers that controllers made for the cluster."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    Row,
    rule,
)

OLD_POLICIES = (
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-FS-1-1-2019-08",
)
LONG_DELAY = 120  # seconds


def name_balancer(row: Row) -> str:
    return f"Load balancer {row['LoadBalancerName']}"


@rule(
    "F16",
    HIGH,
    "Load balancers on the internet encrypt",
    reads=("cluster_load_balancers",),
    why="Passwords and data of users pass the internet in plain text.",
    remedy="Add a listener with TLS and a certificate of ACM, and redirect from HTTP.",
    references=(
        "CIS EKS 5.4.5",
        "hardeneks use_encryption_with_aws_load_balancers",
        "Kubescape C-0231",
        "Polaris tlsSettingsMissing",
    ),
)
def load_balancer_tls(cluster_load_balancers: list[Row]) -> Hits:
    for row in cluster_load_balancers:
        if row.get("Scheme") != "internet-facing" or row.get("Type") != "application":
            continue
        plain = [str(one["Port"]) for one in row["listeners"] if one.get("Protocol") == "HTTP" and not _redirects(one)]
        if plain:
            yield name_balancer(row), f"listeners with HTTP and without a redirect: {', '.join(plain)}"


def _redirects(listener: Row) -> bool:
    return any(one.get("Type") == "redirect" for one in listener.get("DefaultActions") or [])


@rule(
    "F16b",
    MEDIUM,
    "Listeners use TLS 1.2 or newer",
    reads=("cluster_load_balancers",),
    why="TLS 1.0 and 1.1 are broken.",
    remedy="Set the annotation alb.ingress.kubernetes.io/ssl-policy or service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy.",
    references=("Prowler elbv2_insecure_ssl_ciphers",),
)
def load_balancer_tls_policy(cluster_load_balancers: list[Row]) -> Hits:
    for row in cluster_load_balancers:
        old = [f"{one['Port']} {one['SslPolicy']}" for one in row["listeners"] if one.get("SslPolicy") in OLD_POLICIES]
        if old:
            yield name_balancer(row), f"listeners: {', '.join(old)}"


@rule(
    "F16c",
    LOW,
    "Application load balancers write access logs",
    reads=("cluster_load_balancers",),
    why="Nothing shows afterwards who called the application.",
    remedy="Set access_logs.s3.enabled and a bucket in the annotation alb.ingress.kubernetes.io/load-balancer-attributes.",
    references=("Prowler elbv2_logging_enabled",),
)
def load_balancer_logs(cluster_load_balancers: list[Row]) -> Hits:
    for row in cluster_load_balancers:
        if row.get("Type") == "application" and row["attributes"].get("access_logs.s3.enabled") != "true":
            yield name_balancer(row), "access_logs.s3.enabled is not true"


@rule(
    "F16d",
    MEDIUM,
    "Application load balancers drop invalid header fields",
    reads=("cluster_load_balancers",),
    why="Invalid headers let requests be smuggled past the load balancer.",
    remedy="Set routing.http.drop_invalid_header_fields.enabled in alb.ingress.kubernetes.io/load-balancer-attributes.",
    references=("Prowler elbv2_desync_mitigation_mode",),
)
def load_balancer_headers(cluster_load_balancers: list[Row]) -> Hits:
    for row in cluster_load_balancers:
        mode = row["attributes"].get("routing.http.desync_mitigation_mode")
        drops = row["attributes"].get("routing.http.drop_invalid_header_fields.enabled")
        if row.get("Type") == "application" and drops != "true" and mode not in ("defensive", "strictest"):
            yield name_balancer(row), f"drop_invalid_header_fields is {drops}, desync_mitigation_mode is {mode}"


@rule(
    "F16e",
    MEDIUM,
    "Load balancers are in two zones or more",
    reads=("cluster_load_balancers",),
    why="The application is gone when the zone fails.",
    remedy="Tag subnets in more zones for load balancers.",
    references=("Prowler elbv2_is_in_multiple_az",),
)
def load_balancer_zones(cluster_load_balancers: list[Row]) -> Hits:
    for row in cluster_load_balancers:
        zones = [one["ZoneName"] for one in row.get("AvailabilityZones") or []]
        if len(zones) < 2:
            yield name_balancer(row), f"zones: {', '.join(zones) or 'none'}"


@rule(
    "F16f",
    INFO,
    "Targets are given up quickly",
    reads=("cluster_target_groups",),
    why="Until a target is deregistered, its pod may be gone already, or a rollout waits for it.",
    remedy="Set deregistration_delay.timeout_seconds to what requests take, and a preStop hook of the same length.",
)
def deregistration_delay(cluster_target_groups: list[Row]) -> Hits:
    for row in cluster_target_groups:
        delay = row["attributes"].get("deregistration_delay.timeout_seconds") or "300"
        if int(delay) > LONG_DELAY:
            yield f"Target group {row['TargetGroupName']}", f"deregistration_delay.timeout_seconds is {delay}"


@rule(
    "F15",
    LOW,
    "Targets of load balancers are pods",
    reads=("cluster_target_groups",),
    why="With targets of the type instance each request takes a further hop over another node, and health checks look at the node.",
    remedy="Set the target type ip: alb.ingress.kubernetes.io/target-type or service.beta.kubernetes.io/aws-load-balancer-nlb-target-type.",
)
def target_type(cluster_target_groups: list[Row]) -> Hits:
    for row in cluster_target_groups:
        if row.get("TargetType") == "instance":
            yield f"Target group {row['TargetGroupName']}", "TargetType is instance"


@rule(
    "F16g",
    HIGH,
    "Each target group has healthy targets",
    reads=("cluster_target_groups",),
    why="The load balancer answers 503, or sends requests to targets that do not work.",
    remedy="See the health checks and the readiness of the pods.",
)
def unhealthy_targets(cluster_target_groups: list[Row]) -> Hits:
    for row in cluster_target_groups:
        if row["health"] and "healthy" not in row["health"]:
            yield f"Target group {row['TargetGroupName']}", f"states: {', '.join(sorted(set(row['health'])))}"


@rule(
    "L05",
    LOW,
    "Each load balancer has targets",
    reads=("cluster_load_balancers", "cluster_target_groups"),
    why="A load balancer without targets costs as much as one with.",
    remedy="Delete the Service or Ingress that it belongs to.",
)
def load_balancer_without_targets(cluster_load_balancers: list[Row], cluster_target_groups: list[Row]) -> Hits:
    used = {arn for row in cluster_target_groups if row["health"] for arn in row.get("LoadBalancerArns") or []}
    for row in cluster_load_balancers:
        if row["LoadBalancerArn"] not in used:
            yield name_balancer(row), "none of its target groups has a target"


@rule(
    "F16h",
    LOW,
    "No Service uses a classic load balancer",
    reads=("cluster", "classic_load_balancers"),
    why="Classic load balancers are of the previous generation, and know neither pods as targets nor most features.",
    remedy="Install the AWS Load Balancer Controller, and set spec.loadBalancerClass to service.k8s.aws/nlb in a new Service.",
)
def classic_load_balancer(cluster: Row, classic_load_balancers: list[Row]) -> Hits:
    for row in classic_load_balancers:
        if f"kubernetes.io/cluster/{cluster['name']}" in row["tags"]:
            yield (
                f"Classic load balancer {row['LoadBalancerName']}",
                f"of the Service {row['tags'].get('kubernetes.io/service-name', '?')}",
            )
