#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_self_managed_nodes_info
version_added: 0.1.0
short_description: Describe self-managed nodes of an Amazon EKS cluster
description:
  - Describes one group of self-managed nodes, or all groups that M(kumo.eks.eks_self_managed_nodes) created for a cluster.
  - Groups that other tools created are not found, because neither EKS nor EC2 Auto Scaling knows to which cluster they belong.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The group's name. By default all groups of the cluster are described.
    type: str
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
  - module: kumo.eks.eks_self_managed_nodes
"""

EXAMPLES = r"""
- name: Describe one group
  kumo.eks.eks_self_managed_nodes_info:
    cluster_name: my-cluster
    name: mixed
    region: ap-northeast-1
  register: found

- name: Describe all groups of the cluster
  kumo.eks.eks_self_managed_nodes_info:
    cluster_name: my-cluster
    region: ap-northeast-1
"""

RETURN = r"""
self_managed_nodegroups:
  description: The groups. The list is empty if there is none.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The group's name.
      returned: always
      type: str
      sample: mixed
    # SelfManagedGroup: written by tools/shared_docs.py, from here
    auto_scaling_group_name:
      description: Name of the Auto Scaling group, which is that of the launch template, too.
      returned: when the group exists
      type: str
      sample: my-cluster.self-managed.general
    auto_scaling_group_arn:
      description: ARN of the Auto Scaling group.
      returned: when the group exists
      type: str
      sample: arn:aws:autoscaling:ap-northeast-1:123456789012:autoScalingGroup:1:autoScalingGroupName/my-cluster.self-managed.general
    status:
      description: V(ACTIVE), or V(DELETING) while its instances are terminated.
      returned: when the group exists
      type: str
      sample: ACTIVE
    scaling_config:
      description: The sizes of the group.
      returned: when the group exists
      type: dict
      contains:
        min_size:
          description: The least number of instances.
          returned: always
          type: int
          sample: 2
        max_size:
          description: The most instances.
          returned: always
          type: int
          sample: 10
        desired_size:
          description: The number of instances.
          returned: always
          type: int
          sample: 3
    subnets:
      description: IDs of the subnets.
      returned: when the group exists
      type: list
      elements: str
      sample: [subnet-11111111, subnet-22222222]
    capacity_type:
      description:
        - How all of the capacity is bought, V(ON_DEMAND), V(SPOT) or V(CAPACITY_BLOCK). It is null where both, On-Demand and Spot Instances,
          may be launched.
      returned: when the group exists
      type: str
      sample: ON_DEMAND
    instance_types:
      description: The instance types. Of a group in a Capacity Block they are those of its instances.
      returned: when the group exists
      type: list
      elements: str
      sample: [m5.large, m5a.large]
    instances_distribution:
      description: How much of the capacity is On-Demand, and how both kinds are allocated.
      returned: when the group exists
      type: dict
      contains:
        on_demand_base_capacity:
          description: The number of On-Demand Instances that come first.
          returned: always
          type: int
          sample: 0
        on_demand_percentage_above_base_capacity:
          description: The percentage of On-Demand Instances above the base.
          returned: always
          type: int
          sample: 100
        on_demand_allocation_strategy:
          description: How types of On-Demand Instances are chosen.
          returned: always
          type: str
          sample: prioritized
        spot_allocation_strategy:
          description: How types of Spot Instances are chosen.
          returned: always
          type: str
          sample: price-capacity-optimized
        spot_instance_pools:
          description: The number of pools of Spot capacity.
          returned: with V(lowest-price)
          type: int
          sample: 2
        spot_max_price:
          description: The highest price of a Spot Instance.
          returned: when it is set
          type: str
          sample: '0.10'
    capacity_rebalance:
      description: Whether Spot Instances are replaced before EC2 takes them back.
      returned: when the group exists
      type: bool
      sample: false
    launch_template:
      description: The launch template.
      returned: when the group exists
      type: dict
      contains:
        id:
          description: Its ID.
          returned: when the launch template exists
          type: str
          sample: lt-0123456789abcdef0
        name:
          description: Its name.
          returned: when the launch template exists
          type: str
          sample: my-cluster.self-managed.general
        version:
          description: The version that new instances have.
          returned: always
          type: str
          sample: '1'
    warm_pool_config:
      description: The instances that wait to become nodes.
      returned: when the group exists
      type: dict
      contains:
        enabled:
          description: Whether there is a warm pool.
          returned: always
          type: bool
          sample: true
        min_size:
          description: The least number of instances in the pool.
          returned: when there is a warm pool
          type: int
          sample: 1
        max_group_prepared_capacity:
          description: The most instances of the pool and the group together.
          returned: when it is set
          type: int
          sample: 12
        pool_state:
          description: In what state the instances wait.
          returned: when there is a warm pool
          type: str
          sample: STOPPED
        reuse_on_scale_in:
          description: Whether an instance goes back to the pool when the group shrinks.
          returned: when there is a warm pool
          type: bool
          sample: false
    kubernetes_version:
      description: The Kubernetes version of the image that new instances have.
      returned: when the task says something of the launch template
      type: str
      sample: '1.34'
    instances:
      description: The instances.
      returned: when the group exists
      type: list
      elements: dict
      contains:
        instance_id:
          description: The ID.
          returned: always
          type: str
          sample: i-0123456789abcdef0
        instance_type:
          description: The type.
          returned: always
          type: str
          sample: m5.large
        availability_zone:
          description: The zone.
          returned: always
          type: str
          sample: ap-northeast-1a
        lifecycle_state:
          description: The state as EC2 Auto Scaling names it.
          returned: always
          type: str
          sample: InService
        launch_template_version:
          description: The version of the launch template that it was started with.
          returned: always
          type: str
          sample: '1'
        outdated:
          description: Whether it has an older launch template, or a type that the group no longer has.
          returned: always
          type: bool
          sample: false
    max_instance_lifetime:
      description: Seconds after which an instance is replaced, 0 without a limit.
      returned: when the group exists
      type: int
      sample: 0
    target_group_arns:
      description: ARNs of the target groups that the instances are registered with.
      returned: when the group exists
      type: list
      elements: str
      sample: ['arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef']
    load_balancer_names:
      description: Names of the Classic Load Balancers that the instances are registered with.
      returned: when the group exists
      type: list
      elements: str
      sample: [web]
    enabled_metrics:
      description: Metrics of the Auto Scaling group that CloudWatch collects.
      returned: when the group exists
      type: list
      elements: str
      sample: [GroupInServiceInstances]
    suspended_processes:
      description: Processes of the Auto Scaling group that are suspended.
      returned: when the group exists
      type: list
      elements: str
      sample: [AZRebalance]
    tags:
      description: Tags of the Auto Scaling group.
      returned: when the group exists
      type: dict
      sample:
        Environment: production
    # to here.
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import list_owned_groups
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GROUP_TAG
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_results import build_group_result


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with handle_failures(module, f"Could not describe self-managed nodes of cluster {cluster}"):
        groups = list_owned_groups(get_client(module, "autoscaling"), build_owner_key(module.region, cluster))
        named = [(raw["tags"].get(GROUP_TAG), raw) for raw in groups]
        rows = [{"name": own, **build_group_result(raw)} for own, raw in named if own and name in (None, own)]
    module.exit_json(changed=False, self_managed_nodegroups=sorted(rows, key=lambda row: row["name"]))


if __name__ == "__main__":
    main()
