#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_self_managed_nodes
version_added: 0.1.0
short_description: Manage self-managed nodes of an Amazon EKS cluster
description:
  - Creates, changes, rolls and deletes groups of nodes that EKS does not manage. A group is an EC2 Auto Scaling group with a launch template,
    both with the name C(CLUSTER.self-managed.NAME), and the access entry by which the nodes join the cluster.
  - Writes the user data with which an image of Amazon EKS joins the cluster, with labels and taints, for Amazon Linux 2023, Bottlerocket and
    Windows.
  - Replaces instances of an older launch template a few at a time. It drains each node first, and respects PodDisruptionBudgets.
  - Manages one group with O(name), or a list of groups in one task with O(self_managed_nodegroups), concurrently.
  - Omitted options are not changed. The options of the launch template are an exception. See O(template).
  - Use M(kumo.eks.eks_nodegroup) unless you need what managed node groups do not have, such as On-Demand and Spot Instances in one group.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  self_managed_nodegroups:
    description:
      - A list of groups, each with O(self_managed_nodegroups[].name) and any other option that describes a group. O(tags) next to the list
        are merged with the tags of each item, whose values take precedence.
      - They are managed concurrently. A group that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      name:
        description: The group's name.
        type: str
        required: true
      purge_tags: &purge_tags
        description:
          - Whether tags of the Auto Scaling group that are not in O(tags) are removed. Used only where O(tags) is given. The default is
            V(true).
          - Tags of AWS, with the prefix C(aws:), and the mark of the owner remain.
        type: bool
      <<: &group
        node_role:
          description:
            - ARN of the IAM role of the nodes. Required to create a group. The module creates an access entry for it.
            - Linux and Windows nodes require different roles, because an access entry is for one of the two.
          type: str
        instance_profile:
          description:
            - Name or ARN of the instance profile that has O(node_role). By default it has the name of the role, as
              O(kumo.eks.eks_iam_role#module:instance_profile) creates it.
          type: str
        addon_policies:
          description:
            - Permissions of well-known controllers, which all pods on the nodes get, by name. Read by
              O(kumo.eks.eks_iam_role#module:nodegroups), which creates a role for this group alone. This module ignores it.
          type: list
          elements: str
        attach_policy_arns:
          description:
            - ARNs of IAM policies for the nodes. Read by O(kumo.eks.eks_iam_role#module:nodegroups), which creates a role for this
              group alone. This module ignores it.
          type: list
          elements: str
        inline_policies:
          description:
            - Inline policies for the nodes, by name. Read by O(kumo.eks.eks_iam_role#module:nodegroups), which creates a role for this
              group alone. This module ignores it.
          type: dict
        node_role_name:
          description:
            - Name of the IAM role of the nodes. Read by O(kumo.eks.eks_iam_role#module:nodegroups), which creates a role for this
              group alone. This module ignores it.
          type: str
        permissions_boundary:
          description:
            - ARN of the permissions boundary of the IAM role of the nodes. Read by O(kumo.eks.eks_iam_role#module:nodegroups), which
              creates a role for this group alone. This module ignores it.
          type: str
        access_entry:
          description:
            - Whether the module creates an access entry of type EC2_LINUX or EC2_WINDOWS for O(node_role), if there is none, and deletes
              it when no group uses the role. The default is V(true).
            - Set V(false) if the ConfigMap aws-auth of the cluster maps the role.
          type: bool
        subnets:
          description:
            - IDs of the subnets. Required to create a group, here or by O(private_subnets) and O(public_subnets). Their order does not
              matter. Instances in subnets that are removed are replaced by EC2 Auto Scaling, which does not drain them.
          type: list
          elements: str
        availability_zones:
          description:
            - The availability zones of the nodes. Where O(subnets) is omitted, the group gets those of O(private_subnets) or
              O(public_subnets) that are in these zones. Not used with O(subnets).
          type: list
          elements: str
        local_zones:
          description:
            - The Local Zones of the nodes. Where O(subnets) is omitted, the group gets those of O(local_zone_private_subnets) or
              O(local_zone_public_subnets) that are in these zones. Not used with O(subnets).
            - A Local Zone offers some instance types and volume types only. A new group without any instance type of the zone is refused. EC2
              has no API that lists the volume types, and some Local Zones have V(gp2) and not V(gp3). If EC2 Auto Scaling
              cannot start an instance, the module reports the reason.
          type: list
          elements: str
        outpost_arn:
          description:
            - ARN of the AWS Outpost of the nodes, whose control plane is in the region or on the same Outpost. O(subnets), or with a
              control plane there O(private_subnets), are subnets on the Outpost. This collection does not create them.
            - Volumes of the launch template have the type V(gp2) by default, which Outposts of every generation have. A group without
              volumes gets one of that type, in the size of the image.
            - A new group in another subnet, or with an instance type that the Outpost does not have, is refused. Outposts have On-Demand
              Instances alone.
            - Give it each time. Without it, volumes without a type have the type V(gp3).
          type: str
        private_networking:
          description:
            - Where O(subnets) is omitted, whether the nodes are in O(private_subnets), which is the default, or in
              O(public_subnets).
          type: bool
        scaling_config:
          description:
            - The sizes of the group. A new group needs O(scaling_config.min_size) and O(scaling_config.max_size).
            - EC2 Auto Scaling scales in immediately, and does not drain nodes.
          type: dict
          suboptions:
            min_size:
              description: The minimum number of nodes.
              type: int
            max_size:
              description: The maximum number of nodes.
              type: int
            desired_size:
              description: The number of nodes to begin with. By default O(scaling_config.min_size).
              type: int
        enforce_desired_size:
          description:
            - Whether the desired size is set on a group that exists. Otherwise the autoscaler controls it, and the module changes it only to
              fit new limits. The default is V(false).
          type: bool
        instance_types:
          description:
            - The instance types. Required to create a group. Their order is the priority in which On-Demand capacity is tried.
            - Instances of types that are removed are replaced, as O(update_config) says.
          type: list
          elements: str
        instance_selector:
          description:
            - What the instance types of a new group are like, in place of O(instance_types). The group gets the types that fit all
              suboptions and that EC2 offers in each zone of its subnets, in the order of their names, up to 20.
            - The types are looked up when the group is created, and kept as long as it exists, although EC2 offers other ones later.
              It requires the permissions C(ec2:DescribeInstanceTypes) and C(ec2:DescribeInstanceTypeOfferings).
          type: dict
          suboptions:
            # InstanceSelector: written by tools/shared_docs.py, from here
            vcpus:
              description: The number of vCPUs.
              type: int
            memory:
              description: The size of the memory, like C(4GiB), C(512MiB) or C(4). Without a unit it is in GiB.
              type: str
            gpus:
              description: The number of GPUs. V(0) leaves out types with GPUs.
              type: int
            neuron_devices:
              description: The number of AWS Neuron devices, which are Inferentia and Trainium. V(0) leaves out types with them.
              type: int
            cpu_architecture:
              description: The architecture of the CPU. The default is V(x86_64).
              type: str
              choices: [x86_64, arm64]
            allow:
              description: A regular expression that matches a part of each name, like C(^m[5-7]).
              type: str
            deny:
              description: A regular expression that matches no part of a name.
              type: str
            # to here.
        capacity_type:
          description:
            - How all of the capacity is bought. By default a new group has V(ON_DEMAND). Use O(instances_distribution) for both.
            - V(CAPACITY_BLOCK) needs O(template.capacity_reservation.id), one instance type, and subnets in the zone of the block. The group
              has no mixed instances policy, so that this cannot be changed to another type or from one. Let it have nodes while the block
              lasts. EC2 terminates those that are left 30 minutes before its end.
          type: str
          choices: [ON_DEMAND, SPOT, CAPACITY_BLOCK]
        instances_distribution:
          description: How On-Demand and Spot Instances are mixed, and how their types are chosen.
          type: dict
          suboptions:
            on_demand_base_capacity:
              description: The number of On-Demand Instances that come first. Not with O(capacity_type).
              type: int
            on_demand_percentage_above_base_capacity:
              description: The percentage of On-Demand Instances above the base. The others are Spot Instances. Not with O(capacity_type).
              type: int
            on_demand_allocation_strategy:
              description: How types of On-Demand Instances are chosen. By default a new group has V(prioritized).
              type: str
              choices: [prioritized, lowest-price]
            spot_allocation_strategy:
              description: How types of Spot Instances are chosen. By default a new group has V(price-capacity-optimized).
              type: str
              choices: [price-capacity-optimized, capacity-optimized, capacity-optimized-prioritized, lowest-price]
            spot_instance_pools:
              description: How many pools of Spot capacity are used, 1 to 20. Only with V(lowest-price). The default of AWS is 2.
              type: int
            spot_max_price:
              description: The highest price of a Spot Instance in dollars an hour, in quotes. AWS does not recommend it.
              type: str
        capacity_rebalance:
          description: Whether EC2 Auto Scaling replaces Spot Instances that EC2 is about to take back. It does not drain them.
          type: bool
        max_instance_lifetime:
          description:
            - Seconds after which EC2 Auto Scaling replaces an instance, 86400 (one day) to 31536000. It does not drain the node. V(0)
              removes the limit.
          type: int
        target_group_arns:
          description: ARNs of all target groups of load balancers that the instances are registered with.
          type: list
          elements: str
        load_balancer_names:
          description: Names of all Classic Load Balancers that the instances are registered with.
          type: list
          elements: str
        enabled_metrics:
          description: All metrics of the group that CloudWatch collects. V(all) means all of them.
          type: list
          elements: str
          choices:
            - GroupMinSize
            - GroupMaxSize
            - GroupDesiredCapacity
            - GroupInServiceInstances
            - GroupPendingInstances
            - GroupStandbyInstances
            - GroupTerminatingInstances
            - GroupTotalInstances
            - GroupInServiceCapacity
            - GroupPendingCapacity
            - GroupStandbyCapacity
            - GroupTerminatingCapacity
            - GroupTotalCapacity
            - WarmPoolDesiredCapacity
            - WarmPoolWarmedCapacity
            - WarmPoolPendingCapacity
            - WarmPoolTerminatingCapacity
            - WarmPoolTotalCapacity
            - GroupAndWarmPoolDesiredCapacity
            - GroupAndWarmPoolTotalCapacity
            - all
        suspended_processes:
          description:
            - All processes of the Auto Scaling group that are suspended. The others are resumed.
            - While V(Launch) or V(Terminate) is suspended, outdated nodes are not replaced. A new group needs V(Launch), unless it begins
              without nodes.
          type: list
          elements: str
          choices:
            - Launch
            - Terminate
            - AddToLoadBalancer
            - AlarmNotification
            - AZRebalance
            - HealthCheck
            - InstanceRefresh
            - ReplaceUnhealthy
            - ScheduledActions
        ami_type:
          description:
            - The kind of machine image, of the types of Amazon EKS. It determines the user data. By default a new group has
              V(AL2023_x86_64_STANDARD).
            - The image itself is the newest one that AWS publishes as an SSM parameter for the type and the version, at the time when the
              group is created. It stays until the task asks for another one, so that an autoscaler never starts an image that you did not
              choose.
          type: str
          choices:
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
        version:
          description:
            - The nodes' Kubernetes version, in quotes. A new group has the version of its cluster. An existing group keeps its version.
            - Another one replaces the nodes. It is never newer than the cluster's.
          type: str
        release_version:
          description:
            - V(latest) takes the newest image for the AMI type and the version, so that each run patches the nodes.
          type: str
          choices: [latest]
        labels:
          description:
            - All Kubernetes labels that the nodes register with. The prefixes of Kubernetes and of EKS are reserved, but
              C(node.kubernetes.io/) is not. A change replaces the nodes.
          type: dict
        taints:
          description: All Kubernetes taints that the nodes register with. A change replaces the nodes.
          type: list
          elements: dict
          suboptions:
            # NodeTaints: written by tools/shared_docs.py, from here
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
            # to here.
        template:
          description:
            - Settings of the instances. The module manages an EC2 launch template for the group, and deletes it with the group.
            - The launch template is described by O(template), O(labels), O(taints), O(ami_type), O(version), O(release_version),
              O(node_role) and O(instance_profile) together. If one of them is given, the others have their defaults, but for the image and
              the instance profile, which stay. If none is given, the launch template is not changed.
            - A change creates a version of the launch template, and the instances are replaced, as O(update_config) says. The diff shows
              what changes.
          type: dict
          suboptions:
            # NodeTemplate: written by tools/shared_docs.py, from here
            volumes:
              description:
                - The EBS volumes. They are deleted with their instance, unless O(template.volumes[].delete_on_termination=false).
                - One volume may omit O(template.volumes[].device_name). It is the one that holds container images and logs, C(/dev/xvda)
                  for Amazon Linux, C(/dev/sda1) for Windows, and C(/dev/xvdb) for Bottlerocket, whose system is on C(/dev/xvda).
              type: list
              elements: dict
              suboptions:
                device_name:
                  description: The device, like C(/dev/xvdf). Required with O(template.image_id).
                  type: str
                size:
                  description: Size in GiB. The default is the size of the snapshot.
                  type: int
                type:
                  description: The type of the volume. The default is V(gp3).
                  type: str
                  choices: [gp2, gp3, io1, io2, sc1, st1, standard]
                iops:
                  description: IOPS. Only with V(gp3), V(io1) and V(io2), and required with the last two.
                  type: int
                throughput:
                  description: Throughput in MiB/s, from 125 to 2000. Only with V(gp3).
                  type: int
                encrypted:
                  description: Whether the volume is encrypted. The default is that of the account.
                  type: bool
                kms_key_id:
                  description:
                    - ID, alias or ARN of the KMS key. The default is the default key of the account.
                    - The service-linked role of EC2 Auto Scaling needs a grant on a customer managed key, or no instance starts.
                  type: str
                snapshot_id:
                  description: The snapshot that the volume is created from.
                  type: str
                delete_on_termination:
                  description: Whether the volume is deleted with its instance. The default is V(true). A volume that is kept costs money.
                  type: bool
            metadata_options:
              description: The instance metadata service.
              type: dict
              suboptions:
                http_tokens:
                  description: Whether a token is needed (IMDSv2). The default is V(required).
                  type: str
                  choices: [required, optional]
                http_put_response_hop_limit:
                  description:
                    - How many network hops an answer may take, 1 to 64. The default is 2, so that pods can reach the service.
                    - With 1, pods outside of the host network cannot take the role of the nodes.
                  type: int
                http_endpoint:
                  description: Whether the service is on.
                  type: str
                  choices: [enabled, disabled]
                http_protocol_ipv6:
                  description: Whether the service has an IPv6 address.
                  type: str
                  choices: [enabled, disabled]
                instance_metadata_tags:
                  description: Whether an instance can read its tags.
                  type: str
                  choices: [enabled, disabled]
            key_name:
              description: Name of the EC2 key pair for SSH.
              type: str
            public_key:
              description:
                - The public key of an SSH key pair, a line that begins with C(ssh-rsa) or C(ssh-ed25519), in place of O(template.key_name).
                - The module imports it as the EC2 key pair CLUSTER.NODEGROUP.DIGEST, with CLUSTER.self-managed.NODEGROUP.DIGEST for self-managed
                  nodes, and deletes it with the group. Another key is another key pair, and the nodes are replaced.
              type: str
            public_key_path:
              description: The file that contains O(template.public_key), on the host where the module runs. C(~) is its user's home.
              type: path
            efa:
              description:
                - Whether each instance has Elastic Fabric Adapters, one on each network card of the instance types, which all have to support
                  EFA.
                - The module creates the security group CLUSTER.NODEGROUP.efa, which allows all traffic from and to itself, and, unless
                  O(template.placement.group_name) or O(template.capacity_reservation) is set, the placement group of the same name with
                  the strategy cluster. Those of self-managed nodes are called CLUSTER.self-managed.NODEGROUP.efa. Both are deleted with
                  the group.
                - EFA works in one zone. A group without O(subnets) and O(availability_zones) is in the first subnet of the task.
                - Instances with several network cards get no public IPv4 address, so that they need private subnets.
                - Pods request adapters from the EFA device plugin or the EFA DRA driver, which are installed by their charts.
              type: bool
            efa_interfaces:
              description:
                - How many Elastic Fabric Adapters an instance has, one on each network card, where it is not counted by O(template.efa).
                  The instance type has to support as many.
                - Before Kubernetes 1.33 a group in O(template.security_groups) has to allow all traffic to and from itself.
              type: int
            placement:
              description: Where instances are placed in relation to each other.
              type: dict
              suboptions:
                group_name:
                  description: Name of a placement group that exists.
                  type: str
                partition_number:
                  description: The partition, in a placement group with the strategy partition.
                  type: int
                tenancy:
                  description: Whether the hardware is shared. Dedicated instances cost more.
                  type: str
                  choices: [default, dedicated]
            capacity_reservation:
              description: Reserved capacity that the instances use.
              type: dict
              suboptions:
                preference:
                  description: Whether they use any reservation that fits, only reservations, or none.
                  type: str
                  choices: [capacity-reservations-only, open, none]
                id:
                  description: ID of a capacity reservation or a Capacity Block.
                  type: str
                resource_group_arn:
                  description: ARN of a resource group of capacity reservations, in place of the ID.
                  type: str
            monitoring:
              description: Whether CloudWatch gets metrics each minute, which costs money, instead of each five minutes.
              type: bool
            ebs_optimized:
              description: Whether instances have dedicated bandwidth to EBS. Current instance types always have it.
              type: bool
            cpu_options:
              description: The CPU cores of an instance.
              type: dict
              suboptions:
                core_count:
                  description: The number of cores.
                  type: int
                threads_per_core:
                  description: V(1) turns hyperthreading off.
                  type: int
            cpu_credits:
              description: Whether burstable instances, like C(t3.large), pay for what exceeds their CPU credits. The default is that of
                the account.
              type: str
              choices: [standard, unlimited]
            enclave:
              description: Whether AWS Nitro Enclaves can run on the instances.
              type: bool
            # to here.
            ssh_sources:
              description:
                - Who may connect to the nodes by SSH (port 22), as CIDR blocks and IDs of security groups. V(vpc) means the blocks of
                  the cluster's VPC. Requires O(template.key_name),
                  O(template.public_key) or O(template.public_key_path).
                - The module creates a security group for it, with the name C(CLUSTER.self-managed.NAME.ssh), and deletes it with the group.
                - Another list changes the rules in place. Without the option, new instances do not have the security group.
              type: list
              elements: str
            tags:
              description: Tags of the instances, their volumes and network interfaces, over O(tags) of the group, which they get in any case.
              type: dict
            security_groups:
              description: IDs of additional security groups of the instances.
              type: list
              elements: str
            cluster_security_group:
              description:
                - Whether the instances have the cluster's security group. The default is V(true).
                - Without it, the rules of the other groups must allow traffic between nodes and control plane, or no node can join.
              type: bool
            image_id:
              description: ID of a machine image of the kind of O(ami_type), instead of the newest one of Amazon EKS.
              type: str
            user_data:
              description:
                - What instances run when they start. For Amazon Linux a script, C(#cloud-config), C(#cloud-boothook) or a NodeConfig. For
                  Windows a PowerShell script, which runs before the node joins. For Bottlerocket use O(template.bottlerocket_settings).
                - The module adds what the node has to know of the cluster. All of it has at most 16 KiB.
                - Do not put secrets into it. Everybody with C(ec2:DescribeLaunchTemplateVersions), and every pod that reaches the metadata
                  service, can read it. Logs and results do not contain it, and the diff shows only its size and its hash.
              type: str
            node_config:
              description:
                - A NodeConfig document for Amazon Linux 2023, with settings of kubelet and containerd below C(spec). The module adds the
                  cluster, O(labels) and O(taints). C(apiVersion) and C(kind) may be omitted.
              type: dict
            bottlerocket_settings:
              description:
                - Settings of Bottlerocket, what is below C(settings) in its user data. The module adds the cluster, O(labels) and O(taints).
              type: dict
        cluster_autoscaler:
          description:
            - Whether the Auto Scaling group has the tags by which the Kubernetes Cluster Autoscaler finds it, and those that tell it the
              labels and taints of nodes that do not exist yet. The default is V(true).
          type: bool
        warm_pool_config:
          description: Instances that are prepared and wait to become nodes. They cost money while they wait.
          type: dict
          suboptions:
            # WarmPool: written by tools/shared_docs.py, from here
            enabled:
              description: Whether there is a warm pool. V(false) removes it.
              type: bool
              required: true
            min_size:
              description: The minimum number of instances in the pool. EKS' default is 0.
              type: int
            max_group_prepared_capacity:
              description: The maximum number of instances of the pool and the group together.
              type: int
            pool_state:
              description: In what state the instances wait. EKS' default is V(STOPPED). Bottlerocket does not support V(HIBERNATED).
              type: str
              choices: [STOPPED, RUNNING, HIBERNATED]
            reuse_on_scale_in:
              description: Whether an instance goes back to the pool when the group shrinks. Not with Bottlerocket.
              type: bool
            # to here.
        update_config:
          description: How instances of an older launch template are replaced.
          type: dict
          suboptions:
            strategy:
              description:
                - V(rolling), the default, cordons a node, evicts its pods, and terminates the instance when no pod is left. The group
                  launches the replacement. It requires O(wait=true), and access to the Kubernetes API of the cluster.
                - V(instance_refresh) starts an instance refresh of EC2 Auto Scaling, which does not drain nodes, and goes on without the task.
                - V(none) replaces nothing. Only new instances have the new launch template.
              type: str
              choices: [rolling, instance_refresh, none]
            max_unavailable:
              description: How many nodes may be missing or drained at once with V(rolling). The default is 1.
              type: int
            drain_timeout:
              description:
                - Seconds for which V(rolling) waits for the pods of a node, 900 by default. Then the task fails, with the names of the pods
                  and the reason of their PodDisruptionBudget.
                - With O(state=absent), seconds for which pods are evicted, 300 by default. Then the instances are terminated.
              type: int
            force:
              description: Whether V(rolling) terminates an instance after O(update_config.drain_timeout) with the pods that are left.
              type: bool
            min_healthy_percentage:
              description: The percentage of the group that V(instance_refresh) keeps in service. The default of AWS is 90.
              type: int
            instance_warmup:
              description: Seconds for which V(instance_refresh) waits after a new instance is in service.
              type: int
        tags:
          description:
            - The tags of the Auto Scaling group, its launch template, instances, volumes and network interfaces. Keys are never rewritten.
            - If it is omitted, tags are not changed. V({}) removes them.
          type: dict
          aliases: [resource_tags]
  <<: *group
  purge_tags: *purge_tags
  name:
    description: The group's name. One of O(name) and O(self_managed_nodegroups) is required.
    type: str
  defaults:
    description:
      - Options of every item of O(self_managed_nodegroups) that the item itself omits. Tags are merged. A template is taken as a whole.
    type: dict
    suboptions:
      purge_tags: *purge_tags
      <<: *group
  node_roles:
    description:
      - The ARN of the IAM role of each group of O(self_managed_nodegroups) by its name, as RV(kumo.eks.eks_iam_role#module:node_roles)
        returns them. Used by groups without O(node_role).
    type: dict
  private_subnets:
    description: IDs of the subnets of groups that have no O(subnets), unless O(private_networking=false).
    type: list
    elements: str
  public_subnets:
    description: IDs of the subnets of groups that have no O(subnets), with O(private_networking=false).
    type: list
    elements: str
  local_zone_private_subnets:
    description: IDs of the subnets of groups that have O(local_zones) and no O(subnets), unless O(private_networking=false).
    type: list
    elements: str
  local_zone_public_subnets:
    description: IDs of the subnets of groups that have O(local_zones) and no O(subnets), with O(private_networking=false).
    type: list
    elements: str
  subnet_zones:
    description:
      - The zone of each of O(private_subnets), O(public_subnets), O(local_zone_private_subnets) and O(local_zone_public_subnets), by its
        ID, for groups with O(availability_zones) or O(local_zones). The module asks EC2 for those that are missing.
    type: dict
  purge:
    description:
      - Whether groups that this module created for the cluster and that O(self_managed_nodegroups) does not name are deleted.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description:
      - Whether the groups exist. With V(absent) and O(wait=true), nodes are drained first.
      - The access entry and the launch template are deleted after the instances. Without O(wait=true) the next run with V(absent) deletes
        them.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - Whether to wait until the nodes are Ready, instances of an older launch template are replaced, and instances of deleted groups are
        terminated. The module prints progress.
      - EKS does not know these nodes, so they are looked for in the Kubernetes API. If it cannot be reached, the module waits for the
        instances only. RV(waited_for) says what it waited for.
    type: bool
    default: false
  wait_timeout:
    description: The limit of all waits together, in seconds.
    type: int
    default: 1200
  _step:
    description: Set by the action plugin of this module, which waits on the controller. Do not use it in playbooks.
    type: bool
    default: false
  _began:
    description: Set by the action plugin of this module. Do not use it in playbooks.
    type: float
  _goes_on:
    description: Set by the action plugin of this module. Do not use it in playbooks.
    type: bool
    default: false
notes:
  - Before a group is created, the module looks at its subnets, their routes and VPC endpoints, the endpoints of the cluster, the policies of
    the IAM role, and the instance profile, and refuses a group whose nodes could not join. It skips what the caller may not read.
  - The module sets no lifecycle hook. A hook that stays behind would delay every instance that an autoscaler terminates. For Spot
    interruptions use the AWS Node Termination Handler in the cluster.
seealso:
  - module: kumo.eks.eks_iam_role
  - module: kumo.eks.eks_nodegroup
  - module: kumo.eks.eks_self_managed_nodes_info
  - name: Maintain nodes yourself with self-managed nodes
    description: What self-managed nodes are, and what they require.
    link: https://docs.aws.amazon.com/eks/latest/userguide/worker.html
  - name: Cluster Autoscaler on AWS
    description: The tags by which it finds Auto Scaling groups.
    link: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
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
- name: Create the role of the nodes, with an instance profile of the same name
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    name: selfManagedNodeRole
    purpose: self_managed_node
    instance_profile: selfManagedNodeRole
    region: ap-northeast-1

- name: Create two On-Demand nodes, and Spot nodes above them
  kumo.eks.eks_self_managed_nodes:
    cluster_name: my-cluster
    name: mixed
    region: ap-northeast-1
    node_role: arn:aws:iam::123456789012:role/selfManagedNodeRole
    subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
    instance_types: [m5.large, m5a.large, m4.large]
    instances_distribution:
      on_demand_base_capacity: 2
      on_demand_percentage_above_base_capacity: 0
    scaling_config:
      min_size: 2
      max_size: 10
    labels: {role: mixed}
    wait: true

- name: Give the nodes larger volumes, one node at a time
  kumo.eks.eks_self_managed_nodes:
    cluster_name: my-cluster
    name: mixed
    region: ap-northeast-1
    node_role: arn:aws:iam::123456789012:role/selfManagedNodeRole
    labels: {role: mixed}
    template:
      volumes:
        - size: 100
          encrypted: true
    update_config:
      max_unavailable: 1
      drain_timeout: 600
    wait: true
    wait_timeout: 3600

- name: Register the nodes with a load balancer, let SSH in from the VPC, and keep zones from being rebalanced
  kumo.eks.eks_self_managed_nodes:
    cluster_name: my-cluster
    name: mixed
    region: ap-northeast-1
    node_role: arn:aws:iam::123456789012:role/selfManagedNodeRole
    labels: {role: mixed}
    template:
      key_name: my-key
      ssh_sources: [vpc]
    target_group_arns: [arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef]
    enabled_metrics: [GroupInServiceInstances, GroupDesiredCapacity]
    suspended_processes: [AZRebalance]
    wait: true

- name: Remove the group
  kumo.eks.eks_self_managed_nodes:
    cluster_name: my-cluster
    name: mixed
    region: ap-northeast-1
    state: absent
    wait: true
"""

RETURN = r"""
group:
  description:
    - The group. Its keys are at the top level, too.
    - In check mode, of one that does not exist yet, only what is known before.
  returned: when O(name) is given
  type: dict
  contains: &group
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
waited_for:
  description: V(nodes) if the nodes were looked for in the Kubernetes API, V(instances) if only the instances, V(nothing) without O(wait=true).
  returned: when O(name) is given
  type: str
  sample: nodes
pending:
  description: What was still to come when the task ended, in words. Empty if it did not fail.
  returned: always
  type: list
  elements: str
  sample: ["mixed: 2 of 3 nodes are Ready"]
unlisted:
  description: Groups that were created for the cluster and that O(self_managed_nodegroups) does not name.
  returned: when O(self_managed_nodegroups) and O(purge) are given
  type: list
  elements: str
  sample: ["old"]
self_managed_nodegroups:
  description: A result for each group, in the order given, and then for those that O(purge) deletes.
  returned: when O(self_managed_nodegroups) is given
  type: list
  elements: dict
  contains:
    <<: *group
    name:
      description: The group's name.
      returned: always
      type: str
      sample: mixed
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
      sample: "node ip-10-0-1-23.ap-northeast-1.compute.internal was not drained after 900 seconds: pod default/web may not be evicted now"
    waited_for:
      description: See RV(waited_for).
      returned: when it did not fail
      type: str
      sample: nodes
"""

import time
from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_rows, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import copy_first_help
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_wait_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    build_self_managed_spec,
    find_self_managed_list_problems,
    find_self_managed_warnings,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    check_name,
    check_unique,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import ClusterNodes
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_items
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed import NodeLook, SelfManagedManager
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_context import GroupContext
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_results import build_group_result
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_steps import (
    Step,
    Work,
    list_pending,
    run_steps,
)
from ansible_collections.kumo.eks.plugins.module_utils.nodes.subnet_zones import find_subnet_zones

LIST = "self_managed_nodegroups"


def build_spec() -> dict[str, Any]:
    """The argument spec of the module."""
    described, subnets = build_self_managed_spec(), dict(type="list", elements="str")
    return dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        self_managed_nodegroups=dict(type="list", elements="dict", options=build_item_spec(described)),
        defaults=dict(type="dict", options=described),
        node_roles=dict(type="dict"),
        private_subnets=subnets,
        public_subnets=subnets,
        local_zone_private_subnets=subnets,
        local_zone_public_subnets=subnets,
        subnet_zones=dict(type="dict"),
        purge=dict(type="bool"),
        _step=dict(type="bool", default=False),  # given by the action plugin alone: one step of a task that waits
        _began=dict(type="float"),
        _goes_on=dict(type="bool", default=False),
        **build_state_spec(),
        **build_wait_spec(),
        **described,
    )


def build_manager(module: AnsibleAWSModule, look: NodeLook) -> SelfManagedManager:
    """The manager of the task's cluster."""
    params, eks = module.params, get_client(module)
    ec2, iam, ssm, outposts = (partial(get_client, module, name) for name in ("ec2", "iam", "ssm", "outposts"))
    lookups = NodegroupLookups(eks, params["cluster_name"], ec2, ssm)
    context = GroupContext(
        eks, get_client(module, "autoscaling"), iam, lookups, module.check_mode, params["wait_timeout"]
    )
    return SelfManagedManager(
        context,
        Placement(params["cluster_name"], lookups.describe_cluster, ec2, module.check_mode, outposts),
        JoinCheck(ec2, iam, lookups.describe_cluster),
        look,
        params["wait"] or params["_step"],
        params["_began"] or time.time(),
        params["_goes_on"],
        module.warn,
    )


def read_items(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    """The groups of the task, each with all of its options."""
    params = module.params
    if params[LIST] is None:
        task = {**params, "tags": None, "nodegroups": [drop_none(params)]}
    else:
        check_unique(LIST, [row["name"] for row in params[LIST]])
        task = {**params, "nodegroups": params[LIST]}
    return build_items({**task, "subnet_zones": find_subnet_zones(partial(get_client, module, "ec2"), task)})


def build_work(
    module: AnsibleAWSModule, manager: SelfManagedManager, items: list[dict[str, Any]]
) -> tuple[Work, dict[str, Any]]:
    """What is to be done, by the names of the groups, and facts of the task."""
    for item in items:
        check_name("node group", item["name"])
    state, purge = module.params["state"], module.params["purge"]
    if state == "present":
        raise_problems(find_self_managed_list_problems(items))
    do = manager.ensure_absent if state == "absent" else manager.ensure_present
    work: Work = {item["name"]: partial(do, item) for item in items}
    if module.params[LIST] is None or purge is None:
        return work, {}
    look = partial(manager.list_unlisted, set(work))
    actions = "autoscaling:DescribeAutoScalingGroups or ec2:DescribeLaunchTemplates"
    unlisted = find_unlisted(module, "groups of self-managed nodes", look, actions)
    surplus = unlisted if purge else []
    return work | {name: partial(manager.ensure_absent, {"name": name}) for name in surplus}, {"unlisted": unlisted}


def build_step_row(step: Step) -> dict[str, Any]:
    """The result of one group."""
    return {**build_group_result(step.raw), "changed": step.changed, "waited_for": step.by}


def build_look(module: AnsibleAWSModule, stack: ExitStack) -> NodeLook:
    """A look at the nodes of the cluster, which connects to it when somebody first asks."""
    opened: list[KubernetesApi] = []

    def read() -> ClusterNodes:
        if not opened:
            clients = get_client(module), get_client(module, "sts")
            opened.append(stack.enter_context(open_cluster_api(*clients, module.params["cluster_name"])))
        return ClusterNodes(opened[0])

    return NodeLook(read)


def exit_with_steps(module: AnsibleAWSModule, results: list[ItemResult], facts: dict[str, Any]) -> None:
    """End the task with a row for each group, or with the single one."""
    rows = build_rows(results, build_step_row)
    facts |= {"changed": any(row["changed"] for row in rows), "pending": list_pending(results)}
    if module.params[LIST] is not None:
        exit_with_rows(module, results, rows, facts, LIST)
    if rows[0]["failed"]:
        module.fail_json(msg=rows[0]["msg"], **copy_first_help(rows), **facts)
    step: Step = results[0].outcome
    row = {name: value for name, value in rows[0].items() if name not in ("name", "failed", "changed")}
    diff = {"before": step.before, "after": step.after}
    module.exit_json(**row, **facts, group=build_group_result(step.raw), diff=diff)


def main() -> None:
    alone = [name for name in build_self_managed_spec() if name not in ("tags", "purge_tags")]
    module = AnsibleAWSModule(
        argument_spec=build_spec(),
        mutually_exclusive=[
            *[(LIST, option) for option in ("name", *alone)],
            *[("name", option) for option in ("defaults", "node_roles", "purge")],
        ],
        required_one_of=[("name", LIST)],
        supports_check_mode=True,
    )
    cluster = module.params["cluster_name"]
    with handle_failures(module, f"Could not manage self-managed nodes of cluster {cluster}"), ExitStack() as stack:
        look = build_look(module, stack)
        manager, items = build_manager(module, look), read_items(module)
        for text in find_self_managed_warnings(items) if module.params["state"] == "present" else ():
            module.warn(text)
        work, facts = build_work(module, manager, items)
        waits = module.params["wait"] and not module.check_mode and not module.params["_step"]
        results = run_steps(work, look, waits, module.params["wait_timeout"])
        exit_with_steps(module, results, facts)


if __name__ == "__main__":
    main()
