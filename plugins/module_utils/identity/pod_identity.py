# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod identity association, the role that is managed for it, and on request its service account, as a composite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import list_other_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import is_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import PROPAGATION_TIMEOUT, Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import (
    PodIdentityAssociationResource,
    describe_associations,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import (
    build_pod_identity_trust,
    list_other_statements,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import (
    Kept,
    RoleManager,
    build_kept,
    build_policy_result,
    build_role_result,
    record_progress,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_options import ROLE_ARN
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import ClusterContext
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.service_account import (
    ROLE,
    ServiceAccountResource,
    is_ours,
)

LONGEST_WAIT = (
    PROPAGATION_TIMEOUT + 60
)  # seconds: EKS may not see the role yet, and an association itself is made at once
LEFT = (
    "the association has another role now, and pods that run may use this one until they are restarted. When they are, delete it with"
    " kumo.eks.eks_iam_role: name, purpose=custom and state=absent"
)
SHOWN = ("namespace", "name", "annotations", "labels")  # of a service account
OPTIONS = ("role_arn", "target_role_arn", "disable_session_tags", "session_policy", "tags", "purge_tags")


@dataclass
class PodIdentityManager:
    """Creates and removes associations of a cluster; ``eks`` and ``iam`` are boto3's clients.

    Args:
        named: ARNs of all roles that the task names.
        owned: whether an association gets the mark of its owner from the call that creates it.
        api: the cluster's Kubernetes API; None where no service account is written, or the cluster does not exist.
    """

    eks: Any
    iam: Any
    context: ClusterContext
    check_mode: bool = False
    named: frozenset[str] = frozenset()
    api: KubernetesApi | None = None
    owned: bool = False

    def __post_init__(self) -> None:
        self._roles = RoleManager(self.iam, self.context.scope, self.check_mode)

    def _build_association(self, identity: Identity, wait: bool = False, plan: bool = False) -> Reconciler:
        resource = PodIdentityAssociationResource(self.eks, self.context.cluster, identity.accounts[0])
        resource.owner = self.context.owner if self.owned else ""
        replace = bool(identity.options.get("replace"))
        return Reconciler(resource, self.check_mode or plan, wait, LONGEST_WAIT, replace)

    def ensure_present(self, identity: Identity) -> Outcome:
        """The role first, where the task describes one, the association that names it, and then the service account.

        A pod gets credentials only if the association is there when it starts, so the service account is last.
        """
        parts: dict[str, Outcome] = {}
        kept: list[Kept] = []
        wanted = {name: identity.options[name] for name in OPTIONS if name in identity.options}
        with record_progress(parts):
            if identity.manages_role:
                self._ensure_role_present(identity, wanted, parts)
            if "association" not in parts:
                parts["association"] = self._build_association(identity).ensure_present(wanted)
            self._report_left_role(identity, parts["association"], kept)
            if identity.options.get("create_service_account"):
                account = self._roles.reconciler(self._build_account(identity))
                parts["service_account"] = account.ensure_present({"annotations": {}, "labels": None})
        return _combine(parts, kept)

    def _ensure_role_present(self, identity: Identity, wanted: dict[str, Any], parts: dict[str, Outcome]) -> None:
        """The role, once it is known that its association is not refused; and the association where nothing of it changes."""
        arn = self.context.build_role_arn(identity)
        plan = self._build_association(identity, plan=True).ensure_present({**wanted, "role_arn": arn})
        parts.update(self._roles.ensure_present(identity.build_role_request(build_pod_identity_trust())))
        wanted["role_arn"] = parts["role"].raw["Arn"]
        if wanted["role_arn"] == arn and not plan.changed:
            parts["association"] = plan

    def _report_left_role(self, identity: Identity, association: Outcome, kept: list[Kept]) -> None:
        """Report a role of this cluster that nothing has any more, because the association got another one.

        It is not deleted: pods have its credentials for hours, and a deleted role refuses them at once.
        """
        arn = association.before.get("role_arn")
        match = ROLE_ARN.fullmatch(arn or "")
        if not match or arn == association.after.get("role_arn") or arn in self.named:
            return
        role = self._roles.build_role(RoleRequest(match[4], match[3]))
        lost = f"it was not checked whether IAM role {arn}, which the association of {identity.name} does not have any more, is left over"
        raw = look_if_allowed(role.describe, None, "iam:GetRole", lost)
        if raw is None or raw["Arn"] != arn or self.context.owner not in raw["tags"] or self._list_others(raw):
            return
        if not self._list_users(arn, identity.name):
            kept.append(build_kept("role", role.name, LEFT))

    def list_unlisted(self, listed: set[str]) -> list[Identity]:
        """Associations that were created for the cluster and are not among these service accounts; those of add-ons are the add-ons'."""
        rows = describe_associations(self.eks, self.context.cluster, {}, listed)
        found = [row for row in rows if is_unlisted(row.get("tags"), self.context.owner) and not row.get("ownerArn")]
        return [self._read_association(row) for row in found]

    @staticmethod
    def _read_association(raw: dict[str, Any]) -> Identity:
        """An association as an identity whose role is to go with it, if it was created for the cluster."""
        match = ROLE_ARN.fullmatch(raw["roleArn"])
        options = {"create_service_account": True}
        return Identity((Account(raw["namespace"], raw["serviceAccount"]),), match[4], match[3], None, options)

    def ensure_absent(self, identity: Identity) -> Outcome:
        """The service account, the association, and then the role that was made for it, if no other association has it."""
        parts: dict[str, Outcome] = {}
        kept: list[Kept] = []
        with record_progress(parts):
            if identity.options.get("create_service_account") and self.api:
                parts["service_account"] = self._ensure_account_absent(identity, kept)
            parts["association"] = self._build_association(identity, wait=True).ensure_absent()
            if identity.role_arn is None:
                parts.update(self.ensure_role_absent(identity, kept))
        return _combine(parts, kept)

    def _build_account(self, identity: Identity) -> ServiceAccountResource:
        account = identity.accounts[0]
        return ServiceAccountResource(self.api, account.namespace, account.name, create_namespace=True)

    def _ensure_account_absent(self, identity: Identity, kept: list[Kept]) -> Outcome:
        """Delete the service account, if it was created here and has no role of IRSA."""
        resource = self._build_account(identity)
        raw = resource.describe()
        if raw is None:
            return Outcome(False, None)
        role = raw["annotations"].get(ROLE)
        if is_ours(raw) and role is None:
            return self._roles.ensure_deleted(resource)
        why = f"it names an IAM role, {role}" if role else "it was not created by kumo.eks"
        kept.append(build_kept("service account", identity.name, why))
        return Outcome(False, raw)

    def ensure_role_absent(self, identity: Identity, kept: list[Kept]) -> dict[str, Outcome]:
        """The role removed, if no other association has it."""
        role = self._roles.build_role(identity.build_role_request())
        raw = role.describe()
        if raw is None and "policy" not in identity.options:
            return {}
        users = self._list_users(raw["Arn"], identity.name) if raw else []
        if users:
            kept.append(build_kept("role", role.name, f"it is used by the associations of {', '.join(users)}"))
            return {"role": Outcome(False, raw)}
        return self._roles.ensure_absent(
            identity.build_role_request(), role, raw, self._list_others(raw) if raw else [], kept
        )

    def _list_others(self, raw: dict[str, Any]) -> list[dict[str, Any]]:
        """The statements that stay. Where other clusters have the role all do, for the one statement lets in the pods of every cluster."""
        document = raw["AssumeRolePolicyDocument"]
        shared = list_other_owners(raw["tags"], self.context.owner)
        return as_list(document["Statement"]) if shared else list_other_statements(document, build_pod_identity_trust())

    def _list_users(self, arn: str, leaving: str) -> list[str]:
        """The service accounts of other associations of the cluster that have the role."""
        rows = describe_associations(self.eks, self.context.cluster, {}) if self.context.exists else []
        names = [f"{row['namespace']}/{row['serviceAccount']}" for row in rows if row["roleArn"] == arn]
        return sorted(name for name in names if name != leaving)


def _combine(parts: dict[str, Outcome], kept: list[Kept]) -> Outcome:
    """One outcome of several parts; ``raw`` is the result as users see it."""
    association = parts["association"].raw
    result = {
        "association": {key: value for key, value in convert_answer(association).items() if key != "status"}
        if association
        else None,
        "role": build_role_result(parts["role"].raw) if "role" in parts else None,
        "policy": build_policy_result(parts["policy"].raw) if "policy" in parts else None,
        "kept": kept,
    }
    if "service_account" in parts:
        account = parts["service_account"].raw
        result["service_account"] = account and {key: account[key] for key in SHOWN}
    return Outcome(
        any(part.changed for part in parts.values()),
        result,
        {name: part.before for name, part in parts.items()},
        {name: part.after for name, part in parts.items()},
        replaced=parts["association"].replaced,
    )
