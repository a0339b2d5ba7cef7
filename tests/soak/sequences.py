# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of tasks that all have to succeed: a number is a sequence, the same one each time. Pure.

A sequence makes what a cluster is made of, changes it, changes it back, replaces it, and deletes everything at the end. Some
tasks are disturbed: they are killed at one of their calls, an answer is lost, or what they started fails.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import yaml
from soak.tables import (
    ACCOUNT,
    ADDONS,
    ANYWHERE,
    ASSOCIATIONS,
    CLUSTER,
    CLUSTERS,
    IRSA,
    NETWORK,
    NODEGROUPS,
    PROFILES,
    ROLES,
    SELF_MANAGED,
    TEMPLATED,
    VERSIONS,
    X86,
    Options,
    Table,
)

Choice = dict[str, int]
TRANSIENT = ("throttle", "error5xx", "drop", "lose_answer")  # botocore asks again: the task must succeed
WAITING = {"wait": True, "wait_timeout": 60}
FIRST_WITH_GATEWAY = next(
    number for number, row in enumerate(NETWORK.groups["gateways"]) if row["nat_gateway"] != "Disable"
)
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/soak-"


@dataclass(frozen=True)
class Step:
    """One task.

    Args:
        disturbance: what happens to it: ``kill`` ("before" or "after") at a changing ``call``, or a ``fault`` of the sandbox.
        again: options with which it is run after a failure, if others.
    """

    module: str
    options: Options
    disturbance: Options = field(default_factory=dict)
    again: Options = field(default_factory=dict)

    def build_task(self) -> Options:
        """The task as a playbook has it."""
        register = {"register": "network"} if self.module == "eks_network" else {}
        return {f"kumo.eks.{self.module}": self.options, **register}


def format_steps(steps: list[Step]) -> str:
    """The sequence as a list of tasks. A comment says how one is disturbed."""
    parts = []
    for number, step in enumerate(steps):
        text = yaml.safe_dump([step.build_task()], sort_keys=False, allow_unicode=True, width=1000)
        parts.append(f"# {number}: {step.disturbance}\n{text}" if step.disturbance else f"# {number}\n{text}")
    return "".join(parts)


@dataclass
class Kind:
    """What is drawn for one resource: its module, the options that name it, and its table.

    Args:
        needed: options that each of its tasks has, from the builder's state.
        option: of the module's list of such resources.
        named: the options that name one of a list.
        common: the options beside the name or the list.
    """

    module: str
    table: Table
    named: Options
    common: Options
    option: str = ""
    needed: Callable[[], Options] = dict
    waits: Options = field(default_factory=dict)
    replaceable: bool = False
    updates: bool = False  # EKS updates it in the background, and that may fail


@dataclass
class There:
    """A resource that exists: the rows of its table's groups that were declared last, and before."""

    choice: Choice
    before: Choice
    needed: Options


class Builder:
    """Draws one sequence."""

    def __init__(self, seed: int, length: int) -> None:
        self.rng = random.Random(seed)
        self.length = length
        self.steps: list[Step] = []
        self.there: dict[str, There] = {}
        self.version = ""
        self.group_versions: dict[str, str] = {}
        self.kinds = self._build_kinds()

    # what there is to draw

    def _build_kinds(self) -> dict[str, Kind]:
        common = {"cluster_name": CLUSTER}
        found = {"network": Kind("eks_network", NETWORK, {}, {**common, "wait_timeout": 60})}
        for purpose, table in ROLES.items():
            more = {"addon": "vpc-cni"} if purpose == "addon" else {}
            named = {"name": f"soak-{purpose}", "purpose": purpose, **more}
            found[f"role {purpose}"] = Kind("eks_iam_role", table, named, common, "iam_roles")
        found["cluster"] = Kind(
            "eks_cluster", CLUSTERS, {"name": CLUSTER}, {}, needed=self._get_cluster, waits=WAITING, updates=True
        )
        for name, table in {"general": NODEGROUPS, "templated": TEMPLATED, "batch": TEMPLATED}.items():
            found[f"group {name}"] = Kind(
                "eks_nodegroup", table, {"name": name}, common, "nodegroups", self._get_group(name), WAITING, True, True
            )
        found["anywhere"] = Kind("eks_roles_anywhere", ANYWHERE, {}, common)
        for name in ("own", "more"):
            found[f"self {name}"] = Kind(
                "eks_self_managed_nodes",
                SELF_MANAGED,
                {"name": name},
                common,
                "self_managed_nodegroups",
                self._get_own,
                {"wait": False},
            )
        role = {"role_arn": f"{ROLE_ARN}fargate"}
        for name in ("tasks", "batch"):
            found[f"profile {name}"] = Kind(
                "eks_fargate_profile", PROFILES, {"name": name}, common, "profiles", lambda: role, WAITING, True
            )
        for name, table in ADDONS.items():
            # What is a Deployment is DEGRADED until there are nodes for it, and a wait for it would not end.
            wait = WAITING if name in ("vpc-cni", "kube-proxy") else {"wait": False}
            found[f"addon {name}"] = Kind("eks_addon", table, {"name": name}, common, "addons", dict, wait, True, True)
        for name in ("reader", "writer"):
            named = {"service_account": name, "namespace": "production"}
            policy = name == "reader"  # a policy belongs to one of them
            groups = {key: rows for key, rows in IRSA.groups.items() if policy or key != "policy"}
            found[f"irsa {name}"] = Kind(
                "eks_irsa", replace(IRSA, groups=groups), {**named}, {**common, "roles_only": True}, "identities"
            )
            found[f"pod {name}"] = Kind("eks_pod_identity", ASSOCIATIONS, named, common, "associations")
        return found

    def _get_cluster(self) -> Options:
        subnets = "{{ network.network.private_subnet_ids }}"
        return {"role_arn": f"{ROLE_ARN}cluster", "subnets": subnets, "version": self.version}

    def _get_group(self, name: str) -> Callable[[], Options]:
        return lambda: {"node_role": f"{ROLE_ARN}node", "version": self.group_versions[name]}

    def _get_own(self) -> Options:
        """Nodes of one's own join by an access entry, where the cluster has them."""
        modes, row = CLUSTERS.groups["access"], self.there["cluster"].choice["access"]
        mode = modes[row].get("access_config", {}).get("authentication_mode", "CONFIG_MAP")
        return {"node_role": f"{ROLE_ARN}self_managed_node", "access_entry": mode != "CONFIG_MAP"}

    # choices

    def _draw(self, table: Table) -> Choice:
        """The first row of most groups, another one of the others."""
        share = self.rng.choice((0.2, 0.5, 0.8))
        return {
            group: self.rng.randrange(len(rows)) if self.rng.random() < share else 0
            for group, rows in table.groups.items()
        }

    def _redraw(self, table: Table, choice: Choice, kept: frozenset[str]) -> Choice:
        """Another row of one to three groups."""
        groups = [group for group in table.groups if group not in kept]
        changed = dict(choice)
        for group in self.rng.sample(groups, min(len(groups), self.rng.randint(1, 3))):
            least = choice[group] if group in table.one_way else 0
            most = len(table.groups[group]) - 1
            changed[group] = self.rng.randint(least, min(least + 1, most) if group in table.stepwise else most)
        return changed

    @staticmethod
    def _merge(table: Table, choice: Choice) -> Options:
        found: Options = {}
        for group, row in choice.items():
            found.update(table.groups[group][row])
        lengths, kinds = found.get("subnet_prefix_lengths"), found.get("subnet_kinds", ["public", "private"])
        if lengths:
            found["subnet_prefix_lengths"] = {kind: length for kind, length in lengths.items() if kind in kinds}
        return found

    # disturbances

    def _disturb(self, kind: Kind, verb: str, is_waited_for: bool) -> Options:
        """Mostly nothing. What fails in the background is seen by a task that waits."""
        if self.rng.random() > 0.3:
            return {}
        if self.rng.random() < 0.5:
            return {"kill": self.rng.choice(("before", "after")), "call": self.rng.randint(1, 8)}
        if is_waited_for and self.rng.random() < 0.4:
            fault = {"create": "fail_creation", "delete": "fail_deletion"}.get(verb, "fail_update")
            if (fault != "fail_update" or kind.updates) and (fault != "fail_creation" or kind.replaceable):
                return {"fault": fault}
        service = "ec2" if kind.module == "eks_network" else self.rng.choice(("eks", "iam", "*"))
        return {"fault": self.rng.choice(TRANSIENT), "service": service, "every": self.rng.randint(1, 12)}

    # steps

    def _add(self, names: list[str], items: list[Options], verb: str, more: Options) -> None:
        kind = self.kinds[names[0]]
        waits = min((self.kinds[name].waits for name in names), key=lambda waits: waits.get("wait", False))
        options = {**kind.common, **waits}
        disturbance = self._disturb(kind, verb, bool(waits.get("wait")))
        again: Options = {}
        if len(items) == 1 and self.rng.random() < 0.7 or not kind.option:
            options |= {**kind.named, **items[0], **more}
        else:
            listed = [{**self.kinds[name].named, **item} for name, item in zip(names, items, strict=True)]
            inside = {key: value for key, value in more.items() if key == "replace"}
            options |= {kind.option: [{**item, **inside} for item in listed]}
            options |= {key: value for key, value in more.items() if key not in inside}
        if disturbance.get("fault") == "fail_creation":
            again = self._with_replace(kind, options)
        self.steps.append(Step(kind.module, options, disturbance, again))

    @staticmethod
    def _with_replace(kind: Kind, options: Options) -> Options:
        if kind.option in options:
            return {**options, kind.option: [{**item, "replace": True} for item in options[kind.option]]}
        return {**options, "replace": True}

    def create(self, *names: str) -> None:
        items = []
        for name in names:
            kind = self.kinds[name]
            if name == "cluster":
                self.version = self.rng.choice(VERSIONS[:-1])
            if name.startswith("group"):
                self.group_versions[kind.named["name"]] = self.version
            choice = self._draw(kind.table)
            self.there[name] = There(choice, choice, {})
            items.append({**kind.needed(), **self._merge(kind.table, choice)})
        self._add(list(names), items, "create", {})

    def change(self, *names: str, fixed: bool = False) -> None:
        """Another row of some groups, or the rows of before; with ``fixed``, of all groups."""
        items = []
        for name in names:
            kind, now = self.kinds[name], self.there[name]
            table = kind.table
            kept = frozenset() if fixed else table.fixed
            if name == "network" and "cluster" in self.there:
                kept |= {"zones", "gateways"}  # the nodes would lose their way out
            back = {**now.choice, **{key: now.before[key] for key in table.groups if key not in kept | table.one_way}}
            chosen = back if self.rng.random() < 0.35 else self._redraw(table, now.choice, kept)
            if fixed and name.startswith("group"):
                self.group_versions[kind.named["name"]] = self.version
            self.there[name] = There(chosen, now.choice, {})
            items.append({**kind.needed(), **self._merge(table, chosen)})
        self._add(list(names), items, "replace" if fixed else "change", {"replace": True} if fixed else {})

    def delete(self, *names: str) -> None:
        if names[0] == "cluster":
            self._end_protection()
        items = [self._choose_removal(name) for name in names]
        for name in names:
            del self.there[name]
        self._add(list(names), items, "delete", {"state": "absent"})

    def _end_protection(self) -> None:
        """An option that is omitted later stays, so it is always set."""
        choice = self.there["cluster"].choice
        choice["protection"] = len(self.kinds["cluster"].table.groups["protection"]) - 1
        self._declare(["cluster"])

    def _choose_removal(self, name: str) -> Options:
        """What a removal must say beside the name."""
        kind, now = self.kinds[name], self.there[name]
        options = self._merge(kind.table, now.choice)
        keys = ("policy", "instance_profile", "role_arn")
        return {key: options[key] for key in keys if key in options}

    def replace_group(self, name: str) -> None:
        """Another group for a declared one, by other options that EKS cannot change; at times in steps, or taken back first."""
        kind, now = self.kinds[name], self.there[name]
        group = kind.named["name"]
        chosen = dict(now.choice)
        for key in self.rng.sample(sorted(kind.table.fixed), self.rng.randint(1, 2)):
            chosen[key] = self.rng.randrange(len(kind.table.groups[key]))
        item = {"node_role": f"{ROLE_ARN}node", **self._merge(kind.table, chosen)}
        if (
            "ami_type" in item
        ):  # the types of the old group stay where none are named, and they may be of another architecture
            item.setdefault("instance_types", X86[0]["instance_types"])
        options = {**kind.common, "name": group, "nodegroup": item, "wait_timeout": 60, "ready_timeout": 60}
        way = self.rng.choices(((), ("ready",), ("drained",), ("reverted",)), (4, 1, 1, 1))[0]
        for stop in way:
            self._add_replacement(kind, {**options, "stop_at": "drained" if stop == "reverted" else stop})
        if way == ("reverted",):
            back = {key: options[key] for key in options if key != "nodegroup"}
            self._add_replacement(kind, {**back, "state": "reverted"})
        self._add_replacement(kind, options)
        self.there[name] = There(chosen, now.choice, {})
        self.group_versions[group] = self.version

    def _add_replacement(self, kind: Kind, options: Options) -> None:
        disturbance = self._disturb(replace(kind, updates=False, replaceable=False), "replace", False)
        if "kill" in disturbance:
            disturbance["call"] = self.rng.randint(1, 20)  # calls to Kubernetes count, too
        self.steps.append(Step("eks_nodegroup_replacement", options, disturbance))

    def update_addons(self) -> None:
        """Of the add-ons that need no nodes. The versions that they declare stay, unless EKS recommends newer ones."""
        names = [name for name in self._list_names("addon") if self.kinds[f"addon {name}"].waits is WAITING]
        version = self.rng.choice(("default", "most_recent"))
        options = {"cluster_name": CLUSTER, "version": version, "only": names, "kubernetes": False, "adopt": True}
        if names:
            accepted = {"overrides": [{"gate": "addons_active", "reason": "others have no nodes yet"}]}
            disturbance = self._disturb(replace(self.kinds["addon vpc-cni"], updates=False), "change", False)
            self.steps.append(Step("eks_addon_update", {**options, **accepted}, disturbance))

    def upgrade(self) -> None:
        """The control plane by a minor version, or node groups that are behind."""
        behind = [name for name, version in self.group_versions.items() if version != self.version]
        behind = [f"group {name}" for name in behind if f"group {name}" in self.there]
        if behind:
            for name in behind:
                self.group_versions[self.kinds[name].named["name"]] = self.version
            self._declare(behind)
        elif self.version != VERSIONS[-1]:
            self.version = VERSIONS[VERSIONS.index(self.version) + 1]
            self._declare(["cluster"])

    def _declare(self, names: list[str]) -> None:
        items = [
            {**self.kinds[name].needed(), **self._merge(self.kinds[name].table, self.there[name].choice)}
            for name in names
        ]
        self._add(names, items, "change", {})

    def wait(self) -> None:
        found = {
            "nodegroups": self._list_names("group"),
            "fargate_profiles": self._list_names("profile"),
            "addons": [name for name in self._list_names("addon") if self.kinds[f"addon {name}"].waits is WAITING],
        }
        options = {"cluster_name": CLUSTER, "wait_timeout": 60, **{key: value for key, value in found.items() if value}}
        self.steps.append(Step("eks_wait", options))

    def write_kubeconfig(self, state: str) -> None:
        options = {"cluster_name": CLUSTER, "path": "{{ kubeconfig }}", "state": state}
        self.steps.append(Step("eks_kubeconfig", options))

    # the sequence

    def build(self) -> list[Step]:
        scope = self.rng.choices(("network", "roles", "cluster"), (3, 2, 7))[0]
        if scope == "roles":
            self.create(*self._sample([f"role {purpose}" for purpose in ROLES], 3))
        elif scope == "network":
            self.create("network")
        else:
            self._create_ground()
        while len(self.steps) < self.length:
            self._go_on(scope)
        self._delete_all()
        return self.steps

    def _create_ground(self) -> None:
        """What a cluster requires; the network without much in it, for it is slow."""
        self.create(*[f"role {purpose}" for purpose in ROLES])
        table = self.kinds["network"].table
        choice = {
            **dict.fromkeys(table.groups, 0),
            "zones": self.rng.choice((0, 2)),
            "gateways": self.rng.randint(FIRST_WITH_GATEWAY, len(table.groups["gateways"]) - 1),
        }
        self.there["network"] = There(choice, choice, {})
        self._add(["network"], [self._merge(table, choice)], "create", {})
        self.create("cluster")

    def _go_on(self, scope: str) -> None:
        """One more step, by chance."""
        absent = [name for name in self._list_of(scope) if name not in self.there and self._may_create(name)]
        present = [name for name in self._list_of(scope) if name in self.there]
        verbs = {"create": 3 * bool(absent), "change": 5 * bool(present), "replace": 1, "delete": 1}
        if scope == "cluster":
            verbs |= {"upgrade": 1, "wait": 0.5, "kubeconfig": 0.5}
            verbs |= {"swap": 4 * any(name.startswith("group ") for name in present), "update": 0.7}
        verb = self.rng.choices(list(verbs), list(verbs.values()))[0]
        if verb == "create":
            self.create(*self._choose_fellows(absent))
        elif verb == "change":
            self.change(*self._choose_fellows(present))
        elif verb == "replace" and (names := [name for name in present if self.kinds[name].replaceable]):
            self.change(self.rng.choice(names), fixed=True)
        elif verb == "delete" and (names := [name for name in present if self._may_delete(name)]):
            self.delete(*self._choose_fellows(names))
        elif verb == "upgrade":
            self.upgrade()
        elif verb == "swap" and (names := [name for name in present if name.startswith("group ")]):
            self.replace_group(self.rng.choice(names))
        elif verb == "update":
            self.update_addons()
        elif verb == "wait":
            self.wait()
        elif verb == "kubeconfig":
            self.write_kubeconfig(self.rng.choice(("present", "absent")))

    def _list_of(self, scope: str) -> list[str]:
        if scope == "cluster":
            return list(self.kinds)
        return [name for name in self.kinds if name.startswith("role" if scope == "roles" else "network")]

    def _choose_fellows(self, names: list[str]) -> list[str]:
        """One resource, or some of its kind, which then are a list of one task."""
        first = self.rng.choice(names)
        module = self.kinds[first].module
        fellows = [name for name in names if self.kinds[name].module == module and name != first]
        if not self.kinds[first].option or self.rng.random() < 0.6:
            return [first]
        return [first, *self._sample(fellows, 2)]

    def _sample(self, names: list[str], most: int) -> list[str]:
        return self.rng.sample(names, self.rng.randint(min(1, len(names)), min(most, len(names))))

    def _list_names(self, word: str) -> list[str]:
        return [name.split()[1] for name in self.there if name.startswith(f"{word} ")]

    def _may_create(self, name: str) -> bool:
        return name.split()[0] in ("network", "role", "anywhere") or "cluster" in self.there

    def _may_delete(self, name: str) -> bool:
        """Nothing that something else needs: the rest goes at the end."""
        if self.kinds[name].module in (
            "eks_nodegroup",
            "eks_self_managed_nodes",
            "eks_roles_anywhere",
            "eks_fargate_profile",
            "eks_addon",
            "eks_irsa",
            "eks_pod_identity",
        ):
            return True
        return "cluster" not in self.there

    def _delete_all(self) -> None:
        if "cluster" in self.there and self.rng.random() < 0.5:
            self.write_kubeconfig("absent")
        order = ["irsa", "pod", "addon", "group", "self", "profile", "anywhere"]
        self.rng.shuffle(order)
        for word in (*order, "cluster", "role", "network"):
            names = [name for name in self.there if name.split()[0] == word]
            while names:
                some = self._sample(names, 3) if self.kinds[names[0]].option else names[:1]
                self.delete(*some)
                names = [name for name in names if name not in some]


def build_sequence(seed: int, length: int = 12) -> list[Step]:
    """The sequence of this number: the steps before the deletion of everything are as many as ``length``, about."""
    return Builder(seed, length).build()


def find_items(step: Step) -> list[Options]:
    """The resources of a task, each with its options."""
    for option in (
        "iam_roles",
        "nodegroups",
        "self_managed_nodegroups",
        "profiles",
        "addons",
        "identities",
        "associations",
    ):
        if option in step.options and step.module != "eks_wait":
            return step.options[option]
    return [step.options]
