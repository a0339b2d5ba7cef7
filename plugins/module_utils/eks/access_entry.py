# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access entries with their access policies.

Sources: CreateAccessEntry, DescribeAccessEntry, UpdateAccessEntry, DeleteAccessEntry, ListAssociatedAccessPolicies,
AssociateAccessPolicy, DisassociateAccessPolicy. All of them take effect at once at the API of EKS, and at the API server of the
cluster some seconds later: https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import (
    convert_answer,
    has_code,
    has_message,
    is_not_found,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    normalize_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED, build_username
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    STANDARD,
    WITH_POLICIES,
    WITHOUT_ENTRIES,
    find_access_entry_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

Policy = dict[str, Any]
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/access_entry.go and
# access_policy_association.go repeat their requests for these.
UNKNOWN_PRINCIPAL, UNKNOWN_ENTRY = "invalid principal", "The specified principalArn could not be found"
# https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2968
IN_USE = "access entry resource is already in use"


def normalize_policies(rows: Any) -> list[Policy]:
    """Access policies of either side in one order and one spelling, without times."""
    found = [
        {
            "policy_arn": row.get("policy_arn") or row.get("policyArn"),
            "access_scope": _normalize_scope(row.get("access_scope") or row.get("accessScope") or {}),
        }
        for row in rows or []
    ]
    return sorted(found, key=lambda row: row["policy_arn"])


def _normalize_scope(scope: dict[str, Any]) -> dict[str, Any]:
    return {"type": scope.get("type"), "namespaces": normalize_list(scope.get("namespaces"))}


def build_api_policies(rows: Any) -> list[Policy]:
    """Access policies as ListAssociatedAccessPolicies answers them."""
    return [{"policyArn": row["policy_arn"], "accessScope": row["access_scope"]} for row in normalize_policies(rows)]


POLICIES = Field("access_policies", "accessPolicies", "access policies", normalize_policies, to_api=build_api_policies)
ENTRY = (
    Field("kubernetes_groups", "kubernetesGroups", "entry", normalize_list),
    Field("username", "username", "entry"),
)
FIELDS = (Field("type", "type", None), *ENTRY, POLICIES, TAGS)


class AccessEntryResource(EksResource):
    """The access entry of one principal.

    Args:
        find_problems: what is wrong with the principal or the policies of an entry, as far as the account shows it.
    """

    kind = "access entry"
    refusal = "EKS refused its principal"
    refusal_advice = "Check that the IAM user or role exists."
    fields = FIELDS
    replaceable = True

    def __init__(
        self,
        client: Any,
        cluster: str,
        principal: str,
        find_problems: Callable[[dict[str, Any], dict[str, Any] | None], Iterable[str]] = lambda desired, raw: (),
    ) -> None:
        super().__init__(client, principal)
        self._names = {"clusterName": cluster, "principalArn": principal}
        self._find_problems = find_problems
        self._created = False

    def describe(self) -> dict[str, Any] | None:
        return describe_entry(self.client, **self._names)

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        kind = desired.get("type") or (raw or {}).get("type") or STANDARD
        raise_problems(find_access_entry_problems({**desired, "principal_arn": self.name, "type": kind}))
        self.check_arns({**desired, "principal_arn": self.name})
        raise_problems(self._find_problems({**desired, "principal_arn": self.name}, raw))

    def validate_deletion(self, raw: dict[str, Any], planned: bool) -> None:
        if SERVICE_LINKED in self.name:
            raise ValidationError(
                f"principal_arn: {self.name} is a service-linked role. EKS manages its access entry itself."
            )

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        found = self._set_username(super().adjust(raw, desired))
        if found.get("access_policies") is None or found.get("purge_access_policies", True):
            return found
        wanted = {
            row["policy_arn"]: row for row in [*normalize_policies(POLICIES.read(raw)), *found["access_policies"]]
        }
        return {**found, "access_policies": list(wanted.values())}

    def _set_username(self, desired: dict[str, Any]) -> dict[str, Any]:
        """An empty user name is the one that EKS sets. No call takes a user name away."""
        return {**desired, "username": build_username(self.name)} if desired.get("username") == "" else desired

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """Of another type an entry has what that type takes. What EKS sets for nodes is not the user's."""
        found = super().build_replacement(raw, desired)
        given = {name for name, value in desired.items() if value}
        if found["type"] != STANDARD or raw["type"] != STANDARD:
            found = {
                name: value
                for name, value in found.items()
                if name not in ("kubernetes_groups", "username") or name in given
            }
        if found["type"] not in WITH_POLICIES and "access_policies" not in given:
            found.pop("access_policies", None)
        return found

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        fields = tuple(field for field in self.fields if field is not POLICIES)
        wanted = {name: value for name, value in drop_none(self.mark(desired)).items() if value not in ("", [], {})}
        return {**self._names, **build_request(fields, wanted)}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The entry, then its policies. A repetition goes on where the first one ended."""
        if not self._created:
            self._raw = self.client.create_access_entry(**self.create_request(desired))["accessEntry"]
            self._created = True
        policies = build_api_policies(desired.get("access_policies"))
        rows = [self._associate(row) for row in policies]
        return {**self._raw, "accessPolicies": rows, "status": "ACTIVE"}

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        kind = desired.get("type") or STANDARD
        username = {"username": build_username(self.name)} if kind == STANDARD else {}
        policies = build_api_policies(desired.get("access_policies"))
        return {
            **username,
            "type": kind,
            **self.create_request(desired),
            "accessPolicies": policies,
            "status": "ACTIVE",
        }

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        """What gives more comes first, and what takes away last: a principal keeps what it has until it has the new."""
        found: list[Request] = []
        options = {change.field.option for change in changes}
        more, less, gone = (
            plan_policies(POLICIES.read(raw), desired["access_policies"])
            if "access_policies" in options
            else ([], [], [])
        )
        found += [Request("AssociateAccessPolicy", lambda row=row: self._send(self._associate, row)) for row in more]
        if options & {field.option for field in ENTRY}:
            wanted = self._build_update(raw, desired)
            found.append(Request("UpdateAccessEntry", lambda: self._send(self.client.update_access_entry, **wanted)))
        found += [Request("AssociateAccessPolicy", lambda row=row: self._send(self._associate, row)) for row in less]
        found += [
            Request("DisassociateAccessPolicy", lambda arn=arn: self._send(self._disassociate, arn)) for arn in gone
        ]
        if "tags" in options:
            arn, tags = raw["accessEntryArn"], TAGS.normalize(desired["tags"])
            found.append(Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags)))
        return found

    def _build_update(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """Both members always: "Groups are declarative. Enter all desired groups with the update call".

        https://github.com/aws/containers-roadmap/issues/185
        """
        now = {"kubernetes_groups": raw.get("kubernetesGroups") or [], "username": raw["username"]}
        return {
            **self._names,
            **build_request(ENTRY, {**now, **{name: desired[name] for name in now if desired.get(name) is not None}}),
        }

    @staticmethod
    def _send(call: Callable[..., Any], *args: Any, **options: Any) -> None:
        """These calls answer no update to follow."""
        call(*args, **options)

    def _associate(self, row: Policy) -> Policy:
        return self.client.associate_access_policy(**self._names, **row)["associatedAccessPolicy"]

    def _disassociate(self, arn: str) -> None:
        try:
            self.client.disassociate_access_policy(**self._names, policyArn=arn)
        except Exception as error:
            if not self.is_missing(error):  # a lost answer, or another run
                raise

    def is_in_use(self, error: Exception) -> bool:
        return super().is_in_use(error) and not has_message(error, IN_USE)

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException") and has_message(error, IN_USE)

    def is_propagating(self, error: Exception) -> bool:
        """EKS does not know the principal yet, or not the entry that this or an earlier run has just created."""
        if has_code(error, "InvalidParameterException"):
            return has_message(error, UNKNOWN_PRINCIPAL)
        is_unknown = has_code(error, "ResourceNotFoundException") and has_message(error, UNKNOWN_ENTRY)
        return is_unknown and (self._created or self.describe() is not None)

    def delete(self) -> None:
        self.client.delete_access_entry(**self._names)


def plan_policies(current: Any, wanted: Any) -> tuple[list[Policy], list[Policy], list[str]]:
    """What changes of an entry's policies: those that give more, those that give less, and the ARNs of those that go."""
    now = {row["policyArn"]: row["accessScope"] for row in build_api_policies(normalize_policies(current))}
    rows = build_api_policies(wanted)
    changed = [row for row in rows if now.get(row["policyArn"]) != row["accessScope"]]
    more = [row for row in changed if row["policyArn"] not in now or covers(row["accessScope"], now[row["policyArn"]])]
    return more, [row for row in changed if row not in more], sorted(set(now) - {row["policyArn"] for row in rows})


def covers(scope: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a scope has all of another one."""
    if scope["type"] == "cluster":
        return True
    return other["type"] == "namespace" and set(other["namespaces"]) <= set(scope["namespaces"])


def describe_entry(client: Any, clusterName: str, principalArn: str) -> dict[str, Any] | None:
    """An access entry with its access policies, None where there is none."""
    names = {"clusterName": clusterName, "principalArn": principalArn}
    pages = client.get_paginator("list_associated_access_policies").paginate(**names)
    try:
        entry = describe_or_none(client.describe_access_entry, "accessEntry", **names)
        rows = [row for page in pages for row in page["associatedAccessPolicies"]] if entry else []
    except Exception as error:
        if has_message(error, UNKNOWN_ENTRY) or has_message(error, WITHOUT_ENTRIES):  # deleted in between; CONFIG_MAP
            return None
        raise
    if entry is None:
        return None
    return {**entry, "accessPolicies": rows, "status": "ACTIVE"}


def list_entries(client: Any, cluster: str, policy_arn: str = "") -> list[str]:
    """The principals that have an access entry, all or those with an access policy; none in CONFIG_MAP mode, or without the cluster."""
    words = {"clusterName": cluster, **({"associatedPolicyArn": policy_arn} if policy_arn else {})}
    try:
        pages = client.get_paginator("list_access_entries").paginate(**words)
        return [arn for page in pages for arn in page["accessEntries"]]
    except Exception as error:
        if is_not_found(error) or has_message(error, WITHOUT_ENTRIES):
            return []
        raise


def convert_entry(raw: dict[str, Any]) -> dict[str, Any]:
    """An access entry as modules return it, in snake case."""
    return {key: value for key, value in convert_answer(raw).items() if key != "status"}


def list_available_policies(client: Any) -> list[dict[str, str]]:
    """Name and ARN of the access policies that EKS publishes (ListAccessPolicies)."""
    return [row for page in client.get_paginator("list_access_policies").paginate() for row in page["accessPolicies"]]
