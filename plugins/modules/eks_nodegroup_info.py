#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroup_info
version_added: 0.1.0
short_description: Describe managed node groups of an Amazon EKS cluster
description:
  - Describes one node group, or all node groups of a cluster.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The node group's name. By default all node groups of the cluster are described.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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
"""

EXAMPLES = r"""
- name: Describe one node group
  kumo.eks.eks_nodegroup_info:
    cluster_name: my-cluster
    name: general-ng
    region: ap-northeast-1
  register: found

- name: Describe all node groups of the cluster
  kumo.eks.eks_nodegroup_info:
    cluster_name: my-cluster
"""

RETURN = r"""
declared_names:
  description:
    - The name by which each node group is declared, by its name in EKS. They differ for a group by which M(kumo.eks.eks_nodegroup_replacement)
      has replaced another one.
  returned: always
  type: dict
  sample: {general-2: general, spot: spot}
nodegroups:
  description:
    - The node groups as DescribeNodegroup answers them, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
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
"""


from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import get_declared_name


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with handle_failures(module, f"Could not describe node groups of cluster {cluster}"):
        eks = get_client(module)
        words = {"clusterName": cluster}
        found = describe_all(
            [name] if name else list_names(eks, "list_nodegroups", "nodegroups", cluster),
            lambda one: describe_or_none(eks.describe_nodegroup, "nodegroup", nodegroupName=one, **words),
        )
    declared = {raw["nodegroupName"]: get_declared_name(raw) for raw in found}
    module.exit_json(changed=False, nodegroups=[convert_answer(raw) for raw in found], declared_names=declared)


if __name__ == "__main__":
    main()
