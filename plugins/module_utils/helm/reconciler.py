# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one release to the state that the task asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import collect_kinds, parse_objects
from ansible_collections.kumo.eks.plugins.module_utils.helm.operations import (
    Kinds,
    ReleaseOperations,
    build_crd_args,
    render_template,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.helm.pod_watch import PodWatch
from ansible_collections.kumo.eks.plugins.module_utils.helm.recovery import (
    PENDING,
    build_failure,
    find_rollback_target,
    recover,
    validate_recovery,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, is_gone
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import ChartFetcher
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import ReleaseStore
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi

Row = dict[str, Any]
Params = dict[str, Any]


@dataclass
class Session:
    """What all releases of a task share.

    Args:
        helm: Helm, at the cluster where there is one. None, like the fetcher, where there is nothing left to remove.
        fetcher: brings the charts.
        check_mode: whether nothing is changed.
        shows_diff: whether manifests are compared for a diff.
        warn: adds a warning to the result.
        mask: masks the secrets of a release's stored values, given those and the task's secret_values.
        api: the cluster's Kubernetes API.
        store: where its releases are read.
        planned_kinds: kinds that planned releases and those on which they depend will bring, by release, in check mode.
    """

    helm: Helm | None
    fetcher: ChartFetcher | None
    check_mode: bool
    shows_diff: bool
    warn: Callable[[str], None]
    mask: Callable[[Any, Any], None]
    api: KubernetesApi | None = None
    store: ReleaseStore | None = None
    planned_kinds: dict[str, Kinds] = field(default_factory=dict)

    def get_planned_kinds(self, params: Params) -> Kinds:
        """The kinds that the releases on which this one depends will have brought."""
        found: Kinds = {}
        for name in params["depends_on"] or []:
            found |= self.planned_kinds.get(name, {})
        return found

    def add_planned_kinds(self, params: Params, manifests: str) -> None:
        """Remember the kinds that these manifests define, for releases that depend on this one."""
        rows = [row for row in parse_objects(manifests) if row.get("kind") == "CustomResourceDefinition"]
        known = {**self.get_planned_kinds(params), **self.planned_kinds.get(params["name"], {})}
        self.planned_kinds[params["name"]] = {**known, **collect_kinds(rows)}


def build_result(session: Session, plan: Plan, params: Params, facts: Row) -> Row:
    """The result of one release."""
    changed = plan.action != "none"
    result = {"changed": changed, "action": plan.action, "reasons": plan.reasons, **get_identity(params), **facts}
    if plan.varying_paths:
        result["varying_paths"] = plan.varying_paths
    if changed and session.shows_diff:
        result["diff"] = plan.build_diff(params["namespace"], params["name"])
    return result


def get_identity(params: Params) -> Row:
    """Name and namespace of a release."""
    return {key: params[key] for key in ("name", "namespace")}


def plan_without_chart(session: Session, params: Params, current: Release | None, unknown: str) -> Row:
    """The plan where the chart's repository would have been added by an earlier task."""
    session.warn(
        f"repository {unknown} does not exist on this machine. The plan assumes that an earlier task adds it, and shows no manifests"
    )
    action = "install" if is_gone(current) else "upgrade"
    return {"changed": True, "action": action, "reasons": [f"{action}s {params['chart']}"], **get_identity(params)}


def plan_without_cluster(session: Session, params: Params) -> Row:
    """The plan for a cluster that does not exist yet: the chart, rendered without it."""
    if params["state"] == "absent":
        return {"changed": False, "action": "none", "reasons": [], **get_identity(params)}
    unknown = session.fetcher.find_unknown_repository(params)
    if unknown:
        return plan_without_chart(session, params, None, unknown)
    chart = session.fetcher.fetch(params)
    manifests = render_template(session.helm, params, chart, *build_crd_args(params))
    plan = Plan("install", [f"installs {chart.title}"], "", manifests)
    return build_result(session, plan, params, {"chart": chart.title, "app_version": chart.app_version})


class ReleaseReconciler:
    """Brings one release to what its options ask for."""

    def __init__(self, session: Session, params: Params) -> None:
        self._session, self._params = session, params
        self._pods = PodWatch(session.api, params["namespace"])
        self._operations = ReleaseOperations(session.helm, session.api, session.store, params, self._pods.observe)
        self._is_stuck = False  # check mode leaves a pending release pending

    def run(self) -> Row:
        """Reconcile; the release's result."""
        current, recovered = self._operations.find(), None
        if current is not None:
            self._session.mask(current.values, self._params["secret_values"])
        if current is not None and current.status in PENDING:
            history = self._operations.list_history()
            recovered = validate_recovery(current, history, self._operations.title, self._params)
            if self._params["state"] == "absent" and current.status in ("pending-install", "uninstalling"):
                return self._ensure_absent(current, recovered)  # which frees it as well
            current = self._recover(current, history, recovered)
        ensure = self._ensure_present if self._params["state"] == "present" else self._ensure_absent
        return ensure(current, recovered)

    def _recover(self, current: Release, history: list[Row], recovered: str) -> Release | None:
        """Free a pending release; what it is then, or would be in check mode."""
        if not self._session.check_mode:
            recover(self._operations, current, history)
            self._session.warn(f"recover: {self._operations.title}: {recovered}")
            return self._operations.find()
        self._is_stuck = True
        target = find_rollback_target(current, history)
        release = self._operations.find_revision(target) if target else None
        return replace(release, status="deployed") if release else None

    def _ensure_present(self, current: Release | None, recovered: str | None) -> Row:
        session = self._session
        unknown = session.fetcher.find_unknown_repository(self._params) if session.check_mode else None
        if unknown:
            return self._mark(plan_without_chart(session, self._params, current, unknown), recovered)
        chart = session.fetcher.fetch(self._params)
        more = self._check_namespace() if is_gone(current) else []
        plan = self._operations.plan(
            chart,
            current,
            render=session.check_mode,
            is_stuck=self._is_stuck,
            planned_kinds=session.get_planned_kinds(self._params),
        )
        plan = replace(plan, reasons=plan.reasons + more)
        if plan.action == "none":
            return self._build_result(plan, current.build_facts(), recovered)
        if session.check_mode:
            session.add_planned_kinds(self._params, plan.after)
            facts = {"chart": chart.title, "app_version": chart.app_version}
            return self._build_result(plan, facts, recovered)
        new = self._operations.find_missing_definitions(chart) if session.shows_diff and is_gone(current) else []
        after = self._change(lambda: self._operations.apply(chart), current)
        plan = self._operations.complete(plan, chart, after, new)
        return self._build_result(plan, after.build_facts(), recovered)

    def _check_namespace(self) -> list[str]:
        """What happens to the namespace of a first installation, as reasons.

        Raises:
            ValidationError: it is missing, and is not to be created.
        """
        if not self._operations.is_namespace_missing():
            return []
        name = self._params["namespace"]
        if self._params["create_namespace"]:
            return [f"creates namespace {name}"]
        reason = f"namespace: namespace {name} does not exist. Set create_namespace=true to create it"
        if not self._session.check_mode:
            raise ValidationError(reason)
        self._session.warn(f"{reason}. The plan assumes that an earlier task creates it")
        return []

    def _ensure_absent(self, current: Release | None, recovered: str | None) -> Row:
        if current is None or (current.status == "uninstalled" and self._params["keep_history"]):
            return self._build_result(Plan("none", []), {}, recovered)
        if not self._session.check_mode:
            self._change(self._uninstall, current)
        before = "" if is_gone(current) else current.manifest
        plan = Plan("uninstall", [f"uninstalls {current.chart}"], before, "")
        return self._build_result(plan, {"chart": current.chart, "app_version": current.app_version}, recovered)

    def _uninstall(self) -> None:
        """Uninstall the release; another run may have been faster."""
        try:
            self._operations.uninstall()
        except HelmError as error:
            if not error.is_missing:
                raise

    def _build_result(self, plan: Plan, facts: Row, recovered: str | None) -> Row:
        return self._mark(build_result(self._session, plan, self._params, facts), recovered)

    @staticmethod
    def _mark(result: Row, recovered: str | None) -> Row:
        return {**result, "changed": True, "recovered": recovered} if recovered else result

    def _change(self, change: Callable[[], Any], before: Release | None) -> Any:
        """Change the release; a failure says what became of it and which pods were to blame."""
        self._pods.follow(self._operations.read_manifest)
        try:
            return self._repeat_after_crash(change)
        except HelmError as error:
            pods = self._pods.format_last()
            raise build_failure(error, before, self._operations.find(), pods, self._params["atomic"]) from error

    def _repeat_after_crash(self, change: Callable[[], Any]) -> Any:
        """Change the release, once more where Helm crashed: nobody works on what it left pending, so that is freed at once."""
        try:
            return change()
        except HelmError as error:
            if not error.is_crash:
                raise
            cause = error.stderr.partition("\n")[0]
        current, title = self._operations.find(), self._operations.title
        if current is not None and current.status in PENDING:
            target = find_rollback_target(current, self._operations.list_history())
            if target is not None:  # else the uninstallation goes on by being asked for again
                self._operations.rollback_pending(target)
        self._session.warn(f"{title}: Helm crashed ({cause}) and was run again")
        return change()
