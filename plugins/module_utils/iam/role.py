# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An IAM role: trust, policies, boundary, session length, tags. One implementation for cluster, nodes, Fargate, add-ons and pods.

Sources: CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, AttachRolePolicy, PutRolePolicy,
PutRolePermissionsBoundary, TagRole, DeleteRole.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.consistency import retry_until_known
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import (
    build_tag_list,
    check_iam_tags,
    compare_tags,
    plan_tags,
    read_tag_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, list_other_owners, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import (
    VERSION,
    as_list,
    normalize_document,
    normalize_documents,
    parse_document,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotChange, NotOwned
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
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import merge_trust
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_quota import (
    PREFIX,
    build_inline_name,
    check_inline_size,
    read_document,
    split_by_quota,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import format_statement, is_allowed

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
    """A role, by its name.

    A role that was made for this cluster alone is kept exactly as written. One that clusters share, or that somebody else made, is
    only added to, and loses nothing.

    Args:
        scope: the account, and the cluster that the role is made for.
        path: of a new role.
        new_policies: ARNs of policies that the same task makes, and so may not exist yet.
        named: whether the task gives the role's name, and so may mean one that was not made for this cluster.
        adopt: whether a role that was not made for this cluster becomes its own: it is marked, kept as written, and deleted with it.
        extends_trust: whether the trust policy of a role that somebody else made may be added to.
        predicts_arn: whether a plan has the ARN, which IAM says of a role that is made; before that it takes a call to STS.
    """

    kind = "IAM role"
    fields = FIELDS

    def __init__(
        self,
        iam: Any,
        name: str,
        scope: IamScope,
        *,
        path: str = "/",
        new_policies: tuple[str, ...] = (),
        named: bool = True,
        adopt: bool = False,
        extends_trust: bool = True,
        predicts_arn: bool = True,
    ) -> None:
        super().__init__(iam, name, scope.owner)
        self._scope, self._path, self._new_policies = scope, path, new_policies
        self._named, self.adopt, self._extends_trust = named, adopt, extends_trust
        self._predicts_arn = predicts_arn
        self._splits: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}  # what was found of the quota
        self._documents: dict[str, Any] = {}  # of managed policies above the quota, each read once
        self.moved: list[str] = []  # ARNs of managed policies whose rights are put inline

    @property
    def arn(self) -> str:
        """The ARN that the role has or will have."""
        return self._scope.build_role_arn(self.name, self._path)

    def describe(self) -> dict[str, Any] | None:
        return get_or_none(self._describe)  # it may also go between these calls

    def _describe(self) -> dict[str, Any]:
        role = self.iam.get_role(RoleName=self.name)["Role"]
        return {
            "RoleName": role["RoleName"],
            "Arn": role["Arn"],
            "Path": role["Path"],
            "AssumeRolePolicyDocument": parse_document(role["AssumeRolePolicyDocument"], f"trust of role {self.name}"),
            "Description": role.get("Description"),
            "MaxSessionDuration": role.get("MaxSessionDuration"),
            "PermissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            "PolicyArns": self.list_attached(),
            "InlinePolicies": {name: self._get_inline(name) for name in self.list_inline()},
            "tags": read_tag_list(role.get("Tags")),
            "status": "ACTIVE",
        }

    def list_attached(self) -> list[str]:
        """ARNs of the attached policies."""
        pages = self.iam.get_paginator("list_attached_role_policies").paginate(RoleName=self.name)
        return [row["PolicyArn"] for page in pages for row in page["AttachedPolicies"]]

    def list_inline(self) -> list[str]:
        """Names of the inline policies."""
        pages = self.iam.get_paginator("list_role_policies").paginate(RoleName=self.name)
        return [name for page in pages for name in page["PolicyNames"]]

    def _get_inline(self, name: str) -> dict[str, Any]:
        found = self.iam.get_role_policy(RoleName=self.name, PolicyName=name)
        return parse_document(found["PolicyDocument"], f"inline policy {name} of role {self.name}")

    # rules

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What is wanted, beside what others gave the role."""
        self._check_ownership(raw)
        exclusive = self._is_exclusive(raw)
        found = {**plan_tags(desired, raw, self.owner, self.adopt)}
        if desired.get("trust_policy") is not None:
            found["trust_policy"] = self._plan_trust(raw, desired, exclusive)
        return {**found, **self._plan_policies(raw, desired, exclusive)}

    def _check_ownership(self, raw: dict[str, Any]) -> None:
        """Refuse a role with a generated name that was not created for this cluster, but by others with the same name."""
        if self._named or self.adopt or self.owner in raw["tags"]:
            return
        whose = ", ".join(list_other_owners(raw["tags"], self.owner))
        raise NotOwned(
            f"role_name: an IAM role {self.name} exists, which"
            f" {f'was created for {whose}' if whose else 'kumo.eks did not create'}."
            " Set role_name to another name, or to this name to use that role."
        )

    def _is_exclusive(self, raw: dict[str, Any]) -> bool:
        """Whether the role is this cluster's alone."""
        return self.adopt or (self.owner in raw["tags"] and not list_other_owners(raw["tags"], self.owner))

    def _plan_trust(self, raw: dict[str, Any], desired: dict[str, Any], exclusive: bool) -> dict[str, Any]:
        current, wanted = raw["AssumeRolePolicyDocument"], desired["trust_policy"]
        purge = exclusive if desired.get("purge_trust") is None else desired["purge_trust"]
        if self._extends_trust or purge:
            return merge_trust(current, wanted, purge)
        missing = [row for row in wanted["Statement"] if not is_allowed(current, row)]
        if not missing:
            return current
        if list_owners(raw["tags"]):  # another cluster's: what that one needs stays
            return {**current, "Statement": [*as_list(current["Statement"]), *missing]}
        raise NotOwned(
            f"IAM role {self.name} was not created by kumo.eks, and its trust policy does not allow"
            f" {format_statement(missing[0])}. Allow it there, use another role, or set adopt=true to adopt the role."
        )

    def _plan_policies(self, raw: dict[str, Any], desired: dict[str, Any], exclusive: bool) -> dict[str, Any]:
        """policy_arns and inline_policies, those of others and those above the quota included."""
        purge = exclusive if desired.get("purge_policies") is None else desired["purge_policies"]
        arns, inline = desired.get("policy_arns"), desired.get("inline_policies")
        arns = [*self._new_policies, *(raw["PolicyArns"] if arns is None else arns)]
        if not purge:
            self._check_inline_clash(raw, inline or {})
            arns = [*raw["PolicyArns"], *arns]
            inline = None if inline is None else {**raw["InlinePolicies"], **inline}
        attached, moved = self._fit_quota(arns)
        if inline is None and (moved or purge):
            inline = self._replace_moved(raw["InlinePolicies"], moved)
        elif moved:
            inline = {**moved, **inline}
        return {"policy_arns": attached, "inline_policies": inline}

    def _check_inline_clash(self, raw: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Refuse to replace an inline policy of a role that somebody else made."""
        if list_owners(raw["tags"]):
            return
        now = raw["InlinePolicies"]
        other = [
            name
            for name, document in wanted.items()
            if normalize_document(now.get(name, document)) != normalize_document(document)
        ]
        if other:
            raise NotOwned(
                f"inline_policies: IAM role {self.name} was not created by kumo.eks and has another inline policy named"
                f" {', '.join(other)}. Give the policy another name, or set purge_policies=true to replace it."
            )

    @staticmethod
    def _replace_moved(now: dict[str, Any], moved: dict[str, Any]) -> dict[str, Any]:
        """The inline policies that there are, and of the managed ones above the quota those of today."""
        return {**{name: document for name, document in now.items() if not name.startswith(PREFIX)}, **moved}

    def _fit_quota(self, arns: list[str]) -> tuple[list[str], dict[str, Any]]:
        """(policies to attach, inline policies with the rights of those above the quota)."""
        key = tuple(arns)
        if key not in self._splits:
            self._splits[key] = split_by_quota(self.iam, arns)
        attached, self.moved = self._splits[key]
        for arn in self.moved:
            if arn not in self._documents:
                self._documents[arn] = read_document(self.iam, arn, "policy_arns")
        return attached, {build_inline_name(arn): self._documents[arn] for arn in self.moved}

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        now = raw or {"PolicyArns": [], "Path": None, "PermissionsBoundary": None}
        check_iam_tags(desired.get("tags"))
        if raw is not None and desired.get("path") not in (None, now["Path"]):
            raise CannotChange(
                f"path: IAM role {self.name} has the path {now['Path']}, and IAM cannot change it to {desired['path']}."
                " Use that path, or another name for the role."
            )
        new = set(desired.get("policy_arns") or []) - set(now["PolicyArns"]) - set(self._new_policies)
        check_policies(self.iam, sorted(new), "policy_arns", self._scope.partition)
        boundary = desired.get("permissions_boundary")
        if boundary and boundary != now["PermissionsBoundary"] and boundary not in self._new_policies:
            check_policies(self.iam, [boundary], "permissions_boundary", self._scope.partition)
        inline = self._build_new(desired)["InlinePolicies"] if raw is None else desired.get("inline_policies")
        check_inline_size(self.name, inline or {}, self.moved)

    # creation

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        raw = self._build_new(desired)
        params = {
            "Description": raw["Description"],
            "PermissionsBoundary": raw["PermissionsBoundary"],
            "MaxSessionDuration": desired.get("max_session_duration"),
        }
        made = self.iam.create_role(
            RoleName=self.name,
            Path=raw["Path"],
            AssumeRolePolicyDocument=json.dumps(raw["AssumeRolePolicyDocument"]),
            Tags=build_tag_list(raw["tags"]),
            **drop_none(params),
        )["Role"]
        retry_until_known(lambda: self.iam.get_role(RoleName=self.name), f"Role {self.name}")
        self._attach(raw["PolicyArns"])
        self._put_inline(raw["InlinePolicies"])
        return {**raw, "Arn": made["Arn"]}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self._build_new(desired), **({"Arn": self.arn} if self._predicts_arn else {})}

    def _build_new(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The new role, but for its ARN."""
        attached, moved = self._fit_quota([*self._new_policies, *(desired.get("policy_arns") or [])])
        return {
            "RoleName": self.name,
            "Path": self._path,
            "AssumeRolePolicyDocument": desired["trust_policy"],
            "Description": desired.get("description") or None,
            "MaxSessionDuration": desired.get("max_session_duration") or 3600,
            "PermissionsBoundary": desired.get("permissions_boundary") or None,
            "PolicyArns": attached,
            "InlinePolicies": {**moved, **(desired.get("inline_policies") or {})},
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
        for name in sorted(set(now) - set(wanted)):  # one whose deletion was answered, and the answer lost, is gone
            get_or_none(lambda name=name: self.iam.delete_role_policy(RoleName=self.name, PolicyName=name))
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
            get_or_none(lambda arn=arn: self.iam.detach_role_policy(RoleName=self.name, PolicyArn=arn))
        self._attach(sorted(set(wanted) - set(raw["PolicyArns"])))

    def _attach(self, arns: list[str]) -> None:
        for arn in arns:
            retry_until_known(
                lambda arn=arn: self.iam.attach_role_policy(RoleName=self.name, PolicyArn=arn),
                f"Role {self.name} with policy {arn}",
            )

    def _update(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        params = {
            "Description": desired.get("description"),
            "MaxSessionDuration": desired.get("max_session_duration") or raw["MaxSessionDuration"],
        }
        self.iam.update_role(RoleName=self.name, **drop_none(params))

    def _set_tags(self, raw: dict[str, Any], wanted: dict[str, Any]) -> None:
        gone, new = compare_tags(raw["tags"], TAGS.normalize(wanted))
        if gone:
            self.iam.untag_role(RoleName=self.name, TagKeys=gone)
        if new:
            self.iam.tag_role(RoleName=self.name, Tags=new)

    # deletion

    def delete(self) -> None:
        """What hangs on it first, then the role."""
        for arn in self.list_attached():
            self.detach(arn)
        for name in self.list_inline():
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
