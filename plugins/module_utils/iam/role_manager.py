# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An IAM role with its customer-managed policy and its instance profile, made and removed together."""

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
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP
from ansible_collections.kumo.eks.plugins.module_utils.iam.instance_profile import (
    InstanceProfileResource,
    is_made_by_karpenter,
    list_instance_profiles,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.managed_policy import ManagedPolicyResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import trusts
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope
from ansible_collections.kumo.eks.plugins.module_utils.iam.well_known_policies import (
    build_inline_policies,
    build_policy_arns,
)

Kept = dict[str, str]  # kind, name, why
NOT_OWN = "it was not created by kumo.eks for this cluster"


@dataclass
class RoleManager:
    """Makes and removes the roles of a cluster; ``iam`` is boto3's client."""

    iam: Any
    scope: IamScope
    check_mode: bool = False

    def reconciler(self, resource: Any) -> Reconciler:
        """The reconciler of a resource of IAM."""
        return Reconciler(resource, check_mode=self.check_mode, wait_timeout=CATCH_UP)

    @staticmethod
    def plan(resource: Any, wanted: dict[str, Any]) -> Outcome:
        """What would become of it; what is refused is refused here."""
        return Reconciler(resource, check_mode=True).ensure_present(wanted)

    def ensure_deleted(self, resource: Any) -> Outcome:
        """Deleted, and seen to be gone."""
        return Reconciler(resource, check_mode=self.check_mode, wait=True, wait_timeout=CATCH_UP).ensure_absent()

    def build_role(self, request: RoleRequest, policies: tuple[str, ...] = ()) -> RoleResource:
        """The role as a resource.

        Args:
            policies: ARNs of policies that the same task makes.
        """
        return RoleResource(
            self.iam,
            request.name,
            self.scope,
            path=request.path,
            new_policies=policies,
            named=request.named,
            adopt=request.adopt,
            extends_trust=request.extends_trust,
            predicts_arn=self.check_mode,
        )

    def _build_policy(self, arn: str, request: RoleRequest) -> ManagedPolicyResource:
        return ManagedPolicyResource(self.iam, arn, self.scope.owner, request.name)

    def _get_policy_arn(self, request: RoleRequest) -> str:
        policy = request.options["policy"]
        return self.scope.build_policy_arn(policy["name"], policy.get("path", "/"))

    # present

    def ensure_present(self, request: RoleRequest) -> dict[str, Outcome]:
        """The parts "policy" and "instance_profile", where the task has them, and "role"."""
        options, arns = request.options, ()
        policy = None
        if "policy" in options:
            arns = (self._get_policy_arn(request),)
            policy = self._build_policy(arns[0], request)
        role = self.build_role(request, arns)
        wanted = {**add_well_known_policies(options, self.scope.partition), "trust_policy": request.trust}
        profile, of_profile = self._plan_profile(request)
        parts = {} if policy is None else {"policy": self._ensure_policy(policy, options, role, wanted)}
        with record_progress(parts):
            parts["role"] = self.reconciler(role).ensure_present(wanted)
            parts["role"].raw["moved"] = role.moved
            if profile:
                parts["instance_profile"] = self.reconciler(profile).ensure_present(of_profile)
        return parts

    def _plan_profile(self, request: RoleRequest) -> tuple[InstanceProfileResource | None, dict[str, Any]]:
        """The instance profile and what is wanted of it; what is refused is refused before there is a role for it."""
        if not request.profile:
            return None, {}
        profile = InstanceProfileResource(self.iam, request.profile, self.scope, request.adopt, self.check_mode)
        wanted = {
            "role": request.name,
            "tags": request.options.get("tags"),
            "purge_tags": request.options.get("purge_tags", True),
        }
        self.plan(profile, wanted)
        return profile, wanted

    def _ensure_policy(
        self, policy: ManagedPolicyResource, options: dict[str, Any], role: RoleResource, of_role: dict[str, Any]
    ) -> Outcome:
        """The policy, once it is known that its role is not refused."""
        if "document" not in options["policy"]:
            raise ValidationError("policy.document: is required unless state is absent.")
        wanted = {"tags": options.get("tags"), "purge_tags": options.get("purge_tags", True), **options["policy"]}
        plan = self.plan(policy, wanted)
        if self.check_mode or not plan.changed:
            return plan
        self.plan(role, of_role)
        return self.reconciler(policy).ensure_present(wanted)

    # absent

    def ensure_absent(
        self,
        request: RoleRequest,
        role: RoleResource,
        raw: dict[str, Any] | None,
        others: list[dict[str, Any]],
        kept: list[Kept],
        sharing: list[str] | None = None,
    ) -> dict[str, Outcome]:
        """The role with the policies and instance profiles made here that it has or that the task names.

        The role goes last: where this ends halfway, the next run finds by it what is left.

        Args:
            raw: what exists of the role.
            others: the statements of its trust policy that are not this request's.
            kept: gets what is not removed.
            sharing: the clusters that share the role, in words; None for all that have marked it.
        """
        staying = self._keep_role(role, raw, others, kept, sharing) if raw else Outcome(False, None)
        leaving = role if staying is None else None
        arns = set(filter(_is_customer_managed, raw["PolicyArns"])) if leaving else set()
        if "policy" in request.options:
            arns.add(self._get_policy_arn(request))
        names = {arn: f"policy {arn}" if len(arns) > 1 else "policy" for arn in arns}
        bounding = {raw["PermissionsBoundary"]} if leaving else set()  # IAM releases a boundary only with the role

        def drop(rows: set[str]) -> dict[str, Outcome]:
            return {
                names[arn]: self._drop_policy(self._build_policy(arn, request), leaving, kept) for arn in sorted(rows)
            }

        parts = drop(arns - bounding)
        if leaving:
            parts |= self._drop_profiles(role, request)
        return {**parts, "role": staying or self._drop_role(role, raw), **drop(arns & bounding)}

    def list_foreign_profiles(self, role: str, of_karpenter: bool = False) -> list[str]:
        """Instance profiles with the role that were not made for this cluster: Karpenter's, or EKS' own of a node group.

        Args:
            of_karpenter: whether those that Karpenter made for this cluster are its own.
        """
        found = self._describe_profiles(role)
        return sorted(name for name, raw in found.items() if not self._owns_profile(raw["tags"], of_karpenter))

    def _describe_profiles(self, role: str, named: str = "") -> dict[str, dict[str, Any]]:
        """The instance profiles that have the role, and the named one where it has no role, as an interrupted removal leaves it."""
        having = list_instance_profiles(self.iam, role)
        names = {*having, *filter(None, [named])}
        found = {name: InstanceProfileResource(self.iam, name, self.scope).describe() for name in sorted(names)}
        return {name: raw for name, raw in found.items() if raw and (name in having or not raw["Role"])}

    def _owns_profile(self, tags: dict[str, str], of_karpenter: bool) -> bool:
        return self.scope.owner in tags or (of_karpenter and is_made_by_karpenter(tags, self.scope.owner))

    def _drop_profiles(self, role: RoleResource, request: RoleRequest) -> dict[str, Outcome]:
        """Delete the instance profiles that were made here with the role, or by Karpenter."""
        found = self._describe_profiles(role.name, request.profile)
        keys = {name: f"instance_profile {name}" if len(found) > 1 else "instance_profile" for name in found}
        return {
            keys[name]: self.ensure_deleted(InstanceProfileResource(self.iam, name, self.scope))
            for name, raw in found.items()
            if self._owns_profile(raw["tags"], request.of_karpenter)
        }

    def _drop_role(self, role: RoleResource, raw: dict[str, Any]) -> Outcome:
        """Deleted; ``before`` is what it was before its policies went."""
        return replace(self.ensure_deleted(role), before=build_options(role.fields, raw))

    def _keep_role(
        self,
        role: RoleResource,
        raw: dict[str, Any],
        others: list[dict[str, Any]],
        kept: list[Kept],
        sharing: list[str] | None,
    ) -> Outcome | None:
        """What becomes of a role that stays; None for one that goes."""
        if not self.is_own(role, raw):
            kept.append(build_kept("role", role.name, NOT_OWN))
            return Outcome(False, raw)
        sharing = list_other_owners(raw["tags"], self.scope.owner) if sharing is None else sharing
        if not (others or sharing):
            return None
        kept.append(
            build_kept("role", role.name, f"others use it, too: {', '.join(sharing) or 'see its trust policy'}")
        )
        return self.release_ownership(role, raw, others, bool(sharing))

    def is_own(self, role: RoleResource, raw: dict[str, Any]) -> bool:
        """Whether the role was made for this cluster, or is adopted."""
        return role.adopt or self.scope.owner in raw["tags"]

    def release_ownership(
        self, role: RoleResource, raw: dict[str, Any], others: list[dict[str, Any]], shared: bool
    ) -> Outcome:
        """Leave the role to others. The mark goes only where another cluster has one: somebody must be left to delete the role."""
        now = raw["AssumeRolePolicyDocument"]
        then = {"Version": VERSION, "Statement": others} if others else now
        unmark = shared and not (others and trusts(then, self.scope.provider_arn))
        before, after = ({"trust_policy": normalize_document(document)} for document in (now, then))
        changed = before != after or unmark
        if changed and not self.check_mode:
            role.release_ownership(others if before != after else None, unmark)
        gone = {self.scope.owner} if unmark else set()
        tags = {key: value for key, value in raw["tags"].items() if key not in gone}
        return Outcome(changed, {**raw, "AssumeRolePolicyDocument": then, "tags": tags}, before, after)

    def _drop_policy(self, policy: ManagedPolicyResource, leaving: RoleResource | None, kept: list[Kept]) -> Outcome:
        """Delete a policy that was made here and that only the leaving role has."""
        raw = policy.describe()
        if raw is None:
            return Outcome(False, None)
        if self.scope.owner not in raw["tags"]:
            kept.append(build_kept("policy", policy.arn, NOT_OWN))
            return Outcome(False, raw)
        sharing = list_other_owners(raw["tags"], self.scope.owner)
        if sharing:
            return self._release_policy(policy, raw, sharing, kept)
        users = policy.list_users(leaving.name if leaving else "")
        if users:
            kept.append(build_kept("policy", policy.arn, f"it is attached to {', '.join(users)}"))
            return Outcome(False, raw)
        if leaving and not self.check_mode:
            leaving.detach(policy.arn)
        return self.ensure_deleted(policy)

    def _release_policy(
        self, policy: ManagedPolicyResource, raw: dict[str, Any], sharing: list[str], kept: list[Kept]
    ) -> Outcome:
        """Leave a policy to the other clusters that it was made for, too."""
        kept.append(build_kept("policy", policy.arn, f"others use it, too: {', '.join(sharing)}"))
        if not self.check_mode:
            policy.release_ownership()
        tags = {key: value for key, value in raw["tags"].items() if key != self.scope.owner}
        return Outcome(True, {**raw, "tags": tags}, {"tags": raw["tags"]}, {"tags": tags})


def _is_customer_managed(arn: str) -> bool:
    """Whether a policy is the account's, and not AWS' own, whose ARN has "aws" for the account."""
    return arn.split(":")[4] != "aws"


def add_well_known_policies(options: dict[str, Any], partition: str) -> dict[str, Any]:
    """The options with the rights behind well_known_policies among policy_arns and inline_policies."""
    names = options.get("well_known_policies")
    if names is None:
        return options
    return {
        **options,
        "policy_arns": [*options.get("policy_arns", []), *build_policy_arns(names, partition)],
        "inline_policies": {**build_inline_policies(names, partition), **options.get("inline_policies", {})},
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
    """A row of the result's ``kept``."""
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


def build_profile_result(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """An instance profile for a result."""
    if raw is None:
        return None
    return {"name": raw["InstanceProfileName"], "arn": raw["Arn"], "role_name": raw["Role"], "tags": raw["tags"]}
