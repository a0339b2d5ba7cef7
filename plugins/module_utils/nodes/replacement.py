# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces a managed node group by another one, and takes that back as long as the old one exists.

For what EKS cannot change: instance types, subnets, disks, images of another kind; and for an update whose way back is the old group.
The new group has the settings of the old one, with those of the task over them. When its nodes are Ready, the pods move, and the old
group is deleted when none is left on it. Each step is made of what EKS and the API server say then, so that a killed run is resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import NODEGROUP_TAG, REPLACES_TAG
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import CUSTOM
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    EksError,
    NotThere,
    ValidationError,
    WaitFailed,
    add_facts,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import convert_to_snake
from ansible_collections.kumo.eks.plugins.module_utils.core.progress import PROGRESS
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import CREATE_FAILED_STATUSES, Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_fields import normalize_tags
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import (
    build_next_name,
    build_reference,
    find_pair,
    get_declared_name,
    read_nodegroups,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.group_nodes import GroupNodes
from ansible_collections.kumo.eks.plugins.module_utils.nodes.managed import NodegroupManager
from ansible_collections.kumo.eks.plugins.module_utils.nodes.moving import Move, Pace, release_all

Row = dict[str, Any]
READY, DELETED = "ready", "deleted"  # the third end is "drained"
WORKING = ("ACTIVE", "DEGRADED")
ROLLED = ("version", "release_version", "launch_template.version", "template")  # what EKS would roll the nodes for


@dataclass
class Pair:
    """Both groups as they are: DescribeNodegroup, None where one does not exist.

    Args:
        rows: all groups of the cluster.
    """

    rows: list[Row]
    old: Row | None
    new: Row | None


@dataclass
class Replacement:
    """The replacement of one node group.

    Args:
        manager: creates node groups, and waits for them.
        open_api: the API server of the cluster.
        name: the declared name, or that of either group.
        item: the options of the new group that are not those of the old one.
        new_name: of the new group; empty for the next number.
        stop_at: where to end: "ready", "drained" or "deleted".
        wait_timeout: seconds, of each wait for EKS.
        ready_timeout: seconds that the new nodes may take to be Ready after the group is ACTIVE.
        check_room: refuses a new group, as the request of its creation, for which there are too few addresses or vCPUs.
    """

    manager: NodegroupManager
    open_api: Callable[[], KubernetesApi]
    name: str
    item: Row = field(default_factory=dict)
    new_name: str = ""
    pace: Pace = field(default_factory=Pace)
    stop_at: str = DELETED
    wait_timeout: float = 7200
    ready_timeout: float = 900
    warn: Callable[[str], None] = lambda text: None
    check_room: Callable[[Row], None] = lambda group: None
    steps: list[Row] = field(default_factory=list)  # what was done, or in check mode what would be
    changed: bool = False

    @property
    def _check_mode(self) -> bool:
        return self.manager.check_mode

    @property
    def _eks(self) -> Any:
        return self.manager.eks

    def read(self) -> Pair:
        """Both groups as EKS describes them now."""
        rows = read_nodegroups(self._eks, self.manager.cluster_name)
        return Pair(rows, *find_pair(rows, self.name))

    def _nodes(self, group: str) -> GroupNodes:
        return GroupNodes(self.open_api(), group)

    # the way there

    def replace(self) -> Outcome:
        """Replace the group. Raises EksError with the steps that were done among its facts."""
        return self._record(self._replace)

    def revert(self) -> Outcome:
        """Move the pods back, and delete the new group. The old one is as it was before."""
        return self._record(self._revert)

    def _record(self, work: Callable[[], Outcome]) -> Outcome:
        try:
            return work()
        except Exception as error:
            add_facts(error, {"changed": self.changed, "steps": self.steps})
            raise

    def _replace(self) -> Outcome:
        pair = self.read()
        if pair.old is None:
            raise NotThere(
                f"name: cluster {self.manager.cluster_name} has no node group {self.name}. It has"
                f" {', '.join(raw['nodegroupName'] for raw in pair.rows) or 'none'}."
            )
        old = pair.old
        planned = self._plan_new(pair)
        if planned is None:
            return Outcome(False, old, *[{"nodegroup": old["nodegroupName"]}] * 2)
        new_name, outcome, wanted = planned
        before = {"nodegroup": old["nodegroupName"], **outcome.before}
        after = {"nodegroup": new_name, **outcome.after}
        self._check_pods(old)
        raw = outcome.raw
        if pair.new is None:
            self.check_room(raw)
            raw = self._create(old, new_name, wanted)
        raw = self._await_nodes(new_name, raw, is_new=pair.new is None)
        if self.stop_at != READY:
            self._move(old["nodegroupName"], new_name)
        if self.stop_at == DELETED:
            self._restore_sizes(new_name, wanted)
            self._delete(old["nodegroupName"])
        if self._check_mode:
            self.changed = bool(self.steps)
        else:
            raw = self.read_one(new_name) or raw
        return Outcome(self.changed, raw, before if self.changed else after, after)

    def read_one(self, name: str) -> Row | None:
        """One group as EKS describes it now."""
        return NodegroupResource(self._eks, self.manager.cluster_name, name, None).describe()

    def _plan_new(self, pair: Pair) -> tuple[str, Outcome, Row] | None:
        """Name, outcome of the creation in check mode, and options of the new group; None where the old one is as wanted.

        Of a replacement that was begun, the outcome shows both groups as they are.
        """
        old = pair.old
        resource = NodegroupResource(self._eks, self.manager.cluster_name, old["nodegroupName"], self.manager.lookups)
        now = resource.read_options(old)
        wanted = self._build_wanted(pair, resource)
        if pair.new is not None:
            if pair.new["status"] == "DELETING":
                raise ValidationError(
                    f"node group {pair.new['nodegroupName']} is being deleted: its replacement of {old['nodegroupName']} is being taken back."
                    " Run the task with state=reverted to its end first."
                )
            if self.new_name and self.new_name != pair.new["nodegroupName"]:
                raise ValidationError(
                    f"new_name: {pair.new['nodegroupName']} is replacing {old['nodegroupName']} already. Omit new_name, or take it back"
                    " with state=reverted first."
                )
            return pair.new["nodegroupName"], Outcome(False, pair.new, now, resource.read_options(pair.new)), wanted
        if old["status"] not in WORKING:
            raise ValidationError(
                f"node group {old['nodegroupName']} is {old['status']}. Wait for the end of what is under way, or mend what EKS names."
            )
        if not self._is_needed(old):
            return None
        name = self._choose_name(pair)
        planned = self.manager.plan_other(name, get_declared_name(old), wanted, self._build_marks(old))
        return name, Outcome(True, planned.raw, now, planned.after), wanted

    def _is_needed(self, old: Row) -> bool:
        """Whether a new group is asked for by its name, or the old one is not as wanted and EKS could not make it so, or would roll it."""
        if self.new_name and self.new_name != old["nodegroupName"]:
            return True
        cluster = self.manager.lookups.describe_cluster() or {}
        if old["version"] != cluster.get("version") and old.get("amiType") != CUSTOM:
            return True
        found = self.manager.plan_change(old["nodegroupName"], get_declared_name(old), self.item)
        return found.replaced or any(found.before.get(option) != found.after.get(option) for option in ROLLED)

    def _choose_name(self, pair: Pair) -> str:
        name = self.new_name or build_next_name(pair.rows, get_declared_name(pair.old))
        check_name("node group", name, "new_name")
        if any(raw["nodegroupName"] == name for raw in pair.rows):
            raise ValidationError(
                f"new_name: node group {name} exists, and does not replace {pair.old['nodegroupName']}. Choose another name."
            )
        return name

    def _build_wanted(self, pair: Pair, resource: NodegroupResource) -> Row:
        """The options of the new group: those of the task, and of the old one. It begins with the nodes that the old one has now."""
        old = pair.old
        item = {key: value for key, value in self.item.items() if key not in ("name", "replace", "version")}
        wanted = resource.build_replacement(old, item)
        wanted["tags"] = normalize_tags(wanted.get("tags"))  # the marks of the old one would become tags of instances
        if item.get("instance_selector") is not None and not item.get("instance_types"):
            wanted.pop("instance_types", None)  # they are selected again
        sizes = {**convert_to_snake(old["scalingConfig"]), **(wanted.get("scaling_config") or {})}
        desired = min(max(old["scalingConfig"].get("desiredSize") or 0, sizes["min_size"]), sizes["max_size"])
        return {**wanted, "scaling_config": {**sizes, "desired_size": desired}}

    def _build_marks(self, old: Row) -> Row:
        """The tags that name the group that the new one replaces, and the mark of the owner where the old one has it."""
        tags = old.get("tags") or {}
        owner = {key: value for key, value in tags.items() if key == self.manager.owner}
        return {**owner, NODEGROUP_TAG: get_declared_name(old), REPLACES_TAG: build_reference(old)}

    def _check_pods(self, old: Row) -> None:
        """Refuse pods that could not move, and name those that would be lost."""
        if self.stop_at == READY and self._check_mode:
            return
        nodes = self._nodes(
            old["nodegroupName"]
        )  # a cluster that cannot be asked ends the task before anything is created
        if self.stop_at == READY:
            return
        bound = nodes.list_bound_pods()
        if bound:
            raise ValidationError(
                f"{', '.join(bound[:5])} only run on nodes with the label eks.amazonaws.com/nodegroup={old['nodegroupName']}, which the nodes"
                " of the new group do not have. Select another label first, one of the option labels."
            )
        lost = nodes.list_lost_pods()
        if lost:
            self.warn(f"Nothing starts these pods again when they are evicted: {', '.join(lost)}.")

    # steps

    def _note(self, step: str, group: str, text: str) -> None:
        self.steps.append({"step": step, "nodegroup": group, "text": text})
        PROGRESS.tell(f"{text}")

    def _create(self, old: Row, name: str, wanted: Row) -> Row:
        """The new group. Until the old one is deleted an autoscaler does not take nodes of it that no pod needs yet."""
        sizes = wanted["scaling_config"]
        held = {**wanted, "scaling_config": {**sizes, "min_size": sizes["desired_size"]}}
        self._note("create", name, f"create node group {name} with {format_count(sizes['desired_size'], 'node')}")
        if self._check_mode:
            return self.manager.plan_other(name, get_declared_name(old), held, self._build_marks(old)).raw
        made = self.manager.create_other(name, get_declared_name(old), held, self._build_marks(old), self.wait_timeout)
        self.changed = True
        return made.raw

    def _await_nodes(self, name: str, raw: Row, is_new: bool) -> Row:
        """The new group is ACTIVE, and its nodes are Ready."""
        if self._check_mode:
            return raw
        resource = NodegroupResource(self._eks, self.manager.cluster_name, name, self.manager.lookups)
        if raw["status"] in CREATE_FAILED_STATUSES:
            raise WaitFailed(
                f"node group {name}, which is to replace another one, is {raw['status']}. The old group was not touched. Look at what EKS"
                " says of it, delete it with state=reverted, mend the cause, and run the task again."
            )
        raw = Reconciler(resource, wait=True, wait_timeout=self.wait_timeout).wait_until_active(raw)
        wanted = raw["scalingConfig"].get("desiredSize") or 0

        def look() -> tuple[bool, Row, str]:
            ready = sum(one.node.ready for one in self._nodes(name).list())
            return ready >= wanted, raw, f"{ready} of {format_count(wanted, 'node', 'is', 'are')} Ready"

        if is_new or self.stop_at == READY:
            PROGRESS.tell(f"node group {name} is ACTIVE: waiting for {wanted} Ready nodes")
        return poll(look, f"Node group {name}", Deadline(self.ready_timeout))

    def _move(self, source: str, target: str) -> None:
        move = Move(self._nodes(source), target, self.pace)
        nodes = move.source.list()
        left = [one for one in nodes if move.source.list_pods(one) or one.node.draining_since is None]
        if not left:
            return
        at_once = f"{self.pace.max_parallel} at once" + (f", {self.pace.pause:g} s apart" if self.pace.pause else "")
        self._note("drain", source, f"drain {format_count(len(left), 'node')} of {source}, {at_once}")
        if self._check_mode:
            return
        try:
            move.drain(len(nodes) * (self.pace.timeout + self.pace.pause) + self.pace.timeout)
        finally:
            self.changed = self.changed or move.changed

    def _restore_sizes(self, name: str, wanted: Row) -> None:
        """The least number of nodes that the group is to have: an autoscaler may end those that no pod needs."""
        least = wanted["scaling_config"]["min_size"]
        raw = self.read_one(name)
        if raw is not None and raw["scalingConfig"]["minSize"] == least:
            return
        if raw is None and least == wanted["scaling_config"]["desired_size"]:
            return
        self._note("resize", name, f"set min_size of node group {name} to {least}")
        if self._check_mode:
            return
        resource = NodegroupResource(self._eks, self.manager.cluster_name, name, self.manager.lookups)
        sizes = {"name": name, "scaling_config": {"min_size": least}}
        Reconciler(resource, wait=True, wait_timeout=self.wait_timeout).ensure_present(sizes)
        self.changed = True

    def _delete(self, name: str) -> None:
        """The group, if no pod is left on its nodes. Its launch template and what belongs to it stay: the other group has them."""
        self._note("delete", name, f"delete node group {name}")
        if self._check_mode:
            return
        nodes = self._nodes(name)
        left = [pod for one in nodes.list() for pod in nodes.list_pods(one)]
        if left and (self.read_one(name) or {}).get("status") != "DELETING":  # EKS ends what it is deleting in any case
            raise WaitFailed(
                f"node group {name} is not deleted: {', '.join(left[:5])} came back to its nodes. Run the task again."
            )
        resource = NodegroupResource(self._eks, self.manager.cluster_name, name, self.manager.lookups)
        gone = Reconciler(resource, wait=True, wait_timeout=self.wait_timeout).ensure_absent()
        self.changed = self.changed or gone.changed

    # the way back

    def _revert(self) -> Outcome:
        pair = self.read()
        if pair.new is None:
            self._release_old(pair)
            return Outcome(self.changed, pair.old)
        old, new = pair.old, pair.new
        if old is None or old["status"] == "DELETING":
            raise ValidationError(
                f"node group {self.name}: the old group is being deleted, and there is no way back. Replace the new one instead."
            )
        resource = NodegroupResource(self._eks, self.manager.cluster_name, new["nodegroupName"], self.manager.lookups)
        before = {"nodegroup": new["nodegroupName"], **resource.read_options(new)}
        after = {"nodegroup": old["nodegroupName"], **resource.read_options(old)}
        self._release_old(pair)
        if new["status"] != "DELETING":
            self._empty_new(old, new)
        self._delete(new["nodegroupName"])
        if not self._check_mode:
            version = (new.get("launchTemplate") or {}).get("version")
            self.manager.restore_template(get_declared_name(old), old, version)
        self.changed = True
        return Outcome(self.changed, old, before, after)

    def _release_old(self, pair: Pair) -> None:
        if pair.old is None:
            return
        nodes = self._nodes(pair.old["nodegroupName"])
        touched = [one for one in nodes.list() if one.is_touched]
        if not touched:
            return
        self._note("release", nodes.group, f"let {format_count(len(touched), 'node')} of {nodes.group} take pods again")
        self.changed = True
        if not self._check_mode:
            release_all(nodes)

    def _empty_new(self, old: Row, new: Row) -> None:
        """The pods go back. A group without nodes, as one that was not created well, has none."""
        try:
            self._move(new["nodegroupName"], old["nodegroupName"])
        except EksError:
            if new["status"] not in CREATE_FAILED_STATUSES:
                raise
