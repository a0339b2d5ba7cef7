#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_drift_report
version_added: 0.1.0
short_description: Print what differs between Amazon EKS clusters and their declarations
description:
  - Prints a table of what the tasks of C(kumo.eks.site) would do in check mode, with a line for each field that differs.
  - It calls neither AWS nor Kubernetes, and writes no files. C(kumo.eks.drift) does the rest.
  - This is an action plugin. It runs on the controller.
  - The options of the connection to AWS are accepted, as C(module_defaults) of the action group set them for all modules. They are not used.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  clusters:
    description:
      - What was found of each cluster, with the keys C(host), C(cluster), C(region), C(error), C(error_kind), C(resources) and C(events).
      - A cluster with an error was not compared, unless its kind says that the declaration asks for what EKS cannot change.
      - C(resources) are those of RV(kumo.eks.eks_summary#module:resources), and C(events) those of
        RV(kumo.eks.eks_event_info#module:events).
    type: list
    elements: dict
    required: true
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
- name: Show the drift of one cluster
  kumo.eks.eks_drift_report:
    clusters:
      - host: localhost
        cluster: my-cluster
        region: ap-northeast-1
        error: ""
        resources: "{{ summary.resources }}"
        events: []
"""

RETURN = r"""
drift:
  description: Whether something differs.
  returned: always
  type: bool
  sample: true
not_compared:
  description: The clusters of which it is not known whether something differs, as in the table. C(clusters) has the reasons.
  returned: always
  type: list
  elements: str
  sample: []
summary:
  description: The clusters that differ, and those that were not compared.
  returned: always
  type: str
  sample: "Drift in 1 of 3 clusters: my-cluster."
lines:
  description: The table and the sentence, as printed.
  returned: always
  type: list
  elements: str
  sample: ["Drift in 1 of 3 clusters: my-cluster."]
markdown:
  description: The same as Markdown.
  returned: always
  type: str
  sample: "# Drift\n"
clusters:
  description: The same as data.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: The host of the inventory.
      returned: always
      type: str
      sample: my-cluster.ap-northeast-1
    cluster:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    region:
      description: The region. It is empty if the environment names it.
      returned: always
      type: str
      sample: ap-northeast-1
    error:
      description: Why the plan ended, for example because EKS cannot change a field. It is empty for a complete plan.
      returned: always
      type: str
      sample: ""
    error_kind:
      description: The kind of that failure, like V(access-denied), if it has one.
      returned: always
      type: str
      sample: ""
    drift:
      description: Whether something differs.
      returned: always
      type: bool
      sample: true
    not_compared:
      description: Whether the plan ended before that was known.
      returned: always
      type: bool
      sample: false
    resources:
      description: The resources that differ.
      returned: always
      type: list
      elements: dict
      contains:
        kind:
          description: The kind of the resource.
          returned: always
          type: str
          sample: node group
        name:
          description: Its name.
          returned: always
          type: str
          sample: general
        action:
          description: What C(kumo.eks.site) would do. V(create), V(change), V(replace) or V(remove).
          returned: always
          type: str
          sample: change
        fields:
          description: The fields that differ.
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
              description: The value that it has.
              returned: always
              type: raw
              sample: 5
            after:
              description: The value that is declared.
              returned: always
              type: raw
              sample: 10
        last_event:
          description: The last change that CloudTrail knows of, as in RV(kumo.eks.eks_event_info#module:events). It is null if there is none.
          returned: always
          type: dict
          sample: {"event": "UpdateNodegroupConfig", "user": "arn:aws:iam::123456789012:user/jane"}
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule, build_connection_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.drift import build_drift, build_drift_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError


def main() -> None:
    module = CarefulModule(argument_spec={**build_connection_spec(), **build_drift_spec()}, supports_check_mode=True)
    try:
        report = build_drift(module.params["clusters"])
    except ValidationError as error:
        module.fail_json(msg=error.message, **error.facts)
    module.exit_json(**report)


if __name__ == "__main__":
    main()
