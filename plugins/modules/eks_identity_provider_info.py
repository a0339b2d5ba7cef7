#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_identity_provider_info
version_added: 0.1.0
short_description: Describe the OIDC identity provider of an Amazon EKS cluster
description:
  - Describes the OpenID Connect (OIDC) identity provider with whose users people sign in to a cluster.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The name of the association. By default the provider of the cluster is described.
    type: str
seealso:
  - module: kumo.eks.eks_identity_provider
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
- name: Describe the provider of a cluster
  kumo.eks.eks_identity_provider_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
identity_providers:
  description:
    - The provider as DescribeIdentityProviderConfig returns it, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # OidcIdentityProviderConfig: written by tools/shared_docs.py, from here
    identity_provider_config_name:
      description: The name of the association.
      returned: always
      type: str
      sample: company
    identity_provider_config_arn:
      description: Its ARN.
      returned: when EKS returns it
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:identityproviderconfig/my-cluster/oidc/company/1
    cluster_name:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    issuer_url:
      description: The provider's URL.
      returned: always
      type: str
      sample: https://id.example.com
    client_id:
      description: The ID of the client application.
      returned: always
      type: str
      sample: kubernetes
    username_claim:
      description: The claim that is the name of the user.
      returned: when EKS returns it
      type: str
      sample: email
    username_prefix:
      description: The text before names of users.
      returned: when EKS returns it
      type: str
      sample: 'oidc:'
    groups_claim:
      description: The claim that has the groups of the user.
      returned: when EKS returns it
      type: str
      sample: groups
    groups_prefix:
      description: The text before names of groups.
      returned: when EKS returns it
      type: str
      sample: 'oidc:'
    required_claims:
      description: Claims that a token must have.
      returned: when EKS returns it
      type: dict
      sample:
        department: engineering
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample:
        Environment: production
    status:
      description: Its status, V(CREATING), V(ACTIVE) or V(DELETING).
      returned: always
      type: str
      sample: ACTIVE
    # to here.
"""

from functools import partial

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.identity_provider import describe_provider, list_providers


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with handle_failures(module, f"Could not describe identity providers of cluster {cluster}"):
        eks = get_client(module)
        names = [name] if name else list_providers(eks, cluster)
        found = describe_all(names, partial(describe_provider, eks, cluster))
    module.exit_json(changed=False, identity_providers=[convert_answer(raw) for raw in found])


if __name__ == "__main__":
    main()
