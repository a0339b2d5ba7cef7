# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A managed node group as a composite: its EC2 launch template, and the group that names a version of it.

The template comes first, a deletion goes the other way. Both are planned before either is changed, so that what EKS refuses
of the group leaves no template behind. An interrupted run is taken up by the next one: the template is found by its name.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import (
    NODEGROUP_TAG,
    build_owner_key,
    build_owner_tags,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError, add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import find_nodegroup_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.ec2.key_pair import KeyPairResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import (
    LaunchTemplateResource,
    build_desired_template,
    describe_owned_templates,
    describe_templates_by_name,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.ssh_group import SshGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups, NodegroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import (
    find_pair,
    get_declared_name,
    read_nodegroups,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement
from ansible_collections.kumo.eks.plugins.module_utils.nodes.efa import EfaParts, add_efa, count_interfaces
from ansible_collections.kumo.eks.plugins.module_utils.nodes.instance_selection import InstanceSelection
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_access import (
    add_ssh_group,
    build_ssh_group_name,
    ensure_ssh_group,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_key import (
    add_key_pair,
    delete_key_pairs,
    ensure_key_pair,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import build_template_data, build_template_name

Item = dict[str, Any]


@dataclass
class NodegroupManager:
    """Creates, changes and deletes node groups of one cluster with their launch templates.

    Args:
        eks: boto3's client.
        lookups: what the groups of one task look up together.
        placement: looks at where a new group is to be.
        joining: looks at what nodes of a new group require, before it is created.
        wait: return when a group is settled, and wait_timeout its limit in seconds.
        owned: whether a group gets the mark of its owner from the call that creates it.
    """

    eks: Any
    lookups: NodegroupLookups
    placement: Placement
    joining: JoinCheck
    check_mode: bool = False
    wait: bool = False
    wait_timeout: float = 1200
    owned: bool = False
    _templates: dict[str, Item] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _checked: set[str] = field(default_factory=set)
    _rows: list[Item] | None = None  # of all groups of the cluster
    _aliases: set[str] = field(default_factory=set)  # names for which other groups stand
    _lock: Any = field(default_factory=threading.Lock)
    _selection: InstanceSelection = field(init=False)

    def __post_init__(self) -> None:
        self._selection = InstanceSelection(self.lookups.ec2)

    @property
    def cluster_name(self) -> str:
        return self.lookups.cluster_name

    @property
    def owner(self) -> str:
        """The key of the tag that marks what is created for the cluster."""
        return build_owner_key(self.eks.meta.region_name, self.cluster_name)

    def read_templates(self, items: list[Item], absent: bool = False) -> None:
        """Read the launch templates of all items in one call, instead of one for each.

        For a deletion the right ec2:DescribeLaunchTemplates is not a must: most groups have no template of ours.
        """
        wanted = [item["name"] for item in items if absent or item.get("template") is not None]
        names = [build_template_name(self.cluster_name, name) for name in wanted]
        if not names:
            return
        if absent:
            lost = "launch templates that were made for the node groups were not looked for and stay"
            found = look_if_allowed(
                lambda: describe_templates_by_name(self.lookups.ec2(), names), {}, "ec2:DescribeLaunchTemplates", lost
            )
        else:
            found = describe_templates_by_name(self.lookups.ec2(), names)
        self._templates.update(found)
        self._read |= set(names)

    # present

    def ensure_present(self, item: Item) -> Outcome:
        """Create or change one node group and, where the task describes it, its launch template."""
        group = self._find_group(item["name"])
        self._refuse_other_name(group, item["name"])
        return self._ensure(group, item)

    def _refuse_other_name(self, group: NodegroupResource, name: str) -> None:
        """Refuse a group that is declared by the name that it has in EKS: its launch template is that of its declared name."""
        raw = group.observe()
        declared = get_declared_name(raw) if raw else name
        if declared != name:
            raise ValidationError(
                f"name: node group {name} took the place of the declared node group {declared}. Declare it as {declared}."
            )

    def _ensure(self, group: NodegroupResource, item: Item) -> Outcome:
        if item.get("instance_selector") is not None:
            item = self._selection.resolve(item, group.observe() is not None)
        if item.get("template") is None:
            return self._reconciler(group, item).ensure_present(item)
        return self._ensure_with_template(group, item)

    def _group(self, name: str, marks: dict[str, str] | None = None) -> NodegroupResource:
        owner = self.owner if self.owned else ""
        return NodegroupResource(self.eks, self.cluster_name, name, self.lookups, owner, self._check_new, marks)

    def _find_group(self, declared: str) -> NodegroupResource:
        """The group of a declared name: the one with that name, or the one that replaced it."""
        group = self._group(declared)
        raw = group.observe()
        if raw is not None and raw["status"] != "DELETING":
            return group
        lost = f"whether another node group took the place of {declared} was not looked for"
        rows = look_if_allowed(self._read_all, [], "eks:ListNodegroups or eks:DescribeNodegroup", lost)
        found = next((one for one in find_pair(rows, declared) if one and one["nodegroupName"] != declared), None)
        # Where its options ask for another group in its place, that one is for the declared name, too.
        return self._group(found["nodegroupName"], {NODEGROUP_TAG: declared}) if found else group

    def _list_others(self, declared: str, name: str) -> list[NodegroupResource]:
        """The other groups of a declared one, as during a replacement."""
        lost = f"whether another node group has replaced {declared} was not checked"
        rows = look_if_allowed(self._read_all, [], "eks:ListNodegroups or eks:DescribeNodegroup", lost)
        names = [raw["nodegroupName"] for raw in rows if get_declared_name(raw) == declared]
        return [self._group(other) for other in names if other != name]

    def _read_all(self) -> list[Item]:
        """All groups of the cluster, asked for once in a task."""
        with self._lock:
            if self._rows is None:
                self._rows = read_nodegroups(self.eks, self.cluster_name)
            return self._rows

    # another group for a declared one

    def plan_other(self, name: str, declared: str, item: Item, marks: dict[str, str]) -> Outcome:
        """What the creation of another group for a declared one would be.

        Args:
            item: all of its options. marks: its tags beside the user's.
        """
        return replace(self, check_mode=True)._create_other(name, declared, item, marks)

    def create_other(self, name: str, declared: str, item: Item, marks: dict[str, str], wait_timeout: float) -> Outcome:
        """Create it, and wait until it is ACTIVE."""
        return replace(self, wait=True, wait_timeout=wait_timeout)._create_other(name, declared, item, marks)

    def _create_other(self, name: str, declared: str, item: Item, marks: dict[str, str]) -> Outcome:
        return self._ensure(self._group(name, marks), {**item, "name": declared})

    def plan_change(self, name: str, declared: str, item: Item) -> Outcome:
        """What would become of a group by these options, if what cannot be changed were replaced."""
        manager = replace(self, check_mode=True)
        return manager._ensure(manager._group(name), {**item, "name": declared, "replace": True})

    def restore_template(self, declared: str, raw: Item, other: str | None) -> None:
        """Let the default version of the group's launch template be the one that the group has, as it was before another group.

        Args:
            raw: the group that stays. other: the version of the group that is gone, which is deleted.
        """
        version = _find_version_in_use(raw)
        template = self._template(declared, version)
        found = template.describe() if version else None
        is_own = found is not None and found["id"] == raw["launchTemplate"]["id"] and self.owner in found["tags"]
        if is_own and found["defaultVersion"] != version:
            template.set_default(found, version)
            template.delete_version(found, other)

    def _check_new(self, item: Item) -> None:
        """Raise ValidationError for a group that EKS would refuse, or whose nodes could not join; once for each group."""
        if item["name"] not in self._checked:
            raise_problems(self.placement.find_problems(item))
            self.joining.check(item)
            self._checked.add(item["name"])

    def _reconciler(self, group: NodegroupResource, item: Item, plan: bool = False) -> Reconciler:
        replace = bool(item.get("replace"))
        return Reconciler(group, plan or self.check_mode, self.wait, self.wait_timeout, replace)

    def _template(self, name: str, in_use: str | None = None, wanted: Item | None = None) -> LaunchTemplateResource:
        template_name = build_template_name(self.cluster_name, name)
        template = LaunchTemplateResource(
            self.lookups.ec2(), template_name, self._build_marks(name), self.owner, in_use, wanted
        )
        if template_name in self._read:
            template.known = self._templates
        return template

    def _build_marks(self, name: str) -> dict[str, str]:
        """The tags of what is created for one node group."""
        return {**build_owner_tags(self.eks.meta.region_name, self.cluster_name), NODEGROUP_TAG: name}

    def _ssh_group(self, name: str, vpc_id: str | None = None) -> SshGroupResource:
        group_name = build_ssh_group_name(self.cluster_name, name)
        return SshGroupResource(self.lookups.ec2(), group_name, vpc_id, self._build_marks(name), self.owner)

    def _ensure_ssh_group(self, item: Item, plan: bool) -> Outcome | None:
        """The security group for SSH to the nodes, None where the task names no sources."""
        return ensure_ssh_group(item, self.lookups, lambda vpc_id: self._ssh_group(item["name"], vpc_id), plan)

    def _efa(self, name: str) -> EfaParts:
        prefix = build_template_name(self.cluster_name, name)
        return EfaParts(self.lookups, prefix, self._build_marks(name), self.owner)

    def _count_interfaces(self, raw: Item | None, item: Item) -> int:
        """The EFA interfaces of a node, by the instance types and subnets of the task, or those that the group has."""
        now = {"instance_types": raw.get("instanceTypes"), "subnets": raw.get("subnets")} if raw else {}
        return count_interfaces(self.lookups.ec2, item, now)

    def _key_pair(self, name: str, nodegroup: str, key: str) -> KeyPairResource:
        return KeyPairResource(self.lookups.ec2(), name, key, self._build_marks(nodegroup), self.owner)

    def _ensure_key_pair(self, item: Item, plan: bool) -> Outcome | None:
        """The key pair of the public key, None where the task has none."""
        name = item["name"]
        prefix = build_template_name(self.cluster_name, name)
        return ensure_key_pair(item, prefix, lambda pair, key: self._key_pair(pair, name, key), plan)

    def _ensure_with_template(self, group: NodegroupResource, item: Item) -> Outcome:
        raw = group.observe()
        raise_problems(find_nodegroup_problems(item))
        key, keyed = self._ensure_key_pair(item, plan=True), item
        item = add_key_pair(item, key)
        ssh = self._ensure_ssh_group(item, plan=True)
        cards, efa = self._count_interfaces(raw, item), self._efa(item["name"]).ensure(item, plan=True)
        wanted = self._build_wanted(raw, add_efa(add_ssh_group(item, ssh), efa, cards))
        template = self._template(item["name"], _find_version_in_use(raw), wanted["data"])
        planned = Reconciler(template, check_mode=True).ensure_present(wanted)
        desired = _build_desired(item, planned, planned.raw["defaultVersion"])
        plan = self._reconciler(group, item, plan=True).ensure_present(desired)
        parts = {"ssh_security_group": ssh, "key_pair": key, **efa}
        changed = planned.changed or plan.changed or _is_any_changed(parts)
        if self.check_mode or not (changed or (self.wait and plan.raw["status"] != "ACTIVE")):
            return _combine(template, planned, plan, parts)
        if key and key.changed:
            self._ensure_key_pair(keyed, plan=False)
        if _is_any_changed({"ssh": ssh, **efa}):
            ssh, efa = self._ensure_ssh_group(item, plan=False), self._efa(item["name"]).ensure(item, plan=False)
            wanted = self._build_wanted(raw, add_efa(add_ssh_group(item, ssh), efa, cards))
            template.wanted = wanted["data"]
        made = Reconciler(template).ensure_present(wanted) if planned.changed else planned
        try:
            done = self._reconciler(group, item).ensure_present(_build_desired(item, made, made.raw["version"]))
        except Exception as error:
            if made.changed:
                add_facts(error, {"changed": True})
            raise
        if made.changed:
            template.delete_old_versions(made.raw, self._list_versions_in_use(made.raw, raw))
        shown = plan if done.changed else done
        return _combine(
            template,
            planned,
            Outcome(done.changed, done.raw, shown.before, shown.after, done.updates, done.replaced),
            parts,
        )

    def _list_versions_in_use(self, template: Item, raw: Item | None) -> Iterator[str]:
        """Of a launch template the version that its group gets, and those that groups have: two during a replacement."""
        yield template["version"]
        yield _find_version_in_use(raw) or template["version"]
        lost = "whether other node groups have older versions of the launch template was not looked for"
        for other in look_if_allowed(self._read_all, [], "eks:ListNodegroups or eks:DescribeNodegroup", lost):
            if (other.get("launchTemplate") or {}).get("id") == template["id"]:
                yield other["launchTemplate"]["version"]

    def _build_wanted(self, raw: Item | None, item: Item) -> Item:
        """The desired launch template. The AMI type of a group that exists counts where the task does not name one."""
        if not item.get("ami_type") and raw and not item["template"].get("image_id"):
            item = {**item, "ami_type": raw.get("amiType")}
        raise_problems(find_nodegroup_problems(item))
        needs_cluster = item["template"].get("image_id") or item["template"].get("security_groups")
        cluster = self.lookups.describe_cluster() if needs_cluster else None
        tags = dict(item.get("tags") or {})
        owner = build_owner_tags(self.eks.meta.region_name, self.cluster_name)
        return build_desired_template(build_template_data(item, {**tags, **owner}, cluster), tags)

    # absent

    def ensure_absent(self, item: Item) -> Outcome:
        """Delete a node group, and then its launch template, which stays as long as the group is there."""
        group = self._find_group(item["name"])
        raw = group.observe()
        declared = get_declared_name(raw) if raw else item["name"]
        template = self._template(declared)
        family = self._list_others(declared, group.name)
        others = [self._reconciler(one, item).ensure_absent() for one in family if declared == item["name"]]
        gone = self._reconciler(group, item).ensure_absent()
        gone = Outcome(gone.changed or any(one.changed for one in others), gone.raw, gone.before, gone.after)
        is_leaving = gone.raw is not None or any(one.raw for one in others) or (self.check_mode and gone.changed)
        if (is_leaving and not self.wait) or len(family) > len(others):  # one that was not named has the template, too
            return gone
        return self._delete_template(declared, template, gone)

    def _delete_template(self, name: str, template: LaunchTemplateResource, gone: Outcome) -> Outcome:
        """The launch template, and before it what it names."""
        raw = template.describe()
        if raw is None or self.owner not in raw["tags"]:
            return gone
        lost = f"the security group for SSH to node group {name} was not looked for and stays"
        ssh = Reconciler(self._ssh_group(name), self.check_mode)
        freed = look_if_allowed(ssh.ensure_absent, Outcome(False, None), "ec2:DescribeSecurityGroups", lost)
        keys = delete_key_pairs(
            self.lookups.ec2(),
            self.owner,
            NODEGROUP_TAG,
            name,
            lambda pair, key: self._key_pair(pair, name, key),
            self.check_mode,
        )
        efa = self._efa(name).ensure_absent(self.check_mode)
        deleted = Reconciler(template, self.check_mode).ensure_absent()
        parts = {"ssh_security_group": freed.before, "key_pairs": keys, **efa}
        before = _show(gone.before, deleted.before, parts)
        changed = gone.changed or deleted.changed or freed.changed or bool(keys) or bool(efa)
        return Outcome(changed, gone.raw, before, {})

    # what the list does not name

    def list_unlisted(self, names: set[str]) -> list[str]:
        """Node groups that were created here for the cluster and are not among these names."""
        others = [name for name in self._list_names() if name not in names]
        found = describe_all(others, lambda name: self._group(name).describe())
        self._aliases |= {get_declared_name(raw) for raw in found}
        unknown = [raw for raw in found if get_declared_name(raw) not in names]
        return [raw["nodegroupName"] for raw in unknown if self.owner in (raw.get("tags") or {})]

    def list_orphaned(self, names: set[str]) -> list[str]:
        """Node groups that do not exist, whose launch templates were created here for the cluster and still do.

        Args:
            names: node groups that are worked on, and do not count.
        """
        there = {*names, *self._list_names(), *self._aliases}
        rows = describe_owned_templates(self.lookups.ec2(), self.owner)
        owners = [read_tag_list(row.get("Tags")).get(NODEGROUP_TAG) for row in rows]
        return sorted({name for name in owners if name and name not in there})

    def _list_names(self) -> list[str]:
        return list_names(self.eks, "list_nodegroups", "nodegroups", self.cluster_name)


def _find_version_in_use(raw: Item | None) -> str | None:
    """The version of its launch template that a node group has."""
    return (raw.get("launchTemplate") or {}).get("version") if raw and raw["status"] != "DELETING" else None


def _build_desired(item: Item, template: Outcome, version: str) -> Item:
    """The desired node group with its launch template."""
    template_id = template.raw["id"] or f"{template.raw['name']} (to be created)"
    desired = {**item, "launch_template.id": template_id, "launch_template.version": version}
    if item["template"].get("image_id"):
        desired["ami_type"] = "CUSTOM"  # compared, and not sent: EKS refuses amiType together with an image
    if item.get("capacity_type") == "CAPACITY_BLOCK":
        desired["instance_types"] = None  # the template has it, and EKS refuses both
    return desired


def _combine(
    template: LaunchTemplateResource, planned: Outcome, group: Outcome, parts: dict[str, Outcome | None]
) -> Outcome:
    """One outcome of all. The diff shows the launch template's data in place of its ID.

    Args:
        parts: what the launch template names, by its name in the diff.
    """
    raw = group.raw
    if raw is not None and not (raw.get("nodegroupArn")):  # planned: its ID is not known
        known = {"id": planned.raw["id"]} if planned.raw["id"] else {}
        raw = {**raw, "launchTemplate": {"name": template.name, "version": planned.raw["defaultVersion"], **known}}
    changed = planned.changed or group.changed or _is_any_changed(parts)
    there = {name: part for name, part in parts.items() if part}
    before = _show(group.before, planned.before, {name: part.before for name, part in there.items()})
    after = _show(group.after, planned.after, {name: part.after for name, part in there.items()})
    return Outcome(changed, raw, before, after, group.updates, group.replaced)


def _is_any_changed(parts: dict[str, Outcome | None]) -> bool:
    return any(part.changed for part in parts.values() if part)


def _show(group: Item, template: Item, parts: Item) -> Item:
    shown = {key: value for key, value in group.items() if key != "launch_template.id"}
    return {**shown, **{name: part for name, part in {"template": template, **parts}.items() if part}}
