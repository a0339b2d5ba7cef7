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
  - Manages the EC2 launch template of a group and its versions where O(template) is given. A change is a new version, to which
    EKS rolls the nodes.
  - Manages one node group with O(name), or a list of node groups in one task with O(nodegroups), concurrently.
  - Omitted options are not changed. The module refuses changes that EKS cannot make, unless O(replace=true).
  - A group that M(kumo.eks.eks_nodegroup_replacement) has replaced is found by its declared name, although it has another one in EKS.
  - A task that was written for M(community.aws.eks_nodegroup) works when only the name of the collection is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  nodegroups:
    description:
      - A list of node groups, each with O(nodegroups[].name) and any other option that describes a node group. O(tags) next to the list
        are merged with the tags of each item, whose values take precedence.
      - They are managed concurrently. A node group that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      name:
        description: The node group's name.
        type: str
        required: true
      purge_tags: &purge_tags
        description:
          - Whether tags of the node group that are not in O(tags) are removed. Used only where O(tags) is given. The default is V(true).
          - Tags of AWS, with the prefix C(aws:), and the mark of O(owned) remain.
        type: bool
      <<: &nodegroup
        node_role:
          description: ARN of the IAM role of the nodes. Required to create a group. EKS cannot change it.
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
        subnets:
          description:
            - IDs of the subnets. Required to create a group, here or by O(private_subnets) and O(public_subnets). EKS cannot change
              them. Their order does not matter.
          type: list
          elements: str
        availability_zones:
          description:
            - The availability zones of the nodes. Where O(subnets) is omitted, the group gets those of O(private_subnets) or
              O(public_subnets) that are in these zones. Not used with O(subnets).
          type: list
          elements: str
        private_networking:
          description:
            - Where O(subnets) is omitted, whether the nodes are in O(private_subnets), which is the default, or in
              O(public_subnets).
          type: bool
        scaling_config:
          description:
            - The sizes of the group. A new group needs O(scaling_config.min_size) and O(scaling_config.max_size), or none of the
              three for EKS' defaults.
            - EKS scales in immediately, and does not respect PodDisruptionBudgets.
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
            - The instance types, up to 20. Their order is the priority in which EKS tries On-Demand capacity. EKS cannot change them.
            - With O(capacity_type=SPOT), several types of the same size make interruptions rarer.
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
        ami_type:
          description: The kind of machine image. EKS cannot change it. By default a new group has V(AL2023_x86_64_STANDARD).
          type: str
          choices:
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
        capacity_type:
          description:
            - How the capacity is bought. EKS cannot change it. Spot capacity is cheaper, and EC2 may take it back within two minutes.
            - V(CAPACITY_BLOCK) needs O(template.capacity_reservation.id), one instance type, and subnets in the zone of the block.
          type: str
          choices: [ON_DEMAND, SPOT, CAPACITY_BLOCK]
        disk_size:
          description: Size of the root volume in GiB. EKS cannot change it. Not with O(template) or O(launch_template).
          type: int
        remote_access:
          description:
            - SSH access to the nodes. EKS cannot change it. Not with O(template) or O(launch_template).
            - Without O(remote_access.source_sg) EKS opens the port to the internet. The module warns of it.
          type: dict
          suboptions:
            ec2_ssh_key:
              description: Name of the EC2 key pair.
              type: str
            source_sg:
              description: IDs of the security groups from which SSH is allowed. By default it is allowed from 0.0.0.0/0.
              type: list
              elements: str
        template:
          description:
            - Settings of the instances, beyond the options of the node group. The module manages an EC2 launch template for the
              group, with the name C(CLUSTER.NODEGROUP), and deletes it with the group. V({}) uses the defaults.
            - A change creates a version of the launch template, and EKS replaces all nodes of the group, as
              O(update_config) says. The diff shows what changes.
            - The option describes the whole template. An option that you remove from the task is removed from the template.
            - A group that was created without a launch template, or with another one, can only get this one by O(replace).
            - There is no option for what EKS refuses in a launch template, which are instance profile, subnets, shutdown
              and hibernation behavior.
            - Not with O(launch_template), O(disk_size) and O(remote_access).
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
                - The module creates a security group for it, with the name CLUSTER.NODEGROUP.ssh, and deletes it with the node group. The
                  nodes also have the cluster security group.
                - Another list changes the rules in place. Without the option, updated nodes do not have the security group.
              type: list
              elements: str
            tags:
              description:
                - Tags of the instances, their volumes and network interfaces, over O(tags) of the group, which they get in any case.
                - A change replaces the nodes.
              type: dict
            security_groups:
              description:
                - IDs of additional security groups of the instances.
              type: list
              elements: str
            cluster_security_group:
              description:
                - With O(template.security_groups), whether the instances also have the cluster's security group. The default is V(true).
                - EKS does not add it if the launch template has security groups. Without it, the rules of the other groups must allow
                  traffic between nodes and control plane, or no node can join.
              type: bool
            image_id:
              description:
                - ID of a machine image of your own. The group's AMI type is then V(CUSTOM), and O(ami_type), O(version) and
                  O(release_version) cannot be set. Another image updates the nodes.
                - EKS adds no bootstrap data for it. Use O(template.node_config) or O(template.bottlerocket_settings), to which the module
                  adds what a node has to know of the cluster, or O(template.user_data) with all of it.
              type: str
            user_data:
              description:
                - What instances run or read when they start, at most 16 KiB. EKS merges it with its own part, unless
                  O(template.image_id) is set.
                - For Amazon Linux a script, C(#cloud-config), C(#cloud-boothook), a NodeConfig or a MIME archive of them. For
                  Bottlerocket settings in TOML. For Windows a PowerShell script. Text that is none of these is refused.
                - Do not put secrets into it. Everybody with C(ec2:DescribeLaunchTemplateVersions), and every pod that reaches the metadata
                  service, can read it. Let instances fetch secrets, for example from AWS Secrets Manager. Logs and results do not contain
                  it, and the diff shows only its size and its hash.
              type: str
            node_config:
              description:
                - A NodeConfig document for Amazon Linux 2023, with settings of kubelet and containerd below C(spec). C(apiVersion) and
                  C(kind) may be omitted. It becomes a part of the user data.
              type: dict
            bottlerocket_settings:
              description:
                - Settings of Bottlerocket, what is below C(settings) in its user data. Labels and taints belong to O(labels) and O(taints).
                - Logs and results do not contain the values of keys that say they are secrets, such as C(password).
              type: dict
        launch_template:
          description:
            - An EC2 launch template of your own. Its version can be changed, which replaces the nodes. EKS cannot change the template.
            - Use O(template), and the module manages the launch template.
          type: dict
          suboptions:
            id:
              description: The template's ID.
              type: str
            name:
              description: The template's name, in place of its ID.
              type: str
            version:
              description:
                - The version, a number, V($Latest) or V($Default).
                - By default a new node group uses the default version, and an existing group keeps its version.
              type: str
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
        version:
          description:
            - The nodes' Kubernetes version, in quotes. A new group has the version of its cluster, so omit it there.
            - A newer one replaces the nodes. It never goes back, and is never newer than the cluster's.
          type: str
        release_version:
          description:
            - The AMI's release version. Another one replaces the nodes.
            - V(latest) is the newest release for the AMI type and the Kubernetes version of the group, so that each run patches the nodes.
              It requires the permission C(ssm:GetParameter), for Windows also C(ec2:DescribeImages).
          type: str
        force:
          description:
            - Whether nodes are replaced although a PodDisruptionBudget does not allow a pod's eviction. The default is V(false).
          type: bool
        replace:
          description:
            - Whether a change that EKS cannot make deletes the node group and recreates it. All of its nodes are terminated, and their
              pods are pending until the new ones are there. By default such a change is refused.
            - Omitted options keep the values of the old group, but for O(version) and O(release_version).
            - The old group is deleted before the new one is created. If the task ends in between, RV(replaced) has its options.
            - It also recreates a node group whose creation failed.
          type: bool
        update_config:
          description: How many nodes are replaced at once.
          type: dict
          suboptions:
            max_unavailable:
              description: How many nodes may be unavailable at once during an update, up to O(scaling_config.max_size).
              type: int
            max_unavailable_percentage:
              description: The same as a percentage of the nodes.
              type: int
            update_strategy:
              description: V(DEFAULT) starts new nodes first, V(MINIMAL) terminates old ones first.
              type: str
              choices: [DEFAULT, MINIMAL]
        node_repair_config:
          description: How unhealthy nodes are repaired.
          type: dict
          suboptions:
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
              description: What is done for particular conditions. EKS requires all four keys of an override.
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
        labels:
          description:
            - All Kubernetes labels of the nodes. V({}) removes them. The prefixes of Kubernetes and of EKS are reserved, but
              C(node.kubernetes.io/) is not.
          type: dict
        taints:
          description: All Kubernetes taints of the nodes. V([]) removes them.
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
        tags:
          description:
            - The tags of the node group and, with O(template), of its launch template, instances, volumes and network interfaces. Keys
              are never rewritten.
            - If it is omitted, tags are not changed. V({}) removes them.
          type: dict
          aliases: [resource_tags]
  <<: *nodegroup
  purge_tags:
    description:
      - Whether tags of the node group that are not in O(tags) are removed. Used only where O(tags) is given.
      - With O(nodegroups), for items that do not set it.
    type: bool
    default: true
  name:
    description: The node group's name. One of O(name) and O(nodegroups) is required.
    type: str
  defaults:
    description:
      - Options of every item of O(nodegroups) that the item itself omits. Tags are merged. A template is taken as a whole, and only by
        items that have no O(launch_template).
    type: dict
    suboptions:
      purge_tags: *purge_tags
      <<: *nodegroup
  node_roles:
    description:
      - The ARN of the IAM role of each node group of O(nodegroups) by its name, as RV(kumo.eks.eks_iam_role#module:node_roles) returns
        them. Used by groups without O(node_role).
    type: dict
  private_subnets:
    description: IDs of the subnets of groups that have no O(subnets), unless O(private_networking=false).
    type: list
    elements: str
  public_subnets:
    description: IDs of the subnets of groups that have no O(subnets), with O(private_networking=false).
    type: list
    elements: str
  subnet_zones:
    description:
      - The availability zone of each of O(private_subnets) and O(public_subnets), by its ID, for groups with O(availability_zones). The
        module looks up the zones that it does not name.
    type: dict
  owned:
    description:
      - Whether the call that creates a node group sets the tag C(kumo.eks/REGION/CLUSTER), by which this collection recognizes what it
        created. Launch templates of O(template) always have it.
    type: bool
    default: false
  purge:
    description:
      - Whether node groups with the tag of O(owned) that O(nodegroups) does not name are deleted, with their launch templates. All of
        their nodes are terminated.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description: Whether the node groups exist. Nodes of a group that is deleted are drained and terminated.
    type: str
    choices: [present, absent]
    default: present
notes:
  - With O(state=absent) a launch template of O(template) is deleted when its node group is gone. Without O(wait=true) the next run with
    O(state=absent) deletes it.
  - Before a node group is created, the module looks at its subnets, their routes and VPC endpoints, the endpoints of the cluster, and the
    policies of the IAM role, and refuses a group whose nodes could not join. It skips what the caller may not read, groups without nodes
    and custom images. Policies of your own are not judged.
seealso:
  - module: kumo.eks.eks_nodegroup_replacement
  - module: kumo.eks.eks_iam_role
  - name: Customize managed nodes with launch templates
    description: What belongs to the node group, what to its launch template, and how EKS merges user data.
    link: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
  - name: Understand each phase of node updates
    description: How nodes are replaced by a new version.
    link: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
  - name: Troubleshoot managed node groups
    description: What the health issues of a node group mean, like NodeCreationFailure.
    link: https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
  - name: NodeConfig
    description: What O(template.node_config) may contain.
    link: https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/
extends_documentation_fragment:
  - kumo.eks.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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

- name: Create or update two node groups in one task
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

- name: Encrypt the volumes, require IMDSv2 and give the kubelet settings, by a launch template that the module manages
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    name: encrypted-ng
    node_role: arn:aws:iam::123456789012:role/eksNodeRole
    subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
    release_version: latest
    template:
      volumes:
        - size: 100
          encrypted: true
      metadata_options:
        http_tokens: required
        http_put_response_hop_limit: 1
      node_config:
        spec:
          kubelet:
            config:
              maxPods: 50
    wait: true

- name: Give the nodes another instance type, by recreating the group
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
    - The node group as DescribeNodegroup answers it, in snake case. Its keys are at the top level, too.
    - In check mode, of one that does not exist yet, only what the task sets.
  returned: when O(name) is given
  type: dict
  contains: &nodegroup
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
  description: The options of the old node group. If the new one could not be created, they are the only record of it.
  returned: when it is replaced
  type: dict
  sample: {"capacity_type": "ON_DEMAND", "labels": {"role": "general"}}
unlisted:
  description: Node groups that were created for the cluster with O(owned) and that O(nodegroups) does not name.
  returned: when O(nodegroups) and O(purge) are given
  type: list
  elements: str
  sample: ["old-ng"]
nodegroups:
  description: A result for each node group, in the order given, and then for those that O(purge) deletes.
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
      returned: when it is replaced
      type: dict
      sample: {"capacity_type": "ON_DEMAND", "labels": {"role": "general"}}
    updates:
      description: The updates that were started for it, in their order.
      returned: when it did not fail, and when some were started before it failed
      type: list
      elements: dict
      contains: *update
# Unhealthy: written by tools/shared_docs.py, from here
unhealthy:
  description:
    - What EKS says is wrong with resources of the task, a sentence for each, which is also a warning. They are DEGRADED, something about
      them failed, or they have health issues.
    - EKS makes a resource ACTIVE again when the cause is gone. With O(wait=true) the task waits for that, and fails if it does not happen.
  returned: when the task describes the resource
  type: list
  elements: str
  sample:
    - 'add-on coredns is DEGRADED: InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn''t have the desired number of
      replicas.'
# to here.
# Waits: written by tools/shared_docs.py, from here
waits:
  description:
    - What the task waited for because AWS did not see it yet, like an IAM role that was created a moment before.
    - Where the module runs on the controller itself, the same is printed while it lasts, otherwise when the module has ended.
  returned: when the task had to wait for it
  type: list
  elements: dict
  contains:
    resource:
      description: What could not be created or changed meanwhile.
      returned: always
      type: str
      sample: node group general
    reason:
      description: Why it waited, with the answer of AWS.
      returned: always
      type: str
      sample: 'EKS refused its IAM role, which may be new: An error occurred (InvalidParameterException) when calling the CreateNodegroup
        operation: ...'
    seconds:
      description: How long it waited.
      returned: always
      type: float
      sample: 12.4
# to here.
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_rows, exit_with, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_wait_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import (
    build_nodegroup_spec,
    find_nodegroup_warnings,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name, check_unique
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement
from ansible_collections.kumo.eks.plugins.module_utils.nodes.joining import JoinCheck
from ansible_collections.kumo.eks.plugins.module_utils.nodes.managed import NodegroupManager
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import build_items
from ansible_collections.kumo.eks.plugins.module_utils.nodes.subnet_zones import find_subnet_zones


def build_spec() -> dict[str, Any]:
    """The argument spec of the module."""
    described, subnets = build_nodegroup_spec(), dict(type="list", elements="str")
    return dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        nodegroups=dict(type="list", elements="dict", options=build_item_spec(described)),
        defaults=dict(type="dict", options=described),
        node_roles=dict(type="dict"),
        private_subnets=subnets,
        public_subnets=subnets,
        subnet_zones=dict(type="dict"),
        owned=dict(type="bool", default=False),
        purge=dict(type="bool"),
        **build_state_spec(),
        **build_wait_spec(),
        **{**described, "purge_tags": dict(type="bool", default=True)},
    )


def build_manager(module: AnsibleAWSModule) -> NodegroupManager:
    """The manager of the task's cluster."""
    params, eks = module.params, get_client(module)
    ec2, iam, ssm = (partial(get_client, module, service) for service in ("ec2", "iam", "ssm"))
    lookups = NodegroupLookups(eks, params["cluster_name"], ec2, ssm)
    placement = Placement(params["cluster_name"], lookups.describe_cluster, ec2, module.check_mode)
    joining = JoinCheck(ec2, iam, lookups.describe_cluster)
    waits = params["wait"], params["wait_timeout"]
    return NodegroupManager(eks, lookups, placement, joining, module.check_mode, *waits, params["owned"])


def reconcile(manager: NodegroupManager, state: str, item: dict[str, Any]) -> Outcome:
    """Bring one node group to its desired state."""
    check_name("node group", item["name"])
    return manager.ensure_absent(item) if state == "absent" else manager.ensure_present(item)


def reconcile_list(
    module: AnsibleAWSModule, manager: NodegroupManager, items: list[dict[str, Any]]
) -> tuple[list[ItemResult], dict[str, Any]]:
    """All node groups of the list at once, and then what it does not name. Returns the results and the facts of the task."""
    state, purge, names = module.params["state"], module.params["purge"], {item["name"] for item in items}
    work = {item["name"]: partial(reconcile, manager, state, item) for item in items}
    if purge is None:
        return run_concurrently(list(work.items())), {}
    look = partial(manager.list_unlisted, names)
    unlisted = find_unlisted(module, "node groups", look, "eks:ListNodegroups or eks:DescribeNodegroup")
    surplus = unlisted if purge else []
    if state == "absent" or purge:
        lost = "launch templates of node groups that do not exist were not looked for and stay"
        look = partial(manager.list_orphaned, {*names, *surplus})
        surplus = [*surplus, *look_if_allowed(look, [], "eks:ListNodegroups or ec2:DescribeLaunchTemplates", lost)]
    work |= {name: partial(manager.ensure_absent, {"name": name}) for name in surplus}
    return run_concurrently(list(work.items())), {"unlisted": unlisted}


def warn(module: AnsibleAWSModule, items: list[dict[str, Any]]) -> None:
    """Say what EKS accepts and its user may not have meant."""
    for item in items if module.params["state"] == "present" else []:
        for text in find_nodegroup_warnings(item):
            module.warn(f"node group {item['name']}: {text}")


def read_items(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    """The node groups of the task, each with all of its options."""
    task = module.params
    if task["nodegroups"] is None:
        task = {**task, "tags": None, "nodegroups": [drop_none(task)]}
    else:
        check_unique("nodegroups", [row["name"] for row in task["nodegroups"]])
    return build_items({**task, "subnet_zones": find_subnet_zones(partial(get_client, module, "ec2"), task)})


def main() -> None:
    alone = [name for name in build_nodegroup_spec() if name not in ("tags", "purge_tags")]
    module = AnsibleAWSModule(
        argument_spec=build_spec(),
        mutually_exclusive=[
            *[("nodegroups", option) for option in ("name", *alone)],
            *[("name", option) for option in ("defaults", "node_roles", "purge")],
        ],
        required_one_of=[("name", "nodegroups")],
        supports_check_mode=True,
    )
    params = module.params
    with handle_failures(module, f"Could not manage node groups of cluster {params['cluster_name']}"):
        manager, items = build_manager(module), read_items(module)
        warn(module, items)
        manager.read_templates(items, params["state"] == "absent")
        if params["nodegroups"] is None:
            exit_with(module, reconcile(manager, params["state"], items[0]), "nodegroup")
        results, facts = reconcile_list(module, manager, items)
        rows = build_rows(results)
        changed = any(row["changed"] for row in rows)
        exit_with_rows(module, results, rows, {"changed": changed, **facts}, "nodegroups")


if __name__ == "__main__":
    main()
