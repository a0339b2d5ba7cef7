#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_identity_provider
version_added: 0.1.0
short_description: Manage the OIDC identity provider of an Amazon EKS cluster
description:
  - Associates an OpenID Connect (OIDC) identity provider with a cluster, so that its users can sign in to Kubernetes, and disassociates it.
    A cluster has at most one.
  - EKS cannot change an associated provider, except for its tags. A change requires O(replace=true). Its users cannot sign in until the
    new association is ACTIVE. IAM principals can always sign in.
  - This is not the IAM OIDC provider by which pods get IAM roles. M(kumo.eks.eks_irsa) manages that.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The name of the association.
    type: str
    required: true
  issuer_url:
    description:
      - The URL of the provider, as the C(iss) claim of its tokens has it. Required for a new association.
      - It begins with C(https://) and has no query. It must be reachable from the internet, with a certificate that is not self-signed.
    type: str
  client_id:
    description: The ID of the client application (the audience) in the provider's tokens. Required for a new association.
    type: str
  username_claim:
    description: The claim of a token that is the name of the user. The default of Kubernetes is C(sub).
    type: str
  username_prefix:
    description:
      - The text before names of users. V(-) is no prefix. By default it is the issuer's URL, except for the claim C(email).
      - It cannot contain C(system:).
    type: str
  groups_claim:
    description: The claim of a token that has the groups of the user.
    type: str
  groups_prefix:
    description: The text before names of groups. It cannot contain C(system:).
    type: str
  required_claims:
    description: Claims that a token must have, with their values. V({}) requires none.
    type: dict
  replace:
    description: Whether a change that EKS cannot make disassociates the provider and associates it again. Its users cannot sign in meanwhile.
    type: bool
    default: false
  state:
    description: Whether the provider is associated.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - Whether to wait until the provider is associated or disassociated, instead of returning when EKS has accepted the request.
      - The module waits for the update by its ID. If it fails, the task fails with the errors of EKS.
    type: bool
    default: false
  wait_timeout:
    description: The limit for all waits together, in seconds. EKS can take more than 15 minutes.
    type: int
    default: 2400
seealso:
  - name: Grant users access to Kubernetes with an external OIDC provider
    description: What a provider must support.
    link: https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
extends_documentation_fragment:
  - kumo.eks.tags
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
- name: Let the users of the company sign in
  kumo.eks.eks_identity_provider:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: company
    issuer_url: https://id.example.com
    client_id: kubernetes
    username_claim: email
    groups_claim: groups
    groups_prefix: "oidc:"
    required_claims:
      department: engineering
    wait: true

- name: Use another client, and interrupt sign-ins for the time that it takes
  kumo.eks.eks_identity_provider:
    cluster_name: my-cluster
    name: company
    client_id: kubernetes-production
    replace: true
    wait: true

- name: Disassociate the provider
  kumo.eks.eks_identity_provider:
    cluster_name: my-cluster
    name: company
    state: absent
    wait: true
"""

RETURN = r"""
identity_provider:
  description:
    - The provider as DescribeIdentityProviderConfig returns it, in snake case. Its keys are also at the top level of the result.
    - In check mode, before it exists, only what the task sets.
  returned: when it exists
  type: dict
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
  description: The options of the old association. If the new one could not be made, they are the only record of it.
  returned: when it is replaced
  type: dict
  sample: {"issuer_url": "https://id.example.com", "client_id": "kubernetes"}
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_wait_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity_provider import build_identity_provider_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.identity_provider import IdentityProviderResource


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True),
        **build_state_spec(),
        **build_wait_spec(2400),
        **build_identity_provider_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = drop_none(module.params)
    name = params["name"]
    with handle_failures(module, f"Could not manage identity provider {name} of cluster {params['cluster_name']}"):
        reconciler = Reconciler(
            IdentityProviderResource(get_client(module), params["cluster_name"], name),
            check_mode=module.check_mode,
            wait=params["wait"],
            wait_timeout=params["wait_timeout"],
            replace=params["replace"],
        )
        absent = params["state"] == "absent"
        outcome = reconciler.ensure_absent() if absent else reconciler.ensure_present(params)
        exit_with(module, outcome, "identity_provider")


if __name__ == "__main__":
    main()
