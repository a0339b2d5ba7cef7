#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_capability_info
version_added: 0.1.0
short_description: Describe capabilities of an Amazon EKS cluster
description:
  - Describes one capability, or all capabilities of a cluster.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The capability's name. By default all capabilities are described.
    type: str
seealso:
  - module: kumo.eks.eks_capability
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
- name: Describe all capabilities of the cluster
  kumo.eks.eks_capability_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
capabilities:
  description:
    - The capabilities as DescribeCapability returns them, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # Capability: written by tools/shared_docs.py, from here
    capability_name:
      description: The capability's name.
      returned: always
      type: str
      sample: ack
    arn:
      description: Its ARN.
      returned: when EKS returns it
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:capability/my-cluster/ack/ack/1
    cluster_name:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    type:
      description: Its type.
      returned: always
      type: str
      sample: ACK
    role_arn:
      description: ARN of its IAM role.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster-ack
    status:
      description: Its status.
      returned: always
      type: str
      sample: ACTIVE
    version:
      description: The version of its software.
      returned: when EKS returns it
      type: str
      sample: 3.1.8-eks-1
    configuration:
      description: The settings of its type.
      returned: when EKS returns it
      type: dict
      contains:
        argo_cd:
          description: Settings of Argo CD.
          returned: when EKS returns it
          type: dict
          contains:
            namespace:
              description: The Kubernetes namespace of its resources.
              returned: when EKS returns it
              type: str
              sample: argocd
            aws_idc:
              description: IAM Identity Center, with whose users people sign in.
              returned: when EKS returns it
              type: dict
              contains:
                idc_instance_arn:
                  description: ARN of the instance.
                  returned: when EKS returns it
                  type: str
                  sample: arn:aws:sso:::instance/ssoins-1234567890abcdef
                idc_region:
                  description: The region of the instance.
                  returned: when EKS returns it
                  type: str
                  sample: ap-northeast-1
                idc_managed_application_arn:
                  description: ARN of the application that EKS created in IAM Identity Center.
                  returned: when EKS returns it
                  type: str
                  sample: arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1
            rbac_role_mappings:
              description: Who has which role in Argo CD.
              returned: when EKS returns it
              type: list
              elements: dict
              contains:
                role:
                  description: The role.
                  returned: always
                  type: str
                  sample: ADMIN
                identities:
                  description: Who has it.
                  returned: always
                  type: list
                  elements: dict
                  contains:
                    id:
                      description: The ID of the user or group in IAM Identity Center.
                      returned: always
                      type: str
                      sample: 38414300-1041-708a-01af-5422d6091e34
                    type:
                      description: Whether it is a user or a group.
                      returned: always
                      type: str
                      sample: SSO_GROUP
            network_access:
              description: How the server is reached.
              returned: when EKS returns it
              type: dict
              contains:
                vpce_ids:
                  description: IDs of the VPC endpoints through which alone it is reached.
                  returned: when EKS returns it
                  type: list
                  elements: str
                  sample: [vpce-0123456789abcdef0]
            server_url:
              description: The address of the server.
              returned: when EKS returns it
              type: str
              sample: https://abc123.eks-capabilities.ap-northeast-1.amazonaws.com
            endpoint_prefix:
              description: The start of the host name that was asked for.
              returned: when EKS returns it
              type: str
              sample: my-team
        ack:
          description: Settings of ACK.
          returned: when EKS returns it
          type: dict
          contains:
            enable_cross_namespace:
              description: Whether a resource can refer to one in another Kubernetes namespace.
              returned: when EKS returns it
              type: bool
              sample: false
            disabled_services:
              description: Names of services whose controllers are turned off.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [ec2, iam]
    tags:
      description: Its tags.
      returned: always
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
              sample: The role cannot be assumed
    created_at:
      description: When it was created.
      returned: when EKS returns it
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: when EKS returns it
      type: str
      sample: '2026-08-02T09:00:00+09:00'
    delete_propagation_policy:
      description: What happens to its resources when it is deleted.
      returned: when EKS returns it
      type: str
      sample: RETAIN
    # to here.
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.capability import CapabilityResource, list_capabilities


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with handle_failures(module, f"Could not describe capabilities of cluster {cluster}"):
        eks = get_client(module)
        names = [name] if name else [row["capabilityName"] for row in list_capabilities(eks, cluster)]
        found = describe_all(names, lambda each: CapabilityResource(eks, cluster, each).describe())
    module.exit_json(changed=False, capabilities=[convert_answer(raw) for raw in found])


if __name__ == "__main__":
    main()
