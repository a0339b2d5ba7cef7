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
      - A newer version upgrades the control plane. EKS goes one minor version at a time and never back.
    type: str
  force:
    description: Upgrade although insights report problems that would otherwise block it.
    type: bool
    default: false
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
            required: true
  remote_network_config:
    description: Networks of hybrid nodes.
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

- name: Remove the cluster
  kumo.eks.eks_cluster:
    name: my-cluster
    state: absent
    wait: true
"""

RETURN = r"""
cluster:
  description: The cluster as DescribeCluster answers it, in snake case. Its keys stand at the top level of the result, too.
  returned: always
  type: complex
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
    status:
      description: Its status.
      returned: when the cluster exists
      type: str
      sample: ACTIVE
    version:
      description: Its Kubernetes version.
      returned: when the cluster exists
      type: str
      sample: "1.34"
    endpoint:
      description: The address of its API server.
      returned: when the cluster is ACTIVE
      type: str
      sample: https://0123456789ABCDEF.gr7.ap-northeast-1.eks.amazonaws.com
    role_arn:
      description: ARN of its IAM role.
      returned: when the cluster exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksClusterRole
    tags:
      description: Its tags.
      returned: when the cluster exists
      type: dict
      sample: {"Environment": "production"}
updates:
  description: The updates that the task started, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The id, for DescribeUpdate.
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

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, exit_with, failures
from ansible_collections.kumo.eks.plugins.module_utils.fields import without_none
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.resources.cluster import LOG_TYPES, MODES, ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.security_groups import ids_of

NETWORKS = dict(type="list", elements="dict", options=dict(cidrs=dict(type="list", elements="str", required=True)))
ON_OFF = dict(enabled=dict(type="bool", required=True))


def argument_spec() -> dict:
    return dict(
        name=dict(type="str", required=True),
        version=dict(type="str"),
        force=dict(type="bool", default=False),
        role_arn=dict(type="str"),
        subnets=dict(type="list", elements="str"),
        security_groups=dict(type="list", elements="str"),
        endpoint_public_access=dict(type="bool"),
        endpoint_private_access=dict(type="bool"),
        public_access_cidrs=dict(type="list", elements="str"),
        logging=dict(type="list", elements="str", choices=LOG_TYPES),
        encryption_config=dict(
            type="dict",
            options=dict(
                key_arn=dict(type="str", required=True, no_log=False),
                resources=dict(type="list", elements="str", choices=["secrets"], default=["secrets"]),
            ),
        ),
        access_config=dict(
            type="dict",
            options=dict(
                authentication_mode=dict(type="str", choices=MODES),
                bootstrap_cluster_creator_admin_permissions=dict(type="bool"),
            ),
        ),
        upgrade_policy=dict(
            type="dict", options=dict(support_type=dict(type="str", choices=["STANDARD", "EXTENDED"], required=True))
        ),
        zonal_shift_config=dict(type="dict", options=ON_OFF),
        compute_config=dict(
            type="dict",
            options=dict(
                enabled=dict(type="bool"),
                node_pools=dict(type="list", elements="str", choices=["general-purpose", "system"]),
                node_role_arn=dict(type="str"),
            ),
        ),
        storage_config=dict(type="dict", options=dict(block_storage=dict(type="dict", options=ON_OFF))),
        kubernetes_network_config=dict(
            type="dict",
            options=dict(
                ip_family=dict(type="str", choices=["ipv4", "ipv6"]),
                service_ipv4_cidr=dict(type="str"),
                elastic_load_balancing=dict(type="dict", options=ON_OFF),
            ),
        ),
        remote_network_config=dict(
            type="dict", options=dict(remote_node_networks=NETWORKS, remote_pod_networks=NETWORKS)
        ),
        control_plane_scaling_config=dict(
            type="dict",
            options=dict(
                tier=dict(
                    type="str", choices=["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"], required=True
                )
            ),
        ),
        deletion_protection=dict(type="bool"),
        bootstrap_self_managed_addons=dict(type="bool"),
        tags=dict(type="dict", aliases=["resource_tags"]),
        purge_tags=dict(type="bool", default=True),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        wait=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=1200),
    )


def main() -> None:
    module = AnsibleAWSModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = without_none(module.params)
    with failures(module, f"Could not manage cluster {params['name']}"):
        reconciler = Reconciler(
            ClusterResource(client(module), params["name"]),
            check_mode=module.check_mode,
            wait=params["wait"],
            wait_timeout=params["wait_timeout"],
        )
        if params["state"] == "absent":
            outcome = reconciler.ensure_absent()
        else:
            groups = params.get("security_groups")
            if groups is not None:
                params["security_groups"] = ids_of(lambda: client(module, "ec2"), groups, params.get("subnets") or [])
            outcome = reconciler.ensure_present(params)
    exit_with(module, outcome, "cluster")


if __name__ == "__main__":
    main()
