# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod identity association and the role that is kept for it, as a composite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import snake
from ansible_collections.kumo.eks.plugins.module_utils.ground import Ground
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import listed, pod_identity_trust, trust_without
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import Identity
from ansible_collections.kumo.eks.plugins.module_utils.ownership import other_owners
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Outcome, Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.resources.iam import CATCH_UP
from ansible_collections.kumo.eks.plugins.module_utils.resources.pod_identity import PodIdentityResource, associations
from ansible_collections.kumo.eks.plugins.module_utils.role_keeper import (
    Kept,
    RoleKeeper,
    not_removed,
    shown_policy,
    shown_role,
    telling_of,
)

OPTIONS = ("role_arn", "target_role_arn", "disable_session_tags", "session_policy", "tags", "purge_tags")


@dataclass
class Associator:
    """Keeps and removes associations of a cluster; ``eks`` and ``iam`` are boto3's clients."""

    eks: Any
    iam: Any
    ground: Ground
    check_mode: bool = False

    def __post_init__(self) -> None:
        self._roles = RoleKeeper(self.iam, self.ground, self.check_mode)

    def _association(self, identity: Identity, wait: bool = False, plan: bool = False) -> Reconciler:
        resource = PodIdentityResource(self.eks, self.ground.cluster, identity.accounts[0])
        replace = bool(identity.options.get("replace"))
        return Reconciler(resource, self.check_mode or plan, wait, CATCH_UP, replace)

    def present(self, identity: Identity) -> Outcome:
        """The role first, where it is kept, then the association that names it."""
        parts: dict[str, Outcome] = {}
        wanted = {name: identity.options[name] for name in OPTIONS if name in identity.options}
        with telling_of(parts):
            if identity.keeps_role:
                self._present_role(identity, wanted, parts)
            if "association" not in parts:
                association = self._association(identity)
                association.resource.fresh_role = "role" in parts and parts["role"].changed
                parts["association"] = association.ensure_present(wanted)
        return _together(parts, [])

    def _present_role(self, identity: Identity, wanted: dict[str, Any], parts: dict[str, Outcome]) -> None:
        """The role, once it is known that its association is not refused; and the association where nothing of it changes."""
        arn = self.ground.role_arn(identity)
        planned = self._association(identity, plan=True).ensure_present({**wanted, "role_arn": arn})
        parts.update(self._roles.present(identity, pod_identity_trust()))
        wanted["role_arn"] = parts["role"].raw["Arn"]
        if wanted["role_arn"] == arn and not planned.changed:
            parts["association"] = planned

    def absent(self, identity: Identity) -> Outcome:
        """The association first, then the role that is kept for it, if no other association has it."""
        parts: dict[str, Outcome] = {}
        kept: list[Kept] = []
        with telling_of(parts):
            parts["association"] = self._association(identity, wait=True).ensure_absent()
            if identity.role_arn is None:
                parts.update(self._absent_role(identity, kept))
        return _together(parts, kept)

    def _absent_role(self, identity: Identity, kept: list[Kept]) -> dict[str, Outcome]:
        role = self._roles.resource(identity)
        raw = role.describe()
        if raw is None and "policy" not in identity.options:
            return {}
        users = self._users(raw["Arn"], identity.name) if raw else []
        if users:
            kept.append(not_removed("role", role.name, f"associations have it: {', '.join(users)}"))
            return {"role": Outcome(False, raw)}
        return self._roles.absent(identity, role, raw, self._trust_of_others(raw) if raw else [], kept)

    def _trust_of_others(self, raw: dict[str, Any]) -> list[dict[str, Any]]:
        """The statements that stay; where other clusters have the role all do, for one lets in the pods of every cluster."""
        document = raw["AssumeRolePolicyDocument"]
        shared = other_owners(raw["tags"], self.ground.owner)
        return listed(document["Statement"]) if shared else trust_without(document, pod_identity_trust())

    def _users(self, arn: str, leaving: str) -> list[str]:
        """The service accounts of other associations of the cluster that have the role."""
        rows = associations(self.eks, self.ground.cluster, {}) if self.ground.standing else []
        names = [f"{row['namespace']}/{row['serviceAccount']}" for row in rows if row["roleArn"] == arn]
        return sorted(name for name in names if name != leaving)


def _together(parts: dict[str, Outcome], kept: list[Kept]) -> Outcome:
    """One outcome of several parts; ``raw`` is the result as users see it."""
    association = parts["association"].raw
    shown = {
        "association": {key: value for key, value in snake(association).items() if key != "status"}
        if association
        else None,
        "role": shown_role(parts["role"].raw) if "role" in parts else None,
        "policy": shown_policy(parts["policy"].raw) if "policy" in parts else None,
        "kept": kept,
    }
    return Outcome(
        any(part.changed for part in parts.values()),
        shown,
        {name: part.before for name, part in parts.items()},
        {name: part.after for name, part in parts.items()},
    )
