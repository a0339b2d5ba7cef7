#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_info
version_added: 0.1.0
short_description: Describe an Amazon EKS cluster with everything in it
description:
  - Describes a cluster with its network, node groups, Fargate profiles, add-ons, access entries, identities of pods, insights and Helm
    releases, in one task.
  - The sections are read side by side, with at most eight calls to EKS at a time. If AWS throttles, calls are repeated with
    growing pauses.
  - A section whose calls are denied is missing in the result. It is named in RV(not_read) and in a warning, so that it is not taken
    for an empty one.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  sections:
    description:
      - The sections to read. V(all) means all of them. A section with an exclamation mark is not read.
      - V(helm_releases) needs Helm, and access to the Kubernetes API of the cluster. The others need AWS' API alone.
    type: list
    elements: str
    choices:
      - all
      - cluster
      - network
      - nodegroups
      - fargate_profiles
      - addons
      - access_entries
      - pod_identity_associations
      - oidc_provider
      - insights
      - helm_releases
      - '!cluster'
      - '!network'
      - '!nodegroups'
      - '!fargate_profiles'
      - '!addons'
      - '!access_entries'
      - '!pod_identity_associations'
      - '!oidc_provider'
      - '!insights'
      - '!helm_releases'
    default: [all]
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
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
requirements:
  - Helm 3.14 or later, or Helm 4, for the section V(helm_releases)
seealso:
  - module: kumo.eks.eks_cluster_info
  - module: kumo.eks.eks_helm_info
  - plugin: kumo.eks.eks
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Describe everything
  kumo.eks.eks_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: Describe the insights and the add-ons, for a decision about an upgrade
  kumo.eks.eks_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    sections: [cluster, addons, insights]
  register: found

- name: Describe everything that AWS' API knows
  kumo.eks.eks_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    sections: [all, '!helm_releases']
"""

RETURN = r"""
exists:
  description: Whether the cluster exists. The sections are missing where it does not.
  returned: always
  type: bool
  sample: true
not_read:
  description: The requested sections that were not read, and why.
  returned: always
  type: list
  elements: dict
  contains:
    section:
      description: The section.
      returned: always
      type: str
      sample: insights
    action:
      description: The IAM action that is denied. Empty if there is another reason.
      returned: always
      type: str
      sample: eks:ListInsights
    reason:
      description: What AWS, Helm or the cluster said.
      returned: always
      type: str
      sample: "AccessDeniedException: User: arn:aws:iam::123456789012:user/reader is not authorized to perform: eks:ListInsights"
cluster:
  description: The cluster, as M(kumo.eks.eks_cluster_info) describes it.
  returned: when it was read
  type: dict
  contains:
    # Cluster: written by tools/shared_docs.py, from here
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
      sample: '2026-08-01T09:00:00+09:00'
    version:
      description: Its Kubernetes version.
      returned: when the cluster exists
      type: str
      sample: '1.34'
    endpoint:
      description: The address of its API server.
      returned: when EKS returns it
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
          returned: when EKS returns it
          type: list
          elements: str
          sample: [subnet-11111111, subnet-22222222]
        security_group_ids:
          description: IDs of the additional security groups.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [sg-11111111]
        cluster_security_group_id:
          description: ID of the security group that EKS created for the cluster.
          returned: when EKS returns it
          type: str
          sample: sg-22222222
        vpc_id:
          description: ID of the VPC.
          returned: when EKS returns it
          type: str
          sample: vpc-11111111
        endpoint_public_access:
          description: Whether the API server can be reached from the internet.
          returned: when EKS returns it
          type: bool
          sample: true
        endpoint_private_access:
          description: Whether the API server can be reached from inside the VPC.
          returned: when EKS returns it
          type: bool
          sample: true
        public_access_cidrs:
          description: CIDR blocks that can reach the public endpoint.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [0.0.0.0/0]
        control_plane_egress_mode:
          description: How outgoing traffic of the control plane is routed.
          returned: when EKS returns it
          type: str
          sample: AWS_MANAGED
    kubernetes_network_config:
      description: The network of its services.
      returned: when EKS returns it
      type: dict
      contains:
        service_ipv4_cidr:
          description: The CIDR block of service addresses.
          returned: when EKS returns it
          type: str
          sample: 172.20.0.0/16
        service_ipv6_cidr:
          description: The CIDR block of service addresses of an IPv6 cluster.
          returned: when EKS returns it
          type: str
          sample: fd30:1c53:5f8a::/108
        ip_family:
          description: The family of pod and service addresses.
          returned: when EKS returns it
          type: str
          sample: ipv4
        elastic_load_balancing:
          description: EKS Auto Mode's load balancing.
          returned: when EKS returns it
          type: dict
          contains:
            enabled:
              description: Whether it is enabled.
              returned: always
              type: bool
              sample: true
            gateway_api:
              description: The Gateway API in EKS Auto Mode.
              returned: when EKS returns it
              type: dict
              contains:
                crds:
                  description: Its custom resource definitions.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    managed:
                      description: Whether EKS installs and updates them.
                      returned: when EKS returns it
                      type: bool
                      sample: false
    logging:
      description: The control plane logs.
      returned: when EKS returns it
      type: dict
      contains:
        cluster_logging:
          description: Which log types are enabled, and which are not.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            types:
              description: The log types.
              returned: always
              type: list
              elements: str
              sample: [api, audit]
            enabled:
              description: Whether these log types are sent to CloudWatch Logs.
              returned: always
              type: bool
              sample: true
    identity:
      description: Its identity provider.
      returned: when EKS returns it
      type: dict
      contains:
        oidc:
          description: Its OpenID Connect provider.
          returned: when EKS returns it
          type: dict
          contains:
            issuer:
              description: The issuer's address.
              returned: when EKS returns it
              type: str
              sample: https://oidc.eks.ap-northeast-1.amazonaws.com/id/0123456789ABCDEF
    status:
      description: Its status.
      returned: when the cluster exists
      type: str
      sample: ACTIVE
    certificate_authority:
      description: The certificate authority of its API server.
      returned: when EKS returns it
      type: dict
      contains:
        data:
          description: The certificate, Base64-encoded.
          returned: when EKS returns it
          type: str
          sample: LS0tLS1CRUdJTi...
        active:
          description: The certificate authority that signs now.
          returned: when EKS returns it
          type: dict
          contains:
            id:
              description: Its id.
              returned: when EKS returns it
              type: str
              sample: ca-1
            activated_by:
              description: Who activated it.
              returned: when EKS returns it
              type: str
              sample: EKS
    client_request_token:
      description: The idempotency token of the creation.
      returned: when EKS returns it
      type: str
      sample: 6b2a9b0e-4f7e-4c1c-9a52-6d3c7c1a8e10
    platform_version:
      description: The version of the platform.
      returned: when EKS returns it
      type: str
      sample: eks.20
    tags:
      description: Its tags.
      returned: when the cluster exists
      type: dict
      sample:
        Environment: production
    encryption_config:
      description: The encryption configuration.
      returned: when EKS returns it
      type: list
      elements: dict
      contains:
        resources:
          description: What is encrypted.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [secrets]
        provider:
          description: The key.
          returned: when EKS returns it
          type: dict
          contains:
            key_arn:
              description: ARN of the KMS key.
              returned: when EKS returns it
              type: str
              sample: arn:aws:kms:ap-northeast-1:123456789012:key/0123
    connector_config:
      description: The connection of a cluster that runs outside of EKS.
      returned: when EKS returns it
      type: dict
      contains:
        activation_id:
          description: The activation's id.
          returned: when EKS returns it
          type: str
          sample: '0123'
        activation_code:
          description: The activation's code. It is a secret, and modules of this collection do not return it.
          returned: never
          type: str
          sample: '0123'
        activation_expiry:
          description: When the activation ends.
          returned: when EKS returns it
          type: str
          sample: '2026-08-04T09:00:00+09:00'
        provider:
          description: Who runs the cluster.
          returned: when EKS returns it
          type: str
          sample: OTHER
        role_arn:
          description: ARN of the connector's role.
          returned: when EKS returns it
          type: str
          sample: arn:aws:iam::123456789012:role/connector
    id:
      description: The id of a local cluster on an Outpost.
      returned: when EKS returns it
      type: str
      sample: '0123'
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
    outpost_config:
      description: The Outpost of a local cluster.
      returned: when EKS returns it
      type: dict
      contains:
        outpost_arns:
          description: ARN of the Outpost.
          returned: when EKS returns it
          type: list
          elements: str
          sample: ['arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-1']
        control_plane_instance_type:
          description: The EC2 instance type of the control plane.
          returned: when EKS returns it
          type: str
          sample: m5.large
        control_plane_placement:
          description: Where the control plane's instances are placed.
          returned: when EKS returns it
          type: dict
          contains:
            group_name:
              description: Name of the placement group.
              returned: when EKS returns it
              type: str
              sample: eks
            spread_level:
              description: The level over which instances are spread.
              returned: when EKS returns it
              type: str
              sample: host
        etcd_instance_type:
          description: The EC2 instance type of etcd's instances.
          returned: when EKS returns it
          type: str
          sample: m5.large
        etcd_placement:
          description: Where etcd's instances are placed.
          returned: when EKS returns it
          type: dict
          contains:
            spread_level:
              description: The level over which instances are spread.
              returned: when EKS returns it
              type: str
              sample: host
    access_config:
      description: How principals get access.
      returned: when EKS returns it
      type: dict
      contains:
        bootstrap_cluster_creator_admin_permissions:
          description: Whether the principal that created the cluster is its administrator.
          returned: when EKS returns it
          type: bool
          sample: true
        authentication_mode:
          description: Where access is managed.
          returned: when EKS returns it
          type: str
          sample: API_AND_CONFIG_MAP
    upgrade_policy:
      description: What happens at the end of a version's standard support.
      returned: when EKS returns it
      type: dict
      contains:
        support_type:
          description: Whether EKS upgrades it then, or extended support begins.
          returned: when EKS returns it
          type: str
          sample: EXTENDED
    zonal_shift_config:
      description: Shifting of traffic away from an impaired availability zone.
      returned: when EKS returns it
      type: dict
      contains:
        enabled:
          description: Whether it is enabled.
          returned: always
          type: bool
          sample: true
    remote_network_config:
      description: Networks of hybrid nodes.
      returned: when EKS returns it
      type: dict
      contains:
        remote_node_networks:
          description: Networks that hold hybrid nodes.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            cidrs:
              description: CIDR blocks.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [172.16.0.0/16]
        remote_pod_networks:
          description: Networks that hold pods on hybrid nodes.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            cidrs:
              description: CIDR blocks.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [172.16.0.0/16]
    compute_config:
      description: EKS Auto Mode's compute.
      returned: when EKS returns it
      type: dict
      contains:
        enabled:
          description: Whether it is enabled.
          returned: always
          type: bool
          sample: true
        node_pools:
          description: The built-in node pools.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [general-purpose, system]
        node_role_arn:
          description: ARN of the IAM role of Auto Mode's nodes.
          returned: when EKS returns it
          type: str
          sample: arn:aws:iam::123456789012:role/eksAutoNodeRole
    storage_config:
      description: EKS Auto Mode's storage.
      returned: when EKS returns it
      type: dict
      contains:
        block_storage:
          description: Block storage.
          returned: when EKS returns it
          type: dict
          contains:
            enabled:
              description: Whether it is enabled.
              returned: always
              type: bool
              sample: true
    deletion_protection:
      description: Whether EKS refuses to delete it.
      returned: when EKS returns it
      type: bool
      sample: false
    control_plane_scaling_config:
      description: The provisioned size of the control plane.
      returned: when EKS returns it
      type: dict
      contains:
        tier:
          description: The tier.
          returned: when EKS returns it
          type: str
          sample: standard
    kube_api_server_config:
      description: Settings of the Kubernetes API server.
      returned: when EKS returns it
      type: dict
      contains:
        event_ttl:
          description: How long events are kept.
          returned: when EKS returns it
          type: str
          sample: 1h
        service_node_port_range:
          description: The ports of services of the type NodePort.
          returned: when EKS returns it
          type: dict
          contains:
            min_port:
              description: The first port.
              returned: when EKS returns it
              type: int
              sample: 30000
            max_port:
              description: The last port.
              returned: when EKS returns it
              type: int
              sample: 32767
    kube_scheduler_config:
      description: Settings of the Kubernetes scheduler.
      returned: when EKS returns it
      type: dict
      contains:
        node_resources_fit:
          description: How nodes are scored by their resources.
          returned: when EKS returns it
          type: dict
          contains:
            scoring_strategy:
              description: The strategy.
              returned: when EKS returns it
              type: dict
              contains:
                type:
                  description: Its kind.
                  returned: when EKS returns it
                  type: str
                  sample: LeastAllocated
                resources:
                  description: How much each resource counts.
                  returned: when EKS returns it
                  type: list
                  elements: dict
                  contains:
                    name:
                      description: The resource.
                      returned: when EKS returns it
                      type: str
                      sample: cpu
                    weight:
                      description: Its weight.
                      returned: when EKS returns it
                      type: int
                      sample: 1
    kube_controller_manager_config:
      description: Settings of the Kubernetes controller manager.
      returned: when EKS returns it
      type: dict
      contains:
        pod_gc_controller_config:
          description: Removal of pods that have ended.
          returned: when EKS returns it
          type: dict
          contains:
            terminated_pod_gc_threshold:
              description: How many of them are kept.
              returned: when EKS returns it
              type: int
              sample: 12500
        horizontal_pod_autoscaler_controller_config:
          description: The horizontal pod autoscaler.
          returned: when EKS returns it
          type: dict
          contains:
            horizontal_pod_autoscaler_sync_period:
              description: The interval between its checks.
              returned: when EKS returns it
              type: str
              sample: 15s
    # to here.
network:
  description:
    - The VPC in which the cluster is, as M(kumo.eks.eks_network_info) describes it.
  returned: when it was read
  type: dict
  contains:
    # Network: written by tools/shared_docs.py, from here
    vpc_id:
      description: The VPC; null where there is none.
      returned: always
      type: str
      sample: vpc-11111111
    cidr_blocks:
      description: Its IPv4 ranges, the first one first.
      returned: always
      type: list
      elements: str
      sample: [10.0.0.0/16]
    ipv6_cidr_block:
      description: Its IPv6 range; null where it has none.
      returned: always
      type: str
      sample: 2406:da14:1234:5600::/56
    dns_support:
      description: Whether the VPC has a DNS server.
      returned: when there is a VPC
      type: bool
      sample: true
    dns_hostnames:
      description: Whether instances get DNS names.
      returned: when there is a VPC
      type: bool
      sample: true
    tags:
      description: The tags of the VPC.
      returned: always
      type: dict
      sample:
        Name: my-cluster
    zones:
      description: The availability zones with subnets of the cluster.
      returned: always
      type: list
      elements: str
      sample: [ap-northeast-1a, ap-northeast-1c]
    public_subnet_ids:
      description: IDs of the public subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-11111111]
    private_subnet_ids:
      description: IDs of the private subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-22222222]
    isolated_subnet_ids:
      description: IDs of the isolated subnets in Availability Zones, in the order of the zones.
      returned: always
      type: list
      elements: str
      sample: []
    local_zones:
      description: The Local Zones with subnets of the cluster.
      returned: always
      type: list
      elements: str
      sample: [ap-northeast-1-tpe-1a]
    local_zone_public_subnet_ids:
      description: IDs of the public subnets in Local Zones, for self-managed nodes.
      returned: always
      type: list
      elements: str
      sample: [subnet-33333333]
    local_zone_private_subnet_ids:
      description: IDs of the private subnets in Local Zones.
      returned: always
      type: list
      elements: str
      sample: [subnet-44444444]
    local_zone_isolated_subnet_ids:
      description: IDs of the isolated subnets in Local Zones.
      returned: always
      type: list
      elements: str
      sample: []
    subnets:
      description: The subnets.
      returned: always
      type: list
      elements: dict
      contains:
        subnet_id:
          description: The ID.
          returned: always
          type: str
          sample: subnet-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-public-ap-northeast-1a
        kind:
          description: V(public), V(private) or V(isolated).
          returned: always
          type: str
          sample: public
        availability_zone:
          description: The name of the zone.
          returned: always
          type: str
          sample: ap-northeast-1a
        availability_zone_id:
          description: The ID of the zone, which is the same in all accounts.
          returned: when it exists
          type: str
          sample: apne1-az4
        cidr_block:
          description: The IPv4 range.
          returned: always
          type: str
          sample: 10.0.0.0/19
        ipv6_cidr_block:
          description: The IPv6 range; null where it has none.
          returned: always
          type: str
          sample: 2406:da14:1234:5600::/64
        map_public_ip_on_launch:
          description: Whether instances get a public address.
          returned: always
          type: bool
          sample: true
        available_ip_address_count:
          description: How many addresses are free.
          returned: when it exists
          type: int
          sample: 8187
        tags:
          description: The tags.
          returned: always
          type: dict
          sample:
            kubernetes.io/role/elb: '1'
    internet_gateway_id:
      description: The internet gateway; null where there is none.
      returned: always
      type: str
      sample: igw-11111111
    egress_only_internet_gateway_id:
      description: The gateway for outgoing IPv6 traffic; null if there is none, or if it was not described.
      returned: always
      type: str
      sample: eigw-11111111
    nat_gateways:
      description: The NAT gateways that are not deleted.
      returned: always
      type: list
      elements: dict
      contains:
        nat_gateway_id:
          description: The ID.
          returned: always
          type: str
          sample: nat-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-ap-northeast-1a
        state:
          description: The state as EC2 names it.
          returned: always
          type: str
          sample: available
        failure_message:
          description: Why it failed; null where it has not.
          returned: always
          type: str
          sample: Elastic IP address could not be associated with this NAT gateway
        subnet_id:
          description: The public subnet in which it is.
          returned: always
          type: str
          sample: subnet-11111111
        availability_zone:
          description: The zone in which it is.
          returned: always
          type: str
          sample: ap-northeast-1a
        public_ip:
          description: The public address of outgoing traffic. Add it to the allowed CIDR blocks of restricted endpoints.
          returned: always
          type: str
          sample: 203.0.113.7
        allocation_id:
          description: The allocation of that address.
          returned: always
          type: str
          sample: eipalloc-11111111
    addresses:
      description: The Elastic IP addresses that were allocated for the cluster.
      returned: always
      type: list
      elements: dict
      contains:
        allocation_id:
          description: The allocation.
          returned: always
          type: str
          sample: eipalloc-11111111
        public_ip:
          description: The address.
          returned: always
          type: str
          sample: 203.0.113.7
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-ap-northeast-1a
    route_tables:
      description: The route tables, without the main table of the VPC.
      returned: always
      type: list
      elements: dict
      contains:
        route_table_id:
          description: The ID.
          returned: always
          type: str
          sample: rtb-11111111
        name:
          description: The tag C(Name).
          returned: always
          type: str
          sample: my-cluster-public
        subnet_ids:
          description: The subnets that use it.
          returned: always
          type: list
          elements: str
          sample: [subnet-11111111]
        routes:
          description: The routes that lead out of the VPC, without those of gateway endpoints.
          returned: always
          type: list
          elements: dict
          contains:
            destination:
              description: The range.
              returned: always
              type: str
              sample: 0.0.0.0/0
            target:
              description: The ID of the gateway, or of what else the route leads to.
              returned: always
              type: str
              sample: igw-11111111
    vpc_endpoints:
      description: The VPC endpoints. M(kumo.eks.eks_network) describes them only if its option C(endpoints) is given.
      returned: always
      type: list
      elements: dict
      contains:
        vpc_endpoint_id:
          description: The ID.
          returned: always
          type: str
          sample: vpce-11111111
        service_name:
          description: The full name of the service.
          returned: always
          type: str
          sample: com.amazonaws.ap-northeast-1.s3
        type:
          description: V(Gateway) or V(Interface).
          returned: always
          type: str
          sample: Gateway
        state:
          description: The state as EC2 names it.
          returned: always
          type: str
          sample: available
        subnet_ids:
          description: The subnets of an interface endpoint.
          returned: always
          type: list
          elements: str
          sample: []
        route_table_ids:
          description: The route tables of a gateway endpoint.
          returned: always
          type: list
          elements: str
          sample: [rtb-11111111]
    flow_logs:
      description: The flow logs. M(kumo.eks.eks_network) describes them only if its option C(flow_logs) is given.
      returned: always
      type: list
      elements: dict
      contains:
        flow_log_id:
          description: The ID.
          returned: always
          type: str
          sample: fl-11111111
        destination:
          description: V(cloud-watch-logs) or V(s3).
          returned: always
          type: str
          sample: cloud-watch-logs
        log_group_name:
          description: The log group; null for a bucket.
          returned: always
          type: str
          sample: /aws/vpc/my-cluster
        log_destination:
          description: The ARN of the destination.
          returned: always
          type: str
          sample: arn:aws:s3:::my-bucket
        traffic_type:
          description: Which traffic is logged.
          returned: always
          type: str
          sample: ALL
    # to here.
nodegroups:
  description: The managed node groups.
  returned: when they were read
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
fargate_profiles:
  description: The Fargate profiles.
  returned: when they were read
  type: list
  elements: dict
  contains:
    # FargateProfile: written by tools/shared_docs.py, from here
    fargate_profile_name:
      description: The profile's name.
      returned: when the profile exists
      type: str
      sample: fargate-tasks
    fargate_profile_arn:
      description: The profile's ARN.
      returned: when the profile exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:fargateprofile/my-cluster/fargate-tasks/1
    cluster_name:
      description: The cluster's name.
      returned: when the profile exists
      type: str
      sample: my-cluster
    created_at:
      description: When it was created.
      returned: when the profile exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    pod_execution_role_arn:
      description: ARN of the pods' execution role.
      returned: when the profile exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksFargatePodRole
    subnets:
      description: IDs of the subnets.
      returned: when the profile exists
      type: list
      elements: str
      sample: [subnet-11111111, subnet-22222222]
    selectors:
      description: Which pods run on Fargate.
      returned: when the profile exists
      type: list
      elements: dict
      contains:
        namespace:
          description: The namespace.
          returned: always
          type: str
          sample: fargate-tasks
        labels:
          description: The labels, all of which a pod must have.
          returned: when EKS returns it
          type: dict
          sample:
            compute: fargate
    status:
      description: Its status.
      returned: when the profile exists
      type: str
      sample: ACTIVE
    tags:
      description: Its tags.
      returned: when the profile exists
      type: dict
      sample:
        Environment: production
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
    # to here.
addons:
  description: The managed add-ons.
  returned: when they were read
  type: list
  elements: dict
  contains:
    # Addon: written by tools/shared_docs.py, from here
    addon_name:
      description: The add-on's name.
      returned: when the add-on exists
      type: str
      sample: coredns
    cluster_name:
      description: The cluster's name.
      returned: when the add-on exists
      type: str
      sample: my-cluster
    status:
      description: Its status.
      returned: when the add-on exists
      type: str
      sample: ACTIVE
    addon_version:
      description: Its version.
      returned: when the add-on exists
      type: str
      sample: v1.13.1-eksbuild.1
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
    addon_arn:
      description: The add-on's ARN.
      returned: when the add-on exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:addon/my-cluster/coredns/1
    created_at:
      description: When it was created.
      returned: when the add-on exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: when EKS returns it
      type: str
      sample: '2026-08-02T09:00:00+09:00'
    service_account_role_arn:
      description: ARN of the IAM role of its service account.
      returned: when EKS returns it
      type: str
      sample: arn:aws:iam::123456789012:role/vpcCniRole
    tags:
      description: Its tags.
      returned: when the add-on exists
      type: dict
      sample:
        Environment: production
    publisher:
      description: Who publishes it.
      returned: when EKS returns it
      type: str
      sample: eks
    owner:
      description: Who owns it.
      returned: when EKS returns it
      type: str
      sample: aws
    marketplace_information:
      description: Of an add-on of the AWS Marketplace, where it is sold.
      returned: when EKS returns it
      type: dict
      contains:
        product_id:
          description: The product's ID.
          returned: when EKS returns it
          type: str
          sample: '0123'
        product_url:
          description: The product's address.
          returned: when EKS returns it
          type: str
          sample: https://aws.amazon.com/marketplace/pp/prodview-1
    configuration_values:
      description: Its settings, as text.
      returned: when EKS returns it
      type: str
      sample: '{"replicaCount": 3}'
    pod_identity_associations:
      description: ARNs of its pod identity associations.
      returned: when EKS returns it
      type: list
      elements: str
      sample: ['arn:aws:eks:ap-northeast-1:123456789012:podidentityassociation/my-cluster/a-1']
    namespace_config:
      description: Where its software runs.
      returned: when EKS returns it
      type: dict
      contains:
        namespace:
          description: The namespace.
          returned: always
          type: str
          sample: kube-system
    # to here.
access_entries:
  description: The access entries. A cluster whose authentication mode is V(CONFIG_MAP) has none.
  returned: when they were read
  type: list
  elements: dict
  contains:
    # AccessEntry: written by tools/shared_docs.py, from here
    principal_arn:
      description: ARN of the IAM role or user.
      returned: when the access entry exists
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    cluster_name:
      description: The cluster's name.
      returned: when the access entry exists
      type: str
      sample: my-cluster
    type:
      description: Its type.
      returned: when the access entry exists
      type: str
      sample: STANDARD
    username:
      description: The user name in Kubernetes.
      returned: when the access entry exists
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/{{SessionName}}
    kubernetes_groups:
      description: The groups in Kubernetes.
      returned: when the access entry exists
      type: list
      elements: str
      sample: [developers]
    access_policies:
      description: The access policies of the entry.
      returned: when the access entry exists
      type: list
      elements: dict
      contains:
        policy_arn:
          description: ARN of the access policy.
          returned: always
          type: str
          sample: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
        access_scope:
          description: Where it applies.
          returned: always
          type: dict
          contains:
            type:
              description: Whether it applies in the cluster or in namespaces.
              returned: always
              type: str
              sample: namespace
            namespaces:
              description: The namespaces, an empty list for the cluster.
              returned: always
              type: list
              elements: str
              sample: [shop]
        associated_at:
          description: When it was associated.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
        modified_at:
          description: When its scope was changed last.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
    access_entry_arn:
      description: Its ARN.
      returned: when the access entry exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:access-entry/my-cluster/role/123456789012/developers/1
    created_at:
      description: When it was created.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was changed last.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    tags:
      description: Its tags.
      returned: when the access entry exists
      type: dict
      sample:
        Environment: production
    # to here.
pod_identity_associations:
  description: The pod identity associations, as M(kumo.eks.eks_pod_identity_info) describes them.
  returned: when they were read
  type: list
  elements: dict
  contains:
    # PodIdentityAssociation: written by tools/shared_docs.py, from here
    cluster_name:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    namespace:
      description: The namespace.
      returned: always
      type: str
      sample: production
    service_account:
      description: The service account.
      returned: always
      type: str
      sample: reader
    role_arn:
      description: ARN of the role.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.production.reader_pod
    association_arn:
      description: Its ARN.
      returned: always
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:podidentityassociation/my-cluster/a-1234567890abcdef0
    association_id:
      description: Its id.
      returned: always
      type: str
      sample: a-1234567890abcdef0
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample:
        Environment: production
    created_at:
      description: When it was created.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    owner_arn:
      description: ARN of the owner of the association, for example an add-on.
      returned: when it has an owner
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:addon/my-cluster/aws-ebs-csi-driver/1
    disable_session_tags:
      description: Whether session tags are disabled.
      returned: always
      type: bool
      sample: false
    target_role_arn:
      description: ARN of the second role.
      returned: when there is one
      type: str
      sample: arn:aws:iam::210987654321:role/target
    external_id:
      description: The external id with which the second role is assumed.
      returned: when there is a second role
      type: str
      sample: ap-northeast-1/123456789012/my-cluster/production/reader
    policy:
      description: The session policy, as JSON text.
      returned: when there is one
      type: str
      sample: '{"Version": "2012-10-17", "Statement": []}'
    # to here.
oidc_provider:
  description: The issuer of the cluster's service account tokens, and the IAM OIDC provider that IRSA requires.
  returned: when it was read
  type: dict
  contains:
    issuer:
      description: The address of the issuer.
      returned: always
      type: str
      sample: https://oidc.eks.ap-northeast-1.amazonaws.com/id/0123456789ABCDEF
    exists:
      description: Whether the account has an OIDC provider for it.
      returned: always
      type: bool
      sample: true
    arn:
      description: The provider's ARN; null where there is none.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:oidc-provider/oidc.eks.ap-northeast-1.amazonaws.com/id/0123456789ABCDEF
    audiences:
      description: The audiences whose tokens it accepts.
      returned: always
      type: list
      elements: str
      sample: [sts.amazonaws.com]
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"Environment": "production"}
insights:
  description: The insights of EKS, as ListInsights returns them, in snake case.
  returned: when they were read
  type: list
  elements: dict
  contains:
    # InsightSummary: written by tools/shared_docs.py, from here
    id:
      description: Its id.
      returned: always
      type: str
      sample: 01234567-89ab-cdef-0123-456789abcdef
    name:
      description: Its name.
      returned: always
      type: str
      sample: Deprecated APIs removed in Kubernetes v1.34
    category:
      description: Its category.
      returned: always
      type: str
      sample: UPGRADE_READINESS
    kubernetes_version:
      description: The Kubernetes version that it is about.
      returned: when EKS returns it
      type: str
      sample: '1.34'
    last_refresh_time:
      description: When EKS last looked.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    last_transition_time:
      description: When its status last changed.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    description:
      description: What it checks.
      returned: always
      type: str
      sample: Checks for usage of deprecated APIs that are scheduled for removal in Kubernetes v1.34.
    insight_status:
      description: Its status.
      returned: always
      type: dict
      contains:
        status:
          description: V(PASSING), V(WARNING), V(ERROR) or V(UNKNOWN).
          returned: always
          type: str
          sample: PASSING
        reason:
          description: Why it has that status.
          returned: always
          type: str
          sample: No deprecated API usage detected within the last 30 days.
    # to here.
helm_releases:
  description: The Helm releases in any status, by namespace and name. For their values and history, see M(kumo.eks.eks_helm_info).
  returned: when they were read
  type: list
  elements: dict
  contains:
    # HelmRelease: written by tools/shared_docs.py, from here
    name:
      description: The release's name.
      returned: always
      type: str
      sample: my-app
    namespace:
      description: Its namespace.
      returned: always
      type: str
      sample: production
    revision:
      description: Its last revision.
      returned: always
      type: int
      sample: 3
    status:
      description: The status of that revision in Helm.
      returned: always
      type: str
      sample: deployed
    chart:
      description: The chart's name and version.
      returned: always
      type: str
      sample: my-chart-1.2.4
    app_version:
      description: The version of the application that the chart installs.
      returned: always
      type: str
      sample: v1.2.4
    updated:
      description: When that revision was created.
      returned: always
      type: str
      sample: 2026-11-24 10:53:09.371221572 +0000 UTC
    # to here.
"""

from dataclasses import asdict
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import build_helm_spec
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import open_cluster_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.listing import list_releases
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.cluster_sections import (
    ALL,
    HELM,
    NOT,
    SECTIONS,
    ClusterReader,
    Unread,
    choose_sections,
)


def read_releases(module: AnsibleAWSModule, reader: ClusterReader) -> list[dict[str, Any]] | None:
    """The Helm releases; None, and noted, where the cluster or Helm does not give them.

    It runs after the other sections: Helm's environment is the process', which other threads would see.
    """
    if reader.raw is None:
        reader.unread.append(
            Unread(HELM, "", "The endpoint of the cluster is unknown, as eks:DescribeCluster is denied.")
        )
        return None
    if not (module.params["binary_path"] or module.get_bin_path("helm")):
        reader.unread.append(Unread(HELM, "", "There is no helm on PATH. Install Helm, or set binary_path."))
        return None
    try:
        with open_cluster_helm(module, module.params["cluster_name"], reader.raw) as (helm, dummy):
            return list_releases(helm)
    except EksError as error:
        reader.unread.append(Unread(HELM, "", error.message))
        return None


def read_sections(module: AnsibleAWSModule) -> dict[str, Any]:
    """The result."""
    cluster, sections = module.params["cluster_name"], choose_sections(module.params["sections"])
    reader = ClusterReader(partial(get_client, module), cluster)
    found = reader.read(sections)
    if found is None:
        return {"exists": False, "not_read": []}
    releases = read_releases(module, reader) if HELM in sections else None
    if releases is not None:
        found[HELM] = releases
    unread = [row for row in reader.unread if row.section in sections]
    for row in unread:
        what = f"{row.section} of cluster {cluster} could not be read"
        module.warn(
            f"{what}: {row.action} is denied. AWS said: {row.reason}" if row.action else f"{what}: {row.reason}"
        )
    return {"exists": True, **found, "not_read": [asdict(row) for row in unread]}


def main() -> None:
    choices = [ALL, *SECTIONS, *(NOT + name for name in SECTIONS)]
    spec = build_helm_spec(
        cluster_name=dict(type="str", required=True),
        sections=dict(type="list", elements="str", choices=choices, default=[ALL]),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not describe cluster {module.params['cluster_name']}"):
        result = read_sections(module)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
