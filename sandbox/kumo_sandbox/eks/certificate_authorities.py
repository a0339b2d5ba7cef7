"""Rotation of a cluster's certificate authority (CA): append a successor, distribute and activate it, delete the outgoing one.

https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html. What EKS does by itself as the end of a CA comes
near, years after its creation, is not acted out.
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.eks import trust_bundle
from kumo_sandbox.eks.clusters import check_active
from kumo_sandbox.eks.context import Context, begin_update, handles, paginate
from kumo_sandbox.eks.errors import InvalidParameter, ResourceInUse, ResourceLimitExceeded, ResourceNotFound
from kumo_sandbox.eks.store import Cluster, Raw

MOST = 2
KIND = "CertificateAuthorityUpdate"
SUMMARY = ("id", "createdAt", "createdBy", "activatedAt", "activatedBy", "signingStatus", "distributionStatus")


def find(cluster: Cluster, key: str) -> Raw:
    if key not in cluster.certificate_authorities:
        raise ResourceNotFound(f"No certificate authority found for ID: {key}", clusterName=cluster.name)
    return cluster.certificate_authorities[key]


def summarize(raw: Raw) -> Raw:
    return {key: raw[key] for key in SUMMARY if key in raw}


@handles("CreateCertificateAuthority")
def create_certificate_authority(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    check_active(cluster)
    if len(cluster.certificate_authorities) >= MOST:
        raise ResourceLimitExceeded(
            f"Cluster {cluster.name} already has {MOST} certificate authorities", clusterName=cluster.name
        )
    answer, raw = {}, trust_bundle.add_successor(cluster, ctx.now())

    def distribute() -> None:
        if raw["distributionStatus"] == "IN_PROGRESS":
            raw["distributionStatus"] = "COMPLETE"

    def act() -> None:
        trust_bundle.show(cluster)
        ctx.store.schedule(durations.CERTIFICATE_AUTHORITY_DISTRIBUTION, distribute)

    try:
        answer = _begin(ctx, cluster, raw, act, lambda: raw.update(distributionStatus="FAILED"))
    except ResourceInUse:
        del cluster.certificate_authorities[raw["id"]]
        raise
    return {**answer, "certificateAuthority": summarize(raw)}


@handles("ActivateCertificateAuthority")
def activate_certificate_authority(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["certificateAuthorityId"])
    try:  # the operation has no ResourceInUseException
        check_active(cluster)
    except ResourceInUse as error:
        raise InvalidParameter(error.message, clusterName=cluster.name) from error
    signer = trust_bundle.find_signer(cluster)
    if raw is signer:
        raise InvalidParameter(f"Certificate authority {raw['id']} is already active", clusterName=cluster.name)
    if raw["distributionStatus"] != "COMPLETE":
        raise InvalidParameter(
            f"Certificate authority {raw['id']} cannot be activated until its distribution is COMPLETE",
            clusterName=cluster.name,
        )
    if raw["createdAt"] < signer["createdAt"] and not trust_bundle.is_way_back_open(cluster, signer, ctx.now()):
        raise InvalidParameter("CA rollback is no longer available", clusterName=cluster.name)

    def act() -> None:
        signer["signingStatus"] = "NOT_USED"
        raw.update(signingStatus="IN_USE", activatedAt=ctx.now(), activatedBy="CUSTOMER")
        trust_bundle.show(cluster)

    answer = _begin(ctx, cluster, raw, act, lambda: raw.update(signingStatus="NOT_USED"))
    raw["signingStatus"] = "ACTIVATING"
    return answer


@handles("DeleteCertificateAuthority")
def delete_certificate_authority(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["certificateAuthorityId"])
    check_active(cluster)
    _check_deletion(ctx, cluster, raw)

    def act() -> None:
        del cluster.certificate_authorities[raw["id"]]
        trust_bundle.show(cluster)

    before = raw["distributionStatus"]
    answer = _begin(ctx, cluster, raw, act, lambda: raw.update(distributionStatus=before))
    raw["distributionStatus"] = "DELETING"
    return {**answer, "certificateAuthority": summarize(raw)}


def _check_deletion(ctx: Context, cluster: Cluster, raw: Raw) -> None:
    """The signer stays, and what would leave the cluster without a successor when it needs one."""
    signer = trust_bundle.find_signer(cluster)
    if raw is signer:
        raise InvalidParameter("The active certificate authority cannot be deleted", clusterName=cluster.name)
    is_successor = raw["createdAt"] > signer["createdAt"]
    late = signer["validity"]["notAfter"] - ctx.now() <= trust_bundle.PROTECTED
    if is_successor and (raw["createdBy"] == "EKS" or late) and raw["distributionStatus"] != "FAILED":
        raise InvalidParameter("The only successor certificate authority cannot be deleted", clusterName=cluster.name)


def _begin(ctx: Context, cluster: Cluster, raw: Raw, act: Any, undo: Any) -> dict[str, Any]:
    params = [("CertificateAuthorityId", raw["id"])]
    seconds = durations.CERTIFICATE_AUTHORITY
    return begin_update(ctx, cluster, ("cluster", cluster.raw), KIND, params, seconds, act, undo)


@handles("DescribeCertificateAuthority")
def describe_certificate_authority(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    cluster = ctx.find_cluster(p["clusterName"])
    raw = find(cluster, p["certificateAuthorityId"])
    open_back = trust_bundle.is_way_back_open(cluster, raw, ctx.now())
    return {"certificateAuthority": {**raw, "rollbackAvailable": open_back}}


@handles("ListCertificateAuthorities")
def list_certificate_authorities(ctx: Context, p: dict[str, Any]) -> dict[str, Any]:
    rows = [summarize(raw) for raw in ctx.find_cluster(p["clusterName"]).certificate_authorities.values()]
    return paginate(ctx, p, "certificateAuthorities", rows)
