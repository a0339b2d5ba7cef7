#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_summary
version_added: 0.1.0
short_description: Print a summary of an Amazon EKS cluster as a table
description:
  - Prints a table of the resources that the tasks of a play manage, with the status of each resource and what changed.
  - It reads the registered results of other tasks and calls neither AWS nor Kubernetes.
  - This is an action plugin. It runs on the controller.
  - The options of the connection to AWS are accepted, as C(module_defaults) of the action group set them for all modules. They are not used.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  results:
    description:
      - Registered results of modules of this collection, in any order. Results of skipped tasks are ignored.
      - A result of M(kumo.eks.eks_wait) provides the final status of its resources and the cluster's endpoint.
    type: list
    elements: dict
    required: true
  notes:
    description: Lines to print below the table, for example how to connect to the cluster.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    details: The table then shows what would be changed as C(planned).
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: none
  platform:
    platforms: all
"""

EXAMPLES = r"""
- name: Start node groups
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    nodegroups: "{{ nodegroups }}"
    region: ap-northeast-1
  register: nodegroups_result

- name: Wait for them
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    results:
      - "{{ nodegroups_result }}"
    region: ap-northeast-1
  register: wait_result

- name: Show the node groups
  kumo.eks.eks_summary:
    results:
      - "{{ nodegroups_result }}"
      - "{{ wait_result }}"
"""

RETURN = r"""
lines:
  description: The table and the lines below it, as printed. A line of a changed resource begins with an asterisk.
  returned: always
  type: list
  elements: str
  sample: ["* node group  general  ACTIVE  3 nodes (2 to 10), ON_DEMAND m5.large", "Changed: node group general."]
resources:
  description: The rows of the table.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of the resource, like C(node group).
      returned: always
      type: str
      sample: node group
    name:
      description: Its name. Of a release, the namespace and the name.
      returned: always
      type: str
      sample: general
    status:
      description: The status as the service spells it. V(planned) in check mode for what would be changed.
      returned: always
      type: str
      sample: ACTIVE
    details:
      description: Details, for example size and instance types of a node group.
      returned: always
      type: str
      sample: 3 nodes (2 to 10), ON_DEMAND m5.large
    changed:
      description: Whether the play changed it, or would change it.
      returned: always
      type: bool
      sample: true
    action:
      description: V(create), V(change), V(replace) or V(remove). It is empty for a resource that stays as it is.
      returned: always
      type: str
      sample: change
    fields:
      description: The fields that differ, of a resource that is changed or replaced.
      returned: always
      type: list
      elements: dict
      contains:
        field:
          description: The path of the field.
          returned: always
          type: str
          sample: scaling_config.max_size
        before:
          description: The value before. It is null for a field that was not set.
          returned: always
          type: raw
          sample: 5
        after:
          description: The value after. It is null for a field that is no longer set.
          returned: always
          type: raw
          sample: 10
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule, build_connection_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.summary import build_summary, build_summary_spec


def main() -> None:
    module = CarefulModule(argument_spec={**build_connection_spec(), **build_summary_spec()}, supports_check_mode=True)
    params = module.params
    module.exit_json(**build_summary(params["results"], params["notes"], module.check_mode))


if __name__ == "__main__":
    main()
