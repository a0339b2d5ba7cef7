#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_roles_anywhere
version_added: 0.1.0
short_description: Manage the trust anchor and the profile by which hybrid nodes get credentials
description:
  - Creates, updates and deletes a trust anchor and a profile of IAM Roles Anywhere, by which EKS Hybrid Nodes get credentials for the
    certificates of your CA. Without a CA use hybrid activations of AWS Systems Manager instead.
  - The IAM role comes between the two. Its trust policy names the trust anchor, and the profile names the role. Run this module with
    O(ca_bundle), then M(kumo.eks.eks_iam_role) with O(kumo.eks.eks_iam_role#module:trust_anchor_arn), and this module again with O(role_arn).
  - Names are no keys in IAM Roles Anywhere. The module finds what it created by name and tag, and leaves others of the same name alone.
  - Each run enables both again.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. The cluster need not exist.
    type: str
    required: true
  name:
    description:
      - The name of the trust anchor and of the profile, of 1-255 letters, digits, spaces, hyphens and underscores.
      - The default is the name of the cluster with C(-hybrid-nodes).
    type: str
  ca_bundle:
    description:
      - The certificates of your CA in PEM. Required unless O(state=absent). Keep the private key of the CA away from here.
      - Everybody who has a certificate of this CA can get the role of the profile. Use a CA, or an intermediate CA, that issues certificates to
        nodes alone.
    type: str
  role_arn:
    description:
      - ARN of the IAM role that nodes get. It is passed to IAM Roles Anywhere, which requires C(iam:PassRole).
      - Without it the profile is neither created nor changed.
    type: str
  duration_seconds:
    description:
      - How long credentials are valid, 900 to 43200 seconds. A new profile has 3600 by default.
      - The role limits it, too, by O(kumo.eks.eks_iam_role#module:max_session_duration).
    type: int
  state:
    description:
      - Whether they exist. V(absent) deletes the profile and then the trust anchor. Nodes lose their access when their credentials expire.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: kumo.eks.eks_iam_role
  - module: kumo.eks.eks_access_entry
  - name: Credentials of hybrid nodes
    description: Both ways to give them credentials, in the Amazon EKS User Guide.
    link: https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
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
- name: Create the trust anchor
  kumo.eks.eks_roles_anywhere:
    cluster_name: my-cluster
    ca_bundle: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    region: ap-northeast-1
  register: anywhere

- name: Create the role, which only certificates of that CA can get
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    purpose: hybrid_node
    trust_anchor_arn: "{{ anywhere.trust_anchor_arn }}"
    region: ap-northeast-1
  register: role

- name: Create the profile
  kumo.eks.eks_roles_anywhere:
    cluster_name: my-cluster
    ca_bundle: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    role_arn: "{{ role.arn }}"
    region: ap-northeast-1

- name: Delete the profile and the trust anchor
  kumo.eks.eks_roles_anywhere:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
name:
  description: Name of the trust anchor and of the profile.
  returned: always
  type: str
  sample: my-cluster-hybrid-nodes
trust_anchor_arn:
  description:
    - ARN of the trust anchor, for the trust policy of the role and for C(nodeadm). In check mode it ends with C(to-be-created) if the trust
      anchor does not exist.
  returned: when it exists or will be created
  type: str
  sample: arn:aws:rolesanywhere:ap-northeast-1:123456789012:trust-anchor/8b9b5b3c-1111-2222-3333-444455556666
profile_arn:
  description:
    - ARN of the profile, for C(nodeadm). In check mode it ends with C(to-be-created) if the profile does not exist.
  returned: with O(role_arn), when it exists or will be created
  type: str
  sample: arn:aws:rolesanywhere:ap-northeast-1:123456789012:profile/1c2d3e4f-1111-2222-3333-444455556666
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.roles_anywhere.credentials import (
    TO_BE_CREATED,
    HybridCredentials,
    build_default_name,
    find_problems,
)

# A part: the member of the API that has its ARN, and its word in ARNs
ARNS = {"trust_anchor": ("trustAnchorArn", "trust-anchor"), "profile": ("profileArn", "profile")}


def build_planned_arn(module: AnsibleAWSModule, kind: str) -> str:
    """The ARN of what check mode would create, without its ID."""
    sts = get_client(module, "sts")
    region, account = sts.meta.region_name, sts.get_caller_identity()["Account"]
    return f"arn:{get_partition(region)}:rolesanywhere:{region}:{account}:{kind}/{TO_BE_CREATED}"


def build_result(module: AnsibleAWSModule, name: str, parts: dict[str, Outcome]) -> dict[str, Any]:
    """The result, and the diff by part."""
    found = {
        f"{part}_arn": outcome.raw.get(ARNS[part][0]) or build_planned_arn(module, ARNS[part][1])
        for part, outcome in parts.items()
        if outcome.raw
    }
    changed = {part: outcome for part, outcome in parts.items() if outcome.changed}
    diff = {
        "before": {part: outcome.before for part, outcome in changed.items()},
        "after": {part: outcome.after for part, outcome in changed.items()},
    }
    return {"name": name, **found, "changed": bool(changed), "diff": diff}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        ca_bundle=dict(type="str"),
        role_arn=dict(type="str"),
        duration_seconds=dict(type="int"),
        **build_state_spec(),
        **build_tags_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    cluster = params["cluster_name"]
    with handle_failures(module, f"Could not manage IAM Roles Anywhere for cluster {cluster}"):
        raise_problems(find_problems(params))
        name = params["name"] or build_default_name(cluster)
        client = get_client(module, "rolesanywhere")
        owner = build_owner_key(client.meta.region_name, cluster)
        credentials = HybridCredentials(client, name, owner, module.check_mode)
        absent = params["state"] == "absent"
        parts = credentials.ensure_absent() if absent else credentials.ensure_present(params)
        result = build_result(module, name, parts)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
