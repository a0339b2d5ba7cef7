# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed add-ons. Sources: CreateAddon, UpdateAddon, DescribeAddon, DeleteAddon."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code, has_message
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Change, Field, build_request, drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.json_schema import problems
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import find_addon_problems, parse_configuration
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    DEFAULT,
    MOST_RECENT,
    AddonCatalog,
    choose_version,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster


def build_configuration(value: Any) -> str:
    """Configuration values as the JSON text that the API takes."""
    return json.dumps(parse_configuration(value), sort_keys=True)


def normalize_associations(value: Any) -> list[dict[str, str]]:
    """Pod identity associations in one order, from the option or the API's spelling."""
    rows = [
        {
            "service_account": row.get("service_account") or row["serviceAccount"],
            "role_arn": row.get("role_arn") or row["roleArn"],
        }
        for row in value or []
    ]
    return sorted(rows, key=lambda row: row["service_account"])


def build_associations(value: Any) -> list[dict[str, str]]:
    return [
        {"serviceAccount": row["service_account"], "roleArn": row["role_arn"]} for row in normalize_associations(value)
    ]


def read_failed_update(status: str) -> str | None:
    """UPDATE_FAILED; any other status needs no repair."""
    return status if status == UPDATE_FAILED else None


UPDATE_FAILED = "UPDATE_FAILED"  # EKS keeps it until another update ends well
FIELDS = (
    TAGS,
    Field("status", "status", "addon", read_failed_update, to_api=lambda status: "UPDATING"),
    Field("version", "addonVersion", "addon"),
    Field("configuration_values", "configurationValues", "addon", parse_configuration, to_api=build_configuration),
    Field("service_account_role_arn", "serviceAccountRoleArn", "addon", lambda value: value or None),
    # DescribeAddon returns ARNs only: ``describe`` adds the service accounts and roles behind them
    Field("pod_identity_associations", "podIdentities", "addon", normalize_associations, to_api=build_associations),
    Field("namespace", "namespaceConfig.namespace", None),
)
# "Resolve conflicts option preserve is not supported for operation CreateAddon": https://github.com/eksctl-io/eksctl/pull/5880
PRESERVE = "PRESERVE"


class AddonResource(EksResource):
    """An add-on of a cluster; its pod identity associations are looked up where the task names some."""

    kind = "add-on"
    fields = FIELDS
    replaceable = True
    remedies = {
        "ConfigurationConflict": "Set resolve_conflicts=OVERWRITE to replace the settings of the software that is installed."
        " To keep them, delete the add-on with preserve=true, and use kumo.eks.eks_addon_takeover."
    }
    update_remedies = {
        "ConfigurationConflict": "These fields were changed in the cluster. Set resolve_conflicts=PRESERVE to keep what they have, or OVERWRITE to"
        " set them to the add-on's values."
    }

    def __init__(self, client: Any, cluster_name: str, item: dict[str, Any], catalog: AddonCatalog) -> None:
        super().__init__(client, item["name"])
        self.cluster_name = cluster_name
        self._names = {"clusterName": cluster_name, "addonName": item["name"]}
        self._catalog = catalog
        self._look_at_associations = item.get("pod_identity_associations") is not None
        self._preserve = bool(item.get("preserve"))

    def describe(self) -> dict[str, Any] | None:
        raw = describe_or_none(self.client.describe_addon, "addon", **self._names)
        return self._add_associations(raw) if raw and self._look_at_associations else raw

    def _add_associations(self, raw: dict[str, Any]) -> dict[str, Any]:
        found = [self._describe_association(arn) for arn in raw.get("podIdentityAssociations") or []]
        return {**raw, "podIdentities": [row for row in found if row is not None]}

    def _describe_association(self, arn: str) -> dict[str, Any] | None:
        names = {"clusterName": self.cluster_name, "associationId": arn.rsplit("/", 1)[-1]}
        found = describe_or_none(self.client.describe_pod_identity_association, "association", **names)
        return found and {key: found[key] for key in ("serviceAccount", "roleArn")}

    def describe_update(self, update_id: str) -> dict[str, Any]:
        names = {"name": self.cluster_name, "addonName": self.name, "updateId": update_id}
        return self.client.describe_update(**names)["update"]

    # errors: "association already exists" does not mean that the add-on exists

    def already_exists(self, error: Exception) -> bool:
        return has_code(error, "ResourceInUseException") and has_message(error, "Addon already exists")

    # the desired state in the light of the current one

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        desired = super().adjust(raw, desired)
        if raw["status"] == UPDATE_FAILED:
            desired = {**desired, "status": "ACTIVE"}
        if desired.get("version") in (DEFAULT, MOST_RECENT):
            return self._resolve_version(desired)
        return desired

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        return super().build_replacement(self._add_associations(raw), desired)

    def _resolve_version(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The version as EKS names it; unknown where there is no cluster yet.

        A caller who may not look at versions gets what EKS chooses, its default, and the version that the task names.
        """
        wanted = desired.get("version") or DEFAULT
        look = partial(self._choose_version, wanted)
        if wanted == MOST_RECENT:
            return {**desired, "version": look()}
        named = None if wanted == DEFAULT else wanted
        lost = f"it was not checked which versions of add-on {self.name} are compatible with the cluster"
        actions = "eks:DescribeCluster or eks:DescribeAddonVersions"
        return {**desired, "version": look_if_allowed(look, named, actions, lost)}

    def _choose_version(self, wanted: str) -> str | None:
        kubernetes = self._catalog.describe_cluster_version()
        if kubernetes is None:
            return None
        return choose_version(self._catalog.list_compatible(self.name, kubernetes), wanted, self.name, kubernetes)

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        now = raw or {}
        raise_problems(find_addon_problems(desired))
        self.check_arns(desired)
        version = desired.get("version") or now.get("addonVersion")
        if raw is None or version != now["addonVersion"]:
            version = self._resolve_version(desired)["version"]
        self._validate_configuration(now, version, desired.get("configuration_values"))

    def _validate_configuration(self, now: dict[str, Any], version: str | None, wanted: Any) -> None:
        """Values that are new, and values that a new version meets."""
        before = parse_configuration(now.get("configurationValues"))
        values = before if wanted is None else parse_configuration(wanted)
        same = now and values == before and version == now["addonVersion"]
        if same or not values or version is None:
            return
        lost = f"the configuration values of add-on {self.name} were not checked"
        look = partial(self._catalog.describe_schema, self.name, version)
        found = problems(values, look_if_allowed(look, {}, "eks:DescribeAddonConfiguration", lost))
        if found:
            raise ValidationError(
                f"configuration_values of add-on {self.name} {version}: {'; '.join(found)}."
                f" To see what it accepts: aws eks describe-addon-configuration --addon-name {self.name}"
                f" --addon-version {version}"
            )

    # requests

    def build_create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._names,
            **self._build_settings(self._resolve_version(self.mark(desired))),
            **({} if desired.get("resolve_conflicts") == PRESERVE else _build_conflicts(desired)),
        }

    def _build_settings(self, desired: dict[str, Any], fields: tuple[Field, ...] = FIELDS) -> dict[str, Any]:
        """The part of a request that sets these options; an empty role is none."""
        request = build_request(fields, drop_none(desired))
        if "podIdentities" in request:
            request["podIdentityAssociations"] = request.pop("podIdentities")
        return {key: value for key, value in request.items() if value != "" and key != "status"}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        lost = f"it was not checked whether cluster {self.cluster_name} exists"
        version = look_if_allowed(self._catalog.describe_cluster_version, "unknown", "eks:DescribeCluster", lost)
        refuse_missing_cluster(version, self.cluster_name, self.client.meta.region_name)
        return self.client.create_addon(**self.build_create_request(desired))["addon"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        request = {**self._names, **build_request(FIELDS, drop_none(self._resolve_version(self.mark(desired))))}
        return {**request, "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        fields = tuple(change.field for change in changes if change.field is not TAGS)
        found = []
        if fields:
            wanted = {
                **self._names,
                **self._keep_settings(raw, {field.path for field in fields}),
                **self._build_settings(desired, fields),
                **_build_conflicts(desired),
            }
            found.append(Request("UpdateAddon", lambda: self.client.update_addon(**wanted)["update"]))
        if any(change.field is TAGS for change in changes):
            arn, tags = raw["addonArn"], TAGS.normalize(desired["tags"])
            found.append(Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags)))
        return found

    @staticmethod
    def _keep_settings(raw: dict[str, Any], changed: set[str]) -> dict[str, Any]:
        """What an update is to leave as it is, sent again: EKS sets what is left out to its default.

        A role is taken away by an update without one: "If you don't specify an existing IAM role, then the add-on uses the
        permissions assigned to the node IAM role" (UpdateAddonRequest.serviceAccountRoleArn).
        """
        keys = ("addonVersion", "configurationValues", "serviceAccountRoleArn")
        return {key: raw[key] for key in keys if raw.get(key) and key not in changed}

    def delete(self) -> None:
        self.client.delete_addon(**self._names, preserve=self._preserve)


def _build_conflicts(desired: dict[str, Any]) -> dict[str, str]:
    return {"resolveConflicts": desired["resolve_conflicts"]} if desired.get("resolve_conflicts") else {}
