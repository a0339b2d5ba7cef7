#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_karpenter_nodes
version_added: 0.1.0
short_description: Manage the EC2NodeClasses and NodePools of Karpenter
description:
  - Applies the EC2NodeClasses and NodePools by which Karpenter starts nodes in a cluster, and removes them with their nodes.
  - What you declare is merged over the example of Karpenter's own instructions. Lists replace those of the example.
  - O(state=absent) removes all NodePools and NodeClaims of the cluster, waits until Karpenter has drained and terminated their nodes, and
    then removes all EC2NodeClasses. Run it before you uninstall Karpenter, because nobody would terminate the nodes afterwards.
  - Nodes cost money as long as they run.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. Karpenter must be installed in it.
    type: str
    required: true
  node_role:
    description:
      - Name of the IAM role of the nodes, for EC2NodeClasses that say neither C(role) nor C(instanceProfile).
      - Required, unless each of O(node_classes) says one of them, or O(instance_profile) is set.
    type: str
  instance_profile:
    description: Name of an instance profile, instead of O(node_role). Otherwise Karpenter creates one for each EC2NodeClass.
    type: str
  node_classes:
    description: The EC2NodeClasses. Without it there is one named V(default). An empty list declares none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      labels: &labels
        description: Labels of the object.
        type: dict
      annotations: &annotations
        description: Annotations of the object.
        type: dict
      spec:
        description:
          - The specification, as Karpenter's API takes it.
          - What it does not say is Amazon Linux 2023 in its latest version, the role or the profile of the task, and the subnets and security
            groups with the tag C(karpenter.sh/discovery) of the cluster. O(tags) are the tags of the instances.
        type: dict
  node_pools:
    description: The NodePools. Without it there is one named V(default). An empty list declares none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      node_class:
        description: Name of the EC2NodeClass.
        type: str
        default: default
      labels: *labels
      annotations: *annotations
      spec:
        description:
          - The specification, as Karpenter's API takes it.
          - What it does not say is On-Demand Instances of the categories c, m and r, from the third generation on, for Linux on amd64, that
            are replaced after 30 days, consolidated after a minute, and limited to 1000 CPUs together.
        type: dict
  purge:
    description:
      - Whether EC2NodeClasses and NodePools that a task applied, and that this one does not declare any more, are removed with their nodes.
      - Without it they are returned in RV(unlisted).
    type: bool
    default: false
  tags:
    description: Tags of the instances and volumes that Karpenter creates.
    type: dict
    aliases: [resource_tags]
  wait_timeout:
    description: The limit of each wait for nodes to be drained and terminated, in seconds.
    type: int
    default: 1200
  state:
    description: Whether nodes are managed by Karpenter.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: kumo.eks.eks_karpenter
  - name: NodePools
    description: The API of NodePools.
    link: https://karpenter.sh/docs/concepts/nodepools/
  - name: NodeClasses
    description: The API of EC2NodeClasses.
    link: https://karpenter.sh/docs/concepts/nodeclasses/
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
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
- name: Let Karpenter use Spot Instances, too
  kumo.eks.eks_karpenter_nodes:
    cluster_name: my-cluster
    region: ap-northeast-1
    node_role: my-cluster.ap-northeast-1_karpenter-node
    node_pools:
      - name: default
        spec:
          template:
            spec:
              requirements:
                - {key: karpenter.sh/capacity-type, operator: In, values: [spot, on-demand]}
                - {key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}
          limits:
            cpu: 100

- name: Remove all nodes of Karpenter
  kumo.eks.eks_karpenter_nodes:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
node_classes:
  description: Names of the declared EC2NodeClasses.
  returned: always
  type: list
  elements: str
  sample: [default]
node_pools:
  description: Names of the declared NodePools.
  returned: always
  type: list
  elements: str
  sample: [default]
# KarpenterUnlisted: written by tools/shared_docs.py, from here
unlisted:
  description: Objects that a task applied before, and that this one does not declare. They were removed if O(purge=true).
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind.
      returned: always
      type: str
      sample: NodePool
    name:
      description: The name.
      returned: always
      type: str
      sample: batch
# to here.
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.nodes import KarpenterNodes
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import (
    build_class_defaults,
    build_node_class,
    build_node_pool,
)
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.options import (
    build_nodes_spec,
    find_nodes_problems,
    list_classes,
    list_pools,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import build_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token

Row = dict[str, Any]


def build_manifests(params: Row) -> tuple[list[Row], list[Row]]:
    """The node classes and the pools of the task."""
    defaults = build_class_defaults(
        params["cluster_name"],
        params.get("node_role", ""),
        params.get("instance_profile", ""),
        params.get("tags") or {},
    )
    classes = [build_node_class(row, defaults) for row in list_classes(params)]
    for row in classes:
        if not (row["spec"].get("role") or row["spec"].get("instanceProfile")):
            raise ValidationError(
                f"node_role: is required, because EC2NodeClass {row['metadata']['name']} says no role."
            )
    return classes, [build_node_pool(row) for row in list_pools(params)]


def run(nodes: KarpenterNodes, params: Row) -> list[Row]:
    """What the task asks for; the objects that it does not declare."""
    if params["state"] == "absent":
        nodes.ensure_absent()
        return []
    classes, pools = build_manifests(params)
    nodes.ensure_present(classes, pools)
    unlisted = nodes.find_unlisted(classes, pools)
    if params["purge"]:
        nodes.remove(unlisted)
    return unlisted


def plan_without_cluster(params: Row) -> Row:
    """The diff of a task on a cluster that does not exist yet, or any more."""
    if params["state"] == "absent":
        return {"before": {}, "after": {}}
    rows = [row for manifests in build_manifests(params) for row in manifests]
    return {"before": {}, "after": {f"{row['kind']} {row['metadata']['name']}": {"spec": row["spec"]} for row in rows}}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_nodes_spec(), supports_check_mode=True)
    params = drop_none(module.params)
    name, absent = params["cluster_name"], params["state"] == "absent"
    names = {
        "node_classes": [] if absent else [row["name"] for row in list_classes(params)],
        "node_pools": [] if absent else [row["name"] for row in list_pools(params)],
    }
    with handle_failures(module, f"Could not manage the nodes that Karpenter starts in cluster {name}"):
        problems = [] if absent else list(find_nodes_problems(params))
        if problems:
            raise ValidationError(" ".join(problems))
        raw = describe_or_none(get_client(module).describe_cluster, "cluster", name=name)
        if raw is None or not raw.get("endpoint") or raw["status"] == "DELETING":
            if not (absent or module.check_mode):
                raise NotFound(f"cluster_name: cluster {name} does not exist, or is not ready.")
            diff = plan_without_cluster(params)
            module.exit_json(changed=bool(diff["after"]), unlisted=[], diff=diff, **names)
        sts = get_client(module, "sts")
        with connect_api(build_connection(raw, name, sts.meta.region_name), partial(mint_token, sts, name)) as api:
            nodes = KarpenterNodes(api, module.check_mode, params["wait_timeout"])
            unlisted = run(nodes, params)
    diff = {"before": nodes.before, "after": nodes.after}
    module.exit_json(changed=nodes.changed, unlisted=unlisted, diff=diff, **names)


if __name__ == "__main__":
    main()
