#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_karpenter
version_added: 0.1.0
short_description: Install Karpenter in an Amazon EKS cluster
description:
  - Installs Karpenter, which starts and ends nodes as pods need them, with all that it needs in AWS. That is what its own CloudFormation
    template creates, the IAM role of its nodes with an access entry, the IAM role of its controller with the policies that the project
    publishes, and the queue that announces the end of instances.
  - Tags the subnets and security groups where it starts nodes, installs its charts, and applies EC2NodeClasses and NodePools.
  - O(state=absent) goes the other way round. All NodePools and NodeClaims of the cluster are removed first, also those that others applied.
    When Karpenter has terminated their nodes, its releases, the queue, the IAM roles and the instance profiles that it created are removed.
  - All options are checked before anything is created.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. Its authentication mode must allow access entries.
    type: str
    required: true
  version:
    description:
      - The version of the charts. The default is a version that works with the cluster's Kubernetes version.
      - Set it to pin Karpenter. The policies of the controller are those of version 1.14.
    type: str
  namespace:
    description: The Kubernetes namespace of Karpenter.
    type: str
    default: kube-system
  service_account:
    description: The service account of the controller.
    type: str
    default: karpenter
  create_service_account:
    description:
      - Whether the chart creates the service account.
      - With V(false) and O(identity=irsa), the service account is created with its IAM role, before the chart is installed. Otherwise you
        create it.
    type: bool
    default: true
  identity:
    description:
      - How the controller gets its IAM role. V(irsa) is for a controller on Fargate, where pods cannot reach the EKS Pod Identity Agent.
      - With V(none) the module does not create the role of the controller.
    type: str
    choices: [pod_identity, irsa, none]
    default: pod_identity
  crds:
    description:
      - Whether the CustomResourceDefinitions are installed by the chart C(karpenter-crd), so that they are updated with O(version).
      - Set V(false) if the cluster has them already by another way.
    type: bool
    default: true
  values:
    description: Values of the chart C(karpenter), over those of the module.
    type: dict
  secret_values:
    description: Values of the chart that are masked in results and diffs.
    type: dict
  node_role_name:
    description: Name of the IAM role of the nodes. The default is generated from cluster and region.
    type: str
  permissions_boundary:
    description: ARN of the policy that limits the permissions of both IAM roles.
    type: str
  instance_profile:
    description: Name of an instance profile to create with the role of the nodes. Otherwise Karpenter creates one for each EC2NodeClass.
    type: str
  interruption_queue:
    description: Whether Karpenter learns from a queue of Amazon SQS which instances will end, as M(kumo.eks.eks_interruption_queue) creates it.
    type: bool
    default: true
  queue_name:
    description: Name of the queue. The default is the cluster's name.
    type: str
  adopt:
    description: Whether a queue and rules of these names that exist already are used, changed, and deleted with O(state=absent).
    type: bool
    default: false
  discovery:
    description: Whether the tag C(karpenter.sh/discovery) with the cluster's name is set, as M(kumo.eks.eks_discovery_tags) sets it.
    type: bool
    default: true
  subnets:
    description: IDs of the subnets for nodes. The default is the cluster's private subnets, or all of its subnets if none is private.
    type: list
    elements: str
  security_groups:
    description: IDs of the security groups for nodes. The default is the cluster security group.
    type: list
    elements: str
  node_classes:
    description: The EC2NodeClasses, as M(kumo.eks.eks_karpenter_nodes) takes them. Without it there is one named V(default).
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
        description: The specification, as Karpenter's API takes it. It is merged over that of the module.
        type: dict
  node_pools:
    description: The NodePools, as M(kumo.eks.eks_karpenter_nodes) takes them. Without it there is one named V(default).
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
        description: The specification, as Karpenter's API takes it. It is merged over that of the module.
        type: dict
  purge:
    description:
      - Whether EC2NodeClasses and NodePools that a task applied, and that this one does not declare any more, are removed with their nodes.
      - Without it they are returned in RV(unlisted).
    type: bool
    default: false
  kubernetes_version:
    description: The Kubernetes version for which the version of the charts is planned in check mode while the cluster does not exist.
    type: str
  chart_repository:
    description:
      - A mirror that has both charts, as the URL of a chart repository, or a registry like
        V(oci://123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/charts).
      - The default is V(oci://public.ecr.aws/karpenter).
    type: str
  # ChartSource: written by tools/shared_docs.py, from here
  chart_repository_username:
    description: The user at O(chart_repository).
    type: str
  chart_repository_password:
    description: The user's password. Helm reads it from its standard input.
    type: str
  ecr_login:
    description:
      - Whether to sign in to the registry of O(chart_repository) with a password that Amazon ECR gives for the credentials of the task.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
  # to here.
  wait_timeout:
    description: The limit of each wait for releases and for nodes that are drained, in seconds.
    type: int
    default: 1200
  tags:
    description: Tags of everything in AWS that the module or Karpenter creates. Keys are never rewritten.
    type: dict
    aliases: [resource_tags]
  state:
    description: Whether Karpenter is installed.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The plan is made on the controller. The modules M(kumo.eks.eks_iam_role), M(kumo.eks.eks_access_entry),
    M(kumo.eks.eks_interruption_queue), M(kumo.eks.eks_pod_identity), M(kumo.eks.eks_irsa), M(kumo.eks.eks_discovery_tags),
    M(kumo.eks.eks_helm) and M(kumo.eks.eks_karpenter_nodes) run on the task's host with its credentials.
  - Karpenter itself needs two nodes that it does not manage, for example of a managed node group. C(values) with C(replicas) 1 needs one.
  - The first Spot Instance of an account needs the service-linked role C(AWSServiceRoleForEC2Spot), which Karpenter may not create.
  - A new release of kumo.eks or a new Kubernetes version may upgrade Karpenter. Read its upgrade guide first, or set O(version).
seealso:
  - module: kumo.eks.eks_karpenter_nodes
  - module: kumo.eks.eks_interruption_queue
  - name: Karpenter
    description: The project's documentation.
    link: https://karpenter.sh/docs/
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
- name: Install Karpenter with a NodePool of Spot Instances
  kumo.eks.eks_karpenter:
    cluster_name: my-cluster
    region: ap-northeast-1
    node_pools:
      - name: default
        spec:
          template:
            spec:
              requirements:
                - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}
          limits:
            cpu: 100
    tags:
      Environment: production

- name: Remove Karpenter with all nodes that it started
  kumo.eks.eks_karpenter:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
node_role_name:
  description: Name of the IAM role of the nodes.
  returned: when the cluster was looked at
  type: str
  sample: my-cluster.ap-northeast-1_karpenter-node
node_role_arn:
  description: ARN of that role.
  returned: when the cluster was looked at
  type: str
  sample: arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_karpenter-node
queue_name:
  description: Name of the interruption queue. Empty if there is none.
  returned: when the cluster was looked at
  type: str
  sample: my-cluster
namespace:
  description: The namespace of the controller.
  returned: when the cluster was looked at
  type: str
  sample: kube-system
service_account:
  description: The service account of the controller.
  returned: when the cluster was looked at
  type: str
  sample: karpenter
identity:
  description: How the controller gets its IAM role.
  returned: when the cluster was looked at
  type: str
  sample: pod_identity
releases:
  description: The results of the Helm releases, as M(kumo.eks.eks_helm) returns them.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "karpenter", "namespace": "kube-system", "changed": true, "status": "deployed"}]
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
kept:
  description: What was not removed, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is.
      returned: always
      type: str
      sample: queue
    name:
      description: Its name or ARN.
      returned: always
      type: str
      sample: my-cluster
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it was not created by kumo.eks for this cluster
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.observation import build_observation
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.options import build_karpenter_spec
from ansible_collections.kumo.eks.plugins.module_utils.platform.observation import build_place

Row = dict[str, Any]


def main() -> None:
    """The look at the cluster. The action plugin of the same name makes the plan and runs the modules."""
    module = AnsibleAWSModule(argument_spec=build_karpenter_spec(), supports_check_mode=True)
    params = module.params
    name = params["cluster_name"]
    with handle_failures(module, f"Could not look at what cluster {name} has of Karpenter"):
        eks = get_client(module)
        raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
        place = build_place(
            raw, name, eks.meta.region_name, lambda: get_client(module, "sts").get_caller_identity()["Arn"]
        )
        account = Account(params["namespace"], params["service_account"])
        observation = build_observation(eks, get_client(module, "iam"), place, account)
    module.exit_json(changed=False, **observation)


if __name__ == "__main__":
    main()
