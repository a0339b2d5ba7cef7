#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_certificate_authority
version_added: 0.1.0
short_description: Rotate the certificate authority of an Amazon EKS cluster
description:
  - Makes one step of the rotation of the certificate authority (CA) that signs the certificates of the API server. Append a successor,
    let EKS distribute it, activate it, and delete the outgoing CA.
  - Between the steps, you let nodes and clients trust both. RV(next_step) says what is to be done.
  - It never deletes the CA that signs, and refuses to activate a successor that is not distributed, or that nodes of managed node groups
    do not trust yet.
  - If you do nothing, EKS appends a successor two years before the CA expires, and activates it half a year before, whether or not your
    nodes and clients trust it.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  state:
    description:
      - V(present) appends a successor, if the CA that signs expires within O(expires_within_days), or is O(replaces). With O(wait=true) the
        task waits for its distribution.
      - V(active) activates the successor. With O(id) it also goes back to the outgoing CA, for as long as EKS allows it.
      - V(absent) deletes the outgoing CA after an activation. With O(id) it also deletes a successor that was not activated.
      - If there is nothing to do, the task changes nothing.
    type: str
    choices: [present, active, absent]
    default: present
  id:
    description:
      - The CA that is to be active or absent.
      - The default is the successor for O(state=active), and the outgoing CA for O(state=absent).
    type: str
  replaces:
    description:
      - Append a successor if the CA with this ID signs, whenever it expires. When another one signs, the task changes nothing.
      - Only with O(state=present).
    type: str
  expires_within_days:
    description: Append a successor if the CA that signs expires within this number of days. Only with O(state=present).
    type: int
    default: 730
  force:
    description:
      - Whether to activate a successor although nodes of managed node groups were not replaced since it was appended. They lose the API
        server.
      - Whether to delete the outgoing CA although EKS could still go back to it.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until the step is made, instead of returning when EKS has accepted the request.
      - A distribution takes minutes, with Fargate until all pods were replaced, which can take weeks.
    type: bool
    default: false
  wait_timeout:
    description: The limit for all waits together, in seconds.
    type: int
    default: 3600
notes:
  - EKS makes no other update of the cluster meanwhile, and the module waits for one that is in progress.
  - Nodes of EKS Auto Mode and Fargate pods are updated by EKS. Self-managed nodes, hybrid nodes, nodes of Karpenter and clients outside of
    the cluster cannot be checked. M(kumo.eks.eks_kubeconfig) writes kubeconfigs that trust both.
seealso:
  - module: kumo.eks.eks_certificate_authority_info
  - name: Rotate the EKS cluster certificate authority
    description: The stages of a rotation, and what you are responsible for.
    link: https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
extends_documentation_fragment:
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
- name: Append a successor, if the certificate authority expires within two years
  kumo.eks.eks_certificate_authority:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: present
    wait: true
  register: rotation

- name: Activate the successor, after nodes and kubeconfigs were renewed
  kumo.eks.eks_certificate_authority:
    cluster_name: my-cluster
    state: active
    wait: true

- name: Delete the outgoing certificate authority, when EKS cannot go back to it any more
  kumo.eks.eks_certificate_authority:
    cluster_name: my-cluster
    state: absent
    wait: true
"""

RETURN = r"""
certificate_authorities:
  description:
    - The CAs of the cluster as DescribeCertificateAuthority returns them, in snake case, oldest first.
    - In check mode, those that exist.
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
updates:
  description: The update of the cluster that was started.
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
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.certificate_rotation import Done, Rotation


def check_options(params: dict[str, object]) -> None:
    """Refuse options that do not belong to the step."""
    state = params["state"]
    if params["replaces"] and state != "present":
        raise ValidationError(f"replaces: is for state=present, not for state={state}. Remove the option, or use id.")
    if params["id"] and state == "present":
        raise ValidationError(
            "id: EKS chooses the id of a successor. Remove the option, or use replaces for the one that signs now."
        )
    raise_problems(find_range_problems("expires_within_days", params["expires_within_days"], 0))


def make_step(rotation: Rotation, params: dict[str, object]) -> Done:
    """The step of the task."""
    if params["state"] == "present":
        return rotation.ensure_successor(params["replaces"], params["expires_within_days"])
    ensure = rotation.ensure_active if params["state"] == "active" else rotation.ensure_absent
    return ensure(params["id"], params["force"])


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        state=dict(type="str", choices=["present", "active", "absent"], default="present"),
        id=dict(type="str"),
        replaces=dict(type="str"),
        expires_within_days=dict(type="int", default=730),
        force=dict(type="bool", default=False),
        wait=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=3600),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    with handle_failures(module, f"Could not rotate the certificate authority of cluster {params['cluster_name']}"):
        check_options(params)
        rotation = Rotation(
            get_client(module), params["cluster_name"], module.check_mode, params["wait"], params["wait_timeout"]
        )
        done = make_step(rotation, params)
    module.exit_json(
        changed=done.changed,
        certificate_authorities=[convert_answer(row) for row in done.authorities.rows],
        updates=done.updates,
        diff={"before": done.before, "after": done.after},
        **done.authorities.build_result(),
    )


if __name__ == "__main__":
    main()
