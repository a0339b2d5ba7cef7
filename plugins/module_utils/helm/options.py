# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of each release of a task, and their checks."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    DEFAULTS,
    OWN_OPTIONS,
    build_release_spec,
    find_release_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import validate_source

Params = dict[str, Any]


def resolve_release(params: Params, item: Params | None = None) -> Params:
    """The options of one release: its own ones, then the task's, then the defaults.

    Args:
        params: the task's options.
        item: the release in the task's list. None where the task is about one release.
    """
    names = ["name", "depends_on", *build_release_spec()]
    own = {key: (params if item is None else item).get(key) for key in names}
    for key in names:
        inherited = params.get(key) if item is not None and key not in OWN_OPTIONS else None
        if own[key] is None:
            own[key] = DEFAULTS.get(key) if inherited is None else inherited
    if params.get("state") == "absent":
        own["state"] = "absent"
    own["wait"] = own["wait"] or own["wait_for_jobs"]
    return {**own, **_resolve_paths(own, params.get("folder"))}


def _resolve_paths(own: Params, folder: str | None) -> Params:
    """Relative paths of the chart and the values files, from the task's folder."""
    if not folder:
        return {}
    chart, files = own["chart"], own["values_files"]
    is_relative = chart is not None and (chart in (".", "..") or chart.startswith(("./", "../")))
    return {
        "chart": os.path.join(folder, chart) if is_relative else chart,
        "values_files": files and [os.path.join(folder, path) for path in files],
    }


def validate_release(params: Params) -> None:
    """Refuse what Helm or Kubernetes would refuse later.

    Raises:
        ValidationError: with the option's name.
    """
    for problem in find_release_problems(params):
        raise ValidationError(problem)
    if params["state"] == "present":
        for path in params["values_files"] or []:
            if not os.path.isfile(path):
                raise ValidationError(f"values_files: the file {path} does not exist on this machine")
        validate_source(params)
