"""The targets of target groups that a TargetGroupBinding names.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/targetgroupbinding/targets_manager.go
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from kumo_sandbox.aws_interfaces import StackRefusedError

FAILED = "FailedReconcile"


def find_target_type(elbv2: Any, target_group: str) -> str:
    try:
        rows = elbv2.describe_target_groups(TargetGroupArns=[target_group])["TargetGroups"]
    except ClientError as error:
        raise _refuse(error) from error
    return str(rows[0]["TargetType"])


def set_targets(elbv2: Any, target_group: str, targets: frozenset[tuple[str, int]]) -> None:
    """Register what is missing and deregister what nobody wants; a target group that is gone has no targets."""
    try:
        there = _list_targets(elbv2, target_group)
        if old := there - targets:
            elbv2.deregister_targets(TargetGroupArn=target_group, Targets=_write(old))
        if new := targets - there:
            elbv2.register_targets(TargetGroupArn=target_group, Targets=_write(new))
    except ClientError as error:
        if error.response["Error"]["Code"] == "TargetGroupNotFound" and not targets:
            return
        raise _refuse(error) from error


def _list_targets(elbv2: Any, target_group: str) -> frozenset[tuple[str, int]]:
    rows = elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    return frozenset((row["Target"]["Id"], row["Target"]["Port"]) for row in rows)


def _write(targets: frozenset[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"Id": name, "Port": port} for name, port in sorted(targets)]


def _refuse(error: ClientError) -> StackRefusedError:
    said = error.response["Error"]
    return StackRefusedError(
        FAILED, f"Failed reconcile due to operation error {error.operation_name}, {said['Code']}: {said['Message']}"
    )
