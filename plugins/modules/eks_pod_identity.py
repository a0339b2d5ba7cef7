#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_pod_identity
version_added: 0.1.0
short_description: Manage EKS Pod Identity associations of an Amazon EKS cluster
description:
  - Manages pod identity associations, each for one service account, and on request the IAM role of the pods.
  - Manages one association with O(service_account), or a list of associations in one task with O(associations), concurrently.
  - Existing resources are adopted, an IAM role only if the task sets O(role_name). Omitted options are not changed. An empty value clears
    the setting. The module only adds to what others created, unless O(purge_policies) or O(purge_trust) is set.
  - The module manages an IAM role if O(role_name), O(policy_arns) or another option of a role is set. The role trusts
    C(pods.eks.amazonaws.com). O(state=absent) deletes it, if the module created it and nothing else uses it.
  - If an association gets another role, the role that the module created for it before is not deleted, because pods that run
    may use its credentials until they are restarted. RV(kept) names it.
  - It warns, except in check mode, if the cluster does not have the EKS Pod Identity Agent, without which pods get no
    credentials.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  associations:
    description:
      - A list of associations, each with any of the options that describe one. O(tags) next to the list are merged with the tags of
        each item, whose values take precedence.
      - An item that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      service_account:
        description: The service account's name. The service account does not have to exist yet.
        type: str
        required: true
        aliases: [name]
      <<: &association
        namespace:
          description: The Kubernetes namespace of the service account. It does not have to exist yet.
          type: str
          default: default
        role_arn:
          description:
            - ARN of the IAM role of the pods. Required for a new association, unless the task manages the role itself.
          type: str
        target_role_arn:
          description:
            - ARN of a second IAM role that EKS assumes with the first one, for access to another account.
            - EKS can change it, but not remove it. An empty text removes it with O(replace=true).
          type: str
        disable_session_tags:
          description: Whether to omit the session tags with the names of the cluster, namespace, service account and pod.
          type: bool
        session_policy:
          description:
            - A policy document, as a mapping or JSON text, that limits the permissions of the session.
            - EKS accepts it only with O(disable_session_tags=true).
            - EKS can change it, but not remove it. V({}) removes it with O(replace=true).
          type: raw
        create_service_account:
          description:
            - Whether the service account, and its namespace, are created in Kubernetes where they do not exist.
            - O(state=absent) deletes the service account, if the module created it. The namespace stays.
            - It requires access to the Kubernetes API of the cluster.
          type: bool
          default: false
        role_name:
          description:
            - Name of the IAM role that the task manages. The default is like C(my-cluster.production.reader_pod).
          type: str
        # IdentityRole: written by tools/shared_docs.py, from here
        policy_arns:
          description:
            - ARNs of all policies that are attached to the IAM role, in addition to that of O(policy). Others are detached, see O(purge_policies).
            - If it is omitted, attached policies are not changed.
          type: list
          elements: str
        inline_policies:
          description:
            - All inline policies of the IAM role, by name. A document is a mapping, or JSON text. Others are removed, see O(purge_policies).
            - If it is omitted, inline policies are not changed. V({}) removes them.
          type: dict
        well_known_policies:
          description:
            - Permissions that well-known controllers need, by name, in addition to O(policy_arns) and O(inline_policies).
            - Where it is given, the three together are all policies of the IAM role.
          type: list
          elements: str
          choices: [auto_scaler, aws_load_balancer_controller, cert_manager, cloud_watch, ebs, efs, external_dns, external_secrets, fsx,
            image_builder, xray]
        policy:
          description:
            - A customer-managed policy that is created and attached to the IAM role.
            - A changed document becomes a new default version. IAM keeps five versions. The oldest that is not the default is deleted.
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
              description: What it is for. IAM cannot change it.
              type: str
            path:
              description: The policy's path.
              type: str
              default: /
        permissions_boundary:
          description: ARN of the permissions boundary of the IAM role. An empty text removes the boundary.
          type: str
        path:
          description: Path of the IAM role. Used at creation only. IAM cannot change it.
          type: str
        max_session_duration:
          description: The maximum session duration of the IAM role, from 3600 to 43200 seconds.
          type: int
        description:
          description: Description of the IAM role.
          type: str
        purge_policies:
          description:
            - Whether policies of the IAM role that are in none of these options are removed.
            - If it is omitted, they are removed from roles that the module created. An adopted role keeps them.
          type: bool
        # to here.
        purge_trust:
          description:
            - Whether to remove statements of the trust policy that do not allow pods.
            - If it is omitted, they are removed from roles that the module created. An adopted role keeps them.
          type: bool
        replace:
          description: Whether a change that EKS cannot make deletes the association and recreates it.
          type: bool
          default: false
        # IdentityTags: written by tools/shared_docs.py, from here
        tags:
          description:
            - The tags of the IAM role and of the policy. Keys are never rewritten.
            - If it is omitted, tags are not changed.
          type: dict
          aliases: [resource_tags]
        purge_tags:
          description: Whether tags that are not in O(tags) are removed. What others created, or share, keeps its tags.
          type: bool
          default: true
        # to here.
  <<: *association
  service_account:
    description: The service account's name. The service account does not have to exist yet. One of this and O(associations) is required.
    type: str
    aliases: [name]
  owned:
    description:
      - Whether the call that creates an association sets the tag C(kumo.eks/REGION/CLUSTER), by which this collection recognizes what it
        created. IAM roles that the module creates always have it.
    type: bool
    default: false
  purge:
    description:
      - Whether associations with the tag of O(owned) that O(associations) does not name are deleted, with their IAM roles, if the module
        created those. Associations of add-ons, and those of M(kumo.eks.eks_platform), are not among them.
      - What was kept, and why, is in RV(kept). Without O(state=present) and O(associations) it is refused.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description: Whether the associations exist.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Where a service account has both, an association takes precedence over the annotation of IRSA.
  - Running pods get a new IAM role only when they are restarted.
  - The agent is the add-on C(eks-pod-identity-agent). Nodes of EKS Auto Mode have it.
seealso:
  - name: EKS Pod Identity
    description: How pods get credentials by an association, and which SDKs support it.
    link: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
extends_documentation_fragment:
  - kumo.eks.tags
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
- name: Associate a service account with an existing role
  kumo.eks.eks_pod_identity:
    cluster_name: my-cluster
    region: ap-northeast-1
    namespace: kube-system
    service_account: ebs-csi-controller-sa
    role_arn: arn:aws:iam::123456789012:role/ebsCsiRole

- name: Manage two associations in one task, the second with its own role
  kumo.eks.eks_pod_identity:
    cluster_name: my-cluster
    associations:
      - namespace: kube-system
        service_account: ebs-csi-controller-sa
        role_arn: arn:aws:iam::123456789012:role/ebsCsiRole
      - namespace: production
        service_account: reader
        policy_arns:
          - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess

- name: Delete an association and the role that was created for it
  kumo.eks.eks_pod_identity:
    cluster_name: my-cluster
    namespace: production
    service_account: reader
    state: absent
"""

RETURN = r"""
association:
  description: The association as DescribePodIdentityAssociation returns it, in snake case.
  returned: when one is given
  type: dict
  contains: &association
    association_id:
      description: Its id.
      returned: when the association exists
      type: str
      sample: a-1234567890abcdef0
    association_arn:
      description: Its ARN.
      returned: when the association exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:podidentityassociation/my-cluster/a-1234567890abcdef0
    namespace:
      description: The namespace.
      returned: when the association exists
      type: str
      sample: production
    service_account:
      description: The service account.
      returned: when the association exists
      type: str
      sample: reader
    role_arn:
      description: ARN of the role.
      returned: when the association exists
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.production.reader_pod
    target_role_arn:
      description: ARN of the second role.
      returned: when there is one
      type: str
      sample: arn:aws:iam::210987654321:role/target
    external_id:
      description: The external ID for the trust policy of the second role.
      returned: when there is a second role
      type: str
      sample: 0a1b2c3d
    disable_session_tags:
      description: Whether session tags are disabled.
      returned: when the association exists
      type: bool
      sample: false
    tags:
      description: Its tags.
      returned: when the association exists
      type: dict
      sample: {"Environment": "production"}
role:
  description: The managed role, with the keys that M(kumo.eks.eks_irsa) returns.
  returned: when one association is given and the task manages its role
  type: dict
  sample: {"role_name": "my-cluster.production.reader_pod", "path": "/"}
policy:
  description: The customer-managed policy, with the keys that M(kumo.eks.eks_irsa) returns.
  returned: when one association is given, with O(policy)
  type: dict
  sample: {"arn": "arn:aws:iam::123456789012:policy/reader", "default_version": "v1"}
service_account:
  description: The service account in Kubernetes.
  returned: when one association is given, with O(create_service_account), and the service account exists
  type: dict
  contains:
    namespace:
      description: The namespace.
      returned: always
      type: str
      sample: production
    name:
      description: The name.
      returned: always
      type: str
      sample: reader
    annotations:
      description: The annotations.
      returned: always
      type: dict
      sample: {}
    labels:
      description: The labels.
      returned: always
      type: dict
      sample: {"app.kubernetes.io/managed-by": "kumo.eks"}
associations:
  description: A result for each association, in the order given. Beside these keys C(association), C(role), C(policy) and
    C(service_account).
  returned: when O(associations) is given
  type: list
  elements: dict
  contains:
    name:
      description: The service account with its namespace.
      returned: always
      type: str
      sample: production/reader
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
      sample: "role_arn: is required to create the association"
    replaced:
      description: The old association and its role. If the new one could not be created, they are the only record of it.
      returned: when it is replaced
      type: dict
      sample: {"association": {"role_arn": "arn:aws:iam::123456789012:role/my-app"}}
unlisted:
  description: Service accounts of associations that were created for the cluster with O(owned) and that O(associations) does not name.
  returned: when O(associations) and O(purge) are given
  type: list
  elements: str
  sample: ["production/reader"]
kept:
  description: What O(state=absent) did not remove, and a role that was created for the cluster and that no association has any more, and why.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is.
      returned: always
      type: str
      sample: role
    name:
      description: Its name or ARN.
      returned: always
      type: str
      sample: reader
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it was not created by kumo.eks for this cluster
agent:
  description:
    - The status of the EKS Pod Identity Agent. It is the status of the add-on C(eks-pod-identity-agent), V(AUTO_MODE) if the
      nodes include it, V(MISSING), or V(UNKNOWN) if eks:DescribeAddon is denied.
  returned: always
  type: str
  sample: ACTIVE
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

from contextlib import nullcontext
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_plain_result, build_rows, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, merge_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity import (
    NAMESPACE,
    build_association_item_spec,
    build_association_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import AGENT, find_agent_status
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import (
    build_cluster_context,
    check_cluster_exists,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import check_apart, check_arns, read_association
from ansible_collections.kumo.eks.plugins.module_utils.identity.pod_identity import PodIdentityManager
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api


def describe_cluster(module: AnsibleAWSModule, eks: Any) -> dict[str, Any] | None:
    """The cluster. It must exist, except in check mode and with state=absent."""
    name = module.params["cluster_name"]
    raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
    if module.params["state"] == "present" and not module.check_mode:
        check_cluster_exists(raw, name, eks.meta.region_name)
    return raw


def warn_of_missing_agent(module: AnsibleAWSModule, agent: str) -> None:
    """Warn if the agent is missing. Not in check mode, where an earlier task may be about to install it."""
    if agent == "MISSING" and module.params["state"] == "present" and not module.check_mode:
        module.warn(
            f"Cluster {module.params['cluster_name']} does not have the add-on {AGENT}. Without the agent, pods get no"
            " credentials. Install it with kumo.eks.eks_addon, unless you have installed it in another way."
        )


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        associations=dict(type="list", elements="dict", options=build_association_item_spec()),
        namespace=dict(type="str", default=NAMESPACE),
        service_account=dict(type="str", aliases=["name"]),
        owned=dict(type="bool", default=False),
        purge=dict(type="bool"),
        **build_state_spec(),
        **build_association_spec(),
    )
    exclusive = ("service_account", "associations")
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[exclusive],
        required_one_of=[exclusive],
        supports_check_mode=True,
    )
    params = drop_none(module.params)
    name = params["cluster_name"]
    with handle_failures(module, f"Could not manage pod identity associations of cluster {name}"):
        alone = "associations" not in params
        rows = [params] if alone else merge_tags(params["associations"], params.get("tags"))
        identities = [read_association(row, name) for row in rows]
        check_apart(identities, "associations")
        eks, iam = get_client(module), get_client(module, "iam")
        check_arns(identities, eks.meta.region_name)
        cluster = describe_cluster(module, eks)
        context = build_cluster_context(
            cluster, name, eks.meta.region_name, lambda: get_client(module, "sts").get_caller_identity()["Arn"]
        )
        named = frozenset(one.role_arn or context.build_role_arn(one) for one in identities)
        purge, present = params.get("purge"), params["state"] == "present"
        if purge is not None and (alone or not present):
            raise ValidationError("purge: applies to a list. Use it with associations and state=present.")
        manager = PodIdentityManager(eks, iam, context, module.check_mode, named, owned=params["owned"])
        look = partial(manager.list_unlisted, {one.name for one in identities})
        actions = "eks:ListPodIdentityAssociations or eks:DescribePodIdentityAssociation"
        others = find_unlisted(module, "pod identity associations", look, actions, lambda one: one.name)
        surplus = others if purge else []
        writes = cluster is not None and any(
            one.options.get("create_service_account") for one in [*identities, *surplus]
        )
        with open_cluster_api(eks, get_client(module, "sts"), name) if writes else nullcontext() as api:
            manager.api = api
            work = manager.ensure_present if present else manager.ensure_absent
            results = run_concurrently([(one.name, partial(work, one)) for one in identities])
            leaving = [] if any(result.error for result in results) else surplus
            results += run_concurrently([(one.name, partial(manager.ensure_absent, one)) for one in leaving])
        agent = find_agent_status(eks, cluster)
        warn_of_missing_agent(module, agent)
    rows = build_rows(results, build_plain_result)
    facts = {
        "changed": any(row["changed"] for row in rows),
        "kept": [one for row in rows for one in row.get("kept", [])],
        "agent": agent,
        **({} if purge is None else {"unlisted": [one.name for one in others]}),
    }
    exit_with_rows(module, results, rows, facts, None if alone else "associations")


if __name__ == "__main__":
    main()
