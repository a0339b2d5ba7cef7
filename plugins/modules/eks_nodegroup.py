#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroup
version_added: 0.1.0
short_description: Manage managed node groups of an Amazon EKS cluster
description:
  - Creates node groups, changes them in place, rolls them to new versions, and deletes them.
  - One node group by O(name), or a whole list in one task by O(nodegroups), reconciled side by side.
  - An option that is left out is left alone. What EKS cannot change is refused, unless O(replace) is asked for.
  - A task that was written for M(community.aws.eks_nodegroup) works when only the collection's name is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  nodegroups:
    description:
      - A list of node groups, each with O(name) and any other option that describes a node group.
      - The options that describe a node group stand in the list's items then, not beside O(nodegroups).
      - All are worked on at once. One that fails does not stop the others; the task fails when all are through.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name).
        type: str
        required: true
      node_role:
        description: See O(node_role).
        type: str
      subnets:
        description: See O(subnets).
        type: list
        elements: str
      scaling_config:
        description: See O(scaling_config).
        type: dict
        suboptions: &scaling
          min_size:
            description: The least number of nodes.
            type: int
          max_size:
            description: The most nodes.
            type: int
          desired_size:
            description: The number of nodes to begin with. Left out for a new group, it is O(scaling_config.min_size).
            type: int
      enforce_desired_size:
        description: See O(enforce_desired_size).
        type: bool
        default: false
      disk_size:
        description: See O(disk_size).
        type: int
      instance_types:
        description: See O(instance_types).
        type: list
        elements: str
      ami_type:
        description: See O(ami_type).
        type: str
        choices: &amis
          - AL2_x86_64
          - AL2_x86_64_GPU
          - AL2_ARM_64
          - CUSTOM
          - BOTTLEROCKET_ARM_64
          - BOTTLEROCKET_x86_64
          - BOTTLEROCKET_ARM_64_FIPS
          - BOTTLEROCKET_x86_64_FIPS
          - BOTTLEROCKET_ARM_64_NVIDIA
          - BOTTLEROCKET_x86_64_NVIDIA
          - BOTTLEROCKET_ARM_64_NVIDIA_FIPS
          - BOTTLEROCKET_x86_64_NVIDIA_FIPS
          - WINDOWS_CORE_2019_x86_64
          - WINDOWS_FULL_2019_x86_64
          - WINDOWS_CORE_2022_x86_64
          - WINDOWS_FULL_2022_x86_64
          - WINDOWS_CORE_2025_x86_64
          - WINDOWS_FULL_2025_x86_64
          - AL2023_x86_64_STANDARD
          - AL2023_ARM_64_STANDARD
          - AL2023_x86_64_NEURON
          - AL2023_x86_64_NVIDIA
          - AL2023_ARM_64_NVIDIA
      remote_access:
        description: See O(remote_access).
        type: dict
        suboptions: &remote
          ec2_ssh_key:
            description: Name of the EC2 key pair.
            type: str
          source_sg:
            description: IDs of the security groups from which SSH is allowed.
            type: list
            elements: str
      update_config:
        description: See O(update_config).
        type: dict
        suboptions: &update
          max_unavailable:
            description: How many nodes may be down at once during an update.
            type: int
          max_unavailable_percentage:
            description: The same as a percentage of the nodes.
            type: int
          update_strategy:
            description: V(DEFAULT) starts new nodes first, V(MINIMAL) ends old ones first.
            type: str
            choices: [DEFAULT, MINIMAL]
      node_repair_config:
        description: See O(node_repair_config).
        type: dict
        suboptions: &repair
          enabled:
            description: Whether EKS repairs unhealthy nodes.
            type: bool
          max_unhealthy_node_threshold_count:
            description: Above this number of unhealthy nodes, repairs stop. Not with the percentage.
            type: int
          max_unhealthy_node_threshold_percentage:
            description: Above this percentage of unhealthy nodes, repairs stop. Not with the count.
            type: int
          max_parallel_nodes_repaired_count:
            description: How many nodes are repaired at once. Not with the percentage.
            type: int
          max_parallel_nodes_repaired_percentage:
            description: What percentage of the unhealthy nodes is repaired at once. Not with the count.
            type: int
          node_repair_config_overrides:
            description: What is done for particular conditions. EKS wants all four keys of an override.
            type: list
            elements: dict
            suboptions:
              node_monitoring_condition:
                description: The condition that the node monitoring agent reports.
                type: str
                required: true
              node_unhealthy_reason:
                description: The reason that the node monitoring agent reports.
                type: str
                required: true
              min_repair_wait_time_mins:
                description: How many minutes the node stays unhealthy before it is repaired.
                type: int
                required: true
              repair_action:
                description: What is done.
                type: str
                required: true
                choices: [Replace, Reboot, NoAction]
      warm_pool_config:
        description: See O(warm_pool_config).
        type: dict
        suboptions: &pool
          enabled:
            description: Whether there is a warm pool. V(false) removes it.
            type: bool
            required: true
          min_size:
            description: The least number of instances in the pool. EKS' default is 0.
            type: int
          max_group_prepared_capacity:
            description: The most instances of the pool and the group together.
            type: int
          pool_state:
            description: In what state the instances wait. EKS' default is V(STOPPED). Bottlerocket knows no V(HIBERNATED).
            type: str
            choices: [STOPPED, RUNNING, HIBERNATED]
          reuse_on_scale_in:
            description: Whether an instance goes back to the pool when the group shrinks. Not with Bottlerocket.
            type: bool
      labels:
        description: See O(labels).
        type: dict
      taints:
        description: See O(taints).
        type: list
        elements: dict
        suboptions: &taint
          key:
            description: The key.
            type: str
            required: true
          value:
            description: The value.
            type: str
          effect:
            description: The effect.
            type: str
            required: true
            choices: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]
      launch_template:
        description: See O(launch_template).
        type: dict
        suboptions: &template
          id:
            description: The template's ID.
            type: str
          name:
            description: The template's name, in place of its ID.
            type: str
          version:
            description:
              - The version, a number, V($Latest) or V($Default).
              - Left out, a new node group takes the default one, and a group that stands keeps its own.
            type: str
      capacity_type:
        description: See O(capacity_type).
        type: str
        choices: &capacities [ON_DEMAND, SPOT, CAPACITY_BLOCK]
      version:
        description: See O(version).
        type: str
      release_version:
        description: See O(release_version).
        type: str
      force:
        description: See O(force).
        type: bool
        default: false
      replace:
        description: See O(replace).
        type: bool
        default: false
      tags:
        description: See O(tags).
        type: dict
        aliases: [resource_tags]
      purge_tags:
        description: See O(purge_tags).
        type: bool
        default: true
  name:
    description: The node group's name. One of O(name) and O(nodegroups) is needed.
    type: str
  node_role:
    description: ARN of the nodes' IAM role. Needed at a creation; it cannot be changed.
    type: str
  subnets:
    description: IDs of the subnets. Needed at a creation; they cannot be changed. Their order does not matter.
    type: list
    elements: str
  scaling_config:
    description: The sizes of the group. A new one gets all of them from here, or none and EKS' defaults.
    type: dict
    suboptions: *scaling
  enforce_desired_size:
    description:
      - Whether the desired size is set on a group that stands.
      - Otherwise it belongs to the autoscaler and is only moved into the limits.
    type: bool
    default: false
  disk_size:
    description: Size of the root volume in GiB. Not with O(launch_template).
    type: int
  instance_types:
    description: The instance types. Their order does not matter. They cannot be changed.
    type: list
    elements: str
  ami_type:
    description: The kind of machine image. It cannot be changed.
    type: str
    choices: *amis
  remote_access:
    description: SSH access to the nodes. It cannot be changed. Not with O(launch_template).
    type: dict
    suboptions: *remote
  update_config:
    description: How the nodes are updated.
    type: dict
    suboptions: *update
  node_repair_config:
    description: How unhealthy nodes are repaired.
    type: dict
    suboptions: *repair
  warm_pool_config:
    description: Instances that are prepared and wait to become nodes.
    type: dict
    suboptions: *pool
  labels:
    description: All Kubernetes labels of the nodes. V({}) removes them.
    type: dict
  taints:
    description: All Kubernetes taints of the nodes. V([]) removes them.
    type: list
    elements: dict
    suboptions: *taint
  launch_template:
    description: The EC2 launch template. Its version can be changed, the template cannot.
    type: dict
    suboptions: *template
  capacity_type:
    description: How the capacity is bought. It cannot be changed.
    type: str
    choices: *capacities
  version:
    description:
      - The nodes' Kubernetes version, with quotes. Left out at a creation, it is the cluster's.
      - It never goes back, is never newer than the cluster's, and at most three minor versions older.
    type: str
  release_version:
    description: The AMI's release version.
    type: str
  force:
    description: Roll the nodes although a PodDisruptionBudget does not allow a pod's eviction.
    type: bool
    default: false
  replace:
    description:
      - Whether a change that EKS cannot make deletes the node group and creates it anew.
      - Options that are left out keep the values of the old group, but for O(release_version).
      - The old group is gone before the new one comes. A task that is stopped in between has only what it says itself to
        go on with; one that fails then returns the old group's options as RV(replaced).
      - It also makes a node group anew whose creation failed.
    type: bool
    default: false
  state:
    description: Whether the node groups exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - kumo.eks.tags
  - kumo.eks.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Create a node group
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    name: general-ng
    region: ap-northeast-1
    node_role: arn:aws:iam::123456789012:role/eksNodeRole
    subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
    instance_types: [m5.large]
    disk_size: 50
    scaling_config:
      min_size: 2
      max_size: 10
      desired_size: 3
    wait: true

- name: Keep two node groups as they are written here, in one task
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    nodegroups:
      - name: general-ng
        node_role: arn:aws:iam::123456789012:role/eksNodeRole
        subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
        labels: {role: general}
      - name: spot-ng
        node_role: arn:aws:iam::123456789012:role/eksNodeRole
        subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
        instance_types: [m5.large, m5a.large, m4.large]
        capacity_type: SPOT
        labels: {role: spot-worker}
        taints:
          - key: spot
            value: "true"
            effect: NO_SCHEDULE
    wait: true

- name: Give the nodes another instance type, by making the group anew
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    name: general-ng
    instance_types: [m6i.large]
    replace: true
    wait: true

- name: Roll the nodes to a newer version
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    name: general-ng
    version: "1.34"
    wait: true
    wait_timeout: 3600

- name: Remove a node group
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    name: general-ng
    state: absent
    wait: true
"""

RETURN = r"""
nodegroup:
  description:
    - The node group as DescribeNodegroup answers it, in snake case. Its keys stand at the top level, too.
    - In check mode, of one that is yet to come, only what the task sets.
  returned: when O(name) is given
  type: dict
  contains: &nodegroup
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
      sample: "1.34"
    release_version:
      description: Release version of the AMI.
      returned: when EKS gives it
      type: str
      sample: "1.34.2-20260801"
    created_at:
      description: When it was created.
      returned: when the node group exists
      type: str
      sample: "2026-08-01T09:00:00+09:00"
    modified_at:
      description: When it was last changed.
      returned: when EKS gives it
      type: str
      sample: "2026-08-02T09:00:00+09:00"
    status:
      description: Its status.
      returned: when the node group exists
      type: str
      sample: ACTIVE
    capacity_type:
      description: How the capacity is bought.
      returned: when EKS gives it
      type: str
      sample: ON_DEMAND
    scaling_config:
      description: The sizes of the group.
      returned: when the node group exists
      type: dict
      contains:
        min_size:
          description: The least number of nodes.
          returned: when EKS gives it
          type: int
          sample: 2
        max_size:
          description: The most nodes.
          returned: when EKS gives it
          type: int
          sample: 10
        desired_size:
          description: The number of nodes.
          returned: when EKS gives it
          type: int
          sample: 3
    instance_types:
      description: The instance types.
      returned: when EKS gives it
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
      returned: when EKS gives it
      type: dict
      contains:
        ec2_ssh_key:
          description: Name of the EC2 key pair.
          returned: when EKS gives it
          type: str
          sample: my-key
        source_security_groups:
          description: IDs of the security groups from which SSH is allowed.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [sg-11111111]
    ami_type:
      description: The kind of machine image.
      returned: when EKS gives it
      type: str
      sample: AL2023_x86_64_STANDARD
    node_role:
      description: ARN of the nodes' IAM role.
      returned: when the node group exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksNodeRole
    labels:
      description: The labels.
      returned: when EKS gives it
      type: dict
      sample: {"role": "general"}
    taints:
      description: The nodes' taints.
      returned: when EKS gives it
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
          returned: when EKS gives it
          type: str
          sample: batch
        effect:
          description: The effect.
          returned: always
          type: str
          sample: NO_SCHEDULE
    resources:
      description: What stands behind it.
      returned: when EKS gives it
      type: dict
      contains:
        auto_scaling_groups:
          description: The Auto Scaling groups.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            name:
              description: The name.
              returned: when EKS gives it
              type: str
              sample: eks-general-ng-1
        remote_access_security_group:
          description: ID of the security group for SSH.
          returned: when EKS gives it
          type: str
          sample: sg-22222222
    disk_size:
      description: Size of the root volume in GiB.
      returned: when EKS gives it
      type: int
      sample: 20
    health:
      description: What EKS finds wrong.
      returned: when EKS gives it
      type: dict
      contains:
        issues:
          description: The issues.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            code:
              description: The kind of issue.
              returned: always
              type: str
              sample: AccessDenied
            message:
              description: What EKS says.
              returned: always
              type: str
              sample: "no access"
            resource_ids:
              description: What is concerned.
              returned: when EKS gives it
              type: list
              elements: str
              sample: [i-0123456789abcdef0]
    update_config:
      description: How the nodes are updated.
      returned: when EKS gives it
      type: dict
      contains:
        max_unavailable:
          description: How many nodes may be down at once.
          returned: when EKS gives it
          type: int
          sample: 1
        max_unavailable_percentage:
          description: The same as a percentage.
          returned: when EKS gives it
          type: int
          sample: 25
        update_strategy:
          description: Whether new nodes start before old ones end.
          returned: when EKS gives it
          type: str
          sample: DEFAULT
    node_repair_config:
      description: How unhealthy nodes are repaired.
      returned: when EKS gives it
      type: dict
      contains:
        enabled:
          description: Whether it is on.
          returned: always
          type: bool
          sample: true
        max_unhealthy_node_threshold_count:
          description: Above this number of unhealthy nodes, repairs stop.
          returned: when EKS gives it
          type: int
          sample: 5
        max_unhealthy_node_threshold_percentage:
          description: Above this percentage of unhealthy nodes, repairs stop.
          returned: when EKS gives it
          type: int
          sample: 20
        max_parallel_nodes_repaired_count:
          description: How many nodes are repaired at once.
          returned: when EKS gives it
          type: int
          sample: 1
        max_parallel_nodes_repaired_percentage:
          description: What percentage of the unhealthy nodes is repaired at once.
          returned: when EKS gives it
          type: int
          sample: 20
        node_repair_config_overrides:
          description: What is done for particular conditions.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            node_monitoring_condition:
              description: The condition that the node monitoring agent reports.
              returned: when EKS gives it
              type: str
              sample: AcceleratedHardwareReady
            node_unhealthy_reason:
              description: The reason that the node monitoring agent reports.
              returned: when EKS gives it
              type: str
              sample: NvidiaXID13Error
            min_repair_wait_time_mins:
              description: How many minutes the node stays unhealthy before it is repaired.
              returned: when EKS gives it
              type: int
              sample: 10
            repair_action:
              description: What is done.
              returned: when EKS gives it
              type: str
              sample: Replace
    launch_template:
      description: The EC2 launch template.
      returned: when EKS gives it
      type: dict
      contains:
        name:
          description: Its name.
          returned: when EKS gives it
          type: str
          sample: gp3
        version:
          description: The version in use.
          returned: when EKS gives it
          type: str
          sample: "1"
        id:
          description: Its ID.
          returned: when EKS gives it
          type: str
          sample: lt-0123456789abcdef0
    tags:
      description: Its tags.
      returned: when the node group exists
      type: dict
      sample: {"Environment": "production"}
    warm_pool_config:
      description: The instances that wait to become nodes.
      returned: when EKS gives it
      type: dict
      contains:
        enabled:
          description: Whether it is on.
          returned: always
          type: bool
          sample: true
        min_size:
          description: The least number of instances in the pool.
          returned: when EKS gives it
          type: int
          sample: 1
        max_group_prepared_capacity:
          description: The most instances of the pool and the group together.
          returned: when EKS gives it
          type: int
          sample: 12
        pool_state:
          description: In what state the instances wait.
          returned: when EKS gives it
          type: str
          sample: STOPPED
        reuse_on_scale_in:
          description: Whether an instance goes back to the pool when the group shrinks.
          returned: when EKS gives it
          type: bool
          sample: false
updates:
  description: The updates that were started, in their order.
  returned: when O(name) is given
  type: list
  elements: dict
  contains: &update
    id:
      description: The id, for DescribeUpdate and O(kumo.eks.eks_wait#module:updates).
      returned: always
      type: str
      sample: 7b9f3d9a-6c34-4f9e-9d8a-0a4f4a1c2b3d
    type:
      description: The kind of update as EKS names it.
      returned: always
      type: str
      sample: ConfigUpdate
    operation:
      description: The API operation that started it.
      returned: always
      type: str
      sample: UpdateNodegroupConfig
replaced:
  description: The options of the old node group, where one that was to replace it could not be made.
  returned: when a replacement failed
  type: dict
  sample: {"capacity_type": "ON_DEMAND", "labels": {"role": "general"}}
nodegroups:
  description: A result for each node group, in the order given.
  returned: when O(nodegroups) is given
  type: list
  elements: dict
  contains:
    <<: *nodegroup
    name:
      description: The node group's name.
      returned: always
      type: str
      sample: general-ng
    changed:
      description: Whether it was changed, also before it failed.
      returned: always
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      returned: always
      type: bool
      sample: false
    msg:
      description: Why it failed.
      returned: when it failed
      type: str
      sample: "node group general-ng is CREATE_FAILED: NodeCreationFailure: Instances failed to join the cluster"
    replaced:
      description: See RV(replaced).
      returned: when a replacement failed
      type: dict
      sample: {"capacity_type": "ON_DEMAND", "labels": {"role": "general"}}
    updates:
      description: The updates that were started for it, in their order.
      returned: when it did not fail, and when some were started before it failed
      type: list
      elements: dict
      contains: *update
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with, exit_with_list
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_wait_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import build_nodegroup_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name, check_unique
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupResource


def reconcile(module: AnsibleAWSModule, eks: Any, item: dict[str, Any]) -> Outcome:
    """Bring one node group to its desired state."""
    check_name("node group", item["name"])
    resource = NodegroupResource(eks, module.params["cluster_name"], item["name"], lambda: get_client(module, "ec2"))
    reconciler = Reconciler(
        resource,
        check_mode=module.check_mode,
        wait=module.params["wait"],
        wait_timeout=module.params["wait_timeout"],
        replace=item["replace"],
    )
    return reconciler.ensure_absent() if module.params["state"] == "absent" else reconciler.ensure_present(item)


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        nodegroups=dict(type="list", elements="dict", options=build_item_spec(build_nodegroup_spec())),
        **build_state_spec(),
        **build_wait_spec(),
        **build_nodegroup_spec(),
    )
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[("nodegroups", option) for option in ("name", *build_nodegroup_spec())],
        required_one_of=[("name", "nodegroups")],
        supports_check_mode=True,
    )
    params = drop_none(module.params)
    with handle_failures(module, f"Could not manage node groups of cluster {params['cluster_name']}"):
        eks = get_client(module)
        if "name" in params:
            exit_with(module, reconcile(module, eks, params), "nodegroup")
        check_unique("nodegroups", [row["name"] for row in params["nodegroups"]])
        work = [(row["name"], partial(reconcile, module, eks, row)) for row in params["nodegroups"]]
        exit_with_list(module, run_concurrently(work), "nodegroups")


if __name__ == "__main__":
    main()
