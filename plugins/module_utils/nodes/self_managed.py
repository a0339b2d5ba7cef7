# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A group of self-managed nodes as a composite: access entry, launch template, Auto Scaling group, and its rollout.

EKS knows nothing of these nodes, so nobody says ACTIVE: a group is ready when its nodes are Ready in the Kubernetes API, or where
that cannot be asked, when its instances are in service. Each step does what can be done now and says what is still to come. A step
begins with what is there, so that a run that was interrupted is taken up by the next one.

A removal goes from the group to what it needs: instances, access entry, launch template. The template is last, because it says which
role the nodes had.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import ask_patiently
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, NotFound, NotThere, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    REFRESH,
    ROLLING,
    find_self_managed_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, poll_for
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import (
    AutoScalingGroupResource,
    list_owned_groups,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import describe_owned_templates
from ansible_collections.kumo.eks.plugins.module_utils.eks.node_access_entry import NodeAccessEntry, may_have_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import SELF_MANAGED, Placement
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import ClusterNodes
from ansible_collections.kumo.eks.plugins.module_utils.nodes.instance_selection import InstanceSelection
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.rollout import Rollout, list_standing
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GROUP_TAG, GroupContext
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_plan import (
    GroupPlan,
    choose_profile,
    get_strategy,
    keep_capacity_type,
    show_sides,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_steps import Step
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_key import delete_key_pairs

Item = dict[str, Any]

REQUIRED = ("node_role", "subnets", "instance_types")
LEAVING_TIMEOUT = 300  # seconds that the pods of a group that is deleted have


class NodeLook:
    """The nodes of the cluster, asked for once a step, whatever the number of groups.

    Args:
        read: the nodes, as the API server has them now.
    """

    def __init__(self, read: Callable[[], ClusterNodes]) -> None:
        self._read, self._lock = read, threading.Lock()
        self._answer: tuple[ClusterNodes | None, str] | None = None

    def forget(self) -> None:
        """Ask again when somebody wants to know. A cluster that did not answer is not asked again: that takes its time."""
        if self._answer and self._answer[0]:
            self._answer = None

    def get(self) -> tuple[ClusterNodes | None, str]:
        """The nodes, or None and why they cannot be asked for."""
        with self._lock:
            if self._answer is None:
                try:
                    self._answer = (self._read(), "")
                except EksError as error:
                    self._answer = (None, error.message)
            return self._answer


@dataclass
class SelfManagedManager:
    """Creates, changes, rolls and deletes groups of self-managed nodes of one cluster.

    Args:
        context: clients, names and marks.
        placement, joining: look at what nodes of a new group require, before it is created.
        look: at the nodes of the cluster.
        waits: whether instances are replaced, and what is pending is waited for.
        began: POSIX time at which the task began to wait.
        goes_on: whether an earlier step of the same task was done by another process.
        warn: shows a warning.
    """

    context: GroupContext
    placement: Placement
    joining: JoinCheck
    look: NodeLook
    waits: bool = False
    began: float = field(default_factory=time.time)
    goes_on: bool = False
    warn: Callable[[str], None] = lambda text: None
    _selection: InstanceSelection = field(init=False)

    def __post_init__(self) -> None:
        self._selection = InstanceSelection(self.context.lookups.ec2)

    # present

    def ensure_present(self, item: Item) -> Step:
        """Bring one group to its desired state, as far as that can be done in one step."""
        group = self.context.build_group(item["name"])
        raw = group.describe()
        if raw is not None and raw["status"] == "DELETING" and not self.context.check_mode:
            return Step(False, raw, pending=["an earlier group of this name is being deleted"] if self.waits else [])
        raw = raw if raw and raw["status"] == "ACTIVE" else None
        item = keep_capacity_type(self._selection.resolve(item, raw is not None), raw)
        raise_problems(find_self_managed_problems(item))
        if raw is None:
            self._check_new(item)
        else:
            group.check_owner(raw)
        plan = GroupPlan(self.context, group, raw, item)
        if self.context.check_mode:
            planned = plan.build_outcome(self._is_rolling(item, plan))
            return Step(planned.changed, _add_version(planned.raw, plan), planned.before, planned.after)
        self._check_rollout(item, plan)
        rolls = self._is_rolling(item, plan)
        shown = plan.build_outcome(rolls)
        done = plan.apply()
        step = self._finish(group, item, done, shown, rolls, is_new=raw is None)
        step.raw = _add_version(step.raw, plan)
        return step

    def _check_new(self, item: Item) -> None:
        sizes = item.get("scaling_config") or {}
        raise_problems(find_missing(item, REQUIRED, f"group of self-managed nodes {item['name']}"))
        missing = [key for key in ("min_size", "max_size") if sizes.get(key) is None]
        if missing:
            raise ValidationError(f"scaling_config: a new group needs its limits. Set {', '.join(missing)}, too.")
        nodes = sizes["min_size"] if sizes.get("desired_size") is None else sizes["desired_size"]
        if nodes and "Launch" in (item.get("suspended_processes") or []):
            raise ValidationError(
                f"suspended_processes: group {item['name']} is new, and starts no nodes while Launch is suspended. Suspend it when the nodes"
                " are there, or begin with scaling_config.desired_size=0."
            )
        raise_problems(self.placement.find_problems(item, SELF_MANAGED))
        self.joining.check(item)
        self._check_profile(item)

    def _check_profile(self, item: Item) -> None:
        """The instance profile has the role: EC2 would start nodes that cannot join."""
        name = choose_profile(item)

        def ask() -> Item:
            return self.context.iam().get_instance_profile(InstanceProfileName=name)["InstanceProfile"]

        try:
            found = look_if_allowed(
                ask if self.context.check_mode else lambda: ask_patiently(ask, "NoSuchEntity"),
                None,
                "iam:GetInstanceProfile",
                f"it was not checked whether instance profile {name} exists and has the node_role",
            )
        except Exception as error:
            if not has_code(error, "NoSuchEntity"):
                raise
            if self.context.check_mode:
                return  # an earlier task may be about to create it
            raise NotThere(
                f"instance_profile: {name} does not exist. Create it with eks_iam_role and its option instance_profile, or name another"
                " one."
            ) from error
        roles = [role["Arn"] for role in found["Roles"]] if found else [item["node_role"]]
        if item["node_role"] not in roles:
            raise ValidationError(
                f"instance_profile: {name} has IAM role {', '.join(roles) or 'none'}, and node_role is {item['node_role']}. Use a profile"
                " with that role."
            )

    def _is_rolling(self, item: Item, plan: GroupPlan) -> bool:
        """Whether instances are replaced by this task. Draining takes a task that waits; AWS replaces without it."""
        strategy = get_strategy(item)
        return bool(plan.outdated) and (strategy == REFRESH or (strategy == ROLLING and self.waits))

    def _check_rollout(self, item: Item, plan: GroupPlan) -> None:
        """A rollout drains nodes, so it is refused before the first change where the cluster cannot be asked."""
        if get_strategy(item) != ROLLING or not self._is_rolling(item, plan):
            return
        nodes, reason = self.look.get()
        if nodes is None:
            raise ValidationError(
                f"update_config.strategy: rolling drains nodes, and the Kubernetes API of cluster {self.context.cluster_name} cannot be used:"
                f" {reason.rstrip('.')}. Run where it can be reached, or set instance_refresh, which does not drain."
            )

    def _finish(
        self, group: AutoScalingGroupResource, item: Item, done: bool, shown: Outcome, rolls: bool, is_new: bool
    ) -> Step:
        """Replace what is to be replaced, and say what is still to come."""
        now = self._describe(group, is_new)
        if not self.waits and not (rolls and get_strategy(item) == REFRESH):
            return Step(done, now, shown.before, shown.after)
        nodes, reason = self.look.get() if self.waits else (None, "")
        if nodes is None and reason:
            self.warn(f"Nodes were not looked at, only their instances: {reason}")
        update = item.get("update_config") or {}
        rollout = Rollout(self.context.asg, now, nodes, update, self.began, self.goes_on)
        rollout.step()
        if rollout.changed:
            now = group.describe() or now
        pending, by = (rollout.pending, "nodes" if nodes else "instances") if self.waits else ([], "nothing")
        return Step(done or rollout.changed, now, shown.before, shown.after, pending, by)

    @staticmethod
    def _describe(group: AutoScalingGroupResource, is_new: bool) -> Item:
        """The group after its changes. One that was just created may be listed some seconds later.

        https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/autoscaling/group.go (waitGroupCapacitySatisfied)
        """

        def look() -> tuple[bool, Item | None]:
            now = group.describe()
            return now is not None or not is_new, now

        now = poll_for(look, CATCH_UP)
        if now is None:
            raise NotFound(f"Auto Scaling group {group.name} does not exist any more: it was deleted during the task.")
        return now

    # absent

    def ensure_absent(self, item: Item) -> Step:
        """Delete one group with its instances, and then what it needed."""
        group, template = self.context.build_group(item["name"]), self.context.build_template(item["name"])
        raw, lost = group.describe(), template.describe()
        owned = lost is not None and self.context.owner in lost["tags"]
        before = show_sides(Reconciler(group, check_mode=True).ensure_absent().before if raw else {}, None)
        if raw is not None and self.context.owner not in raw["tags"]:
            group.check_owner(raw)
        entry = self._find_entry(item["name"], lost) if owned else None
        if owned:
            before["launch_template"] = lost["data"]
        if entry:
            before["access_entry"] = entry.name
        if raw is not None and raw["status"] == "DELETING":
            return Step(False, raw, pending=[self._describe_leaving(raw)] if self.waits else [])
        if self.context.check_mode:
            return Step(bool(raw or owned), None, before, {})
        if raw is not None:
            left = self._drain_all(item, raw) if self.waits else []
            if left:
                return Step(True, raw, before, {}, left)
            gone = Reconciler(group, wait_timeout=self.context.wait_timeout).ensure_absent()
            now = group.describe()
            if now is not None:
                return Step(gone.changed, now, before, {}, [self._describe_leaving(now)] if self.waits else [])
        if owned:
            if entry:
                Reconciler(entry).ensure_absent()
            self._delete_ssh_group(item["name"])
            self._delete_key_pairs(item["name"])
            self.context.build_efa(item["name"]).ensure_absent()
            Reconciler(template).ensure_absent()
        return Step(bool(raw or owned), None, before, {})

    def _delete_ssh_group(self, name: str) -> None:
        """The security group for SSH, which the launch template still names."""
        ssh = Reconciler(self.context.build_ssh_group(name))
        lost = f"the security group for SSH to the nodes of {name} was not looked for and stays"
        look_if_allowed(ssh.ensure_absent, Outcome(False, None), "ec2:DescribeSecurityGroups", lost)

    def _delete_key_pairs(self, name: str) -> None:
        context = self.context
        delete_key_pairs(
            context.lookups.ec2(),
            context.owner,
            GROUP_TAG,
            name,
            lambda pair, key: context.build_key_pair(name, pair, key),
        )

    @staticmethod
    def _describe_leaving(raw: Item) -> str:
        return f"{format_count(len(raw['instances']), 'instance', 'is', 'are')} terminated"

    def _drain_all(self, item: Item, raw: Item) -> list[str]:
        """What the pods of a group that is deleted still do. After their time the instances go all the same, as with EKS.

        https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html ("If the Pods haven't drained after a few
        minutes, Amazon EKS lets Auto Scaling continue the termination of the instance")
        """
        timeout = (item.get("update_config") or {}).get("drain_timeout")
        timeout = LEAVING_TIMEOUT if timeout is None else timeout
        if not list_standing(raw) or not timeout:
            return []
        nodes, reason = self.look.get()
        if nodes is None:
            self.warn(f"The nodes of {item['name']} were not drained before they were deleted: {reason}")
            return []
        found = [node for node in (nodes.find(row["InstanceId"]) for row in list_standing(raw)) if node]
        for node in found:
            if node.draining_since is None:
                nodes.cordon(node)
        left = [text for node in found for text in nodes.evict_pods(node)]
        if left and time.time() - self.began >= timeout:
            self.warn(
                f"Pods were ended with the nodes of {item['name']}, which did not drain in {timeout} seconds: {'; '.join(left)}"
            )
            return []
        return left

    def _find_entry(self, name: str, template: Item) -> NodeAccessEntry | None:
        """The access entry that was created here for the nodes of a group, where nothing else uses its role."""
        profile = ((template.get("data") or {}).get("iam_instance_profile") or {}).get("name")
        role = self._find_role(profile) if profile else None
        if role is None or not may_have_entries(self.context.lookups.describe_cluster()):
            return None
        entry = NodeAccessEntry(self.context.eks, self.context.cluster_name, role, self.context.owner)
        raw = entry.describe()
        if raw is None or self.context.owner not in (raw.get("tags") or {}) or self._is_used(name, role, profile):
            return None
        return entry

    def _find_role(self, profile: str) -> str | None:
        lost = f"the access entry of the nodes that have instance profile {profile} is not deleted"
        try:
            found = look_if_allowed(
                lambda: self.context.iam().get_instance_profile(InstanceProfileName=profile)["InstanceProfile"],
                {"Roles": []},
                "iam:GetInstanceProfile",
                lost,
            )
        except Exception as error:
            if not has_code(error, "NoSuchEntity"):
                raise
            return None
        return next((role["Arn"] for role in found["Roles"]), None)

    def _is_used(self, name: str, role: str, profile: str) -> bool:
        """Whether another group of self-managed nodes, or a managed one, has the role."""
        for row in describe_owned_templates(self.context.lookups.ec2(), self.context.owner):
            other = read_tag_list(row.get("Tags")).get(GROUP_TAG)
            if other and other != name:
                data = (self.context.build_template(other).describe() or {}).get("data") or {}
                if (data.get("iam_instance_profile") or {}).get("name") == profile:
                    return True
        names = list_names(self.context.eks, "list_nodegroups", "nodegroups", self.context.cluster_name)
        words = {"clusterName": self.context.cluster_name}
        groups = describe_all(
            names,
            lambda one: describe_or_none(self.context.eks.describe_nodegroup, "nodegroup", nodegroupName=one, **words),
        )
        return any(row["nodeRole"] == role for row in groups)

    # what the list does not name

    def list_unlisted(self, names: Iterable[str]) -> list[str]:
        """Groups that were created here for the cluster, or whose launch templates were, and are not among these names."""
        groups = [row["tags"].get(GROUP_TAG) for row in list_owned_groups(self.context.asg, self.context.owner)]
        rows = describe_owned_templates(self.context.lookups.ec2(), self.context.owner)
        templates = [read_tag_list(row.get("Tags")).get(GROUP_TAG) for row in rows]
        return sorted({name for name in (*groups, *templates) if name} - set(names))


def _add_version(raw: Item | None, plan: GroupPlan) -> Item | None:
    """The group with the Kubernetes version of its image, as far as the task has looked at it."""
    return {**raw, "kubernetes_version": plan.image.version} if raw and plan.image and plan.image.version else raw
