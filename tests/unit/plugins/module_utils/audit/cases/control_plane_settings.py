# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, day

ME = ["Cluster my-cluster"]
NOW = day("2026-11-27").timestamp()


def cluster(**fields):
    return {"cluster": build_cluster(**fields)}


def authority(key="ca-1", end="2036-01-01", **fields):
    return {
        "id": key,
        "signingStatus": "IN_USE",
        "distributionStatus": "COMPLETE",
        "validity": {"notAfter": day(end)},
        **fields,
    }


def authorities(*rows):
    return {"cluster": build_cluster(), "certificate_authorities": list(rows)}


def mode(name):
    return cluster(accessConfig={"authenticationMode": name})


ROUTED = build_cluster(resourcesVpcConfig={"controlPlaneEgressMode": "CUSTOMER_ROUTED"})
CASES = {
    "deletion_protection": Case(cluster(deletionProtection=False), ME, cluster()),
    "authentication_mode": Case(mode("CONFIG_MAP"), ME, mode("API_AND_CONFIG_MAP")),
    "authentication_by_config_map": Case(mode("API_AND_CONFIG_MAP"), ME, mode("API")),
    "cluster_health": Case(
        cluster(health={"issues": [{"code": "KmsKeyDisabled", "message": "the key"}]}),
        ME,
        cluster(),
        ("KmsKeyDisabled",),
    ),
    "cluster_status": Case(cluster(status="FAILED"), ME, cluster()),
    "scaling_tier": Case(cluster(controlPlaneScalingConfig={"tier": "tier-xl"}), ME, cluster()),
    "component_settings": Case(cluster(kubeApiServerConfig={"eventTtl": "2h"}), ME, cluster()),
    "zonal_shift": Case(cluster(), ME, cluster(zonalShiftConfig={"enabled": True})),
    "cluster_tags": Case(cluster(tags={"kumo.eks/r/my-cluster": "owned"}), ME, cluster(tags={"team": "shop"})),
    "certificate_authority_expires": Case(
        {**authorities(authority(end="2027-01-01")), "now": NOW},
        ME,
        {**authorities(authority(end="2027-01-01"), authority("ca-2", signingStatus="NOT_USED")), "now": NOW},
        ("2027-01-01",),
    ),
    "certificate_authority_pending": Case(
        authorities(
            authority(),
            authority("ca-2", signingStatus="NOT_USED", scheduledEvents={"firstAutoActivation": day("2027-03-01")}),
        ),
        ME,
        authorities(authority()),
        ("2027-03-01",),
    ),
    "egress_without_route": Case(
        {"cluster": ROUTED, "cluster_subnets": [{"SubnetId": "subnet-a", "kind": "isolated"}]},
        ["Subnet subnet-a"],
        {"cluster": ROUTED, "cluster_subnets": [{"SubnetId": "subnet-a", "kind": "private"}]},
    ),
}
