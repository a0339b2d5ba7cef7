# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed node groups. Sources: CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused
from ansible_collections.kumo.eks.plugins.module_utils.fields import (
    Change,
    Field,
    assembled,
    camelled,
    snaked,
    text,
    unordered,
    without_none,
)
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Request
from ansible_collections.kumo.eks.plugins.module_utils.resources.base import EksResource, found_or_none
from ansible_collections.kumo.eks.plugins.module_utils.tags import TAGS, apply_tags, with_kept
from ansible_collections.kumo.eks.plugins.module_utils.versions import minor_of

AMI_TYPES = [
    "AL2_x86_64",
    "AL2_x86_64_GPU",
    "AL2_ARM_64",
    "CUSTOM",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2025_x86_64",
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NEURON",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
]


def sorted_taints(value: Any) -> list[dict[str, str]]:
    """Taints in one order, a missing value as the empty one."""
    taints = [{"key": t["key"], "value": t.get("value") or "", "effect": t["effect"]} for t in value or []]
    return sorted(taints, key=lambda taint: (taint["key"], taint["effect"]))


def texts(value: Any) -> dict[str, str]:
    """Labels, their values as text."""
    return {key: str(label) for key, label in (value or {}).items()}


def remote_access(value: dict[str, Any] | None) -> dict[str, Any]:
    """{ec2_ssh_key, source_sg} from the option or the API's remoteAccess."""
    value = value or {}
    key = value.get("ec2_ssh_key") or value.get("ec2SshKey")
    groups = value.get("source_sg") or value.get("sourceSecurityGroups") or []
    return without_none({"ec2_ssh_key": key, "source_sg": sorted(groups) or None})


def remote_access_request(value: dict[str, Any]) -> dict[str, Any]:
    return without_none({"ec2SshKey": value.get("ec2_ssh_key"), "sourceSecurityGroups": value.get("source_sg")})


def template_version(value: Any) -> str | None:
    return text(value)


FIELDS = (
    Field("node_role", "nodeRole", None),
    Field("subnets", "subnets", None, unordered),
    Field("instance_types", "instanceTypes", None, unordered),
    Field("ami_type", "amiType", None),
    Field("capacity_type", "capacityType", None),
    Field("disk_size", "diskSize", None),
    Field("remote_access", "remoteAccess", None, remote_access, partial=True, to_api=remote_access_request),
    Field("launch_template_id", "launchTemplate.id", None),
    Field("scaling_config", "scalingConfig", "config", snaked, partial=True, to_api=camelled),
    Field("labels", "labels", "config", texts, to_api=texts),
    Field("taints", "taints", "config", sorted_taints, to_api=sorted_taints),
    Field("update_config", "updateConfig", "config", snaked, partial=True, to_api=camelled),
    Field("node_repair_config", "nodeRepairConfig", "config", snaked, partial=True, to_api=camelled),
    Field("version", "version", "version", text),
    Field("release_version", "releaseVersion", "version", text),
    Field("launch_template_version", "launchTemplate.version", "version", template_version, to_api=text),
    TAGS,
)


class NodegroupResource(EksResource):
    """A node group of a cluster; ``ec2`` gives a client where a launch template has to be looked up."""

    kind = "node group"
    fields = FIELDS
    replaceable = True

    def __init__(self, client: Any, cluster_name: str, name: str, ec2: Callable[[], Any]) -> None:
        super().__init__(client, name)
        self.cluster_name = cluster_name
        self._names = {"clusterName": cluster_name, "nodegroupName": name}
        self._ec2 = ec2

    def describe(self) -> dict[str, Any] | None:
        return found_or_none(self.client.describe_nodegroup, "nodegroup", **self._names)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        words = {"name": self.cluster_name, "nodegroupName": self.name, "updateId": update_id}
        return self.client.describe_update(**words)["update"]

    # the desired state in the light of the current one

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        desired = self._with_template(with_kept(desired, raw))
        if desired.get("scaling_config"):
            scaling = self._scaling(
                raw["scalingConfig"], desired["scaling_config"], desired.get("enforce_desired_size")
            )
            desired = {**desired, "scaling_config": scaling}
        return desired

    @staticmethod
    def _scaling(now: dict[str, int], asked: dict[str, int], enforce: bool | None) -> dict[str, int]:
        """The desired size is the autoscaler's once the group stands: it is only moved into new limits."""
        if enforce:
            return asked
        lowest = asked.get("min_size", now["minSize"])
        highest = asked.get("max_size", now["maxSize"])
        clamped = min(max(now["desiredSize"], lowest), highest)
        return {**asked, "desired_size": clamped}

    def _with_template(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The launch template as its id and version: a name, $Latest and $Default are looked up in EC2."""
        template = desired.get("launch_template")
        if not template:
            return desired
        version = str(template.get("version") or "$Default")
        if not template.get("id") or version.startswith("$"):
            words = (
                {"LaunchTemplateId": template["id"]} if template.get("id") else {"LaunchTemplateName": template["name"]}
            )
            rows = self._ec2().describe_launch_template_versions(Versions=[version], **words)["LaunchTemplateVersions"]
            template = {"id": rows[0]["LaunchTemplateId"], "version": rows[0]["VersionNumber"]}
            version = str(template["version"])
        return {**desired, "launch_template_id": template["id"], "launch_template_version": version}

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self._validate_words(desired)
        if raw is None:
            missing = [option for option in ("node_role", "subnets") if not desired.get(option)]
            if missing:
                needed = ", ".join(missing)
                raise Refused(
                    f"node group {self.name} does not exist, and to create it these options are needed: {needed}"
                )
            return
        if desired.get("version") and minor_of(desired["version"]) < minor_of(raw["version"]):
            raise Refused(
                f"version: node group {self.name} is at {raw['version']} and cannot go back to {desired['version']}."
            )

    def _validate_words(self, desired: dict[str, Any]) -> None:
        if desired.get("version"):
            minor_of(desired["version"])
        scaling = desired.get("scaling_config") or {}
        sizes = [scaling[key] for key in ("min_size", "desired_size", "max_size") if scaling.get(key) is not None]
        if sizes != sorted(sizes):
            raise Refused(f"scaling_config: min_size <= desired_size <= max_size is wanted, not {scaling}")
        update = desired.get("update_config") or {}
        if update.get("max_unavailable") and update.get("max_unavailable_percentage"):
            raise Refused("update_config: either max_unavailable or max_unavailable_percentage can be given, not both")
        for option in ("disk_size", "remote_access"):
            if desired.get("launch_template") and desired.get(option):
                raise Refused(
                    f"{option}: with a launch_template it belongs into the template, EKS takes it from there only"
                )

    # requests

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self._names, **assembled(self.fields, without_none(self._with_template(desired)))}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_nodegroup(**self.create_request(desired))["nodegroup"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        return {**self.create_request(desired), "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        return [self._request(group, raw, changes, desired) for group in groups]

    def _request(self, group: str, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> Request:
        if group == "tags":
            tags = TAGS.canon(desired["tags"])
            return Request("TagResource", lambda: apply_tags(self.client, raw["nodegroupArn"], raw.get("tags"), tags))
        if group == "version":
            wanted = self._version_request(raw, changes, desired)
            return Request("UpdateNodegroupVersion", lambda: self.client.update_nodegroup_version(**wanted)["update"])
        wanted = self._config_request(raw, changes, desired)
        return Request("UpdateNodegroupConfig", lambda: self.client.update_nodegroup_config(**wanted)["update"])

    def _version_request(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> dict[str, Any]:
        values = {change.field.option: change.after for change in changes}
        request = {**self._names, "force": bool(desired.get("force"))}
        for option, key in (("version", "version"), ("release_version", "releaseVersion")):
            if option in values:
                request[key] = values[option]
        if "launch_template_version" in values:
            template = {"id": raw["launchTemplate"]["id"], "version": values["launch_template_version"]}
            request["launchTemplate"] = template
        return request

    def _config_request(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> dict[str, Any]:
        """One UpdateNodegroupConfig call for all of it; labels and taints as what to add and what to remove."""
        fields = tuple(change.field for change in changes if change.field.group == "config")
        request = {**self._names, **assembled(fields, without_none(desired))}
        if "labels" in request:
            request["labels"] = labels_payload(raw.get("labels") or {}, request["labels"])
        if "taints" in request:
            request["taints"] = taints_payload(sorted_taints(raw.get("taints")), request["taints"])
        return request

    def delete(self) -> None:
        self.client.delete_nodegroup(**self._names)


def labels_payload(now: dict[str, str], wanted: dict[str, str]) -> dict[str, Any]:
    """UpdateLabelsPayload that leads from the one to the other."""
    changed = {key: value for key, value in wanted.items() if now.get(key) != value}
    gone = sorted(set(now) - set(wanted))
    return {k: v for k, v in (("addOrUpdateLabels", changed), ("removeLabels", gone)) if v}


def taints_payload(now: list[dict[str, str]], wanted: list[dict[str, str]]) -> dict[str, Any]:
    """UpdateTaintsPayload that leads from the one to the other; a taint is known by key and effect."""
    kept = {(taint["key"], taint["effect"]) for taint in wanted}
    changed = [taint for taint in wanted if taint not in now]
    gone = [taint for taint in now if (taint["key"], taint["effect"]) not in kept]
    return {k: v for k, v in (("addOrUpdateTaints", changed), ("removeTaints", gone)) if v}
