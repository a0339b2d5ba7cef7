# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a release is known to render as it is stored, so that Helm need not render it to see that nothing changes. Pure.

That is so where chart and values are those of the stored release, and the chart's templates depend on nothing else: not on
the cluster (lookup, Capabilities), chance, the time, or whether this is an upgrade. Where anything of that cannot be
excluded the answer is no, and Helm renders.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, normalize_values
from ansible_collections.kumo.eks.plugins.module_utils.helm.values import UnknownValues, parse_values

ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# Functions of Helm and Sprig whose result is not a function of chart and values, and fields of the context that are not.
# https://helm.sh/docs/chart_template_guide/function_list/ and https://helm.sh/docs/chart_template_guide/builtin_objects/
RANDOM = r"shuffle|uuidv4|rand\w*|gen(?:CA|PrivateKey|SelfSigned|Signed)\w*|encryptAES|htpasswd|bcrypt|getHostByName"
CLOCK = r"now|ago|date\w*|htmlDate\w*"
CHANGING = re.compile(
    rf"\b(lookup|{CLOCK}|{RANDOM}|Capabilities|IsUpgrade|IsInstall|Revision|Subcharts)\b"
    r"|\bRelease(?!\.(Name|Namespace|Service)\b)"
)
# What may differ between two renders of the same inputs, one right after the other.
UNORDERED = r"shuffle|keys|values"  # a dict's keys and values come in any order
BY_CHANCE = re.compile(rf"\b({RANDOM}|{CLOCK}|{UNORDERED}|tpl)\b")
# Fields of Chart.yaml as Helm stores them: https://helm.sh/docs/topics/charts/#the-chartyaml-file
METADATA = (
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
)
BOM = b"\xef\xbb\xbf"


def is_rendering_known(current: Release, chart: Chart, values: dict[str, Any]) -> bool:
    """Whether Helm would render exactly what is stored.

    Args:
        current: the release's last revision.
        chart: the chart to install.
        values: the values that the release would have.
    """
    package = current.package
    if not package or current.status != "deployed" or chart.about.get("dependencies"):
        return False  # the stored release does not hold subcharts
    if normalize_values(current.values) != normalize_values(values):
        return False
    return _has_same_chart(package, chart) and _is_pure(package, values) and _is_plain(current.manifest)


def may_vary(chart: Chart) -> bool:
    """Whether the chart may render differently each time."""
    return _may_use(chart, BY_CHANCE)


def may_tell_time(chart: Chart) -> bool:
    """Whether the chart may render the time."""
    return _may_use(chart, re.compile(rf"\b({CLOCK}|tpl)\b"))


def may_be_unordered(chart: Chart) -> bool:
    """Whether the chart may render a list whose order is not fixed."""
    return _may_use(chart, re.compile(rf"\b({UNORDERED})\b"))


def _may_use(chart: Chart, words: re.Pattern[str]) -> bool:
    """Whether a template of the chart uses one of these words. Archives of subcharts are not read, and may."""
    if any(name.startswith("charts/") and name.endswith((".tgz", ".tar.gz")) for name in chart.files):
        return True
    return bool(words.search(_join_actions(data for name, data in chart.files.items() if "templates/" in name)))


def _has_same_chart(package: dict[str, Any], chart: Chart) -> bool:
    """Whether the stored chart is this one, in everything its rendering can depend on."""
    files = chart.files
    if any(name.startswith("charts/") for name in files) or _normalize_about(package["metadata"]) != _normalize_about(
        chart.about
    ):
        return False
    stored = _decode_files(package.get("templates"))
    templates = {name: data for name, data in files.items() if name.startswith("templates/")}
    if stored != {name: data.removeprefix(BOM) for name, data in templates.items()}:
        return False
    if _decode(package.get("schema")) != files.get("values.schema.json", b"").removeprefix(BOM):
        return False
    return _has_same_values(package, files) and _has_same_files(package, files)


def _normalize_about(about: dict[str, Any]) -> str:
    """Chart.yaml as Helm stores it: known fields alone, without empty ones, versions as text."""
    known = {key: about[key] for key in METADATA if about.get(key)}
    texts = {key: str(known[key]) for key in ("version", "appVersion") if key in known}
    return normalize_values({**known, **texts})


def _has_same_values(package: dict[str, Any], files: dict[str, bytes]) -> bool:
    try:
        own = parse_values(files.get("values.yaml", b"").removeprefix(BOM))
    except UnknownValues:
        return False
    return normalize_values(package.get("values") or {}) == normalize_values(own)


def _has_same_files(package: dict[str, Any], files: dict[str, bytes]) -> bool:
    """Other files matter only to templates that read them (.Files). .helmignore is not read, so all have to be the same."""
    actions = _join_actions(_decode_files(package.get("templates")).values())
    if not re.search(r"\bFiles\b", actions):
        return True
    stored = _decode_files(package.get("files"))
    special = ("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json")
    own = {name for name in files if not name.startswith("templates/") and name not in special}
    return own == set(stored) and all(stored[name] == files[name].removeprefix(BOM) for name in own)


def _is_pure(package: dict[str, Any], values: dict[str, Any]) -> bool:
    """Whether the templates depend on chart and values alone. With tpl also values and files may be templates."""
    actions = _join_actions(_decode_files(package.get("templates")).values())
    if CHANGING.search(actions):
        return False
    if not re.search(r"\btpl\b", actions):
        return True
    files = b"\n".join(_decode_files(package.get("files")).values()).decode(errors="replace")
    return not any(
        CHANGING.search(text) for text in (json.dumps(values), json.dumps(package.get("values") or {}), files)
    )


def _is_plain(manifest: str) -> bool:
    """Whether a manifest is as Helm rendered it: a post-renderer would have removed the comments that name the templates."""
    documents = [part for part in re.split(r"^---\n", manifest, flags=re.MULTILINE) if part.strip()]
    return all(part.startswith("# Source: ") for part in documents)


def _join_actions(templates: Any) -> str:
    return "\n".join(match for data in templates for match in ACTION.findall(data.decode(errors="replace")))


def _decode_files(rows: list[dict[str, Any]] | None) -> dict[str, bytes]:
    return {row["name"]: _decode(row.get("data")) for row in rows or []}


def _decode(text: str | None) -> bytes:
    return base64.b64decode(text or "")
