# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster

WEB, GROUP = ["Load balancer web"], ["Target group web"]


def balancer(listeners=(), attributes=None, **fields):
    row = {
        "LoadBalancerName": "web",
        "LoadBalancerArn": "arn:web",
        "Scheme": "internet-facing",
        "Type": "application",
        "AvailabilityZones": [{"ZoneName": "a"}, {"ZoneName": "b"}],
        "listeners": list(listeners),
        "attributes": attributes or {},
        **fields,
    }
    return {"cluster_load_balancers": [row]}


def group(health=("healthy",), attributes=None, **fields):
    row = {
        "TargetGroupName": "web",
        "LoadBalancerArns": ["arn:web"],
        "health": list(health),
        "attributes": attributes or {},
    }
    return {"cluster_target_groups": [{**row, **fields}]}


def classic(**tags):
    return {"cluster": build_cluster(), "classic_load_balancers": [{"LoadBalancerName": "old", "tags": tags}]}


PLAIN, TLS = (
    {"Port": 80, "Protocol": "HTTP"},
    {"Port": 443, "Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
)
OWN = {"kubernetes.io/cluster/my-cluster": "owned"}
CASES = {
    "load_balancer_tls": Case(
        balancer([PLAIN, TLS]), WEB, balancer([{**PLAIN, "DefaultActions": [{"Type": "redirect"}]}, TLS]), ("80",)
    ),
    "load_balancer_tls_policy": Case(
        balancer([{**TLS, "SslPolicy": "ELBSecurityPolicy-2016-08"}]), WEB, balancer([TLS])
    ),
    "load_balancer_logs": Case(balancer(), WEB, balancer(attributes={"access_logs.s3.enabled": "true"})),
    "load_balancer_headers": Case(
        balancer(attributes={"routing.http.desync_mitigation_mode": "monitor"}),
        WEB,
        balancer(attributes={"routing.http.desync_mitigation_mode": "defensive"}),
    ),
    "load_balancer_zones": Case(balancer(AvailabilityZones=[{"ZoneName": "a"}]), WEB, balancer()),
    "deregistration_delay": Case(
        group(), GROUP, group(attributes={"deregistration_delay.timeout_seconds": "30"}), ("300",)
    ),
    "target_type": Case(group(TargetType="instance"), GROUP, group(TargetType="ip")),
    "unhealthy_targets": Case(group(["unhealthy", "draining"]), GROUP, group(["healthy", "unhealthy"]), ("draining",)),
    "load_balancer_without_targets": Case({**balancer(), **group([])}, WEB, {**balancer(), **group()}),
    "classic_load_balancer": Case(classic(**OWN), ["Classic load balancer old"], classic()),
}
