#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_fargate_profile_info
version_added: 0.1.0
short_description: Describe Fargate profiles of an Amazon EKS cluster
description:
  - Describes one Fargate profile, or all Fargate profiles of a cluster.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The Fargate profile's name. By default all profiles of the cluster are described.
    type: str
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
- name: Describe one Fargate profile
  kumo.eks.eks_fargate_profile_info:
    cluster_name: my-cluster
    name: fargate-tasks
    region: ap-northeast-1
  register: found

- name: Describe all Fargate profiles of the cluster
  kumo.eks.eks_fargate_profile_info:
    cluster_name: my-cluster
"""

RETURN = r"""
fargate_profiles:
  description:
    - The profiles as DescribeFargateProfile returns them, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
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
"""


from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with handle_failures(module, f"Could not describe Fargate profiles of cluster {cluster}"):
        eks = get_client(module)
        words = {"clusterName": cluster}
        found = describe_all(
            [name] if name else list_names(eks, "list_fargate_profiles", "fargateProfileNames", cluster),
            lambda one: describe_or_none(
                eks.describe_fargate_profile, "fargateProfile", fargateProfileName=one, **words
            ),
        )
    module.exit_json(changed=False, fargate_profiles=[convert_answer(raw) for raw in found])


if __name__ == "__main__":
    main()
