# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance profile with its role, for nodes that EKS does not start: Karpenter's, or self-managed ones.

Sources: CreateInstanceProfile, GetInstanceProfile, AddRoleToInstanceProfile, RemoveRoleFromInstanceProfile, TagInstanceProfile,
DeleteInstanceProfile, ListInstanceProfilesForRole.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.consistency import retry_until_known
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import (
    build_tag_list,
    compare_tags,
    plan_tags,
    read_tag_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotOwned
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import IamResource, get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope

FIELDS = (Field("role", "Role", "role"), TAGS)


class InstanceProfileResource(IamResource):
    """An instance profile holds one role at most."""

    kind = "IAM instance profile"
    fields = FIELDS

    def __init__(self, iam: Any, name: str, scope: IamScope, adopt: bool = False, predicts_arn: bool = True) -> None:
        """
        Args:
            adopt: whether a profile of somebody else is changed.
            predicts_arn: whether a plan has the ARN, which takes a call to STS.
        """
        super().__init__(iam, name, scope.owner)
        self._scope, self._adopt, self._predicts_arn = scope, adopt, predicts_arn

    def describe(self) -> dict[str, Any] | None:
        found = get_or_none(lambda: self.iam.get_instance_profile(InstanceProfileName=self.name)["InstanceProfile"])
        return found and self._build_raw(
            found["Arn"], next((row["RoleName"] for row in found["Roles"]), None), read_tag_list(found.get("Tags"))
        )

    def _build_raw(self, arn: str, role: str | None, tags: dict[str, str]) -> dict[str, Any]:
        return {"InstanceProfileName": self.name, "Arn": arn, "Role": role, "tags": tags, "status": "ACTIVE"}

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        self._check_ownership(raw, desired["role"])
        return plan_tags(desired, raw, self.owner, self._adopt)

    def _check_ownership(self, raw: dict[str, Any], role: str) -> None:
        """Refuse to take the role of somebody else's instances away."""
        if raw["Role"] in (None, role) or self._adopt or self.owner in raw["tags"]:
            return
        raise NotOwned(
            f"instance_profile: {self.name} has IAM role {raw['Role']} and was not created by kumo.eks for this cluster."
            " Use another name, or set adopt=true to replace its role."
        )

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        tags = self._build_tags(desired)
        made = self.iam.create_instance_profile(InstanceProfileName=self.name, Tags=build_tag_list(tags))
        self._add_role(desired["role"])
        return self._build_raw(made["InstanceProfile"]["Arn"], desired["role"], tags)

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        arn = self._scope.build_profile_arn(self.name) if self._predicts_arn else ""
        return self._build_raw(arn, desired["role"], self._build_tags(desired))

    def _build_tags(self, desired: dict[str, Any]) -> dict[str, str]:
        return {**TAGS.normalize(desired.get("tags")), self.owner: OWNED}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        found = []
        if any(change.field.option == "role" for change in changes):
            found.append(Request("AddRoleToInstanceProfile", lambda: self._replace_role(raw["Role"], desired["role"])))
        if any(change.field is TAGS for change in changes):
            gone, new = compare_tags(raw["tags"], TAGS.normalize(desired["tags"]))
            found.append(Request("TagInstanceProfile", lambda: self._apply_tags(gone, new)))
        return found

    def _replace_role(self, now: str | None, wanted: str) -> None:
        if now:
            self._remove_role(now)
        self._add_role(wanted)

    def _add_role(self, role: str) -> None:
        """A profile or a role that was just made may not be known yet. A profile has one role: it may be this one already."""
        try:
            retry_until_known(
                lambda: self.iam.add_role_to_instance_profile(InstanceProfileName=self.name, RoleName=role),
                f"Instance profile {self.name} with role {role}",
            )
        except Exception as error:
            if not (has_code(error, "LimitExceeded") and self._has_role(role)):
                raise

    def _has_role(self, role: str) -> bool:
        return (self.describe() or {}).get("Role") == role

    def _remove_role(self, role: str) -> None:
        get_or_none(lambda: self.iam.remove_role_from_instance_profile(InstanceProfileName=self.name, RoleName=role))

    def _apply_tags(self, gone: list[str], new: list[dict[str, str]]) -> None:
        if gone:
            self.iam.untag_instance_profile(InstanceProfileName=self.name, TagKeys=gone)
        if new:
            self.iam.tag_instance_profile(InstanceProfileName=self.name, Tags=new)

    def delete(self) -> None:
        raw = self.describe()
        if raw and raw["Role"]:
            self._remove_role(raw["Role"])
        self.iam.delete_instance_profile(InstanceProfileName=self.name)


def is_made_by_karpenter(tags: dict[str, str], owner: str) -> bool:
    """Whether Karpenter made the profile, for a node class of the cluster of this owner's key.

    https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/apis/v1/ec2nodeclass.go (InstanceProfileTags)
    """
    (region, cluster), *_rest = list_owners({owner: OWNED})
    wanted = {f"kubernetes.io/cluster/{cluster}": "owned", "topology.kubernetes.io/region": region}
    return wanted.items() <= tags.items() and "karpenter.k8s.aws/ec2nodeclass" in tags


def list_instance_profiles(iam: Any, role: str) -> list[str]:
    """Names of the instance profiles that have the role; none where there is no such role."""

    def ask() -> list[str]:
        pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=role)
        return [row["InstanceProfileName"] for page in pages for row in page["InstanceProfiles"]]

    return get_or_none(ask) or []
