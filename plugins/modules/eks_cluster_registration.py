#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_cluster_registration
version_added: 0.1.0
short_description: Register a Kubernetes cluster outside of EKS with Amazon EKS Connector
description:
  - Registers a Kubernetes cluster that runs anywhere, so that the EKS console shows it, and deregisters it.
  - A registration is the first of two steps. The agent C(eks-connector) has to be installed in the cluster within three days, with the
    activation that O(activation_file) gets. Until then the cluster is PENDING.
  - EKS cannot change a registration, except for its tags. A change, and a registration that has expired, require O(replace=true).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The name of the cluster in EKS, unique among the clusters of the region.
    type: str
    required: true
  connector_provider:
    description: What kind of cluster it is. Required for a new registration.
    type: str
    choices: [EKS_ANYWHERE, ANTHOS, GKE, AKS, OPENSHIFT, TANZU, RANCHER, EC2, OTHER]
  role_arn:
    description:
      - ARN of the IAM role of the agent. Required for a new registration.
      - It trusts C(ssm.amazonaws.com), as M(kumo.eks.eks_iam_role) with O(kumo.eks.eks_iam_role#module:purpose=connector) creates it.
    type: str
  activation_file:
    description:
      - A file on the host of the task that gets the activation as JSON when the cluster is registered, with the keys C(activation_id),
        C(activation_code), C(activation_expiry) and C(region). Only its owner can read it (mode 0600).
      - The code is a secret, and EKS answers it once. It is in no result and no log. Without this option it is lost, and the agent
        cannot be installed.
    type: path
  replace:
    description: Whether a change that EKS cannot make deregisters the cluster and registers it again. The agent must then be installed again.
    type: bool
    default: false
  state:
    description: Whether the cluster is registered.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description:
      - Whether to wait until the agent has connected and the cluster is ACTIVE, or until it is deregistered.
      - Do not wait in the task that registers a cluster whose agent a later task installs.
    type: bool
    default: false
  wait_timeout:
    description: The limit for all waits together, in seconds.
    type: int
    default: 1200
notes:
  - A deregistered cluster keeps running, and its agent. Uninstall the agent with Helm or kubectl.
seealso:
  - name: Connect a Kubernetes cluster to the Amazon EKS console
    description: The two steps, with the Helm chart of the agent.
    link: https://docs.aws.amazon.com/eks/latest/userguide/eks-connector.html
extends_documentation_fragment:
  - kumo.eks.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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
- name: Create the role of the agent
  kumo.eks.eks_iam_role:
    cluster_name: edge
    region: ap-northeast-1
    purpose: connector
  register: agent

- name: Register a cluster, with the activation in a file of the controller
  kumo.eks.eks_cluster_registration:
    name: edge
    region: ap-northeast-1
    connector_provider: GKE
    role_arn: "{{ agent.arn }}"
    activation_file: "{{ playbook_dir }}/edge-activation.json"

- name: Wait for the agent, after it was installed
  kumo.eks.eks_cluster_registration:
    name: edge
    wait: true

- name: Deregister the cluster
  kumo.eks.eks_cluster_registration:
    name: edge
    state: absent
"""

RETURN = r"""
cluster:
  description:
    - The registered cluster as DescribeCluster returns it, in snake case, without its activation code. Its keys are also at the top level.
    - In check mode, before it exists, only what the task sets.
  returned: when it is registered
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: edge
    arn:
      description: Its ARN.
      returned: when it exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:cluster/edge
    created_at:
      description: When it was registered.
      returned: when it exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    status:
      description: Its status. V(PENDING) until the agent has connected, then V(ACTIVE).
      returned: always
      type: str
      sample: PENDING
    tags:
      description: Its tags.
      returned: when there are some
      type: dict
      sample:
        Environment: production
    connector_config:
      description: The connection of the cluster.
      returned: always
      type: dict
      contains:
        activation_id:
          description: The ID of the activation.
          returned: when EKS returns it
          type: str
          sample: 1b2c3d4e-5f60-7182-93a4-b5c6d7e8f90a
        activation_expiry:
          description: When the activation ends.
          returned: when EKS returns it
          type: str
          sample: '2026-08-04T09:00:00+09:00'
        provider:
          description: What kind of cluster it is.
          returned: always
          type: str
          sample: GKE
        role_arn:
          description: ARN of the IAM role of the agent.
          returned: always
          type: str
          sample: arn:aws:iam::123456789012:role/edge_connector
updates:
  description: An empty list. EKS has no updates of registered clusters.
  returned: always
  type: list
  elements: dict
  sample: []
replaced:
  description: The options of the old registration. If the new one could not be made, they are the only record of it.
  returned: when it is replaced
  type: dict
  sample: {"connector_provider": "GKE"}
# Waits: written by tools/shared_docs.py, from here
waits:
  description:
    - What the task waited for because AWS did not see it yet, like an IAM role that was created a moment before.
    - Where the module runs on the controller itself, the same is printed while it lasts, otherwise when the module has ended.
  returned: when the task had to wait for it
  type: list
  elements: dict
  contains:
    resource:
      description: What could not be created or changed meanwhile.
      returned: always
      type: str
      sample: node group general
    reason:
      description: Why it waited, with the answer of AWS.
      returned: always
      type: str
      sample: 'EKS refused its IAM role, which may be new: An error occurred (InvalidParameterException) when calling the CreateNodegroup
        operation: ...'
    seconds:
      description: How long it waited.
      returned: always
      type: float
      sample: 12.4
# to here.
"""

import os

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import exit_with
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster_registration import (
    build_cluster_registration_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, build_wait_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster_registration import ClusterRegistrationResource


def warn_of_lost_code(module: AnsibleAWSModule, resource: ClusterRegistrationResource) -> None:
    """EKS answers the code once: without a file nobody ever sees it."""
    file, now = module.params["activation_file"], resource.describe()
    if module.params["state"] == "absent":
        return
    if now is None and not file:
        module.warn(
            "activation_file is not set. The activation code of a new registration is lost, and the agent cannot be installed without it."
        )
    elif now is not None and now["status"] != "ACTIVE" and file and not os.path.exists(file):
        module.warn(
            f"The cluster is registered and {now['status']}, and {file} does not exist. If the activation is lost, deregister the cluster with"
            " state=absent and register it again."
        )


def main() -> None:
    spec = dict(
        name=dict(type="str", required=True),
        activation_file=dict(type="path"),
        **build_state_spec(),
        **build_wait_spec(),
        **build_cluster_registration_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = drop_none(module.params)
    name = params["name"]
    with handle_failures(module, f"Could not manage the registration of cluster {name}"):
        resource = ClusterRegistrationResource(get_client(module), name, params.get("activation_file"))
        warn_of_lost_code(module, resource)
        reconciler = Reconciler(
            resource,
            check_mode=module.check_mode,
            wait=params["wait"],
            wait_timeout=params["wait_timeout"],
            replace=params["replace"],
        )
        absent = params["state"] == "absent"
        exit_with(module, reconciler.ensure_absent() if absent else reconciler.ensure_present(params), "cluster")


if __name__ == "__main__":
    main()
