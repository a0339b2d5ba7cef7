#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_capability
version_added: 0.1.0
short_description: Manage capabilities of an Amazon EKS cluster (ACK, kro and Argo CD)
description:
  - Creates capabilities, changes their role and settings in place, and deletes them. EKS runs the software of a capability outside of the
    cluster and updates it. A cluster can have one of each type.
  - Each capability costs money by the hour, and so does each resource that it manages.
  - Omitted options are not changed. An empty list clears the setting. Changes that EKS cannot make require O(replace=true).
  - A deletion keeps everything that was created with the capability. The custom resources and their definitions stay in the cluster, and
    the resources of AWS in the account, without a controller. Delete them first.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. Its authentication mode must allow access entries, because EKS creates one for the role.
    type: str
    required: true
  name:
    description: The capability's name, unique in the cluster.
    type: str
    required: true
  type:
    description:
      - The type. V(ACK) is AWS Controllers for Kubernetes, V(KRO) is kro (Kube Resource Orchestrator), V(ARGOCD) is Argo CD.
      - Required for a new capability. Changing it requires O(replace=true).
    type: str
    choices: [ACK, KRO, ARGOCD]
  role_arn:
    description:
      - ARN of the IAM role of the capability. Required for a new capability.
      - Its trust policy must allow C(capabilities.eks.amazonaws.com) the actions C(sts:AssumeRole) and C(sts:TagSession), as
        M(kumo.eks.eks_iam_role) with O(kumo.eks.eks_iam_role#module:purpose=capability) creates it.
      - V(ACK) needs the permissions to manage the resources that you declare, or to assume the roles that do. V(ARGOCD) needs some for
        private repositories and secrets. V(KRO) needs none.
    type: str
  argo_cd:
    description: Settings of Argo CD. Only with O(type=ARGOCD).
    type: dict
    suboptions:
      namespace:
        description: The Kubernetes namespace of its resources. Changing it requires O(replace=true).
        type: str
      aws_idc:
        description: IAM Identity Center, with whose users people sign in. Changing it requires O(replace=true).
        type: dict
        suboptions:
          idc_instance_arn:
            description: ARN of the instance. Required for a new capability.
            type: str
          idc_region:
            description: The region of the instance. The default of EKS is that of the cluster.
            type: str
      rbac_role_mappings:
        description:
          - Who has which role in Argo CD. Each role is listed once.
          - If it is omitted, mappings are not changed. An empty list removes all of them.
        type: list
        elements: dict
        suboptions:
          role:
            description: The role.
            type: str
            required: true
            choices: [ADMIN, EDITOR, VIEWER]
          identities:
            description: Who has it.
            type: list
            elements: dict
            required: true
            suboptions:
              id:
                description: The ID of the user or group in IAM Identity Center.
                type: str
                required: true
              type:
                description: Whether it is a user or a group.
                type: str
                required: true
                choices: [SSO_USER, SSO_GROUP]
      purge_role_mappings:
        description:
          - Whether identities and roles that are not in O(argo_cd.rbac_role_mappings) are removed. V(false) only adds to what there is.
        type: bool
        default: true
      network_access:
        description: How the server of Argo CD is reached.
        type: dict
        suboptions:
          vpce_ids:
            description:
              - IDs of the VPC endpoints through which alone it is reached.
              - With an empty list it is reached from the internet.
            type: list
            elements: str
      endpoint_prefix:
        description: The start of its host name. EKS chooses one by default. Changing it requires O(replace=true).
        type: str
  ack:
    description: Settings of ACK. Only with O(type=ACK).
    type: dict
    suboptions:
      enable_cross_namespace:
        description: Whether a resource can refer to one in another Kubernetes namespace.
        type: bool
      disabled_services:
        description:
          - Names of services whose controllers are turned off, for example V(s3). The list replaces the current one. An empty list turns all
            on.
          - EKS accepts names that it does not know, and ignores them.
        type: list
        elements: str
  delete_propagation_policy:
    description: What happens to the resources of the capability when it is deleted. EKS only has V(RETAIN), which keeps them.
    type: str
    choices: [RETAIN]
    default: RETAIN
  replace:
    description:
      - Whether a change that EKS cannot make deletes the capability and recreates it. Nothing reconciles its resources in between.
      - Omitted options keep the values of the old capability. It also recreates a capability whose creation failed.
    type: bool
    default: false
  state:
    description: Whether the capability exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - name: EKS Capabilities
    description: What each of them does.
    link: https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html
  - name: Amazon EKS capability IAM role
    description: The trust policy, and the permissions of each type.
    link: https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html
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
- name: Create the role of a capability
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    region: ap-northeast-1
    purpose: capability
    name: my-cluster-ack
    policy_arns: [arn:aws:iam::aws:policy/AmazonS3FullAccess]
  register: ack_role

- name: Let ACK manage resources of AWS, but those of two services
  kumo.eks.eks_capability:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: ack
    type: ACK
    role_arn: "{{ ack_role.arn }}"
    ack:
      disabled_services: [ec2, iam]
    wait: true

- name: Run Argo CD for two groups of IAM Identity Center
  kumo.eks.eks_capability:
    cluster_name: my-cluster
    name: argocd
    type: ARGOCD
    role_arn: arn:aws:iam::123456789012:role/argoCdRole
    argo_cd:
      aws_idc:
        idc_instance_arn: arn:aws:sso:::instance/ssoins-1234567890abcdef
      rbac_role_mappings:
        - role: ADMIN
          identities:
            - {id: 38414300-1041-708a-01af-5422d6091e34, type: SSO_GROUP}
        - role: VIEWER
          identities:
            - {id: 9c6a1ad0-2051-7073-b7f5-8b1d3f1e6a55, type: SSO_GROUP}
    wait: true

- name: Let one more user view, and keep all others
  kumo.eks.eks_capability:
    cluster_name: my-cluster
    name: argocd
    argo_cd:
      purge_role_mappings: false
      rbac_role_mappings:
        - role: VIEWER
          identities:
            - {id: 5a7b2c90-3061-70f1-9d2e-4c8e6b1f0a77, type: SSO_USER}

- name: Delete a capability whose resources were deleted before
  kumo.eks.eks_capability:
    cluster_name: my-cluster
    name: ack
    state: absent
    wait: true
"""

RETURN = r"""
capability:
  description:
    - The capability as DescribeCapability returns it, in snake case. Its keys are also at the top level of the result.
    - In check mode, before it exists, only what the task sets.
  returned: when it exists
  type: dict
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
updates:
  description: The updates that were started, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    # StartedUpdate: written by tools/shared_docs.py, from here
    id:
      description: The id, for M(kumo.eks.eks_update_info) and O(kumo.eks.eks_wait#module:updates).
      returned: always
      type: str
      sample: 7b9f3d9a-6c34-4f9e-9d8a-0a4f4a1c2b3d
    type:
      description: The kind of update as EKS names it.
      returned: always
      type: str
      sample: ConfigUpdate
    operation:
      description: The API operation that started it. For a creation or a deletion, its kind.
      returned: always
      type: str
      sample: UpdateCapability
    # to here.
replaced:
  description:
    - The options of the old capability. If the new one could not be created, they are the only record of it.
    - Those of O(argo_cd) and O(ack) have names with dots.
  returned: when it is replaced
  type: dict
  sample: {"type": "ACK", "role_arn": "arn:aws:iam::123456789012:role/ackRole"}
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

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.capability import (
    build_capability_spec,
    flatten_settings,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_wait_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.capability import CapabilityResource


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True),
        **build_state_spec(),
        **build_wait_spec(),
        **build_capability_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = drop_none(module.params)
    name = params["name"]
    with handle_failures(module, f"Could not manage capability {name} of cluster {params['cluster_name']}"):
        reconciler = Reconciler(
            CapabilityResource(get_client(module), params["cluster_name"], name),
            check_mode=module.check_mode,
            wait=params["wait"],
            wait_timeout=params["wait_timeout"],
            replace=params["replace"],
        )
        desired = flatten_settings(params)
        absent = params["state"] == "absent"
        exit_with(module, reconciler.ensure_absent() if absent else reconciler.ensure_present(desired), "capability")


if __name__ == "__main__":
    main()
