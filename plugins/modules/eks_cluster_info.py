#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cluster_info
version_added: 0.1.0
short_description: Describe Amazon EKS clusters
description:
  - Describes one cluster, or all clusters of the region.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The cluster's name. By default all clusters of the region are described.
    type: str
  registered:
    description: Whether to also describe clusters outside of EKS that are registered with M(kumo.eks.eks_cluster_registration).
    type: bool
    default: false
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
- name: Describe one cluster
  kumo.eks.eks_cluster_info:
    name: my-cluster
    region: ap-northeast-1
  register: found

- name: Describe all clusters of the region
  kumo.eks.eks_cluster_info:
    region: ap-northeast-1
"""

RETURN = r"""
clusters:
  description: The clusters as DescribeCluster answers them, in snake case; empty where there is none.
  returned: always
  type: list
  elements: dict
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
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster_registration import drop_secret


def list_clusters(eks: Any, registered: bool) -> list[str]:
    """The names of all clusters of the region, of those outside of EKS on request."""
    pages = eks.get_paginator("list_clusters").paginate(**({"include": ["all"]} if registered else {}))
    return [name for page in pages for name in page["clusters"]]


def main() -> None:
    spec = dict(name=dict(type="str"), registered=dict(type="bool", default=False))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, "Could not describe clusters"):
        if module.params["name"] is not None:
            check_name("cluster", module.params["name"])
        eks = get_client(module)
        names = [module.params["name"]] if module.params["name"] else list_clusters(eks, module.params["registered"])
        found = describe_all(names, lambda name: describe_or_none(eks.describe_cluster, "cluster", name=name))
    found = [drop_secret(raw) if raw.get("connectorConfig") else raw for raw in found]
    module.exit_json(changed=False, clusters=[convert_answer(raw) for raw in found])


if __name__ == "__main__":
    main()
