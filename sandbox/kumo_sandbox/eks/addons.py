"""Managed add-ons."""

from __future__ import annotations

import uuid
from typing import Any

import jsonschema
import yaml

from kumo_sandbox import durations
from kumo_sandbox.eks import addon_versions, local_clusters
from kumo_sandbox.eks.context import Context, begin_update, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.pod_identity import create as create_association
from kumo_sandbox.eks.store import Cluster, Raw
from kumo_sandbox.eks.views import build_addon_spec

WAITING = {
    "code": "InsufficientNumberOfReplicas",
    "message": "The add-on is unhealthy because it doesn't have the desired number of replicas.",
    "resourceIds": [],
}
# https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2829, https://github.com/aws/amazon-vpc-cni-k8s/issues/2607
CONFLICT = "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:"
# The image of each add-on that EKS installs with a cluster, as messages about conflicts name it
IMAGES = {
    "coredns": 'Deployment.apps coredns - .spec.template.spec.containers[name="coredns"].image',
    "kube-proxy": 'DaemonSet.apps kube-proxy - .spec.template.spec.containers[name="kube-proxy"].image',
    "vpc-cni": 'DaemonSet.apps aws-node - .spec.template.spec.containers[name="aws-node"].image',
}


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.addons:
        raise ResourceNotFound(
            f"No addon: {name} found in cluster: {cluster.name}", clusterName=cluster.name, addonName=name
        )
    return cluster.addons[name]


def _check_configuration(name: str, text: str | None) -> None:
    if not text:
        return
    try:
        value = yaml.safe_load(text)
        jsonschema.validate(value, addon_versions.build_schema(name))
    except (yaml.YAMLError, jsonschema.ValidationError) as error:
        words = getattr(error, "message", str(error))
        raise InvalidParameter(
            f"ConfigurationValue provided in request is not supported: Json schema validation failed with error: [{words}]",
            addonName=name,
        ) from error


@handles("CreateAddon")
def create_addon(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["addonName"]
    local_clusters.refuse(cluster.raw, "Amazon EKS add-ons")
    if name in cluster.addons:
        raise ResourceInUse("Addon already exists.", clusterName=cluster.name, addonName=name)
    version = p.get("addonVersion") or addon_versions.find_default_version(name, cluster.raw["version"])
    addon_versions.check_version(name, version, cluster.raw["version"])
    _check_configuration(name, p.get("configurationValues"))
    if p.get("resolveConflicts") == "PRESERVE":  # https://github.com/eksctl-io/eksctl/pull/5880
        raise InvalidParameter("Resolve conflicts option preserve is not supported for operation CreateAddon")
    raw: Raw = {
        "addonName": name,
        "clusterName": cluster.name,
        "status": "CREATING",
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": ctx.build_arn(f"addon/{cluster.name}/{name}/{uuid.uuid4()}"),
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "serviceAccountRoleArn": p.get("serviceAccountRoleArn"),
        "configurationValues": p.get("configurationValues"),
        "namespaceConfig": p.get("namespaceConfig") or {"namespace": addon_versions.get_namespace(p["addonName"])},
        "tags": p.get("tags") or {},
    }
    raw["podIdentityAssociations"] = _associate(ctx, cluster, raw, p.get("podIdentityAssociations") or [])
    cluster.addons[name] = raw
    fault = ctx.take_fault("fail_creation", name)

    def end() -> None:
        if fault:
            raw.update(status="CREATE_FAILED", health=fault.build_health("InternalFailure", "The creation failed"))
            return
        conflicts = _find_conflicts(ctx, cluster, raw, p.get("resolveConflicts") == "OVERWRITE")
        if conflicts:
            raw.update(status="CREATE_FAILED", health={"issues": [build_conflict(conflicts)]})
            return
        raw["status"] = "ACTIVE"  # until become_ready has looked
        cluster.self_managed.pop(name, None)
        cluster.preserved.pop(name, None)
        ctx.control_planes.sync(cluster.raw["arn"])
        become_ready(ctx, cluster, raw)

    ctx.store.schedule(durations.ADDON, end)
    return {"addon": dict(raw)}


def build_conflict(fields: list[str]) -> Raw:
    """The issue that names the fields."""
    return {"code": "ConfigurationConflict", "message": "\n".join([CONFLICT, *fields]), "resourceIds": []}


def _find_conflicts(ctx: Context, cluster: Cluster, raw: Raw, overwrite: bool) -> list[str]:
    """The fields that other software of the add-on has with other values.

    A control plane that runs is asked. In one that does not run yet, nobody can have changed what was installed with it.
    """
    found = ctx.control_planes.find_conflicts(cluster.raw["arn"], build_addon_spec(raw), overwrite)
    if found is not None or overwrite:
        return found or []
    name, now = raw["addonName"], cluster.self_managed.get(raw["addonName"])
    if now is None or (now == raw["addonVersion"] and not raw.get("configurationValues")):
        return []
    return [IMAGES.get(name, f"Deployment.apps {name} - .spec.template.spec")]


def become_ready(ctx: Context, cluster: Cluster, raw: Raw) -> None:
    """ACTIVE when its pods can run; until then DEGRADED, looked at again every second."""
    if raw["status"] == "DELETING" or cluster.addons.get(raw["addonName"]) is not raw:
        return
    if ctx.control_planes.is_addon_ready(cluster, raw["addonName"]):
        raw.update(status="ACTIVE", health={"issues": []}, modifiedAt=ctx.now())
        return
    raw.update(status="DEGRADED", health={"issues": [WAITING]})
    ctx.store.schedule(1.0, lambda: become_ready(ctx, cluster, raw))


def _associate(ctx: Context, cluster: Cluster, addon: Raw, wanted: list[Raw]) -> list[str]:
    """Pod identity associations owned by the add-on, in its namespace, as ARNs."""
    namespace, owner = addon["namespaceConfig"]["namespace"], f"addon/{cluster.name}/{addon['addonName']}"
    made = []
    for row in wanted:
        association = create_association(ctx, cluster, namespace, row["serviceAccount"], row["roleArn"], {}, None)
        association["ownerArn"] = ctx.build_arn(owner)
        made.append(association["associationArn"])
    return made


@handles("DescribeAddon")
def describe_addon(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"addon": find(ctx.find_cluster(p["clusterName"]), p["addonName"])}


@handles("ListAddons")
def list_addons(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return paginate(ctx, p, "addons", sorted(ctx.find_cluster(p["clusterName"]).addons))


@handles("UpdateAddon")
def update_addon(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["addonName"]
    raw = find(cluster, name)
    if raw["status"] in ("CREATING", "DELETING"):  # https://github.com/eksctl-io/eksctl/issues/8091
        raise ResourceInUse(
            f"Addon {name} cannot be updated as it is currently in {raw['status']} state",
            clusterName=cluster.name,
            addonName=name,
        )
    version = p.get("addonVersion") or raw["addonVersion"]
    addon_versions.check_version(name, version, cluster.raw["version"])
    _check_configuration(name, p.get("configurationValues"))
    patch: Raw = {"addonVersion": version}
    if p.get("configurationValues") is not None:
        patch["configurationValues"] = p["configurationValues"] or None
    # An update without a role takes the role away: "If you don't specify an existing IAM role, then the add-on uses the
    # permissions assigned to the node IAM role" (UpdateAddonRequest.serviceAccountRoleArn), and
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/addon.go
    patch["serviceAccountRoleArn"] = p.get("serviceAccountRoleArn") or None
    params = [
        ("AddonVersion", p.get("addonVersion")),
        ("ServiceAccountRoleArn", p.get("serviceAccountRoleArn")),
        ("ResolveConflicts", p.get("resolveConflicts")),
        ("ConfigurationValues", p.get("configurationValues")),
    ]

    mode = p.get("resolveConflicts") or "NONE"

    def find_obstacle() -> Raw | None:
        changed = _find_changed(ctx, cluster, raw, patch) if mode == "NONE" else []
        return build_update_error(changed) if changed else None

    def act() -> None:
        if mode != "NONE":
            changed = _find_changed(ctx, cluster, raw, patch)
            ctx.control_planes.settle_conflicts(cluster.raw["arn"], changed, mode == "OVERWRITE")
        raw.update(patch, modifiedAt=ctx.now())
        if p.get("podIdentityAssociations") is not None:
            for arn in raw["podIdentityAssociations"]:
                cluster.pod_identities.pop(arn.rsplit("/", 1)[-1], None)
            raw["podIdentityAssociations"] = _associate(ctx, cluster, raw, p["podIdentityAssociations"])
        become_ready(ctx, cluster, raw)

    target = ("addon", raw)
    return begin_update(ctx, cluster, target, "AddonUpdate", params, durations.ADDON, act, find_obstacle=find_obstacle)


def build_update_error(fields: list[str]) -> Raw:
    """The error of an update that names the fields."""
    return {"errorCode": "ConfigurationConflict", "errorMessage": "\n".join([CONFLICT, *fields]), "resourceIds": []}


def _find_changed(ctx: Context, cluster: Cluster, raw: Raw, patch: Raw) -> list[str]:
    """The fields that somebody has changed in the cluster, and that an update would set to another value than they have now.

    "if you've changed a value from the Amazon EKS default value": UpdateAddonRequest.resolveConflicts
    """
    changed = ctx.control_planes.find_conflicts(cluster.raw["arn"], build_addon_spec(raw), False) or []
    if not changed:
        return []
    after = ctx.control_planes.find_conflicts(cluster.raw["arn"], build_addon_spec({**raw, **patch}), False) or []
    return [field for field in changed if field in after]


@handles("DeleteAddon")
def delete_addon(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["addonName"])
    if raw["status"] == "DELETING":  # DeleteAddon has no ResourceInUseException among its errors
        return {"addon": dict(raw)}
    raw["status"] = "DELETING"
    if p.get("preserve"):
        cluster.preserved[raw["addonName"]] = dict(raw)
    fault = ctx.take_fault("fail_deletion", raw["addonName"])

    def end() -> None:
        if fault:
            raw.update(status="DELETE_FAILED", health=fault.build_health("InternalFailure", "The deletion failed"))
            return
        cluster.addons.pop(raw["addonName"], None)
        if p.get("preserve"):
            cluster.self_managed[raw["addonName"]] = raw["addonVersion"]
        for arn in raw["podIdentityAssociations"]:
            cluster.pod_identities.pop(arn.rsplit("/", 1)[-1], None)
        ctx.control_planes.sync(cluster.raw["arn"])

    ctx.store.schedule(durations.ADDON, end)
    return {"addon": dict(raw)}
