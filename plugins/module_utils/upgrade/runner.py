# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Goes through a plan step by step. Nothing is kept between two steps: each one begins with what the cluster is like then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Protocol

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    GateClosed,
    Unhealthy,
    UnsupportedVersion,
    ValidationError,
    WaitFailed,
    WaitTimedOut,
    add_facts,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import describe_trouble
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import format_duration
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import get_declared_name
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import read_node
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.pods import is_ready
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import (
    Verdict,
    evaluate_gates,
    format_closed,
    list_closed,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    CONTROL_PLANE,
    FARGATE,
    NODEGROUP,
    SELF_MANAGED,
    Plan,
    Step,
    Strategies,
    build_plan,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.rollback_plan import build_rollback_plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import (
    ClusterState,
    Read,
    Row,
    get_instance,
    get_nodegroup,
    read_kubelet_minor,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import WAITING, WindowKeeper, format_wait

HEARTBEAT = 60.0  # seconds between two lines of a step
BUSY = ("CREATING", "UPDATING", "DELETING", "PENDING")
MOST = 5  # pods and nodes that a message names


class Acts(Protocol):
    """What does the steps."""

    def do(self, step: Step) -> None:
        """Do one step, and wait for its end."""


class Looks(Protocol):
    """What reads the cluster."""

    def read(self, target: int, with_gates: bool) -> ClusterState:
        """The state."""

    def read_pods(self, raw: Row) -> Read:
        """The pods of the cluster."""

    def find_offer(self, name: str) -> Read:
        """The versions that EKS offers of an add-on; none of a name that is none."""


@dataclass(frozen=True)
class Ending:
    """What EKS says of one thing at the end, and the gate that asks for it at the beginning."""

    gate: str
    text: str


@dataclass
class Upgrade:
    """One run.

    Args:
        target: the minor version at the end.
        overrides: reasons by the gate's ID.
        health_timeout: seconds for which nodes and pods may take to be ready after a step.
        step_timeout: seconds for which things that are under way at the beginning are waited for.
        window: keeps steps in maintenance windows, None where they may begin at any time.
    """

    reader: Looks
    acts: Acts
    target: int
    addon_versions: dict[str, str]
    declared: set[str]
    overrides: dict[str, str]
    health_timeout: float
    step_timeout: float
    window: WindowKeeper | None = None
    done: list[Row] = field(default_factory=list)
    strategies: Strategies = field(default_factory=Strategies)
    rollback: bool = False  # whether the target is the minor version before the current one
    started_at: str = ""  # the version at the beginning
    title: str = ""  # what the run is called, if it is no upgrade and no rollback
    gates: list[Verdict] = field(default_factory=list)
    waiting: Row | None = None  # for which window the run has ended, or would wait
    warn: Callable[[str], None] = lambda text: None
    _unready: set[str] | None = None  # pods that were not ready at the beginning

    def _plan(self, state: ClusterState) -> Plan:
        """The steps that are left."""
        self._check_addons(state, {"addon_versions": self.addon_versions})
        if self.rollback:
            return self._plan_rollback(state)
        if state.minor > self.target:
            raise UnsupportedVersion(
                f"kubernetes_version: cluster {state.cluster['name']} is at {state.cluster['version']}, and an upgrade does not go back"
                f" to 1.{self.target}. EKS can roll back the last one within seven days: set rollback=true."
            )
        self._check_offered(state)
        self._check_strategies(state)
        return build_plan(state, self.target, self.addon_versions, self.declared, self.strategies)

    def _check_offered(self, state: ClusterState) -> None:
        """Refuse a version that EKS does not know, before add-ons are prepared for the way to it."""
        newer = state.list_newer()
        if newer is not None and self.target > state.minor and f"1.{self.target}" not in newer:
            raise UnsupportedVersion(
                f"kubernetes_version: EKS does not offer 1.{self.target}. Newer than {state.cluster['version']} it offers"
                f" {', '.join(newer) or 'nothing'}."
            )

    def _check_strategies(self, state: ClusterState) -> None:
        """Refuse the strategy of a group that does not exist, before it is updated in another way than the user means."""
        known = {name for raw in state.nodegroups for name in (raw["nodegroupName"], get_declared_name(raw))}
        unknown = sorted(set(self.strategies.by_name) - known)
        if unknown:
            raise ValidationError(
                f"nodegroup_strategies: cluster {state.cluster['name']} has no node group {', '.join(unknown)}. It has"
                f" {', '.join(sorted(known)) or 'none'}."
            )

    def _check_addons(self, state: ClusterState, named: dict[str, Iterable[str]]) -> None:
        """Refuse names that are none of add-ons. One that the cluster does not have may be that of another cluster of a fleet.

        Args:
            named: names of add-ons by the option that has them.
        """
        known = sorted(raw["addonName"] for raw in state.addons)
        there = f"Cluster {state.cluster['name']} has {', '.join(known) or 'none'}."
        for option, names in named.items():
            for name in sorted(set(names) - set(known)):
                offer = self.reader.find_offer(name)
                if offer.is_known and not offer.value:
                    raise ValidationError(f"{option}: EKS has no add-on {name!r}.{suggest_name(name, known)} {there}")
                self.warn(f"{option}: {name} is not used, because the cluster does not have this add-on. {there}")

    def _plan_rollback(self, state: ClusterState) -> Plan:
        """The steps back that are left. None are when the control plane has the version."""
        if self.target not in (state.minor - 1, state.minor):
            raise UnsupportedVersion(
                f"kubernetes_version: cluster {state.cluster['name']} is at {state.cluster['version']}, and a rollback goes to the version"
                f" before it, 1.{state.minor - 1}, not to 1.{self.target}."
            )
        return build_rollback_plan(state, self.target, self.addon_versions, self.declared)

    def look(self) -> tuple[Plan, list[Verdict]]:
        """The whole plan and all gates, without a change."""
        state = self.reader.read(self.target, True)
        plan = self._plan(state)
        self.gates = self._evaluate(state, plan)
        if self.window and plan.own_steps:
            self.waiting = self.window.find_wait(plan.own_steps[0], state)
        return plan, self.gates

    def run(self) -> tuple[Plan, list[Verdict]]:
        """Do what is to be done. Returns what is left to others, and the gates as they were last.

        Raises:
            EksError: a gate is closed, or a step failed. It has what was done as facts.
        """
        try:
            return self._run()
        except Exception as error:
            add_facts(error, self.build_facts())
            raise

    def build_facts(self) -> Row:
        return {
            "changed": bool(self.done),
            "done": self.done,
            "gates": [row.build_row() for row in self.gates],
            WAITING: self.waiting,
        }

    def _run(self) -> tuple[Plan, list[Verdict]]:
        is_first = True
        while True:
            state = self._settle()
            plan = self._plan(state)
            self.started_at = self.started_at or f"1.{plan.current}"
            left = self._list_left(plan)
            if not left:
                self._check_end(state)
                return plan, self.gates
            if self._is_held(left[0], state):
                if not self._hold():
                    return plan, self.gates
                continue
            state = self.reader.read(self.target, True)
            plan = self._plan(state)
            left = self._list_left(plan)
            if is_first:
                PROGRESS.tell(f"1.{plan.current} -> 1.{plan.target}: {format_count(len(left), 'step')}")
                self._remember_pods(state)
                is_first = False
            self._pass_gates(state, plan)
            # Add-ons and nodes reach the version of the control plane before its next step, which has its own gates
            for step in [step for step in left if step in plan.prepare] or left[:1]:
                if self._is_held(step, state):
                    break  # what is left is planned again
                self._do(step)

    def _is_held(self, step: Step, state: ClusterState) -> bool:
        """Whether a step may not begin now, because of the maintenance windows."""
        self.waiting = self.window.find_wait(step, state) if self.window else None
        return self.waiting is not None

    def _hold(self) -> bool:
        """Wait for the window, where that is asked for. The cluster may be another one afterwards. Returns whether it has come."""
        if self.window is None or self.waiting is None:
            return True
        PROGRESS.tell(format_wait(self.waiting))
        if self.window.wait:
            self.window.hold(self.waiting)
        return self.window.wait

    def _list_left(self, plan: Plan) -> list[Step]:
        """What this run has still to do. Some pods on Fargate stay as they are: nobody starts them again.

        Raises:
            WaitFailed: a step has ended well, and is to be done again.
        """
        tried = {(row["minor"], row["kind"], row["name"]) for row in self.done}
        again = [step for step in plan.own_steps if (step.minor, step.kind, step.name) in tried]
        for step in again:
            if step.kind != FARGATE:
                raise WaitFailed(
                    f"{step.title} was updated to {step.after}, and EKS says {step.before} again. Look at its updates."
                )
        return [step for step in plan.own_steps if step not in again]

    def _settle(self) -> ClusterState:
        """The cluster, after the end of what an earlier run, or somebody else, has begun."""

        def look() -> tuple[bool, ClusterState, str]:
            state = self.reader.read(self.target, False)
            busy = [f"{name} is {status}" for name, status in _list_statuses(state) if status in BUSY]
            if busy:
                lines.tell("; ".join(busy))
            return not busy, state, "; ".join(busy)

        lines = Lines()
        return poll(look, "What is under way in the cluster", Deadline(self.step_timeout))

    def _evaluate(self, state: ClusterState, plan: Plan) -> list[Verdict]:
        return evaluate_gates(state, plan, self.overrides)

    def _pass_gates(self, state: ClusterState, plan: Plan) -> None:
        self.gates = self._evaluate(state, plan)
        for row in self.gates:
            for text in row.warnings:
                PROGRESS.tell(f"gate {row.id}: {text}")
            if row.applies and row.override and row.verdict != "passed":
                PROGRESS.tell(f"gate {row.id} is {row.verdict} and overridden: {row.override}")
        closed = list_closed(self.gates)
        if closed:
            names = ", ".join(row.id for row in closed)
            raise GateClosed(
                f"Cluster {state.cluster['name']} stays at {state.cluster['version']}: these gates are closed: {names}."
                f" {format_closed(closed)} Nothing was changed behind them. To go past one, name it in overrides with a reason."
            )

    def _do(self, step: Step) -> None:
        """One step, with the look at nodes and pods after it."""
        title = f"{step.title} {step.before} -> {step.after}"
        began = time.time()
        with heartbeat(title):
            self.acts.do(step)
        row = {**step.build_row(), "began": format_time(began), "seconds": round(time.time() - began, 1)}
        self.done.append(row)
        row["health"] = self._check_health(step)
        PROGRESS.tell(f"{title}: done after {format_duration(time.time() - began)}, {row['health']}")

    # the end

    def _check_end(self, state: ClusterState) -> None:
        """Everything is ACTIVE and without health issues when no step is left, also where there was none.

        Raises:
            WaitFailed: EKS says that something is not well, for longer than pods may take to be ready.
        """
        first, last = [state], []

        def look() -> tuple[bool, None, str]:
            now = first.pop() if first else self.reader.read(self.target, False)
            last[:] = [row.text for row in self._list_ends(now) if row.gate not in self.overrides]
            return not last, None, "; ".join(last)

        for row in self._list_ends(state):
            if row.gate in self.overrides:
                PROGRESS.tell(f"{row.text}. This is accepted: {self.overrides[row.gate]}")
        try:
            poll(look, "The look at what EKS says", Deadline(self.health_timeout))
        except WaitTimedOut as error:
            raise WaitFailed(
                f"No step is left, and EKS says after {self.health_timeout:g} seconds: {'; '.join(last)}. Mend the cause. To accept it, name"
                " the gate (cluster_active, nodegroups_active or addons_active) in overrides with a reason."
            ) from error

    def _list_ends(self, state: ClusterState) -> list[Ending]:
        """What EKS says is not well."""
        rows = [
            Ending("cluster_active", describe_trouble(f"cluster {state.cluster['name']}", state.cluster)),
            *(
                Ending("nodegroups_active", describe_trouble(f"node group {raw['nodegroupName']}", raw))
                for raw in state.nodegroups
            ),
            *(Ending("addons_active", describe_trouble(f"add-on {raw['addonName']}", raw)) for raw in state.addons),
        ]
        return [row for row in rows if row.text]

    # after a step

    def _remember_pods(self, state: ClusterState) -> None:
        read = state.kubernetes.pods
        self._unready = {_name(pod) for pod in read.value if not is_ready(pod)} if read.is_known else None

    def _check_health(self, step: Step) -> str:
        """Nodes have their version and are Ready, and pods that were ready are again. Raises WaitFailed where they are not."""
        last: list[str] = []

        def look() -> tuple[bool, ClusterState, str]:
            now = self.reader.read(self.target, False)
            if step.kind == CONTROL_PLANE and now.minor != parse_minor(step.after):
                raise WaitFailed(f"The control plane is at {now.cluster['version']} after its update to {step.after}.")
            is_known = now.kubernetes.nodes.is_known
            last[:] = [*_list_late_nodes(now, step), *self._list_late_pods(now)] if is_known else []
            return not last, now, "; ".join(last[:MOST])

        try:
            state = poll(look, f"The look at nodes and pods after {step.title}", Deadline(self.health_timeout))
        except WaitTimedOut as error:
            raise Unhealthy(
                f"{step.title} is at {step.after}, and {format_count(len(last), 'node or pod', 'is', 'are')} not ready after {self.health_timeout:g} seconds:"
                f" {'; '.join(last[:MOST])}. Mend them, and run it again: it goes on from here."
            ) from error
        nodes = state.kubernetes.nodes
        if not nodes.is_known:
            return f"nodes and pods were not looked at: {nodes.problem}"
        return f"{format_count(len(nodes.value), 'node', 'and its pods', 'and their pods')} are ready"

    def _list_late_pods(self, state: ClusterState) -> list[str]:
        if self._unready is None:
            return []
        read = self.reader.read_pods(state.cluster)
        if not read.is_known:
            return [f"pods cannot be read: {read.problem}"]
        return [
            f"pod {_name(pod)} is not ready"
            for pod in read.value
            if not (is_ready(pod) or _has_ended(pod) or _name(pod) in self._unready)
        ]


def _list_statuses(state: ClusterState) -> Iterator[tuple[str, str]]:
    yield f"cluster {state.cluster['name']}", state.cluster["status"]
    yield from ((f"node group {raw['nodegroupName']}", raw["status"]) for raw in state.nodegroups)
    yield from ((f"add-on {raw['addonName']}", raw["status"]) for raw in state.addons)


def _list_late_nodes(state: ClusterState, step: Step) -> list[str]:
    """Nodes that are not Ready, and those of the step that do not have its version."""
    own = {one for row in state.self_managed.value or [] if row["name"] == step.name for one in row["instances"]}
    found = []
    for node in state.kubernetes.nodes.value:
        name = node["metadata"]["name"]
        is_of_step = (step.kind == NODEGROUP and get_nodegroup(node) == step.name) or (
            step.kind == SELF_MANAGED and get_instance(node) in own
        )
        if is_of_step and read_kubelet_minor(node) != parse_minor(step.after):
            found.append(f"node {name} is at 1.{read_kubelet_minor(node)}")
        elif is_of_step and not read_node(node).ready:
            found.append(f"node {name} is not Ready")
    return found


def _name(pod: Row) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _has_ended(pod: Row) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp")) or (pod.get("status") or {}).get("phase") == "Failed"


class Lines:
    """Tells what is waited for when it changes, and now and then while it does not."""

    def __init__(self) -> None:
        self._said, self._spoke = "", 0.0

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if text != self._said or now - self._spoke >= HEARTBEAT:
            self._said, self._spoke = text, now
            PROGRESS.tell(text)


@contextmanager
def heartbeat(title: str) -> Iterator[None]:
    """Tell that a step begins, and every minute that it lasts."""
    over, began = Event(), time.monotonic()
    PROGRESS.tell(f"{title}: begins")

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            PROGRESS.tell(f"{title}: since {format_duration(time.monotonic() - began)}")

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
