#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_teardown
version_added: 0.1.0
short_description: Remove what controllers of an Amazon EKS cluster left, and show what belongs to it
description:
  - Does the steps of C(teardown.yml) that are about what others than kumo.eks made for a cluster. Use the playbook, which runs them in
    order with the roles of the collection. The module does not ask for a confirmation.
  - O(step=check) shows what belongs to the cluster, and what becomes of it. It also finds what would stop the teardown halfway.
  - O(step=controllers) pauses GitOps and autoscalers, holds volumes, and deletes the Gateways, Ingresses and Services that have load
    balancers, and TargetGroupBindings that somebody wrote. It waits until their controllers have deleted the load balancers and
    deregistered the targets. If the Kubernetes API cannot be reached, it changes
    nothing, and RV(reachable) is V(false).
  - O(step=leftovers) removes through AWS what controllers left. Run it when the nodes are gone, and again when the cluster is gone.
    Then it also removes the security group that EKS could not delete, and the log group if O(log_group=delete).
  - O(step=proof) waits until what EKS removes is gone, and shows what is left and how to remove it.
  - It removes only what has a tag of the cluster's controllers, or what is bound to such a resource. Stacks of eksctl, KMS keys,
    snapshots and DNS records are named, but never removed.
  - Deleted volumes and log groups cannot be restored.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. The cluster does not have to exist.
    type: str
    required: true
  step:
    description: What to do.
    type: str
    required: true
    choices: [check, controllers, leftovers, proof]
  volumes:
    description:
      - What happens to EBS volumes that the EBS CSI driver, or EKS Auto Mode, created for PersistentVolumes with the reclaim policy
        C(Delete).
      - V(keep) keeps them. PersistentVolumes of all drivers get the reclaim policy C(Retain), so that no driver deletes their data.
      - V(snapshot) deletes each volume when a snapshot of it is complete.
      - V(delete) deletes them.
      - Volumes of PersistentVolumes with the reclaim policy C(Retain) are kept. If the Kubernetes API could not be reached, the reclaim policy
        is unknown, and all volumes with the tags of the driver and of the cluster count.
    type: str
    choices: [keep, snapshot, delete]
    default: keep
  log_group:
    description:
      - What happens to the log group of the control plane, which EKS created.
      - It is deleted after the cluster, because EKS creates it again while it logs.
    type: str
    choices: [keep, delete]
    default: keep
  node_pools:
    description: Whether O(step=controllers) also deletes all NodePools of Karpenter, and waits until their nodes are gone.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for what controllers, EC2, Elastic Load Balancing and EKS remove.
      - What a controller has not removed by then is removed by O(step=leftovers).
    type: int
    default: 600
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
seealso:
  - module: kumo.eks.eks_leaks_info
  - name: Delete a cluster
    description: What to delete first, by AWS.
    link: https://docs.aws.amazon.com/eks/latest/userguide/delete-cluster.html
"""

EXAMPLES = r"""
- name: Show what belongs to a cluster and what becomes of it
  kumo.eks.eks_teardown:
    cluster_name: my-cluster
    step: check
    region: ap-northeast-1
  register: plan

- name: Remove what the controllers of a deleted cluster left
  kumo.eks.eks_teardown:
    cluster_name: my-cluster
    step: leftovers
    volumes: snapshot
    region: ap-northeast-1
"""

RETURN = r"""
resources:
  description: What belongs to the cluster.
  returned: when O(step=check)
  type: list
  elements: dict
  contains: &leak
    # Leak: written by tools/shared_docs.py, from here
    kind:
      description: The kind.
      returned: always
      type: str
      sample: load_balancer
    id:
      description: The ID by which AWS deletes it, which is the ARN or the name for some kinds.
      returned: always
      type: str
      sample: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/net/k8s-default-web-1111111111/2222222222222222
    name:
      description: The name. Empty if it has none.
      returned: always
      type: str
      sample: k8s-default-web-1111111111
    cluster_name:
      description: The cluster. Null if it is only known that it was a cluster's.
      returned: always
      type: str
      sample: my-cluster
    owner:
      description:
        - Who created it. V(kumo.eks), V(controller) for a controller in the cluster, V(eks), V(eksctl), or V(unknown) for others.
      returned: always
      type: str
      sample: controller
    reason:
      description: Why it is believed to belong to the cluster.
      returned: always
      type: str
      sample: tag elbv2.k8s.aws/cluster=my-cluster
    status:
      description: The state as AWS names it. Empty if the kind has none.
      returned: always
      type: str
      sample: ''
    removed_by_teardown:
      description: Whether C(teardown.yml) removes it, with the options that it is given.
      returned: always
      type: bool
      sample: true
    why:
      description: Why it is removed or kept.
      returned: always
      type: str
      sample: a controller of the cluster created it
    remedy:
      description: How to remove it by hand.
      returned: always
      type: str
      sample: aws --region ap-northeast-1 elbv2 delete-load-balancer --load-balancer-arn arn:aws:elasticloadbalancing:...
    # to here.
obstacles:
  description: What would stop the teardown halfway, in sentences.
  returned: when O(step=check)
  type: list
  elements: str
  sample: ["Load balancer k8s-default-web-1111111111 has deletion protection. Set its attribute deletion_protection.enabled to false."]
reachable:
  description: Whether the Kubernetes API of the cluster answered.
  returned: when O(step=controllers)
  type: bool
  sample: true
left:
  description:
    - After O(step=controllers), the objects that were not gone in time, as text.
    - After O(step=proof), resources that a teardown removes and that still exist, with the keys of RV(resources).
  returned: when O(step=controllers) or O(step=proof)
  type: list
  elements: raw
  sample: []
removed:
  description: What was removed.
  returned: when O(step=leftovers)
  type: list
  elements: dict
  contains: *leak
kept:
  description: What was kept, with the reason and how to remove it.
  returned: when O(step=proof)
  type: list
  elements: dict
  contains: *leak
lines:
  description: The result as a table of text.
  returned: when O(step=check) or O(step=proof)
  type: list
  elements: str
  sample: [Nothing is left of cluster my-cluster.]
"""

from functools import partial

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import KEEP, LOG_POLICIES, VOLUME_POLICIES
from ansible_collections.kumo.eks.plugins.module_utils.leaks.teardown import STEPS, Teardown


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        step=dict(type="str", required=True, choices=list(STEPS)),
        volumes=dict(type="str", choices=list(VOLUME_POLICIES), default=KEEP),
        log_group=dict(type="str", choices=list(LOG_POLICIES), default=KEEP),
        node_pools=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=600),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(
        module, f"Could not do the step {module.params['step']} of the teardown of {module.params['cluster_name']}"
    ):
        result = build_teardown(module).run(module.params["step"])
    module.exit_json(**result)


def build_teardown(module: AnsibleAWSModule) -> Teardown:
    params = module.params
    raise_problems(find_range_problems("wait_timeout", params["wait_timeout"], 0))
    return Teardown(
        partial(get_client, module),
        module.region,
        params["cluster_name"],
        params["volumes"],
        params["log_group"],
        module.warn,
        module.check_mode,
        params["node_pools"],
        params["wait_timeout"],
    )


if __name__ == "__main__":
    main()
