# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_nodegroup, build_object, build_subnet, day

ME = ["Cluster my-cluster"]
NOW = day("2026-11-27").timestamp()


def insight(status="PASSING", category="UPGRADE_READINESS", summary=None, refreshed="2026-11-27"):
    row = {
        "name": "kubelets",
        "category": category,
        "kubernetesVersion": "1.34",
        "lastRefreshTime": day(refreshed),
        "insightStatus": {"status": status, "reason": "three behind"},
        "categorySpecificSummary": summary or {},
    }
    return {"insights": [row]}


def versions(*rows):
    found = [{"clusterVersion": version, "versionStatus": "STANDARD_SUPPORT"} for version in rows]
    return {"cluster": build_cluster(), "cluster_versions": found}


def group(version):
    return {"cluster": build_cluster(), "nodegroups": [build_nodegroup(version=version)]}


def addresses(count):
    row = build_subnet("subnet-a", AvailableIpAddressCount=count)
    return {"nodegroups": [build_nodegroup(subnets=["subnet-a"])], "subnets": {"subnet-a": row}}


def fargate(version):
    labels = {"labels": {"eks.amazonaws.com/compute-type": "fargate"}}
    node = build_object("fargate-1", metadata=labels, status={"nodeInfo": {"kubeletVersion": version}})
    return {"cluster": build_cluster(), "nodes": [node]}


def deprecated(*agents):
    one = {
        "usage": "/apis/x/v1beta1",
        "stopServingVersion": "1.34",
        "clientStats": [{"userAgent": name} for name in agents],
    }
    return insight("ERROR", summary={"deprecationDetails": [one]})


NAME = ["Insight kubelets"]
ADDON = {"addonCompatibilityDetails": [{"name": "coredns", "compatibleVersions": ["v1.12"]}]}
CASES = {
    "newer_version": Case(versions("1.33", "1.34"), ME, versions("1.32", "1.33")),
    "upgrade_insights": Case(insight("ERROR"), NAME, insight(), ("three behind",)),
    "upgrade_insights_warn": Case(insight("UNKNOWN"), NAME, insight("ERROR")),
    "stale_insights": Case(
        {"cluster": build_cluster(), **insight(refreshed="2026-11-01"), "now": NOW},
        ME,
        {"cluster": build_cluster(), **insight(), "now": NOW},
    ),
    "removed_api_clients": Case(deprecated("kubectl/1.20"), ["API /apis/x/v1beta1"], deprecated(), ("kubectl/1.20",)),
    "nodegroup_blocks_upgrade": Case(group("1.30"), ["Node group general"], group("1.31")),
    "addon_blocks_upgrade": Case(
        {"cluster": build_cluster(), **insight("ERROR", summary=ADDON)},
        ["Add-on coredns"],
        {"cluster": build_cluster(), **insight("PASSING", summary=ADDON)},
    ),
    "rollback_readiness": Case(insight("ERROR", "ROLLBACK_READINESS"), NAME, insight("PASSING", "ROLLBACK_READINESS")),
    "surge_addresses": Case(addresses(5), ["Node group general"], addresses(50)),
    "fargate_version": Case(fargate("v1.32.9-eks-1"), ["Node fargate-1"], fargate("v1.33.1-eks-1")),
}
