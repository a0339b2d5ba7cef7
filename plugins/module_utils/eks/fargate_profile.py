# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fargate profiles. Sources: CreateFargateProfile, DescribeFargateProfile, DeleteFargateProfile."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    normalize_list,
    normalize_map,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.fargate_profile import find_fargate_profile_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import FARGATE, Placement


def normalize_selectors(value: Any) -> list[dict[str, Any]]:
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
    Field("selectors", "selectors", None, normalize_selectors, to_api=normalize_selectors),
)


class FargateProfileResource(EksResource):
    """A Fargate profile of a cluster: all but its tags is immutable."""

    kind = "Fargate profile"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, cluster_name: str, name: str, placement: Placement | None = None) -> None:
        super().__init__(client, name)
        self._placement = placement
        self._names = {"clusterName": cluster_name, "fargateProfileName": name}

    def describe(self) -> dict[str, Any] | None:
        return describe_or_none(self.client.describe_fargate_profile, "fargateProfile", **self._names)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        raise NotImplementedError(f"EKS has no updates of Fargate profiles, so none is called {update_id}")

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        raise_problems(find_fargate_profile_problems({**desired, "name": self.name}))
        if raw is None:
            raise_problems(find_missing(desired, ("role_arn", "selectors"), f"Fargate profile {self.name}"))
            self.check_arns(desired)
            if self._placement:
                raise_problems(self._placement.find_problems(desired, FARGATE))

    def build_create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self._names, **build_request(self.fields, drop_none(self.mark(desired)))}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_fargate_profile(**self.build_create_request(desired))["fargateProfile"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self.build_create_request(desired), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        arn, tags = raw["fargateProfileArn"], TAGS.normalize(desired["tags"])
        return [Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags))]

    def delete(self) -> None:
        self.client.delete_fargate_profile(**self._names)
