"""Clusters outside of EKS that are registered with EKS Connector. No agent connects: they stay PENDING.

https://docs.aws.amazon.com/eks/latest/userguide/connecting-cluster.html
"""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import roles
from kumo_sandbox.eks.context import Context, handles
from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest, ResourceInUse, ResourceNotFound
from kumo_sandbox.eks.store import Raw

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9\-_]{0,99}")
ACTIVATION = 3 * 86400  # "within 3 days"


@handles("RegisterCluster")
def register_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    name, config = p["name"], p["connectorConfig"]
    key = (ctx.region, name)
    if not NAME.fullmatch(name):
        raise InvalidParameter(f"The cluster name is not valid: {name}")
    if key in ctx.store.clusters or key in ctx.store.registrations:
        raise ResourceInUse(f"Cluster already exists with name: {name}", clusterName=name)
    try:
        roles.check_role(ctx, roles.CONNECTOR, config["roleArn"])
    except InvalidParameter as error:
        # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/cluster_registration.go
        raise InvalidRequest(error.message) from error
    raw: Raw = {
        "name": name,
        "arn": ctx.build_arn(f"cluster/{name}"),
        "createdAt": ctx.now(),
        "status": "CREATING",
        "tags": p.get("tags") or {},
        "connectorConfig": {
            "activationId": str(uuid.uuid4()),
            "activationExpiry": ctx.now() + ACTIVATION,
            "provider": config["provider"],
            "roleArn": config["roleArn"],
        },
    }
    ctx.store.registrations[key] = raw
    ctx.store.schedule(durations.REGISTRATION, lambda: raw.update(status="PENDING"))
    # Only this answer has the code: "This is your only opportunity to copy" it, says the guide of the console
    return {
        "cluster": {**raw, "connectorConfig": {**raw["connectorConfig"], "activationCode": secrets.token_urlsafe(15)}}
    }


@handles("DeregisterCluster")
def deregister_cluster(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    key = (ctx.region, p["name"])
    raw = ctx.store.registrations.get(key)
    if raw is None:
        raise ResourceNotFound(f"No cluster found for name: {p['name']}.", clusterName=p["name"])
    if raw["status"] == "CREATING":
        raise ResourceInUse(f"Cluster {p['name']} is CREATING", clusterName=p["name"])
    raw["status"] = "DELETING"
    ctx.store.schedule(durations.REGISTRATION, lambda: ctx.store.registrations.pop(key, None))
    return {"cluster": dict(raw)}
