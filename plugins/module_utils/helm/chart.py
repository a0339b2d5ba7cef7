# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a chart comes from: a path, a repository that was added, a repository's URL, an archive's URL, an OCI registry.

A chart from elsewhere is pulled once into the task's folder, so that what was planned is what is installed.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, write_private

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html, also of China, FIPS and dual stack
ECR = re.compile(r"^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$")
OCI = "oci://"
PATH = (".", "/", "~")
SOURCE_OPTIONS: dict[str, Any] = dict(
    chart=dict(type="str", aliases=["chart_ref"]),
    repository=dict(type="str", aliases=["chart_repo_url"]),
    version=dict(type="str", aliases=["chart_version"]),
    dependency_update=dict(type="bool", default=False),
    username=dict(type="str"),
    password=dict(type="str", no_log=True),
    ecr_login=dict(type="bool"),
    plain_http=dict(type="bool", default=False),
)
Login = Callable[["str | None", "str | None"], str]


@dataclass(frozen=True)
class Chart:
    """A chart on this machine.

    Args:
        path: its folder or archive.
        about: its Chart.yaml.
    """

    path: str
    about: dict[str, Any]

    @property
    def title(self) -> str:
        """Name and version as Helm lists them: my-chart-0.1.0."""
        return f"{self.about['name']}-{self.about['version']}"

    @property
    def app_version(self) -> str:
        return str(self.about.get("appVersion") or "")


def check_source(params: dict[str, Any]) -> None:
    """Refuse what contradicts itself, before anything is asked."""
    chart, repository = params["chart"], params["repository"]
    if repository and ("://" in chart or chart.startswith(PATH)):
        raise ValidationError(f"repository: {chart} is not a chart's name in a repository; give one of the two")
    if repository and repository.startswith(OCI):
        raise ValidationError(f"repository: for a registry write chart: {repository.rstrip('/')}/{chart}")
    if bool(params["username"]) != bool(params["password"]):
        raise ValidationError("username and password go together; one of them is missing")
    if params["ecr_login"] and not chart.startswith(OCI):
        raise ValidationError(f"ecr_login: {chart} does not come from a registry (oci://)")
    if not repository and "/" not in chart and not is_path(params):
        raise ValidationError(
            f"chart: {chart} is no file or folder here; name its repository, as in repo/{chart} or by repository"
        )
    if params["version"] and is_path(params):
        raise ValidationError(
            f"version: the chart {chart} on this machine has the version of its Chart.yaml; leave it out"
        )
    if chart.startswith(PATH) and not os.path.exists(os.path.expanduser(chart)):
        raise ValidationError(f"chart: there is no {chart} on this machine")


def is_path(params: dict[str, Any]) -> bool:
    """Whether the chart is a file or folder. Helm takes what exists under a name first, too, but not beside a repository."""
    chart = params["chart"]
    by_name = "://" not in chart and not params["repository"] and os.path.exists(chart)
    return chart.startswith(PATH) or by_name


def fetch(helm: Helm, params: dict[str, Any], build_ecr_login: Login) -> Chart:
    """The chart, on this machine, with its dependencies where that is asked for.

    Raises:
        HelmError: it is not to be had, or no version of it is in the range.
    """
    path = os.path.expanduser(params["chart"]) if is_path(params) else _pull(helm, params, build_ecr_login)
    if params["dependency_update"] and os.path.isdir(path):
        path = _with_dependencies(helm, path)
    about = yaml.safe_load(helm.run("show", "chart", path, doing=f"chart: {params['chart']} cannot be read"))
    return Chart(path, about)


def _pull(helm: Helm, params: dict[str, Any], build_ecr_login: Login) -> str:
    """Download the chart's archive; its path."""
    chart = params["chart"]
    if chart.startswith(OCI):
        _sign_in(helm, params, build_ecr_login)
    elif params["repository"]:
        chart = f"{add_for_the_task(helm, params)}/{chart}"
    to = os.path.join(helm.folder, "chart")
    args = ["pull", chart, "--destination", to]
    args += ["--version", params["version"]] if params["version"] else []
    args += ["--plain-http"] if params["plain_http"] else []
    os.mkdir(to, 0o700)
    helm.run(*args, doing=f"chart: {params['chart']}{_range(params)} cannot be pulled")
    return glob.glob(os.path.join(glob.escape(to), "*.tgz"))[0]


def _range(params: dict[str, Any]) -> str:
    return f" {params['version']}" if params["version"] else ""


def add_for_the_task(helm: Helm, params: dict[str, Any]) -> str:
    """Know a repository by its URL for as long as the task takes; its name. The password is read from standard input."""
    helm.env_here["HELM_REPOSITORY_CONFIG"] = os.path.join(helm.folder, "repositories.yaml")
    helm.env_here["HELM_REPOSITORY_CACHE"] = os.path.join(helm.folder, "repository")
    add_repository(helm, "here", params["repository"], params["username"], params["password"])
    return "here"


def add_repository(helm: Helm, name: str, url: str, username: str | None, password: str | None, *more: str) -> None:
    """``helm repo add``; asks the repository for its index."""
    args = ["repo", "add", name, url, *more]
    args += ["--username", username, "--password-stdin"] if username else []
    helm.run(*args, stdin=password, doing=f"repository {url} cannot be used")


def _sign_in(helm: Helm, params: dict[str, Any], build_ecr_login: Login) -> None:
    """Sign in to the registry, with a file that goes with the task; the password is read from standard input.

    A registry that needs none, or that this machine is signed in to, is left as it is.
    """
    host = urlsplit(params["chart"]).netloc
    ecr = ECR.match(host)
    username, password = params["username"], params["password"]
    if params["ecr_login"] or (ecr and params["ecr_login"] is None and not username):
        username, password = "AWS", build_ecr_login(ecr[1] if ecr else None, ecr[2] if ecr else None)
    if not username:
        return
    path = os.path.join(helm.folder, "registry.json")
    write_private(path, "{}")
    helm.env_here["HELM_REGISTRY_CONFIG"] = path
    args = ["registry", "login", host, "--username", username, "--password-stdin"]
    args += ["--plain-http"] if params["plain_http"] else []
    helm.run(*args, stdin=password, doing=f"chart: cannot sign in to {host}")


def _with_dependencies(helm: Helm, folder: str) -> str:
    """A copy of the chart with its dependencies brought up to date; the chart itself stays as it is."""
    copy = os.path.join(helm.folder, "chart", os.path.basename(os.path.abspath(folder)))
    shutil.copytree(folder, copy)
    _make_absolute(os.path.join(copy, "Chart.yaml"), folder)
    helm.run("dependency", "update", copy, doing=f"dependency_update: {folder}")
    return copy


def _make_absolute(chart_yaml: str, folder: str) -> None:
    """Dependencies by a relative path (file://../common) are looked for from where the chart was."""
    with open(chart_yaml, encoding="utf-8") as file:
        about = yaml.safe_load(file)
    relative = [row for row in about.get("dependencies") or [] if str(row.get("repository", "")).startswith("file://.")]
    for row in relative:
        row["repository"] = "file://" + os.path.abspath(os.path.join(folder, row["repository"].removeprefix("file://")))
    if relative:
        with open(chart_yaml, "w", encoding="utf-8") as file:
            yaml.safe_dump(about, file, sort_keys=False)
