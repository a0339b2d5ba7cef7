# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of Helm releases and repositories, and what Helm and Kubernetes accept in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]
Options = dict[str, Any]
# https://github.com/helm/helm/blob/main/pkg/chart/common/util/validate_name.go
PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,53}}$){PART}(\.{PART})*")
NAMESPACE = re.compile(rf"(?=.{{1,63}}$){PART}")
OCI = "oci://"
PATH_PREFIXES = (".", "/", "~")  # what a chart on this machine begins with
USER = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)@", re.IGNORECASE)
USER_IN_URL = "the URL has a user or a password, which Helm's arguments and the result would show. Set username and password instead"
# What is used for an option that neither a release of the list nor the task sets.
DEFAULTS: Options = dict(
    namespace="default",
    state="present",
    dependency_update=False,
    plain_http=False,
    pass_credentials=False,
    reuse_values=False,
    create_namespace=False,
    wait=False,
    wait_for_jobs=False,
    wait_timeout=300,
    atomic=False,
    recover=False,
    compare="manifests",
    crds="install",
    disable_hook=False,
    take_ownership=False,
    skip_schema_validation=False,
    keep_history=False,
)
# Options of a release alone; a task with a list sets them for each release of it.
OWN_OPTIONS = (
    "name",
    "chart",
    "repository",
    "version",
    "username",
    "password",
    "ecr_login",
    "values",
    "secret_values",
    "values_files",
    "set_values",
    "set_strings",
    "description",
)


def build_helm_spec(**options: Any) -> Spec:
    """The options all Helm modules have, and these."""
    return dict(binary_path=dict(type="path"), **options)


def build_wait_spec() -> Spec:
    """The options of waiting, of a release and of a rollback."""
    return dict(
        wait=dict(type="bool"),
        wait_for_jobs=dict(type="bool"),
        wait_timeout=dict(type="int", aliases=["timeout"]),
        disable_hook=dict(type="bool"),
    )


def build_release_spec() -> Spec:
    """The options of a release without its name. None has a default here: an item of a list inherits the task's option."""
    return dict(
        namespace=dict(type="str", aliases=["release_namespace"]),
        state=dict(type="str", choices=["present", "absent"]),
        chart=dict(type="str", aliases=["chart_ref"]),
        repository=dict(type="str", aliases=["chart_repo_url"]),
        version=dict(type="str", aliases=["chart_version"]),
        dependency_update=dict(type="bool"),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        pass_credentials=dict(type="bool", no_log=False),
        ecr_login=dict(type="bool"),
        plain_http=dict(type="bool"),
        values=dict(type="dict", no_log=True, aliases=["release_values"]),
        secret_values=dict(type="dict", no_log=True),
        values_files=dict(type="list", elements="path"),
        set_values=dict(type="list", elements="str", no_log=True, aliases=["set"]),
        set_strings=dict(type="list", elements="str", no_log=True, aliases=["set_string"]),
        reuse_values=dict(type="bool"),
        create_namespace=dict(type="bool"),
        atomic=dict(type="bool"),
        recover=dict(type="bool"),
        recover_after=dict(type="int"),
        compare=dict(type="str", choices=["manifests", "inputs"]),
        crds=dict(type="str", choices=["install", "skip"]),
        take_ownership=dict(type="bool"),
        skip_schema_validation=dict(type="bool"),
        history_max=dict(type="int"),
        description=dict(type="str"),
        keep_history=dict(type="bool"),
        **build_wait_spec(),
    )


def build_list_item_spec() -> Spec:
    """The options of a release in a list, without the names that kubernetes.core's module has for them."""
    own = {name: {key: row[key] for key in row if key != "aliases"} for name, row in build_release_spec().items()}
    return dict(name=dict(type="str", required=True), depends_on=dict(type="list", elements="str"), **own)


def build_repository_item_spec() -> Spec:
    """The options of a repository in a list."""
    return dict(
        name=dict(type="str", required=True),
        url=dict(type="str"),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        pass_credentials=dict(type="bool", no_log=False),
        state=dict(type="str", choices=["present", "absent"]),
    )


def has_user(url: str | None) -> bool:
    """Whether a URL has a user or a password before its host."""
    return bool(USER.match(url or ""))


def find_release_problems(options: Options) -> Iterator[str]:
    """What Helm or Kubernetes refuses of a release's options, as far as they tell without the chart."""
    letters = "lower case letters, digits and hyphens"
    name, namespace = options.get("name"), options.get("namespace")
    if name is not None and not NAME.fullmatch(name):
        yield (
            f"name: {name!r} is not a valid release name. Use up to 53 {letters}, beginning and ending with a letter or "
            "digit, or several such parts with dots between"
        )
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        yield f"namespace: {namespace!r} is not a valid namespace name. Use up to 63 {letters}"
    timeout = options.get("wait_timeout")
    if timeout is not None and timeout <= 0:
        yield f"wait_timeout: {timeout} is not a valid time. Use 1 second or more"
    if options.get("state") != "absent":
        yield from _find_source_problems(options)


def _find_source_problems(options: Options) -> Iterator[str]:
    chart, repository = options.get("chart"), options.get("repository")
    with_user = [name for name in ("chart", "repository") if has_user(options.get(name))]
    if with_user:
        yield f"{with_user[0]}: {USER_IN_URL}"
        return
    if not chart:
        yield "chart: required option is missing. A release with state=present requires a chart"
        return
    if repository and ("://" in chart or chart.startswith(PATH_PREFIXES)):
        yield f"repository: {chart} is not the name of a chart in a repository. Set either repository or such a chart"
    elif repository and repository.startswith(OCI):
        yield f"repository: {repository} is a registry. Set chart: {repository.rstrip('/')}/{chart} without repository"
    else:
        yield from _find_url_problems("repository", repository)
    if bool(options.get("username")) != bool(options.get("password")):
        yield "username and password are required together, and one of them is missing"
    if options.get("ecr_login") and not chart.startswith(OCI):
        yield f"ecr_login: {chart} does not come from a registry ({OCI})"
    if options.get("version") and chart.startswith(PATH_PREFIXES):
        yield f"version: the chart {chart} on this machine has the version of its Chart.yaml. Remove the option"


def _find_url_problems(option: str, url: str | None) -> Iterator[str]:
    """An address without a scheme: Helm chooses how it downloads by that. Plugins of Helm have other schemes."""
    if url and "://" not in url:
        yield f"{option}: {url!r} is not a URL. Use one like https://{url.lstrip('/') or 'charts.example.com'}"


def find_revision_problems(revision: int | None) -> Iterator[str]:
    """A number that no revision has: Helm counts from 1."""
    if revision is not None and revision < 1:
        yield f"revision: {revision} is not the number of a revision. Use 1 or more"


def find_repository_problems(options: Options) -> Iterator[str]:
    """What Helm refuses of a repository's options."""
    url = options.get("url")
    if has_user(url):
        yield f"url: {USER_IN_URL}"
    elif url and url.startswith(OCI):
        yield f"url: {url} is a registry, which Helm does not add. Set it as part of the chart of a release"
    else:
        yield from _find_url_problems("url", url)
    if bool(options.get("username")) != bool(options.get("password")):
        yield "username and password are required together, and one of them is missing"
