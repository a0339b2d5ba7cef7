# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EKS Pod Identity associations.

Sources: CreatePodIdentityAssociation, ListPodIdentityAssociations, DescribePodIdentityAssociation,
UpdatePodIdentityAssociation, DeletePodIdentityAssociation. All of them take effect at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import is_not_found
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import normalize_document
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    none_if_empty,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

AGENT = "eks-pod-identity-agent"


def session_policy(value: Any) -> Any:
    """A policy document from either side, in the one form; empty is none."""
    return normalize_document(value) if value else None


FIELDS = (
    Field("role_arn", "roleArn", "association"),
    Field("target_role_arn", "targetRoleArn", "association", none_if_empty),
    Field("disable_session_tags", "disableSessionTags", "association", bool),
    Field(
        "session_policy",
        "policy",
        "association",
        session_policy,
        to_api=lambda value: json.dumps(session_policy(value)),
    ),
    TAGS,
)


class PodIdentityAssociationResource(EksResource):
    """The association of one service account."""

    kind = "pod identity association"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, cluster: str, account: Account) -> None:
        super().__init__(client, str(account))
        self._cluster = cluster
        self._names = {"clusterName": cluster, "namespace": account.namespace, "serviceAccount": account.name}
        self._id = ""

    def describe(self) -> dict[str, Any] | None:
        try:
            pages = self.client.get_paginator("list_pod_identity_associations").paginate(**self._names)
            rows = pages.build_full_result()["associations"]
            self._id = rows[0]["associationId"] if rows else ""
            return self._described() if rows else None
        except Exception as error:
            if self.is_missing(error):
                return None
            raise

    def _described(self) -> dict[str, Any]:
        return add_status(self.client.describe_pod_identity_association(**self._one)["association"])

    @property
    def _one(self) -> dict[str, str]:
        return {"clusterName": self._cluster, "associationId": self._id}

    def is_immutable(self, change: Change) -> bool:
        """EKS has no call that takes a target role or a session policy away."""
        return change.field.option in ("target_role_arn", "session_policy") and change.after is None

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        super().validate(raw, desired)
        if raw is None and not desired.get("role_arn"):
            raise ValidationError(
                f"role_arn: is required to create the association of {self.name}. Set it, or an option of the IAM role such as policy_arns"
            )
        if raw is not None and raw.get("ownerArn") and raw["ownerArn"] != raw.get("associationArn"):
            raise ValidationError(
                f"The association of {self.name} belongs to {raw['ownerArn']}. Change it there,"
                " with pod_identity_associations of kumo.eks.eks_addon."
            )

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        marked = drop_none(self.mark(desired))
        wanted = {key: value for key, value in marked.items() if value not in ("", {}) or key == "tags"}
        return {**self._names, **build_request(FIELDS, wanted)}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return add_status(self.client.create_pod_identity_association(**self.create_request(desired))["association"])

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return add_status({"disableSessionTags": False, **self.create_request(desired)})

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        fields = tuple(change.field for change in changes if change.field is not TAGS)
        found = []
        if fields:
            wanted = {**self._one, **build_request(fields, desired)}
            found.append(Request("UpdatePodIdentityAssociation", lambda: self._update(wanted)))
        if any(change.field is TAGS for change in changes):
            arn, tags = raw["associationArn"], TAGS.normalize(desired["tags"])
            found.append(Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags)))
        return found

    def _update(self, wanted: dict[str, Any]) -> None:
        """It answers the association, and no update to follow."""
        self.client.update_pod_identity_association(**wanted)

    def delete(self) -> None:
        self.client.delete_pod_identity_association(**self._one)


def add_status(raw: dict[str, Any]) -> dict[str, Any]:
    """An association has no status: it is there, or it is not."""
    return {**raw, "status": "ACTIVE"}


def describe_associations(
    client: Any, cluster: str, names: dict[str, str], without: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The cluster's associations, of a namespace or a service account where ``names`` says so; none without the cluster.

    Args:
        without: service accounts like "production/reader" whose associations are left out.
    """
    try:
        pages = client.get_paginator("list_pod_identity_associations").paginate(clusterName=cluster, **names)
        rows = [row for page in pages for row in page["associations"]]
        keys = [row["associationId"] for row in rows if f"{row['namespace']}/{row['serviceAccount']}" not in without]
    except Exception as error:
        if is_not_found(error):
            return []
        raise
    describe = client.describe_pod_identity_association
    found = [describe_or_none(describe, "association", clusterName=cluster, associationId=key) for key in keys]
    return [row for row in found if row]  # one may have gone since the list


def find_agent_status(client: Any, cluster: dict[str, Any] | None) -> str:
    """The status of the EKS Pod Identity Agent: that of its add-on, AUTO_MODE, MISSING, or UNKNOWN to a caller who may not ask."""
    if cluster is None:
        return "MISSING"
    if (cluster.get("computeConfig") or {}).get("enabled"):
        return "AUTO_MODE"  # the nodes of Auto Mode include it
    names = {"clusterName": cluster["name"], "addonName": AGENT}
    found = look_if_allowed(
        lambda: describe_or_none(client.describe_addon, "addon", **names) or {"status": "MISSING"},
        {"status": "UNKNOWN"},
        "eks:DescribeAddon",
        f"it was not checked whether the cluster has the add-on {AGENT}",
    )
    return found["status"]
