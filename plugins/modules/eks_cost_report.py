#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cost_report
version_added: 0.1.0
short_description: Print what Amazon EKS clusters cost, and build reports of it
description:
  - Prints the tables of M(kumo.eks.eks_cost_info) for one or more clusters, with the total of all of them.
  - Returns the same as Markdown, as CSV, and as one page of HTML that loads nothing from elsewhere.
  - It calls neither AWS nor Kubernetes, and writes no files. C(kumo.eks.cost) does the rest.
  - This is an action plugin. It runs on the controller.
  - The options of the connection to AWS are accepted, as C(module_defaults) of the action group set them for all modules. They are not used.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  clusters:
    description:
      - The results of M(kumo.eks.eks_cost_info), each with the key C(host).
      - Of a cluster that could not be priced the keys C(host), C(cluster_name), C(region) and C(error).
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
- name: Price a cluster
  kumo.eks.eks_cost_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: cost

- name: Show it
  kumo.eks.eks_cost_report:
    clusters:
      - "{{ cost | combine({'host': inventory_hostname}) }}"
"""

RETURN = r"""
clusters:
  description: O(clusters).
  returned: always
  type: list
  elements: dict
  sample: [{"host": "localhost", "cluster_name": "my-cluster"}]
totals:
  description: The sums of all clusters, one for each currency.
  returned: always
  type: list
  elements: dict
  contains:
    currency:
      description: The currency.
      returned: always
      type: str
      sample: USD
    clusters:
      description: How many clusters are in the sum.
      returned: always
      type: int
      sample: 3
    hourly:
      description: The cost of an hour.
      returned: always
      type: float
      sample: 3.75
    monthly:
      description: The cost of a month of 730 hours.
      returned: always
      type: float
      sample: 2737.5
    at_least:
      description: Whether the sum is a lower limit.
      returned: always
      type: bool
      sample: true
lines:
  description: The tables, as printed.
  returned: always
  type: list
  elements: str
  sample: ["Total: 912.50 USD a month (730 hours a month, 1.2500 an hour)."]
markdown:
  description: The same as Markdown.
  returned: always
  type: str
  sample: "# Cost\n"
csv:
  description: All lines of all clusters as CSV.
  returned: always
  type: str
  sample: "host,cluster,region\n"
html:
  description: A page with tables and charts.
  returned: always
  type: str
  sample: "<!doctype html>"
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule, build_connection_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.cost.fleet_report import build_report, build_report_spec


def main() -> None:
    module = CarefulModule(argument_spec={**build_connection_spec(), **build_report_spec()}, supports_check_mode=True)
    try:
        report = build_report(module.params["clusters"])
    except ValidationError as error:
        module.fail_json(msg=error.message, **error.facts)
    module.exit_json(**report)


if __name__ == "__main__":
    main()
