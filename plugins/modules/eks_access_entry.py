#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_access_entry
version_added: 0.1.0
short_description: Manage access entries of an Amazon EKS cluster
description:
  - Manages which IAM roles and users may use the Kubernetes API of a cluster, and what they may do there, by access policies of EKS, by
    groups of Kubernetes RBAC, or by both.
  - Manages one entry with O(principal_arn), or a list of entries in one task with O(access_entries), concurrently.
  - Existing entries are adopted. Omitted options are not changed. An empty value clears the setting.
  - A change gives what is new before it takes away what is old, so that a principal keeps its access meanwhile.
  - EKS answers at once, and the API server of the cluster knows a new or changed entry some seconds later.
    M(kumo.eks.eks_access_review) can wait for that.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. Its authentication mode must be V(API) or V(API_AND_CONFIG_MAP).
    type: str
    required: true
  access_entries:
    description:
      - A list of access entries, each with any of the options that describe one. O(tags) next to the list are merged with the tags of
        each item, whose values take precedence.
      - An item that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      principal_arn:
        description:
          - ARN of the IAM role or user, with its path. It cannot be changed. A session of a role is not a principal.
          - A role or user that is deleted and created again requires a new entry, because EKS stores its unique ID. Delete the old one.
        type: str
        required: true
      <<: &entry
        type:
          description:
            - The type of the entry. Use V(STANDARD), the default of a new entry, for everything but nodes.
            - V(EC2_LINUX) and V(EC2_WINDOWS) are for self-managed nodes, V(EC2) for node classes of EKS Auto Mode, V(HYBRID_LINUX) for
              hybrid nodes, V(HYPERPOD_LINUX) for SageMaker HyperPod, and V(FARGATE_LINUX) for pods on Fargate. EKS creates the entries of
              managed node groups and Fargate profiles itself.
            - It cannot be changed in place, see O(replace).
          type: str
          choices: [STANDARD, EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, EC2, HYBRID_LINUX, HYPERPOD_LINUX]
        kubernetes_groups:
          description:
            - All Kubernetes groups of the principal, which RoleBindings and ClusterRoleBindings name. V([]) removes them.
            - Only for type V(STANDARD). Groups of V(system:) are reserved. Instead of V(system:masters) use the access policy
              V(AmazonEKSClusterAdminPolicy).
          type: list
          elements: str
        username:
          description:
            - The user name of the principal in Kubernetes, for audit logs and bindings. By default EKS sets the ARN of a user, or the
              ARN of the role's session.
            - Only for type V(STANDARD). It may have C(SessionName) or C(SessionNameRaw) in double braces, after a colon.
            - An empty text restores the user name that EKS sets.
          type: str
        access_policies:
          description: All access policies of the entry. Others are disassociated, see O(purge_access_policies). V([]) removes them.
          type: list
          elements: dict
          suboptions:
            policy_arn:
              description: The access policy, by its name like V(AmazonEKSViewPolicy) or by its ARN.
              type: str
              required: true
            access_scope:
              description: Where the access policy applies.
              type: dict
              required: true
              suboptions:
                type:
                  description: Whether the policy applies in the whole cluster, or in O(access_policies[].access_scope.namespaces).
                  type: str
                  choices: [cluster, namespace]
                  required: true
                namespaces:
                  description:
                    - Namespaces in which the policy applies. A name may have the wildcard V(*). EKS does not check whether they exist.
                    - Required with type V(namespace).
                  type: list
                  elements: str
        purge_access_policies:
          description: Whether access policies that are not in O(access_policies) are disassociated. Used only where it is given.
          type: bool
          default: true
        replace:
          description:
            - Whether a change that EKS cannot make (O(type)) deletes the entry and recreates it. The principal has no access in between.
            - Omitted options keep the values of the old entry, as far as the new type has them. If the task ends in between,
              C(replaced) has its options.
          type: bool
          default: false
        tags:
          description:
            - The tags of the resource. Keys are never rewritten.
            - If it is omitted, tags are not changed. V({}) removes them.
          type: dict
          aliases: [resource_tags]
        purge_tags:
          description:
            - Whether tags that are not in O(tags) are removed. Used only where O(tags) is given.
            - Tags of AWS, with the prefix C(aws:), and the mark of O(owned) remain.
          type: bool
          default: true
  <<: *entry
  principal_arn:
    description:
      - ARN of the IAM role or user, with its path. It cannot be changed. A session of a role is not a principal.
      - A role or user that is deleted and created again requires a new entry, because EKS stores its unique ID. Delete the old one.
      - One of this and O(access_entries) is required.
    type: str
  exact:
    description:
      - Whether access entries of the cluster that are not in O(access_entries) are deleted, after all items of the list succeeded.
      - It never deletes the entry of the caller, nor those that EKS creates for service-linked roles, nodes, pods on Fargate, EKS Auto
        Mode and capabilities. RV(kept) names them with the reason.
    type: bool
    default: false
  owned:
    description:
      - Whether entries that the task creates get the tag C(kumo.eks/<region>/<cluster>). O(exact) deletes an entry of nodes only with
        this tag.
    type: bool
    default: false
  state:
    description: Whether the entries exist.
    type: str
    choices: [present, absent]
    default: present
notes:
  - In a cluster whose authentication mode is V(API_AND_CONFIG_MAP), a principal without an access entry may still have access by the
    ConfigMap aws-auth. M(kumo.eks.eks_aws_auth_info) shows it.
seealso:
  - module: kumo.eks.eks_access_review
  - module: kumo.eks.eks_aws_auth_info
  - name: Access policy permissions
    description: What each access policy allows.
    link: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
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
- name: Let a role view two namespaces
  kumo.eks.eks_access_entry:
    cluster_name: my-cluster
    region: ap-northeast-1
    principal_arn: arn:aws:iam::123456789012:role/developers
    access_policies:
      - policy_arn: AmazonEKSViewPolicy
        access_scope:
          type: namespace
          namespaces: [shop, shop-*]

- name: Declare everybody's access, and remove all others
  kumo.eks.eks_access_entry:
    cluster_name: my-cluster
    region: ap-northeast-1
    access_entries:
      - principal_arn: arn:aws:iam::123456789012:role/administrators
        access_policies:
          - policy_arn: AmazonEKSClusterAdminPolicy
            access_scope:
              type: cluster
      - principal_arn: arn:aws:iam::123456789012:role/developers
        kubernetes_groups: [developers]
    exact: true
  register: access

- name: Take a role's access away
  kumo.eks.eks_access_entry:
    cluster_name: my-cluster
    region: ap-northeast-1
    principal_arn: arn:aws:iam::123456789012:role/developers
    state: absent
"""

RETURN = r"""
access_entry:
  description: The access entry with its access policies, in snake case.
  returned: when one is given
  type: dict
  contains:
    # AccessEntry: written by tools/shared_docs.py, from here
    principal_arn:
      description: ARN of the IAM role or user.
      returned: when the access entry exists
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    cluster_name:
      description: The cluster's name.
      returned: when the access entry exists
      type: str
      sample: my-cluster
    type:
      description: Its type.
      returned: when the access entry exists
      type: str
      sample: STANDARD
    username:
      description: The user name in Kubernetes.
      returned: when the access entry exists
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/{{SessionName}}
    kubernetes_groups:
      description: The groups in Kubernetes.
      returned: when the access entry exists
      type: list
      elements: str
      sample: [developers]
    access_policies:
      description: The access policies of the entry.
      returned: when the access entry exists
      type: list
      elements: dict
      contains:
        policy_arn:
          description: ARN of the access policy.
          returned: always
          type: str
          sample: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
        access_scope:
          description: Where it applies.
          returned: always
          type: dict
          contains:
            type:
              description: Whether it applies in the cluster or in namespaces.
              returned: always
              type: str
              sample: namespace
            namespaces:
              description: The namespaces, an empty list for the cluster.
              returned: always
              type: list
              elements: str
              sample: [shop]
        associated_at:
          description: When it was associated.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
        modified_at:
          description: When its scope was changed last.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
    access_entry_arn:
      description: Its ARN.
      returned: when the access entry exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:access-entry/my-cluster/role/123456789012/developers/1
    created_at:
      description: When it was created.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was changed last.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    tags:
      description: Its tags.
      returned: when the access entry exists
      type: dict
      sample:
        Environment: production
    # to here.
access_entries:
  description:
    - A result for each item of O(access_entries), in their order, with the keys that are documented here for one entry. With
      O(exact), the deleted entries follow.
  returned: when O(access_entries) is given
  type: list
  elements: dict
  contains:
    name:
      description: The ARN of the principal.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/developers
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
      sample: "principal_arn: IAM role arn:aws:iam::123456789012:role/developers does not exist."
    replaced:
      description: The options of the old entry. If the new one could not be created, they are the only record of it.
      returned: when it is replaced
      type: dict
      sample: {"type": "EC2_LINUX"}
    # AccessEntry: written by tools/shared_docs.py, from here
    principal_arn:
      description: ARN of the IAM role or user.
      returned: when the access entry exists
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    cluster_name:
      description: The cluster's name.
      returned: when the access entry exists
      type: str
      sample: my-cluster
    type:
      description: Its type.
      returned: when the access entry exists
      type: str
      sample: STANDARD
    username:
      description: The user name in Kubernetes.
      returned: when the access entry exists
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/{{SessionName}}
    kubernetes_groups:
      description: The groups in Kubernetes.
      returned: when the access entry exists
      type: list
      elements: str
      sample: [developers]
    access_policies:
      description: The access policies of the entry.
      returned: when the access entry exists
      type: list
      elements: dict
      contains:
        policy_arn:
          description: ARN of the access policy.
          returned: always
          type: str
          sample: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
        access_scope:
          description: Where it applies.
          returned: always
          type: dict
          contains:
            type:
              description: Whether it applies in the cluster or in namespaces.
              returned: always
              type: str
              sample: namespace
            namespaces:
              description: The namespaces, an empty list for the cluster.
              returned: always
              type: list
              elements: str
              sample: [shop]
        associated_at:
          description: When it was associated.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
        modified_at:
          description: When its scope was changed last.
          returned: when it is associated
          type: str
          sample: '2026-08-01T09:00:00+09:00'
    access_entry_arn:
      description: Its ARN.
      returned: when the access entry exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:access-entry/my-cluster/role/123456789012/developers/1
    created_at:
      description: When it was created.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was changed last.
      returned: when the access entry exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    tags:
      description: Its tags.
      returned: when the access entry exists
      type: dict
      sample:
        Environment: production
    # to here.
kept:
  description: What O(exact) did not delete, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is.
      returned: always
      type: str
      sample: access entry
    name:
      description: The ARN of its principal.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:user/me
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it is the caller's own way into the cluster
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

from ansible_collections.kumo.eks.plugins.module_utils.access.entries import AccessEntryManager, check_entries_allowed
from ansible_collections.kumo.eks.plugins.module_utils.access.principal_check import PrincipalCheck
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_result, build_rows, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_account, is_caller
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import (
    build_access_entry_item_spec,
    build_access_entry_spec,
    complete_access_entry,
    find_access_entry_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, merge_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_unique, raise_problems

Row = dict[str, Any]


def read_rows(params: Row, partition: str) -> list[Row]:
    """The entries of the task, with ARNs of policies. Problems of all of them are raised at once."""
    alone = "access_entries" not in params
    rows = [params] if alone else merge_tags(params["access_entries"], params.get("tags"))
    check_unique("access_entries", [row["principal_arn"] for row in rows])
    where = [""] if alone else [f"access_entries[{number}]." for number in range(len(rows))]
    if params["state"] == "present":
        raise_problems(
            f"{path}{line}" for path, row in zip(where, rows, strict=True) for line in find_access_entry_problems(row)
        )
    return [complete_access_entry(row, partition) for row in rows]


def build_manager(module: AnsibleAWSModule, eks: Any) -> AccessEntryManager:
    name, region = module.params["cluster_name"], eks.meta.region_name
    cluster = describe_or_none(eks.describe_cluster, "cluster", name=name)
    if module.params["state"] == "present":
        check_entries_allowed(cluster, name, region, module.check_mode)
    check = PrincipalCheck(
        eks, partial(get_client, module, "iam"), get_account((cluster or {}).get("arn", "")), module.check_mode
    )
    return AccessEntryManager(
        eks,
        name,
        cluster,
        check,
        lambda: get_client(module, "sts").get_caller_identity()["Arn"],
        build_owner_key(region, name) if module.params["owned"] else "",
        module.check_mode,
    )


def build_entry_result(outcome: Outcome) -> Row:
    """The flat result of one entry. It has no status and starts no updates."""
    found = build_result(outcome)
    return {key: value for key, value in found.items() if key not in ("status", "updates")}


def warn_of_lockout(module: AnsibleAWSModule, manager: AccessEntryManager, principals: list[str]) -> None:
    """Warn who deletes the entry by which they come in."""
    caller = manager.get_caller()
    for arn in principals:
        if is_caller(arn, caller):
            module.warn(
                f"The access entry of {arn} is the caller's own. Without it, the caller cannot use the cluster's Kubernetes API."
            )


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        principal_arn=dict(type="str"),
        access_entries=dict(type="list", elements="dict", options=build_access_entry_item_spec()),
        exact=dict(type="bool", default=False),
        owned=dict(type="bool", default=False),
        **build_state_spec(),
        **build_access_entry_spec(),
    )
    exclusive = ("principal_arn", "access_entries")
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[
            exclusive,
            *(("access_entries", option) for option in ("type", "kubernetes_groups", "username", "access_policies")),
        ],
        required_one_of=[exclusive],
        supports_check_mode=True,
    )
    params = drop_none(module.params)
    kept: list[Row] = []
    with handle_failures(module, f"Could not manage access entries of cluster {params['cluster_name']}"):
        present = params["state"] == "present"
        if params["exact"] and ("access_entries" not in params or not present):
            raise ValidationError(
                "exact: deletes what a list does not declare. Use it with access_entries and state=present."
            )
        eks = get_client(module)
        rows = read_rows(params, get_partition(eks.meta.region_name))
        manager = build_manager(module, eks)
        principals = [row["principal_arn"] for row in rows]
        if present:
            work = [(row["principal_arn"], partial(manager.ensure_present, row)) for row in rows]
        else:
            work = [(arn, partial(manager.ensure_absent, arn)) for arn in principals]
        results = run_concurrently(work)
        if params["exact"] and not any(result.error for result in results):
            removed, kept = manager.remove_others(
                principals, build_owner_key(eks.meta.region_name, params["cluster_name"])
            )
            results += removed
        if not present and any(result.outcome and result.outcome.changed for result in results):
            warn_of_lockout(module, manager, principals)
    found = build_rows(results, build_entry_result)
    facts = {"changed": any(row["changed"] for row in found), "kept": kept}
    if "access_entries" in params:
        exit_with_rows(module, results, found, facts, "access_entries")
    entry = {key: value for key, value in found[0].items() if key not in ("name", "failed", "changed", "msg")}
    exit_with_rows(module, results, found, {**facts, "access_entry": entry}, None)


if __name__ == "__main__":
    main()
