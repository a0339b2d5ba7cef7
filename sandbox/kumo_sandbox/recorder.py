"""The recorder: every call with service, operation, principal, time and outcome."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field

from kumo_sandbox.partitions import read_partition

OF_EVENTS = ("region", "parameters")  # fields for CloudTrail alone
READING = ("Describe", "List", "Get", "GET ", "Head", "Simulate", "AssumeRole")


@dataclass
class Call:
    """One call as the service saw it; ``time`` in seconds of the sandbox's clock, ``roles`` are ARNs it passed.

    ``parameters`` are those of its request, of EKS' calls alone.
    """

    service: str
    operation: str
    principal: str
    time: float
    status: int
    error: str = ""
    roles: list[str] = field(default_factory=list)
    region: str = ""
    parameters: dict[str, object] = field(default_factory=dict)


class Recorder:
    """The calls since they were cleared. ``changes`` counts those that were more than looks and were not refused, and goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self.changes = 0

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            self.changes += call.status < 400 and not call.operation.startswith(READING)

    def rows(self, service: str = "", operation: str = "") -> list[dict[str, object]]:
        with self._lock:
            return [
                {name: value for name, value in asdict(call).items() if name not in OF_EVENTS}
                for call in self._calls
                if service in ("", call.service) and operation in ("", call.operation)
            ]

    def calls(self) -> list[Call]:
        """All calls, the oldest first."""
        with self._lock:
            return list(self._calls)

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
    "eks:CreateCapability": ["eks:TagResource"],
    "eks:RegisterCluster": ["eks:TagResource"],
    "eks:CreatePodIdentityAssociation": ["eks:TagResource"],
}
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}


def build_policy(rows: list[dict[str, object]]) -> dict[str, object]:
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
        names = sorted(f"arn:{read_partition(role)}:iam::*:role/" + role.split(":role/")[-1] for role in roles)
        statements.append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": names})
    if any(action.startswith("eks:Create") for action in actions):
        condition = {"StringLike": {"iam:AWSServiceName": "eks*.amazonaws.com"}}
        statements.append(
            {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": condition}
        )
    return {"Version": "2012-10-17", "Statement": statements}


def build_policy_beside(whole: dict[str, object], first: dict[str, object]) -> dict[str, object]:
    """What a policy (as ``policy`` makes it) allows beside another one; the two together allow what it does."""
    statements = []
    for row in whole["Statement"]:
        fellows = [other for other in first["Statement"] if _is_same_but_lists(row, other)]
        left = {key: _subtract(value, [other[key] for other in fellows]) for key, value in row.items()}
        if not fellows or any(left[key] for key, value in row.items() if isinstance(value, list)):
            statements.append(left)
    return {"Version": whole["Version"], "Statement": statements}


def _is_same_but_lists(one: dict[str, object], other: dict[str, object]) -> bool:
    plain = [{key: value for key, value in row.items() if not isinstance(value, list)} for row in (one, other)]
    return plain[0] == plain[1]


def _subtract(value: object, others: list[object]) -> object:
    """A list without what the others have; anything else as it is."""
    return [item for item in value if not any(item in other for other in others)] if isinstance(value, list) else value
