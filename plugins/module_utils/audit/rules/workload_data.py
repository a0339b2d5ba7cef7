# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""B, E: service accounts, tokens, secrets and images of pods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import API, get_mode

TOKEN = "kubernetes.io/service-account-token"
SECRET_NAME = re.compile(r"(?i)(passw|secret|token|api_?key|private_?key|credential)")
# What names of files and references to a secret look like, which are no secrets
REFERENCE = re.compile(r"(?i)(_file|_path|_name|_url|_arn|_ttl|_enabled|_header|_audience)$")
# What values look like that are secrets whatever their key is
SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{30,}\b|://[^/\s:@]+:[^/\s:@${]{4,}@"
)
ROTATING = ("external-secrets", "secrets-store-csi-driver", "csi-secrets-store", "vault-secrets-operator")


def get_account(workload: Row) -> str:
    return workload["pod"].get("serviceAccountName") or "default"


@rule(
    "B13",
    LOW,
    "Workloads do not use the default service account",
    reads=("workloads",),
    why="What is bound to the default account of a namespace, all pods there have.",
    remedy="Create a service account for the workload, and name it in serviceAccountName.",
    references=(
        "CIS EKS 4.1.5",
        "hardeneks use_dedicated_service_accounts_for_each_deployment",
        "Kubescape C-0189",
        "Popeye POP-300",
    ),
)
def default_account(workloads: list[Row]) -> Hits:
    for workload in workloads:
        if get_account(workload) == "default" and workload["pod"].get("automountServiceAccountToken") is not False:
            yield name_workload(workload), "serviceAccountName is default"


@rule(
    "B13b",
    LOW,
    "Workloads do not share service accounts",
    reads=("workloads",),
    why="What one workload needs, the others may do as well.",
    remedy="Create a service account for each.",
    references=("hardeneks use_dedicated_service_accounts_for_each_deployment",),
)
def shared_account(workloads: list[Row]) -> Hits:
    users: dict[tuple[str, str], list[str]] = {}
    for workload in workloads:
        if get_account(workload) != "default" and workload["kind"] not in ("Job", "Pod"):
            users.setdefault((workload["namespace"], get_account(workload)), []).append(name_workload(workload))
    for (namespace, name), names in users.items():
        if len(names) > 1:
            yield f"ServiceAccount {namespace}/{name}", f"used by {', '.join(names[:5])}"


@rule(
    "B14",
    LOW,
    "Tokens are mounted only where a role is bound",
    reads=("workloads", "service_accounts", "role_bindings", "cluster_role_bindings"),
    why="A token that nothing needs is there for whoever breaks into the pod.",
    remedy="Set automountServiceAccountToken to false in the pod or the service account.",
    references=(
        "CIS EKS 4.1.6",
        "hardeneks disable_service_account_token_mounts",
        "Kubescape C-0190",
        "Polaris automountServiceAccountToken",
        "Popeye POP-301",
        "Trivy KSV-0036",
    ),
)
def token_mounted(
    workloads: list[Row], service_accounts: list[Row], role_bindings: list[Row], cluster_role_bindings: list[Row]
) -> Hits:
    off = {_key(row) for row in service_accounts if row.get("automountServiceAccountToken") is False}
    bound = {
        (one.get("namespace") or row["metadata"].get("namespace", ""), one["name"])
        for row in (*role_bindings, *cluster_role_bindings)
        for one in row.get("subjects") or []
        if one["kind"] == "ServiceAccount"
    }
    for workload in workloads:
        key = (workload["namespace"], get_account(workload))
        mounts = workload["pod"].get("automountServiceAccountToken", key not in off)
        if mounts and key not in bound:
            yield name_workload(workload), f"the token of {key[1]} is mounted, and nothing is bound to the account"


def _key(row: Row) -> tuple[str, str]:
    return row["metadata"].get("namespace", ""), row["metadata"]["name"]


@rule(
    "B15",
    MEDIUM,
    "No service account has a token without an end",
    reads=("secrets",),
    why="A token in a Secret never expires, and works from anywhere.",
    remedy="Use tokens of TokenRequest, as pods and kubectl create token do, and delete the Secret.",
)
def permanent_token(secrets: list[Row]) -> Hits:
    for row in secrets:
        if row["type"] == TOKEN:
            account = (row["metadata"].get("annotations") or {}).get("kubernetes.io/service-account.name", "?")
            yield name_object("Secret", row), f"a token of the service account {account}"


@rule(
    "B04",
    HIGH,
    "The ConfigMap aws-auth has no mappings beside those of nodes",
    reads=("cluster", "config_map_contents"),
    why="Whoever may change this ConfigMap becomes an administrator, and AWS does not record it.",
    remedy="Move the mappings to access entries with kumo.eks.migrate_aws_auth.",
    references=("Trivy KSV-0115",),
)
def aws_auth_mappings(cluster: Row, config_map_contents: list[Row]) -> Hits:
    if get_mode(cluster) == API:
        raise NotApplicable("authenticationMode is API, so aws-auth is not used")
    for row in config_map_contents:
        if _key(row) != ("kube-system", "aws-auth"):
            continue
        data = row.get("data") or {}
        number = (data.get("mapUsers") or "").count("userarn:") + (data.get("mapRoles") or "").count("system:masters")
        if number or (data.get("mapAccounts") or "").strip() not in ("", "[]"):
            yield (
                name_object("ConfigMap", row),
                f"{format_count(number, 'user or administrator')}, mapAccounts {'is set' if data.get('mapAccounts') else 'is not set'}",
            )


@rule(
    "E01",
    LOW,
    "Secrets are mounted as files",
    reads=("workloads",),
    why="Environment variables show up in logs, crash reports and child processes.",
    remedy="Mount the Secret as a volume.",
    references=(
        "CIS EKS 4.4.1",
        "hardeneks disallow_secrets_from_env_vars",
        "Kubescape C-0207",
        "Prowler core_no_secrets_envs",
    ),
)
def secret_in_environment(workloads: list[Row]) -> Hits:
    for workload in workloads:
        names = sorted({name for one in list_containers(workload) for name in _list_secrets(one)})
        if names:
            yield name_workload(workload), f"environment from Secret {', '.join(names)}"


def _list_secrets(container: Row) -> Iterator[str]:
    for one in container.get("env") or []:
        ref = (one.get("valueFrom") or {}).get("secretKeyRef")
        if ref:
            yield ref["name"]
    for one in container.get("envFrom") or []:
        if one.get("secretRef"):
            yield one["secretRef"]["name"]


@rule(
    "E01b",
    HIGH,
    "No environment variable has a secret as its value",
    reads=("workloads",),
    why="Everybody who may read the workload has the secret, and so has each backup and repository of manifests.",
    remedy="Move the value to a Secret, and change it.",
    references=("Polaris sensitiveContainerEnvVar",),
)
def secret_value_in_environment(workloads: list[Row]) -> Hits:
    for workload in workloads:
        names = [
            f"{one['name']} {env['name']}"
            for one in list_containers(workload)
            for env in one.get("env") or []
            if env.get("value") and is_secret(env["name"], env["value"])
        ]
        if names:
            yield name_workload(workload), f"values of {', '.join(names)}"


def is_secret(name: str, value: str) -> bool:
    """Whether a name and its value look like a secret: a short word or number, a path or a placeholder does not."""
    if SECRET_VALUE.search(value):
        return True
    if not SECRET_NAME.search(name) or REFERENCE.search(name):
        return False
    return (
        len(value) >= 8
        and not value.startswith(("/", "$", "{", "<", "arn:", "http"))
        and value.lower() not in ("disabled", "required")
    )


@rule(
    "E02",
    HIGH,
    "No ConfigMap has secrets",
    reads=("config_map_contents", "system_namespaces"),
    why="ConfigMaps are readable by everybody with view rights, and are not encrypted like Secrets.",
    remedy="Move the value to a Secret, and change it.",
    references=("Polaris sensitiveConfigmapContent", "Trivy KSV-0109", "Trivy KSV-01010"),
)
def secret_in_config_map(config_map_contents: list[Row], system_namespaces: list[str]) -> Hits:
    for row in config_map_contents:
        if row["metadata"].get("namespace") in system_namespaces:
            continue
        keys = [key for key, value in (row.get("data") or {}).items() if is_secret(key, value or "")]
        if keys:
            yield name_object("ConfigMap", row), f"what looks like a secret in {', '.join(keys)}"


@rule(
    "E03",
    INFO,
    "Secrets come from a store outside of the cluster",
    reads=("all_workloads", "secrets"),
    why="Secrets that are made by hand are not rotated, and are in somebody's files.",
    remedy="Use External Secrets or the Secrets Store CSI driver with AWS Secrets Manager.",
    references=("CIS EKS 4.4.2", "Kubescape C-0234"),
)
def no_secret_store(all_workloads: list[Row], secrets: list[Row]) -> Hits:
    own = [row for row in secrets if row["type"] == "Opaque" and row["metadata"].get("namespace") != "kube-system"]
    if not own:
        raise NotApplicable("the cluster has no Secrets of users")
    if not any(one in row["name"] for row in all_workloads for one in ROTATING):
        yield "Secrets", f"{format_count(len(own), 'Secret')} of users, and no external store"


@rule(
    "E04",
    MEDIUM,
    "Images have a tag that stays what it is",
    reads=("workloads",),
    why="With latest or no tag, each start may run another program, and nobody knows which one runs.",
    remedy="Name a version, or the digest of the image.",
    references=("Prowler core_image_tag_fixed", "Polaris tagNotSpecified", "Popeye POP-100", "Popeye POP-101"),
)
def image_tag(workloads: list[Row]) -> Hits:
    for workload in workloads:
        found = [
            one["image"] for one in list_containers(workload) if one.get("image") and not has_version(one["image"])
        ]
        if found:
            yield name_workload(workload), f"image {', '.join(sorted(set(found)))}"


def has_version(image: str) -> bool:
    """Whether an image has a digest, or a tag that is not latest."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


@rule(
    "E05",
    LOW,
    "Images do not come from Docker Hub",
    reads=("workloads",),
    why="Docker Hub limits pulls without a login, and everybody may publish there. A pod may not start when it is needed.",
    remedy="Copy the image to ECR, or use a pull-through cache.",
    references=("CIS EKS 5.1.4", "Kubescape C-0078", "Popeye POP-113"),
)
def image_registry(workloads: list[Row]) -> Hits:
    for workload in workloads:
        found = [
            one["image"] for one in list_containers(workload) if one.get("image") and is_of_docker_hub(one["image"])
        ]
        if found:
            yield name_workload(workload), f"image {', '.join(sorted(set(found)))}"


def is_of_docker_hub(image: str) -> bool:
    host, slash, _rest = image.partition("/")
    is_host = bool(slash) and ("." in host or ":" in host or host == "localhost")
    return not is_host or host in ("docker.io", "index.docker.io", "registry-1.docker.io")
