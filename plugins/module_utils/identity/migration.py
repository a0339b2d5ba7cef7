# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From IRSA to EKS Pod Identity: which service accounts and add-ons move, what has to be done for each, and in which order.

A pod keeps from its start the way in which it gets its role: by an association, if there is one, else by the annotation. So a role trusts
both, then the association is created, then the annotation goes, then pods are replaced, and only when no pod is left that started with
IRSA, the role stops to trust the OIDC provider.
https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/handler/handler.go (buildPodPatchConfig)
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog, describe_configuration
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import (
    PodIdentityAssociationResource,
    describe_associations,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import (
    build_pod_identity_trust,
    build_subject,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import RoleManager
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_options import ROLE_ARN
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import (
    is_allowed,
    list_conditions,
    list_federated,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import ClusterContext
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, SERVICE_ACCOUNT
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.service_account import OURS, ROLE

Row = dict[str, Any]
SERVICE_ACCOUNT_KIND, ADDON = "service account", "add-on"
# "Associations are eventually consistent": https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html#pod-id-considerations
SETTLE = 15.0  # seconds
LONGEST_WAIT = 240  # seconds, for EKS to see that a role trusts EKS Pod Identity
OF_IRSA = "AWS_WEB_IDENTITY_TOKEN_FILE"  # what the webhook sets in a pod that starts with the annotation
FARGATE = "fargate-scheduler"
SUBJECT = re.compile(r"system:serviceaccount:([^:*?]+):([^:*?]+)")
TRUST, ASSOCIATE, UPDATE, ANNOTATION, UNTRUST = (
    "trust EKS Pod Identity",
    "create the association",
    "update the add-on",
    "remove the annotation",
    "stop trusting the OIDC provider",
)


@dataclass
class Move:
    """One service account, or one add-on, and what has to be done for it.

    Args:
        role_arn: its role by IRSA.
        accounts: the service accounts that get the role by associations.
        why: why it stays as it is; empty where it moves.
        steps: what is still to be done now, in its order.
        pending: what has to wait for something, and for what.
    """

    kind: str
    name: str
    role_arn: str
    accounts: list[Account]
    why: str = ""
    steps: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """What the result says of it."""
        if self.why:
            return "skipped"
        return "pending" if self.pending else "migrated"

    def build_row(self) -> Row:
        """The move for a result."""
        row = {
            "kind": self.kind,
            "name": self.name,
            "role_arn": self.role_arn,
            "state": self.state,
            "steps": self.steps,
        }
        return {**row, "pending": self.pending, "why": self.why}


@dataclass
class Migration:
    """Plans and makes the moves of a cluster; ``eks`` and ``iam`` are boto3's clients.

    Args:
        remove_irsa: whether annotations go, and the trust of the OIDC provider when no pod needs it.
        wait_timeout: in seconds, for the update of an add-on.
        settle: waits until new associations count for new pods.
    """

    eks: Any
    iam: Any
    api: KubernetesApi
    context: ClusterContext
    remove_irsa: bool = False
    check_mode: bool = False
    wait_timeout: int = 1200
    settle: Callable[[], None] = lambda: time.sleep(SETTLE)
    before: Row = field(default_factory=dict)
    after: Row = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._roles = RoleManager(self.iam, self.context.scope, self.check_mode)
        self._found: dict[str, Row | None] = {}  # roles by ARN

    # the plan

    def find_moves(self, accounts: list[str] | None, addons: list[str] | None) -> list[Move]:
        """What has a role by IRSA.

        Args:
            accounts: names of service accounts, like production/reader; None for all.
            addons: names of add-ons; None for all.
        """
        pods = list(self.api.list(POD))
        found = list(self._find_addons(addons))
        of_addons = {account for move in found for account in move.accounts}
        rows = [row for row in self.api.list(SERVICE_ACCOUNT) if ROLE in (row["metadata"].get("annotations") or {})]
        known = {(row["namespace"], row["serviceAccount"]): row["roleArn"] for row in self._list_associations()}
        for row in rows:
            account = Account(row["metadata"]["namespace"], row["metadata"]["name"])
            if account in of_addons or (accounts is not None and str(account) not in accounts):
                continue
            arn = row["metadata"]["annotations"][ROLE]
            move = Move(SERVICE_ACCOUNT_KIND, str(account), arn, [account])
            self._plan(move, pods, known)
            found.append(move)
        found += self._find_trusts(found, accounts, known)
        self._plan_untrust(found, pods, {str(Account(*key)): arn for key, arn in known.items()})
        return found

    def _list_associations(self) -> list[Row]:
        return describe_associations(self.eks, self.context.cluster, {})

    def _find_addons(self, names: list[str] | None) -> Iterator[Move]:
        """The add-ons with a role by IRSA, each with the service account that it moves to."""
        listed = list_names(self.eks, "list_addons", "addons", self.context.cluster)
        wanted = [name for name in listed if names is None or name in names]
        cluster = self.context.cluster
        rows = describe_all(
            wanted, lambda name: describe_or_none(self.eks.describe_addon, "addon", clusterName=cluster, addonName=name)
        )
        for raw in rows:
            if raw.get("serviceAccountRoleArn"):
                yield self._plan_addon(raw)

    def _plan_addon(self, raw: Row) -> Move:
        name, arn = raw["addonName"], raw["serviceAccountRoleArn"]
        offered = describe_configuration(self.eks, name, raw["addonVersion"])["pod_identity_configuration"]
        named = [row["service_account"] for row in offered]
        subjects = [Account(*pair) for pair in SUBJECT.findall(" ".join(self._list_subjects(arn)))]
        fitting = [account for account in subjects if account.name in named]
        namespace = (raw.get("namespaceConfig") or {}).get("namespace") or "kube-system"
        accounts = fitting or ([Account(namespace, named[0])] if len(named) == 1 else [])
        move = Move(ADDON, name, arn, accounts)
        move.why = self._explain_role(arn)
        if not named:
            move.why = "EKS does not offer EKS Pod Identity for this version of the add-on"
        elif not accounts:
            move.why = f"its role names none of its service accounts {', '.join(named)}. Set pod_identity_associations of eks_addon"
        if not move.why:
            move.steps = [*self._plan_trust(arn), UPDATE]
        return move

    def _plan(self, move: Move, pods: list[Row], known: dict[tuple[str, str], str]) -> None:
        """The steps of a service account."""
        account = move.accounts[0]
        other = known.get((account.namespace, account.name))
        move.why = self._explain_role(move.role_arn)
        if any(pod["spec"].get("schedulerName") == FARGATE for pod in _list_pods(pods, account)):
            move.why = "its pods run on Fargate, where there is no EKS Pod Identity"
        elif other not in (None, move.role_arn):
            move.why = f"it has an association with another role, {other}"
        if move.why:
            return
        move.steps = [*self._plan_trust(move.role_arn), *([] if other else [ASSOCIATE])]
        if self.remove_irsa:
            move.steps.append(ANNOTATION)

    def _explain_role(self, arn: str) -> str:
        """Why a role cannot be given by EKS Pod Identity; empty where it can."""
        match = ROLE_ARN.fullmatch(arn)
        if not match or arn.split(":")[4] != self.context.account:
            return f"its role {arn} is not one of this account. Use target_role_arn of eks_pod_identity"
        return "" if self._describe_role(arn) else f"its role {arn} does not exist"

    def _plan_trust(self, arn: str) -> list[str]:
        document = self._get_trust(arn)
        (wanted,) = build_pod_identity_trust()["Statement"]
        return [] if is_allowed(document, wanted) else [TRUST]

    def _find_trusts(
        self, moves: list[Move], accounts: list[str] | None, known: dict[tuple[str, str], str]
    ) -> list[Move]:
        """Service accounts that moved before, and whose roles still trust the OIDC provider."""
        if not self.remove_irsa:
            return []
        there = {str(account) for move in moves for account in move.accounts}
        found = []
        for (namespace, name), arn in known.items():
            account = Account(namespace, name)
            if str(account) in there or (accounts is not None and str(account) not in accounts):
                continue
            if not self._explain_role(arn) and build_subject(namespace, name) in self._list_subjects(arn):
                found.append(Move(SERVICE_ACCOUNT_KIND, str(account), arn, [account]))
        return found

    def _plan_untrust(self, moves: list[Move], pods: list[Row], known: dict[str, str]) -> None:
        """The last step of each role, where all that it trusts by IRSA has moved and no pod needs it any more."""
        if not self.remove_irsa:
            return
        working = [move for move in moves if not move.why]
        moving = {build_subject(one.namespace, one.name) for move in working for one in move.accounts}
        for move in working:
            subjects = self._list_subjects(move.role_arn)
            if not subjects:
                continue
            sharing = [one for one in working if one.role_arn == move.role_arn]
            reason = _explain_delay(sorted(set(subjects) - moving), sharing, pods)
            if reason:
                move.pending.append(f"{UNTRUST}: {reason}")
            else:
                move.steps.append(UNTRUST)

    # roles

    def _build_role(self, arn: str) -> RoleResource:
        match = ROLE_ARN.fullmatch(arn)
        return self._roles.build_role(RoleRequest(match[4], match[3]))

    def _describe_role(self, arn: str) -> Row | None:
        if arn not in self._found:
            raw = self._build_role(arn).describe()
            self._found[arn] = raw if raw and raw["Arn"] == arn else None
        return self._found[arn]

    def _get_trust(self, arn: str) -> Row:
        return (self._describe_role(arn) or {}).get("AssumeRolePolicyDocument") or {"Statement": []}

    def _list_subjects(self, arn: str) -> list[str]:
        """The service accounts, or patterns of them, that a role trusts by this cluster's OIDC provider; "*" for all."""
        provider = self.context.provider_arn
        key = f"{self.context.issuer.removeprefix('https://')}:sub"
        rows = [row for row in as_list(self._get_trust(arn)["Statement"]) if provider in list_federated(row)]
        found = [[one for dummy, values in list_conditions(row, key) for one in values] or ["*"] for row in rows]
        return sorted({one for values in found for one in values})

    # the work

    def run(self, moves: list[Move]) -> None:
        """Make the moves, each step for all of them before the next step for any."""
        work = [move for move in moves if not move.why]
        for arn in dict.fromkeys(move.role_arn for move in work if TRUST in move.steps):
            self._trust(arn)
        made = [move for move in work if ASSOCIATE in move.steps]
        for move in made:
            self._associate(move)
        for move in work:
            if UPDATE in move.steps:
                self._update_addon(move)
        leaving = [move for move in work if ANNOTATION in move.steps]
        if made and leaving and not self.check_mode:
            self.settle()  # a pod that starts without the annotation gets its role by the association
        for move in leaving:
            self._remove_annotation(move)
        for arn in dict.fromkeys(move.role_arn for move in work if UNTRUST in move.steps):
            self._untrust(arn)

    def _trust(self, arn: str) -> None:
        wanted = {"trust_policy": build_pod_identity_trust(), "purge_trust": False, "purge_policies": False}
        outcome = self._roles.reconciler(self._build_role(arn)).ensure_present(wanted)
        self._note(f"role {arn}", outcome.before, outcome.after)
        self._found.pop(arn, None)

    def _associate(self, move: Move) -> None:
        resource = PodIdentityAssociationResource(self.eks, self.context.cluster, move.accounts[0])
        outcome = Reconciler(resource, self.check_mode, wait_timeout=LONGEST_WAIT).ensure_present(
            {"role_arn": move.role_arn}
        )
        self._note(f"association {move.name}", outcome.before, outcome.after)

    def _update_addon(self, move: Move) -> None:
        """One update takes the role by IRSA and gives the associations, so that the add-on is never without."""
        rows = [{"service_account": account.name, "role_arn": move.role_arn} for account in move.accounts]
        item = {"name": move.name, "pod_identity_associations": rows, "service_account_role_arn": ""}
        catalog = AddonCatalog(self.eks, self.context.cluster)
        resource = AddonResource(self.eks, self.context.cluster, item, catalog)
        outcome = Reconciler(resource, self.check_mode, True, self.wait_timeout).ensure_present(item)
        self._note(f"add-on {move.name}", outcome.before, outcome.after)

    def _remove_annotation(self, move: Move) -> None:
        account = move.accounts[0]
        self._note(f"service account {move.name}", {"annotations": {ROLE: move.role_arn}}, {"annotations": {}})
        if not self.check_mode:
            gone = {"metadata": {"annotations": dict.fromkeys(OURS)}}
            self.api.patch(SERVICE_ACCOUNT, account.name, gone, account.namespace)

    def _untrust(self, arn: str) -> None:
        """The role trusts all others as before."""
        now = self._get_trust(arn)
        rows = [row for row in as_list(now["Statement"]) if self.context.provider_arn not in list_federated(row)]
        self._note(f"role {arn}", {"trust_policy": now}, {"trust_policy": {**now, "Statement": rows}})
        if not self.check_mode:
            self._build_role(arn).release_ownership(rows, False)

    def _note(self, name: str, before: Row, after: Row) -> None:
        """A part of the diff; of two changes of one thing, what was before the first and is after the last."""
        if before != after:
            self.before[name] = {**before, **self.before.get(name, {})}
            self.after[name] = {**self.after.get(name, {}), **after}


def _explain_delay(others: list[str], sharing: list[Move], pods: list[Row]) -> str:
    """Why a role has to trust the OIDC provider for a while; empty where it has not.

    Args:
        others: whom else it trusts by the provider.
        sharing: all moves with the role.
    """
    if others:
        return f"the role also trusts {', '.join(others)}"
    users = [
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for move in sharing
        for account in move.accounts
        for pod in _list_pods(pods, account)
        if _has_irsa(pod)
    ]
    # Pods that start until the annotation is gone, or the add-on is updated, are none that were looked at
    if not users and not any({UPDATE, ANNOTATION} & set(move.steps) for move in sharing):
        return ""
    which = f" ({', '.join(users[:3])}{' and more' if len(users) > 3 else ''})" if users else ""
    return f"pods that started with IRSA{which} are replaced first. Restart them, and run the task again"


def _list_pods(pods: list[Row], account: Account) -> list[Row]:
    """The pods of a service account that have not ended."""
    return [
        pod
        for pod in pods
        if pod["metadata"]["namespace"] == account.namespace
        and pod["spec"].get("serviceAccountName") == account.name
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    ]


def _has_irsa(pod: Row) -> bool:
    """Whether a pod started with IRSA: the webhook set where its token is."""
    containers = [*pod["spec"].get("containers", []), *pod["spec"].get("initContainers", [])]
    return any(row.get("name") == OF_IRSA for one in containers for row in one.get("env") or [])
