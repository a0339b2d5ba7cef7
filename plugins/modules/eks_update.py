#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_update
version_added: 0.1.0
short_description: Cancel an update of an Amazon EKS cluster
description:
  - Cancels a rollback of the Kubernetes version of a cluster with EKS Auto Mode while its nodes roll back. The nodes then return to the
    current version of the cluster.
  - EKS cannot cancel anything else. Upgrades, changes of settings, updates of node groups, add-ons and capabilities, and a rollback whose
    control plane phase has begun, run to their end. The module refuses them with the reason.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  id:
    description:
      - The update's ID.
      - By default the rollback that is in progress is cancelled. If none is in progress, the module changes nothing.
    type: str
  state:
    description: Only V(cancelled) exists. Updates are started by the modules of the resources.
    type: str
    choices: [cancelled]
    default: cancelled
  wait:
    description:
      - Whether to wait until the update is cancelled, instead of returning when EKS has accepted the request.
      - EKS may fail to cancel an update. Only a task that waits reports it.
    type: bool
    default: true
  wait_timeout:
    description: The limit for the wait, in seconds.
    type: int
    default: 1200
notes:
  - EKS takes no other update of the cluster while a rollback is in progress. To change something urgently, cancel the rollback first.
  - A rollback can be started again for seven days after the upgrade, with O(kumo.eks.eks_cluster#module:rollback).
seealso:
  - module: kumo.eks.eks_update_info
  - name: Rollback of clusters with EKS Auto Mode
    description: The phases of a rollback, and what cancels it.
    link: https://docs.aws.amazon.com/eks/latest/userguide/rollback-automode.html
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
- name: Cancel the rollback that is in progress, if there is one
  kumo.eks.eks_update:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: cancelled

- name: Cancel one update
  kumo.eks.eks_update:
    cluster_name: my-cluster
    id: "{{ rollback.updates[0].id }}"
"""

RETURN = r"""
updates:
  description: The update as DescribeUpdate returns it, in snake case. The list is empty if there is none to cancel.
  returned: always
  type: list
  elements: dict
  contains:
    # Update: written by tools/shared_docs.py, from here
    id:
      description: Its ID.
      returned: always
      type: str
      sample: 7b9f3d9a-6c34-4f9e-9d8a-0a4f4a1c2b3d
    status:
      description: Its status, V(InProgress), V(Failed), V(Cancelled) or V(Successful).
      returned: always
      type: str
      sample: Successful
    type:
      description: What is updated, as EKS names it.
      returned: always
      type: str
      sample: VersionUpdate
    params:
      description: The values that the request has set.
      returned: always
      type: list
      elements: dict
      contains:
        type:
          description: The name of the value.
          returned: always
          type: str
          sample: Version
        value:
          description: The value, as text.
          returned: always
          type: str
          sample: '1.34'
    created_at:
      description: When it was started.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    errors:
      description: Why it failed. Empty for one that did not.
      returned: always
      type: list
      elements: dict
      contains:
        error_code:
          description: The error code.
          returned: always
          type: str
          sample: PodEvictionFailure
        error_message:
          description: The message of EKS.
          returned: always
          type: str
          sample: Reached max retries while trying to evict pods from nodes in node group general
        resource_ids:
          description: The resources that are affected.
          returned: when EKS returns it
          type: list
          elements: str
          sample: [ip-10-0-1-23.ap-northeast-1.compute.internal]
    cancellation:
      description: The last attempt to cancel it.
      returned: when somebody tried to cancel it
      type: dict
      contains:
        status:
          description: The status of the cancellation, V(InProgress), V(Failed) or V(Successful).
          returned: always
          type: str
          sample: Successful
        reason:
          description: More about the cancellation.
          returned: when EKS returns it
          type: str
          sample: The node rollback was stopped
    # to here.
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import cancel_update


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        id=dict(type="str"),
        state=dict(type="str", choices=["cancelled"], default="cancelled"),
        wait=dict(type="bool", default=True),
        wait_timeout=dict(type="int", default=1200),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    name = params["cluster_name"]
    with handle_failures(module, f"Could not cancel an update of cluster {name}"):
        done = cancel_update(
            get_client(module), name, params["id"], module.check_mode, params["wait"], params["wait_timeout"]
        )
    before = {"status": done.before["status"]} if done.before else {}
    diff = {"before": before, "after": {"status": "Cancelled"} if done.changed else before}
    module.exit_json(changed=done.changed, diff=diff, updates=[convert_answer(done.update)] if done.update else [])


if __name__ == "__main__":
    main()
