# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm's command line, against a cluster or none: argument lists, no shell, and no secret in them. The door to kubernetes.core.

kubernetes.core finds Helm and tells its version. Its modules are not run: a token passed to them is one value for the
whole task (good for 15 minutes), they put passwords into the command line, and their idea of "unchanged" does not see
what --set or a template changed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.kubernetes.core.plugins.module_utils.helm import AnsibleHelmModule

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.helm.supervisor import Supervisor
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import token
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection, describe_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import build_entry, merge_entry

OLDEST = (3, 14)  # the first with --reset-then-reuse-values
LOOK = 5.0  # seconds between two looks at what a running command waits for
FIRST_LOOK = 1.5
GRACE = 30  # seconds Helm has to end tidily, which marks its release failed; killed outright it would leave it pending
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def helm_options(**more: Any) -> dict[str, Any]:
    """The options all Helm modules have, and these."""
    return dict(binary_path=dict(type="path"), **more)


class HelmError(EksError):
    """Helm said no; ``said`` is what it wrote to its standard error."""

    def __init__(self, doing: str, said: str, code: int) -> None:
        super().__init__(f"{doing}: {said or f'Helm ended with {code} and said nothing'}", rc=code)
        self.said = said


class Stopped(BaseException):
    """The module is told to stop; no handler of failures is to take it for one."""


class Helm(AnsibleHelmModule):
    """Runs Helm in the environment that ``cluster_helm`` or ``local_helm`` made.

    Args:
        module: the Ansible module.
        folder: a folder (0700) for what one task needs; it goes with the task.
        guard: ends a Helm that changes something with the module.
        mint: gives a fresh token; None where no cluster is spoken to.
    """

    def __init__(
        self, module: AnsibleAWSModule, folder: str, supervisor: Supervisor, mint: Callable[[], str] | None = None
    ) -> None:
        super().__init__(module=module)
        self.folder, self._guard = folder, supervisor
        self._mint = mint
        self.env_here: dict[str, str] = {}  # what a chart's source needs on top
        self.is_v4 = self._major() >= 4

    def _major(self) -> int:
        """Helm's major version, once it is one that can be worked with."""
        said = self.get_helm_version()
        match = re.match(r"(\d+)\.(\d+)", said or "")
        if match is None:
            raise EksError(f"binary_path: {self.get_helm_binary()} does not say which version of Helm it is")
        if (int(match[1]), int(match[2])) < OLDEST:
            raise EksError(f"binary_path: Helm {said} is too old; {OLDEST[0]}.{OLDEST[1]} or later is needed")
        return int(match[1])

    def run(
        self, *args: str, doing: str = "", stdin: str | None = None, watch: Callable[[], None] | None = None
    ) -> str:
        """Run ``helm args``; what it printed.

        Args:
            doing: what the message of a failure begins with.
            stdin: what the command reads, for secrets.
            watch: called every few seconds while the command runs, for one that changes something. It may take longer than
                a token lives: it gets none, and the kubeconfig's exec credential mints them.

        Raises:
            HelmError: it ended with a failure.
        """
        more = dict(self.env_here)
        if self._mint and watch is None:
            more["HELM_KUBETOKEN"] = self._mint()
        started: list[subprocess.Popen[bytes]] = []

        def begun(process: subprocess.Popen[bytes]) -> None:
            started.append(process)
            if watch:
                self._guard.follow(process.pid)

        with _watched(watch):
            try:
                code, out, err = self.run_command(
                    [self.get_helm_binary(), *args],
                    data=stdin.encode() if stdin else None,
                    binary_data=True,
                    environ_update=more,
                    expand_user_and_vars=False,
                    before_communicate_callback=begun,
                )
            except BaseException:
                _stop(started)
                raise
            finally:
                if watch:
                    self._guard.follow(None)
        if code:
            raise HelmError(doing or f"helm {shlex.join(args[:2])}", _build_command(err or out), code)
        return out

    def json(self, *args: str, doing: str = "") -> Any:
        """What ``helm args --output json`` says."""
        return json.loads(self.run(*args, "--output", "json", doing=doing) or "null")


@contextmanager
def _watched(watch: Callable[[], None] | None) -> Iterator[None]:
    """Call ``watch`` now and then beside the block."""
    if watch is None:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        pause = FIRST_LOOK
        while not ended.wait(pause):
            watch()
            pause = LOOK

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join(LOOK)  # a look that waits for an answer is not waited for


def _stop(started: list[subprocess.Popen[bytes]]) -> None:
    """End Helm so that it can mark its release failed; killed outright it would leave it pending."""
    for process in started:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _build_command(text: str) -> str:
    """What Helm said, without its log lines and the word Error."""
    lines = [line for line in text.strip().splitlines() if not line.startswith(("level=", "WARNING:", "time="))]
    return "\n".join(lines or text.strip().splitlines()).removeprefix("Error: ")


def aws_environment(params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the exec credential finds the task's AWS options; nothing of another cluster is left in it.

    Keys go by the environment alone: an argument is seen by ps, and a file may stay.
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
def local_helm(module: AnsibleAWSModule) -> Iterator[Helm]:
    """Helm without a cluster, for repositories and charts."""
    environment = aws_environment({}, os.environ) | {"KUBECONFIG": os.devnull}
    with _folder(module) as (folder, supervisor), _environment(environment):
        yield Helm(module, folder, supervisor)


@contextmanager
def cluster_helm(module: AnsibleAWSModule, cluster_name: str) -> Iterator[tuple[Helm, KubernetesApi]]:
    """Helm at the cluster, and the cluster's API beside it.

    Raises:
        EksError: the cluster is not there, or has no endpoint yet.
    """
    eks, sts, region = get_client(module), get_client(module, "sts"), module.region
    connection = describe_connection(eks, cluster_name)
    environment = aws_environment(module.params, os.environ)
    environment |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    mint = partial(token.mint_token, sts, cluster_name)
    with _folder(module) as (folder, supervisor):
        environment["KUBECONFIG"] = _kubeconfig(folder, connection, cluster_name, region)
        with connect_api(connection, mint) as api, _environment(environment):
            yield Helm(module, folder, supervisor, mint), api


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """This process' environment, which its commands get, for the block."""
    before = dict(os.environ)
    try:
        _become(wanted)
        yield
    finally:
        _become(before)


def _become(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _kubeconfig(folder: str, connection: Connection, cluster_name: str, region: str) -> str:
    """A kubeconfig (0600) whose exec credential is this collection's, run from where it was loaded. No secret is in it."""
    root = str(Path(token.__file__).parents[5])  # in a module that Ansible has packed this is the archive
    search = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
    describe_all = {
        "arn": cluster_name,
        "name": cluster_name,
        "endpoint": connection.host,
        "certificateAuthority": {"data": connection.ca_data},
    }
    path = os.path.join(folder, "kubeconfig")
    write_private(path, json.dumps(merge_entry({}, build_entry(describe_all, region, sys.executable, search))))
    return path


def write_private(path: str, text: str) -> None:
    """A new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


@contextmanager
def _folder(module: AnsibleAWSModule) -> Iterator[tuple[str, Supervisor]]:
    """A folder of the task's own (0700) with its guard, removed also when the module is told to stop, or killed."""
    before = signal.signal(signal.SIGTERM, _leave)
    folder = tempfile.mkdtemp(dir=module.tmpdir, prefix="eks-helm-")
    supervisor = Supervisor(module, folder)
    try:
        yield folder, supervisor
    except Stopped:
        module.fail_json(
            msg=f"told to stop by SIGTERM. Helm was told so, too, and had {GRACE} s to mark its release failed. "
            "Where it is still pending, recover frees it"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        supervisor.close()
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: Any) -> None:
    """End at the first signal; the tidying up is not disturbed by a second one."""
    signal.signal(number, signal.SIG_IGN)
    raise Stopped


def age_of(stamp: str, now: float | None = None) -> float:
    """Seconds since a time as Helm prints it (2026-11-24T10:53:09.371221572Z, or with an offset)."""
    text = stamp.replace("Z", "+00:00")
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
    return (time.time() if now is None else now) - datetime.fromisoformat(text).timestamp()
