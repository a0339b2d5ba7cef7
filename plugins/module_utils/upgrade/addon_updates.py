# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Updates of the add-ons of a cluster at the Kubernetes version that it has: the part of an upgrade that is about add-ons.

Each add-on is looked at after its update. The first that is not well ends the run, so that the others keep what works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    EksError,
    Unhealthy,
    WaitFailed,
    WaitTimedOut,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import format_status, list_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.json_schema import problems
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import parse_configuration
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import ADDON_GATE_IDS
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import DEFAULT, parse_numbers
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.addon_workloads import WORKLOADS
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.findings import FAILED, PASSED, UNKNOWN, Finding
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import (
    ANY,
    GATES,
    Gate,
    Verdict,
    evaluate_gates,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import ADDON, Plan, Step, build_plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.reading import StateReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.runner import Ending, Upgrade
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState, Row


@dataclass
class AddonReader:
    """Reads what updates of add-ons need of a cluster.

    Args:
        inner: reads the cluster.
    """

    inner: StateReader

    def read(self, target: int, with_gates: bool) -> ClusterState:
        """The state, with pods where gates are to be evaluated."""
        state = self.inner.read(0, False)
        if with_gates:
            state.kubernetes.pods = self.inner.read_pods(state.cluster)
        return state

    def read_pods(self, raw: Row) -> Read:
        return self.inner.read_pods(raw)

    def find_offer(self, name: str) -> Read:
        return self.inner.find_offer(name)

    def list_self_managed(self, state: ClusterState) -> Read:
        """Add-ons whose software runs, and which EKS does not manage."""
        kubernetes = self.inner.kubernetes
        if kubernetes is None:
            return Read()
        managed = {raw["addonName"] for raw in state.addons}
        try:
            api = kubernetes.open(state.cluster)
            found = [
                name
                for name, (kind, title) in WORKLOADS.items()
                if name not in managed and api.get(kind, title, "kube-system") is not None
            ]
        except EksError as error:
            return Read(None, error.message)
        return Read(found, "")


@dataclass
class AddonUpdates(Upgrade):
    """One run.

    Args:
        describe_addon: an add-on as DescribeAddon answers it, {} for one that is gone.
        describe_schema: the JSON schema of the configuration of an add-on and a version.
        default_version: what add-ons get that addon_versions does not name: ``default`` or ``most_recent``.
        only: names of add-ons; all of them where there is none.
        skip: names of add-ons that are left as they are.
        allow_major: names of add-ons that may get another major version.
    """

    describe_addon: Callable[[str], Row] = lambda name: {}
    describe_schema: Callable[[str, str], Row] = lambda addon, version: {}
    default_version: str = DEFAULT
    only: set[str] = field(default_factory=set)
    skip: set[str] = field(default_factory=set)
    allow_major: set[str] = field(default_factory=set)
    title: str = "Update of the add-ons"
    seen: ClusterState | None = None
    _schemas: dict[tuple[str, str], Read] = field(default_factory=dict)

    # plan

    def _plan(self, state: ClusterState) -> Plan:
        self.seen = state
        names = {"only": self.only, "skip": self.skip, "allow_major": self.allow_major}
        self._check_addons(state, {"addon_versions": self.addon_versions, **names})
        wanted = {raw["addonName"]: self.default_version for raw in state.addons} | self.addon_versions
        plan = build_plan(state, state.minor, wanted, set())
        steps = [step for step in plan.prepare if step.kind == ADDON and self._is_meant(step.name)]
        plan.prepare = [self._leave_major(step) for step in steps]
        plan.unfit = [row for row in plan.unfit if self._is_meant(row["name"])]
        return plan

    def _is_meant(self, name: str) -> bool:
        return (not self.only or name in self.only) and name not in self.skip

    def _leave_major(self, step: Step) -> Step:
        """A step to another major version is left to the user, who has not allowed it."""
        before, after = parse_numbers(step.before)[:1], parse_numbers(step.after)[:1]
        if before == after or step.name in self.allow_major:
            return step
        return replace(
            step, by="you", note=f"another major version: read its release notes, and name {step.name} in allow_major"
        )

    # gates

    def _evaluate(self, state: ClusterState, plan: Plan) -> list[Verdict]:
        return evaluate_gates(state, plan, self.overrides, self._build_gates())

    def _build_gates(self) -> list[Gate]:
        title = "The new versions accept the configuration"
        own = Gate("addon_configuration", title, ANY, self._check_configuration)
        return [gate for gate in (*GATES, own) if gate.id in ADDON_GATE_IDS]

    def _check_configuration(self, state: ClusterState, plan: Plan) -> Finding:
        """The configuration values of each add-on by the schema of its next version."""
        by_name = {raw["addonName"]: parse_configuration(raw.get("configurationValues")) for raw in state.addons}
        wrong, unknown, checked = [], [], 0
        for step in plan.own_steps:
            if not by_name.get(step.name):
                continue
            read = self._read_schema(step.name, step.after)
            checked += 1
            if not read.is_known:
                unknown.append(f"add-on {step.name}: {read.problem}")
                continue
            found = problems(by_name[step.name], read.value)
            wrong += [f"add-on {step.name} {step.after} does not accept its configuration: {'; '.join(found)}"] * bool(
                found
            )
        if wrong:
            remedy = "Change configuration_values first, name a version in addon_versions, or leave the add-on out."
            return Finding(FAILED, wrong, remedy)
        if unknown:
            return Finding(UNKNOWN, unknown, "Allow eks:DescribeAddonConfiguration.")
        return Finding(PASSED, [f"{checked} of the add-ons to be updated have configuration values"])

    def _read_schema(self, name: str, version: str) -> Read:
        key = (name, version)
        if key not in self._schemas:
            self._schemas[key] = read_or_note(partial(self.describe_schema, name, version))
        return self._schemas[key]

    def _list_ends(self, state: ClusterState) -> list[Ending]:
        """Only add-ons of this run are its matter."""
        meant = [raw for raw in state.addons if self._is_meant(raw["addonName"])]
        return [row for row in super()._list_ends(replace(state, addons=meant)) if row.gate == "addons_active"]

    # steps

    def _do(self, step: Step) -> None:
        began = time.time()
        try:
            super()._do(step)
        except (WaitFailed, WaitTimedOut) as error:
            self._record_unwell(step, began)
            error.message = f"{error.message} {format_way_back(step)} No other add-on is updated."
            raise

    def _record_unwell(self, step: Step, began: float) -> None:
        """An add-on that has its new version and is not well has changed all the same."""
        is_recorded = any(row["name"] == step.name for row in self.done)
        if not is_recorded and self.describe_addon(step.name).get("addonVersion") == step.after:
            times = {"began": format_time(began), "seconds": round(time.time() - began, 1)}
            self.done.append({**step.build_row(), **times, "health": "the add-on did not become ACTIVE"})

    def _check_health(self, step: Step) -> str:
        """The add-on is ACTIVE without an issue, and pods that were ready are again."""
        last: list[str] = []

        def look() -> tuple[bool, None, str]:
            raw = self.describe_addon(step.name)
            last[:] = [format_status(raw) if raw else "gone"]
            return raw.get("status") == "ACTIVE" and not list_issues(raw), None, last[0]

        try:
            poll(look, "The look at the add-on", Deadline(self.health_timeout))
        except WaitTimedOut as error:
            raise Unhealthy(
                f"{step.title} is at {step.after}, and is {last[0]} after {self.health_timeout:g} seconds."
            ) from error
        return super()._check_health(step)


def format_way_back(step: Step) -> str:
    """How an add-on gets back to the version that it had."""
    return (
        f"The way back: kumo.eks.eks_addon with name={step.name}, version={step.before} and resolve_conflicts=PRESERVE."
    )
