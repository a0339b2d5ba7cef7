#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cluster_info
version_added: 0.1.0
short_description: Look at Amazon EKS clusters
description:
  - Describes one cluster, or all clusters of the region.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The cluster's name. Left out, all clusters are described.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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
- name: Look at one cluster
  kumo.eks.eks_cluster_info:
    name: my-cluster
    region: ap-northeast-1
  register: found

- name: Look at all of them
  kumo.eks.eks_cluster_info:
    region: ap-northeast-1
"""

RETURN = r"""
clusters:
  description: The clusters as DescribeCluster answers them, in snake case; empty where there is none.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The cluster's name.
      returned: always
      type: str
      sample: my-cluster
    arn:
      description: The cluster's ARN.
      returned: always
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
    status:
      description: Its status.
      returned: always
      type: str
      sample: ACTIVE
    version:
      description: Its Kubernetes version.
      returned: always
      type: str
      sample: "1.34"
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"Environment": "production"}
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, failures, snake
from ansible_collections.kumo.eks.plugins.module_utils.resources.base import described, found_or_none


def main() -> None:
    module = AnsibleAWSModule(argument_spec=dict(name=dict(type="str")), supports_check_mode=True)
    with failures(module, "Could not look at clusters"):
        eks = client(module)
        pages = eks.get_paginator("list_clusters").paginate
        names = [module.params["name"]] if module.params["name"] else [n for p in pages() for n in p["clusters"]]
        found = described(names, lambda name: found_or_none(eks.describe_cluster, "cluster", name=name))
    module.exit_json(changed=False, clusters=[snake(raw) for raw in found])


if __name__ == "__main__":
    main()
