#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_iam_role
version_added: 0.1.0
short_description: Manage the IAM roles of an Amazon EKS cluster
description:
  - Creates, updates and deletes the IAM roles that a cluster, its nodes, its Fargate profiles and its add-ons need. O(purpose) gives a
    role its trust policy and its AWS managed policies, for the partition of the region.
  - Manages one role, a list of roles concurrently with O(iam_roles), or the roles of node groups with O(nodegroups).
  - The module tags what it creates with C(kumo.eks/REGION/CLUSTER). It reconciles a role that has only the tag of this cluster. To a role
    that other clusters share, or that others created, it only adds policies. It never tags or deletes such a role, unless
    O(adopt=true).
  - If a role needs more managed policies than the quota of the account (10 by default), the documents of the last ones are added as inline
    policies. They do not follow later changes of the managed policies. RV(policies_put_inline) names them.
  - O(state=absent) keeps a role that something uses, and lists it in RV(kept). Clusters, Auto Mode nodes, node groups, Fargate
    profiles, add-ons, pod identity associations and capabilities are described in all regions that the account has enabled, and instance
    profiles and OIDC providers in IAM. What the caller cannot read counts as a use.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: Name of the cluster. It does not have to exist yet.
    type: str
    required: true
  iam_roles:
    description:
      - A list of roles, each with any of the options that describe a role. These options next to the list are the defaults of its items.
      - They are managed concurrently. A role that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      name: &name
        description:
          - The role's name. Required with O(purpose=custom).
          - The default consists of the names of the cluster, its region and the purpose, like C(my-cluster.ap-northeast-1_cluster), so that
            each cluster has its own roles. A name that is too long is truncated and gets a hash.
          - To an existing role of this name that others created, missing policies are attached.
        type: str
        aliases: [role_name]
      purpose: &purpose
        description:
          - What the role is for. It determines the trust policy and the AWS managed policies.
          - V(cluster) is for the control plane, V(auto_mode_cluster) for one with EKS Auto Mode, V(local_cluster) for one on an AWS
            Outpost. They have the same generated name, so that Auto Mode can be enabled later.
          - V(node) is for managed nodes, V(auto_mode_node) for nodes of EKS Auto Mode. V(self_managed_node) is for the nodes of
            M(kumo.eks.eks_self_managed_nodes), with an instance profile of the same name.
          - V(karpenter_node) is for the nodes that Karpenter starts. With O(state=absent) the instance profiles that Karpenter created for the
            role are deleted, too. Remove the nodes first.
          - V(fargate) is the pod execution role of Fargate profiles.
          - V(addon) is for an add-on that uses EKS Pod Identity. Set its permissions with O(policy_arns) or other options.
          - V(capability) is for a capability of the cluster. Set the permissions of an ACK capability with O(policy_arns) or other options.
          - V(hybrid_node) is for machines outside of AWS that join the cluster, with credentials by a hybrid activation of AWS Systems
            Manager, which names the role, or by O(trust_anchor_arn). It needs an access entry of the type C(HYBRID_LINUX).
          - V(connector) is for the agent in a cluster that is registered with M(kumo.eks.eks_cluster_registration).
          - V(custom) has the given O(trust_policy) and only the given policies.
        type: str
        choices:
          - cluster
          - auto_mode_cluster
          - local_cluster
          - node
          - self_managed_node
          - karpenter_node
          - auto_mode_node
          - hybrid_node
          - fargate
          - addon
          - capability
          - connector
          - custom
      nodegroup: &nodegroup
        description: The node group that uses the role, as part of the default name. Only with O(purpose=node) and O(purpose=self_managed_node).
        type: str
      addon: &addon
        description: The add-on that uses the role, as part of the default name. Only with O(purpose=addon).
        type: str
      capability: &capability
        description: The capability that uses the role, as part of the default name. Only with O(purpose=capability).
        type: str
      trust_anchor_arn: &trust_anchor_arn
        description:
          - ARN of a trust anchor of IAM Roles Anywhere, as M(kumo.eks.eks_roles_anywhere) creates it. The trust policy then lets those get the
            role who have a certificate of its CA, if their session has the name of the certificate (CN), instead of AWS Systems Manager.
          - The role has no permissions for AWS Systems Manager then. Only with O(purpose=hybrid_node).
        type: str
      trust_policy: &trust_policy
        description: The trust policy, as a mapping or JSON text, instead of that of the purpose.
        type: raw
      default_policies: &default_policies
        description:
          - Whether the role has the policies of its purpose. Set V(false) if O(policy_arns) and O(inline_policies) contain all policies.
          - The default is V(true).
        type: bool
      cni_policy: &cni_policy
        description:
          - Whether nodes have the permissions of the VPC CNI. Set V(false) if the add-on vpc-cni has its own role, as AWS recommends.
          - The default is V(true). Only with O(purpose=node), O(purpose=self_managed_node) and O(purpose=karpenter_node).
        type: bool
      container_registry: &container_registry
        description:
          - The permissions of nodes in Amazon ECR. V(read_only) attaches AmazonEC2ContainerRegistryReadOnly, V(pull_only)
            AmazonEC2ContainerRegistryPullOnly, which AWS recommends now.
          - The default is V(read_only), and V(pull_only) for O(purpose=karpenter_node). Only with O(purpose=node),
            O(purpose=self_managed_node) and O(purpose=karpenter_node).
        type: str
        choices: [read_only, pull_only]
      ip_family: &ip_family
        description:
          - The IP family of the cluster. In an IPv6 cluster the VPC CNI needs other permissions, which nodes get as the inline policy
            AmazonEKS_CNI_IPv6_Policy.
          - The default is V(ipv4). Only with O(purpose=node), O(purpose=self_managed_node) and O(purpose=karpenter_node).
        type: str
        choices: [ipv4, ipv6]
      ssm: &ssm
        description:
          - Whether nodes have AmazonSSMManagedInstanceCore, so that AWS Systems Manager can connect to them without SSH.
          - The default is V(false), and V(true) for O(purpose=karpenter_node). Only for roles of nodes.
        type: bool
      policy_arns: &policy_arns
        description: ARNs of managed policies, in addition to those of the purpose.
        type: list
        elements: str
      inline_policies: &inline_policies
        description: Inline policies by name, in addition to those of the purpose. A document is a mapping or JSON text.
        type: dict
      well_known_policies: &well_known_policies
        description:
          - Permissions of well-known controllers, by name, as their projects document them.
          - With a role of nodes every pod on the nodes has these permissions. Prefer M(kumo.eks.eks_pod_identity) or
            M(kumo.eks.eks_irsa), which grant them to one service account.
          - V(alb_ingress) is another name of V(aws_load_balancer_controller).
        type: list
        elements: str
        choices:
          - alb_ingress
          - app_mesh
          - app_mesh_preview
          - auto_scaler
          - aws_load_balancer_controller
          - cert_manager
          - cloud_watch
          - ebs
          - efs
          - external_dns
          - external_secrets
          - fsx
          - image_builder
          - xray
      policy: &policy
        description:
          - A customer-managed policy that is created with the role, attached to it, and deleted with it.
          - A changed document becomes a new default version. IAM keeps five versions. The oldest one that is not the default is deleted.
        type: dict
        suboptions:
          name:
            description: The policy's name.
            type: str
            required: true
          document:
            description: The policy document, as a mapping or JSON text. Required unless O(state=absent).
            type: raw
          description:
            description: What it is for. IAM cannot change it later.
            type: str
          path:
            description: The policy's path.
            type: str
            default: /
      instance_profile: &instance_profile
        description:
          - Name of an instance profile that has the role, for nodes that EKS does not start itself, such as those of Karpenter.
          - EKS creates the instance profiles of managed node groups.
          - EC2 refuses a new instance profile for about ten seconds, with C(Invalid IAM Instance Profile name). A task that starts instances
            with it needs C(retries).
        type: str
      permissions_boundary: &permissions_boundary
        description: ARN of the permissions boundary of the role. An empty value removes the boundary.
        type: str
      path: &path
        description: The role's path. Used at creation only. IAM cannot change it.
        type: str
      description: &description
        description: What the role is for.
        type: str
      max_session_duration: &max_session_duration
        description: The maximum session duration of the role, from 3600 to 43200 seconds.
        type: int
      adopt: &adopt
        description:
          - Whether to adopt a role that was not created for this cluster. It gets the tag, and policies and trust statements that the task does
            not contain are removed. O(state=absent) deletes it if nothing uses it.
          - The default is V(false).
        type: bool
      purge_policies: &purge_policies
        description:
          - Whether to remove policies of the role that are not in the task.
          - The default is V(true) for roles that have only the tag of this cluster, otherwise V(false).
        type: bool
      purge_trust: &purge_trust
        description:
          - Whether to replace the trust policy with that of the task. Statements for pods of EKS clusters are always kept.
          - The default is V(true) for roles that have only the tag of this cluster. The trust policy of other roles is not changed, and the
            task fails if it does not allow what the purpose needs.
        type: bool
      tags: &tags
        description:
          - The tags of the role, its policy and its instance profile. Keys are never rewritten.
          - If it is omitted, tags are not changed. V({}) removes all tags except those of owners.
          - "IAM accepts only letters, digits, spaces and the characters C(_ . : / = + - @)."
        type: dict
        aliases: [resource_tags]
      purge_tags: &purge_tags
        description:
          - Whether to remove tags that are not in O(tags). Resources that others created or share keep their tags.
          - The default is V(true).
        type: bool
  name: *name
  purpose: *purpose
  nodegroup: *nodegroup
  addon: *addon
  capability: *capability
  trust_anchor_arn: *trust_anchor_arn
  trust_policy: *trust_policy
  default_policies: *default_policies
  cni_policy: *cni_policy
  container_registry: *container_registry
  ip_family: *ip_family
  ssm: *ssm
  policy_arns: *policy_arns
  inline_policies: *inline_policies
  well_known_policies: *well_known_policies
  policy: *policy
  instance_profile: *instance_profile
  permissions_boundary: *permissions_boundary
  path: *path
  description: *description
  max_session_duration: *max_session_duration
  adopt: *adopt
  purge_policies: *purge_policies
  purge_trust: *purge_trust
  tags: *tags
  purge_tags: *purge_tags
  nodegroups:
    description:
      - Node groups, with the options of M(kumo.eks.eks_nodegroup) and of the role P(kumo.eks.eks_nodegroups#role). The module manages the
        roles that they need, instead of O(iam_roles). RV(node_roles) has the role of each.
      - With O(purpose=self_managed_node) they are groups of M(kumo.eks.eks_self_managed_nodes), of which Windows groups have their own roles.
      - Groups share one role, with O(name) as its name. A group with C(addon_policies), C(attach_policy_arns), C(inline_policies),
        C(node_role_name) or C(permissions_boundary) has its own role, with these policies in addition to those of all nodes. A group
        with C(node_role) needs none.
    type: list
    elements: dict
  state:
    description: Whether the roles exist.
    type: str
    choices: [present, absent]
    default: present
  all_owned:
    description:
      - With O(state=absent), whether to delete all roles that have the tag of this cluster and that nothing uses, also those that the
        task does not name, such as the role of a renamed node group. This includes roles of pods, after their OIDC provider is
        deleted.
      - This reads the tags of every role of the account that EKS, EC2 or pods can assume.
    type: bool
    default: false
  planned_removals:
    description:
      - Resources of the cluster that earlier tasks of the play delete. In check mode they still exist, but do not count as users of a role.
    type: dict
    suboptions:
      cluster:
        description: Whether the cluster with all its resources is deleted.
        type: bool
        default: false
      nodegroups:
        description: Names of node groups.
        type: list
        elements: str
        default: []
      fargate_profiles:
        description: Names of Fargate profiles.
        type: list
        elements: str
        default: []
  usage_regions:
    description:
      - The regions to search for users of roles with O(state=absent). By default all regions that the account has enabled.
      - Set it if a policy of the organization denies the caller other regions, because a role is kept if its users cannot be determined.
    type: list
    elements: str
extends_documentation_fragment:
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
seealso:
  - module: kumo.eks.eks_cluster
  - module: kumo.eks.eks_nodegroup
  - module: kumo.eks.eks_fargate_profile
  - module: kumo.eks.eks_irsa
  - module: kumo.eks.eks_pod_identity
  - name: Amazon EKS cluster IAM role
    description: What the control plane's role needs.
    link: https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html
  - name: Amazon EKS node IAM role
    description: What the role of nodes needs.
    link: https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
  - name: Amazon EKS Pod execution IAM role
    description: What the role of Fargate profiles needs.
    link: https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
"""

EXAMPLES = r"""
- name: Create the role of a cluster
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    purpose: cluster
    region: ap-northeast-1
  register: cluster_role

- name: Create the three roles that a cluster needs, by the names of the AWS console
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    iam_roles:
      - name: eksClusterRole
        purpose: cluster
      - name: eksNodeRole
        purpose: node
      - name: eksFargatePodRole
        purpose: fargate
    tags:
      Environment: production
    region: ap-northeast-1

- name: Create a role of nodes of Karpenter, with an instance profile
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    name: KarpenterNodeRole-my-cluster
    purpose: node
    container_registry: pull_only
    ssm: true
    instance_profile: KarpenterNodeRole-my-cluster
    region: ap-northeast-1

- name: Create the roles that node groups need
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    nodegroups:
      - name: general-purpose
        addon_policies: [cloud_watch]
      - name: spot-workers
    region: ap-northeast-1
  register: roles

- name: Delete all roles that were created for a cluster and that nothing uses
  kumo.eks.eks_iam_role:
    cluster_name: my-cluster
    state: absent
    all_owned: true
    region: ap-northeast-1
"""

RETURN = r"""
iam_role_name: &iam_role_name
  description: The role's name.
  returned: when one role is given
  type: str
  sample: my-cluster.ap-northeast-1_node.general-purpose
arn: &arn
  description: The role's ARN. In check mode, the ARN that it will have. Null where there is no role.
  returned: when one role is given
  type: str
  sample: arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_node.general-purpose
purpose: &purpose
  description: What the role is for.
  returned: when one role is given
  type: str
  sample: node
nodegroup: &nodegroup
  description: The node group whose nodes alone have the role.
  returned: when one role is given
  type: str
  sample: general-purpose
role: &role
  description: The role. Null where there is none.
  returned: when one role is given
  type: dict
  contains:
    role_name:
      description: Its name.
      returned: when the role exists
      type: str
      sample: my-cluster.ap-northeast-1_cluster
    arn:
      description: Its ARN.
      returned: when the role exists
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_cluster
    path:
      description: Its path.
      returned: when the role exists
      type: str
      sample: /
    trust_policy:
      description: The trust policy, in one form for comparing.
      returned: when the role exists
      type: dict
      sample:
        Version: "2012-10-17"
        Statement: [{"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    policy_arns:
      description: ARNs of the attached policies.
      returned: when the role exists
      type: list
      elements: str
      sample: ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"]
    inline_policies:
      description: The inline policies, each document under its name.
      returned: when the role exists
      type: dict
      sample: {}
    permissions_boundary:
      description: ARN of its permissions boundary.
      returned: when the role exists
      type: str
      sample: arn:aws:iam::123456789012:policy/boundary
    max_session_duration:
      description: The longest session, in seconds.
      returned: when the role exists
      type: int
      sample: 3600
    description:
      description: What it is for.
      returned: when the role exists
      type: str
      sample: Control plane of my-cluster
    tags:
      description: Its tags.
      returned: when the role exists
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
policy: &policy
  description: The customer-managed policy. Null where the task has none.
  returned: when one role is given
  type: dict
  contains:
    arn:
      description: Its ARN.
      returned: when the policy exists
      type: str
      sample: arn:aws:iam::123456789012:policy/my-cluster-nodes
    document:
      description: The document of the default version, in one form for comparing.
      returned: when the policy exists
      type: dict
      sample: {"Version": "2012-10-17", "Statement": []}
    default_version:
      description: The default version before the task.
      returned: when the policy exists
      type: str
      sample: v1
    tags:
      description: Its tags.
      returned: when the policy exists
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
instance_profile: &instance_profile
  description: The instance profile. Null where the task has none.
  returned: when one role is given
  type: dict
  contains:
    name:
      description: Its name.
      returned: when the instance profile exists
      type: str
      sample: KarpenterNodeRole-my-cluster
    arn:
      description: Its ARN.
      returned: when the instance profile exists
      type: str
      sample: arn:aws:iam::123456789012:instance-profile/KarpenterNodeRole-my-cluster
    role_name:
      description: The role that it has.
      returned: when the instance profile exists
      type: str
      sample: KarpenterNodeRole-my-cluster
    tags:
      description: Its tags.
      returned: when the instance profile exists
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
policies_put_inline: &policies_put_inline
  description: ARNs of managed policies above the quota of the role, which were added as inline policies.
  returned: when one role is given
  type: list
  elements: str
  sample: ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]
kept:
  description: What O(state=absent) did not remove, and why.
  returned: always
  type: list
  elements: dict
  contains: &kept
    kind:
      description: What it is, V(role) or V(policy).
      returned: always
      type: str
      sample: role
    name:
      description: Its name or ARN.
      returned: always
      type: str
      sample: eksNodeRole
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it is used by node group general-purpose of cluster my-cluster
node_roles:
  description: The ARN of the role of each node group, under the node group's name.
  returned: when O(nodegroups) is given
  type: dict
  sample: {"general-purpose": "arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_node.general-purpose"}
iam_roles:
  description: A result for each role, those that O(all_owned) found at the end.
  returned: when O(iam_roles), O(nodegroups) or O(all_owned) is given
  type: list
  elements: dict
  contains:
    name:
      description: The role's name.
      returned: always
      type: str
      sample: my-cluster.ap-northeast-1_cluster
    changed:
      description: Whether it was changed.
      returned: always
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      returned: always
      type: bool
      sample: false
    msg:
      description: Why it failed.
      returned: when it failed
      type: str
      sample: "policy_arns: there is no policy arn:aws:iam::aws:policy/AmazonEKSClutserPolicy"
    iam_role_name: *iam_role_name
    arn: *arn
    purpose: *purpose
    nodegroup: *nodegroup
    role: *role
    policy: *policy
    instance_profile: *instance_profile
    policies_put_inline: *policies_put_inline
    kept:
      description: What O(state=absent) did not remove.
      returned: when it did not fail
      type: list
      elements: dict
      contains: *kept
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

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_plain_result, build_rows, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.iam_role import build_iam_role_spec
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import add_successors
from ansible_collections.kumo.eks.plugins.module_utils.iam.access_entry import AccessEntries
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role import (
    SELF_MANAGED,
    ClusterRole,
    add_defaults,
    build_node_roles,
    build_nodegroup_rows,
    read_role,
    read_roles,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.cluster_role_manager import ClusterRoleManager
from ansible_collections.kumo.eks.plugins.module_utils.iam.owned_roles import list_owned_roles
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import RoleManager
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import (
    FARGATE_PROFILE,
    NODEGROUP,
    Leaving,
    UsageFinder,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope


def get_role_options(module: AnsibleAWSModule) -> dict[str, Any]:
    """The options of the task that describe a role."""
    return drop_empty_name(drop_none({name: module.params[name] for name in build_iam_role_spec()}))


def drop_empty_name(options: dict[str, Any]) -> dict[str, Any]:
    """A variable of a role that is not set gives an empty name."""
    return {key: value for key, value in options.items() if key != "name" or value}


def get_node_purpose(params: dict[str, Any]) -> str:
    """What the roles of O(nodegroups) are for."""
    return SELF_MANAGED if params["purpose"] == SELF_MANAGED else "node"


def read_task(module: AnsibleAWSModule) -> list[ClusterRole]:
    """The roles that the task names."""
    params, common = module.params, get_role_options(module)
    cluster, region = params["cluster_name"], module.region
    read = partial(read_roles, cluster=cluster, region=region, partition=get_partition(region))
    if params["iam_roles"] is not None:
        return read(
            [add_defaults(drop_empty_name(drop_none(row)), common) for row in params["iam_roles"]], option="iam_roles"
        )
    if params["nodegroups"] is not None:
        purpose, shared = get_node_purpose(params), common.pop("name", None)
        common = {name: common[name] for name in common if name != "purpose"}
        rows = build_nodegroup_rows(params["nodegroups"], shared, purpose)
        return read([{**common, **row} for row in rows], option="nodegroups")
    if "name" in common or "purpose" in common:
        return [read_role(common, cluster, region, get_partition(region))]
    if not params["all_owned"] or params["state"] == "present":
        raise ValidationError(
            "purpose: one of purpose, name, iam_roles, nodegroups, and all_owned with state=absent, is required."
        )
    return []


def build_leaving(module: AnsibleAWSModule) -> Leaving:
    """What earlier tasks delete; nothing in a real run, where it is gone already."""
    planned = (module.params["planned_removals"] or {}) if module.check_mode else {}
    groups = planned.get("nodegroups", [])
    groups = add_successors(get_client(module), module.params["cluster_name"], groups) if groups else []
    names = {(NODEGROUP, name) for name in groups}
    names |= {(FARGATE_PROFILE, name) for name in planned.get("fargate_profiles", [])}
    return Leaving(module.region, module.params["cluster_name"], planned.get("cluster", False), frozenset(names))


def build_manager(module: AnsibleAWSModule) -> ClusterRoleManager:
    """The manager with the task's clients."""
    region, partition = module.region, get_partition(module.region)
    owner = build_owner_key(region, module.params["cluster_name"])
    scope = IamScope(partition, owner, lambda: get_client(module, "sts").get_caller_identity()["Account"])
    finder = UsageFinder(
        partial(get_client, module), region, partition, build_leaving(module), module.params["usage_regions"]
    )
    entries = AccessEntries(partial(get_client, module), module.params["cluster_name"])
    return ClusterRoleManager(RoleManager(get_client(module, "iam"), scope, module.check_mode), finder, entries)


def ensure_present(manager: ClusterRoleManager, roles: list[ClusterRole]) -> list[ItemResult]:
    """Reconcile the roles concurrently."""
    return run_concurrently([(role.name, partial(manager.ensure_present, role)) for role in roles])


def ensure_absent(manager: ClusterRoleManager, roles: list[ClusterRole], all_owned: bool) -> list[ItemResult]:
    """Delete the roles concurrently, after their users were determined once."""
    known = {role.name.lower() for role in roles}
    names = list_owned_roles(manager.roles.iam, manager.roles.scope.owner) if all_owned else []
    others = [ClusterRole("custom", "", RoleRequest(name)) for name in names if name.lower() not in known]
    manager.prepare_removal([*roles, *others])
    return run_concurrently([(role.name, partial(manager.ensure_absent, role)) for role in [*roles, *others]])


def exit_with_roles(module: AnsibleAWSModule, results: list[ItemResult]) -> None:
    """End the task with a row for each role."""
    params, rows = module.params, build_rows(results, build_plain_result)
    facts: dict[str, Any] = {
        "changed": any(row["changed"] for row in rows),
        "kept": [one for row in rows for one in row.get("kept", [])],
    }
    if params["nodegroups"] is not None:
        facts["node_roles"] = build_node_roles(params["nodegroups"], rows, get_node_purpose(params))
    single = params["iam_roles"] is None and params["nodegroups"] is None and not params["all_owned"]
    exit_with_rows(module, results, rows, facts, None if single else "iam_roles")


def main() -> None:
    planned = dict(
        cluster=dict(type="bool", default=False),
        nodegroups=dict(type="list", elements="str", default=[]),
        fargate_profiles=dict(type="list", elements="str", default=[]),
    )
    spec = dict(
        cluster_name=dict(type="str", required=True),
        iam_roles=dict(type="list", elements="dict", options=build_iam_role_spec()),
        nodegroups=dict(type="list", elements="dict"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        all_owned=dict(type="bool", default=False),
        planned_removals=dict(type="dict", options=planned),
        usage_regions=dict(type="list", elements="str"),
        **build_iam_role_spec(),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, mutually_exclusive=[("iam_roles", "nodegroups")], supports_check_mode=True
    )
    with handle_failures(module, f"Could not manage IAM roles of cluster {module.params['cluster_name']}"):
        roles = read_task(module)
        manager = build_manager(module)
        if module.params["state"] == "present":
            results = ensure_present(manager, roles)
        else:
            results = ensure_absent(manager, roles, module.params["all_owned"])
        exit_with_roles(module, results)


if __name__ == "__main__":
    main()
