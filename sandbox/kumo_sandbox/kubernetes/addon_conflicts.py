"""Which fields keep EKS from applying an add-on to software that somebody else installed or changed.

EKS applies add-ons as the field manager "eks": a field that has another manager and another value is a conflict.
https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from kumo_sandbox.interfaces import AddonSpec, ClusterView
from kumo_sandbox.kubernetes.addons import build_addon_manifests
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest


def find_conflicts(api: Api, view: ClusterView, addon: AddonSpec, force: bool) -> list[str]:
    """The fields, as EKS lists them in a ConfigurationConflict."""
    manifests = build_addon_manifests(replace(view, addons=(addon,)))
    return [line for manifest in manifests for line in _try(api, manifest, force)]


def _try(api: Api, manifest: Manifest, force: bool) -> Iterator[str]:
    try:
        api.try_apply(manifest, force)
    except ApiError as error:
        if error.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise
        for cause in error.causes:
            yield f"{build_title(manifest)} - .{str(cause.get('field')).removeprefix('.')}"


def build_title(manifest: Manifest) -> str:
    """DaemonSet.apps aws-node: kind, API group and name, as in EKS' messages."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return f"{manifest['kind']}{f'.{group}' if group else ''} {manifest['metadata']['name']}"
