"""OIDC identity providers that users of a cluster may sign in with; one for each cluster."""

from __future__ import annotations

import uuid
from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import local_clusters
from kumo_sandbox.eks.clusters import check_active
from kumo_sandbox.eks.context import Context, begin_update, handles, paginate
from kumo_sandbox.eks.errors import (
    InvalidParameter,
    InvalidRequest,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
)
from kumo_sandbox.eks.store import Cluster, Raw

MOST = 1


def find(cluster: Cluster, asked: Raw) -> Raw:
    found = cluster.identity_providers.get(asked["name"])
    if found is None or asked["type"] != "oidc":
        raise ResourceNotFound(
            f"Identity provider config {asked['name']} of type {asked['type']} not found", clusterName=cluster.name
        )
    return found


@handles("AssociateIdentityProviderConfig")
def associate_identity_provider_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster, oidc = ctx.find_cluster(p["clusterName"]), p["oidc"]
    name = oidc["identityProviderConfigName"]
    check_active(cluster)
    local_clusters.refuse(cluster.raw, "Identity providers")
    if name in cluster.identity_providers:
        raise ResourceInUse(f"Identity provider config already exists with name: {name}", clusterName=cluster.name)
    if len(cluster.identity_providers) >= MOST:
        raise ResourceLimitExceeded(
            f"A cluster can have {MOST} OIDC identity provider config, {cluster.name} has it", clusterName=cluster.name
        )
    _check_oidc(cluster, oidc)
    raw: Raw = {
        **oidc,
        "identityProviderConfigArn": ctx.build_arn(f"identityproviderconfig/{cluster.name}/oidc/{name}/{uuid.uuid4()}"),
        "clusterName": cluster.name,
        "tags": p.get("tags") or {},
        "status": "CREATING",
    }
    answer = _update(ctx, cluster, "AssociateIdentityProviderConfig", name, raw, "ACTIVE")
    cluster.identity_providers[name] = raw
    return {**answer, "tags": raw["tags"]}


def _check_oidc(cluster: Cluster, oidc: Raw) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html"""
    url = oidc["issuerUrl"]
    if not url.startswith("https://") or "?" in url:
        raise InvalidParameter(
            f"The issuerUrl must begin with https:// and have no query: {url}", clusterName=cluster.name
        )
    for key in ("usernamePrefix", "groupsPrefix"):
        if "system:" in (oidc.get(key) or ""):
            raise InvalidParameter(f"The {key} can't contain system:", clusterName=cluster.name)


def _update(ctx: Context, cluster: Cluster, kind: str, name: str, raw: Raw, after: str) -> dict[str, Any]:
    """An update of the cluster; the config is then in the status ``after``, or gone where that is empty."""

    def settle(status: str) -> None:
        raw["status"] = status
        if not status:
            cluster.identity_providers.pop(name, None)

    return begin_update(
        ctx,
        cluster,
        ("cluster", cluster.raw),
        kind,
        [("IdentityProviderConfig", {"type": "oidc", "name": name})],
        durations.IDENTITY_PROVIDER,
        lambda: settle(after),
        undo=lambda: settle("" if after else "ACTIVE"),
    )


@handles("DisassociateIdentityProviderConfig")
def disassociate_identity_provider_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    if p["identityProviderConfig"]["name"] not in cluster.identity_providers:
        raise InvalidRequest("Identity provider config is not associated with cluster", clusterName=cluster.name)
    raw = find(cluster, p["identityProviderConfig"])
    check_active(cluster)
    name = raw["identityProviderConfigName"]
    answer = _update(ctx, cluster, "DisassociateIdentityProviderConfig", name, raw, "")
    raw["status"] = "DELETING"
    return answer


@handles("DescribeIdentityProviderConfig")
def describe_identity_provider_config(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    return {"identityProviderConfig": {"oidc": find(ctx.find_cluster(p["clusterName"]), p["identityProviderConfig"])}}


@handles("ListIdentityProviderConfigs")
def list_identity_provider_configs(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    names = sorted(ctx.find_cluster(p["clusterName"]).identity_providers)
    return paginate(ctx, p, "identityProviderConfigs", [{"type": "oidc", "name": name} for name in names])
