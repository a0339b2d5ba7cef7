# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two modules of upgrades have in common: their options, and a run made of them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_item_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.replacement import find_drain_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import build_self_managed_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import (
    ROLLING,
    STRATEGIES,
    build_override_spec,
    find_strategies_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    check_unique,
    find_range_problems,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import ClusterNodes
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_items
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement import Replacement
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement_task import (
    build_manager as build_group_manager,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement_task import build_pace
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed import NodeLook, SelfManagedManager
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GroupContext
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.acts import UpgradeActs
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import Verdict, read_overrides
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import KubernetesReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import Plan, Strategies
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.reading import StateReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.report import build_runbook, format_lines
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.runner import Upgrade
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import Row
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import WAITING, build_keeper

LIST, DEFAULTS = "self_managed_nodegroups", "self_managed_nodegroup_defaults"


def build_upgrade_spec() -> Row:
    """The options of both modules."""
    return dict(
        cluster_name=dict(type="str", required=True),
        kubernetes_version=dict(type="str", required=True),
        rollback=dict(type="bool", default=False),
        addon_versions=dict(type="dict", default={}),
        self_managed_nodegroups=dict(type="list", elements="dict", default=[]),
        overrides=dict(type="list", elements="dict", default=[], options=build_override_spec()),
        nodegroup_strategy=dict(type="str", choices=list(STRATEGIES), default=ROLLING),
        nodegroup_strategies=dict(type="dict", default={}),
        refresh_insights=dict(type="bool", default=True),
        refresh_timeout=dict(type="int", default=900),
    )


def read_self_managed(params: Row) -> dict[str, Row]:
    """The declared groups of self-managed nodes by name, each with all of its options."""
    spec = build_self_managed_spec()
    rows, problems = [], []
    for number, row in enumerate(params[LIST]):
        read, wrong = read_arguments(build_item_spec(spec), row, f"{LIST}[{number}].")
        rows.append(read)
        problems += wrong
    defaults, wrong = read_arguments(spec, params.get(DEFAULTS) or {}, f"{DEFAULTS}.")
    raise_problems([*problems, *wrong])
    check_unique(LIST, [row["name"] for row in rows])
    task = {"nodegroups": rows, "defaults": defaults, "tags": params.get("self_managed_tags")}
    return {item["name"]: item for item in build_items(task)}


def build_reader(module: AnsibleAWSModule, kubernetes: KubernetesReader | None) -> StateReader:
    """What reads the cluster of a task that changes nothing of its nodes."""
    name, eks = module.params["cluster_name"], get_client(module)
    ec2, iam, ssm = (partial(get_client, module, service) for service in ("ec2", "iam", "ssm"))
    lookups = NodegroupLookups(eks, name, ec2, ssm)
    context = GroupContext(eks, get_client(module, "autoscaling"), iam, lookups, module.check_mode, 0)
    return StateReader(partial(get_client, module), name, context, kubernetes)


def build_upgrade(module: AnsibleAWSModule, stack: ExitStack) -> Upgrade:
    """The run that the options ask for. Raises ValidationError for options that contradict themselves."""
    params = module.params
    name = params["cluster_name"]
    target = parse_minor(params["kubernetes_version"], "kubernetes_version")
    limits = ("refresh_timeout", "wait_timeout", "health_timeout")
    raise_problems(
        problem for option in limits if option in params for problem in find_range_problems(option, params[option], 1)
    )
    raise_problems(
        [
            *find_strategies_problems("nodegroup_strategies", params["nodegroup_strategies"]),
            *find_drain_problems("nodegroup_drain", params.get("nodegroup_drain")),
        ]
    )
    strategies = Strategies(params["nodegroup_strategy"], params["nodegroup_strategies"])
    items, overrides = read_self_managed(params), read_overrides(params["overrides"])
    eks, sts = get_client(module), get_client(module, "sts")
    ec2, iam, ssm = (partial(get_client, module, service) for service in ("ec2", "iam", "ssm"))
    timeout = params.get("wait_timeout") or 1200

    def build_context() -> GroupContext:
        lookups = NodegroupLookups(eks, name, ec2, ssm)  # it keeps the cluster that it has seen
        return GroupContext(eks, get_client(module, "autoscaling"), iam, lookups, module.check_mode, timeout)

    kubernetes = KubernetesReader(stack, sts, name, eks.meta.region_name)

    def build_manager() -> tuple[SelfManagedManager, NodeLook]:
        context = build_context()
        describe = context.lookups.describe_cluster
        look = NodeLook(lambda: ClusterNodes(kubernetes.open(describe() or {})))
        placement, joining = Placement(name, describe, ec2, False), JoinCheck(ec2, iam, describe)
        return SelfManagedManager(context, placement, joining, look, True, time.time(), False, module.warn), look

    def build_one_replacement(group: str) -> Replacement:
        manager = build_group_manager(eks, name, partial(get_client, module), module.check_mode)
        pace = build_pace(params.get("nodegroup_drain"))
        describe = manager.lookups.describe_cluster
        return Replacement(
            manager,
            lambda: kubernetes.open(describe() or {}),
            group,
            pace=pace,
            wait_timeout=timeout,
            ready_timeout=params.get("health_timeout") or 300,
            warn=module.warn,
        )

    refresh = params["refresh_insights"] and not module.check_mode
    reader = StateReader(
        partial(get_client, module), name, build_context(), kubernetes, refresh, params["refresh_timeout"]
    )
    acts = UpgradeActs(
        eks,
        name,
        build_context().lookups,
        lambda: kubernetes.open(build_context().lookups.describe_cluster() or {}),
        build_manager,
        items,
        bool(params.get("force")),
        "insights" in overrides,
        timeout,
        module.warn,
        strategies,
        build_one_replacement,
    )
    return Upgrade(
        reader,
        acts,
        target,
        {key: str(value) for key, value in params["addon_versions"].items()},
        set(items),
        overrides,
        params.get("health_timeout") or 300,
        timeout,
        build_keeper(params),
        strategies=strategies,
        rollback=params["rollback"],
        warn=module.warn,
    )


def build_plan_result(module: AnsibleAWSModule, plan: Plan, verdicts: list[Verdict], waiting: Row | None = None) -> Row:
    """The plan and the gates as the result of a task, with both as text, and for which maintenance window it waits."""
    result = {
        "cluster_name": module.params["cluster_name"],
        "version": f"1.{plan.current}",
        "kubernetes_version": f"1.{plan.target}",
        "rollback": module.params["rollback"],
        "region": get_client(module).meta.region_name,
        "steps": [step.build_row() for step in plan.steps],
        "gates": [row.build_row() for row in verdicts],
        "ready": all(row.is_open for row in verdicts),
        **({WAITING: waiting} if "windows" in module.params else {}),
    }
    return {**result, "lines": format_lines(result), "runbook": build_runbook(result)}
