#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroup_replacement
version_added: 0.1.0
short_description: Replace a managed node group of an Amazon EKS cluster by a new one, and move its pods
description:
  - Creates a node group beside an existing one, moves the pods, and deletes the existing one when no pod is left on its nodes (blue/green). It is for
    what EKS cannot change in place, like instance types, subnets, disks and the AMI type, and for updates whose way back is the old group.
  - The new group has the settings of the old one, with those of O(nodegroup) over them, and begins with as many nodes as the old one has now.
  - Before anything is made, the free addresses of its subnets and the quotas of running vCPUs must have room for it beside the old one.
  - Nothing is done if the group is as O(nodegroup) says, has the Kubernetes version of its cluster, and is called O(new_name). Changes that EKS makes
    in place without replacing nodes, like labels, do not replace a group either. Use M(kumo.eks.eks_nodegroup) for these.
  - When the new nodes are Ready, all nodes of the old group are cordoned, and drained at the pace of O(drain). Pods are evicted by the Eviction API, which
    respects PodDisruptionBudgets. Pods of DaemonSets and static pods do not count. Nodes that an autoscaler adds to the old group meanwhile are
    cordoned and drained, too.
  - Until the old group is deleted, O(state=reverted) takes the replacement back. The pods move back at the same pace, the new group is deleted, and the
    old nodes take pods again. Nodes that somebody else had cordoned stay cordoned.
  - EKS cannot rename a node group, so the new one has another name. It has the tag C(kumo.eks/nodegroup) with the declared name, by which the other modules
    and playbooks of this collection find it, so that the declaration does not change. Until the old group is deleted, the tag C(kumo.eks/replaces) says
    which group it replaces.
  - All state is in these tags and in annotations of the nodes. A run that was interrupted is continued by the next one.
  - The cluster autoscaler does not end nodes of the old group meanwhile (annotation C(cluster-autoscaler.kubernetes.io/scale-down-disabled)), nor
    those of the new one (its least size is its number of nodes until the old group is deleted).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The node group that is replaced. Its declared name, or the name that it has in EKS.
    type: str
    required: true
  new_name:
    description:
      - The name of the new group in EKS. By default, it is O(name) with the next number, like C(general-2).
      - A group that is not called so is replaced, even if nothing else is different.
    type: str
  nodegroup:
    description:
      - Settings of the new group, with the options of M(kumo.eks.eks_nodegroup). Omitted ones are those of the old group.
      - O(kumo.eks.eks_nodegroup#module:version) is ignored, because a new group has the version of its cluster.
    type: dict
    default: {}
  defaults:
    description: Options of O(nodegroup) that it does not have itself, as in O(kumo.eks.eks_nodegroup#module:defaults).
    type: dict
    default: {}
  node_roles:
    description: ARNs of IAM roles by the declared name of a node group, as in O(kumo.eks.eks_nodegroup#module:node_roles).
    type: dict
    default: {}
  private_subnets:
    description:
      - IDs of the subnets of a declared group that does not set any, as in O(kumo.eks.eks_nodegroup#module:private_subnets).
        They are read where O(nodegroup) is a whole declaration.
    type: list
    elements: str
  public_subnets:
    description: The same for a group with C(private_networking=false).
    type: list
    elements: str
  subnet_zones:
    description: The zones of the subnets by their IDs, as in O(kumo.eks.eks_nodegroup#module:subnet_zones).
    type: dict
  tags:
    description: Tags of the group, to which its own are added. Omitted, those of the old group are kept.
    type: dict
  state:
    description:
      - V(replaced) replaces the group.
      - V(reverted) takes a replacement back that has not ended. If none is under way, nodes that an earlier run had cordoned take pods again.
    type: str
    choices: [replaced, reverted]
    default: replaced
  stop_at:
    description:
      - Where the task ends. V(ready) leaves both groups, with Ready nodes and no pod moved. V(drained) leaves the empty old group, so that
        the way back is quick. V(deleted) ends the replacement, after which there is no way back.
      - A later task with a later value goes on from there.
    type: str
    choices: [ready, drained, deleted]
    default: deleted
  drain:
    description: The pace of the drain.
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
        description:
          - How many seconds a node may take. Then the task fails, and says which pods are left and which budgets keep them. Nothing is deleted.
        type: int
        default: 3600
  wait_timeout:
    description: The limit of each wait for EKS, in seconds. A drain has the limit of O(drain.timeout) for each node.
    type: int
    default: 7200
  ready_timeout:
    description: How many seconds the nodes of the new group may take to be Ready when the group is ACTIVE.
    type: int
    default: 900
  overrides:
    description:
      - Reasons to create the new group although there is no room for it. The gate C(node_addresses) fails if its subnets have fewer free
        addresses than it begins with nodes. C(vcpu_quota) fails if a quota of running vCPUs would be exceeded.
      - What could not be read, such as a quota, is a warning.
    type: list
    elements: dict
    default: []
    suboptions:
      gate:
        description: The gate's name.
        type: str
        required: true
      reason:
        description: Why. It is part of the warning.
        type: str
        required: true
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
    support: full
  facts:
    support: none
  platform:
    platforms: posix
notes:
  - The caller must be able to reach the Kubernetes API, list and patch nodes, list pods, and create evictions.
  - Pods that nothing starts again, and the contents of emptyDir volumes, are lost with the eviction, as with any drain. The former are named in a warning.
  - While both groups exist, both are paid for.
seealso:
  - module: kumo.eks.eks_nodegroup
  - module: kumo.eks.eks_upgrade
  - name: Safely drain a node
    description: What a drain does, and what keeps it up.
    link: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

EXAMPLES = r"""
- name: Give a node group other instance types, two nodes at a time
  kumo.eks.eks_nodegroup_replacement:
    cluster_name: my-cluster
    name: general
    nodegroup:
      instance_types: [m7i.large]
    drain:
      max_parallel: 2
      pause: 60
    region: ap-northeast-1

- name: Begin a replacement, and leave the pods where they are
  kumo.eks.eks_nodegroup_replacement:
    cluster_name: my-cluster
    name: general
    nodegroup:
      ami_type: BOTTLEROCKET_x86_64
    stop_at: ready
    region: ap-northeast-1

- name: Take it back
  kumo.eks.eks_nodegroup_replacement:
    cluster_name: my-cluster
    name: general
    state: reverted
    region: ap-northeast-1
"""

RETURN = r"""
nodegroup:
  description: The node group that is there for O(name) after the task, as DescribeNodegroup answers it, in snake case.
  returned: success
  type: dict
  contains:
    # Nodegroup: written by tools/shared_docs.py, from here
    nodegroup_name:
      description: The node group's name.
      returned: when the node group exists
      type: str
      sample: general-ng
    nodegroup_arn:
      description: The node group's ARN.
      returned: when the node group exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:nodegroup/my-cluster/general-ng/1
    cluster_name:
      description: The cluster's name.
      returned: when the node group exists
      type: str
      sample: my-cluster
    version:
      description: Its Kubernetes version.
      returned: when the node group exists
      type: str
      sample: '1.34'
    release_version:
      description: Release version of the AMI.
      returned: when EKS returns it
      type: str
      sample: 1.34.2-20260801
    created_at:
      description: When it was created.
      returned: when the node group exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: when EKS returns it
      type: str
      sample: '2026-08-02T09:00:00+09:00'
    status:
      description: Its status.
      returned: when the node group exists
      type: str
      sample: ACTIVE
    capacity_type:
      description: How the capacity is bought.
      returned: when EKS returns it
      type: str
      sample: ON_DEMAND
    scaling_config:
      description: The sizes of the group.
      returned: when the node group exists
      type: dict
      contains:
        min_size:
          description: The least number of nodes.
          returned: when EKS returns it
          type: int
          sample: 2
        max_size:
          description: The most nodes.
          returned: when EKS returns it
          type: int
          sample: 10
        desired_size:
          description: The number of nodes.
          returned: when EKS returns it
          type: int
          sample: 3
    instance_types:
      description: The instance types.
      returned: when EKS returns it
      type: list
      elements: str
      sample: [m5.large]
    subnets:
      description: IDs of the subnets.
      returned: when the node group exists
      type: list
      elements: str
      sample: [subnet-11111111, subnet-22222222]
    remote_access:
      description: SSH access to the nodes.
      returned: when EKS returns it
      type: dict
      contains:
        ec2_ssh_key:
          description: Name of the EC2 key pair.
          returned: when EKS returns it
          type: str
          sample: my-key
        source_security_groups:
          description: IDs of the security groups from which SSH is allowed.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [sg-11111111]
    ami_type:
      description: The kind of machine image.
      returned: when EKS returns it
      type: str
      sample: AL2023_x86_64_STANDARD
    node_role:
      description: ARN of the nodes' IAM role.
      returned: when the node group exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksNodeRole
    labels:
      description: The labels.
      returned: when EKS returns it
      type: dict
      sample:
        role: general
    taints:
      description: The taints of the nodes.
      returned: when EKS returns it
      type: list
      elements: dict
      contains:
        key:
          description: The key.
          returned: always
          type: str
          sample: dedicated
        value:
          description: The value.
          returned: when EKS returns it
          type: str
          sample: batch
        effect:
          description: The effect.
          returned: always
          type: str
          sample: NO_SCHEDULE
    resources:
      description: The AWS resources of the group.
      returned: when EKS returns it
      type: dict
      contains:
        auto_scaling_groups:
          description: The Auto Scaling groups.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            name:
              description: The name.
              returned: when EKS returns it
              type: str
              sample: eks-general-ng-1
        remote_access_security_group:
          description: ID of the security group for SSH.
          returned: when EKS returns it
          type: str
          sample: sg-22222222
    disk_size:
      description: Size of the root volume in GiB.
      returned: when EKS returns it
      type: int
      sample: 20
    health:
      description: Health issues that EKS reports.
      returned: when EKS returns it
      type: dict
      contains:
        issues:
          description: The issues.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            code:
              description: The error code.
              returned: always
              type: str
              sample: AccessDenied
            message:
              description: The message of EKS.
              returned: always
              type: str
              sample: no access
            resource_ids:
              description: The resources that are affected.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [i-0123456789abcdef0]
    update_config:
      description: How the nodes are updated.
      returned: when EKS returns it
      type: dict
      contains:
        max_unavailable:
          description: How many nodes may be unavailable at once.
          returned: when EKS returns it
          type: int
          sample: 1
        max_unavailable_percentage:
          description: The same as a percentage.
          returned: when EKS returns it
          type: int
          sample: 25
        update_strategy:
          description: Whether new nodes start before old ones end.
          returned: when EKS returns it
          type: str
          sample: DEFAULT
    node_repair_config:
      description: How unhealthy nodes are repaired.
      returned: when EKS returns it
      type: dict
      contains:
        enabled:
          description: Whether it is enabled.
          returned: always
          type: bool
          sample: true
        max_unhealthy_node_threshold_count:
          description: Above this number of unhealthy nodes, repairs stop.
          returned: when EKS returns it
          type: int
          sample: 5
        max_unhealthy_node_threshold_percentage:
          description: Above this percentage of unhealthy nodes, repairs stop.
          returned: when EKS returns it
          type: int
          sample: 20
        max_parallel_nodes_repaired_count:
          description: How many nodes are repaired at once.
          returned: when EKS returns it
          type: int
          sample: 1
        max_parallel_nodes_repaired_percentage:
          description: What percentage of the unhealthy nodes is repaired at once.
          returned: when EKS returns it
          type: int
          sample: 20
        node_repair_config_overrides:
          description: What is done for particular conditions.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            node_monitoring_condition:
              description: The condition that the node monitoring agent reports.
              returned: when EKS returns it
              type: str
              sample: AcceleratedHardwareReady
            node_unhealthy_reason:
              description: The reason that the node monitoring agent reports.
              returned: when EKS returns it
              type: str
              sample: NvidiaXID13Error
            min_repair_wait_time_mins:
              description: How many minutes the node stays unhealthy before it is repaired.
              returned: when EKS returns it
              type: int
              sample: 10
            repair_action:
              description: What is done.
              returned: when EKS returns it
              type: str
              sample: Replace
    launch_template:
      description: The EC2 launch template.
      returned: when EKS returns it
      type: dict
      contains:
        name:
          description: Its name.
          returned: when EKS returns it
          type: str
          sample: gp3
        version:
          description: The version in use.
          returned: when EKS returns it
          type: str
          sample: '1'
        id:
          description: Its ID.
          returned: when EKS returns it
          type: str
          sample: lt-0123456789abcdef0
    tags:
      description: Its tags.
      returned: when the node group exists
      type: dict
      sample:
        Environment: production
    warm_pool_config:
      description: The instances that wait to become nodes.
      returned: when EKS returns it
      type: dict
      contains:
        enabled:
          description: Whether it is enabled.
          returned: always
          type: bool
          sample: true
        min_size:
          description: The least number of instances in the pool.
          returned: when EKS returns it
          type: int
          sample: 1
        max_group_prepared_capacity:
          description: The most instances of the pool and the group together.
          returned: when EKS returns it
          type: int
          sample: 12
        pool_state:
          description: In what state the instances wait.
          returned: when EKS returns it
          type: str
          sample: STOPPED
        reuse_on_scale_in:
          description: Whether an instance goes back to the pool when the group shrinks.
          returned: when EKS returns it
          type: bool
          sample: false
    # to here.
steps:
  description:
    - What the task has done, in its order, or in check mode what it would do. A failed task has it, too.
  returned: always
  type: list
  elements: dict
  contains:
    step:
      description: V(create), V(drain), V(resize), V(delete), or V(release) for nodes that take pods again.
      returned: always
      type: str
      sample: drain
    nodegroup:
      description: The name of the node group in EKS.
      returned: always
      type: str
      sample: general
    text:
      description: The step in words.
      returned: always
      type: str
      sample: drain 3 nodes of general, 1 at once
"""

from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.replacement import build_drain_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import ROOM_GATE_IDS, build_override_spec
from ansible_collections.kumo.eks.plugins.module_utils.nodes.replacement_task import build_replacement
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import read_overrides
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.replacement_room import RoomCheck


def build_spec() -> dict[str, Any]:
    """The module's options."""
    subnets = dict(type="list", elements="str")
    return dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True),
        new_name=dict(type="str"),
        nodegroup=dict(type="dict", default={}),
        defaults=dict(type="dict", default={}),
        node_roles=dict(type="dict", default={}),
        private_subnets=subnets,
        public_subnets=subnets,
        subnet_zones=dict(type="dict"),
        tags=dict(type="dict"),
        state=dict(type="str", choices=["replaced", "reverted"], default="replaced"),
        stop_at=dict(type="str", choices=["ready", "drained", "deleted"], default="deleted"),
        drain=build_drain_spec(),
        wait_timeout=dict(type="int", default=7200),
        ready_timeout=dict(type="int", default=900),
        overrides=dict(type="list", elements="dict", default=[], options=build_override_spec()),
    )


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_spec(), supports_check_mode=True)
    params = module.params
    what = f"Could not replace node group {params['name']} of cluster {params['cluster_name']}"
    with handle_failures(module, what), ExitStack() as stack:
        overrides = read_overrides(params["overrides"], ROOM_GATE_IDS)
        replacement = build_replacement(params, partial(get_client, module), module.check_mode, module.warn, stack)
        describe = replacement.manager.lookups.describe_cluster
        replacement.check_room = RoomCheck(partial(get_client, module), describe, overrides, module.warn).check
        done = replacement.revert() if params["state"] == "reverted" else replacement.replace()
    diff = {"before": done.before, "after": done.after}
    nodegroup = convert_answer(done.raw or {})
    module.exit_json(changed=done.changed, nodegroup=nodegroup, steps=replacement.steps, diff=diff)


if __name__ == "__main__":
    main()
