"""The recorder: every call with service, operation, principal, time and outcome."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field


@dataclass
class Call:
    """One call as the service saw it; ``time`` in seconds of the sandbox's clock, ``roles`` are ARNs it passed."""

    service: str
    operation: str
    principal: str
    time: float
    status: int
    error: str = ""
    roles: list[str] = field(default_factory=list)


class Recorder:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def rows(self, service: str = "", operation: str = "") -> list[dict[str, object]]:
        with self._lock:
            return [
                asdict(call)
                for call in self._calls
                if service in ("", call.service) and operation in ("", call.operation)
            ]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


# Service prefixes of IAM actions are endpoint prefixes; these operations need an action of another name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ACTIONS = {"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:HeadBucket": "s3:ListBucket", "s3:HeadObject": "s3:GetObject"}
# What a call asks of its caller beside its own action: tags are given at the creation, and who names a launch template must be
# allowed to run instances with it. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html,
# https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html,
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
IMPLIED = {
    "iam:CreateRole": ["iam:TagRole"],
    "iam:CreatePolicy": ["iam:TagPolicy"],
    "iam:CreateOpenIDConnectProvider": ["iam:TagOpenIDConnectProvider"],
    "eks:CreateCluster": ["eks:TagResource"],
    "eks:CreateNodegroup": ["eks:TagResource", "ec2:RunInstances", "ec2:CreateTags"],
    "eks:CreateFargateProfile": ["eks:TagResource"],
    "eks:CreateAddon": ["eks:TagResource"],
    "eks:CreatePodIdentityAssociation": ["eks:TagResource"],
}
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}


def policy(rows: list[dict[str, object]]) -> dict[str, object]:
    """The IAM policy that allows the calls that succeeded, with iam:PassRole for the roles they passed."""
    actions: set[str] = set()
    roles: set[str] = set()
    for row in rows:
        if int(row["status"]) >= 400:
            continue
        action = f"{row['service']}:{row['operation']}"
        if action not in NEEDS_NO_PERMISSION:
            actions |= {ACTIONS.get(action, action), *IMPLIED.get(action, ())}
        roles.update(row["roles"])
    statements: list[dict[str, object]] = [{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}]
    if roles:
        names = sorted("arn:aws:iam::*:role/" + role.split(":role/")[-1] for role in roles)
        statements.append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": names})
    if any(action.startswith("eks:Create") for action in actions):
        condition = {"StringLike": {"iam:AWSServiceName": "eks*.amazonaws.com"}}
        statements.append(
            {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": condition}
        )
    return {"Version": "2012-10-17", "Statement": statements}
