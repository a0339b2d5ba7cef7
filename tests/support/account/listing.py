# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything in an account with all of its settings, as AWS describes it, without moments. What is gone does not count."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

from support.account.ec2 import list_ec2
from support.account.eks import list_eks
from support.account.iam import list_iam, list_roles_anywhere
from support.account.pages import GONE, Listing, list_rows

# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
CONTROL_PLANE_LOGS = re.compile(r"/aws/eks/[^/]+/cluster")
ORDERED = ("instanceTypes",)  # their order is the priority for On-Demand capacity


def list_account(client: Callable[[str], Any]) -> Listing:
    """Every resource of EC2, Auto Scaling, Elastic Load Balancing, IAM, EKS, KMS and Logs, by kind.

    Args:
        client: gives the boto3 client of a service: ``sandbox.client``, ``session.client``.
    """
    found = {
        **list_ec2(client("ec2")),
        **_list_around_ec2(client),
        **list_iam(client("iam")),
        **list_roles_anywhere(client("rolesanywhere")),
        **list_eks(client("eks")),
        "keys": _list_keys(client("kms")),
        "log_groups": list_rows(client("logs"), "describe_log_groups", "logGroups"),
    }
    return {kind: tidy(rows) for kind, rows in found.items()}


def leave_out_remains(listing: Listing) -> Listing:
    """Without what EKS creates and never deletes: service-linked roles, and the log groups of control planes."""
    roles = [row for row in listing["roles"] if not row["Path"].startswith("/aws-service-role/")]
    groups = [row for row in listing["log_groups"] if not CONTROL_PLANE_LOGS.fullmatch(row["logGroupName"])]
    return {**listing, "roles": roles, "log_groups": groups}


def _list_around_ec2(client: Callable[[str], Any]) -> Listing:
    groups = list_rows(client("autoscaling"), "describe_auto_scaling_groups", "AutoScalingGroups")
    kept = ("MinSize", "MaxSize", "DesiredCapacity", "Tags", "VPCZoneIdentifier")
    return {
        "auto_scaling_groups": [{key: row.get(key) for key in kept} for row in groups],
        "classic_load_balancers": list_rows(client("elb"), "describe_load_balancers", "LoadBalancerDescriptions"),
        "load_balancers": list_rows(client("elbv2"), "describe_load_balancers", "LoadBalancers"),
    }


def _list_keys(kms: Any) -> list[Any]:
    rows = [kms.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in list_rows(kms, "list_keys", "Keys")]
    own = [row for row in rows if row["KeyManager"] == "CUSTOMER" and row["KeyState"].lower() not in GONE]
    return [
        {
            **row,
            "policy": kms.get_key_policy(KeyId=row["KeyId"], PolicyName="default")["Policy"],
            "tags": kms.list_resource_tags(KeyId=row["KeyId"])["Tags"],
        }
        for row in own
    ]


def tidy(value: Any) -> Any:
    """Without moments and the wrapping of an answer; lists in one order, but where the order is a setting."""
    if isinstance(value, dict):
        kept = {key: word for key, word in value.items() if key != "ResponseMetadata" and not _is_moment(word)}
        return {key: word if key in ORDERED else tidy(word) for key, word in kept.items()}
    if isinstance(value, list):
        return sorted((tidy(word) for word in value), key=lambda word: json.dumps(word, sort_keys=True, default=str))
    return value


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime.datetime)
