"""Capabilities: ACK, kro and Argo CD. They are kept and answered; no controllers run.

https://docs.aws.amazon.com/eks/latest/userguide/working-with-capabilities.html
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import access, roles
from kumo_sandbox.eks.context import Context, begin_update, handles, paginate
from kumo_sandbox.eks.errors import (
    InvalidParameter,
    InvalidRequest,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
)
from kumo_sandbox.eks.store import Cluster, Raw

NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
VERSIONS = {"KRO": "v0.6.3", "ARGOCD": "3.1.8-eks-1"}
SUMMARY = ("capabilityName", "arn", "type", "status", "version", "createdAt", "modifiedAt")
Params = list[tuple[str, Any]]


def find(cluster: Cluster, name: str) -> Raw:
    if name not in cluster.capabilities:
        raise ResourceNotFound(f"No capability found for name: {name}.", clusterName=cluster.name)
    return cluster.capabilities[name]


@handles("CreateCapability")
def create_capability(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster, name = ctx.find_active_cluster(p["clusterName"]), p["capabilityName"]
    _check_new(cluster, p)
    raw: Raw = {
        "capabilityName": name,
        "arn": ctx.build_arn(f"capability/{cluster.name}/{p['type'].lower()}/{name}/{uuid.uuid4()}"),
        "clusterName": cluster.name,
        "type": p["type"],
        "roleArn": p["roleArn"],
        "status": "CREATING",
        "version": VERSIONS.get(p["type"]),
        "configuration": _build_configuration(ctx, cluster, p),
        "tags": p.get("tags") or {},
        "health": {"issues": []},
        "createdAt": ctx.now(),
        "modifiedAt": ctx.now(),
        "deletePropagationPolicy": p["deletePropagationPolicy"],
    }
    issue = _find_role_issue(ctx, p["roleArn"])
    fault = ctx.take_fault("fail_creation", name)
    cluster.capabilities[name] = raw

    def end() -> None:
        if fault:
            raw.update(status="CREATE_FAILED", health=fault.build_health("ClusterUnreachable", "The creation failed"))
            raw["health"]["issues"][0].pop("resourceIds")
        elif issue:
            raw.update(status="CREATE_FAILED", health={"issues": [issue]})
        else:
            raw["status"] = "ACTIVE"
            _grant_access(ctx, cluster, raw["roleArn"])

    ctx.store.schedule(durations.CAPABILITY, end)
    return {"capability": dict(raw)}


def _check_new(cluster: Cluster, p: dict[str, Any]) -> None:
    name, kind = p["capabilityName"], p["type"]
    if not NAME.fullmatch(name):
        raise InvalidParameter(f"The capability name is not valid: {name}", clusterName=cluster.name)
    if name in cluster.capabilities:
        raise ResourceInUse(f"Capability already exists with name: {name}", clusterName=cluster.name)
    if any(other["type"] == kind for other in cluster.capabilities.values()):
        raise ResourceLimitExceeded(
            f"Cluster {cluster.name} already has a capability of type {kind}", clusterName=cluster.name
        )
    if cluster.raw["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise InvalidRequest(
            "The cluster's authentication mode must be API or API_AND_CONFIG_MAP to create capabilities",
            clusterName=cluster.name,
        )
    _check_configuration(cluster, kind, p.get("configuration") or {})
    if kind == "ARGOCD" and not (p.get("configuration") or {}).get("argoCd"):
        raise InvalidParameter("An Argo CD capability requires an argoCd configuration", clusterName=cluster.name)


def _check_configuration(cluster: Cluster, kind: str, configuration: Raw) -> None:
    for key, owner in (("argoCd", "ARGOCD"), ("ack", "ACK")):
        if configuration.get(key) and kind != owner:
            raise InvalidParameter(f"The {key} configuration is not valid for type {kind}", clusterName=cluster.name)
    argo = configuration.get("argoCd") or {}
    mappings = argo.get("rbacRoleMappings") or []
    rows = mappings if isinstance(mappings, list) else [row for part in mappings.values() for row in part]
    if any(not row["identities"] for row in rows):
        raise InvalidParameter("A role mapping requires at least one identity", clusterName=cluster.name)
    prefix = argo.get("endpointPrefix")
    if prefix is not None and not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", prefix):
        raise InvalidParameter(f"The endpointPrefix is not valid: {prefix}", clusterName=cluster.name)


def _grant_access(ctx: Context, cluster: Cluster, role: str) -> None:
    """EKS creates an access entry for the role: https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html"""
    if role not in cluster.access_entries:
        access.create_access_entry(ctx, {"clusterName": cluster.name, "principalArn": role})


def _find_role_issue(ctx: Context, arn: str) -> Raw | None:
    """A role that EKS does not see is refused. One that it cannot assume shows in the health of the capability."""
    if ctx.aws_context.find_known_role(arn, ctx.store.clock.now()) is None:
        raise InvalidParameter(roles.MISSING.format(arn=arn))
    try:
        roles.check_role(ctx, roles.CAPABILITY, arn)
    except InvalidParameter as error:
        return {"code": "AccessDenied", "message": error.message}
    return None


def _build_configuration(ctx: Context, cluster: Cluster, p: dict[str, Any]) -> Raw:
    given = p.get("configuration") or {}
    if p["type"] == "ACK":
        ack = given.get("ack") or {}
        services = ack.get("disabledServices") or []
        return {"ack": {"enableCrossNamespace": bool(ack.get("enableCrossNamespace")), "disabledServices": services}}
    if p["type"] != "ARGOCD":
        return {}
    argo = given["argoCd"]
    instance = argo["awsIdc"]["idcInstanceArn"]
    host = argo.get("endpointPrefix") or uuid.uuid4().hex[:16]
    application = f"arn:{ctx.partition.name}:sso::{ctx.account}:application/{instance.rpartition('/')[2]}/apl-{uuid.uuid4().hex[:16]}"
    found = {
        "namespace": argo.get("namespace") or "argocd",
        "awsIdc": {
            "idcInstanceArn": instance,
            "idcRegion": argo["awsIdc"].get("idcRegion") or ctx.region,
            "idcManagedApplicationArn": application,
        },
        "rbacRoleMappings": argo.get("rbacRoleMappings") or [],
        "serverUrl": f"https://{host}.eks-capabilities.{ctx.region}.{ctx.partition.domain}",
        "networkAccess": {"vpceIds": (argo.get("networkAccess") or {}).get("vpceIds") or []},
        "endpointPrefix": argo.get("endpointPrefix"),
    }
    return {"argoCd": {key: value for key, value in found.items() if value is not None}}


@handles("DescribeCapability")
def describe_capability(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"capability": find(ctx.find_cluster(p["clusterName"]), p["capabilityName"])}


@handles("ListCapabilities")
def list_capabilities(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    try:
        cluster = ctx.find_cluster(p["clusterName"])
    except ResourceNotFound as error:  # the operation has no ResourceNotFoundException
        raise InvalidParameter(error.message, clusterName=p["clusterName"]) from error
    rows = [{key: raw[key] for key in SUMMARY if raw.get(key)} for raw in cluster.capabilities.values()]
    return paginate(ctx, p, "capabilities", rows)


@handles("UpdateCapability")
def update_capability(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["capabilityName"])
    if raw["status"] not in ("ACTIVE", "DEGRADED"):
        raise ResourceInUse(
            f"Capability {raw['capabilityName']} is {raw['status']} and cannot be updated", clusterName=cluster.name
        )
    given = p.get("configuration") or {}
    _check_configuration(cluster, raw["type"], given)
    if p.get("roleArn"):
        _find_role_issue(ctx, p["roleArn"])
    after, params = _merge_configuration(raw["configuration"], given)
    patch: Raw = {"configuration": after}
    for key in ("roleArn", "deletePropagationPolicy"):
        if p.get(key):
            patch[key] = p[key]
    if all(raw[key] == value for key, value in patch.items()):
        raise InvalidParameter("No changes needed for the config provided", clusterName=cluster.name)

    def act() -> None:
        raw.update(patch, modifiedAt=ctx.now())
        _grant_access(ctx, cluster, raw["roleArn"])

    return begin_update(
        ctx,
        cluster,
        ("capability", raw),
        "CapabilityUpdate",
        [("RoleArn", p.get("roleArn")), *params],
        durations.CAPABILITY,
        act,
    )


def _merge_configuration(now: Raw, given: Raw) -> tuple[Raw, Params]:
    """The configuration after an update, and what the update says of it."""
    params: Params = []
    after = {key: dict(value) for key, value in now.items()}
    ack, argo = given.get("ack") or {}, given.get("argoCd") or {}
    for key, param in (("enableCrossNamespace", "EnableCrossNamespace"), ("disabledServices", "DisabledServices")):
        if ack.get(key) is not None:
            after["ack"][key] = ack[key]
            params.append((param, ack[key]))
    if argo.get("networkAccess"):
        after["argoCd"]["networkAccess"] = argo["networkAccess"]
        params.append(("NetworkAccess", argo["networkAccess"]))
    if argo.get("rbacRoleMappings"):
        change = argo["rbacRoleMappings"]
        after["argoCd"]["rbacRoleMappings"] = _change_mappings(after["argoCd"]["rbacRoleMappings"], change)
        params += [
            ("RoleMappingsToAddOrUpdate", change.get("addOrUpdateRoleMappings")),
            ("RoleMappingsToRemove", change.get("removeRoleMappings")),
        ]
    return after, params


def _change_mappings(now: list[Raw], change: Raw) -> list[Raw]:
    """A mapping that is added replaces that of its role; a removed one takes its identities away."""
    found = {row["role"]: list(row["identities"]) for row in now}
    for row in change.get("addOrUpdateRoleMappings") or []:
        found[row["role"]] = list(row["identities"])
    for row in change.get("removeRoleMappings") or []:
        found[row["role"]] = [one for one in found.get(row["role"], []) if one not in row["identities"]]
    return [{"role": role, "identities": identities} for role, identities in found.items() if identities]


@handles("DeleteCapability")
def delete_capability(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["capabilityName"])
    if raw["status"] in ("CREATING", "UPDATING"):
        raise ResourceInUse(
            f"Capability {raw['capabilityName']} is {raw['status']} and cannot be deleted", clusterName=cluster.name
        )
    fault = ctx.take_fault("fail_deletion", p["capabilityName"])
    raw["status"] = "DELETING"

    def end() -> None:
        if fault:
            raw.update(status="DELETE_FAILED", health=fault.build_health("ClusterUnreachable", "The deletion failed"))
            raw["health"]["issues"][0].pop("resourceIds")
        else:
            cluster.capabilities.pop(p["capabilityName"], None)

    ctx.store.schedule(durations.CAPABILITY_DELETE, end)
    return {"capability": dict(raw)}
