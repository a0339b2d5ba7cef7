#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon_update
version_added: 0.1.0
short_description: Update the managed add-ons of an Amazon EKS cluster
description:
  - Brings all managed add-ons of a cluster to the versions that EKS recommends for its Kubernetes version, or to the newest ones, one after the
    other. It can be scheduled.
  - Settings and IAM roles of add-ons are kept. An add-on that is newer than recommended and compatible is not changed.
  - Gates are evaluated before the first update. If one is closed, the task fails, and nothing is changed. What could not be determined closes a gate,
    too. The gates are C(cluster_active), C(addons_active), C(addon_compatibility) and C(addon_configuration).
  - After each update the add-on must be ACTIVE, and pods that were ready must be ready again. The first add-on that is not ends the run, with what
    EKS says of it and with the way back.
  - When no update is left, or there was none, the add-ons must be ACTIVE without health issues within O(health_timeout). An override of the gate
    C(addons_active) accepts others.
  - An update to another major version is left to you, unless O(allow_major) has the add-on.
  - Add-ons that EKS does not manage are named in RV(self_managed), and are not changed.
  - Where the module runs on the controller itself, it prints what it does while it lasts. In check mode it prints the plan and the gates.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  version:
    description: Which version add-ons get that O(addon_versions) does not name. V(default) is the one that EKS recommends.
    type: str
    choices: [default, most_recent]
    default: default
  addon_versions:
    description:
      - The version of an add-on by its name. V(default), V(most_recent), or a version.
      - Here and in O(only), O(skip) and O(allow_major), a name that is not that of an EKS add-on is refused. For an add-on that the cluster does
        not have, a warning is given.
    type: dict
    default: {}
  only:
    description: Names of the add-ons that are updated. If the list is empty, all are.
    type: list
    elements: str
    default: []
  skip:
    description: Names of add-ons that are not updated.
    type: list
    elements: str
    default: []
  allow_major:
    description: Names of add-ons that may get another major version.
    type: list
    elements: str
    default: []
  overrides:
    description: Gates that are passed although they are closed.
    type: list
    elements: dict
    default: []
    suboptions:
      gate:
        description: The gate's name.
        type: str
        required: true
      reason:
        description: Why. It is part of the result and of the record.
        type: str
        required: true
  kubernetes:
    description: Whether the Kubernetes API is asked for nodes, pods and add-ons that EKS does not manage.
    type: bool
    default: true
  owned:
    description: Whether a cluster that kumo.eks did not create is refused.
    type: bool
    default: false
  adopt:
    description: With O(owned=true), whether the add-ons of such a cluster are updated all the same.
    type: bool
    default: false
  wait_timeout:
    description: The limit of each update, in seconds.
    type: int
    default: 1200
  health_timeout:
    description: How long an add-on and pods may take to be ready after an update, in seconds.
    type: int
    default: 600
  # MaintenanceWindows: written by tools/shared_docs.py, from here
  windows:
    description:
      - The maintenance windows. No step is begun outside of them, and none that is not expected to end in the window that is open. What
        is in progress is waited for.
      - If there are none, steps are begun at any time. Windows that touch or overlap each other are one.
      - The clock and the time zones are those of the host that runs the module.
    type: list
    elements: dict
    default: []
    suboptions:
      days:
        description: Days of the week on which it opens, in its time zone.
        type: list
        elements: str
        choices: [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
        default: [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
      start:
        description: When it opens, as HH:MM in quotes. It may close on a later day.
        type: str
        required: true
      duration:
        description: How long it is open, up to seven days. For example V(4h), V(90m) or V(1h30m).
        type: str
        required: true
      timezone:
        description: Its time zone by the name in the IANA database. Other zones than V(UTC) need this database, or the Python package tzdata.
        type: str
        default: UTC
      exclude:
        description: Days on which it is closed, like V(2026-12-24), or V(2026-12-20/2027-01-05) for all days of a period.
        type: list
        elements: str
        default: []
  expected_minutes:
    description:
      - How many minutes a step is expected to take, by its kind, to decide whether it ends in a window. AWS does not promise durations.
      - The defaults are V(control_plane) 20, V(addon) 5, and V(fargate_pods) 15. V(nodegroup) and V(self_managed_nodes) have 6 for each
        batch of nodes that is replaced at once, and 10 minutes more for all of them together.
    type: dict
    default: {}
  wait_for_window:
    description:
      - Whether the task waits for the next window, and goes on in it. Otherwise it ends well, with RV(waiting_for_window).
    type: bool
    default: false
  # to here.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
seealso:
  - module: kumo.eks.eks_addon
  - module: kumo.eks.eks_upgrade
  - name: Update an Amazon EKS add-on
    description: What AWS says of an update.
    link: https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html
"""

EXAMPLES = r"""
- name: Update all add-ons to the versions that EKS recommends
  kumo.eks.eks_addon_update:
    cluster_name: my-cluster
    region: ap-northeast-1

- name: Update add-ons to the newest versions in the nights of weekends
  kumo.eks.eks_addon_update:
    cluster_name: my-cluster
    version: most_recent
    skip: [vpc-cni]
    windows:
      - days: [Sat, Sun]
        start: "02:00"
        duration: 4h
        timezone: Asia/Tokyo
    region: ap-northeast-1
"""

RETURN = r"""
cluster_name:
  description: The cluster's name.
  returned: success
  type: str
  sample: my-cluster
version:
  description: The version of the control plane.
  returned: success
  type: str
  sample: '1.33'
region:
  description: The region.
  returned: success
  type: str
  sample: ap-northeast-1
steps:
  description: The updates that are left, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    # UpgradeStep: written by tools/shared_docs.py, from here
    minor:
      description: The Kubernetes version to which the step belongs.
      returned: always
      type: str
      sample: '1.33'
    kind:
      description:
        - V(control_plane), V(addon), V(nodegroup), V(self_managed_nodes), V(fargate_pods), V(auto_mode_nodes) or V(other_nodes).
      returned: always
      type: str
      sample: nodegroup
    name:
      description: The name of the add-on, node group or cluster. Empty for what has none.
      returned: always
      type: str
      sample: general
    before:
      description: The version before the step.
      returned: always
      type: str
      sample: '1.32'
    after:
      description: The version after the step.
      returned: always
      type: str
      sample: '1.33'
    by:
      description: Who does it. V(kumo.eks), V(EKS) for what follows by itself, or V(you) for what this collection cannot do.
      returned: always
      type: str
      sample: kumo.eks
    note:
      description: What else is to be known of the step.
      returned: always
      type: str
      sample: v1.11.1-eksbuild.23 is not compatible with 1.32, v1.11.4-eksbuild.24 is with both
    usual_duration:
      description: How long the step usually takes, or its limit. Empty if AWS does not say it.
      returned: always
      type: str
      sample: a few minutes
    source:
      description: Where AWS says so.
      returned: always
      type: str
      sample: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html
    # to here.
gates:
  description: The gates, as they were evaluated last.
  returned: when they were evaluated
  type: list
  elements: dict
  contains:
    # UpgradeGate: written by tools/shared_docs.py, from here
    id:
      description: The gate's name, by which O(overrides) goes past it.
      returned: always
      type: str
      sample: disruption_budgets
    title:
      description: What the gate asks for.
      returned: always
      type: str
      sample: PodDisruptionBudgets allow the drain of nodes
    verdict:
      description: V(passed), V(failed), or V(unknown) if it could not be determined. What is unknown has not passed.
      returned: always
      type: str
      sample: failed
    evidence:
      description: What was read.
      returned: always
      type: list
      elements: str
      sample:
        - PodDisruptionBudget production/web allows no disruption of web-0
    warnings:
      description: What does not close the gate and should be known.
      returned: always
      type: list
      elements: str
      sample: []
    remedy:
      description: What to do, if it has not passed.
      returned: always
      type: str
      sample: Add replicas, or loosen the budget for the time of the upgrade.
    applies:
      description: Whether it stands before the next step. Some gates stand only before a step of the control plane.
      returned: always
      type: bool
      sample: true
    override:
      description: The reason by which O(overrides) goes past it. Empty if it does not.
      returned: always
      type: str
      sample: ''
    # to here.
ready:
  description: Whether no gate is closed.
  returned: success
  type: bool
  sample: true
self_managed:
  description: Add-ons whose software runs in the cluster, and which EKS does not manage. Only the VPC CNI, kube-proxy and CoreDNS are looked for.
  returned: success
  type: list
  elements: str
  sample: [coredns]
lines:
  description: Plan and gates as lines of text.
  returned: success
  type: list
  elements: str
  sample: ['Update of the add-ons of cluster my-cluster: 2 steps.']
done:
  description: The updates that this run has done, in their order. A failed task has it, too.
  returned: always, except in check mode
  type: list
  elements: dict
  contains:
    # UpgradeStep: written by tools/shared_docs.py, from here
    minor:
      description: The Kubernetes version to which the step belongs.
      returned: always
      type: str
      sample: '1.33'
    kind:
      description:
        - V(control_plane), V(addon), V(nodegroup), V(self_managed_nodes), V(fargate_pods), V(auto_mode_nodes) or V(other_nodes).
      returned: always
      type: str
      sample: nodegroup
    name:
      description: The name of the add-on, node group or cluster. Empty for what has none.
      returned: always
      type: str
      sample: general
    before:
      description: The version before the step.
      returned: always
      type: str
      sample: '1.32'
    after:
      description: The version after the step.
      returned: always
      type: str
      sample: '1.33'
    by:
      description: Who does it. V(kumo.eks), V(EKS) for what follows by itself, or V(you) for what this collection cannot do.
      returned: always
      type: str
      sample: kumo.eks
    note:
      description: What else is to be known of the step.
      returned: always
      type: str
      sample: v1.11.1-eksbuild.23 is not compatible with 1.32, v1.11.4-eksbuild.24 is with both
    usual_duration:
      description: How long the step usually takes, or its limit. Empty if AWS does not say it.
      returned: always
      type: str
      sample: a few minutes
    source:
      description: Where AWS says so.
      returned: always
      type: str
      sample: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html
    # to here.
    began:
      description: When it began.
      returned: always
      type: str
      sample: '2026-11-26T09:00:00Z'
    seconds:
      description: How long it took.
      returned: always
      type: float
      sample: 40.2
    health:
      description: What nodes and pods were like after it.
      returned: when it was looked at
      type: str
      sample: 3 nodes and their pods are ready
waiting_for_window:
  description:
    - The update that is left, and when the next maintenance window opens for it. It is null if none waits for one.
    - In check mode it says whether the first update would wait.
  returned: always
  type: dict
  contains:
    # WaitingForWindow: written by tools/shared_docs.py, from here
    step:
      description: The step that is not begun.
      returned: always
      type: str
      sample: control plane
    expected_seconds:
      description: How long the step is expected to take.
      returned: always
      type: int
      sample: 1200
    reason:
      description: Why it is not begun.
      returned: always
      type: str
      sample: control plane is not begun outside of the maintenance windows
    opens:
      description: When the next window opens that is long enough.
      returned: always
      type: str
      sample: '2026-11-28T17:00:00Z'
    closes:
      description: When that window closes.
      returned: always
      type: str
      sample: '2026-11-28T21:00:00Z'
    opens_at:
      description: When it opens, in seconds since 1970.
      returned: always
      type: int
      sample: 1795885200
    # to here.
record:
  description: The whole run as data, also if it failed, as in RV(kumo.eks.eks_upgrade#module:record).
  returned: always, except in check mode
  type: dict
  sample: {"result": "done"}
record_markdown:
  description: RV(record) as a Markdown page.
  returned: always, except in check mode
  type: str
  sample: '# Update of the add-ons of my-cluster'
"""

from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import ADDON_GATE_IDS, build_override_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_range_problems,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.acts import UpgradeActs
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.addon_updates import AddonReader, AddonUpdates
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import Verdict, read_overrides
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import KubernetesReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.record import check_owner, run_and_record
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.report import format_lines
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.task import build_reader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import (
    WAITING,
    build_keeper,
    build_windows_spec,
)


def build_spec() -> dict[str, Any]:
    """The module's options."""
    return dict(
        cluster_name=dict(type="str", required=True),
        version=dict(type="str", choices=["default", "most_recent"], default="default"),
        addon_versions=dict(type="dict", default={}),
        only=dict(type="list", elements="str", default=[]),
        skip=dict(type="list", elements="str", default=[]),
        allow_major=dict(type="list", elements="str", default=[]),
        overrides=dict(type="list", elements="dict", default=[], options=build_override_spec()),
        kubernetes=dict(type="bool", default=True),
        owned=dict(type="bool", default=False),
        adopt=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=1200),
        health_timeout=dict(type="int", default=600),
        **build_windows_spec(),
    )


def build_updates(module: AnsibleAWSModule, stack: ExitStack) -> AddonUpdates:
    """The run that the options ask for."""
    params, eks = module.params, get_client(module)
    name = params["cluster_name"]
    limits = ("wait_timeout", "health_timeout")
    raise_problems(problem for option in limits for problem in find_range_problems(option, params[option], 1))
    overrides = read_overrides(params["overrides"], ADDON_GATE_IDS)
    sts = get_client(module, "sts")
    kubernetes = KubernetesReader(stack, sts, name, eks.meta.region_name) if params["kubernetes"] else None
    lookups = NodegroupLookups(eks, name, *(partial(get_client, module, service) for service in ("ec2", "ssm")))
    return AddonUpdates(
        reader=AddonReader(build_reader(module, kubernetes)),
        acts=UpgradeActs(eks, name, lookups, _refuse, _refuse, wait_timeout=params["wait_timeout"], warn=module.warn),
        target=0,  # the version that the cluster has
        addon_versions={key: str(value) for key, value in params["addon_versions"].items()},
        declared=set(),
        overrides=overrides,
        health_timeout=params["health_timeout"],
        step_timeout=params["wait_timeout"],
        window=build_keeper(params),
        describe_addon=partial(describe_addon, eks, name),
        describe_schema=AddonCatalog(eks, name).describe_schema,
        default_version=params["version"],
        only=set(params["only"]),
        skip=set(params["skip"]),
        allow_major=set(params["allow_major"]),
        warn=module.warn,
    )


def describe_addon(eks: Any, cluster: str, name: str) -> dict[str, Any]:
    """An add-on as it is now, {} for one that is gone."""
    return describe_or_none(eks.describe_addon, "addon", clusterName=cluster, addonName=name) or {}


def _refuse() -> Any:
    """Updates of add-ons have no steps that change nodes."""
    raise NotImplementedError


def build_result(
    module: AnsibleAWSModule, updates: AddonUpdates, plan: Plan, verdicts: list[Verdict]
) -> dict[str, Any]:
    """The plan and the gates as the result of the task."""
    read = updates.reader.list_self_managed(updates.seen)
    result = {
        "cluster_name": module.params["cluster_name"],
        "version": f"1.{plan.current}",
        "region": get_client(module).meta.region_name,
        "steps": [step.build_row() for step in plan.steps],
        "gates": [row.build_row() for row in verdicts],
        "ready": all(row.is_open for row in verdicts),
        "self_managed": read.value or [],
        WAITING: updates.waiting,
    }
    return {**result, "lines": format_lines(result, updates.title) + list_remarks(result["self_managed"])}


def list_remarks(names: list[str]) -> list[str]:
    """What EKS does not manage, as lines."""
    return [f"Not managed by EKS, and not updated: {', '.join(names)}."] if names else []


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_spec(), supports_check_mode=True)
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not update the add-ons of cluster {name}"), ExitStack() as stack:
        updates = build_updates(module, stack)
        check_owner(module)
        if module.check_mode:
            plan, verdicts = updates.look()
            result = build_result(module, updates, plan, verdicts)
            result["changed"] = bool(plan.own_steps) and not updates.waiting
        else:
            (plan, verdicts), facts = run_and_record(module, updates)
            result = {**build_result(module, updates, plan, verdicts), **facts}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
