#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_upgrade
version_added: 0.1.0
short_description: Upgrade an Amazon EKS cluster with everything in it
description:
  - Brings a cluster to a Kubernetes version, one minor version at a time. After the control plane, add-ons get the version that EKS
    recommends, managed node groups and self-managed nodes are replaced, and pods on Fargate are restarted.
  - Settings and IAM roles of add-ons are kept. Managed node groups are updated one after the other.
  - All gates are evaluated before the first step, and again before each step of the control plane. If one is closed, the task fails, and nothing
    behind it is changed. What could not be determined closes a gate, too.
  - >-
    The gates are C(cluster_active), C(nodegroups_active), C(addons_active), C(version_support), C(insights), C(addon_compatibility),
    C(nodegroup_versions), C(kubelet_skew), C(kube_proxy_skew), C(removed_apis), C(removed_features), C(control_plane_addresses),
    C(node_addresses), C(vcpu_quota), C(disruption_budgets) and C(single_replicas).
  - After each step, nodes must have its version, and nodes and pods must be ready. Pods that were not ready at the beginning do not count.
  - Nothing is kept between two steps. A run that was interrupted is continued by the next one, which waits for updates in progress first.
  - With O(windows), steps are begun in maintenance windows only. The next run goes on where a window closed.
  - When no step is left, or there was none, the cluster, node groups and add-ons must be ACTIVE without health issues within O(health_timeout).
    Overrides of the gates C(cluster_active), C(nodegroups_active) and C(addons_active) accept others.
  - Where the module runs on the controller itself, it prints what it does while it lasts. In check mode it prints the plan and the gates.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  # UpgradeOptions: written by tools/shared_docs.py, from here
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  kubernetes_version:
    description:
      - The version that the upgrade is to reach, in quotes. It may be several minor versions away, and is reached one minor version at
        a time.
      - The cluster's own version is allowed. Then only what lags behind it is left to do.
      - With O(rollback=true), the version before the cluster's.
    type: str
    required: true
  rollback:
    description:
      - Whether the cluster goes back to the version before its own, which EKS allows for seven days after an upgrade.
      - Add-ons that are not compatible with the older version, managed node groups and self-managed nodes go back first, because no kubelet
        may be newer than the control plane. Pods on Fargate, nodes of other owners, and groups with an image of your own are named as left
        to you.
      - EKS' insights about the rollback take the place of those about an upgrade. The gates C(removed_apis) and C(removed_features) do
        not apply.
    type: bool
    default: false
  addon_versions:
    description:
      - The version of an add-on by its name. V(default), which EKS recommends for the Kubernetes version, V(most_recent), or a version
        by name where that is compatible.
      - An add-on that is newer than recommended and compatible is not changed.
      - A name that is none of an add-on of EKS is refused. One that the cluster does not have is a warning.
    type: dict
    default: {}
  self_managed_nodegroups:
    description:
      - The declaration of groups of self-managed nodes, with the options of M(kumo.eks.eks_self_managed_nodes).
      - A group that is not in the list is named as a step that is left to you, because its launch template is made from its declaration.
    type: list
    elements: dict
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
  nodegroup_strategy:
    description:
      - How managed node groups get a version. With V(rolling), EKS replaces their nodes. With V(blue_green), a new node group is created
        for each, its pods move there at a given pace, and the old group is deleted, as by M(kumo.eks.eks_nodegroup_replacement).
      - EKS creates node groups only with the version of the cluster. So each minor version on the way takes a new group, and O(rollback=true)
        rolls them.
    type: str
    choices: [rolling, blue_green]
    default: rolling
  nodegroup_strategies:
    description: The strategy of single node groups, by the declared name or the name in EKS, over O(nodegroup_strategy).
    type: dict
    default: {}
  refresh_insights:
    description:
      - Whether EKS checks the cluster now, before its upgrade insights are read. EKS does so once a day by itself.
      - It is not done in check mode.
    type: bool
    default: true
  refresh_timeout:
    description: The limit for the refresh, in seconds.
    type: int
    default: 900
  # to here.
  self_managed_nodegroup_defaults:
    description: Options of O(self_managed_nodegroups) that do not have their own.
    type: dict
    default: {}
  self_managed_tags:
    description: Tags of O(self_managed_nodegroups), as in the task that created them.
    type: dict
  force:
    description: Whether EKS replaces nodes of managed node groups although a PodDisruptionBudget keeps pods on them.
    type: bool
    default: false
  nodegroup_drain:
    description: The pace at which the nodes of a group with the strategy V(blue_green) are drained.
    type: dict
    default: {}
    suboptions:
      max_parallel:
        description: How many nodes are drained at once.
        type: int
        default: 1
      pause:
        description: How many seconds pass between the end of a drain and the beginning of the next one.
        type: int
        default: 0
      timeout:
        description: How many seconds a node may take. Then the task fails, and says which pods are left and which budgets keep them.
        type: int
        default: 3600
  owned:
    description: Whether a cluster that kumo.eks did not create is refused.
    type: bool
    default: false
  adopt:
    description: With O(owned=true), whether such a cluster is upgraded all the same.
    type: bool
    default: false
  wait_timeout:
    description: The limit of each step, in seconds.
    type: int
    default: 7200
  health_timeout:
    description: How long nodes and pods may take to be ready after a step, in seconds.
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
  - module: kumo.eks.eks_upgrade_info
  - module: kumo.eks.eks_nodegroup_replacement
  - module: kumo.eks.eks_cluster
  - name: Update an Amazon EKS cluster to a new Kubernetes version
    description: What AWS says of an upgrade.
    link: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
"""

EXAMPLES = r"""
- name: Upgrade a cluster with its add-ons and nodes
  kumo.eks.eks_upgrade:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    region: ap-northeast-1

- name: Upgrade, and replace one node group by a new one instead of rolling it
  kumo.eks.eks_upgrade:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    nodegroup_strategies:
      databases: blue_green
    nodegroup_drain:
      pause: 120
    region: ap-northeast-1

- name: Go back to the version before
  kumo.eks.eks_upgrade:
    cluster_name: my-cluster
    kubernetes_version: "1.32"
    rollback: true
    region: ap-northeast-1

- name: Upgrade past a gate
  kumo.eks.eks_upgrade:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    overrides:
      - gate: vcpu_quota
        reason: Service Quotas may not be read here. The quota was looked up in the console.
    region: ap-northeast-1

- name: Upgrade in the nights of weekends
  kumo.eks.eks_upgrade:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    windows:
      - days: [Sat, Sun]
        start: "02:00"
        duration: 4h
        timezone: Asia/Tokyo
        exclude: [2026-12-20/2027-01-05]
    region: ap-northeast-1
"""

RETURN = r"""
cluster_name:
  description: The cluster's name.
  returned: success
  type: str
  sample: my-cluster
version:
  description: The version of the control plane after the task.
  returned: success
  type: str
  sample: '1.31'
kubernetes_version:
  description: The version that the upgrade is to reach.
  returned: success
  type: str
  sample: '1.33'
rollback:
  description: Whether it is a rollback.
  returned: success
  type: bool
  sample: false
region:
  description: The region.
  returned: success
  type: str
  sample: ap-northeast-1
steps:
  description: The steps that are left, in their order.
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
  description: Whether no gate closes the next step.
  returned: success
  type: bool
  sample: false
lines:
  description: Plan and gates as lines of text.
  returned: success
  type: list
  elements: str
  sample: ['Upgrade of cluster my-cluster from 1.31 to 1.33: 10 steps.']
runbook:
  description: Plan and gates as a Markdown page for this cluster, with commands, checks and the way back.
  returned: success
  type: str
  sample: '# Upgrade of my-cluster from 1.31 to 1.33'
done:
  description: The steps that this run has done, in their order. A failed task has it, too.
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
      sample: 540.2
    health:
      description: What nodes and pods were like after it.
      returned: when it was looked at
      type: str
      sample: 3 nodes and their pods are ready
waiting_for_window:
  description:
    - The step that is left, and when the next maintenance window opens for it. It is null if no step waits for one.
    - In check mode it says whether the first step would wait.
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
  description: The whole run as data, also if it failed.
  returned: always, except in check mode
  type: dict
  contains:
    cluster_name:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    region:
      description: The region.
      returned: always
      type: str
      sample: ap-northeast-1
    caller:
      description: ARN of the caller.
      returned: always
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/admin/me
    began:
      description: When the run began.
      returned: always
      type: str
      sample: '2026-11-26T09:00:00Z'
    ended:
      description: When it ended.
      returned: always
      type: str
      sample: '2026-11-26T10:02:00Z'
    from_version:
      description: The version of the control plane at the beginning. Empty if it was not read.
      returned: always
      type: str
      sample: '1.31'
    version:
      description: The version of the control plane after the last step.
      returned: always
      type: str
      sample: '1.33'
    kubernetes_version:
      description: The version that was asked for.
      returned: always
      type: str
      sample: '1.33'
    rollback:
      description: Whether a rollback was asked for.
      returned: always
      type: bool
      sample: false
    result:
      description: V(done), V(nothing to do), V(waiting_for_window), or the message of the failure.
      returned: always
      type: str
      sample: done
    overrides:
      description: The reasons of O(overrides), by the gate.
      returned: always
      type: dict
      sample: {vcpu_quota: The quota was raised today}
    gates:
      description: The gates as they were last, as in RV(gates).
      returned: always
      type: list
      elements: dict
    done:
      description: The steps, as in RV(done).
      returned: always
      type: list
      elements: dict
    waiting_for_window:
      description: The same as RV(waiting_for_window).
      returned: always
      type: dict
record_markdown:
  description: RV(record) as a Markdown page.
  returned: always, except in check mode
  type: str
  sample: '# Upgrade of my-cluster'
"""

from contextlib import ExitStack
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.replacement import build_drain_spec
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.record import check_owner, run_and_record
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.task import (
    build_plan_result,
    build_upgrade,
    build_upgrade_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import build_windows_spec


def build_spec() -> dict[str, Any]:
    """The module's options."""
    return dict(
        **build_upgrade_spec(),
        self_managed_nodegroup_defaults=dict(type="dict", default={}),
        self_managed_tags=dict(type="dict"),
        force=dict(type="bool", default=False),
        nodegroup_drain=build_drain_spec(),
        owned=dict(type="bool", default=False),
        adopt=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=7200),
        health_timeout=dict(type="int", default=600),
        **build_windows_spec(),
    )


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_spec(), supports_check_mode=True)
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not upgrade cluster {name}"), ExitStack() as stack:
        upgrade = build_upgrade(module, stack)
        check_owner(module)
        if module.check_mode:
            plan, verdicts = upgrade.look()
            shown = build_plan_result(module, plan, verdicts, upgrade.waiting)
            result = {**shown, "changed": bool(plan.own_steps) and not upgrade.waiting}
        else:
            (plan, verdicts), facts = run_and_record(module, upgrade)
            result = {**build_plan_result(module, plan, verdicts, upgrade.waiting), **facts}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
