# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role for pods and the customer-managed policy of its own, kept and removed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.addon_policies import INLINE, inline_document, managed_arns
from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused, with_facts
from ansible_collections.kumo.eks.plugins.module_utils.ground import Ground
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import VERSION, canonical, canonicals
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import Identity
from ansible_collections.kumo.eks.plugins.module_utils.ownership import owners
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

    def removed(self, resource: Any) -> Outcome:
        """Deleted, and seen to be gone."""
        return Reconciler(resource, check_mode=self.check_mode, wait=True, wait_timeout=CATCH_UP).ensure_absent()

    def resource(self, identity: Identity, policies: tuple[str, ...] = ()) -> PodRoleResource:
        return PodRoleResource(self.iam, self.ground.role_arn(identity), self.ground.owner, policies)

    def present(self, identity: Identity, trust: dict[str, Any]) -> dict[str, Outcome]:
        """The parts "policy", where the task has one, and "role"."""
        parts, options, arns = {}, identity.options, ()
        if "policy" in options:
            arn = self.ground.policy_arn(options["policy"])
            arns = (arn,)
            parts["policy"] = self._present_policy(arn, options)
        role = self.resource(identity, arns)
        rights = with_well_known(options, self.ground.partition)
        parts["role"] = self.reconciler(role).ensure_present({**rights, "trust_policy": trust})
        return parts

    def _present_policy(self, arn: str, options: dict[str, Any]) -> Outcome:
        policy = options["policy"]
        if "document" not in policy:
            raise Refused("policy.document: is needed where the policy is to be there")
        wanted = {"tags": options.get("tags"), "purge_tags": options.get("purge_tags", True), **policy}
        return self.reconciler(ManagedPolicyResource(self.iam, arn, self.ground.owner)).ensure_present(wanted)

    def absent(
        self,
        identity: Identity,
        role: PodRoleResource,
        raw: dict[str, Any] | None,
        others: list[dict[str, Any]],
        kept: list[Kept],
    ) -> dict[str, Outcome]:
        """The role, and the policies made here that it has or that the task names.

        Args:
            raw: what stands of the role.
            others: the statements of its trust that are not this identity's.
            kept: gets what is not removed.
        """
        parts = {"role": self._remove_role(role, raw, others, kept)}
        gone = parts["role"].changed and parts["role"].raw is None
        arns = [arn for arn in raw["PolicyArns"] if f":{self.ground.account}:policy/" in arn] if raw and gone else []
        if "policy" in identity.options:
            arns = sorted({*arns, self.ground.policy_arn(identity.options["policy"])})
        for arn in arns:
            name = "policy" if len(arns) == 1 else f"policy {arn}"
            parts[name] = self._absent_policy(arn, identity.role_name if gone else None, kept)
        return parts

    def _remove_role(
        self, role: PodRoleResource, raw: dict[str, Any] | None, others: list[dict[str, Any]], kept: list[Kept]
    ) -> Outcome:
        if raw is None:
            return Outcome(False, None)
        if self.ground.owner not in raw["tags"]:
            kept.append(not_removed("role", role.name, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        sharing = [f"{name} in {region}" for region, name in owners(raw["tags"]) if (region, name) != self._me]
        if not (others or sharing):
            return self.removed(role)
        why = f"others take it, too: {', '.join(sharing) or 'see its trust policy'}; this cluster lets go of it"
        kept.append(not_removed("role", role.name, why))
        if not self.check_mode:
            role.let_go(others)
        now = raw["AssumeRolePolicyDocument"]
        then = {"Version": VERSION, "Statement": others} if others else now
        tags = {key: value for key, value in raw["tags"].items() if key != self.ground.owner}
        before, after = ({"trust_policy": canonical(document)} for document in (now, then))
        return Outcome(True, {**raw, "AssumeRolePolicyDocument": then, "tags": tags}, before, after)

    @property
    def _me(self) -> tuple[str, str]:
        return self.ground.region, self.ground.cluster

    def _absent_policy(self, arn: str, leaving: str | None, kept: list[Kept]) -> Outcome:
        """Delete a policy that was made here and that nobody but the leaving role has."""
        policy = ManagedPolicyResource(self.iam, arn, self.ground.owner)
        raw = policy.describe()
        if raw is None:
            return Outcome(False, None)
        if self.ground.owner not in raw["tags"]:
            kept.append(not_removed("policy", arn, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        users = [user for user in policy.users() if user != f"role {leaving}"]
        if users:
            kept.append(not_removed("policy", arn, f"it is attached to {', '.join(users)}"))
            return Outcome(False, raw)
        return self.removed(policy)


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
