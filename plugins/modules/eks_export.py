#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_export
version_added: 0.1.0
short_description: Write an existing Amazon EKS cluster down as a declaration
description:
  - Reads a cluster, whoever created it, and returns it as variables of the roles of this collection and as a ClusterConfig of eksctl.
    C(kumo.eks.site) with either of them changes nothing of the cluster.
  - It calls nothing that changes, and writes no files. C(kumo.eks.export) writes them.
  - A resource that this collection created is described, so that it is still kept up to date. For example, the network and the IAM
    roles. One of somebody else is named by its ID or ARN, and used as it is.
  - What a declaration cannot say is in RV(not_expressed) with the reason, and a comment in the file. Nothing is left out silently.
  - User data and values under keys for secrets are not written down.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  releases:
    description:
      - Whether to write down the Kubernetes version and the image release of each node group.
      - If V(false), a version is written down only if it is not that of the cluster. The role then neither updates the nodes nor
        takes them back.
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
  - module: kumo.eks.eks_info
  - plugin: kumo.eks.cluster_config
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read a cluster
  kumo.eks.eks_export:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: exported

- name: Read a cluster, with the Kubernetes version and the image release of each node group
  kumo.eks.eks_export:
    cluster_name: my-cluster
    releases: true
    region: ap-northeast-1
"""

RETURN = r"""
exists:
  description: Whether there is a cluster of this name.
  returned: success
  type: bool
  sample: true
owned:
  description: Whether this collection created the cluster.
  returned: when the cluster exists
  type: bool
  sample: false
role_variables:
  description: The variables of the roles, by name.
  returned: when the cluster exists
  type: dict
  sample:
    eks_cluster_name: my-cluster
    eks_cluster_version: "1.34"
role_variables_text:
  description: The same as YAML with comments.
  returned: when the cluster exists
  type: str
  sample: "---\neks_cluster_name: my-cluster\n"
cluster_config:
  description: The ClusterConfig of eksctl.
  returned: when the cluster exists
  type: dict
  sample:
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: my-cluster
      region: ap-northeast-1
cluster_config_text:
  description: The same as YAML with comments. What would change something of the cluster is a comment.
  returned: when the cluster exists
  type: str
  sample: "---\napiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n"
not_expressed:
  description: What is not written down, in the order of kinds and names.
  returned: when the cluster exists
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of the resource.
      returned: always
      type: str
      sample: node group
    name:
      description: Its name. It is empty for a kind that could not be read.
      returned: always
      type: str
      sample: general
    field:
      description: The field of the resource. It is empty for the resource as a whole.
      returned: always
      type: str
      sample: template
    reason:
      description: Why it is not written down, and what becomes of it.
      returned: always
      type: str
      sample: its launch template has user data, which is not written down. It is named by its ID, and stays as it is
    forms:
      description: The declarations that do not say it, C(role variables) or C(ClusterConfig) or both.
      returned: always
      type: list
      elements: str
      sample: [role variables, ClusterConfig]
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.export.declaration import build_declaration
from ansible_collections.kumo.eks.plugins.module_utils.export.network import find_network
from ansible_collections.kumo.eks.plugins.module_utils.export.reading import read_state


def export(module: AnsibleAWSModule) -> dict[str, Any]:
    """The result."""
    get, name = partial(get_client, module), module.params["cluster_name"]
    state = read_state(get, name)
    if state is None:
        return {"exists": False}
    state.network = find_network(get, state)
    for kind, action, reason in state.unread:
        module.warn(f"{kind} of cluster {name} could not be read: {action} is denied. AWS said: {reason}")
    return {"exists": True, **build_declaration(state, module.params["releases"])}


def main() -> None:
    spec = dict(cluster_name=dict(type="str", required=True), releases=dict(type="bool", default=False))
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, f"Could not export cluster {module.params['cluster_name']}"):
        result = export(module)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
