# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_nodegroup, build_object, day

ACCOUNT, ME, GENERAL = ["Account 123456789012"], ["Cluster my-cluster"], ["Node group general"]
NOW = day("2026-11-27").timestamp()
OWN = {"kubernetes.io/cluster/my-cluster": "owned"}


def features(**rows):
    found = {name: {"Name": name, "Status": "ENABLED" if on else "DISABLED"} for name, on in rows.items()}
    return {"cluster": build_cluster(), "guardduty_features": found}


def support(status):
    return {"cluster": build_cluster(), "cluster_versions": [{"clusterVersion": "1.33", "versionStatus": status}]}


def group(**fields):
    return {"nodegroups": [build_nodegroup(**fields)]}


def volume(**fields):
    row = {
        "VolumeId": "vol-1",
        "VolumeType": "gp3",
        "State": "in-use",
        "Size": 8,
        "CreateTime": day("2026-01-01"),
        "tags": OWN,
    }
    return {"cluster": build_cluster(), "volumes": [{**row, **fields}]}


def quota(name, limit, **values):
    return {"cluster": build_cluster(), "service_quotas": {name: {"Value": limit}}, **values}


def balancers(number):
    quotas = {
        f"elasticloadbalancing {kind} Load Balancers per Region": {"Value": 5.0} for kind in ("Application", "Network")
    }
    return {"cluster": build_cluster(), "service_quotas": quotas, "load_balancers": [{"Type": "network"}] * number}


def pods(number):
    rows = [build_object(f"p{n}", "shop", spec={"nodeName": "one"}, status={"phase": "Running"}) for n in range(number)]
    return {"nodes": [build_object("one", status={"allocatable": {"pods": "10"}})], "pods": rows}


def logs(**fields):
    return {"cluster": build_cluster(), "log_groups": [{"logGroupName": "/aws/eks/my-cluster/cluster", **fields}]}


CASES = {
    "guardduty_audit_logs": Case(features(EKS_AUDIT_LOGS=False), ACCOUNT, features(EKS_AUDIT_LOGS=True)),
    "guardduty_runtime": Case(features(), ACCOUNT, features(RUNTIME_MONITORING=True)),
    "extended_support": Case(support("EXTENDED_SUPPORT"), ME, support("STANDARD_SUPPORT")),
    "old_generation": Case(
        {"nodegroup_types": {"general": ["m4.large", "m6i.large"]}},
        GENERAL,
        {"nodegroup_types": {"general": ["m6i.large"]}},
    ),
    "no_graviton": Case(
        {"cluster": build_cluster(), **group()},
        ME,
        {"cluster": build_cluster(), **group(amiType="AL2023_ARM_64_STANDARD")},
    ),
    "gp2_volumes": Case(volume(VolumeType="gp2"), ["Volume vol-1"], volume()),
    "unattached_volumes": Case({**volume(State="available"), "now": NOW}, ["Volume vol-1"], {**volume(), "now": NOW}),
    "logs_for_ever": Case(logs(), ["Log group /aws/eks/my-cluster/cluster"], logs(retentionInDays=90)),
    "cost_tags": Case(group(tags={"eks:x": "1"}), GENERAL, group(tags={"team": "shop"})),
    "quota_clusters": Case(
        quota("eks Clusters", 10.0, cluster_names=["x"] * 9), ACCOUNT, quota("eks Clusters", 100.0, cluster_names=["x"])
    ),
    "quota_nodegroups": Case(
        quota("eks Managed node groups per cluster", 1.0, nodegroups=[{}]),
        ME,
        quota("eks Managed node groups per cluster", 30.0, nodegroups=[{}]),
    ),
    "quota_load_balancers": Case(balancers(4), ACCOUNT, balancers(3), ("4 of 5 network",)),
    "quota_target_groups": Case(
        quota("elasticloadbalancing Target Groups per Region", 2.0, target_groups=[{}, {}]),
        ACCOUNT,
        quota("elasticloadbalancing Target Groups per Region", 3000.0, target_groups=[{}]),
    ),
    "pods_per_node": Case(pods(9), ["Node one"], pods(8)),
}
