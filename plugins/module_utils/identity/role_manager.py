# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role for pods and the customer-managed policy of its own, kept and removed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import list_other_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import (
    VERSION,
    normalize_document,
    normalize_documents,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import build_options
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import CATCH_UP
from ansible_collections.kumo.eks.plugins.module_utils.iam.managed_policy import ManagedPolicyResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import trusts
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.well_known_policies import (
    INLINE,
    build_inline_document,
    build_policy_arns,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import ClusterContext
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity

Kept = dict[str, str]  # kind, name, why


@dataclass
class RoleManager:
    """Keeps and removes roles of pods on a ground; ``iam`` is boto3's client."""

    iam: Any
    context: ClusterContext
    check_mode: bool = False

    def reconciler(self, resource: Any) -> Reconciler:
        return Reconciler(resource, check_mode=self.check_mode, wait_timeout=CATCH_UP)

    @staticmethod
    def plan(resource: Any, wanted: dict[str, Any]) -> Outcome:
        """What would become of it; what is refused is refused here."""
        return Reconciler(resource, check_mode=True).ensure_present(wanted)

    def ensure_deleted(self, resource: Any) -> Outcome:
        """Deleted, and seen to be gone."""
        return Reconciler(resource, check_mode=self.check_mode, wait=True, wait_timeout=CATCH_UP).ensure_absent()

    def resource(self, identity: Identity, policies: tuple[str, ...] = ()) -> RoleResource:
        return RoleResource(self.iam, self.context.role_arn(identity), self.context.owner, policies, identity.named)

    def _policy(self, arn: str, identity: Identity) -> ManagedPolicyResource:
        return ManagedPolicyResource(self.iam, arn, self.context.owner, identity.role_name)

    # present

    def ensure_present(self, identity: Identity, trust: dict[str, Any]) -> dict[str, Outcome]:
        """The parts "policy", where the task has one, and "role"."""
        options, arns = identity.options, ()
        policy = None
        if "policy" in options:
            arns = (self.context.policy_arn(options["policy"]),)
            policy = self._policy(arns[0], identity)
        role = self.resource(identity, arns)
        wanted = {**with_well_known(options, self.context.partition), "trust_policy": trust}
        parts = {} if policy is None else {"policy": self._present_policy(policy, options, role, wanted)}
        parts["role"] = self.reconciler(role).ensure_present(wanted)
        return parts

    def _present_policy(
        self, policy: ManagedPolicyResource, options: dict[str, Any], role: RoleResource, of_role: dict[str, Any]
    ) -> Outcome:
        """The policy, once it is known that its role is not refused."""
        if "document" not in options["policy"]:
            raise ValidationError("policy.document: is needed where the policy is to be there")
        wanted = {"tags": options.get("tags"), "purge_tags": options.get("purge_tags", True), **options["policy"]}
        plan = self.plan(policy, wanted)
        if self.check_mode or not plan.changed:
            return plan
        self.plan(role, of_role)
        return self.reconciler(policy).ensure_present(wanted)

    # absent

    def ensure_absent(
        self,
        identity: Identity,
        role: RoleResource,
        raw: dict[str, Any] | None,
        others: list[dict[str, Any]],
        kept: list[Kept],
    ) -> dict[str, Outcome]:
        """The policies made here that the role has or that the task names, and the role.

        The role goes last: where this ends halfway, the next run finds by it what is left.

        Args:
            raw: what stands of the role.
            others: the statements of its trust that are not this identity's.
            kept: gets what is not removed.
        """
        staying = self._staying(role, raw, others, kept) if raw else Outcome(False, None)
        leaving = role if staying is None else None
        arns = {arn for arn in raw["PolicyArns"] if f":{self.context.account}:policy/" in arn} if leaving else set()
        if "policy" in identity.options:
            arns.add(self.context.policy_arn(identity.options["policy"]))
        names = {arn: f"policy {arn}" if len(arns) > 1 else "policy" for arn in arns}
        bounding = {raw["PermissionsBoundary"]} if leaving else set()  # IAM lets go of a boundary only with the role

        def drop(rows: set[str]) -> dict[str, Outcome]:
            return {names[arn]: self._absent_policy(self._policy(arn, identity), leaving, kept) for arn in sorted(rows)}

        return {**drop(arns - bounding), "role": staying or self._removed_role(role, raw), **drop(arns & bounding)}

    def _removed_role(self, role: RoleResource, raw: dict[str, Any]) -> Outcome:
        """Deleted; what it was is what stood before its policies went."""
        return replace(self.ensure_deleted(role), before=build_options(role.fields, raw))

    def _staying(
        self, role: RoleResource, raw: dict[str, Any], others: list[dict[str, Any]], kept: list[Kept]
    ) -> Outcome | None:
        """What becomes of a role that stays; None for one that goes."""
        if self.context.owner not in raw["tags"]:
            kept.append(build_kept("role", role.name, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        sharing = list_other_owners(raw["tags"], self.context.owner)
        if not (others or sharing):
            return None
        kept.append(
            build_kept("role", role.name, f"others take it, too: {', '.join(sharing) or 'see its trust policy'}")
        )
        return self._release_ownership(role, raw, others, bool(sharing))

    def _release_ownership(
        self, role: RoleResource, raw: dict[str, Any], others: list[dict[str, Any]], shared: bool
    ) -> Outcome:
        """Leave the role to others. Only where another cluster has it, too, its mark may go: somebody must be left to delete it."""
        now = raw["AssumeRolePolicyDocument"]
        then = {"Version": VERSION, "Statement": others} if others else now
        unmark = shared and not (others and trusts(then, self.context.provider_arn))
        before, after = ({"trust_policy": normalize_document(document)} for document in (now, then))
        changed = before != after or unmark
        if changed and not self.check_mode:
            role.release_ownership(others if before != after else None, unmark)
        gone = {self.context.owner} if unmark else set()
        tags = {key: value for key, value in raw["tags"].items() if key not in gone}
        return Outcome(changed, {**raw, "AssumeRolePolicyDocument": then, "tags": tags}, before, after)

    def _absent_policy(self, policy: ManagedPolicyResource, leaving: RoleResource | None, kept: list[Kept]) -> Outcome:
        """Delete a policy that was made here and that nobody but the leaving role has."""
        raw = policy.describe()
        if raw is None:
            return Outcome(False, None)
        if self.context.owner not in raw["tags"]:
            kept.append(build_kept("policy", policy.arn, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        sharing = list_other_owners(raw["tags"], self.context.owner)
        if sharing:
            return self._share_policy(policy, raw, sharing, kept)
        users = policy.users(leaving.name if leaving else "")
        if users:
            kept.append(build_kept("policy", policy.arn, f"it is attached to {', '.join(users)}"))
            return Outcome(False, raw)
        if leaving and not self.check_mode:
            leaving.detach(policy.arn)
        return self.ensure_deleted(policy)

    def _share_policy(
        self, policy: ManagedPolicyResource, raw: dict[str, Any], sharing: list[str], kept: list[Kept]
    ) -> Outcome:
        """Leave a policy to the other clusters it was made for, too."""
        kept.append(build_kept("policy", policy.arn, f"others have it, too: {', '.join(sharing)}"))
        if not self.check_mode:
            policy.release_ownership()
        tags = {key: value for key, value in raw["tags"].items() if key != self.context.owner}
        return Outcome(True, {**raw, "tags": tags}, {"tags": raw["tags"]}, {"tags": tags})


def with_well_known(options: dict[str, Any], partition: str) -> dict[str, Any]:
    """The options with the rights behind well_known_policies among policy_arns and inline_policies."""
    names = options.get("well_known_policies")
    if names is None:
        return options
    inline = {name: build_inline_document(name) for name in names if name in INLINE}
    return {
        **options,
        "policy_arns": [*options.get("policy_arns", []), *build_policy_arns(names, partition)],
        "inline_policies": {**inline, **options.get("inline_policies", {})},
    }


@contextmanager
def record_progress(parts: dict[str, Outcome]) -> Iterator[None]:
    """A failure says that the task has changed something, where a part before it has."""
    try:
        yield
    except Exception as error:
        if any(part.changed for part in parts.values()):
            add_facts(error, {"changed": True})
        raise


def build_kept(kind: str, name: str, why: str) -> Kept:
    """A line for the result's ``kept``."""
    return {"kind": kind, "name": name, "why": why}


def build_role_result(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A role for a result, policy documents as documents."""
    if raw is None:
        return None
    return {
        "role_name": raw["RoleName"],
        "arn": raw["Arn"],
        "path": raw["Path"],
        "trust_policy": normalize_document(raw["AssumeRolePolicyDocument"]),
        "policy_arns": sorted(raw["PolicyArns"]),
        "inline_policies": normalize_documents(raw["InlinePolicies"]),
        "permissions_boundary": raw["PermissionsBoundary"],
        "max_session_duration": raw["MaxSessionDuration"],
        "description": raw["Description"],
        "tags": raw["tags"],
    }


def build_policy_result(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A customer-managed policy for a result."""
    if raw is None:
        return None
    return {
        "arn": raw["Arn"],
        "document": normalize_document(raw["Document"]),
        "default_version": raw["DefaultVersionId"],
        "tags": raw["tags"],
    }
