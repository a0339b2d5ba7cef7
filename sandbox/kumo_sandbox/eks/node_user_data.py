"""What an image of EKS' reads in its user data: the cluster that it is to join, its labels and taints.

NodeConfig (Amazon Linux 2023): https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
Bottlerocket: https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/
Windows: https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html (bootstrap script)
"""

from __future__ import annotations

import base64
import binascii
import email
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

import yaml

NODE_CONFIG = "application/node.eks.aws"
LINUX, BOTTLEROCKET, WINDOWS = "AL2023", "BOTTLEROCKET", "WINDOWS"
ARGUMENT = r'-{name}\s+("[^"]*"|\'[^\']*\'|\S+)'
Taint = tuple[str, str, str]


@dataclass(frozen=True)
class Bootstrap:
    """What a node was told.

    Attributes:
        endpoint, authority: of the cluster; empty where Windows asks EKS for them.
        taints: key, value, effect.
    """

    system: str
    cluster: str
    endpoint: str = ""
    authority: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()

    @property
    def is_complete(self) -> bool:
        """nodeadm and Bottlerocket do not start a kubelet without name, endpoint and certificate."""
        return bool(self.cluster and (self.system == WINDOWS or (self.endpoint and self.authority)))


def read_user_data(encoded: str | None) -> Bootstrap | None:
    """The bootstrap data in user data (base64), None where there is none that one of the images reads."""
    try:
        text = base64.b64decode(str(encoded or "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if "<powershell>" in text:
        return _read_windows(text)
    configs = [config for config in map(_load_yaml, _list_node_configs(text)) if config.get("kind") == "NodeConfig"]
    if configs:
        merged: dict[str, Any] = {}
        for config in configs:
            merged = _merge(merged, config.get("spec") or {})
        return _read_node_config(merged)
    return _read_bottlerocket(text)


def _list_node_configs(text: str) -> list[str]:
    """Parts of a MIME archive, or the whole."""
    if not re.match(r"\s*(MIME-Version|Content-Type: *multipart/)", text, re.IGNORECASE):
        return [text]
    parts = email.message_from_string(text.lstrip()).walk()
    return [str(part.get_payload()) for part in parts if part.get_content_type() == NODE_CONFIG]


def _load_yaml(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merge(one[key], value) if isinstance(one.get(key), dict) and isinstance(value, dict) else value
        for key, value in other.items()
    }
    return {**one, **both}


def _read_node_config(spec: dict[str, Any]) -> Bootstrap:
    cluster, flags = spec.get("cluster") or {}, (spec.get("kubelet") or {}).get("flags") or []
    return Bootstrap(
        LINUX,
        cluster.get("name") or "",
        (cluster.get("apiServerEndpoint") or "") if cluster.get("cidr") else "",
        cluster.get("certificateAuthority") or "",
        _read_labels(_find_flag(flags, "node-labels")),
        _read_taints(_find_flag(flags, "register-with-taints")),
    )


def _find_flag(flags: list[str], name: str) -> str:
    """A kubelet's flag: the last one counts."""
    values = [flag.partition("=")[2] for flag in flags if flag.startswith(f"--{name}=")]
    return values[-1] if values else ""


def _read_labels(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def _read_taints(text: str) -> tuple[Taint, ...]:
    """key=value:Effect, or key:Effect"""
    found = []
    for one in filter(None, text.split(",")):
        name, _colon, effect = one.rpartition(":")
        key, _equals, value = name.partition("=")
        found.append((key, value, effect))
    return tuple(found)


def _read_windows(text: str) -> Bootstrap | None:
    if "Start-EKSBootstrap.ps1" not in text:
        return None

    def find(name: str) -> str:
        match = re.search(ARGUMENT.format(name=name), text)
        return match[1].strip("\"'") if match else ""

    flags = find("KubeletExtraArgs").split()
    return Bootstrap(
        WINDOWS,
        find("EKSClusterName"),
        find("APIServerEndpoint"),
        find("Base64ClusterCA"),
        _read_labels(_find_flag(flags, "node-labels")),
        _read_taints(_find_flag(flags, "register-with-taints")),
    )


def _read_bottlerocket(text: str) -> Bootstrap | None:
    try:
        settings = (tomllib.loads(text).get("settings") or {}).get("kubernetes") or {}
    except tomllib.TOMLDecodeError:
        return None
    taints = []
    for key, values in (settings.get("node-taints") or {}).items():
        for value in values if isinstance(values, list) else [values]:
            name, _colon, effect = str(value).rpartition(":")
            taints.append((key, name, effect))
    return Bootstrap(
        BOTTLEROCKET,
        settings.get("cluster-name") or "",
        settings.get("api-server") or "",
        settings.get("cluster-certificate") or "",
        {key: str(value) for key, value in (settings.get("node-labels") or {}).items()},
        tuple(taints),
    )
