# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a release, alone or in a list, and their checks. Pure."""

from __future__ import annotations

import os
import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import validate_source

Params = dict[str, Any]
# https://github.com/helm/helm/blob/main/pkg/chart/common/util/validate_name.go
PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,53}}$){PART}(\.{PART})*")
NAMESPACE = re.compile(rf"(?=.{{1,63}}$){PART}")
# What is used for an option that neither a release of the list nor the task sets.
DEFAULTS: Params = dict(
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


def build_helm_spec(**options: Any) -> Params:
    """The options all Helm modules have, and these."""
    return dict(binary_path=dict(type="path"), **options)


def build_wait_spec() -> Params:
    """The options of waiting, of a release and of a rollback."""
    return dict(
        wait=dict(type="bool"),
        wait_for_jobs=dict(type="bool"),
        wait_timeout=dict(type="int", aliases=["timeout"]),
        disable_hook=dict(type="bool"),
    )


def build_release_spec() -> Params:
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


def build_list_item_spec() -> Params:
    """The options of a release in a list."""
    return dict(
        name=dict(type="str", required=True, aliases=["release_name"]),
        depends_on=dict(type="list", elements="str"),
        **build_release_spec(),
    )


def build_repository_item_spec() -> Params:
    """The options of a repository in a list."""
    return dict(
        name=dict(type="str", required=True, aliases=["repo_name"]),
        url=dict(type="str", aliases=["repo_url"]),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        pass_credentials=dict(type="bool", no_log=False),
        state=dict(type="str", choices=["present", "absent"]),
    )


def resolve_release(params: Params, item: Params | None = None) -> Params:
    """The options of one release: its own ones, then the task's, then the defaults.

    Args:
        params: the task's options.
        item: the release in the task's list. None where the task is about one release.
    """
    names = ["name", "depends_on", *build_release_spec()]
    own = {key: params.get(key) for key in names} if item is None else {key: item.get(key) for key in names}
    for key in names:
        if own[key] is None and item is not None and key not in OWN_OPTIONS:
            own[key] = params.get(key)
        if own[key] is None:
            own[key] = DEFAULTS.get(key)
    if item is not None and params.get("state") == "absent":
        own["state"] = "absent"
    own["wait"] = own["wait"] or own["wait_for_jobs"]
    own["values_files"] = (
        [_resolve_path(path, params.get("folder")) for path in own["values_files"]]
        if own["values_files"]
        else own["values_files"]
    )
    own["chart"] = _resolve_chart(own["chart"], params.get("folder"))
    return own


def _resolve_path(path: str, folder: str | None) -> str:
    return os.path.join(folder, os.path.expanduser(path)) if folder else path


def _resolve_chart(chart: str | None, folder: str | None) -> str | None:
    """A chart by a relative path starts from the task's folder; others are what they are."""
    is_relative = chart is not None and (chart in (".", "..") or chart.startswith(("./", "../")))
    return os.path.join(folder, chart) if folder and is_relative else chart


def validate_release(params: Params) -> None:
    """Refuse what Helm or Kubernetes would refuse later.

    Raises:
        ValidationError: with the option's name.
    """
    letters = "lower case letters, digits and hyphens"
    name, namespace = params["name"], params["namespace"]
    if not NAME.fullmatch(name):
        raise ValidationError(
            f"name: {name!r} is not a valid release name. Use up to 53 {letters}, beginning and ending with a letter or "
            "digit, or several such parts with dots between"
        )
    if not NAMESPACE.fullmatch(namespace):
        raise ValidationError(f"namespace: {namespace!r} is not a valid namespace name. Use up to 63 {letters}")
    if params["wait_timeout"] <= 0:
        raise ValidationError(f"wait_timeout: {params['wait_timeout']} is not a valid time. Use 1 second or more")
    if params.get("state") == "present":
        _validate_present(params)


def _validate_present(params: Params) -> None:
    if not params["chart"]:
        raise ValidationError(
            f"chart: release {params['name']} has no chart. A release with state=present requires one"
        )
    for path in params["values_files"] or []:
        if not os.path.isfile(path):
            raise ValidationError(f"values_files: there is no file {path} on this machine")
    validate_source(params)
