"""The ConfigMap kube-system/aws-auth: whom it lets in, and what EKS itself writes into it.

How it is read: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/mapper/configmap/configmap.go. A section that
cannot be parsed counts as empty, names of principals are compared in lower case, and of two rows for one of them the last counts.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import yaml

from kumo_sandbox.interfaces import AccessRule, ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path

Row = dict[str, Any]
# https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html shows the rows that EKS makes.
NODE_ROWS = {
    "EC2_LINUX": ("system:node:{{EC2PrivateDNSName}}", ["system:bootstrappers", "system:nodes"]),
    "EC2_WINDOWS": (
        "system:node:{{EC2PrivateDNSName}}",
        ["eks:kube-proxy-windows", "system:bootstrappers", "system:nodes"],
    ),
    "FARGATE_LINUX": ("system:node:{{SessionName}}", ["system:bootstrappers", "system:nodes", "system:node-proxier"]),
}


def find_mapping(data: dict[str, str], principal: str, account: str) -> AccessRule | None:
    """Whom the ConfigMap maps a principal to, None where it does not know it.

    Args:
        principal: the ARN of an IAM user, or of the role behind a session, which has lost its path.
    """
    wanted = principal.lower()
    for section, key in (("mapRoles", "rolearn"), ("mapUsers", "userarn")):
        rows = {str(row.get(key) or "").lower(): row for row in parse_rows(data.get(section))}
        if wanted in rows:
            row = rows[wanted]
            return AccessRule(principal, str(row.get("username") or ""), tuple(map(str, row.get("groups") or ())))
    if account in map(str, _parse_list(data.get("mapAccounts"))):
        return AccessRule(principal, principal, ())
    return None


def parse_rows(text: str | None) -> list[Row]:
    return [row for row in _parse_list(text) if isinstance(row, dict)]


def _parse_list(text: str | None) -> list[Any]:
    try:
        found = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return []
    return found if isinstance(found, list) else []


class NodeMappings:
    """Keeps the roles of managed nodes and of Fargate in the ConfigMap of a cluster without access entries.

    A role that no managed node group uses any more is removed: https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html.
    A cluster that has access entries keeps the rows as they are: https://github.com/aws/containers-roadmap/issues/185.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._written: set[str] = set()

    def update(self, view: ClusterView) -> None:
        if view.authentication_mode != "CONFIG_MAP":
            return
        wanted = {strip_path(arn): kind for arn, kind in view.node_roles if kind in NODE_ROWS}
        if wanted.keys() == self._written:
            return
        found = self._read()
        data = found.get("data") or {}
        rows = [
            row for row in parse_rows(data.get("mapRoles")) if row.get("rolearn") not in self._written - set(wanted)
        ]
        there = {row.get("rolearn") for row in rows}
        rows += [_build_row(arn, kind) for arn, kind in wanted.items() if arn not in there]
        body = {**build_manifest(), "data": {**data, "mapRoles": yaml.safe_dump(rows, sort_keys=False)}}
        if found:
            self._api.patch(build_path(body), {"data": body["data"]})
        else:
            self._api.apply(body)
        self._written = set(wanted)

    def _read(self) -> Manifest:
        try:
            return self._api.get(build_path(build_manifest()))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return {}


def build_manifest() -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}}


def strip_path(arn: str) -> str:
    """The role's ARN as the ConfigMap has it: a session does not tell the path of its role."""
    return re.sub(r":role/(?:.*/)?([^/]+)$", r":role/\1", arn)


def _build_row(arn: str, kind: str) -> Row:
    username, groups = NODE_ROWS[kind]
    return {"groups": groups, "rolearn": arn, "username": username}
