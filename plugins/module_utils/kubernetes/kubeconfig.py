# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry for a cluster in a kubeconfig that may hold others. Pure.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_role_arn_problems

EMPTY: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": []}
PARTS = ("clusters", "contexts", "users")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PASSWORD = re.compile(r"(?<=://)([^/@\s:]*:)([^/@\s]*)@")
KEPT = (("context", "namespace"), ("cluster", "proxy-url"))
TOKEN_MODULE = "ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token"
HIDDEN = "VALUE_HIDDEN"
SECRET_WORDS = ("token", "secret", "password", "key", "credential")
# Of a user's credentials, what may be shown. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo
SHOWN = ("exec", "username", "as", "as-uid", "as-groups", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True)
class EntrySettings:
    """How an entry differs from what ``aws eks update-kubeconfig`` writes without options.

    Of texts that may stand in the file already, None leaves them as they are and "" removes them.

    Args:
        context: the context's name. The cluster's ARN by default.
        user: the user's name. The cluster's ARN by default.
        namespace: the default namespace of the context.
        proxy_url: the proxy to the endpoint.
        endpoint: the URL instead of the cluster's own.
        tls_server_name: the name in the endpoint's certificate, where the URL has another one.
    """

    context: str | None = None
    user: str | None = None
    namespace: str | None = None
    proxy_url: str | None = None
    endpoint: str | None = None
    tls_server_name: str | None = None


def build_entry(
    cluster: Mapping[str, Any], credential: Mapping[str, Any], settings: EntrySettings | None = None
) -> dict[str, Any]:
    """The values of cluster, context and user, for what DescribeCluster answered. No secret is in it.

    All three are named by the cluster's ARN, as ``aws eks update-kubeconfig`` names them, so that either finds the
    other's entry.

    Args:
        credential: the exec credential.
    """
    settings, arn = settings or EntrySettings(), cluster["arn"]
    user = settings.user or arn
    place = {
        "server": settings.endpoint or cluster["endpoint"],
        "certificate-authority-data": cluster["certificateAuthority"]["data"],
    }
    if settings.tls_server_name:
        place["tls-server-name"] = settings.tls_server_name
    if settings.proxy_url is not None:
        place["proxy-url"] = settings.proxy_url
    context = {"cluster": arn, "user": user}
    if settings.namespace is not None:
        context["namespace"] = settings.namespace
    return {
        "clusters": {"name": arn, "cluster": place},
        "contexts": {"name": settings.context or arn, "context": context},
        "users": {"name": user, "user": {"exec": dict(credential)}},
    }


def build_credential(
    cluster_name: str,
    region: str,
    python: str,
    collections_path: str | None,
    environment: Mapping[str, str] | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
) -> dict[str, Any]:
    """An exec credential that runs this collection's token module.

    Args:
        python: the Python that runs it.
        collections_path: PYTHONPATH for it.
        environment: more variables for it.
        role_arn: an IAM role that it assumes.
        external_id: what the role's trust policy asks for.
    """
    variables = {**({"PYTHONPATH": collections_path} if collections_path else {}), **(environment or {})}
    args = ["-m", TOKEN_MODULE, "--cluster", cluster_name, "--region", region]
    args += ["--role-arn", role_arn] if role_arn else []
    args += ["--external-id", external_id] if external_id else []
    return _build_exec("client.authentication.k8s.io/v1", python, args, variables)


def build_cli_credential(
    cluster_name: str, region: str, environment: Mapping[str, str] | None = None, role_arn: str | None = None
) -> dict[str, Any]:
    """The exec credential of ``aws eks update-kubeconfig``, which runs the aws command.

    https://github.com/aws/aws-cli/blob/develop/awscli/customizations/eks/update_kubeconfig.py (_get_user)
    """
    args = ["--region", region, "eks", "get-token", "--cluster-name", cluster_name, "--output", "json"]
    args += ["--role", role_arn] if role_arn else []
    return _build_exec("client.authentication.k8s.io/v1beta1", "aws", args, environment or {})


def _build_exec(version: str, command: str, args: list[str], variables: Mapping[str, str]) -> dict[str, Any]:
    credential: dict[str, Any] = {"apiVersion": version, "interactiveMode": "Never", "command": command, "args": args}
    if variables:
        credential["env"] = [{"name": key, "value": value} for key, value in variables.items()]
    return credential


def find_option_problems(params: Mapping[str, Any]) -> Iterator[str]:
    """Options of an entry that kubectl or AWS would refuse later."""
    if not str(params["path"]).strip():
        yield "path: is empty. Use the path of a file."
    for option, schemes in (("endpoint", ("https",)), ("proxy_url", ("http", "https", "socks5"))):
        url = params[option]
        if url and not re.fullmatch(rf"({'|'.join(schemes)})://[^/\s]+(/\S*)?", url):
            examples = " or ".join(f"{scheme}://HOST:PORT" for scheme in schemes)
            yield f"{option}: {hide_password(url)!r} is not a URL of this kind. Use {examples}."
    if find_password(params["proxy_url"]):
        yield (
            "proxy_url: contains a password, which every reader of the file would see. Use a proxy without one, or set"
            " HTTPS_PROXY where kubectl runs."
        )
    if params["namespace"] and not NAMESPACE.fullmatch(params["namespace"]):
        yield (
            f"namespace: {params['namespace']!r} is not a valid namespace. Use up to 63 lower case letters, digits and hyphens,"
            " beginning and ending with a letter or digit."
        )
    for option in ("alias", "user_alias"):
        if params[option] is not None and not params[option].strip():
            yield f"{option}: {params[option]!r} is not a name. Omit it to use the cluster's ARN."
    if params["tls_server_name"] and not params["endpoint"]:
        yield f"tls_server_name: {params['tls_server_name']!r} requires endpoint, the URL that has another name."
    if params["external_id"] and params["credential"] == "aws_cli":
        yield "external_id: aws eks get-token has no such option. Set credential: python, or a profile that assumes the role."
    yield from find_role_arn_problems("assume_role_arn", params["assume_role_arn"])


def find_password(url: str | None) -> str:
    """The password in a URL, "" where there is none."""
    found = PASSWORD.search(url or "")
    return found[2] if found else ""


def hide_password(url: str) -> str:
    """A URL without the password in it."""
    return PASSWORD.sub(rf"\1{HIDDEN}@", url)


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


def merge_entry(config: dict[str, Any], entry: dict[str, Any], make_current: bool | None = None) -> dict[str, Any]:
    """The kubeconfig with the entry in the place of its predecessor.

    Args:
        make_current: whether its context becomes the current one. None: only where none is set.
    """
    merged = {**EMPTY, **config}
    for part, row in entry.items():
        rows = merged[part] or []
        names = [other["name"] for other in rows]
        merged[part] = (
            [_keep_settings(other, row) if other["name"] == row["name"] else other for other in rows]
            if row["name"] in names
            else [*rows, _keep_settings({}, row)]
        )
    if make_current or (make_current is None and not merged.get("current-context")):
        merged["current-context"] = entry["contexts"]["name"]
    return merged


def _keep_settings(before: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The row, with the namespace and the proxy that ``kubectl config`` gave to it before, unless it says so itself."""
    for part, setting in KEPT:
        if part in row:
            value = row[part].get(setting, (before.get(part) or {}).get(setting))
            others = {key: each for key, each in row[part].items() if key != setting}
            row = {**row, part: {**others, setting: value} if value else others}
    return row


def find_taken_names(config: dict[str, Any], entry: dict[str, Any], cluster_name: str) -> Iterator[str]:
    """The context and the user of the entry's names that belong to something else, and would be lost."""
    context, user = entry["contexts"], entry["users"]
    arn = entry["clusters"]["name"]
    for row in config.get("contexts") or []:
        other = (row.get("context") or {}).get("cluster")
        if row["name"] == context["name"] != arn and other != arn:
            yield (
                f"alias: context {row['name']} exists, and is of cluster {other}. Choose another alias, or remove it with"
                f" kubectl config delete-context {row['name']}."
            )
    for row in config.get("users") or []:
        if row["name"] == user["name"] != arn and not _is_credential_for(row, cluster_name):
            yield (
                f"user_alias: user {row['name']} exists, and has other credentials. Choose another alias, or remove it with"
                f" kubectl config delete-user {row['name']}."
            )


def _is_credential_for(row: dict[str, Any], cluster_name: str) -> bool:
    """Whether a user is an exec credential for the cluster, of this collection or of another program."""
    credential = (row.get("user") or {}).get("exec") or {}
    return cluster_name in (credential.get("args") or [])


def remove_entry(config: dict[str, Any], region: str, cluster_name: str) -> dict[str, Any]:
    """The kubeconfig without that cluster, which is named by its ARN, and without its contexts and their credentials.

    A context may have an alias, and its user, too. A user that another context has stays. Every other entry stays.
    """

    def is_ours(name: Any) -> bool:
        parts = str(name).split(":")
        return len(parts) == 6 and parts[2:4] == ["eks", region] and parts[5] == f"cluster/{cluster_name}"

    def is_our_context(row: dict[str, Any]) -> bool:
        return is_ours(row["name"]) or is_ours((row.get("context") or {}).get("cluster"))

    rows = {part: config.get(part) or [] for part in PARTS}
    gone = [row for row in rows["contexts"] if is_our_context(row)]
    left = [row for row in rows["contexts"] if row not in gone]
    loose = {_get_user(row) for row in gone} - {_get_user(row) for row in left}

    def is_our_user(row: dict[str, Any]) -> bool:
        return is_ours(row["name"]) or (row["name"] in loose and _is_credential_for(row, cluster_name))

    found = {
        "clusters": [row for row in rows["clusters"] if not is_ours(row["name"])],
        "contexts": left,
        "users": [row for row in rows["users"] if not is_our_user(row)],
    }
    kept = {**config, **{part: value for part, value in found.items() if part in config}}
    current = kept.get("current-context", "")
    if is_ours(current) or current in {row["name"] for row in gone}:
        kept["current-context"] = ""
    return kept


def _get_user(row: dict[str, Any]) -> str:
    """The user of a context."""
    return str((row.get("context") or {}).get("user"))


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
    place = row.get("cluster")
    if isinstance(place, dict) and isinstance(place.get("proxy-url"), str):
        return {**row, "cluster": {**place, "proxy-url": hide_password(place["proxy-url"])}}
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
