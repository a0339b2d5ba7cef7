#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_update_info
version_added: 0.1.0
short_description: Describe updates of an Amazon EKS cluster, its node groups, add-ons and capabilities
description:
  - Describes the updates of one resource, or of a cluster with everything that belongs to it, newest first.
  - A resource is ACTIVE again after an update whether it succeeded or failed. Only the update shows the result, and the reason of a
    failure.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. If no other resource is named, the updates of the cluster itself are described.
    type: str
    required: true
  nodegroup:
    description: Describe the updates of this node group.
    type: str
  addon:
    description: Describe the updates of this add-on.
    type: str
  capability:
    description: Describe the updates of this capability.
    type: str
  all:
    description: Whether to describe the updates of the cluster and of all of its node groups, add-ons and capabilities.
    type: bool
    default: false
  id:
    description: Describe only the update with this ID. An update of a node group, add-on or capability is found only with its resource.
    type: str
  statuses:
    description: Describe only updates with these statuses.
    type: list
    elements: str
    choices: [InProgress, Failed, Cancelled, Successful]
  types:
    description: Describe only updates of these types as EKS names them, for example V(VersionUpdate).
    type: list
    elements: str
seealso:
  - module: kumo.eks.eks_update
  - module: kumo.eks.eks_wait
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
- name: List what is being updated now
  kumo.eks.eks_update_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    all: true
    statuses: [InProgress]
  register: running

- name: Show why updates of a node group failed
  kumo.eks.eks_update_info:
    cluster_name: my-cluster
    nodegroup: general
    statuses: [Failed]

- name: List the upgrades and rollbacks of the control plane
  kumo.eks.eks_update_info:
    cluster_name: my-cluster
    types: [VersionUpdate, VersionRollback]
"""

RETURN = r"""
updates:
  description:
    - The updates as DescribeUpdate returns them, in snake case, newest first.
    - The list is empty if there is none, or if the resource does not exist.
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
    nodegroup:
      description: The node group that is updated.
      returned: for an update of a node group
      type: str
      sample: general
    addon:
      description: The add-on that is updated.
      returned: for an update of an add-on
      type: str
      sample: coredns
    capability:
      description: The capability that is updated.
      returned: for an update of a capability
      type: str
      sample: ack
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import (
    TARGETS,
    describe_update,
    list_targets,
    list_updates,
)

STATUSES = ["InProgress", "Failed", "Cancelled", "Successful"]


def find_updates(eks: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The updates that the task asks for, newest first."""
    cluster = params["cluster_name"]
    target = {option: params[option] for option in TARGETS if params[option]}
    if params["id"]:
        update = describe_update(eks, cluster, {**target, "id": params["id"]})
        found = [{**update, **target}] if update else []
    else:
        targets = list_targets(eks, cluster) if params["all"] else [target]
        found = [update for each in targets for update in list_updates(eks, cluster, each)]
    wanted = [
        row
        for row in found
        if row["status"] in (params["statuses"] or STATUSES) and row["type"] in (params["types"] or [row["type"]])
    ]
    return sorted(wanted, key=lambda row: row["createdAt"], reverse=True)


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        all=dict(type="bool", default=False),
        id=dict(type="str"),
        statuses=dict(type="list", elements="str", choices=STATUSES),
        types=dict(type="list", elements="str"),
        **{option: dict(type="str") for option in TARGETS},
    )
    module = AnsibleAWSModule(
        argument_spec=spec, mutually_exclusive=[tuple(TARGETS), ("all", "id")], supports_check_mode=True
    )
    with handle_failures(module, f"Could not describe updates of cluster {module.params['cluster_name']}"):
        found = find_updates(get_client(module), module.params)
    module.exit_json(changed=False, updates=[convert_answer(row) for row in found])


if __name__ == "__main__":
    main()
