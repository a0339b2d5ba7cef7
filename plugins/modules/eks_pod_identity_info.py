#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_pod_identity_info
version_added: 0.1.0
short_description: Describe EKS Pod Identity associations of an Amazon EKS cluster
description:
  - Describes all associations of a cluster, or those of a namespace or a service account, and the status of the EKS Pod Identity
    Agent.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  namespace:
    description: Describe only associations of this namespace.
    type: str
  service_account:
    description: Describe only associations of this service account.
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
- name: Describe the associations of the namespace production
  kumo.eks.eks_pod_identity_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    namespace: production
  register: found
"""

RETURN = r"""
associations:
  description:
    - The associations as DescribePodIdentityAssociation returns them, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
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
agent:
  description:
    - The status of the EKS Pod Identity Agent. It is the status of the add-on C(eks-pod-identity-agent), V(AUTO_MODE) if the
      nodes include it, V(MISSING), or V(UNKNOWN) if eks:DescribeAddon is denied.
  returned: always
  type: str
  sample: ACTIVE
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import (
    describe_associations,
    find_agent_status,
)


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        namespace=dict(type="str"),
        service_account=dict(type="str"),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster = module.params["cluster_name"]
    wanted = {"namespace": module.params["namespace"], "serviceAccount": module.params["service_account"]}
    with handle_failures(module, f"Could not describe pod identity associations of cluster {cluster}"):
        eks = get_client(module)
        rows = describe_associations(eks, cluster, {key: value for key, value in wanted.items() if value})
        agent = find_agent_status(eks, describe_or_none(eks.describe_cluster, "cluster", name=cluster))
    module.exit_json(changed=False, associations=[convert_answer(row) for row in rows], agent=agent)


if __name__ == "__main__":
    main()
