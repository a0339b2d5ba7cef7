#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_leaks_info
version_added: 0.1.0
short_description: Find what belongs to an Amazon EKS cluster, or what deleted clusters left
description:
  - Finds everything in an account and region that belongs to a cluster, whether kumo.eks, a controller in the cluster, EKS, eksctl or
    somebody else created it. The cluster does not have to exist.
  - Without O(cluster_name), finds what belongs to clusters that do not exist in the region. Such resources often cost money, and no
    controller deletes them anymore.
  - A resource is found by its tags, by a name that only a cluster's resource has, or because it is bound to a resource that was found.
    The result says by which one. The tag C(kubernetes.io/cluster/NAME=shared) does not count, because it marks resources that a cluster
    only uses.
  - IAM roles, policies, instance profiles and OIDC providers are found in the whole account, because IAM has no regions.
  - DNS records are found only with O(cluster_name), and only if the owner ID of external-dns is the name of the cluster, or if they point
    to a load balancer of the cluster.
  - Without O(cluster_name), clusters that run on EC2 without EKS are not known, and what has their tags is reported as V(unknown).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. Without it, all clusters that do not exist are looked for.
    type: str
  kinds:
    description: The kinds of resources to find. V(all) means all of them. A kind with an exclamation mark is not looked for.
    type: list
    elements: str
    choices:
      - all
      - addon
      - address
      - autoscaling_group
      - capability
      - cluster
      - dns_record
      - egress_only_gateway
      - event_rule
      - fargate_profile
      - flow_log
      - iam_policy
      - iam_role
      - instance
      - instance_profile
      - internet_gateway
      - key_pair
      - kms_key
      - launch_template
      - load_balancer
      - log_group
      - nat_gateway
      - network_interface
      - nodegroup
      - oidc_provider
      - placement_group
      - pod_identity_association
      - queue
      - roles_anywhere_profile
      - route_table
      - security_group
      - snapshot
      - stack
      - subnet
      - target_group
      - trust_anchor
      - volume
      - vpc
      - vpc_endpoint
      - '!addon'
      - '!address'
      - '!autoscaling_group'
      - '!capability'
      - '!cluster'
      - '!dns_record'
      - '!egress_only_gateway'
      - '!event_rule'
      - '!fargate_profile'
      - '!flow_log'
      - '!iam_policy'
      - '!iam_role'
      - '!instance'
      - '!instance_profile'
      - '!internet_gateway'
      - '!key_pair'
      - '!kms_key'
      - '!launch_template'
      - '!load_balancer'
      - '!log_group'
      - '!nat_gateway'
      - '!network_interface'
      - '!nodegroup'
      - '!oidc_provider'
      - '!placement_group'
      - '!pod_identity_association'
      - '!queue'
      - '!roles_anywhere_profile'
      - '!route_table'
      - '!security_group'
      - '!snapshot'
      - '!stack'
      - '!subnet'
      - '!target_group'
      - '!trust_anchor'
      - '!volume'
      - '!vpc'
      - '!vpc_endpoint'
    default: [all]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: kumo.eks.eks_teardown
  - module: kumo.eks.eks_network_info
"""

EXAMPLES = r"""
- name: Find what belongs to a cluster
  kumo.eks.eks_leaks_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: Find what deleted clusters left in the region
  kumo.eks.eks_leaks_info:
    region: ap-northeast-1
  register: found

- name: Find load balancers and volumes of deleted clusters
  kumo.eks.eks_leaks_info:
    kinds: [load_balancer, volume]
    region: ap-northeast-1
  register: found
"""

RETURN = r"""
cluster_exists:
  description: Whether the cluster exists.
  returned: when O(cluster_name) is set
  type: bool
  sample: false
clusters:
  description: Names of the clusters that do not exist and to which something belongs.
  returned: always
  type: list
  elements: str
  sample: [my-cluster]
resources:
  description: What was found, sorted by cluster, kind and name.
  returned: always
  type: list
  elements: dict
  contains:
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
not_read:
  description: The kinds that could not be read. They are not empty, but unknown.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind.
      returned: always
      type: str
      sample: dns_record
    action:
      description: The IAM action that the caller does not have.
      returned: always
      type: str
      sample: route53:ListHostedZones
    reason:
      description: What AWS said.
      returned: always
      type: str
      sample: 'AccessDenied: User is not authorized to perform: route53:ListHostedZones'
"""

from dataclasses import asdict
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import Policy, build_row
from ansible_collections.kumo.eks.plugins.module_utils.leaks.picture import ALL, CHOICES, choose_kinds, take_picture


def find_leaks(module: AnsibleAWSModule) -> dict[str, Any]:
    """The result."""
    cluster, region = module.params["cluster_name"], module.region
    picture = take_picture(partial(get_client, module), region, cluster, choose_kinds(module.params["kinds"]))
    vpc = ((picture.raw or {}).get("resourcesVpcConfig") or {}).get("vpcId")
    rows = [
        build_row(thing, claim, Policy(vpc_id=vpc, owner=build_owner_key(region, claim.cluster)), region)
        for thing, claim in picture.claims
    ]
    unread = [asdict(row) for row in picture.unread]
    exists = {"cluster_exists": picture.raw is not None} if cluster else {}
    return {**exists, "clusters": picture.clusters, "resources": rows, "not_read": unread}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str"),
        kinds=dict(type="list", elements="str", choices=CHOICES, default=[ALL]),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, "Could not look for what belongs to clusters"):
        result = find_leaks(module)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
