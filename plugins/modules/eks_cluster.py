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
  - Omitted options are not changed. An empty value clears the setting, where EKS can clear it. Changes that EKS cannot make are refused
    before anything is sent.
  - A task that was written for M(community.aws.eks_cluster) works when only the name of the collection is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The cluster's name. It cannot be changed.
    type: str
    required: true
  version:
    description:
      - The Kubernetes version, for example V("1.34"). Write it with quotes. YAML reads V(1.30) as the number 1.3.
      - EKS chooses its default version if it is omitted at creation. A version that EKS does not offer is refused.
      - A newer version upgrades the control plane, one minor version at a time, and takes about ten minutes. Nodes and add-ons keep
        their versions. The only way back is O(rollback).
      - A warning says when its standard support has ended or ends within 90 days, what extended support costs in the region, and that EKS
        upgrades the cluster by itself where O(upgrade_policy.support_type=STANDARD).
    type: str
  force:
    description: Whether to upgrade, or roll back, although insights report problems that would otherwise block it.
    type: bool
    default: false
  rollback:
    description:
      - Whether O(version) may be the version before the cluster's, to roll back an upgrade.
      - EKS accepts it within seven days after the upgrade, and only where no node is newer than O(version). EKS decides when it gets
        the request, so check mode cannot tell.
    type: bool
    default: false
  rollback_config:
    description: How to roll back. Used only with O(rollback=true).
    type: dict
    suboptions:
      timeout_minutes:
        description:
          - How many minutes EKS tries before it gives up the rollback, from 120 to 10080. EKS uses 720 if it is omitted.
          - In EKS Auto Mode the nodes are rolled back first. Set O(wait_timeout), in seconds, to more than that.
        type: int
  role_arn:
    description:
      - ARN of the IAM role that EKS uses to manage the cluster. Required to create a cluster. It cannot be changed.
    type: str
  subnets:
    description:
      - IDs of subnets in at least two Availability Zones. Required to create a cluster.
      - EKS places its network interfaces there. They can be replaced by other subnets of the same VPC, in the same zones.
    type: list
    elements: str
  security_groups:
    description: Additional security groups of the network interfaces of the control plane, as IDs or names. At most 5.
    type: list
    elements: str
  endpoint_public_access:
    description:
      - Whether the API server is reachable from the internet. EKS uses V(true) if it is omitted at creation.
    type: bool
  endpoint_private_access:
    description:
      - Whether the API server is reachable from inside the VPC. EKS uses V(false) if it is omitted at creation.
      - Without it, nodes and pods reach the API server by its public endpoint.
    type: bool
  public_access_cidrs:
    description:
      - CIDR blocks that may reach the public endpoint. EKS uses V(0.0.0.0/0) if it is omitted at creation.
      - Set O(endpoint_private_access=true) as well, or list the addresses of the NAT gateways. Otherwise nodes cannot join.
    type: list
    elements: str
  control_plane_egress_mode:
    description:
      - How outgoing traffic of the control plane is routed. EKS uses V(AWS_MANAGED) if it is omitted at creation.
      - A cluster that has left V(AWS_MANAGED) cannot return to it.
    type: str
    choices: [AWS_MANAGED, CUSTOMER_ROUTED, CUSTOMER_ISOLATED]
  extra_cidrs:
    description:
      - CIDR blocks outside of the VPC, IPv4 or IPv6, from which the private endpoint of the API server can be reached. The module adds a rule
        for each one to the security group that EKS creates for the cluster, and removes its own rules for others.
      - If it is omitted, the rules are not changed. V([]) removes those that the module added. Rules of others stay.
      - The security group exists when the cluster is active. A creation without O(wait=true) ends before that, and the next task with the
        option adds the rules.
      - It requires the permissions C(ec2:DescribeSecurityGroups), C(ec2:AuthorizeSecurityGroupIngress) and
        C(ec2:RevokeSecurityGroupIngress).
    type: list
    elements: str
  logging:
    description:
      - The control plane logs to send to CloudWatch Logs, which charges for them. An empty list turns all of them off.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
  log_retention_days:
    description:
      - How many days CloudWatch Logs keeps the logs of the control plane. V(0) keeps them for ever, as EKS does by default.
      - The log group C(/aws/eks/NAME/cluster) is created if EKS has not created it yet. It is not deleted with the cluster.
    type: int
    choices: [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
  encryption_config:
    description:
      - Envelope encryption of Kubernetes secrets with a KMS key of yours. It can be added to a cluster, but neither changed nor removed.
    type: dict
    suboptions:
      key_arn:
        description:
          - ARN of the KMS key. A cluster whose key is deleted cannot be recovered.
        type: str
        required: true
      resources:
        description: What is encrypted.
        type: list
        elements: str
        choices: [secrets]
        default: [secrets]
  access_config:
    description: How principals get access to the Kubernetes API.
    type: dict
    suboptions:
      authentication_mode:
        description:
          - V(API) uses access entries, V(CONFIG_MAP) the aws-auth ConfigMap. EKS uses V(CONFIG_MAP) if it is omitted at creation.
          - It can only be changed from V(CONFIG_MAP) to V(API_AND_CONFIG_MAP) to V(API).
        type: str
        choices: [CONFIG_MAP, API_AND_CONFIG_MAP, API]
      bootstrap_cluster_creator_admin_permissions:
        description:
          - Whether the principal that creates the cluster becomes its administrator. Used at creation only, and never compared
            afterwards, because EKS does not return it.
          - V(false) requires an O(access_config.authentication_mode) with access entries.
        type: bool
  upgrade_policy:
    description: What happens when the standard support of the Kubernetes version ends.
    type: dict
    suboptions:
      support_type:
        description:
          - V(EXTENDED) keeps the version, at a higher price per hour. With V(STANDARD) EKS upgrades the cluster.
        type: str
        choices: [STANDARD, EXTENDED]
        required: true
  zonal_shift_config:
    description: Shifting of traffic away from an impaired Availability Zone.
    type: dict
    suboptions:
      enabled:
        description: Whether zonal shift is enabled.
        type: bool
        required: true
  compute_config:
    description:
      - Compute of EKS Auto Mode. EKS accepts it together with O(storage_config) and O(kubernetes_network_config.elastic_load_balancing)
        only, all enabled or all disabled, and with O(bootstrap_self_managed_addons=false) at creation.
      - EKS charges for the instances that Auto Mode manages, in addition to EC2.
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
        description:
          - ARN of the IAM role of the nodes. Required with O(compute_config.node_pools). It cannot be changed once it is set.
        type: str
  storage_config:
    description: Storage of EKS Auto Mode.
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
    description: The network of Kubernetes services.
    type: dict
    suboptions:
      ip_family:
        description:
          - The IP family of pods and services. Used at creation only. V(ipv6) requires subnets that have IPv6 blocks.
        type: str
        choices: [ipv4, ipv6]
      service_ipv4_cidr:
        description:
          - The CIDR block of service addresses. Used at creation only. A private block between /24 and /12 that does not overlap with
            the VPC. EKS refuses it with V(ipv6).
        type: str
      elastic_load_balancing:
        description: Load balancing of EKS Auto Mode.
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
    description:
      - Networks of hybrid nodes. Empty lists for both remove them. Requires an O(access_config.authentication_mode) with access entries.
    type: dict
    suboptions:
      remote_node_networks:
        description: The network of hybrid nodes, one item.
        type: list
        elements: dict
        suboptions:
          cidrs:
            description: IPv4 CIDR blocks, at most 15.
            type: list
            elements: str
            required: true
      remote_pod_networks:
        description: The network of pods on hybrid nodes, one item.
        type: list
        elements: dict
        suboptions:
          cidrs:
            description: IPv4 CIDR blocks, at most 15.
            type: list
            elements: str
            required: true
  control_plane_scaling_config:
    description: The capacity of the control plane.
    type: dict
    suboptions:
      tier:
        description:
          - V(standard) scales with the load. The other tiers are provisioned, and charged for by the hour.
        type: str
        choices: [standard, tier-xl, tier-2xl, tier-4xl, tier-8xl]
        required: true
  kube_api_server_config:
    description: Settings of the Kubernetes API server.
    type: dict
    suboptions:
      event_ttl:
        description: How long events are kept, a number and one unit, for example V(30m) or V(1h).
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
                description: The weight of each resource.
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
        description: Garbage collection of pods that have ended.
        type: dict
        suboptions:
          terminated_pod_gc_threshold:
            description: How many terminated pods are kept before the oldest are removed, from 1 to 1000000.
            type: int
            required: true
      horizontal_pod_autoscaler_controller_config:
        description: The horizontal pod autoscaler.
        type: dict
        suboptions:
          horizontal_pod_autoscaler_sync_period:
            description: The interval between its checks, a number and one unit, for example V(15s).
            type: str
            required: true
  outpost_config:
    description:
      - A local cluster, whose control plane is on an AWS Outpost. Used at creation only.
      - It requires O(endpoint_public_access=false), O(endpoint_private_access=true), subnets on the Outpost, and a role of
        O(kumo.eks.eks_iam_role#module:purpose=local_cluster).
      - It has no managed node groups, Fargate profiles, add-ons, EKS Auto Mode, Pod Identity, encryption of secrets or IPv6. Without
        O(outpost_config.etcd_instance_type) it has no access entries, and its nodes join by the ConfigMap aws-auth.
      - It is not available in all regions. See U(https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts.html).
    type: dict
    suboptions:
      outpost_arns:
        description: ARN of the Outpost, one item.
        type: list
        elements: str
        required: true
      control_plane_instance_type:
        description: The EC2 instance type of the control plane.
        type: str
        required: true
      control_plane_placement:
        description: Placement of the instances of the control plane.
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
        description:
          - The EC2 instance type of the etcd instances, on Outposts with EC2 instance store. It requires
            O(access_config.authentication_mode) V(API_AND_CONFIG_MAP) or V(API).
        type: str
      etcd_placement:
        description: Placement of the etcd instances.
        type: dict
        suboptions:
          spread_level:
            description: What the instances are spread over.
            type: str
            choices: [host, rack]
  deletion_protection:
    description:
      - Whether EKS refuses to delete the cluster. To delete it, set V(false) in a task before.
    type: bool
  bootstrap_self_managed_addons:
    description:
      - Whether EKS installs VPC CNI, kube-proxy and CoreDNS unmanaged. Used at creation only, and never compared afterwards, because
        EKS does not return it. EKS uses V(true) if it is omitted.
    type: bool
  owned:
    description:
      - Whether the cluster carries the tag C(kumo.eks/REGION/CLUSTER), by which this collection recognizes what it created. It is
        set in the call that creates the cluster. O(tags) and O(purge_tags) do not remove it.
      - A cluster without the tag is then neither changed nor deleted, unless O(adopt=true).
    type: bool
    default: false
  adopt:
    description: With O(owned=true), whether a cluster that was created by others may be changed and deleted. It does not get the tag.
    type: bool
    default: false
  planned_removals:
    description:
      - With O(state=absent) in check mode, what other tasks of the play delete before this one. EKS deletes no cluster that has node
        groups or Fargate profiles, and in check mode those still exist.
    type: dict
    suboptions:
      nodegroups:
        description: Names of node groups.
        type: list
        elements: str
      fargate_profiles:
        description: Names of Fargate profiles.
        type: list
        elements: str
  state:
    description:
      - Whether the cluster exists. V(absent) deletes the control plane with everything that is stored in its Kubernetes API.
      - EKS refuses it while the cluster has node groups or Fargate profiles, or with O(deletion_protection=true). Volumes and load
        balancers that Kubernetes created remain, unless they were deleted before.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - name: Create an Amazon EKS cluster
    description: What a cluster needs, in the Amazon EKS user guide.
    link: https://docs.aws.amazon.com/eks/latest/userguide/create-cluster.html
  - name: Update a cluster to a new Kubernetes version
    description: What to check before an upgrade.
    link: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
  - name: EKS Auto Mode
    description: What EKS manages in Auto Mode.
    link: https://docs.aws.amazon.com/eks/latest/userguide/automode.html
extends_documentation_fragment:
  - kumo.eks.tags
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

- name: Turn EKS Auto Mode on, with its three parts and with access entries, which it needs
  kumo.eks.eks_cluster:
    name: my-cluster
    access_config:
      authentication_mode: API_AND_CONFIG_MAP
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
    - The cluster as DescribeCluster returns it, in snake case. Its keys are also at the top level of the result.
    - In check mode, of a cluster that is yet to come, only what the task sets.
  returned: always
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

import time
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import (
    build_cluster_spec,
    find_cluster_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_wait_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.cost.support import find_support_warnings
from ansible_collections.kumo.eks.plugins.module_utils.ec2.api_access import OPTION as EXTRA_CIDRS
from ansible_collections.kumo.eks.plugins.module_utils.ec2.api_access import ApiAccessResource, plan_access
from ansible_collections.kumo.eks.plugins.module_utils.ec2.security_groups import find_group_ids
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.log_group import OPTION, LogGroupResource, combine
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import add_successors
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import (
    choose_support_type,
    find_version,
    list_versions,
)


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
    groups = removals.get("nodegroups", []) if module.check_mode and params["state"] == "absent" else []
    planned = {
        "nodegroups": add_successors(eks, params["name"], groups),
        "fargateProfileNames": removals.get("fargate_profiles", []),
    }
    return ClusterResource(eks, params["name"], owner, params["adopt"], planned, partial(get_client, module))


def ensure_present(module: AnsibleAWSModule, reconciler: Reconciler, params: dict[str, Any]) -> Outcome:
    """Create or change the cluster, and then what belongs to it outside of EKS."""
    cidrs = params.get(EXTRA_CIDRS)
    outcome = ensure_cluster(module, reconciler, {name: value for name, value in params.items() if name != EXTRA_CIDRS})
    return outcome if cidrs is None else combine(outcome, ensure_access(module, outcome, params["name"], cidrs))


def ensure_access(module: AnsibleAWSModule, cluster: Outcome, name: str, cidrs: list[str]) -> Outcome:
    """The rules of the cluster security group, which exists as soon as the cluster is active."""
    group = ((cluster.raw or {}).get("resourcesVpcConfig") or {}).get("clusterSecurityGroupId")
    if not group or (cluster.raw or {}).get("status") == "CREATING":
        return plan_access(cidrs)
    access = ApiAccessResource(get_client(module, "ec2"), name, group)
    return Reconciler(access, check_mode=module.check_mode).ensure_present({EXTRA_CIDRS: cidrs})


def ensure_cluster(module: AnsibleAWSModule, reconciler: Reconciler, params: dict[str, Any]) -> Outcome:
    """Create or change the cluster, and then how long its logs are kept: EKS may make the log group with the cluster."""
    days = params.pop(OPTION, None)
    if days is None:
        return reconciler.ensure_present(params)
    group = LogGroupResource(get_client(module, "logs"), params["name"])
    planned = Reconciler(group, check_mode=True).ensure_present({OPTION: days})
    outcome = reconciler.ensure_present(params)
    if not module.check_mode:
        Reconciler(group).ensure_present({OPTION: days})
    return combine(outcome, planned)


def describe_declared_version(module: AnsibleAWSModule, params: dict[str, Any]) -> dict[str, Any]:
    """What EKS says of the version that the task declares; empty where it declares none. Older IAM policies do not allow the call."""
    if not params.get("version"):
        return {}
    lost = f"it was not checked how long EKS supports version {params['version']}"
    # All of them: what EKS answers to the name of a version that it does not know is not documented
    look = partial(list_versions, get_client(module), includeAll=True)
    return find_version(look_if_allowed(look, [], "eks:DescribeClusterVersions", lost), params["version"])


def warn_of_support(
    module: AnsibleAWSModule, version: dict[str, Any], params: dict[str, Any], outcome: Outcome
) -> None:
    """Say when standard support of the declared version ends, and what follows, in time. eks_preflight says it in the same words."""
    policy, region = choose_support_type(params, outcome.raw), get_client(module).meta.region_name
    for text in find_support_warnings(params["name"], version, policy, region, time.time()):
        module.warn(text)


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
                    partial(get_client, module, "ec2"), groups, params.get("subnets") or []
                )
            raise_problems(find_cluster_problems(params))
            version = describe_declared_version(module, params)
            outcome = ensure_present(module, reconciler, params)
            warn_of_support(module, version, params, outcome)
    exit_with(module, outcome, "cluster")


if __name__ == "__main__":
    main()
