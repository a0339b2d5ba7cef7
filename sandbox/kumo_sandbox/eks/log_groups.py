"""The log group of a cluster: it appears when a kind of log is switched on, and nothing but its owner deletes it.

https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from kumo_sandbox.eks.context import Context
from kumo_sandbox.eks.store import Raw


def ensure_log_group(ctx: Context, cluster: Raw) -> None:
    """Make /aws/eks/NAME/cluster where the cluster has logs and no such group."""
    if not any(row["enabled"] for row in cluster["logging"]["clusterLogging"]):
        return
    try:
        ctx.aws_context.client("logs", ctx.region).create_log_group(logGroupName=f"/aws/eks/{cluster['name']}/cluster")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
