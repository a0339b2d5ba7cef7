# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role for pods and the customer-managed policy of its own, kept and removed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.addon_policies import INLINE, inline_document, managed_arns
from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused, with_facts
from ansible_collections.kumo.eks.plugins.module_utils.fields import shown
from ansible_collections.kumo.eks.plugins.module_utils.ground import Ground
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import VERSION, canonical, canonicals, trusts
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import Identity
from ansible_collections.kumo.eks.plugins.module_utils.ownership import other_owners
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Outcome, Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.resources.iam import CATCH_UP
from ansible_collections.kumo.eks.plugins.module_utils.resources.managed_policy import ManagedPolicyResource
from ansible_collections.kumo.eks.plugins.module_utils.resources.pod_role import PodRoleResource

Kept = dict[str, str]  # kind, name, why


@dataclass
class RoleKeeper:
    """Keeps and removes roles of pods on a ground; ``iam`` is boto3's client."""

    iam: Any
    ground: Ground
    check_mode: bool = False

    def reconciler(self, resource: Any) -> Reconciler:
        return Reconciler(resource, check_mode=self.check_mode, wait_timeout=CATCH_UP)

    @staticmethod
    def planned(resource: Any, wanted: dict[str, Any]) -> Outcome:
        """What would become of it; what is refused is refused here."""
        return Reconciler(resource, check_mode=True).ensure_present(wanted)

    def removed(self, resource: Any) -> Outcome:
        """Deleted, and seen to be gone."""
        return Reconciler(resource, check_mode=self.check_mode, wait=True, wait_timeout=CATCH_UP).ensure_absent()

    def resource(self, identity: Identity, policies: tuple[str, ...] = ()) -> PodRoleResource:
        return PodRoleResource(self.iam, self.ground.role_arn(identity), self.ground.owner, policies, identity.named)

    def _policy(self, arn: str, identity: Identity) -> ManagedPolicyResource:
        return ManagedPolicyResource(self.iam, arn, self.ground.owner, identity.role_name)

    # present

    def present(self, identity: Identity, trust: dict[str, Any]) -> dict[str, Outcome]:
        """The parts "policy", where the task has one, and "role"."""
        options, arns = identity.options, ()
        policy = None
        if "policy" in options:
            arns = (self.ground.policy_arn(options["policy"]),)
            policy = self._policy(arns[0], identity)
        role = self.resource(identity, arns)
        wanted = {**with_well_known(options, self.ground.partition), "trust_policy": trust}
        parts = {} if policy is None else {"policy": self._present_policy(policy, options, role, wanted)}
        parts["role"] = self.reconciler(role).ensure_present(wanted)
        return parts

    def _present_policy(
        self, policy: ManagedPolicyResource, options: dict[str, Any], role: PodRoleResource, of_role: dict[str, Any]
    ) -> Outcome:
        """The policy, once it is known that its role is not refused."""
        if "document" not in options["policy"]:
            raise Refused("policy.document: is needed where the policy is to be there")
        wanted = {"tags": options.get("tags"), "purge_tags": options.get("purge_tags", True), **options["policy"]}
        planned = self.planned(policy, wanted)
        if self.check_mode or not planned.changed:
            return planned
        self.planned(role, of_role)
        return self.reconciler(policy).ensure_present(wanted)

    # absent

    def absent(
        self,
        identity: Identity,
        role: PodRoleResource,
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
        arns = {arn for arn in raw["PolicyArns"] if f":{self.ground.account}:policy/" in arn} if leaving else set()
        if "policy" in identity.options:
            arns.add(self.ground.policy_arn(identity.options["policy"]))
        names = {arn: f"policy {arn}" if len(arns) > 1 else "policy" for arn in arns}
        bounding = {raw["PermissionsBoundary"]} if leaving else set()  # IAM lets go of a boundary only with the role

        def drop(rows: set[str]) -> dict[str, Outcome]:
            return {names[arn]: self._absent_policy(self._policy(arn, identity), leaving, kept) for arn in sorted(rows)}

        return {**drop(arns - bounding), "role": staying or self._removed_role(role, raw), **drop(arns & bounding)}

    def _removed_role(self, role: PodRoleResource, raw: dict[str, Any]) -> Outcome:
        """Deleted; what it was is what stood before its policies went."""
        return replace(self.removed(role), before=shown(role.fields, raw))

    def _staying(
        self, role: PodRoleResource, raw: dict[str, Any], others: list[dict[str, Any]], kept: list[Kept]
    ) -> Outcome | None:
        """What becomes of a role that stays; None for one that goes."""
        if self.ground.owner not in raw["tags"]:
            kept.append(not_removed("role", role.name, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        sharing = other_owners(raw["tags"], self.ground.owner)
        if not (others or sharing):
            return None
        kept.append(
            not_removed("role", role.name, f"others take it, too: {', '.join(sharing) or 'see its trust policy'}")
        )
        return self._let_go(role, raw, others, bool(sharing))

    def _let_go(
        self, role: PodRoleResource, raw: dict[str, Any], others: list[dict[str, Any]], shared: bool
    ) -> Outcome:
        """Leave the role to others. Only where another cluster has it, too, its mark may go: somebody must be left to delete it."""
        now = raw["AssumeRolePolicyDocument"]
        then = {"Version": VERSION, "Statement": others} if others else now
        unmark = shared and not (others and trusts(then, self.ground.provider_arn))
        before, after = ({"trust_policy": canonical(document)} for document in (now, then))
        changed = before != after or unmark
        if changed and not self.check_mode:
            role.let_go(others if before != after else None, unmark)
        gone = {self.ground.owner} if unmark else set()
        tags = {key: value for key, value in raw["tags"].items() if key not in gone}
        return Outcome(changed, {**raw, "AssumeRolePolicyDocument": then, "tags": tags}, before, after)

    def _absent_policy(
        self, policy: ManagedPolicyResource, leaving: PodRoleResource | None, kept: list[Kept]
    ) -> Outcome:
        """Delete a policy that was made here and that nobody but the leaving role has."""
        raw = policy.describe()
        if raw is None:
            return Outcome(False, None)
        if self.ground.owner not in raw["tags"]:
            kept.append(not_removed("policy", policy.arn, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        sharing = other_owners(raw["tags"], self.ground.owner)
        if sharing:
            return self._share_policy(policy, raw, sharing, kept)
        users = policy.users(leaving.name if leaving else "")
        if users:
            kept.append(not_removed("policy", policy.arn, f"it is attached to {', '.join(users)}"))
            return Outcome(False, raw)
        if leaving and not self.check_mode:
            leaving.detach(policy.arn)
        return self.removed(policy)

    def _share_policy(
        self, policy: ManagedPolicyResource, raw: dict[str, Any], sharing: list[str], kept: list[Kept]
    ) -> Outcome:
        """Leave a policy to the other clusters it was made for, too."""
        kept.append(not_removed("policy", policy.arn, f"others have it, too: {', '.join(sharing)}"))
        if not self.check_mode:
            policy.let_go()
        tags = {key: value for key, value in raw["tags"].items() if key != self.ground.owner}
        return Outcome(True, {**raw, "tags": tags}, {"tags": raw["tags"]}, {"tags": tags})


def with_well_known(options: dict[str, Any], partition: str) -> dict[str, Any]:
    """The options with the rights behind well_known_policies among policy_arns and inline_policies."""
    names = options.get("well_known_policies")
    if names is None:
        return options
    inline = {name: inline_document(name) for name in names if name in INLINE}
    return {
        **options,
        "policy_arns": [*options.get("policy_arns", []), *managed_arns(names, partition)],
        "inline_policies": {**inline, **options.get("inline_policies", {})},
    }


@contextmanager
def telling_of(parts: dict[str, Outcome]) -> Iterator[None]:
    """A failure says that the task has changed something, where a part before it has."""
    try:
        yield
    except Exception as error:
        if any(part.changed for part in parts.values()):
            with_facts(error, {"changed": True})
        raise


def not_removed(kind: str, name: str, why: str) -> Kept:
    """A line for the result's ``kept``."""
    return {"kind": kind, "name": name, "why": why}


def shown_role(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A role for a result, policy documents as documents."""
    if raw is None:
        return None
    return {
        "role_name": raw["RoleName"],
        "arn": raw["Arn"],
        "path": raw["Path"],
        "trust_policy": canonical(raw["AssumeRolePolicyDocument"]),
        "policy_arns": sorted(raw["PolicyArns"]),
        "inline_policies": canonicals(raw["InlinePolicies"]),
        "permissions_boundary": raw["PermissionsBoundary"],
        "max_session_duration": raw["MaxSessionDuration"],
        "description": raw["Description"],
        "tags": raw["tags"],
    }


def shown_policy(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A customer-managed policy for a result."""
    if raw is None:
        return None
    return {
        "arn": raw["Arn"],
        "document": canonical(raw["Document"]),
        "default_version": raw["DefaultVersionId"],
        "tags": raw["tags"],
    }
