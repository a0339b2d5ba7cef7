#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_upgrade_info
version_added: 0.1.0
short_description: Plan the upgrade of an Amazon EKS cluster, and evaluate its gates
description:
  - Describes all steps from the state of a cluster to a Kubernetes version, one minor version at a time. These are the control plane, add-ons with
    the versions that EKS recommends, managed node groups, self-managed nodes and pods on Fargate.
  - Evaluates all gates of the next step, each with what was read and what to do. A gate that could not be determined has not passed.
  - >-
    The gates are C(cluster_active), C(nodegroups_active), C(addons_active), C(version_support), C(insights), C(addon_compatibility),
    C(nodegroup_versions), C(kubelet_skew), C(kube_proxy_skew), C(removed_apis), C(removed_features), C(control_plane_addresses),
    C(node_addresses), C(vcpu_quota), C(disruption_budgets) and C(single_replicas).
  - Several gates ask the Kubernetes API of the cluster, which must be reachable from where the module runs.
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
  - module: kumo.eks.eks_upgrade
  - module: kumo.eks.eks_insights_info
  - name: Update an Amazon EKS cluster to a new Kubernetes version
    description: What AWS says of an upgrade.
    link: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
"""

EXAMPLES = r"""
- name: Plan an upgrade by two minor versions
  kumo.eks.eks_upgrade_info:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    region: ap-northeast-1
  register: upgrade

- name: Plan an upgrade with a version of CoreDNS
  kumo.eks.eks_upgrade_info:
    cluster_name: my-cluster
    kubernetes_version: "1.33"
    addon_versions:
      coredns: v1.12.4-eksbuild.1
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
"""

from contextlib import ExitStack

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.task import (
    build_plan_result,
    build_upgrade,
    build_upgrade_spec,
)


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_upgrade_spec(), supports_check_mode=True)
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not plan the upgrade of cluster {name}"), ExitStack() as stack:
        plan, verdicts = build_upgrade(module, stack).look()
        result = build_plan_result(module, plan, verdicts)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
