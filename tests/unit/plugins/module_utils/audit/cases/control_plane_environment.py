# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_role, build_subnet

ME = ["Cluster my-cluster"]
GROUP = {"logGroupName": "/aws/eks/my-cluster/cluster"}
NAMED = ["Log group /aws/eks/my-cluster/cluster"]
KEY = {"arn": "arn:aws:kms:key", "KeyState": "Enabled", "rotates": True}
EKS = "eks.amazonaws.com"


def logs(filters=(), **fields):
    return {"cluster": build_cluster(), "log_group": {**GROUP, **fields}, "metric_filters": list(filters)}


def retention(days):
    return {"cluster": build_cluster(), "log_group": {**GROUP, "retentionInDays": days}}


def key(**fields):
    return {"cluster": build_cluster(), "secrets_key": {**KEY, **fields}}


def insights(status, category="MISCONFIGURATION"):
    return {
        "insights": [
            {"name": "hybrid", "category": category, "insightStatus": {"status": status, "reason": "no route"}}
        ]
    }


def subnets(*free):
    rows = [
        build_subnet(f"subnet-{n}", zone=f"zone-{n}", AvailableIpAddressCount=count) for n, count in enumerate(free)
    ]
    return {"cluster": build_cluster(), "cluster_subnets": rows}


def role(**fields):
    return {"cluster": build_cluster(), "cluster_role": build_role("eksClusterRole", EKS, **fields)}


POLICY = {"name": "AmazonEKSClusterPolicy", "arn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", "document": {}}
OTHER = {"name": "AmazonEKSVPCResourceController", "arn": "arn:aws:iam::aws:policy/x", "document": {}}
CASES = {
    "log_retention": Case(retention(7), NAMED, retention(90), ("7",)),
    "logs_unwatched": Case(logs(), NAMED, logs([{"filterName": "denied"}])),
    "secrets_encryption": Case(
        {"cluster": build_cluster()},
        ME,
        {"cluster": build_cluster(encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "arn"}}])},
    ),
    "key_disabled": Case(key(KeyState="PendingDeletion"), ["KMS key arn:aws:kms:key"], key()),
    "key_rotation": Case(key(rotates=False), ["KMS key arn:aws:kms:key"], key()),
    "misconfiguration_insights": Case(insights("ERROR"), ["Insight hybrid"], insights("PASSING"), ("no route",)),
    "control_plane_addresses": Case(subnets(100, 3), ME, subnets(100, 6), ("subnet-1 3",)),
    "cluster_subnets_exist": Case(
        {"cluster": build_cluster(), "subnets": {"subnet-a": {}}},
        ["Subnet subnet-b"],
        {"cluster": build_cluster(), "subnets": {"subnet-a": {}, "subnet-b": {}}},
    ),
    "cluster_groups_exist": Case(
        {"cluster": build_cluster(), "security_groups": {}},
        ["Security group sg-cluster"],
        {"cluster": build_cluster(), "security_groups": {"sg-cluster": {}}},
    ),
    "cluster_role_exists": Case(role(exists=False), ["IAM role eksClusterRole"], role()),
    "cluster_role_policy": Case(
        role(policies=[OTHER]),
        ["IAM role eksClusterRole"],
        role(policies=[POLICY]),
        ("AmazonEKSVPCResourceController",),
    ),
}
