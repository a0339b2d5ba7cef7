# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Helm does with one release: render, install, upgrade, uninstall, roll back."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import write_private
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import (
    collect_kinds,
    join_manifests,
    parse_objects,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.plan import Plan, compare_inputs, compare_rendering
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import (
    Release,
    collect_hooks,
    is_gone,
    normalize_values,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.rendering import (
    is_rendering_known,
    may_be_unordered,
    may_tell_time,
    may_vary,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import ReleaseStore
from ansible_collections.kumo.eks.plugins.module_utils.helm.values import (
    UnknownValues,
    build_keeping_args,
    build_value_args,
    compute_values,
    has_values,
    keeps_values,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.varying import Varying, find_varying
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import kinds
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError

NEW_KIND = re.compile(r'no matches for kind "([^"]+)"')  # what the API server says about a kind it does not know
Kinds = dict[str, list[str]]  # group/version of each version that is served, by kind


class ReleaseOperations:
    """Operations on one release.

    Args:
        helm: Helm at the cluster.
        api: the cluster's Kubernetes API.
        store: where its releases are read.
        params: the release's options.
        watch: called while Helm waits.
    """

    def __init__(
        self,
        helm: Helm,
        api: KubernetesApi,
        store: ReleaseStore,
        params: dict[str, Any],
        watch: Callable[[], None],
    ) -> None:
        self._helm, self._api, self._store, self._params, self._watch = helm, api, store, params, watch
        self.name, self.namespace = params["name"], params["namespace"]
        self.title = f"release {self.name} in {self.namespace}"

    def find(self) -> Release | None:
        """The release's last revision."""
        return self._store.find_last(self.namespace, self.name)

    def find_revision(self, revision: int) -> Release | None:
        """One of its revisions."""
        return self._store.find_revision(self.namespace, self.name, revision)

    def list_history(self) -> list[dict[str, Any]]:
        """Its revisions, oldest first."""
        return self._store.list_history(self.namespace, self.name)

    def read_manifest(self) -> str:
        """The manifests and hooks of the last revision, while Helm works on it."""
        release = self.find()
        return join_manifests(release.manifest, *release.hooks.values()) if release else ""

    def select_manifests(self, manifest: str, hooks: dict[str, str]) -> str:
        """What of a release is shown: hooks, too, unless they are disabled."""
        return join_manifests(manifest, *([] if self._params["disable_hook"] else hooks.values()))

    def is_namespace_missing(self) -> bool:
        """Whether there is no such namespace. One that this caller may not read is taken to exist."""
        return _read_or_empty(self._api, kinds.NAMESPACE, self.namespace) is None

    def plan(
        self,
        chart: Chart,
        current: Release | None,
        render: bool,
        is_stuck: bool = False,
        planned_kinds: Kinds | None = None,
    ) -> Plan:
        """Compare the release with what Helm would make of the chart and the values.

        Args:
            chart: the chart.
            current: the last revision.
            render: whether the manifests of a first installation are wanted, which nothing else needs.
            is_stuck: whether the release is still pending, of which Helm makes no dry run.
            planned_kinds: kinds that releases on which this one depends will have brought by then.
        """
        if is_gone(current):
            text = self._render_first(chart, is_stuck, planned_kinds or {}) if render else ""
            return Plan("install", [f"installs {chart.title}"], "", text)
        if not is_stuck and self._is_known_unchanged(chart, current):
            return Plan("none", [])

        def render() -> dict[str, Any]:
            return self._render_offline(chart, current) if is_stuck else self._dry_run(chart)

        rendered = render()
        before = self.select_manifests(current.manifest, {} if is_stuck else current.hooks)
        after = self._select_rendered(rendered)
        renders = [after, *self._render_again(chart, before, after, render)]
        varying = self._find_varying(chart, before, renders)
        reasons = compare_inputs(current, chart) + compare_rendering(current, rendered, self._params, varying)
        return Plan("upgrade" if reasons else "none", reasons, before, after, renders[1:], varying)

    def complete(self, plan: Plan, chart: Chart, release: Release, new: list[dict[str, Any]]) -> Plan:
        """The plan with what was applied, which is one more render of the same inputs.

        Args:
            new: the CustomResourceDefinitions that were created.
        """
        text = self.select_manifests(release.manifest, release.hooks)
        varying = self._find_varying(chart, plan.before, [plan.after, *plan.more, text]) if plan.after else None
        return replace(plan, after=join_manifests(text, *(json.dumps(row) for row in new)), varying=varying)

    def _select_rendered(self, rendered: dict[str, Any]) -> str:
        return self.select_manifests(rendered["manifest"], collect_hooks(rendered))

    def _render_again(
        self, chart: Chart, before: str, after: str, render: Callable[[], dict[str, Any]]
    ) -> Iterator[str]:
        """A second render where the first differs from the release, and the chart may render differently each time."""
        if before.split() == after.split() or not may_vary(chart):
            return
        if may_tell_time(chart):
            time.sleep(1 - time.time() % 1)  # two renders within one second would tell the same time
        yield self._select_rendered(render())

    def _find_varying(self, chart: Chart, before: str, renders: list[str]) -> Varying | None:
        """What of the manifests renders differently each time, as far as these renders tell."""
        if len(renders) < 2 or not may_vary(chart):
            return None
        return find_varying(before, renders, self.namespace, may_be_unordered(chart))

    def _is_known_unchanged(self, chart: Chart, current: Release) -> bool:
        """Whether an upgrade would change nothing, where that is certain without a dry run."""
        if compare_inputs(current, chart) or (self._params["reuse_values"] and has_values(self._params)):
            return False
        try:
            values = compute_values(self._params) if has_values(self._params) else current.values
        except UnknownValues:
            return False
        if self._params["compare"] == "inputs":
            return normalize_values(values) == normalize_values(current.values)
        return is_rendering_known(current, chart, values)

    def find_missing_definitions(self, chart: Chart) -> list[dict[str, Any]]:
        """The chart's CustomResourceDefinitions that an installation would create; Helm leaves those that exist unchanged."""
        if self._params["crds"] == "skip":
            return []
        rows = parse_objects(self._helm.run("show", "crds", chart.path))
        kind = kinds.CUSTOM_RESOURCE_DEFINITION
        return [row for row in rows if _read_or_empty(self._api, kind, row["metadata"]["name"]) is None]

    def _render_first(self, chart: Chart, is_stuck: bool, planned_kinds: Kinds) -> str:
        """What a first installation would create. A dry run fails where kinds are not known yet that it brings itself."""
        new = self.find_missing_definitions(chart)
        new_kinds = {**planned_kinds, **collect_kinds(new)}
        try:
            rendered = self._render_offline(chart, None, new_kinds) if is_stuck else self._dry_run(chart)
        except HelmError as error:
            unknown = set(NEW_KIND.findall(error.stderr))
            if not unknown or not unknown <= set(new_kinds):
                raise
            rendered = self._render_offline(chart, None, new_kinds)
        return join_manifests(self._select_rendered(rendered), *(json.dumps(row) for row in new))

    def _dry_run(self, chart: Chart) -> dict[str, Any]:
        """The release that Helm would make, by its own dry run at the API server."""
        args = ["upgrade", "--install", self.name, chart.path, "--dry-run=server", *self._build_args()]
        rendered = self._helm.read_json(*args, action=self.title)
        return {**rendered, "manifest": rendered.get("manifest") or ""}  # left out where it is empty

    def _render_offline(self, chart: Chart, current: Release | None, new_kinds: Kinds | None = None) -> dict[str, Any]:
        """The release that Helm would make, rendered without a dry run, from the values it would have.

        Args:
            new_kinds: what the API server will know by then.
        """
        args = ["--no-hooks", "--kube-version", self._api.get_version()]
        for kind, versions in (new_kinds or {}).items():
            for version in versions:
                args += ["--api-versions", version, "--api-versions", f"{version}/{kind}"]
        if current:
            args.append("--is-upgrade")
        if current and current.values and keeps_values(self._params):
            path = os.path.join(tempfile.mkdtemp(dir=self._helm.folder), "kept.yaml")
            write_private(path, json.dumps(current.values, ensure_ascii=False))
            args += ["--values", path]
        return {"manifest": render_template(self._helm, self._params, chart, *args), "offline": True}

    def apply(self, chart: Chart) -> Release:
        """Install or upgrade.

        Raises:
            HelmError: with what became of the release.
        """
        args = ["upgrade", "--install", self.name, chart.path, *self._build_args(), *self._build_wait_args()]
        if self._params["create_namespace"]:
            args.append("--create-namespace")
        if self._params["atomic"]:
            args.append("--rollback-on-failure" if self._helm.is_v4 else "--atomic")
        if self._params["description"]:
            args += ["--description", self._params["description"]]
        self._change(*args)
        return self.find()

    def uninstall(self) -> None:
        """Uninstall the release."""
        params = self._params
        args = ["uninstall", self.name, "--namespace", self.namespace, "--timeout", f"{params['wait_timeout']}s"]
        args += ["--wait"] if params["wait"] else []
        args += ["--no-hooks"] if params["disable_hook"] else []
        args += ["--keep-history"] if params["keep_history"] else []
        self._change(*args)

    def rollback(self, revision: int) -> None:
        """Roll back to a revision, as the options say."""
        args = [*self._build_wait_args()]
        args += ["--no-hooks"] if self._params["disable_hook"] else []
        args += ["--cleanup-on-fail"] if self._params.get("cleanup_on_fail") else []
        self._change("rollback", self.name, str(revision), "--namespace", self.namespace, *args)

    def rollback_pending(self, revision: int) -> None:
        """Free a pending release by a rollback that waits for nothing."""
        args = ["rollback", self.name, str(revision), "--namespace", self.namespace]
        self._change(*args, action=f"recover: {self.title}")

    def _change(self, *args: str, action: str | None = None) -> None:
        """Run Helm for something that changes the release. It may wait for longer than a token is valid: hooks, pods, Jobs."""
        self._helm.run(*args, action=action or self.title, watch=self._watch, refresh_token=True)

    def _build_args(self) -> list[str]:
        """The arguments that dry run and upgrade share."""
        params = self._params
        args = ["--namespace", self.namespace, *build_keeping_args(params)]
        args += build_value_args(params, self._helm.folder)
        args += ["--skip-crds"] if params["crds"] == "skip" else []
        args += ["--no-hooks"] if params["disable_hook"] else []
        args += ["--take-ownership"] if params["take_ownership"] else []
        args += ["--skip-schema-validation"] if params["skip_schema_validation"] else []
        args += ["--history-max", str(params["history_max"])] if params["history_max"] is not None else []
        return args

    def _build_wait_args(self) -> list[str]:
        params = self._params
        args = ["--timeout", f"{params['wait_timeout']}s"]
        args += ["--wait"] if params["wait"] else []
        args += ["--wait-for-jobs"] if params["wait_for_jobs"] else []
        return args


def render_template(helm: Helm, params: dict[str, Any], chart: Chart, *more: str) -> str:
    """The manifests as ``helm template`` renders them, without a cluster."""
    args = ["template", params["name"], chart.path, "--namespace", params["namespace"], *more]
    action = f"release {params['name']} in {params['namespace']}"
    return helm.run(*args, *build_value_args(params, helm.folder), action=action)


def build_crd_args(params: dict[str, Any]) -> list[str]:
    """Whether ``helm template`` shows the chart's CRDs, which an installation would create, too."""
    return [] if params["crds"] == "skip" else ["--include-crds"]


def _read_or_empty(api: KubernetesApi, kind: kinds.Kind, name: str) -> Any:
    """What exists, None where it does not, and {} where this caller may not read it."""
    try:
        return api.get(kind, name)
    except KubernetesError as error:
        if error.status != 403:
            raise
        return {}
