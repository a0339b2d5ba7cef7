# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, day

ME = ["Cluster my-cluster"]


def place(**fields):
    return {"cluster": build_cluster(resourcesVpcConfig=fields)}


def logging(*types):
    return {"cluster": build_cluster(logging={"clusterLogging": [{"types": list(types), "enabled": True}]})}


def versions(status, end="2027-12-01"):
    row = {"clusterVersion": "1.33", "versionStatus": status, "endOfStandardSupportDate": day(end)}
    return {"cluster": build_cluster(), "cluster_versions": [row]}


ALL = ("api", "audit", "authenticator", "controllerManager", "scheduler")
NOW = day("2026-11-27").timestamp()
CASES = {
    "version_support": Case(versions("EXTENDED_SUPPORT"), ME, versions("STANDARD_SUPPORT"), ("EXTENDED_SUPPORT",)),
    "version_support_ends": Case(
        {**versions("STANDARD_SUPPORT", "2026-12-24"), "now": NOW},
        ME,
        {**versions("STANDARD_SUPPORT"), "now": NOW},
        ("2026-12-24",),
    ),
    "upgrade_policy": Case(
        {"cluster": build_cluster(upgradePolicy={"supportType": "EXTENDED"})},
        ME,
        {"cluster": build_cluster(upgradePolicy={"supportType": "STANDARD"})},
    ),
    "control_plane_logs": Case(logging("api", "audit"), ME, logging(*ALL), ("scheduler",)),
    "audit_logs": Case(logging("api", "scheduler", "authenticator"), ME, logging("audit", "authenticator"), ("audit",)),
    "endpoint_public": Case(
        place(endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/0"]),
        ME,
        place(endpointPublicAccess=True, publicAccessCidrs=["10.0.0.0/24"]),
        ("0.0.0.0/0",),
    ),
    "endpoint_cidrs_wide": Case(
        place(endpointPublicAccess=True, publicAccessCidrs=["12.0.0.0/6"]),
        ME,
        place(endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24", "0.0.0.0/0"]),
        ("12.0.0.0/6",),
    ),
    "endpoint_public_at_all": Case(place(endpointPublicAccess=True, publicAccessCidrs=["10.0.0.0/24"]), ME, place()),
    "endpoint_private": Case(place(endpointPrivateAccess=False), ME, place()),
}
