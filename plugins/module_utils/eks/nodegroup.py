# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed node groups. Sources: CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_options,
    build_request,
    convert_to_camel,
    convert_to_snake,
    drop_none,
    normalize_list,
    normalize_map,
    text,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import TRANSIENT_STATUSES, Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import EXCLUSIVE, find_nodegroup_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource


def sorted_taints(value: Any) -> list[dict[str, str]]:
    """Taints in one order, a missing value as the empty one."""
    taints = [{"key": t["key"], "value": t.get("value") or "", "effect": t["effect"]} for t in value or []]
    return sorted(taints, key=lambda taint: (taint["key"], taint["effect"]))


def remote_access(value: dict[str, Any] | None) -> dict[str, Any]:
    """{ec2_ssh_key, source_sg} from the option or the API's remoteAccess."""
    value = value or {}
    key = value.get("ec2_ssh_key") or value.get("ec2SshKey")
    groups = value.get("source_sg") or value.get("sourceSecurityGroups") or []
    return drop_none({"ec2_ssh_key": key, "source_sg": sorted(groups) or None})


def remote_access_request(value: dict[str, Any]) -> dict[str, Any]:
    return drop_none({"ec2SshKey": value.get("ec2_ssh_key"), "sourceSecurityGroups": value.get("source_sg")})


def update_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """updateConfig as the option; EKS may leave its default strategy unsaid."""
    return {"update_strategy": "DEFAULT", **convert_to_snake(value or {})}


def node_repair_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """nodeRepairConfig as the option, its overrides in one order."""
    config = convert_to_snake(value or {})
    key = "node_repair_config_overrides"
    rows = sorted(map(convert_to_snake, config.get(key) or []), key=lambda row: sorted(map(str, row.items())))
    return {**config, key: rows} if rows else config


def warm_pool_config(value: dict[str, Any] | None) -> dict[str, Any]:
    """warmPoolConfig as the option; of a pool that is off nothing else matters."""
    config = convert_to_snake(value or {})
    return config if config.get("enabled") else {"enabled": False}


def merge_labels_(
    now: dict[str, Any] | None, asked: dict[str, Any], pairs: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    """What is asked over what is there; of a pair that excludes each other the one that is asked for stays."""
    others = {pair[1 - side] for pair in pairs for side in (0, 1) if asked.get(pair[side]) is not None}
    return {**{key: value for key, value in convert_to_snake(now or {}).items() if key not in others}, **asked}


NO_TEMPLATE = ("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound")

SKEW = 3  # minors a kubelet may be behind the API server: https://kubernetes.io/releases/version-skew-policy/


FIELDS = (
    TAGS,
    Field("node_role", "nodeRole", None),
    Field("subnets", "subnets", None, normalize_list),
    Field("instance_types", "instanceTypes", None, normalize_list),
    Field("ami_type", "amiType", None),
    Field("capacity_type", "capacityType", None),
    Field("disk_size", "diskSize", None),
    Field("remote_access", "remoteAccess", None, remote_access, partial=True, to_api=remote_access_request),
    Field("launch_template.id", "launchTemplate.id", None),
    Field("scaling_config", "scalingConfig", "config", convert_to_snake, partial=True, to_api=convert_to_camel),
    Field("labels", "labels", "config", normalize_map, to_api=normalize_map),
    Field("taints", "taints", "config", sorted_taints, to_api=sorted_taints),
    Field("update_config", "updateConfig", "config", update_config, to_api=convert_to_camel),
    Field("node_repair_config", "nodeRepairConfig", "config", node_repair_config, to_api=convert_to_camel),
    Field("warm_pool_config", "warmPoolConfig", "config", warm_pool_config, to_api=convert_to_camel),
    Field("version", "version", "version", text),
    Field("release_version", "releaseVersion", "version", text, follows="version"),
    Field("launch_template.version", "launchTemplate.version", "version", text, to_api=text),
)


class NodegroupResource(EksResource):
    """A node group of a cluster; ``ec2`` gives a client where a launch template has to be looked up."""

    kind = "node group"
    fields = FIELDS
    replaceable = True
    transient_statuses = TRANSIENT_STATUSES - {"DEGRADED"}  # nodes that are lost do not come back while somebody waits

    def __init__(self, client: Any, cluster_name: str, name: str, ec2: Callable[[], Any]) -> None:
        super().__init__(client, name)
        self.cluster_name = cluster_name
        self._names = {"clusterName": cluster_name, "nodegroupName": name}
        self._ec2 = ec2

    def describe(self) -> dict[str, Any] | None:
        return describe_or_none(self.client.describe_nodegroup, "nodegroup", **self._names)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        words = {"name": self.cluster_name, "nodegroupName": self.name, "updateId": update_id}
        return self.client.describe_update(**words)["update"]

    # the desired state in the light of the current one

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        self._validate_options(desired)
        desired = self._with_template(super().adjust(raw, desired), raw.get("launchTemplate"))
        for option, pairs in EXCLUSIVE.items():
            if desired.get(option):
                current = next(field for field in self.fields if field.option == option).read(raw)
                desired = {**desired, option: merge_labels_(current, desired[option], pairs)}
        if desired.get("scaling_config"):
            enforce = bool(desired.get("enforce_desired_size"))
            desired = {
                **desired,
                "scaling_config": self._scaling(raw["scalingConfig"], desired["scaling_config"], enforce),
            }
        return desired

    @staticmethod
    def _scaling(now: dict[str, int], asked: dict[str, int], enforce: bool) -> dict[str, int]:
        """The desired size is the autoscaler's once the group stands: it is only moved into new limits."""
        sizes = {**convert_to_snake(now), **asked}
        if enforce and "desired_size" in asked:
            return sizes
        return {**sizes, "desired_size": min(max(now["desiredSize"], sizes["min_size"]), sizes["max_size"])}

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """What a replacement is made of: what the task says, and for the rest what the old group has.

        A release version belongs to a kind of image, and a CUSTOM image to its template: they are not carried over.
        """
        asked = self.adjust(raw, {**desired, "enforce_desired_size": True})
        dropped = {"release_version", "launch_template.id", "launch_template.version"}
        if asked.get("launch_template"):
            dropped |= {"disk_size", "remote_access"}
        if raw.get("amiType") == "CUSTOM":
            dropped |= {"ami_type", "version"}
        kept = {option: value for option, value in build_options(self.fields, raw).items() if option not in dropped}
        if raw.get("launchTemplate") and not asked.get("launch_template"):
            kept["launch_template"] = {key: raw["launchTemplate"][key] for key in ("id", "version")}
        return {**kept, **asked}

    def _with_template(self, desired: dict[str, Any], now: dict[str, Any] | None = None) -> dict[str, Any]:
        """The launch template as its id and version: a name, $Latest and $Default are looked up in EC2.

        A version that is left out is the one in use, and the default one for another template.
        """
        template = desired.get("launch_template")
        if not template:
            return desired
        if (
            now
            and template.get("id", now.get("id")) == now["id"]
            and template.get("name", now.get("name")) == now.get("name")
        ):
            template = {"id": now["id"], "version": template.get("version") or now["version"]}
        version = str(template.get("version") or "$Default")
        if not template.get("id") or version.startswith("$"):
            template = self._looked_up(template, version)
            version = str(template["version"])
        return {**desired, "launch_template.id": template["id"], "launch_template.version": version}

    def _looked_up(self, template: dict[str, Any], version: str) -> dict[str, Any]:
        words = {"LaunchTemplateId": template["id"]} if template.get("id") else {"LaunchTemplateName": template["name"]}
        rows = self._ec2().describe_launch_template_versions(Versions=[version], **words)["LaunchTemplateVersions"]
        if not rows:
            raise ValidationError(f"launch_template: {next(iter(words.values()))} has no version {version}")
        return {"id": rows[0]["LaunchTemplateId"], "version": rows[0]["VersionNumber"]}

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self._validate_options(desired)
        if raw is None:
            raise_problems(find_missing(desired, ("node_role", "subnets"), f"node group {self.name}"))
            self._sized(desired)
        if desired.get("version"):
            self._validate_version(raw["version"] if raw else None, desired["version"])

    def _validate_version(self, now: str | None, wanted: str) -> None:
        """Not back, not ahead of the cluster, not more than SKEW minors behind it."""
        if wanted == now:
            return
        if now and parse_minor(wanted) < parse_minor(now):
            raise ValidationError(f"version: node group {self.name} is at {now} and cannot go back to {wanted}.")
        cluster = describe_or_none(self.client.describe_cluster, "cluster", name=self.cluster_name)
        if cluster is None:
            return  # a plan for a cluster that is yet to come; EKS itself refuses a real creation
        ahead = parse_minor(cluster["version"]) - parse_minor(wanted)
        here = f"version: node group {self.name} cannot be at {wanted}, for cluster {self.cluster_name} is at {cluster['version']}"
        if ahead < 0:
            raise ValidationError(f"{here}. Way out: upgrade the cluster first.")
        if ahead > SKEW:
            raise ValidationError(f"{here} and nodes may be at most {SKEW} minor versions behind it.")

    def _validate_options(self, desired: dict[str, Any]) -> None:
        raise_problems(find_nodegroup_problems({**desired, "name": self.name}))

    @staticmethod
    def _sized(desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state of a new group: EKS wants all of its sizes or none; the least is what it begins with."""
        sizes = drop_none(desired.get("scaling_config") or {})
        if not sizes:
            return {key: value for key, value in desired.items() if key != "scaling_config"}
        missing = [key for key in ("min_size", "max_size") if key not in sizes]
        if missing:
            raise ValidationError(
                f"scaling_config: for a new node group EKS wants all sizes or none; missing: {', '.join(missing)}"
            )
        return {**desired, "scaling_config": {"desired_size": sizes["min_size"], **sizes}}

    # requests

    def create_request(self, desired: dict[str, Any]) -> dict[str, Any]:
        wanted = self._with_template(self._sized(desired))
        return {**self._names, **build_request(self.fields, drop_none(wanted))}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        return self.client.create_nodegroup(**self.create_request(desired))["nodegroup"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        """As create_request; a launch template that is yet to come stands there by its name."""
        try:
            request = self.create_request(desired)
        except Exception as error:
            if not has_code(error, *NO_TEMPLATE):
                raise
            template = desired["launch_template"]
            request = {**self.create_request({**desired, "launch_template": None}), "launchTemplate": template}
        return {**request, "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        return [self._request(group, raw, changes, desired) for group in groups]

    def _request(self, group: str, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> Request:
        if group == "tags":
            tags = TAGS.normalize(desired["tags"])
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
        if "launch_template.version" in values:
            template = {"id": raw["launchTemplate"]["id"], "version": values["launch_template.version"]}
            request["launchTemplate"] = template
        return request

    def _config_request(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> dict[str, Any]:
        """One UpdateNodegroupConfig call for all of it; labels and taints as what to add and what to remove."""
        fields = tuple(change.field for change in changes if change.field.group == "config")
        request = {**self._names, **build_request(fields, drop_none(desired))}
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
