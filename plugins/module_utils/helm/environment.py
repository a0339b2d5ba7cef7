# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment Helm runs in: AWS credentials, a kubeconfig without a secret, a folder that is removed with the task."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import build_help
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import GRACE, Helm, Stopped
from ansible_collections.kumo.eks.plugins.module_utils.helm.supervisor import Supervisor
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import token
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import (
    Connection,
    build_connection,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    build_credential,
    build_entry,
    merge_entry,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token_source import TokenSource

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def build_aws_environment(params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the exec credential finds the task's AWS options, without settings of another cluster.

    Keys are passed by the environment alone: an argument is seen by ps, and a file may be left behind.
    """
    env = {name: value for name, value in environ.items() if not name.startswith("HELM_KUBE") and name != "KUBECONFIG"}
    if params.get("profile"):
        env = {name: value for name, value in env.items() if name not in KEYS} | {"AWS_PROFILE": params["profile"]}
    elif params.get("access_key"):
        env = {name: value for name, value in env.items() if name not in (*KEYS, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")}
        given = (params["access_key"], params["secret_key"], params.get("session_token"))
        env |= {name: value for name, value in zip(KEYS, given, strict=False) if value}
    for option, name in (("endpoint_url", "AWS_ENDPOINT_URL"), ("aws_ca_bundle", "AWS_CA_BUNDLE")):
        if params.get(option):
            env[name] = params[option]
    return env


@contextmanager
def open_local_helm(module: AnsibleAWSModule) -> Iterator[Helm]:
    """Helm without a cluster, for repositories and charts."""
    environment = build_aws_environment({}, os.environ) | {"KUBECONFIG": os.devnull}
    with _open_folder(module) as (folder, supervisor), _use_environment(environment):
        yield Helm(module, folder, supervisor)


def describe_cluster(module: AnsibleAWSModule, cluster_name: str) -> dict[str, Any] | None:
    """The answer of DescribeCluster, None where there is no such cluster."""
    return describe_or_none(get_client(module).describe_cluster, "cluster", name=cluster_name)


@contextmanager
def open_cluster_helm(
    module: AnsibleAWSModule, cluster_name: str, raw: dict[str, Any] | None
) -> Iterator[tuple[Helm, KubernetesApi]]:
    """Helm at the cluster, and the cluster's Kubernetes API.

    Args:
        raw: the answer of DescribeCluster.

    Raises:
        EksError: the cluster does not exist, or has no endpoint yet.
    """
    sts = get_client(module, "sts")
    region = sts.meta.region_name
    connection = build_connection(raw, cluster_name, region)
    mint = _serialize(lambda: token.mint_token(sts, cluster_name))
    environment = build_aws_environment(module.params, os.environ)
    environment |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    with _open_folder(module) as (folder, supervisor):
        environment["KUBECONFIG"] = _write_kubeconfig(folder, connection, cluster_name, region)
        with connect_api(connection, mint) as api, _use_environment(environment):
            yield Helm(module, folder, supervisor, TokenSource(mint).get), api


def _serialize(mint: Callable[[], str]) -> Callable[[], str]:
    """``mint`` for several threads: it uses the events of one client, which two calls at once would mix up."""
    lock = threading.Lock()

    def mint_alone() -> str:
        with lock:
            return mint()

    return mint_alone


@contextmanager
def _use_environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """This process' environment, which its commands inherit, for the block."""
    before = dict(os.environ)
    try:
        _replace_environment(wanted)
        yield
    finally:
        _replace_environment(before)


def _replace_environment(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _write_kubeconfig(folder: str, connection: Connection, cluster_name: str, region: str) -> str:
    """A kubeconfig (0600) whose exec credential is this collection's, run from where it was loaded. It holds no secret."""
    root = str(Path(token.__file__).parents[5])  # in a module that Ansible has packed this is the archive
    search = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
    cluster = {
        "arn": cluster_name,
        "name": cluster_name,
        "endpoint": connection.host,
        "certificateAuthority": {"data": connection.ca_data},
    }
    path = os.path.join(folder, "kubeconfig")
    credential = build_credential(cluster_name, region, sys.executable, search)
    write_private(path, json.dumps(merge_entry({}, build_entry(cluster, credential))))
    return path


def write_private(path: str, text: str) -> None:
    """Write a new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


@contextmanager
def _open_folder(module: AnsibleAWSModule) -> Iterator[tuple[str, Supervisor]]:
    """A folder of the task (0700) with its supervisor, removed also when the module is stopped or killed."""
    before = signal.signal(signal.SIGTERM, _stop)
    folder = tempfile.mkdtemp(dir=module.tmpdir, prefix="eks-helm-")
    supervisor = Supervisor(module, folder)
    try:
        yield folder, supervisor
    except Stopped:
        module.fail_json(
            msg=f"The task was stopped by SIGTERM. Helm was stopped, too, and had {GRACE} seconds to mark its release failed. "
            "Set recover=true to recover a release that is still pending.",
            **build_help("helm-stopped"),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        supervisor.close()
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: Any) -> None:
    """End at the first signal; a second one does not interrupt the clean-up."""
    signal.signal(number, signal.SIG_IGN)
    raise Stopped
