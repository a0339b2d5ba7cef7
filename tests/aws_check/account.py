"""What of a check is in the account, by its names and its tag."""

from __future__ import annotations

from typing import Any

import boto3
from support.account import ec2 as listed
from support.account.iam import list_providers
from support.account.pages import list_rows

TAG = "kumo-aws-check"  # of everything that the check creates; its value is the cluster's name


def list_left(session: boto3.session.Session, cluster: str) -> list[str]:
    """The ids of what there is of a cluster that a check created."""
    clusters = list_rows(session.client("eks"), "list_clusters", "clusters")
    found = [f"cluster {name}" for name in clusters if name == cluster]
    return found + _list_tagged(session.client("ec2"), cluster) + _list_identities(session.client("iam"), cluster)


def _list_tagged(ec2: Any, cluster: str) -> list[str]:
    rows = {kind: listed.list_kind(ec2, kind, (TAG, cluster)) for kind in listed.KINDS}
    return [row[name] for kind, (_member, name) in listed.KINDS.items() for row in rows[kind]]


def _list_identities(iam: Any, cluster: str) -> list[str]:
    roles = [row["RoleName"] for row in list_rows(iam, "list_roles", "Roles")]
    found = [f"role {name}" for name in roles if name.startswith(f"{cluster}.")]
    tag = {"Key": TAG, "Value": cluster}
    return found + [row["Arn"] for row in list_providers(iam) if tag in row.get("Tags", [])]


def delete_logs(session: boto3.session.Session, cluster: str) -> None:
    """Delete the control plane's log group: EKS creates it, and leaves it when the cluster is deleted."""
    logs = session.client("logs")
    name = f"/aws/eks/{cluster}/cluster"
    for row in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
        if row["logGroupName"] == name:
            logs.delete_log_group(logGroupName=name)
