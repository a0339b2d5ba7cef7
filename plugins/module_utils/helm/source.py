# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a chart comes from: a path, a repository that was added, a repository's URL, an archive's URL, an OCI registry.

A chart from elsewhere is pulled once into the task's folder, also for several releases, so that what was planned is what
is installed.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import list_dns_suffixes
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import OCI, PATH_PREFIXES
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart, read_chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import write_private
from ansible_collections.kumo.eks.plugins.module_utils.helm.repository import add_repository, read_known_repositories

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, also FIPS and dual stack
ECR_HOST = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(.+)")
# Of dual stack, which botocore's partitions do not have: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html,
# https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/image-credential-provider.template.json
DUAL_STACK_DOMAINS = ("on.aws", "on.amazonwebservices.com.cn")
SOURCE_KEYS = (
    "chart",
    "repository",
    "version",
    "dependency_update",
    "username",
    "password",
    "pass_credentials",
    "ecr_login",
    "plain_http",
)
Login = Callable[["str | None", "str | None"], str]


def validate_source(params: dict[str, Any]) -> None:
    """Refuse what contradicts the files of this machine, before anything is asked.

    Raises:
        ValidationError: with the option's name.
    """
    chart = params["chart"]
    if not params["repository"] and "/" not in chart and not is_path(params):
        raise ValidationError(
            f"chart: {chart} does not exist on this machine. For a chart of a repository set repo/{chart}, or "
            "its URL as repository"
        )
    if params["version"] and is_path(params):
        raise ValidationError(
            f"version: the chart {chart} on this machine has the version of its Chart.yaml. Remove the option"
        )
    if chart.startswith(PATH_PREFIXES) and not os.path.exists(os.path.expanduser(chart)):
        raise ValidationError(f"chart: {chart} does not exist on this machine")


def is_path(params: dict[str, Any]) -> bool:
    """Whether the chart is a file or folder. Helm prefers what exists under a name, too, except beside a repository."""
    chart = params["chart"]
    by_name = "://" not in chart and not params["repository"] and os.path.exists(chart)
    return chart.startswith(PATH_PREFIXES) or by_name


def parse_ecr_host(host: str) -> tuple[str, str] | None:
    """The account and the region of an Amazon ECR registry, None for other hosts."""
    found = ECR_HOST.fullmatch(host)
    return (found[1], found[2]) if found and found[3] in (*list_dns_suffixes(), *DUAL_STACK_DOMAINS) else None


def get_repository_name(params: dict[str, Any]) -> str | None:
    """The repository that a chart names as in repo/chart, None for other charts."""
    name, slash, dummy = params["chart"].partition("/")
    return name if slash and "://" not in params["chart"] and not is_path(params) else None


class ChartFetcher:
    """Brings the charts of a task to this machine, each of them once. Safe to use from several threads.

    Args:
        helm: Helm.
        build_ecr_login: gives the password of an Amazon ECR registry for (account, region).
        repositories: repositories (name, url, username, password, pass_credentials) that charts may name though this
            machine does not know them.
    """

    def __init__(self, helm: Helm, build_ecr_login: Login, repositories: list[dict[str, Any]] | None = None) -> None:
        self._helm, self._build_ecr_login = helm, build_ecr_login
        self._repositories = {row["name"]: row for row in repositories or []}
        self._lock = threading.Lock()
        self._known: set[str] | None = None
        self._charts: dict[tuple[Any, ...], Future[Chart]] = {}
        self._added: dict[tuple[Any, ...], Future[dict[str, str]]] = {}

    def resolve_source(self, params: dict[str, Any]) -> dict[str, Any]:
        """The options, with the URL and credentials of the repository that the chart names where this machine has none of that name."""
        name = get_repository_name(params)
        row = self._repositories.get(name or "")
        if row is None or name in self._list_known():
            return params
        credentials = {key: row.get(key) for key in ("username", "password", "pass_credentials")}
        return {**params, **credentials, "chart": params["chart"].partition("/")[2], "repository": row["url"]}

    def find_unknown_repository(self, params: dict[str, Any]) -> str | None:
        """The repository that a chart names and nobody knows: in a plan, one that an earlier task would have added."""
        name = get_repository_name(self.resolve_source(params))
        return name if name and name not in self._list_known() else None

    def _list_known(self) -> set[str]:
        with self._lock:
            if self._known is None:
                self._known = set(read_known_repositories(self._helm))
            return self._known

    def fetch(self, params: dict[str, Any]) -> Chart:
        """The chart, on this machine, with its dependencies where that is requested.

        Raises:
            HelmError: it cannot be pulled, or no version of it is in the range.
        """
        source = self.resolve_source(params)
        key = tuple(source[name] for name in SOURCE_KEYS)
        return self._once(self._charts, key, lambda: self._fetch(source))

    def _once(self, made: dict[Any, Future[Any]], key: Any, make: Callable[[], Any]) -> Any:
        """What ``make`` returns or raises, made by the first thread that needs it."""
        with self._lock:
            future, is_first = made.get(key), key not in made
            if future is None:
                future = made[key] = Future()
        if is_first:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _fetch(self, source: dict[str, Any]) -> Chart:
        path = os.path.expanduser(source["chart"]) if is_path(source) else self._pull(source)
        if source["dependency_update"] and os.path.isdir(path):
            path = self._update_dependencies(path)
        return read_chart(path)

    def _pull(self, source: dict[str, Any]) -> str:
        """Download the chart's archive; its path."""
        chart, env = source["chart"], {}
        if chart.startswith(OCI):
            env = self._sign_in(source)
        elif source["repository"]:
            env = self.add_for_task(source)
            chart = f"{TASK_REPOSITORY}/{chart}"
        folder = tempfile.mkdtemp(dir=self._helm.folder, prefix="chart-")
        args = ["pull", chart, "--destination", folder]
        args += ["--version", source["version"]] if source["version"] else []
        args += ["--plain-http"] if source["plain_http"] else []
        version = f" {source['version']}" if source["version"] else ""
        self._helm.run(*args, env=env, action=f"chart: {source['chart']}{version} cannot be pulled")
        return glob.glob(os.path.join(glob.escape(folder), "*.tgz"))[0]

    def add_for_task(self, source: dict[str, Any]) -> dict[str, str]:
        """Add a repository by its URL for the task alone; the environment in which Helm knows it as TASK_REPOSITORY."""
        names = ("repository", "username", "password", "pass_credentials")
        key = tuple(source.get(name) for name in names)
        return self._once(self._added, key, lambda: self._add_for_task(*key))

    def _add_for_task(
        self, url: str, username: str | None, password: str | None, pass_credentials: bool | None
    ) -> dict[str, str]:
        folder = tempfile.mkdtemp(dir=self._helm.folder, prefix="repository-")
        env = {"HELM_REPOSITORY_CONFIG": f"{folder}/repositories.yaml", "HELM_REPOSITORY_CACHE": f"{folder}/cache"}
        more = ["--pass-credentials"] if pass_credentials else []
        add_repository(self._helm, TASK_REPOSITORY, url, username, password, *more, env=env)
        return env

    def _sign_in(self, source: dict[str, Any]) -> dict[str, str]:
        """Sign in to the registry, with a file that is removed with the task; the password is read from standard input.

        A registry that needs no password, or that this machine is signed in to, is used as it is.
        """
        host = urlsplit(source["chart"]).netloc
        ecr = parse_ecr_host(host)
        username, password = source["username"], source["password"]
        if source["ecr_login"] or (ecr and source["ecr_login"] is None and not username):
            username, password = "AWS", self._build_ecr_login(*(ecr or (None, None)))
        if not username:
            return {}
        env = {"HELM_REGISTRY_CONFIG": os.path.join(tempfile.mkdtemp(dir=self._helm.folder), "registry.json")}
        write_private(env["HELM_REGISTRY_CONFIG"], "{}")
        args = ["registry", "login", host, "--username", username, "--password-stdin"]
        args += ["--plain-http"] if source["plain_http"] else []
        self._helm.run(*args, stdin=password, env=env, action=f"chart: cannot sign in to {host}")
        return env

    def _update_dependencies(self, folder: str) -> str:
        """A copy of the chart with its dependencies updated; the chart itself is not changed."""
        copy = os.path.join(tempfile.mkdtemp(dir=self._helm.folder), os.path.basename(os.path.abspath(folder)))
        shutil.copytree(folder, copy)
        _make_paths_absolute(os.path.join(copy, "Chart.yaml"), folder)
        self._helm.run("dependency", "update", copy, action=f"dependency_update: {folder}")
        return copy


TASK_REPOSITORY = "task"  # what a repository is called that is added by its URL for one task


def _make_paths_absolute(chart_yaml: str, folder: str) -> None:
    """Helm looks for dependencies by a relative path (file://../common) from where the chart is, which is now the copy."""
    with open(chart_yaml, encoding="utf-8") as file:
        about = yaml.safe_load(file)
    relative = [row for row in about.get("dependencies") or [] if str(row.get("repository", "")).startswith("file://.")]
    for row in relative:
        row["repository"] = "file://" + os.path.abspath(os.path.join(folder, row["repository"].removeprefix("file://")))
    if relative:
        with open(chart_yaml, "w", encoding="utf-8") as file:
            yaml.safe_dump(about, file, sort_keys=False)
