#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroup_info
version_added: 0.1.0
short_description: Look at managed node groups of an Amazon EKS cluster
description:
  - Describes one node group, or all node groups of a cluster.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The node group's name. Left out, all are described.
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
- name: Look at one node group
  kumo.eks.eks_nodegroup_info:
    cluster_name: my-cluster
    name: general-ng
    region: ap-northeast-1
  register: found

- name: Look at all node groups of the cluster
  kumo.eks.eks_nodegroup_info:
    cluster_name: my-cluster
"""

RETURN = r"""
nodegroups:
  description:
    - The node groups as DescribeNodegroup answers them, in snake case.
    - The list is empty where there is none, and where the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    nodegroup_name:
      description: The node group's name.
      returned: always
      type: str
      sample: general-ng
    nodegroup_arn:
      description: The node group's ARN.
      returned: always
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:nodegroup/my-cluster/general-ng/1
    status:
      description: Its status.
      returned: always
      type: str
      sample: ACTIVE
    version:
      description: The nodes' Kubernetes version.
      returned: always
      type: str
      sample: "1.34"
    labels:
      description: The nodes' labels.
      returned: always
      type: dict
      sample: {"role": "general"}
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, failures, has_code, snake
from ansible_collections.kumo.eks.plugins.module_utils.resources.base import described, found_or_none


def names_of(eks: Any, cluster: str) -> list[str]:
    """All node groups of the cluster (ListNodegroups), none where there is no such cluster."""
    try:
        pages = list(eks.get_paginator("list_nodegroups").paginate(clusterName=cluster))
    except Exception as error:
        if has_code(error, "ResourceNotFoundException"):
            return []
        raise
    return [name for page in pages for name in page["nodegroups"]]


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), name=dict(type="str"))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    cluster, name = module.params["cluster_name"], module.params["name"]
    with failures(module, f"Could not look at node groups of cluster {cluster}"):
        eks = client(module)
        words = {"clusterName": cluster}
        found = described(
            [name] if name else names_of(eks, cluster),
            lambda one: found_or_none(eks.describe_nodegroup, "nodegroup", nodegroupName=one, **words),
        )
    module.exit_json(changed=False, nodegroups=[snake(raw) for raw in found])


if __name__ == "__main__":
    main()
