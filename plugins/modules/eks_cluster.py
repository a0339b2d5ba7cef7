#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cluster
version_added: 0.1.0
short_description: Manage the control plane of an Amazon EKS cluster
description:
  - Creates a cluster, changes it in place, upgrades it by minor versions, and deletes it.
  - An option that is left out is left alone. What EKS cannot change is refused before anything is sent.
  - A task that was written for M(community.aws.eks_cluster) works when only the collection's name is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The cluster's name.
    type: str
    required: true
  version:
    description:
      - The Kubernetes version, for example V("1.34"). Write it with quotes, for V(1.30) without them is the number 1.3.
      - Left out at a creation, EKS takes its default. A version that EKS does not offer is refused.
      - A newer version upgrades the control plane, one minor version at a time. A step over several is refused, with the
        next one named. The only way back is O(rollback).
    type: str
  force:
    description: Upgrade, or roll back, although insights report problems that would otherwise block it.
    type: bool
    default: false
  rollback:
    description:
      - Whether O(version) may be the one before the cluster's, to roll back an upgrade.
      - EKS takes it within seven days after the upgrade, and only where no node is newer than O(version). It is EKS that
        decides, so check mode cannot tell.
    type: bool
    default: false
  rollback_config:
    description: How a rollback is done. It matters only with O(rollback=true).
    type: dict
    suboptions:
      timeout_minutes:
        description:
          - How many minutes EKS tries before it gives the rollback up, from 120 to 10080. EKS' default is 720.
          - In auto mode the nodes are rolled back first. Give O(wait_timeout), in seconds, room for it.
        type: int
  role_arn:
    description: ARN of the cluster's IAM role. Needed at a creation; it cannot be changed.
    type: str
  subnets:
    description: IDs of the subnets, in at least two availability zones. Needed at a creation. Their order does not matter.
    type: list
    elements: str
  security_groups:
    description: Additional security groups, as IDs or as names in the VPC of the subnets.
    type: list
    elements: str
  endpoint_public_access:
    description: Whether the API server can be reached from the internet. EKS' default is V(true).
    type: bool
  endpoint_private_access:
    description: Whether the API server can be reached from inside the VPC. EKS' default is V(false).
    type: bool
  public_access_cidrs:
    description: From where the public endpoint can be reached, as CIDR blocks. EKS' default is everywhere.
    type: list
    elements: str
  control_plane_egress_mode:
    description:
      - Where the control plane's own traffic leaves. V(AWS_MANAGED) is EKS' default.
      - A cluster that has left V(AWS_MANAGED) does not come back to it.
    type: str
    choices: [AWS_MANAGED, CUSTOMER_ROUTED, CUSTOMER_ISOLATED]
  logging:
    description: The control plane logs to send to CloudWatch. An empty list turns all of them off.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
  encryption_config:
    description: Encryption of Kubernetes secrets. It can be added to a cluster, but neither changed nor taken away.
    type: dict
    suboptions:
      key_arn:
        description: ARN of the KMS key.
        type: str
        required: true
      resources:
        description: What is encrypted.
        type: list
        elements: str
        choices: [secrets]
        default: [secrets]
  access_config:
    description: How principals get access to the cluster.
    type: dict
    suboptions:
      authentication_mode:
        description: Where access is kept. The only way is from V(CONFIG_MAP) to V(API_AND_CONFIG_MAP) to V(API).
        type: str
        choices: [CONFIG_MAP, API_AND_CONFIG_MAP, API]
      bootstrap_cluster_creator_admin_permissions:
        description: Whether the creator is an administrator of the cluster. Only at a creation.
        type: bool
  upgrade_policy:
    description: What happens at the end of a version's standard support.
    type: dict
    suboptions:
      support_type:
        description: V(EXTENDED) goes on, at a higher price; V(STANDARD) has EKS upgrade the cluster.
        type: str
        choices: [STANDARD, EXTENDED]
        required: true
  zonal_shift_config:
    description: Shifting of traffic away from an impaired availability zone.
    type: dict
    suboptions:
      enabled:
        description: Whether zonal shift is on.
        type: bool
        required: true
  compute_config:
    description:
      - EKS Auto Mode's compute. EKS takes it only together with O(storage_config) and load balancing in
        O(kubernetes_network_config), all on or all off.
    type: dict
    suboptions:
      enabled:
        description: Whether Auto Mode runs nodes.
        type: bool
      node_pools:
        description: The built-in node pools.
        type: list
        elements: str
        choices: [general-purpose, system]
      node_role_arn:
        description: ARN of the IAM role of Auto Mode's nodes.
        type: str
  storage_config:
    description: EKS Auto Mode's storage.
    type: dict
    suboptions:
      block_storage:
        description: Block storage.
        type: dict
        suboptions:
          enabled:
            description: Whether Auto Mode provides EBS volumes.
            type: bool
            required: true
  kubernetes_network_config:
    description: The network of the cluster's services.
    type: dict
    suboptions:
      ip_family:
        description: The family of pod and service addresses. Only at a creation.
        type: str
        choices: [ipv4, ipv6]
      service_ipv4_cidr:
        description: The CIDR block of service addresses. Only at a creation.
        type: str
      elastic_load_balancing:
        description: EKS Auto Mode's load balancing.
        type: dict
        suboptions:
          enabled:
            description: Whether Auto Mode provides load balancers.
            type: bool
          gateway_api:
            description: The Gateway API in EKS Auto Mode.
            type: dict
            suboptions:
              crds:
                description: Its custom resource definitions.
                type: dict
                suboptions:
                  managed:
                    description: Whether EKS installs and updates them.
                    type: bool
                    required: true
  remote_network_config:
    description: Networks of hybrid nodes. Empty lists for both remove them.
    type: dict
    suboptions:
      remote_node_networks:
        description: Networks that hold hybrid nodes.
        type: list
        elements: dict
        suboptions:
          cidrs:
            description: CIDR blocks.
            type: list
            elements: str
            required: true
      remote_pod_networks:
        description: Networks that hold pods on hybrid nodes.
        type: list
        elements: dict
        suboptions:
          cidrs:
            description: CIDR blocks.
            type: list
            elements: str
            required: true
  control_plane_scaling_config:
    description: The provisioned size of the control plane.
    type: dict
    suboptions:
      tier:
        description: The tier; V(standard) scales by itself.
        type: str
        choices: [standard, tier-xl, tier-2xl, tier-4xl, tier-8xl]
        required: true
  kube_api_server_config:
    description: Settings of the Kubernetes API server.
    type: dict
    suboptions:
      event_ttl:
        description: How long events are kept, as a duration of one unit like V(30m) or V(1h).
        type: str
      service_node_port_range:
        description: The ports of services of the type NodePort.
        type: dict
        suboptions:
          min_port:
            description: The first port.
            type: int
            required: true
          max_port:
            description: The last port.
            type: int
            required: true
  kube_scheduler_config:
    description: Settings of the Kubernetes scheduler.
    type: dict
    suboptions:
      node_resources_fit:
        description: How nodes are scored by their resources.
        type: dict
        suboptions:
          scoring_strategy:
            description: The strategy.
            type: dict
            suboptions:
              type:
                description: V(LeastAllocated) spreads pods over the nodes, V(MostAllocated) packs them.
                type: str
                choices: [LeastAllocated, MostAllocated]
              resources:
                description: How much each resource counts.
                type: list
                elements: dict
                suboptions:
                  name:
                    description: The resource, for example V(cpu).
                    type: str
                    required: true
                  weight:
                    description: Its weight.
                    type: int
                    required: true
  kube_controller_manager_config:
    description: Settings of the Kubernetes controller manager.
    type: dict
    suboptions:
      pod_gc_controller_config:
        description: Removal of pods that have ended.
        type: dict
        suboptions:
          terminated_pod_gc_threshold:
            description: How many of them may be there before the oldest are removed.
            type: int
            required: true
      horizontal_pod_autoscaler_controller_config:
        description: The horizontal pod autoscaler.
        type: dict
        suboptions:
          horizontal_pod_autoscaler_sync_period:
            description: How often it looks, as a duration of one unit like V(15s).
            type: str
            required: true
  outpost_config:
    description: A local cluster on an AWS Outpost. Only at a creation.
    type: dict
    suboptions:
      outpost_arns:
        description: ARN of the Outpost, the only one of the list.
        type: list
        elements: str
        required: true
      control_plane_instance_type:
        description: The EC2 instance type of the control plane.
        type: str
        required: true
      control_plane_placement:
        description: Where the control plane's instances are placed.
        type: dict
        suboptions:
          group_name:
            description: Name of the placement group.
            type: str
          spread_level:
            description: What the instances are spread over.
            type: str
            choices: [host, rack]
      etcd_instance_type:
        description: The EC2 instance type of etcd's instances.
        type: str
      etcd_placement:
        description: Where etcd's instances are placed.
        type: dict
        suboptions:
          spread_level:
            description: What the instances are spread over.
            type: str
            choices: [host, rack]
  deletion_protection:
    description: Whether EKS refuses to delete the cluster.
    type: bool
  bootstrap_self_managed_addons:
    description: Whether EKS installs VPC CNI, kube-proxy and CoreDNS unmanaged. Only at a creation; EKS does not report it.
    type: bool
  state:
    description: Whether the cluster exists.
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
- name: Create a cluster, and go on while EKS works on it
  kumo.eks.eks_cluster:
    name: my-cluster
    region: ap-northeast-1
    version: "1.34"
    role_arn: arn:aws:iam::123456789012:role/eksClusterRole
    subnets: [subnet-11111111, subnet-22222222, subnet-33333333]
    logging: [api, audit, authenticator, controllerManager, scheduler]

- name: Narrow its public endpoint, and wait until that is so
  kumo.eks.eks_cluster:
    name: my-cluster
    endpoint_private_access: true
    public_access_cidrs: [192.0.2.0/24]
    wait: true

- name: Upgrade the control plane by one minor version
  kumo.eks.eks_cluster:
    name: my-cluster
    version: "1.35"
    wait: true
    wait_timeout: 3600

- name: Roll the upgrade back, within seven days
  kumo.eks.eks_cluster:
    name: my-cluster
    version: "1.34"
    rollback: true
    wait: true
    wait_timeout: 3600

- name: Turn EKS Auto Mode on, with its three parts
  kumo.eks.eks_cluster:
    name: my-cluster
    compute_config:
      enabled: true
      node_pools: [general-purpose, system]
      node_role_arn: arn:aws:iam::123456789012:role/eksAutoNodeRole
    storage_config:
      block_storage:
        enabled: true
    kubernetes_network_config:
      elastic_load_balancing:
        enabled: true
    wait: true

- name: Remove the cluster
  kumo.eks.eks_cluster:
    name: my-cluster
    state: absent
    wait: true
"""

RETURN = r"""
cluster:
  description:
    - The cluster as DescribeCluster answers it, in snake case. Its keys stand at the top level of the result, too.
    - In check mode, of a cluster that is yet to come, only what the task sets.
  returned: always
  type: dict
  contains:
    name:
      description: The cluster's name.
      returned: when the cluster exists
      type: str
      sample: my-cluster
    arn:
      description: The cluster's ARN.
      returned: when the cluster exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
    created_at:
      description: When it was created.
      returned: when the cluster exists
      type: str
      sample: "2026-08-01T09:00:00+09:00"
    version:
      description: Its Kubernetes version.
      returned: when the cluster exists
      type: str
      sample: "1.34"
    endpoint:
      description: The address of its API server.
      returned: when EKS gives it
      type: str
      sample: https://0123456789ABCDEF.gr7.ap-northeast-1.eks.amazonaws.com
    role_arn:
      description: ARN of its IAM role.
      returned: when the cluster exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksClusterRole
    resources_vpc_config:
      description: Its network.
      returned: when the cluster exists
      type: dict
      contains:
        subnet_ids:
          description: IDs of the subnets.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [subnet-11111111, subnet-22222222]
        security_group_ids:
          description: IDs of the additional security groups.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [sg-11111111]
        cluster_security_group_id:
          description: ID of the security group that EKS made for the cluster.
          returned: when EKS gives it
          type: str
          sample: sg-22222222
        vpc_id:
          description: ID of the VPC.
          returned: when EKS gives it
          type: str
          sample: vpc-11111111
        endpoint_public_access:
          description: Whether the API server can be reached from the internet.
          returned: when EKS gives it
          type: bool
          sample: true
        endpoint_private_access:
          description: Whether the API server can be reached from inside the VPC.
          returned: when EKS gives it
          type: bool
          sample: true
        public_access_cidrs:
          description: From where the public endpoint can be reached.
          returned: when EKS gives it
          type: list
          elements: str
          sample: ["0.0.0.0/0"]
        control_plane_egress_mode:
          description: Where the control plane's own traffic leaves.
          returned: when EKS gives it
          type: str
          sample: AWS_MANAGED
    kubernetes_network_config:
      description: The network of its services.
      returned: when EKS gives it
      type: dict
      contains:
        service_ipv4_cidr:
          description: The CIDR block of service addresses.
          returned: when EKS gives it
          type: str
          sample: "172.20.0.0/16"
        service_ipv6_cidr:
          description: The CIDR block of service addresses of an IPv6 cluster.
          returned: when EKS gives it
          type: str
          sample: fd30:1c53:5f8a::/108
        ip_family:
          description: The family of pod and service addresses.
          returned: when EKS gives it
          type: str
          sample: ipv4
        elastic_load_balancing:
          description: EKS Auto Mode's load balancing.
          returned: when EKS gives it
          type: dict
          contains:
            enabled:
              description: Whether it is on.
              returned: always
              type: bool
              sample: true
            gateway_api:
              description: The Gateway API in EKS Auto Mode.
              returned: when EKS gives it
              type: dict
              contains:
                crds:
                  description: Its custom resource definitions.
                  returned: when EKS gives it
                  type: dict
                  contains:
                    managed:
                      description: Whether EKS installs and updates them.
                      returned: when EKS gives it
                      type: bool
                      sample: false
    logging:
      description: The control plane logs.
      returned: when EKS gives it
      type: dict
      contains:
        cluster_logging:
          description: Which are on, and which are off.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            types:
              description: Kinds of logs.
              returned: always
              type: list
              elements: str
              sample: [api, audit]
            enabled:
              description: Whether these kinds are sent to CloudWatch.
              returned: always
              type: bool
              sample: true
    identity:
      description: Its identity provider.
      returned: when EKS gives it
      type: dict
      contains:
        oidc:
          description: Its OpenID Connect provider.
          returned: when EKS gives it
          type: dict
          contains:
            issuer:
              description: The issuer's address.
              returned: when EKS gives it
              type: str
              sample: https://oidc.eks.ap-northeast-1.amazonaws.com/id/0123456789ABCDEF
    status:
      description: Its status.
      returned: when the cluster exists
      type: str
      sample: ACTIVE
    certificate_authority:
      description: The certificate authority of its API server.
      returned: when EKS gives it
      type: dict
      contains:
        data:
          description: The certificate, Base64-encoded.
          returned: when EKS gives it
          type: str
          sample: LS0tLS1CRUdJTi...
        active:
          description: The authority that signs at present.
          returned: when EKS gives it
          type: dict
          contains:
            id:
              description: Its id.
              returned: when EKS gives it
              type: str
              sample: ca-1
            activated_by:
              description: Who chose it.
              returned: when EKS gives it
              type: str
              sample: EKS
    client_request_token:
      description: The token of the request that made it.
      returned: when EKS gives it
      type: str
      sample: "6b2a9b0e-4f7e-4c1c-9a52-6d3c7c1a8e10"
    platform_version:
      description: The version of the platform.
      returned: when EKS gives it
      type: str
      sample: eks.20
    tags:
      description: Its tags.
      returned: when the cluster exists
      type: dict
      sample: {"Environment": "production"}
    encryption_config:
      description: How it is encrypted.
      returned: when EKS gives it
      type: list
      elements: dict
      contains:
        resources:
          description: What is encrypted.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [secrets]
        provider:
          description: The key.
          returned: when EKS gives it
          type: dict
          contains:
            key_arn:
              description: ARN of the KMS key.
              returned: when EKS gives it
              type: str
              sample: arn:aws:kms:ap-northeast-1:123456789012:key/0123
    connector_config:
      description: Of a cluster that runs elsewhere and is connected to EKS, how.
      returned: when EKS gives it
      type: dict
      contains:
        activation_id:
          description: The activation's id.
          returned: when EKS gives it
          type: str
          sample: "0123"
        activation_code:
          description: The activation's code.
          returned: when EKS gives it
          type: str
          sample: "0123"
        activation_expiry:
          description: When the activation ends.
          returned: when EKS gives it
          type: str
          sample: "2026-08-04T09:00:00+09:00"
        provider:
          description: Who runs the cluster.
          returned: when EKS gives it
          type: str
          sample: OTHER
        role_arn:
          description: ARN of the connector's role.
          returned: when EKS gives it
          type: str
          sample: arn:aws:iam::123456789012:role/connector
    id:
      description: The id of a local cluster on an Outpost.
      returned: when EKS gives it
      type: str
      sample: "0123"
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
    outpost_config:
      description: Of a local cluster on an Outpost, where it runs.
      returned: when EKS gives it
      type: dict
      contains:
        outpost_arns:
          description: ARN of the Outpost.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-1]
        control_plane_instance_type:
          description: The EC2 instance type of the control plane.
          returned: when EKS gives it
          type: str
          sample: m5.large
        control_plane_placement:
          description: Where the control plane's instances are placed.
          returned: when EKS gives it
          type: dict
          contains:
            group_name:
              description: Name of the placement group.
              returned: when EKS gives it
              type: str
              sample: eks
            spread_level:
              description: What the instances are spread over.
              returned: when EKS gives it
              type: str
              sample: host
        etcd_instance_type:
          description: The EC2 instance type of etcd's instances.
          returned: when EKS gives it
          type: str
          sample: m5.large
        etcd_placement:
          description: Where etcd's instances are placed.
          returned: when EKS gives it
          type: dict
          contains:
            spread_level:
              description: What the instances are spread over.
              returned: when EKS gives it
              type: str
              sample: host
    access_config:
      description: How principals get access.
      returned: when EKS gives it
      type: dict
      contains:
        bootstrap_cluster_creator_admin_permissions:
          description: Whether the creator was made an administrator.
          returned: when EKS gives it
          type: bool
          sample: true
        authentication_mode:
          description: Where access is kept.
          returned: when EKS gives it
          type: str
          sample: API_AND_CONFIG_MAP
    upgrade_policy:
      description: What happens at the end of a version's standard support.
      returned: when EKS gives it
      type: dict
      contains:
        support_type:
          description: Whether EKS upgrades it then, or extended support begins.
          returned: when EKS gives it
          type: str
          sample: EXTENDED
    zonal_shift_config:
      description: Shifting of traffic away from an impaired availability zone.
      returned: when EKS gives it
      type: dict
      contains:
        enabled:
          description: Whether it is on.
          returned: always
          type: bool
          sample: true
    remote_network_config:
      description: Networks of hybrid nodes.
      returned: when EKS gives it
      type: dict
      contains:
        remote_node_networks:
          description: Networks that hold hybrid nodes.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            cidrs:
              description: CIDR blocks.
              returned: when EKS gives it
              type: list
              elements: str
              sample: ["172.16.0.0/16"]
        remote_pod_networks:
          description: Networks that hold pods on hybrid nodes.
          returned: when EKS gives it
          type: list
          elements: dict
          contains:
            cidrs:
              description: CIDR blocks.
              returned: when EKS gives it
              type: list
              elements: str
              sample: ["172.16.0.0/16"]
    compute_config:
      description: EKS Auto Mode's compute.
      returned: when EKS gives it
      type: dict
      contains:
        enabled:
          description: Whether it is on.
          returned: always
          type: bool
          sample: true
        node_pools:
          description: The built-in node pools.
          returned: when EKS gives it
          type: list
          elements: str
          sample: [general-purpose, system]
        node_role_arn:
          description: ARN of the IAM role of Auto Mode's nodes.
          returned: when EKS gives it
          type: str
          sample: arn:aws:iam::123456789012:role/eksAutoNodeRole
    storage_config:
      description: EKS Auto Mode's storage.
      returned: when EKS gives it
      type: dict
      contains:
        block_storage:
          description: Block storage.
          returned: when EKS gives it
          type: dict
          contains:
            enabled:
              description: Whether it is on.
              returned: always
              type: bool
              sample: true
    deletion_protection:
      description: Whether EKS refuses to delete it.
      returned: when EKS gives it
      type: bool
      sample: false
    control_plane_scaling_config:
      description: The provisioned size of the control plane.
      returned: when EKS gives it
      type: dict
      contains:
        tier:
          description: The tier.
          returned: when EKS gives it
          type: str
          sample: standard
    kube_api_server_config:
      description: Settings of the Kubernetes API server.
      returned: when EKS gives it
      type: dict
      contains:
        event_ttl:
          description: How long events are kept.
          returned: when EKS gives it
          type: str
          sample: "1h"
        service_node_port_range:
          description: The ports of services of the type NodePort.
          returned: when EKS gives it
          type: dict
          contains:
            min_port:
              description: The first port.
              returned: when EKS gives it
              type: int
              sample: 30000
            max_port:
              description: The last port.
              returned: when EKS gives it
              type: int
              sample: 32767
    kube_scheduler_config:
      description: Settings of the Kubernetes scheduler.
      returned: when EKS gives it
      type: dict
      contains:
        node_resources_fit:
          description: How nodes are scored by their resources.
          returned: when EKS gives it
          type: dict
          contains:
            scoring_strategy:
              description: The strategy.
              returned: when EKS gives it
              type: dict
              contains:
                type:
                  description: Its kind.
                  returned: when EKS gives it
                  type: str
                  sample: LeastAllocated
                resources:
                  description: How much each resource counts.
                  returned: when EKS gives it
                  type: list
                  elements: dict
                  contains:
                    name:
                      description: The resource.
                      returned: when EKS gives it
                      type: str
                      sample: cpu
                    weight:
                      description: Its weight.
                      returned: when EKS gives it
                      type: int
                      sample: 1
    kube_controller_manager_config:
      description: Settings of the Kubernetes controller manager.
      returned: when EKS gives it
      type: dict
      contains:
        pod_gc_controller_config:
          description: Removal of pods that have ended.
          returned: when EKS gives it
          type: dict
          contains:
            terminated_pod_gc_threshold:
              description: How many of them may be there.
              returned: when EKS gives it
              type: int
              sample: 12500
        horizontal_pod_autoscaler_controller_config:
          description: The horizontal pod autoscaler.
          returned: when EKS gives it
          type: dict
          contains:
            horizontal_pod_autoscaler_sync_period:
              description: How often it looks.
              returned: when EKS gives it
              type: str
              sample: "15s"
updates:
  description: The updates that the task started, in their order.
  returned: always
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
      sample: VersionUpdate
    operation:
      description: The API operation that started it.
      returned: always
      type: str
      sample: UpdateClusterVersion
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import build_cluster_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_wait_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name
from ansible_collections.kumo.eks.plugins.module_utils.ec2.security_groups import find_group_ids
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource


def build_argument_spec() -> dict[str, Any]:
    """The module's options."""
    removals = dict(nodegroups=dict(type="list", elements="str"), fargate_profiles=dict(type="list", elements="str"))
    return dict(
        name=dict(type="str", required=True),
        owned=dict(type="bool", default=False),
        adopt=dict(type="bool", default=False),
        planned_removals=dict(type="dict", options=removals),
        **build_cluster_spec(),
        **build_state_spec(),
        **build_wait_spec(),
    )


def build_resource(module: AnsibleAWSModule, params: dict[str, Any]) -> ClusterResource:
    """The cluster, with the mark of ownership that the task asks for."""
    eks, removals = get_client(module), params.get("planned_removals", {})
    owner = build_owner_key(eks.meta.region_name, params["name"]) if params["owned"] else ""
    planned = {
        "nodegroups": removals.get("nodegroups", []),
        "fargateProfileNames": removals.get("fargate_profiles", []),
    }
    return ClusterResource(eks, params["name"], owner, params["adopt"], planned)


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    params = drop_none(module.params)
    with handle_failures(module, f"Could not manage cluster {params['name']}"):
        check_name("cluster", params["name"])
        reconciler = Reconciler(
            build_resource(module, params),
            check_mode=module.check_mode,
            wait=params["wait"],
            wait_timeout=params["wait_timeout"],
        )
        if params["state"] == "absent":
            outcome = reconciler.ensure_absent()
        else:
            groups = params.get("security_groups")
            if groups is not None:
                params["security_groups"] = find_group_ids(
                    lambda: get_client(module, "ec2"), groups, params.get("subnets") or []
                )
            outcome = reconciler.ensure_present(params)
    exit_with(module, outcome, "cluster")


if __name__ == "__main__":
    main()
