# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An IAM role that pods take: trust, policies, boundary, session length, tags.

Sources: CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, AttachRolePolicy, PutRolePolicy,
PutRolePermissionsBoundary, TagRole, DeleteRole.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import (
    build_tag_list,
    compare_tags,
    plan_tags,
    read_tag_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, list_other_owners, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import (
    VERSION,
    normalize_document,
    normalize_documents,
    parse_document,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    drop_none,
    none_if_empty,
    normalize_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import (
    IamResource,
    check_policies,
    get_or_none,
    retry_until_known,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import merge_trust

FIELDS = (
    Field("path", "Path", None),
    Field("trust_policy", "AssumeRolePolicyDocument", "trust", normalize_document),
    Field("policy_arns", "PolicyArns", "attached", normalize_list),
    Field("inline_policies", "InlinePolicies", "inline", normalize_documents),
    Field("permissions_boundary", "PermissionsBoundary", "boundary", none_if_empty),
    Field("description", "Description", "role", none_if_empty),
    Field("max_session_duration", "MaxSessionDuration", "role"),
    TAGS,
)


class RoleResource(IamResource):
    """A role, by the ARN it has or will have.

    Args:
        new_policies: ARNs of policies that the same task makes, and so may not exist yet.
        adopt: whether one that was not made for this cluster may be meant: the task says its name.
    """

    kind = "IAM role"
    fields = FIELDS

    def __init__(self, iam: Any, arn: str, owner: str, new_policies: tuple[str, ...] = (), adopt: bool = True) -> None:
        super().__init__(iam, arn.rsplit("/", 1)[-1], owner)
        self.arn, self._new_policies, self._adopt = arn, new_policies, adopt

    def describe(self) -> dict[str, Any] | None:
        return get_or_none(self._described)  # it may also go between these calls

    def _described(self) -> dict[str, Any]:
        role = self.iam.get_role(RoleName=self.name)["Role"]
        return {
            "RoleName": role["RoleName"],
            "Arn": role["Arn"],
            "Path": role["Path"],
            "AssumeRolePolicyDocument": parse_document(role["AssumeRolePolicyDocument"], f"trust of role {self.name}"),
            "Description": role.get("Description"),
            "MaxSessionDuration": role.get("MaxSessionDuration"),
            "PermissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            "PolicyArns": self.attached(),
            "InlinePolicies": {name: self._inline(name) for name in self.inline_names()},
            "tags": read_tag_list(role.get("Tags")),
            "status": "ACTIVE",
        }

    def attached(self) -> list[str]:
        pages = self.iam.get_paginator("list_attached_role_policies").paginate(RoleName=self.name)
        return [row["PolicyArn"] for page in pages for row in page["AttachedPolicies"]]

    def inline_names(self) -> list[str]:
        pages = self.iam.get_paginator("list_role_policies").paginate(RoleName=self.name)
        return [name for page in pages for name in page["PolicyNames"]]

    def _inline(self, name: str) -> dict[str, Any]:
        found = self.iam.get_role_policy(RoleName=self.name, PolicyName=name)
        return parse_document(found["PolicyDocument"], f"inline policy {name} of role {self.name}")

    # rules

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What is wanted beside what stays: all that others gave a role which was not made here, unless it is to be purged."""
        made_here = bool(list_owners(raw["tags"]))

        def purges(option: str) -> bool:
            return made_here if desired.get(option) is None else desired[option]

        arns = raw["PolicyArns"] if desired.get("policy_arns") is None else desired["policy_arns"]
        found = {
            **plan_tags(desired, raw, self.owner),
            "policy_arns": sorted({*arns, *self._new_policies}),
            "trust_policy": merge_trust(
                raw["AssumeRolePolicyDocument"], desired["trust_policy"], purges("purge_trust")
            ),
        }
        if not purges("purge_policies"):
            found["policy_arns"] = sorted({*found["policy_arns"], *raw["PolicyArns"]})
            if desired.get("inline_policies") is not None:
                found["inline_policies"] = {**raw["InlinePolicies"], **desired["inline_policies"]}
        return found

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        now = raw or {"PolicyArns": [], "Path": None, "PermissionsBoundary": None}
        if raw is not None and not self._adopt and self.owner not in raw["tags"]:
            whose = ", ".join(list_other_owners(raw["tags"], self.owner))
            raise ValidationError(
                f"role_name: there is a role {self.name}, which {f'was made for {whose}' if whose else 'kumo.eks did not make'}."
                " Way out: give another role_name, or give this one to take that role as it is."
            )
        if raw is not None and desired.get("path") not in (None, now["Path"]):
            raise ValidationError(
                f"path: role {self.name} has the path {now['Path']}, and IAM cannot change it to {desired['path']}."
                " Way out: give that path, or another role_name."
            )
        partition = self.arn.split(":")[1]
        new = set(desired.get("policy_arns") or []) - set(now["PolicyArns"]) - set(self._new_policies)
        check_policies(self.iam, sorted(new), "policy_arns", partition)
        boundary = desired.get("permissions_boundary")
        if boundary and boundary != now["PermissionsBoundary"] and boundary not in self._new_policies:
            check_policies(self.iam, [boundary], "permissions_boundary", partition)

    # creation

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        raw = self.predict(desired)
        words = {
            "Description": raw["Description"],
            "PermissionsBoundary": raw["PermissionsBoundary"],
            "MaxSessionDuration": desired.get("max_session_duration"),
        }
        made = self.iam.create_role(
            RoleName=self.name,
            Path=raw["Path"],
            AssumeRolePolicyDocument=json.dumps(raw["AssumeRolePolicyDocument"]),
            Tags=build_tag_list(raw["tags"]),
            **drop_none(words),
        )["Role"]
        retry_until_known(lambda: self.iam.get_role(RoleName=self.name), f"Role {self.name}")
        self._attach(raw["PolicyArns"])
        self._put_inline(raw["InlinePolicies"])
        return {**raw, "Arn": made["Arn"]}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {
            "RoleName": self.name,
            "Arn": self.arn,
            "Path": desired.get("path") or "/",
            "AssumeRolePolicyDocument": desired["trust_policy"],
            "Description": desired.get("description") or None,
            "MaxSessionDuration": desired.get("max_session_duration") or 3600,
            "PermissionsBoundary": desired.get("permissions_boundary") or None,
            "PolicyArns": sorted({*(desired.get("policy_arns") or []), *self._new_policies}),
            "InlinePolicies": desired.get("inline_policies") or {},
            "tags": {**TAGS.normalize(desired.get("tags")), self.owner: OWNED},
            "status": "ACTIVE",
        }

    # change

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        """The boundary and the trust first: rights are narrowed before they are widened."""
        groups = {change.field.group for change in changes}
        plan = {
            "boundary": Request("PutRolePermissionsBoundary", lambda: self._set_boundary(desired)),
            "trust": Request("UpdateAssumeRolePolicy", lambda: self._set_trust(desired["trust_policy"])),
            "inline": Request("PutRolePolicy", lambda: self._set_inline(raw, desired["inline_policies"])),
            "attached": Request("AttachRolePolicy", lambda: self._set_attached(raw, desired["policy_arns"])),
            "role": Request("UpdateRole", lambda: self._update(raw, desired)),
            "tags": Request("TagRole", lambda: self._set_tags(raw, desired["tags"])),
        }
        return [request for group, request in plan.items() if group in groups]

    def _set_boundary(self, desired: dict[str, Any]) -> None:
        arn = desired["permissions_boundary"]
        if arn:
            self.iam.put_role_permissions_boundary(RoleName=self.name, PermissionsBoundary=arn)
        else:
            self.iam.delete_role_permissions_boundary(RoleName=self.name)

    def _set_trust(self, document: dict[str, Any]) -> None:
        self.iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(document))

    def _set_inline(self, raw: dict[str, Any], wanted: dict[str, Any]) -> None:
        now = raw["InlinePolicies"]
        for name in sorted(set(now) - set(wanted)):
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        self._put_inline(
            {name: doc for name, doc in wanted.items() if normalize_document(doc) != normalize_document(now.get(name))}
        )

    def _put_inline(self, documents: dict[str, Any]) -> None:
        for name, document in documents.items():
            text = json.dumps(document)
            retry_until_known(
                lambda name=name, text=text: self.iam.put_role_policy(
                    RoleName=self.name, PolicyName=name, PolicyDocument=text
                ),
                f"Role {self.name}",
            )

    def _set_attached(self, raw: dict[str, Any], wanted: list[str]) -> None:
        for arn in sorted(set(raw["PolicyArns"]) - set(wanted)):
            self.iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)
        self._attach(sorted(set(wanted) - set(raw["PolicyArns"])))

    def _attach(self, arns: list[str]) -> None:
        for arn in arns:
            retry_until_known(
                lambda arn=arn: self.iam.attach_role_policy(RoleName=self.name, PolicyArn=arn),
                f"Role {self.name} with policy {arn}",
            )

    def _update(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        words = {
            "Description": desired.get("description"),
            "MaxSessionDuration": desired.get("max_session_duration") or raw["MaxSessionDuration"],
        }
        self.iam.update_role(RoleName=self.name, **drop_none(words))

    def _set_tags(self, raw: dict[str, Any], wanted: dict[str, Any]) -> None:
        gone, new = compare_tags(raw["tags"], TAGS.normalize(wanted))
        if gone:
            self.iam.untag_role(RoleName=self.name, TagKeys=gone)
        if new:
            self.iam.tag_role(RoleName=self.name, Tags=new)

    # deletion

    def delete(self) -> None:
        """What hangs on it first, then the role."""
        for arn in self.attached():
            self.detach(arn)
        for name in self.inline_names():
            get_or_none(lambda name=name: self.iam.delete_role_policy(RoleName=self.name, PolicyName=name))
        self.iam.delete_role(RoleName=self.name)

    def detach(self, arn: str) -> None:
        """Take a policy off the role, where it has it."""
        get_or_none(lambda: self.iam.detach_role_policy(RoleName=self.name, PolicyArn=arn))

    def release_ownership(self, statements: list[dict[str, Any]] | None, unmark: bool) -> None:
        """Leave the role to the others.

        Args:
            statements: those of the others, which stay in the trust; None leaves it as it is.
            unmark: take the mark of this cluster off.
        """
        if statements:  # a trust without any is none to IAM
            self._set_trust({"Version": VERSION, "Statement": statements})
        if unmark:
            self.iam.untag_role(RoleName=self.name, TagKeys=[self.owner])
