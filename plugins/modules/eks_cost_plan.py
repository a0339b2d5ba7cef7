#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cost_plan
version_added: 0.1.0
short_description: Price what a run in check mode would change of an Amazon EKS cluster
description:
  - Says what a declaration costs in a month, and by how much a run moves it, from the registered results of tasks in check mode.
  - Prices are those of the shipped table by default, so that no account is required. A price that nobody says is unknown. It is not in the
    total, which is a lower limit then.
  - Counts the control plane, node groups and self-managed nodes by their desired sizes, their volumes and public IPv4 addresses, NAT
    gateways, interface endpoints, capabilities and KMS keys.
  - A plan does not contain what Kubernetes makes, which are pods on Fargate, nodes of EKS Auto Mode and Karpenter, volumes of claims and
    load balancers.
  - C(kumo.eks.site) runs it at the end of a run in check mode, unless C(eks_cost_plan) is V(false).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  results:
    description:
      - Registered results of M(kumo.eks.eks_network), M(kumo.eks.eks_cluster), M(kumo.eks.eks_nodegroup),
        M(kumo.eks.eks_self_managed_nodes) and M(kumo.eks.eks_capability), in any order.
      - Results of skipped tasks are ignored.
    type: list
    elements: dict
    required: true
  price_source:
    description:
      - Where prices come from. V(table) is the table that is shipped with this collection, and makes no call to AWS.
      - V(auto) asks the Price List API, EC2 for spot prices, and EKS for the support of the version, and takes what they do not say from the
        shipped table. V(api) fails if the API cannot be asked.
    type: str
    choices: [auto, api, table]
    default: table
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
seealso:
  - module: kumo.eks.eks_cost_info
"""

EXAMPLES = r"""
# Run with --check
- name: Plan node groups
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    nodegroups:
      - name: general
        instance_types: [m5.large]
        scaling_config: {min_size: 2, max_size: 10, desired_size: 4}
    region: ap-northeast-1
  register: planned

- name: Price them
  kumo.eks.eks_cost_plan:
    results:
      - "{{ planned }}"
    region: ap-northeast-1
"""

RETURN = r"""
lines:
  description: The parts of the cost after the run.
  returned: success
  type: list
  elements: dict
  contains:
    # CostLine: written by tools/shared_docs.py, from here
    kind:
      description:
        - The kind of the cost. V(control plane), V(nodes), V(Fargate), V(storage), V(network), V(load balancers), V(capabilities), V(logs)
          or V(keys).
      returned: always
      type: str
      sample: nodes
    name:
      description: What costs it.
      returned: always
      type: str
      sample: node group general, m5.large
    quantity:
      description: How many units.
      returned: always
      type: float
      sample: 3
    unit:
      description: What is counted. V(unknown) for a part that could not be read.
      returned: always
      type: str
      sample: node
    price_key:
      description: The name of the price in this collection.
      returned: always
      type: str
      sample: ec2/m5.large
    unit_price:
      description: The price of one unit for the period. V(null) if it is not known.
      returned: always
      type: float
      sample: 0.124
    period:
      description: V(hour) or V(month).
      returned: always
      type: str
      sample: hour
    hourly:
      description: The cost of an hour. V(null) if it is not known.
      returned: always
      type: float
      sample: 0.372
    monthly:
      description: The cost of a month of 730 hours. V(null) if it is not known.
      returned: always
      type: float
      sample: 271.56
    monthly_most:
      description: The most that a month may cost, as the price on demand for a spot price that is not known. V(null) if there is no limit.
      returned: always
      type: float
      sample: 271.56
    source:
      description: Who says the price. V(unknown) if nobody does.
      returned: always
      type: str
      sample: Price List API, AmazonEC2, APN1-BoxUsage:m5.large
    as_of:
      description: The date of the source.
      returned: always
      type: str
      sample: '2026-09-25'
    verified:
      description: Whether the price is of the Price List API, of a table that was written from it, or of two sources that agree.
      returned: always
      type: bool
      sample: true
    note:
      description: What is to be known of the line.
      returned: always
      type: str
      sample: ''
    # to here.
before:
  description: The sums before the run.
  returned: success
  type: dict
  contains:
    # CostTotal: written by tools/shared_docs.py, from here
    currency:
      description: The currency of all amounts. The Price List of China is in CNY.
      returned: always
      type: str
      sample: USD
    hours:
      description: The hours of a month.
      returned: always
      type: int
      sample: 730
    hourly:
      description: The cost of an hour.
      returned: always
      type: float
      sample: 1.25
    monthly:
      description: The cost of a month.
      returned: always
      type: float
      sample: 912.5
    monthly_most:
      description: The most that a month may cost. V(null) if it is not known.
      returned: always
      type: float
      sample: 1400.1
    at_least:
      description: Whether the total is a lower limit, because the price of a line is not known.
      returned: always
      type: bool
      sample: true
    unknown:
      description: The names of lines without a price. They are not in the total.
      returned: always
      type: list
      elements: str
      sample:
        - node group spot-workers, m5.large or m5a.large on spot
    by_kind:
      description: The cost of a month by kind.
      returned: always
      type: dict
      sample:
        control plane: 73.0
        nodes: 271.56
    # to here.
after:
  description: The sums after the run.
  returned: success
  type: dict
  contains:
    # CostTotal: written by tools/shared_docs.py, from here
    currency:
      description: The currency of all amounts. The Price List of China is in CNY.
      returned: always
      type: str
      sample: USD
    hours:
      description: The hours of a month.
      returned: always
      type: int
      sample: 730
    hourly:
      description: The cost of an hour.
      returned: always
      type: float
      sample: 1.25
    monthly:
      description: The cost of a month.
      returned: always
      type: float
      sample: 912.5
    monthly_most:
      description: The most that a month may cost. V(null) if it is not known.
      returned: always
      type: float
      sample: 1400.1
    at_least:
      description: Whether the total is a lower limit, because the price of a line is not known.
      returned: always
      type: bool
      sample: true
    unknown:
      description: The names of lines without a price. They are not in the total.
      returned: always
      type: list
      elements: str
      sample:
        - node group spot-workers, m5.large or m5a.large on spot
    by_kind:
      description: The cost of a month by kind.
      returned: always
      type: dict
      sample:
        control plane: 73.0
        nodes: 271.56
    # to here.
difference:
  description: By how much the run moves the cost of a month, as far as prices are known.
  returned: success
  type: float
  sample: 90.52
changes:
  description: The lines that the run changes.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What costs it.
      returned: always
      type: str
      sample: node group general, m5.large
    before:
      description: The cost of a month before the run. V(null) if it is not known.
      returned: always
      type: float
      sample: 271.56
    after:
      description: The cost of a month after the run. V(null) if it is not known.
      returned: always
      type: float
      sample: 362.08
failures:
  description: Sources of prices that could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: []
text:
  description: The price of the plan as lines of text.
  returned: success
  type: list
  elements: str
  sample: ["Price of the plan: 1,003.02 USD a month, 90.52 USD more than before."]
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.cost.plan_task import build_plan_spec, price_plan


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_plan_spec(), supports_check_mode=True)
    with handle_failures(module, "Could not price the plan"):
        result = price_plan(module)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
