#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_certificate_authority_info
version_added: 0.1.0
short_description: Describe the certificate authorities of an Amazon EKS cluster
description:
  - Describes the certificate authorities (CAs) of a cluster, when they expire, when EKS would activate a successor, and where a rotation
    stands.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
seealso:
  - module: kumo.eks.eks_certificate_authority
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
- name: Show when the certificate authority expires, and what is to be done
  kumo.eks.eks_certificate_authority_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
certificate_authorities:
  description:
    - The CAs of the cluster as DescribeCertificateAuthority returns them, in snake case, oldest first.
    - The list is empty if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # CertificateAuthority: written by tools/shared_docs.py, from here
    id:
      description: Its ID.
      returned: always
      type: str
      sample: a1b2c3d4-5678-90ab-cdef-111111111111
    created_at:
      description: When it was created.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    created_by:
      description: Who created it, V(EKS) or V(CUSTOMER).
      returned: always
      type: str
      sample: EKS
    activated_at:
      description: When it was last activated.
      returned: when it was activated
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    activated_by:
      description: Who activated it, V(EKS) or V(CUSTOMER).
      returned: when it was activated
      type: str
      sample: EKS
    signing_status:
      description: Whether it signs certificates, V(IN_USE), V(ACTIVATING) or V(NOT_USED).
      returned: always
      type: str
      sample: IN_USE
    distribution_status:
      description: Whether what AWS manages trusts it, V(IN_PROGRESS), V(COMPLETE), V(FAILED) or V(DELETING).
      returned: always
      type: str
      sample: COMPLETE
    validity:
      description: How long its certificate is valid.
      returned: when EKS returns it
      type: dict
      contains:
        not_before:
          description: The start.
          returned: when EKS returns it
          type: str
          sample: '2026-08-01T09:00:00+09:00'
        not_after:
          description: The end.
          returned: when EKS returns it
          type: str
          sample: '2036-07-29T09:00:00+09:00'
    scheduled_events:
      description: When EKS activates a successor by itself.
      returned: for a successor
      type: dict
      contains:
        first_auto_activation:
          description: The first time. It can be rolled back.
          returned: when EKS returns it
          type: str
          sample: '2036-01-29T09:00:00+09:00'
        final_auto_activation:
          description: The last time. It cannot be rolled back.
          returned: when EKS returns it
          type: str
          sample: '2036-06-14T09:00:00+09:00'
    rollback_available:
      description: Whether EKS can go back from it to the outgoing one.
      returned: when EKS returns it
      type: bool
      sample: false
    data:
      description: The certificate, Base64-encoded.
      returned: when EKS returns it
      type: str
      sample: LS0tLS1CRUdJTi...
    # to here.
stage:
  description:
    - Where the rotation stands. V(idle) is no rotation. V(distributing), V(failed) and V(distributed) are about a successor that does not sign
      yet. V(activating), V(activated) and V(deleting) come after each other. V(none) is a cluster without a certificate authority.
  returned: always
  type: str
  sample: distributed
next_step:
  description: What is to be done next.
  returned: always
  type: str
  sample: Wait until EKS has distributed the successor 1b2c to what AWS manages (wait=true).
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.certificate_authority import describe_authorities


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=dict(cluster_name=dict(type="str", required=True)), supports_check_mode=True
    )
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not describe the certificate authorities of cluster {name}"):
        found = describe_authorities(get_client(module), name)
    rows = [convert_answer(row) for row in found.rows]
    module.exit_json(changed=False, certificate_authorities=rows, **found.build_result())


if __name__ == "__main__":
    main()
