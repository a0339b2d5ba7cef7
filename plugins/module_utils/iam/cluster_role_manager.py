# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles of a cluster made, and removed when nobody uses them any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import list_owners
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.iam.access_entry import AccessEntries
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role import ClusterRole
from ansible_collections.kumo.eks.plugins.module_utils.iam.instance_profile import list_instance_profiles
from ansible_collections.kumo.eks.plugins.module_utils.iam.purposes import PURPOSES
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import (
    NOT_OWN,
    Kept,
    RoleManager,
    build_kept,
    build_policy_result,
    build_profile_result,
    build_role_result,
    record_progress,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import (
    Usage,
    UsageFinder,
    list_assumers,
    list_live_providers,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import list_providers

# Purposes of roles that have access entries
HAVE_ENTRIES = ("node", "self_managed_node", "karpenter_node", "auto_mode_node", "hybrid_node", "fargate", "custom")
OF_EKS = "eks-"  # begins the names of instance profiles that EKS makes for managed node groups, and deletes with them


@dataclass
class ClusterRoleManager:
    """Makes and removes the roles of a cluster.

    Args:
        roles: makes and removes one role with its policy and its instance profile.
        finder: finds the users of roles that are to be removed.
        entries: the cluster's access entries, which go with the roles of nodes and pods.
    """

    roles: RoleManager
    finder: UsageFinder
    entries: AccessEntries
    _found: dict[str, dict[str, Any] | None] = field(default_factory=dict)  # the roles to remove, by name
    _usage: Usage = field(default_factory=Usage)

    def describe_roles(self, names: list[str]) -> list[dict[str, Any]]:
        """The roles of these names that exist, as results show them."""
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            found = pool.map(lambda name: self.roles.build_role(RoleRequest(name)).describe(), names)
            return [build_role_result(raw) for raw in found if raw]

    def find_users(self, roles: list[dict[str, Any]]) -> tuple[dict[str, list[str]], list[str]]:
        """(what uses each role, by the role's name, and what could not be looked at)."""
        usage = self.finder.find_users(frozenset().union(*(list_assumers(row["trust_policy"]) for row in roles)))
        users = {row["role_name"]: sorted(usage.users.get(row["arn"], [])) for row in roles}
        for row in roles:
            providers = list_live_providers(self.roles.iam, list_providers(row["trust_policy"]))
            profiles = list_instance_profiles(self.roles.iam, row["role_name"])
            users[row["role_name"]] += [f"service accounts by {arn}" for arn in providers]
            users[row["role_name"]] += [f"instance profile {name}" for name in profiles]
        return users, usage.unknown

    def ensure_present(self, role: ClusterRole) -> Outcome:
        """The role as it is described."""
        parts = self.roles.ensure_present(role.request)
        return self._combine(role, parts, [])

    # absent

    def prepare_removal(self, roles: list[ClusterRole]) -> None:
        """Look once at all roles that are to go, and at who uses them."""
        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            found = list(pool.map(lambda role: self.roles.build_role(role.request).describe(), roles))
        self._found = {role.name: raw for role, raw in zip(roles, found, strict=True)}
        own = [role for role, raw in zip(roles, found, strict=True) if raw and self._is_own(role, raw)]
        if own:
            self._usage = self.finder.find_users(frozenset().union(*map(self._list_assumers, own)))

    def _is_own(self, role: ClusterRole, raw: dict[str, Any]) -> bool:
        return self.roles.is_own(self.roles.build_role(role.request), raw)

    def _list_assumers(self, role: ClusterRole) -> frozenset[str]:
        """Who may assume the role by its trust policy, which somebody may have changed, and who by its purpose."""
        return list_assumers(self._found[role.name]["AssumeRolePolicyDocument"]) | {PURPOSES[role.purpose].service}

    def ensure_absent(self, role: ClusterRole) -> Outcome:
        """The role removed, unless somebody uses it. ``prepare_removal`` comes before."""
        resource, raw = self.roles.build_role(role.request), self._found.get(role.name)
        kept: list[Kept] = []
        if raw is None:
            return self._combine(role, self.roles.ensure_absent(role.request, resource, None, [], kept), kept)
        if not self.roles.is_own(resource, raw):
            return self._combine(role, {"role": Outcome(False, raw)}, [build_kept("role", role.name, NOT_OWN)])
        sharing, reason = self._list_sharing(raw), self._explain_use(role, raw)
        parts: dict[str, Outcome] = {}
        with record_progress(parts):
            if reason:
                kept.append(build_kept("role", role.name, reason))
                parts["role"] = self._keep(resource, raw, sharing)
            else:
                parts.update(self.roles.ensure_absent(role.request, resource, raw, [], kept, sharing))
                if parts["role"].raw is None:
                    self._delete_entry(role, raw["Arn"], kept)
        return self._combine(role, parts, kept)

    def _delete_entry(self, role: ClusterRole, arn: str, kept: list[Kept]) -> None:
        if role.purpose not in HAVE_ENTRIES or self.roles.check_mode:
            return
        reason = self.entries.delete(arn)
        if reason:
            kept.append(build_kept("access entry", arn, reason))

    def _keep(self, resource: RoleResource, raw: dict[str, Any], sharing: list[str]) -> Outcome:
        """A role that is in use stays; one that only others use any more is left to them."""
        if sharing and not self._is_used_here(raw):
            return self.roles.release_ownership(resource, raw, [], True)
        return Outcome(False, raw)

    def _is_used_here(self, raw: dict[str, Any]) -> bool:
        return bool(self._usage.unknown) or raw["Arn"] in self._usage.by_own_cluster

    def _explain_use(self, role: ClusterRole, raw: dict[str, Any]) -> str:
        """Why the role is kept; empty where nobody uses it."""
        reason = self._usage.explain(raw["Arn"])
        if reason:
            return reason
        providers = list_live_providers(self.roles.iam, list_providers(raw["AssumeRolePolicyDocument"]))
        if providers:
            return f"service accounts can assume it by {', '.join(providers)}"
        profiles = self._list_profiles(role)
        return f"it is used by {', '.join(f'instance profile {profile}' for profile in profiles)}" if profiles else ""

    def _list_profiles(self, role: ClusterRole) -> list[str]:
        """Instance profiles of others that have the role.

        EKS deletes its own a moment after the node group is gone, so for a while only those that stay count.
        """
        found = self.roles.list_foreign_profiles(role.name, role.request.of_karpenter)
        if not found or not all(profile.startswith(OF_EKS) for profile in found):
            return found
        if self.roles.check_mode:
            return found if self.finder.leaving.is_empty else []

        def observe() -> tuple[bool, list[str], str]:
            rows = self.roles.list_foreign_profiles(role.name, role.request.of_karpenter)
            return not rows or deadline.seconds_left() <= 0, rows, ", ".join(rows)

        deadline = Deadline(CATCH_UP)
        return poll(observe, f"The deletion of instance profiles of IAM role {role.name}", Deadline(2 * CATCH_UP))

    def _list_sharing(self, raw: dict[str, Any]) -> list[str]:
        """The other clusters that the role was made for, too, and that exist."""
        mine = self.roles.scope.owner
        pairs = [pair for pair in list_owners(raw["tags"]) if not mine.endswith("/".join(pair))]
        return [f"{cluster} in {region}" for region, cluster in pairs if self.finder.has_cluster(region, cluster)]

    def _combine(self, role: ClusterRole, parts: dict[str, Outcome], kept: list[Kept]) -> Outcome:
        """One outcome of the parts; ``raw`` is the result as users see it, before and after are by part."""
        raw = parts["role"].raw if "role" in parts else None
        policy, profile = parts.get("policy"), parts.get("instance_profile")
        result = {
            "iam_role_name": role.name,
            "arn": raw["Arn"] if raw else None,
            "purpose": role.purpose,
            "nodegroup": role.nodegroup or None,
            "role": build_role_result(raw),
            "policy": build_policy_result(policy.raw) if policy else None,
            "instance_profile": build_profile_result(profile.raw) if profile else None,
            "policies_put_inline": (raw or {}).get("moved", []),
            "kept": kept,
        }
        return Outcome(
            any(part.changed for part in parts.values()),
            result,
            {name: part.before for name, part in parts.items()},
            {name: part.after for name, part in parts.items()},
        )
