# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry for a cluster in a kubeconfig that may hold others. Pure.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

EMPTY: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": []}
PARTS = ("clusters", "contexts", "users")
TOKEN_MODULE = "ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token"
HIDDEN = "VALUE_HIDDEN"
SECRET_WORDS = ("token", "secret", "password", "key", "credential")
# Of a user's credentials, what may be shown. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
SHOWN = ("exec", "username", "as", "as-uid", "as-groups", "client-certificate", "client-key", "tokenFile")


def build_entry(
    cluster: Mapping[str, Any],
    region: str,
    python: str,
    collections_path: str | None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The values of cluster, context and user, for what DescribeCluster answered. No secret is in it.

    All three are named by the cluster's ARN, as ``aws eks update-kubeconfig`` names them, so that either finds the
    other's entry.

    Args:
        python: the Python that runs the exec credential.
        collections_path: PYTHONPATH for it.
        environment: more variables for it.
    """
    arn, name = cluster["arn"], cluster["name"]
    variables = {**({"PYTHONPATH": collections_path} if collections_path else {}), **(environment or {})}
    credential: dict[str, Any] = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": python,
        "args": ["-m", TOKEN_MODULE, "--cluster", name, "--region", region],
    }
    if variables:
        credential["env"] = [{"name": key, "value": value} for key, value in variables.items()]
    ca = cluster["certificateAuthority"]["data"]
    return {
        "clusters": {"name": arn, "cluster": {"server": cluster["endpoint"], "certificate-authority-data": ca}},
        "contexts": {"name": arn, "context": {"cluster": arn, "user": arn}},
        "users": {"name": arn, "user": {"exec": credential}},
    }


def build_environment(params: Mapping[str, Any]) -> dict[str, str]:
    """The task's AWS options as variables of the exec credential. Keys are left out: the file would hold secrets.

    ``aws eks update-kubeconfig`` carries the profile in the same way:
    https://github.com/aws/aws-cli/blob/develop/awscli/customizations/eks/update_kubeconfig.py
    """
    names = {"profile": "AWS_PROFILE", "endpoint_url": "AWS_ENDPOINT_URL", "aws_ca_bundle": "AWS_CA_BUNDLE"}
    return {name: params[option] for option, name in names.items() if params.get(option)}


def validate_kubeconfig(config: Any, path: str) -> dict[str, Any]:
    """The kubeconfig, if it is one. No value of it is part of a message.

    Raises:
        ValidationError: with the place that is wrong.
    """
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise ValidationError(f"path: {path} is not a kubeconfig: it holds no mapping. Nothing was written.")
    for part in PARTS:
        rows = config.get(part)
        if rows is not None and not isinstance(rows, list):
            raise ValidationError(f"path: {path} is not a kubeconfig: {part} is not a list. Nothing was written.")
        for number, row in enumerate(rows or []):
            if not isinstance(row, dict) or not isinstance(row.get("name"), str):
                raise ValidationError(
                    f"path: {path} is not a kubeconfig: {part}[{number}] has no name. Nothing was written."
                )
    return config


def merge_entry(config: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The kubeconfig with the entry in the place of its predecessor, and as the current context where none is set."""
    merged = {**EMPTY, **config}
    for part, row in entry.items():
        rows = merged[part] or []
        names = [other["name"] for other in rows]
        merged[part] = (
            [_keep_namespace(other, row) if other["name"] == row["name"] else other for other in rows]
            if row["name"] in names
            else [*rows, row]
        )
    if not merged.get("current-context"):
        merged["current-context"] = entry["contexts"]["name"]
    return merged


def _keep_namespace(before: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The row, with the default namespace that ``kubectl config set-context`` gave to the context before."""
    namespace = (before.get("context") or {}).get("namespace")
    return {**row, "context": {**row["context"], "namespace": namespace}} if namespace and "context" in row else row


def remove_entry(config: dict[str, Any], region: str, cluster_name: str) -> dict[str, Any]:
    """The kubeconfig without that cluster's entries, which are named by its ARN. Every other entry stays."""

    def is_ours(name: str) -> bool:
        parts = name.split(":")
        return len(parts) == 6 and parts[2:4] == ["eks", region] and parts[5] == f"cluster/{cluster_name}"

    kept = dict(config)
    for part in PARTS:
        if part in kept:
            kept[part] = [row for row in kept[part] or [] if not is_ours(row["name"])]
    if is_ours(str(kept.get("current-context", ""))):
        kept["current-context"] = ""
    return kept


def build_diff(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs, before and after, without secrets: the entries that change, and the current context."""
    return _cut(before, after), _cut(after, before)


def _cut(config: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in (*PARTS, "current-context"):
        if config.get(key) == other.get(key):
            continue
        if key in PARTS:
            others = other.get(key) or []
            found[key] = [_hide_secrets(row) for row in config.get(key) or [] if row not in others]
        elif key in config:
            found[key] = config[key]
    return found


def _hide_secrets(row: dict[str, Any]) -> dict[str, Any]:
    """A row of clusters, contexts or users as it may be shown."""
    user = row.get("user")
    if not isinstance(user, dict) or "cluster" in row or "context" in row:
        return row
    shown = {key: value if key in SHOWN else HIDDEN for key, value in user.items()}
    if isinstance(shown.get("exec"), dict):
        shown["exec"] = _hide_arguments(shown["exec"])
    return {**row, "user": shown}


def _hide_arguments(credential: dict[str, Any]) -> dict[str, Any]:
    """An exec credential without the arguments and variables of others that may be secrets."""
    if TOKEN_MODULE in (credential.get("args") or []):
        return credential
    found = dict(credential)
    if found.get("args"):
        words = [str(word) for word in found["args"]]
        # --client-secret=x as well as --client-secret x
        given = [before.startswith("-") and _is_secret(before) for before in ["", *words]]
        found["args"] = [HIDDEN if _is_secret(word) or hide else word for word, hide in zip(words, given, strict=False)]
    if found.get("env"):
        found["env"] = [
            {**row, "value": HIDDEN} if isinstance(row, dict) and _is_secret(str(row.get("name"))) else row
            for row in found["env"]
        ]
    return found


def _is_secret(word: str) -> bool:
    return any(secret in word.lower() for secret in SECRET_WORDS)


COLLECTION = os.path.join("ansible_collections", "kumo", "eks", "plugins", "module_utils", "kubernetes", "token.py")


def find_collections_path() -> str | None:
    """Where Ansible finds this collection on this machine, None where it is none of its usual folders.

    https://docs.ansible.com/ansible/latest/reference_appendices/config.html#collections-paths
    """
    configured = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    folders = [*configured, "~/.ansible/collections", "/usr/share/ansible/collections"]
    found = (os.path.abspath(os.path.expanduser(folder)) for folder in folders if folder)
    return next((folder for folder in found if os.path.isfile(os.path.join(folder, COLLECTION))), None)
