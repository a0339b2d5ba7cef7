"""What EKS keeps in the ConfigMap aws-auth, by an API server that remembers one ConfigMap."""

from __future__ import annotations

from typing import Any

import yaml
from kubernetes_views import ACCOUNT, cluster_view

from kumo_sandbox.kubernetes.api import ApiError, Manifest
from kumo_sandbox.kubernetes.aws_auth import NodeMappings

NODE = f"arn:aws:iam::{ACCOUNT}:role/teams/node"
PODS = f"arn:aws:iam::{ACCOUNT}:role/pods"
ADMINS = "- {rolearn: arn:aws:iam::123456789012:role/admins, username: admin, groups: [system:masters]}\n"


class OneConfigMap:
    def __init__(self, data: dict[str, str] | None = None) -> None:
        self.data = data
        self.calls = 0

    def get(self, path: str) -> Manifest:
        if self.data is None:
            raise ApiError("GET", path, 404, "not found")
        return {"data": self.data}

    def apply(self, body: Manifest) -> None:
        self.calls, self.data = self.calls + 1, body["data"]

    def patch(self, path: str, body: Manifest) -> None:
        self.calls, self.data = self.calls + 1, body["data"]

    @property
    def roles(self) -> dict[str, dict[str, Any]]:
        return {row["rolearn"]: row for row in yaml.safe_load((self.data or {}).get("mapRoles") or "[]")}


def view(*roles: tuple[str, str], mode: str = "CONFIG_MAP") -> Any:
    return cluster_view(authentication_mode=mode, node_roles=roles)


def test_roles_of_nodes_come_and_go_beside_those_of_people() -> None:
    api = OneConfigMap({"mapRoles": ADMINS, "mapUsers": "[]"})
    mappings = NodeMappings(api)  # type: ignore[arg-type]
    mappings.update(view((NODE, "EC2_LINUX"), (PODS, "FARGATE_LINUX")))
    assert list(api.roles) == [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("admins", "node", "pods")]
    assert api.roles[PODS]["username"] == "system:node:{{SessionName}}"
    mappings.update(view((NODE, "EC2_LINUX"), (PODS, "FARGATE_LINUX")))
    assert api.calls == 1
    mappings.update(view((PODS, "FARGATE_LINUX")))
    assert list(api.roles) == [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("admins", "pods")]
    assert api.data is not None and api.data["mapUsers"] == "[]"


def test_it_is_made_with_the_first_role_and_stays_where_entries_are_in_use() -> None:
    api = OneConfigMap()
    mappings = NodeMappings(api)  # type: ignore[arg-type]
    mappings.update(view())
    assert api.data is None
    mappings.update(view((NODE, "EC2_WINDOWS")))
    assert "eks:kube-proxy-windows" in api.roles[f"arn:aws:iam::{ACCOUNT}:role/node"]["groups"]
    mappings.update(view(mode="API_AND_CONFIG_MAP"))
    assert len(api.roles) == 1
