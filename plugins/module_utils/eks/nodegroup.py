# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed node groups. Sources: CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    TEMPLATE_VERSION_MISSING,
    ask_patiently,
    describe_template_versions,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import apply_tags, check_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    build_options,
    build_request,
    build_set_options,
    convert_to_snake,
    drop_none,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import TRANSIENT_STATUSES, Request
from ansible_collections.kumo.eks.plugins.module_utils.core.scaling import merge_scaling
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_image import find_image_version_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import find_template_data_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import (
    EXCLUSIVE,
    LATEST,
    find_nodegroup_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.ami_release import choose_release, find_latest_release
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_fields import (
    FIELDS,
    TAGS,
    build_labels_payload,
    build_taints_payload,
    merge_exclusive,
    normalize_taints,
)

# https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#troubleshoot-managed-node-groups
REMEDIES = {
    "NodeCreationFailure": (
        "Nodes must reach the API server and the services of AWS, and have the permissions to join: check the routes of the subnets, the"
        " endpoints and public_access_cidrs of the cluster, the policies of node_role, and the permissions of the VPC CNI."
    ),
    "InsufficientFreeAddresses": "Use larger subnets, or fewer nodes.",
}
NO_TEMPLATE = ("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound")


@dataclass
class NodegroupLookups:
    """What node groups of one cluster look up outside of EKS' node group API, each only where it is needed.

    Args:
        ec2: makes a client, for launch templates and Windows images.
        ssm: makes a client, for the latest release of an image.
    """

    eks: Any
    cluster_name: str
    ec2: Callable[[], Any]
    ssm: Callable[[], Any]
    _cluster: list[dict[str, Any] | None] = field(default_factory=list)
    _releases: dict[tuple[str, str], str] = field(default_factory=dict)

    def describe_cluster(self) -> dict[str, Any] | None:
        """The cluster, asked for once in a task; None where it does not exist."""
        if not self._cluster:
            self._cluster.append(describe_or_none(self.eks.describe_cluster, "cluster", name=self.cluster_name))
        return self._cluster[0]

    def find_latest_release(self, ami_type: str, version: str) -> str:
        """The latest release of an image, asked for once in a task."""
        key = (ami_type, version)
        if key not in self._releases:
            self._releases[key] = find_latest_release(self.ssm(), self.ec2, ami_type, version)
        return self._releases[key]


class NodegroupResource(EksResource):
    """A managed node group of a cluster."""

    kind = "node group"
    fields = FIELDS
    replaceable = True
    replace_remedy = "Set replace=true to delete and recreate it, or replace it by a new one while its pods serve: kumo.eks.eks_nodegroup_replacement"
    remedies = REMEDIES
    transient_statuses = TRANSIENT_STATUSES - {"DEGRADED"}  # lost nodes do not come back during a wait

    def __init__(
        self,
        client: Any,
        cluster_name: str,
        name: str,
        lookups: NodegroupLookups | None,
        owner: str = "",
        check_new: Callable[[dict[str, Any]], None] | None = None,
        marks: dict[str, str] | None = None,
    ) -> None:
        super().__init__(client, name)
        self.owner = owner
        self._marks = marks or {}  # tags of a creation beside the owner's
        self.cluster_name = cluster_name
        self._names = {"clusterName": cluster_name, "nodegroupName": name}
        self._lookups = lookups
        self._check_new = check_new
        self._observed: list[dict[str, Any] | None] = []

    def mark(self, desired: dict[str, Any]) -> dict[str, Any]:
        wanted = super().mark(desired)
        return {**wanted, "tags": {**(wanted.get("tags") or {}), **self._marks}} if self._marks else wanted

    def read_options(self, raw: dict[str, Any]) -> dict[str, Any]:
        """A group as options of the module, for a diff."""
        return build_options(self.fields, raw)

    def observe(self) -> dict[str, Any] | None:
        """Describe, and let the next describe() answer the same: one look serves both."""
        self._observed = [self.describe()]
        return self._observed[0]

    def describe(self) -> dict[str, Any] | None:
        if self._observed:
            return self._observed.pop()
        return describe_or_none(self.client.describe_nodegroup, "nodegroup", **self._names)

    def describe_update(self, update_id: str) -> dict[str, Any]:
        names = {"name": self.cluster_name, "nodegroupName": self.name, "updateId": update_id}
        return self.client.describe_update(**names)["update"]

    # the desired state, adjusted to the current one

    def adjust(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        image = {} if desired.get("ami_type") else {"ami_type": raw.get("amiType")}  # omitted, it stays
        raise_problems(find_nodegroup_problems({**desired, **image, "name": self.name}))
        desired = self._add_template(super().adjust(raw, desired), raw.get("launchTemplate"))
        desired = self._resolve_release(raw, desired)
        for option, pairs in EXCLUSIVE.items():
            if desired.get(option):
                current = next(field for field in self.fields if field.option == option).read(raw)
                desired = {**desired, option: merge_exclusive(current, desired[option], pairs)}
        if desired.get("scaling_config"):
            enforce = bool(desired.get("enforce_desired_size"))
            now = convert_to_snake(raw["scalingConfig"])
            sizes = merge_scaling(now, desired["scaling_config"], enforce)
            desired = {**desired, "scaling_config": sizes}
        return desired

    def _resolve_release(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """ "latest" as a release version. With a new Kubernetes version EKS chooses the latest one itself."""
        if desired.get("release_version") != LATEST:
            return desired
        if desired.get("version") not in (None, raw.get("version")):
            return {key: value for key, value in desired.items() if key != "release_version"}
        latest = self._lookups.find_latest_release(raw["amiType"], raw["version"])
        return {**desired, "release_version": choose_release(raw["amiType"], raw.get("releaseVersion"), latest)}

    def build_replacement(self, raw: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
        """The task's options, and the current values of all others.

        A release version belongs to an AMI type, a new group always has the cluster's version, and the image of a CUSTOM
        one is in its launch template: these are not taken over.
        """
        asked = self.adjust(raw, {**desired, "enforce_desired_size": True})
        dropped = {"version", "release_version", "launch_template.id", "launch_template.version"}
        has_template = bool(asked.get("launch_template")) or asked.get("template") is not None
        if has_template:
            dropped |= {"disk_size", "remote_access"}
        if raw.get("amiType") == CUSTOM:
            dropped |= {"ami_type"}
        options = build_set_options(self.fields, raw)
        kept = {option: value for option, value in options.items() if value and option not in dropped}
        # What is sent is never the form that is compared: neither sorted nor with defaults.
        kept |= {"subnets": raw["subnets"], "update_config": convert_to_snake(raw.get("updateConfig"))}
        if raw.get("launchTemplate") and not has_template:
            kept["launch_template"] = {key: raw["launchTemplate"][key] for key in ("id", "version")}
        return {**kept, **asked}

    def _add_template(self, desired: dict[str, Any], now: dict[str, Any] | None = None) -> dict[str, Any]:
        """The launch template as its ID and version: a name, $Latest and $Default are looked up in EC2.

        A version that is omitted is the one in use, or the default one of another template.
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
            found = self._describe_template(template, version)
            template, version = {"id": found["LaunchTemplateId"]}, str(found["VersionNumber"])
        return {**desired, "launch_template.id": template["id"], "launch_template.version": version}

    def _describe_template(self, template: dict[str, Any], version: str) -> dict[str, Any]:
        try:
            rows = describe_template_versions(self._lookups.ec2(), template, [version])
        except Exception as error:
            if not has_code(error, TEMPLATE_VERSION_MISSING):
                raise
            rows = []
        if not rows:
            raise ValidationError(
                f"launch_template: {template.get('id') or template['name']} has no version {version}. Use one that exists, $Latest or"
                " $Default."
            )
        return rows[0]

    # rules

    def validate(self, raw: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        check_tags(desired.get("tags"))
        self.check_arns(desired)
        if raw is None:
            self._validate_creation(desired)
        else:
            self._validate_change(raw, desired)

    def _validate_creation(self, desired: dict[str, Any]) -> None:
        raise_problems(find_missing(desired, ("node_role", "subnets"), f"node group {self.name}"))
        raise_problems(find_nodegroup_problems({**desired, "name": self.name}))
        self._complete_sizes(desired)
        version = desired.get("version")
        is_al2 = str(desired.get("ami_type") or "").startswith("AL2_")
        cluster = self._lookups.describe_cluster() if version or is_al2 else None
        if cluster:
            raise_problems(find_image_version_problems(desired, cluster["version"]))
        if version and cluster and cluster["version"] != version:
            # CreateNodegroup version in EKS' model: the cluster's version "is the only accepted specified value"
            raise ValidationError(
                f"version: a new node group has the Kubernetes version of its cluster, and {self.cluster_name} is at"
                f" {cluster['version']}, not {version}. Omit version, or set it to {cluster['version']}."
            )
        if desired.get("launch_template"):
            self._validate_own_template(desired)
        if self._check_new:
            self._check_new({**desired, "name": self.name})

    def _validate_own_template(self, desired: dict[str, Any]) -> None:
        """Refuse what EKS refuses of a template, before it takes minutes to say so."""
        template = desired["launch_template"]
        try:
            found = self._describe_template(template, str(template.get("version") or "$Default"))
        except Exception as error:
            if not has_code(error, *NO_TEMPLATE):
                raise
            return  # a plan may name one that another task of the play creates; a real creation fails by itself
        raise_problems(find_template_data_problems(found["LaunchTemplateData"], desired))

    def _validate_change(self, raw: dict[str, Any], desired: dict[str, Any]) -> None:
        image = {"ami_type": desired.get("ami_type") or raw.get("amiType")}
        sizes = {"scaling_config": desired.get("scaling_config") or convert_to_snake(raw["scalingConfig"])}
        raise_problems(find_nodegroup_problems({**desired, **image, **sizes, "name": self.name}))
        if desired.get("version") not in (None, raw.get("version")):
            self._validate_version(raw["version"], desired["version"], bool(desired.get("rollback")))

    def _validate_version(self, now: str, wanted: str, rollback: bool) -> None:
        """Not ahead of the cluster, and not back, but for the step before a rollback of the control plane."""
        if parse_minor(wanted) < parse_minor(now) and not (rollback and parse_minor(wanted) == parse_minor(now) - 1):
            raise ValidationError(
                f"version: node group {self.name} is at {now} and cannot go back to {wanted}. Within seven days after an upgrade, EKS takes"
                " it back before a rollback of the control plane: kumo.eks.eks_upgrade with rollback=true does both."
            )
        cluster = self._lookups.describe_cluster()
        if cluster and parse_minor(cluster["version"]) < parse_minor(wanted):
            raise ValidationError(
                f"version: node group {self.name} cannot be at {wanted}, because cluster {self.cluster_name} is at"
                f" {cluster['version']}. Upgrade the cluster first."
            )

    @staticmethod
    def _complete_sizes(desired: dict[str, Any]) -> dict[str, Any]:
        """The desired state of a new group: EKS wants all of its sizes or none. It begins with the least one."""
        sizes = drop_none(desired.get("scaling_config") or {})
        if not sizes:
            return {key: value for key, value in desired.items() if key != "scaling_config"}
        missing = [key for key in ("min_size", "max_size") if key not in sizes]
        if missing:
            raise ValidationError(
                f"scaling_config: a new node group needs all sizes or none. Set {', '.join(missing)}, too."
            )
        return {**desired, "scaling_config": {"desired_size": sizes["min_size"], **sizes}}

    # requests

    def build_creation(self, desired: dict[str, Any]) -> dict[str, Any]:
        """The request of CreateNodegroup. The mark of the owner is set by the creation, or it would get lost with an interruption."""
        wanted = self.mark(self._add_template(self._complete_sizes(desired)))
        if wanted.get("release_version") == LATEST:
            wanted["release_version"] = None  # EKS takes the latest one
        if wanted.get("ami_type") == CUSTOM:
            wanted["ami_type"] = None  # EKS sees it by the image, and refuses amiType beside it
        return {**self._names, **build_request(self.fields, drop_none(wanted))}

    def create(self, desired: dict[str, Any]) -> dict[str, Any]:
        try:
            request = ask_patiently(lambda: self.build_creation(desired), *NO_TEMPLATE)
        except Exception as error:
            if not has_code(error, *NO_TEMPLATE):
                raise
            template = desired["launch_template"]
            raise ValidationError(
                f"launch_template: {template.get('id') or template.get('name')} does not exist in"
                f" {self.client.meta.region_name}. Use one that exists, or template, with which the module manages one."
            ) from error
        return self.client.create_nodegroup(**request)["nodegroup"]

    def predict(self, desired: dict[str, Any]) -> dict[str, Any]:
        """As build_creation. A launch template that does not exist yet is shown by its name."""
        try:
            request = self.build_creation(desired)
        except Exception as error:
            if not has_code(error, *NO_TEMPLATE):
                raise
            template = desired["launch_template"]
            request = {**self.build_creation({**desired, "launch_template": None}), "launchTemplate": template}
        return {**request, "status": "CREATING"}

    def requests(self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]) -> list[Request]:
        groups = dict.fromkeys(change.field.group for change in changes)
        return [self._build_request(group, raw, changes, desired) for group in groups]

    def _build_request(
        self, group: str, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]
    ) -> Request:
        if group == "tags":
            tags = TAGS.to_api(desired["tags"])
            return Request("TagResource", lambda: apply_tags(self.client, raw["nodegroupArn"], raw.get("tags"), tags))
        if group == "version":
            wanted = self._build_version_request(raw, changes, desired)
            return Request("UpdateNodegroupVersion", lambda: self.client.update_nodegroup_version(**wanted)["update"])
        wanted = self._build_config_request(raw, changes, desired)
        return Request("UpdateNodegroupConfig", lambda: self.client.update_nodegroup_config(**wanted)["update"])

    def _build_version_request(
        self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]
    ) -> dict[str, Any]:
        """UpdateNodegroupVersion for versions and launch template together, so that nodes are replaced once.

        "If no version is specified, then the node group will be updated to match the cluster's current Kubernetes version":
        a group that only gets another template names its own. With an image of the user's own EKS accepts no version.
        """
        values = {change.field.option: change.after for change in changes}
        request = {**self._names, "force": bool(desired.get("force"))}
        if raw.get("amiType") != CUSTOM:
            request["version"] = values.get("version") or raw["version"]
            release = values.get("release_version") or (None if "version" in values else desired.get("release_version"))
            request.update({"releaseVersion": release} if release else {})
        if "launch_template.version" in values:
            template = {"id": raw["launchTemplate"]["id"], "version": values["launch_template.version"]}
            request["launchTemplate"] = template
        return request

    def _build_config_request(
        self, raw: dict[str, Any], changes: list[Change], desired: dict[str, Any]
    ) -> dict[str, Any]:
        """One UpdateNodegroupConfig call for all of it; labels and taints as what to add and what to remove."""
        fields = tuple(change.field for change in changes if change.field.group == "config")
        request = {**self._names, **build_request(fields, drop_none(desired))}
        if "labels" in request:
            request["labels"] = build_labels_payload(raw.get("labels") or {}, request["labels"])
        if "taints" in request:
            request["taints"] = build_taints_payload(normalize_taints(raw.get("taints")), request["taints"])
        return request

    def delete(self) -> None:
        self.client.delete_nodegroup(**self._names)
