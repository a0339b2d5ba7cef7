# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one step changes of a group of self-managed nodes, planned as a whole before anything is sent."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    CAPACITY_BLOCK,
    ROLLING,
    describes_template,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import (
    DERIVED,
    AutoScalingGroupResource,
    drop_marks,
)
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import build_desired_template
from ansible_collections.kumo.eks.plugins.module_utils.eks.node_access_entry import (
    NodeAccessEntry,
    choose_type,
    may_have_entries,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.efa import add_efa, count_interfaces
from ansible_collections.kumo.eks.plugins.module_utils.nodes.rollout import list_outdated
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GroupContext, build_group_name
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_template import (
    Image,
    build_data,
    build_derived_tags,
    choose_image,
    find_newest_image,
    read_image,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_access import add_ssh_group, ensure_ssh_group
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_key import add_key_pair, ensure_key_pair

Item = dict[str, Any]

# Options of a group that are those of the Auto Scaling group
SAME = (
    "capacity_rebalance",
    "warm_pool_config",
    "max_instance_lifetime",
    "target_group_arns",
    "load_balancer_names",
    "enabled_metrics",
    "suspended_processes",
)
TO_BE_CREATED = "(to be created)"
# The distribution that capacity_type means, and the strategies that AWS recommends:
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
DISTRIBUTION = {"on_demand_allocation_strategy": "prioritized", "spot_allocation_strategy": "price-capacity-optimized"}
ON_DEMAND_SHARES = {"ON_DEMAND": 100, "SPOT": 0}


class GroupPlan:
    """What one step changes: planned as a whole before anything is sent.

    Args:
        raw: the group as it is, None for a new one.
    """

    def __init__(self, context: GroupContext, group: AutoScalingGroupResource, raw: Item | None, item: Item) -> None:
        self._context, self._group, self._raw, self._keyed = context, group, raw, item
        self._key = self._ensure_key_pair(plan=True)
        self._item = item = add_key_pair(item, self._key)
        self._cluster = self._find_cluster()
        self._in_use = str(raw["launch_template"]["version"]) if raw and raw["launch_template"]["version"] else None
        self._wanted: Item | None = None
        self.image: Image | None = None  # where the task says something of the launch template
        self._template = context.build_template(item["name"], self._in_use)
        self._ssh = self._ensure_ssh_group(plan=True)
        self._cards = count_interfaces(context.lookups.ec2, item, raw or {})
        self._efa = context.build_efa(item["name"]).ensure(item, plan=True)
        self._planned = self._plan_template()
        self._entry = self._plan_entry()
        desired = self._build_desired(self._planned)
        self._group_plan = Reconciler(group, check_mode=True).ensure_present(desired)
        self.outdated = self._list_outdated()

    def _find_cluster(self) -> Item:
        found = self._context.lookups.describe_cluster()
        if found is None and not self._context.check_mode:
            name, region = self._context.cluster_name, self._context.eks.meta.region_name
            raise NotFound(
                f"cluster_name: cluster {name} does not exist in {region}. Check its name and region, or create it first."
            )
        return found or {"name": self._context.cluster_name}

    def _ensure_key_pair(self, plan: bool) -> Outcome | None:
        context, name = self._context, self._keyed["name"]
        prefix = build_group_name(context.cluster_name, name)
        return ensure_key_pair(self._keyed, prefix, lambda pair, key: context.build_key_pair(name, pair, key), plan)

    def _ensure_ssh_group(self, plan: bool) -> Outcome | None:
        context, name = self._context, self._item["name"]
        return ensure_ssh_group(self._item, context.lookups, lambda vpc_id: context.build_ssh_group(name, vpc_id), plan)

    def _plan_template(self) -> Outcome | None:
        """The launch template, None where the task says nothing of it."""
        if self._raw is not None and not describes_template(self._item):
            return None
        context, item = self._context, self._item
        current = self._template.describe()
        self._template.check_owner(current) if current else None
        image = choose_image(
            item,
            read_image(current["data"]) if current else None,
            self._cluster if self._cluster.get("version") else None,
            lambda ami_type, version: find_newest_image(context.lookups.ssm(), ami_type, version),
        )
        self.image = image
        self._item = keep_instance_type(item, self._raw, current)
        self._profile = self._choose_profile(current)
        self._set_wanted(self._ssh, self._efa)
        return Reconciler(self._template, check_mode=True).ensure_present(self._wanted)

    def _set_wanted(self, ssh: Outcome | None, efa: dict[str, Outcome]) -> None:
        """The launch template that is wanted, with the security groups as far as they are known."""
        context, item = self._context, self._item
        own = {
            "Name": f"{context.cluster_name}-{item['name']}",
            **self._choose_tags(),
            **build_owner_tags(context.eks.meta.region_name, context.cluster_name),
        }
        data = build_data(
            add_efa(add_ssh_group(item, ssh), efa, self._cards), self.image, self._profile, self._cluster, own
        )
        self._wanted = build_desired_template(data, item.get("tags"))
        self._template = context.build_template(item["name"], self._in_use, self._wanted["data"])

    def _choose_tags(self) -> dict[str, str]:
        """The user's tags of the instances: those of the task, else those that the group has."""
        if self._item.get("tags") is not None:
            return self._item["tags"]
        now = drop_marks(self._raw["tags"]) if self._raw else {}
        return {key: value for key, value in now.items() if not key.startswith(DERIVED)}

    def _choose_profile(self, current: Item | None) -> str:
        """That of the task, else the one the group has."""
        if self._item.get("instance_profile") or self._item.get("node_role") or current is None:
            return choose_profile(self._item)
        return ((current["data"].get("iam_instance_profile") or {}).get("name")) or choose_profile(self._item)

    def _plan_entry(self) -> tuple[NodeAccessEntry, Outcome] | None:
        """The access entry of the nodes' role, None where the task gives no role or the entry is somebody else's business."""
        role = self._item.get("node_role")
        if not role or self._item.get("access_entry") is False:
            return None
        if not may_have_entries(self._cluster):
            raise ValidationError(
                f"access_entry: cluster {self._context.cluster_name} has no access entries (authentication mode CONFIG_MAP), so that nodes"
                " cannot join by one. Set access_config.authentication_mode of the cluster to API_AND_CONFIG_MAP, or map the role in the"
                " ConfigMap aws-auth and set access_entry=false."
            )
        entry = NodeAccessEntry(self._context.eks, self._context.cluster_name, role, self._context.owner)
        kind = self.image.ami_type if self._planned else self._item.get("ami_type")
        return entry, Reconciler(entry, check_mode=True).ensure_present({"type": choose_type(kind)})

    def _build_desired(self, template: Outcome | None) -> Item:
        """The options of the Auto Scaling group."""
        item, block = self._item, is_in_block(self._raw, self._item)
        desired = {
            "tags": item.get("tags"),
            "purge_tags": item.get("purge_tags"),
            "scaling_config": item.get("scaling_config"),
            "enforce_desired_size": item.get("enforce_desired_size"),
            "subnets": item.get("subnets"),
            "capacity_type": choose_capacity_type(self._raw, item),
            "instance_types": None if block else item.get("instance_types"),  # of a block: in the template
            "instances_distribution": None if block else build_distribution(item, self._raw is None),
            **{name: item.get(name) for name in SAME},
        }
        if template is not None:
            desired["derived_tags"] = build_derived_tags(item, self._context.cluster_name)
            desired["launch_template.id"] = template.raw["id"] or f"{template.raw['name']} {TO_BE_CREATED}"
            desired["launch_template.version"] = template.raw["defaultVersion"]
        return desired

    def _list_outdated(self) -> list[Item]:
        """The instances that have another template, or another type, than the group will have."""
        if self._raw is None:
            return []
        after = self._group_plan.raw
        return list_outdated({**self._raw, **{key: after[key] for key in ("launch_template", "instance_types")}})

    def build_outcome(self, rolls: bool) -> Outcome:
        """The plan as an outcome, with both sides of the diff.

        Args:
            rolls: whether instances are replaced by the task.
        """
        template, entry, ssh = self._planned, self._entry[1] if self._entry else None, self._ssh
        parts = (self._group_plan, template, entry, ssh, self._key, *self._efa.values())
        changed = any(each is not None and each.changed for each in parts)
        changed = changed or rolls
        before = show_sides(self._group_plan.before, template and template.before)
        after = show_sides(self._group_plan.after, template and template.after)
        if entry and entry.changed:
            after["access_entry"] = {"principal_arn": self._entry[0].name, **entry.after}
        if ssh and ssh.changed:
            before["ssh_security_group"], after["ssh_security_group"] = ssh.before, ssh.after
        for name, part in self._efa.items():
            if part.changed:
                before[name], after[name] = part.before, part.after
        if self._key and self._key.changed:
            before["key_pair"], after["key_pair"] = self._key.before, self._key.after
        if rolls:
            before["outdated_instances"], after["outdated_instances"] = len(self.outdated), 0
        return Outcome(changed, self._group_plan.raw, before, after)

    def apply(self) -> bool:
        """Make the changes in the order in which one needs the other; whether there were any."""
        context, changed = self._context, False
        if self._entry:
            with context.lock:  # groups of a list may share their role
                made = Reconciler(self._entry[0]).ensure_present({"type": choose_type(self._get_kind())})
            changed = made.changed
        if self._key and self._key.changed:
            self._ensure_key_pair(plan=False)
            changed = True
        if any(part and part.changed for part in (self._ssh, *self._efa.values())):
            efa = context.build_efa(self._item["name"]).ensure(self._item, plan=False)
            self._set_wanted(self._ensure_ssh_group(plan=False), efa)
            changed = True
        template = self._planned
        if template is not None and template.changed:
            template = Reconciler(self._template).ensure_present(self._wanted)
            changed = True
        desired = self._build_desired(template)
        if template is not None:
            desired["launch_template.version"] = template.raw["version"]
        done = Reconciler(self._group, wait_timeout=context.wait_timeout).ensure_present(desired)
        if template is not None and template.changed:
            kept = {template.raw["version"], *self._list_versions_in_use()}
            self._template.delete_old_versions(template.raw, kept)
        return changed or done.changed

    def _get_kind(self) -> str | None:
        return self.image.ami_type if self._planned else self._item.get("ami_type")

    def _list_versions_in_use(self) -> set[str]:
        rows = self._raw["instances"] if self._raw else []
        return {str(row["LaunchTemplate"]["Version"]) for row in rows if row.get("LaunchTemplate")}


def choose_profile(item: Item) -> str:
    """The name of the instance profile: that of the task, which may be an ARN, or that of the role."""
    named = item.get("instance_profile") or item.get("node_role") or ""
    return named.rpartition("/")[2] or named


def is_in_block(raw: Item | None, item: Item) -> bool:
    """Whether the group is, or will be, in a Capacity Block."""
    return CAPACITY_BLOCK in ((raw or {}).get("capacity_type"), item.get("capacity_type"))


def choose_capacity_type(raw: Item | None, item: Item) -> str | None:
    """What is compared: whether a group is in a Capacity Block stays as it is, and the mix of others is in their distribution."""
    given = item.get("capacity_type")
    return given if CAPACITY_BLOCK in (given, (raw or {}).get("capacity_type")) else None


def keep_capacity_type(item: Item, raw: Item | None) -> Item:
    """The options with the capacity type of a group in a Capacity Block, where the task omits it and describes the template."""
    is_open = is_in_block(raw, {}) and item.get("capacity_type") is None and describes_template(item)
    return {**item, "capacity_type": CAPACITY_BLOCK} if is_open else item


def keep_instance_type(item: Item, raw: Item | None, current: Item | None) -> Item:
    """The options with the instance type that the template of a group in a Capacity Block has, where the task omits it.

    Args:
        current: the launch template, None where it does not exist.
    """
    if not is_in_block(raw, item):
        return item
    types = item.get("instance_types") or [((current or {}).get("data") or {}).get("instance_type")]
    return {**item, "instance_types": types}


def get_strategy(item: Item) -> str:
    """How instances are replaced."""
    return (item.get("update_config") or {}).get("strategy") or ROLLING


def build_distribution(item: Item, is_new: bool) -> Item | None:
    """The options of the distribution, with what capacity_type means. A new group has all of them."""
    given = {key: value for key, value in (item.get("instances_distribution") or {}).items() if value is not None}
    share: Item = {}
    if item.get("capacity_type"):
        share = {
            "on_demand_base_capacity": 0,
            "on_demand_percentage_above_base_capacity": ON_DEMAND_SHARES[item["capacity_type"]],
        }
    if is_new:
        return {
            **DISTRIBUTION,
            "on_demand_base_capacity": 0,
            "on_demand_percentage_above_base_capacity": 100,
            **share,
            **given,
        }
    return {**share, **given} or None


def show_sides(group: Item, template: Item | None) -> Item:
    """One side of the diff. The launch template is shown by its data, and not by its ID."""
    shown = {key: value for key, value in group.items() if key != "launch_template.id"}
    return {**shown, "template": template} if template else shown
