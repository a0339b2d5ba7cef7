# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fargate profiles. Sources: CreateFargateProfile, DescribeFargateProfile, DeleteFargateProfile."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    normalize_list,
    normalize_map,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_label
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource

# CreateFargateProfile, https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
MOST_SELECTORS, MOST_LABELS = 5, 5


def selectors(value: Any) -> list[dict[str, Any]]:
    """Selectors in one order, a missing label map as the empty one, label values as text."""
    rows = [
        {"namespace": selector["namespace"], "labels": normalize_map(selector.get("labels"))}
        for selector in value or []
    ]
    return sorted(rows, key=lambda row: (row["namespace"], sorted(row["labels"].items())))


FIELDS = (
    TAGS,
    Field("role_arn", "podExecutionRoleArn", None),
    Field("subnets", "subnets", None, normalize_list),
    Field("selectors", "selectors", None, selectors, to_api=selectors),
)


class FargateProfileResource(EksResource):
    """A Fargate profile of a cluster: all but its tags is immutable."""

    kind = "Fargate profile"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, cluster_name: str, name: str) -> None:
        super().__init__(client, name)
        self._names = {"clusterName": cluster_name, "fargateProfileName": name}

    def describe(self) -> dict[str, Any] | None:
        return describe_or_none(self.client.describe_fargate_profile, "fargateProfile", **self._names)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        raise NotImplementedError(f"EKS has no updates of Fargate profiles, so none is called {update_id}")

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        super().validate(raw, desired)
        self._validate_selectors(desired.get("selectors"))
        missing = [option for option in ("role_arn", "selectors") if not desired.get(option)]
        if raw is None and missing:
            needed = ", ".join(missing)
            raise ValidationError(
                f"Fargate profile {self.name} does not exist, and to create it these options are needed: {needed}"
            )

    def _validate_selectors(self, rows: list[dict[str, Any]] | None) -> None:
        if rows is not None and not 1 <= len(rows) <= MOST_SELECTORS:
            raise ValidationError(
                f"selectors of Fargate profile {self.name}: {len(rows)} are given, and EKS takes 1 to {MOST_SELECTORS}."
                " Way out: another profile for the rest."
            )
        for number, row in enumerate(selectors(rows)):
            where = f"selectors[{number}].labels of Fargate profile {self.name}"
            if not row["namespace"].strip():
                raise ValidationError(
                    f"selectors[{number}].namespace of Fargate profile {self.name} is empty; EKS wants a name"
                )
            if len(row["labels"]) > MOST_LABELS:
                raise ValidationError(f"{where}: {len(row['labels'])} are given, and EKS takes at most {MOST_LABELS}.")
            for key, value in row["labels"].items():
                if "*" not in value and "?" not in value:  # EKS matches labels by wildcards, too
                    check_label(where, key, value)

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self._names, **build_request(self.fields, drop_none(desired))}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_fargate_profile(**self.create_request(desired))["fargateProfile"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self.create_request(desired), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        arn, tags = raw["fargateProfileArn"], TAGS.normalize(desired["tags"])
        return [Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags))]

    def delete(self) -> None:
        self.client.delete_fargate_profile(**self._names)
