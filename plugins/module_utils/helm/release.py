# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release: what stands, what would stand, and the way there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError, age_of, write_private
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import (
    join_manifests,
    kinds_of,
    mask_secrets,
    parse_objects,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import kinds
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError

WAYS = {
    "pending-install": "made what revision {} is, without its hooks",
    "pending-upgrade": "rolled back to revision {}",
    "pending-rollback": "rolled back to revision {}",
    "uninstalling": "finished the uninstallation",
}
PENDING = tuple(WAYS)
WORKED = ("deployed", "superseded")  # what a revision is that Helm once brought up
MOST_REVISIONS = "256"
NEW_KIND = re.compile(r'no matches for kind "([^"]+)"')  # what the API server says of a kind it does not know
# https://github.com/helm/helm/blob/main/pkg/chart/common/util/validate_name.go
PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,53}}$){PART}(\.{PART})*")
NAMESPACE = re.compile(rf"(?=.{{1,63}}$){PART}")
QUOTED_KEY = re.compile(r'(^|[.,])"([^"=]*)"(?=[.=\[])')
VALUE_OPTIONS: dict[str, Any] = dict(
    values=dict(type="dict", aliases=["release_values"]),
    values_files=dict(type="list", elements="path"),
    set_values=dict(type="list", elements="str", aliases=["set"]),
    set_strings=dict(type="list", elements="str", aliases=["set_string"]),
    reuse_values=dict(type="bool", default=False),
)
WAIT_OPTIONS: dict[str, Any] = dict(
    wait=dict(type="bool", default=False),
    wait_for_jobs=dict(type="bool", default=False),
    wait_timeout=dict(type="int", default=300, aliases=["timeout"]),
    disable_hook=dict(type="bool", default=False),
)


def check_release(params: dict[str, Any]) -> None:
    """Refuse what Helm or Kubernetes would refuse later.

    Raises:
        Refused: with the option's name.
    """
    letters = "lower case letters, digits and hyphens"
    if not NAME.fullmatch(params["name"]):
        raise ValidationError(
            f"name: {params['name']!r} is no release's name: up to 53 {letters}, or parts of them with dots between"
        )
    if not NAMESPACE.fullmatch(params["namespace"]):
        raise ValidationError(f"namespace: {params['namespace']!r} is no namespace's name: up to 63 {letters}")
    if params["wait_timeout"] <= 0:
        raise ValidationError(f"wait_timeout: {params['wait_timeout']} is no time; give seconds, 1 or more")
    for path in params.get("values_files") or []:
        if not os.path.isfile(path):
            raise ValidationError(f"values_files: there is no file {path} on this machine")


@dataclass(frozen=True)
class Release:
    """A revision of a release as Helm keeps it. ``history`` are all its revisions, oldest first."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str
    updated: str
    description: str
    manifest: str = field(repr=False)
    hooks: dict[str, str] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    notes: str = field(repr=False)
    history: list[dict[str, Any]] = field(repr=False)

    @property
    def content(self) -> tuple[Any, ...]:
        """What an upgrade can change."""
        return self.chart, self.app_version, self.values, self.manifest.strip(), self.hooks

    def facts(self) -> dict[str, Any]:
        """The keys of a result. Values and manifests are not among them: they may hold secrets."""
        keys = ("name", "namespace", "revision", "status", "chart", "app_version", "updated", "description")
        return {key: getattr(self, key) for key in keys}


def find(helm: Helm, name: str, namespace: str, revision: int | None = None) -> Release | None:
    """The release's last revision, or the one asked for; None where there is none."""
    at = [name, "--namespace", namespace]
    try:
        history = helm.json("history", *at, "--max", MOST_REVISIONS)
        row = _row(history, revision)
        if row is None:
            return None
        said = helm.json("status", *at, "--revision", str(row["revision"]))
    except HelmError as error:
        if "release: not found" in error.said:
            return None
        raise
    return Release(
        name=name,
        namespace=namespace,
        revision=row["revision"],
        status=row["status"],
        chart=row["chart"],
        app_version=row.get("app_version") or "",
        updated=row["updated"],
        description=row.get("description") or "",
        manifest=said.get("manifest") or "",
        hooks=_hooks(said),
        values=said.get("config") or {},
        notes=said["info"].get("notes") or "",
        history=history,
    )


def _row(history: list[dict[str, Any]], revision: int | None) -> dict[str, Any] | None:
    rows = [row for row in history if revision in (None, row["revision"])]
    return rows[-1] if rows else None


def _hooks(said: dict[str, Any]) -> dict[str, str]:
    return {hook["path"] + ":" + hook["name"]: hook["manifest"].strip() for hook in said.get("hooks") or []}


@dataclass(frozen=True)
class Plan:
    """What is to happen: an action (install, upgrade, none), why, and the manifests before and after."""

    action: str
    list_reasons: list[str]
    before: str = ""
    after: str = ""

    def diff(self, namespace: str, name: str) -> dict[str, str]:
        """Ansible's diff of the manifests, Secrets' values hidden; empty texts where nothing differs."""
        before, after = mask_secrets(self.before, self.after, namespace)
        where = f"release {name} in {namespace}"
        normalize_map = (before, after) if before != after else ("", "")
        return {"before": normalize_map[0], "after": normalize_map[1], "before_header": where, "after_header": where}


class ReleaseOperations:
    """The one release a task is about.

    Args:
        helm: Helm at the cluster.
        api: the cluster's Kubernetes API.
        params: the module's options.
        watch: called while Helm waits.
    """

    def __init__(self, helm: Helm, api: KubernetesApi, params: dict[str, Any], watch: Callable[[], None]) -> None:
        self._helm, self._api, self._params, self._watch = helm, api, params, watch
        self.name, self.namespace = params["name"], params["namespace"]

    def find(self, revision: int | None = None) -> Release | None:
        return find(self._helm, self.name, self.namespace, revision)

    def latest_manifest(self) -> str:
        """The manifest and the hooks of the last revision, while Helm is at it."""
        said = self._helm.json("status", self.name, "--namespace", self.namespace)
        return join_manifests(said.get("manifest") or "", *_hooks(said).values())

    def text_of(self, manifest: str, hooks: dict[str, str]) -> str:
        """What of a release is shown: hooks, too, unless they are left out."""
        return join_manifests(manifest, *([] if self._params["disable_hook"] else hooks.values()))

    def namespace_is_missing(self) -> bool:
        """Whether there is no such namespace. One that this caller may not look at is taken to be there."""
        return _observed(self._api, kinds.NAMESPACE, self.namespace) is None

    def plan(self, chart: Chart, current: Release | None, render: bool, stuck: bool = False) -> Plan:
        """Compare what stands with what Helm would make of the chart and the values.

        Args:
            chart: the chart.
            current: what stands.
            render: whether the manifests of a first installation are wanted, which nothing else needs.
            stuck: whether the release is still pending, of which Helm makes no dry run.
        """
        if current is None or current.status == "uninstalled":
            return Plan("install", [f"installs {chart.title}"], "", self._first(chart, stuck) if render else "")
        wanted = self._offline(chart, current) if stuck else self._tried(chart)
        list_reasons = self._differences(current, chart, wanted)
        before = self.text_of(current.manifest, {} if stuck else current.hooks)
        return Plan(
            "upgrade" if list_reasons else "none",
            list_reasons,
            before,
            self.text_of(wanted["manifest"], _hooks(wanted)),
        )

    def missing_definitions(self, chart: Chart) -> list[dict[str, Any]]:
        """The chart's CustomResourceDefinitions that an installation would create; Helm leaves those that are there."""
        if self._params["crds"] == "skip":
            return []
        rows = parse_objects(self._helm.run("show", "crds", chart.path))
        return [
            row
            for row in rows
            if _observed(self._api, kinds.CUSTOM_RESOURCE_DEFINITION, row["metadata"]["name"]) is None
        ]

    def _first(self, chart: Chart, stuck: bool) -> str:
        """What a first installation would create. It cannot be tried before the kinds that it brings are known."""
        new = self.missing_definitions(chart)
        kinds = kinds_of(new)
        try:
            wanted = self._offline(chart, None, kinds) if stuck else self._tried(chart)
        except HelmError as error:
            unknown = set(NEW_KIND.findall(error.said))
            if not unknown or not unknown <= set(kinds):
                raise
            wanted = self._offline(chart, None, kinds)
        return join_manifests(self.text_of(wanted["manifest"], _hooks(wanted)), *(json.dumps(row) for row in new))

    def _tried(self, chart: Chart) -> dict[str, Any]:
        """What Helm would make (a release as JSON), by its own dry run at the API server."""
        args = ["upgrade", "--install", self.name, chart.path, "--dry-run=server", *self._args()]
        return self._helm.json(*args, doing=self._doing())

    def _offline(
        self, chart: Chart, current: Release | None, kinds: dict[str, list[str]] | None = None
    ) -> dict[str, Any]:
        """What Helm would make, rendered without a dry run, from the values the release would have.

        Args:
            kinds: what the API server will know by then, as from ``kinds_of``.
        """
        args = ["--no-hooks", "--kube-version", self._api.get_version()]
        for kind, versions in (kinds or {}).items():
            for version in versions:
                args += ["--api-versions", version, "--api-versions", f"{version}/{kind}"]
        if current:
            args.append("--is-upgrade")
        if current and current.values and keeps_values(self._params):
            path = os.path.join(self._helm.folder, "kept.yaml")
            write_private(path, json.dumps(current.values))
            args += ["--values", path]
        return {"manifest": template(self._helm, self._params, chart, *args), "offline": True}

    def _differences(self, current: Release, chart: Chart, wanted: dict[str, Any]) -> list[str]:
        """Why an upgrade is needed, in words; empty where it is not."""
        list_reasons = []
        if current.status != "deployed":
            list_reasons.append(f"revision {current.revision} is {current.status}")
        if current.chart != chart.title or current.app_version != chart.app_version:
            list_reasons.append(f"chart {current.chart} -> {chart.title}")
        offline = wanted.get("offline")
        if not offline and current.values != (wanted.get("config") or {}):
            list_reasons.append("values")
        if self._params["compare"] == "manifests" or offline:
            if current.manifest.strip() != wanted["manifest"].strip():
                list_reasons.append("manifests")
            if not offline and not self._params["disable_hook"] and current.hooks != _hooks(wanted):
                list_reasons.append("hooks")
        return list_reasons

    def apply(self, chart: Chart) -> Release:
        """Install or upgrade.

        Raises:
            HelmError: with what became of the release.
        """
        args = ["upgrade", "--install", self.name, chart.path, *self._args(), *self._wait_args()]
        if self._params["create_namespace"]:
            args.append("--create-namespace")
        if self._params["atomic"]:
            args.append("--rollback-on-failure" if self._helm.is_v4 else "--atomic")
        if self._params["description"]:
            args += ["--description", self._params["description"]]
        self._helm.run(*args, doing=self._doing(), watch=self._watch)
        return self.find()

    def _args(self) -> list[str]:
        """What the dry run and the deed have in common."""
        params = self._params
        args = ["--namespace", self.namespace, *keeping_args(params), *value_args(params, self._helm.folder)]
        args += ["--skip-crds"] if params["crds"] == "skip" else []
        args += ["--no-hooks"] if params["disable_hook"] else []
        args += ["--take-ownership"] if params["take_ownership"] else []
        args += ["--skip-schema-validation"] if params["skip_schema_validation"] else []
        args += ["--history-max", str(params["history_max"])] if params["history_max"] is not None else []
        return args

    def _wait_args(self) -> list[str]:
        params = self._params
        args = ["--timeout", f"{params['wait_timeout']}s"]
        args += ["--wait"] if params["wait"] else []
        args += ["--wait-for-jobs"] if params["wait_for_jobs"] else []
        return args

    def _doing(self) -> str:
        return f"release {self.name} in {self.namespace}"

    def uninstall(self) -> None:
        params = self._params
        args = ["uninstall", self.name, "--namespace", self.namespace, "--timeout", f"{params['wait_timeout']}s"]
        args += ["--wait"] if params["wait"] else []
        args += ["--no-hooks"] if params["disable_hook"] else []
        args += ["--keep-history"] if params["keep_history"] else []
        self._helm.run(*args, doing=self._doing(), watch=self._watch)

    def rollback(self, revision: int) -> None:
        args = ["rollback", self.name, str(revision), "--namespace", self.namespace, *self._wait_args()]
        args += ["--no-hooks"] if self._params["disable_hook"] else []
        args += ["--cleanup-on-fail"] if self._params.get("cleanup_on_fail") else []
        self._helm.run(*args, doing=self._doing(), watch=self._watch)

    def check_stuck(self, current: Release | None) -> str | None:
        """How a release that a broken run left pending is freed, in words; None where it is free.

        Raises:
            Refused: it is pending, and freeing it is not asked for, or somebody may still be at it.
        """
        if current is None or current.status not in PENDING:
            return None
        since = age_of(current.updated)
        state = f"{self._doing()} is {current.status} at revision {current.revision} since {since:.0f} s"
        if not self._params["recover"]:
            raise ValidationError(
                f"{state}: a run was broken off, or is at work. Set recover to true to free it", **current.facts()
            )
        after = recover_after(self._params)
        if since < after:
            raise ValidationError(
                f"{state}: somebody may be at work. It is freed after recover_after ({after} s)", **current.facts()
            )
        return f"{WAYS[current.status].format(find_rollback_target(current))}, which was {current.status} since {since:.0f} s"

    def recover(self, current: Release) -> None:
        """Free a pending release. Nothing that runs is taken away, but what was being uninstalled."""
        if current.status == "uninstalling":
            self.uninstall()
        else:
            args = ["rollback", self.name, str(find_rollback_target(current)), "--namespace", self.namespace]
            self._helm.run(*args, doing=f"recover: {self._doing()}", watch=self._watch)


def recover_after(params: dict[str, Any]) -> int:
    """Seconds for which a release has to be pending: longer than a run that is at work would take."""
    given = params["recover_after"]
    return max(600, 2 * params["wait_timeout"]) if given is None else given


def find_last_deployed(release: Release) -> int | None:
    """The last revision before this one that worked, none where there is none."""
    rows = [row for row in release.history if row["revision"] < release.revision and row["status"] in WORKED]
    return rows[-1]["revision"] if rows else None


def find_rollback_target(release: Release) -> int | None:
    """The revision to which a pending release is freed: the last that worked, or else the one before.

    None where it is being uninstalled. A first installation is its own way back: it goes on as Helm itself goes on after
    one that failed, by upgrades, which keep what was created.
    """
    if release.status == "uninstalling":
        return None
    before = [row["revision"] for row in release.history if row["revision"] < release.revision]
    if release.status == "pending-install" or not before:
        return release.revision
    return find_last_deployed(release) or before[-1]


def template(helm: Helm, params: dict[str, Any], chart: Chart, *more: str) -> str:
    """The manifests as ``helm template`` renders them: without a cluster."""
    args = ["template", params["name"], chart.path, "--namespace", params["namespace"], *more]
    doing = f"release {params['name']} in {params['namespace']}"
    return helm.run(*args, *value_args(params, helm.folder), doing=doing)


def crd_args(params: dict[str, Any]) -> list[str]:
    """Whether ``helm template`` shows the chart's CRDs, too, which an installation would create."""
    return [] if params["crds"] == "skip" else ["--include-crds"]


def keeps_values(params: dict[str, Any]) -> bool:
    """Whether a release keeps its own values: where the task gives none, or lays its own over them."""
    options = ("values", "values_files", "set_values", "set_strings")
    return params["reuse_values"] or all(params[option] is None for option in options)


def keeping_args(params: dict[str, Any]) -> list[str]:
    """What becomes of the release's own values, as Helm's arguments."""
    if params["reuse_values"]:
        return ["--reset-then-reuse-values"]
    return [] if keeps_values(params) else ["--reset-values"]


def value_args(params: dict[str, Any], folder: str) -> list[str]:
    """The values as Helm's arguments, in the order in which they lie over each other: files, inline (0600), set, strings."""
    args = []
    for path in params["values_files"] or []:
        args += ["--values", path]
    if params["values"]:
        path = os.path.join(folder, "values.yaml")
        if not os.path.exists(path):
            write_private(path, json.dumps(params["values"]))
        args += ["--values", path]
    for word in params["set_values"] or []:
        args += ["--set", _unquoted(word)]
    for word in params["set_strings"] or []:
        args += ["--set-string", _unquoted(word)]
    return args


def _unquoted(word: str) -> str:
    """A part of a key in double quotes without them: a word pasted from a shell's command line, where the shell takes them away."""
    return QUOTED_KEY.sub(r"\1\2", word)


def _observed(api: KubernetesApi, kind: kinds.Kind, name: str) -> Any:
    """What is there, None where it is not, and {} where this caller may not look."""
    try:
        return api.get(kind, name)
    except KubernetesError as error:
        if error.status != 403:
            raise
        return {}


def failed(error: HelmError, before: Release | None, after: Release | None, pods: str, atomic: bool) -> EksError:
    """A failure of Helm with what became of the release and which pods were to blame."""
    if after is None:
        state = "Nothing of the release is left" if atomic else "There is no release"
    elif before is not None and after.revision > before.revision + 1 and after.status == "deployed":
        state = f"It was rolled back: {after.description}, as revision {after.revision}"
    else:
        state = f"It is {after.status} at revision {after.revision}"
    words = f"{error.message}. {state}." + (f" Not ready: {pods}" if pods else "")
    changed = _stand(before) != _stand(after)
    return EksError(words, **{**error.facts, **(after.facts() if after else {}), "changed": changed})


def _stand(release: Release | None) -> tuple[int, str] | None:
    """What a failed run may have moved."""
    return (release.revision, release.status) if release else None
