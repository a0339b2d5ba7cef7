#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cost_info
version_added: 0.1.0
short_description: Price an Amazon EKS cluster with everything that belongs to it
description:
  - Reads a cluster, and says what it costs in an hour and in a month of 730 hours, line by line, each with the source of its price.
  - Counts the control plane with extended support and provisioned tiers, nodes on demand and on spot, the fee of EKS Auto Mode, pods on
    Fargate, hybrid nodes, volumes, NAT gateways, interface endpoints, public IPv4 addresses, load balancers, capabilities, stored logs
    and KMS keys.
  - Prices are those of the Price List API if the caller may ask it, otherwise those of a table that is shipped with this collection.
    A price that nobody says is unknown. It is not in the total, which is a lower limit then.
  - Traffic and the ingestion of logs are not counted, because they cannot be known. RV(not_included) names everything that is not.
  - A part that the caller may not read is named as unknown.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  price_source:
    description:
      - Where prices on demand come from. V(auto) asks the Price List API, and takes what it does not say from the shipped table.
      - V(api) fails if the API cannot be asked. V(table) does not ask it.
      - Spot prices are always those of EC2.
    type: str
    choices: [auto, api, table]
    default: auto
  kubernetes:
    description:
      - Whether the Kubernetes API of the cluster is read. It knows the pods on Fargate, hybrid nodes, and volumes that have no tags.
      - Without it, these are named as unknown if the cluster has Fargate profiles or remote networks.
    type: bool
    default: true
  rightsizing:
    description:
      - Whether to compare what pods request with what nodes have, to look for instance types that hold the same pods for less, and to price the
        same pods on Fargate and on Amazon ECS.
      - It reads the instance types of the region, and requires O(kubernetes).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
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
  - module: kumo.eks.eks_cost_plan
  - module: kumo.eks.eks_cost_report
  - name: Amazon EKS pricing
    description: What AWS charges for EKS.
    link: https://aws.amazon.com/eks/pricing/
  - name: Price List API
    description: How prices are asked for.
    link: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

EXAMPLES = r"""
- name: Price a cluster
  kumo.eks.eks_cost_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: cost

- name: Show the report
  kumo.eks.eks_cost_report:
    clusters:
      - "{{ cost | combine({'host': inventory_hostname}) }}"

- name: Look for what could cost less
  kumo.eks.eks_cost_info:
    cluster_name: my-cluster
    rightsizing: true
    region: ap-northeast-1

- name: Price a cluster without asking the Price List API and the Kubernetes API
  kumo.eks.eks_cost_info:
    cluster_name: my-cluster
    price_source: table
    kubernetes: false
    region: ap-northeast-1
"""

RETURN = r"""
cluster_name:
  description: The cluster's name.
  returned: success
  type: str
  sample: my-cluster
region:
  description: The region.
  returned: success
  type: str
  sample: ap-northeast-1
lines:
  description: The parts of the cost.
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
total:
  description: The sums.
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
notices:
  description: When extended support begins or ends.
  returned: success
  type: list
  elements: str
  sample: ["Standard support of Kubernetes 1.33 ends on 2026-07-29. From then on, cluster my-cluster pays for extended support."]
failures:
  description: Sources of prices that could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: []
not_included:
  description: What is in no total.
  returned: success
  type: list
  elements: str
  sample: ["load balancer capacity units"]
text:
  description: The report as lines of text.
  returned: success
  type: list
  elements: str
  sample: ["Total: 912.50 USD a month (730 hours a month, 1.2500 an hour)."]
rightsizing:
  description: What could cost less. All amounts are by the shipped table, and on demand.
  returned: with O(rightsizing), when the Kubernetes API was read
  type: dict
  contains:
    groups:
      description: The groups of nodes.
      returned: always
      type: list
      elements: dict
      contains:
        group:
          description: The name of the node group or node pool.
          returned: always
          type: str
          sample: general
        nodes:
          description: How many nodes it has.
          returned: always
          type: int
          sample: 3
        instance_types:
          description: Their types.
          returned: always
          type: list
          elements: str
          sample: [m5.large]
        spot:
          description: Whether they are on spot capacity.
          returned: always
          type: bool
          sample: false
        cpu_requested:
          description: What pods request of the CPU that nodes can give, in percent.
          returned: always
          type: float
          sample: 31.5
        memory_requested:
          description: The same of the memory.
          returned: always
          type: float
          sample: 40.2
        cpu_used:
          description: What pods use of it, in percent. V(null) without metrics-server.
          returned: always
          type: float
          sample: 8.1
        memory_used:
          description: The same of the memory.
          returned: always
          type: float
          sample: 22.0
        idle_nodes:
          description: Nodes with no pods but those of DaemonSets.
          returned: always
          type: list
          elements: str
          sample: [ip-10-0-1-17.ap-northeast-1.compute.internal]
        monthly:
          description: What the nodes cost in a month. V(null) if it is not known.
          returned: always
          type: float
          sample: 271.56
        currency:
          description: The currency.
          returned: always
          type: str
          sample: USD
        proposals:
          description: For each architecture the cheapest type that holds the same pods, if that saves five percent or more.
          returned: always
          type: list
          elements: dict
          contains:
            instance_type:
              description: The type.
              returned: always
              type: str
              sample: m7g.large
            nodes:
              description: How many of them.
              returned: always
              type: int
              sample: 2
            monthly:
              description: What they cost in a month.
              returned: always
              type: float
              sample: 153.88
            saving:
              description: How much less that is.
              returned: always
              type: float
              sample: 117.68
            architecture:
              description: V(amd64) or V(arm64).
              returned: always
              type: str
              sample: arm64
            note:
              description: What to check first.
              returned: always
              type: str
              sample: check that all images are built for arm64
        advice:
          description: What to know of spot capacity.
          returned: always
          type: list
          elements: str
          sample: []
    alternatives:
      description: What the same pods cost elsewhere, without volumes, network and load balancers.
      returned: always
      type: list
      elements: dict
      contains:
        place:
          description: Where.
          returned: always
          type: str
          sample: ECS on Fargate
        monthly:
          description: The cost of a month. V(null) if it is not known.
          returned: always
          type: float
          sample: 95.2
        note:
          description: What is to be known of it.
          returned: always
          type: str
          sample: ''
    text:
      description: The same as lines of text.
      returned: always
      type: list
      elements: str
      sample: ["general: 2 x m7g.large hold the same pods for 153.88 USD a month, 117.68 USD less."]
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.cost.task import build_cost_spec, read_cost


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_cost_spec(), supports_check_mode=True)
    with handle_failures(module, f"Could not price cluster {module.params['cluster_name']}"):
        result = read_cost(module)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
