#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_irsa
version_added: 0.1.0
short_description: Manage IAM roles for service accounts of an Amazon EKS cluster (IRSA)
description:
  - Manages everything that an identity needs. The cluster's IAM OIDC provider, a customer-managed policy, the IAM role with its
    trust policy, and the annotated Kubernetes service account.
  - Manages one identity with O(service_account), or a list of identities in one task with O(identities), concurrently.
  - Existing resources are adopted, an IAM role only if the task sets O(role_name). Omitted options are not changed. An empty value clears
    the setting. The module only adds to what others created, unless O(purge_policies) or O(purge_trust) is set.
  - O(state=absent) deletes what the module created. It keeps what others created or use, and lists it in RV(kept).
  - What the module creates in IAM has the tag C(kumo.eks/REGION/CLUSTER), and in Kubernetes the label
    C(app.kubernetes.io/managed-by) with the value C(kumo.eks). What does not have them is never deleted.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  identities:
    description:
      - A list of identities, each with any of the options that describe one. O(tags) next to the list are merged with the tags of
        each item, whose values take precedence.
      - V([]) creates, or with O(state=absent) deletes, only the cluster's OIDC provider.
      - An item that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions: &identity
      namespace:
        description: The Kubernetes namespace of the service account.
        type: str
        default: default
      service_account:
        description: The service account's name.
        type: str
        aliases: [name]
      service_accounts:
        description: Several service accounts that share the IAM role, instead of O(service_account).
        type: list
        elements: dict
        suboptions:
          name:
            description: The service account's name.
            type: str
            required: true
          namespace:
            description: Its namespace. The default is O(namespace).
            type: str
      allow_patterns:
        description:
          - Whether names of namespaces and service accounts may have the wildcards C(*) and C(?). The trust policy then
            compares with StringLike.
          - No Kubernetes object is created for a name with wildcards.
        type: bool
        default: false
      role_name:
        description:
          - Name of the IAM role. The default consists of the names of the cluster, the namespace and the service account,
            for example C(my-cluster.production.my-app-sa).
          - Required where several service accounts share the IAM role.
        type: str
      role_arn:
        description: ARN of an IAM role that is managed elsewhere. Only the service account is created, with this ARN.
        type: str
      role_only:
        description: Whether to manage only the IAM role, and not to change Kubernetes.
        type: bool
        default: false
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
        choices: [auto_scaler, aws_load_balancer_controller, cert_manager, cloud_watch, ebs, efs, external_dns, external_secrets, fsx, image_builder,
          xray]
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
          - Whether statements of the trust policy are removed that neither this identity nor the OIDC providers of other EKS clusters
            need.
          - If it is omitted, they are removed from roles that the module created. An adopted role keeps them.
        type: bool
      token_expiration:
        description: Lifetime of the pods' tokens in seconds, from 3600 to 86400, as an annotation. V(0) removes the annotation.
        type: int
      sts_regional_endpoints:
        description: Whether the SDKs of the pods use the regional endpoint of STS, as an annotation.
        type: bool
      service_account_annotations:
        description: More annotations of the service account. Others are not changed.
        type: dict
      service_account_labels:
        description: Labels of the service account. Others are not changed.
        type: dict
      create_namespace:
        description: Whether to create a namespace that is missing. It is never deleted.
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
  <<: *identity
  roles_only:
    description:
      - Whether to manage only IAM for all identities, as if each had O(role_only=true). An item of O(identities) that only
        names a role by O(identities[].role_arn) is ignored then.
      - For a teardown, where the service accounts are deleted with the cluster.
    type: bool
    default: false
  audience:
    description:
      - The audience of the pods' tokens, for the OIDC provider, the trust policy and the service account.
      - The default is correct in all AWS partitions.
    type: str
    default: sts.amazonaws.com
  purge:
    description:
      - Whether IAM roles that were created for the cluster's OIDC provider and that O(identities) does not name are deleted, with their
        service accounts, if the module created those. Those of M(kumo.eks.eks_platform) are not among them.
      - What was kept, and why, is in RV(kept). Without O(state=present) and O(identities) it is refused.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description: Whether the identities exist.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The OIDC provider belongs to the cluster. With O(state=absent) it is deleted with the last IAM role that trusts it, if the module
    created it.
  - Statements of the OIDC providers of other EKS clusters remain in a trust policy, so that clusters can share an IAM role.
  - The provider that an earlier cluster of the same name left behind is deleted with the cluster's own.
  - Running pods get a new IAM role only when they are restarted.
  - O(tags) are not applied to an OIDC provider that exists.
seealso:
  - name: IAM roles for service accounts
    description: How pods get credentials by the cluster's OIDC provider.
    link: https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
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
- name: Allow pods of my-app-sa to read and write the objects of a bucket
  kumo.eks.eks_irsa:
    cluster_name: my-cluster
    region: ap-northeast-1
    namespace: production
    service_account: my-app-sa
    create_namespace: true
    policy:
      name: my-app-s3-policy
      document:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [s3:GetObject, s3:PutObject]
            Resource: arn:aws:s3:::my-bucket/*

- name: Manage two identities in one task
  kumo.eks.eks_irsa:
    cluster_name: my-cluster
    identities:
      - namespace: kube-system
        service_account: ebs-csi-controller-sa
        role_only: true
        policy_arns:
          - arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy
      - namespace: team-a
        service_account: reader
        policy_arns:
          - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        permissions_boundary: arn:aws:iam::123456789012:policy/team-boundary

- name: Allow all service accounts in the namespaces of a team to assume a role
  kumo.eks.eks_irsa:
    cluster_name: my-cluster
    namespace: team-a-*
    service_account: "*"
    allow_patterns: true
    role_name: team-a
    policy_arns:
      - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess

- name: Delete an identity
  kumo.eks.eks_irsa:
    cluster_name: my-cluster
    namespace: production
    service_account: my-app-sa
    state: absent
  register: removed
"""

RETURN = r"""
role_arn:
  description: ARN of the role.
  returned: when one identity is given
  type: str
  sample: arn:aws:iam::123456789012:role/my-cluster.production.my-app-sa
role:
  description: The role.
  returned: when one identity is given and the task manages its role
  type: dict
  contains: &role
    role_name:
      description: The role's name.
      returned: when the role exists
      type: str
      sample: my-cluster.production.my-app-sa
    arn:
      description: Its ARN.
      returned: when the role exists
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.production.my-app-sa
    path:
      description: Its path.
      returned: when the role exists
      type: str
      sample: /
    trust_policy:
      description: The trust policy.
      returned: when the role exists
      type: dict
      sample: {"Version": "2012-10-17", "Statement": []}
    policy_arns:
      description: ARNs of its managed policies.
      returned: when the role exists
      type: list
      elements: str
      sample: ["arn:aws:iam::123456789012:policy/my-app-s3-policy"]
    inline_policies:
      description: Its inline policies by name.
      returned: when the role exists
      type: dict
      sample: {}
    permissions_boundary:
      description: ARN of its permissions boundary.
      returned: when the role exists
      type: str
      sample: arn:aws:iam::123456789012:policy/team-boundary
    max_session_duration:
      description: Its maximum session duration in seconds.
      returned: when the role exists
      type: int
      sample: 3600
    description:
      description: Its description.
      returned: when the role exists
      type: str
      sample: my-app reads and writes its bucket
    tags:
      description: Its tags.
      returned: when the role exists
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
policy:
  description: The customer-managed policy.
  returned: when one identity is given, with O(policy)
  type: dict
  contains: &policy
    arn:
      description: Its ARN.
      returned: when the policy exists
      type: str
      sample: arn:aws:iam::123456789012:policy/my-app-s3-policy
    document:
      description: The policy document.
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
      sample: {"Environment": "production"}
service_accounts:
  description: The service accounts that were written.
  returned: when one identity is given
  type: list
  elements: dict
  contains: &account
    namespace:
      description: The namespace.
      returned: always
      type: str
      sample: production
    name:
      description: The name.
      returned: always
      type: str
      sample: my-app-sa
    annotations:
      description: Its annotations.
      returned: always
      type: dict
      sample: {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/my-app"}
    labels:
      description: Its labels.
      returned: always
      type: dict
      sample: {"app.kubernetes.io/managed-by": "kumo.eks"}
unlisted:
  description: Service accounts of identities that were created for the cluster and that O(identities) does not name.
  returned: when O(identities) and O(purge) are given
  type: list
  elements: str
  sample: ["production/reader"]
kept:
  description: What O(state=absent) did not remove, and why. The OIDC provider is among them, also when a list is given.
  returned: always
  type: list
  elements: dict
  contains: &kept
    kind:
      description: What it is.
      returned: always
      type: str
      sample: policy
    name:
      description: Its name or ARN.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:policy/my-app-s3-policy
    why:
      description: Why it was kept.
      returned: always
      type: str
      sample: it is attached to role other
oidc_provider:
  description: The cluster's IAM OIDC provider.
  returned: when it exists, or would
  type: dict
  contains:
    arn:
      description: Its ARN.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:oidc-provider/oidc.eks.ap-northeast-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE
    url:
      description: The issuer without its scheme.
      returned: always
      type: str
      sample: oidc.eks.ap-northeast-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE
    audiences:
      description: The audiences that it accepts.
      returned: always
      type: list
      elements: str
      sample: ["sts.amazonaws.com"]
    tags:
      description: Its tags.
      returned: always
      type: dict
      sample: {"kumo.eks/ap-northeast-1/my-cluster": "owned"}
identities:
  description: A result for each identity, in the order given.
  returned: when O(identities) is given
  type: list
  elements: dict
  contains:
    name:
      description: Its service accounts, with their namespaces.
      returned: always
      type: str
      sample: production/my-app-sa
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
      sample: "namespace: namespace production does not exist in the cluster."
    role_arn:
      description: ARN of the role.
      returned: when it did not fail
      type: str
      sample: arn:aws:iam::123456789012:role/my-cluster.production.my-app-sa
    role:
      description: The role.
      returned: when it did not fail
      type: dict
      contains: *role
    policy:
      description: The customer-managed policy.
      returned: when it did not fail
      type: dict
      contains: *policy
    service_accounts:
      description: The service accounts that were written.
      returned: when it did not fail
      type: list
      elements: dict
      contains: *account
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

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_plain_result, build_rows, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec, merge_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity import build_identity_spec
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import (
    ClusterContext,
    build_cluster_context,
    check_cluster_exists,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.irsa import (
    AUDIENCE,
    IrsaManager,
    build_provider_result,
    find_owned_provider,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import (
    Identity,
    check_apart,
    check_arns,
    read_identity,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, open_cluster_api


def read(params: dict[str, Any]) -> list[Identity]:
    """The identities of the task, each with the task's tags under its own."""
    cluster = params["cluster_name"]
    if "identities" not in params:
        return [read_identity({**params, "role_only": params["role_only"] or params["roles_only"]}, cluster)]
    rows = merge_tags(params["identities"], params.get("tags"))
    if params["roles_only"]:  # an item that only names a role has no other half than the service account
        rows = [{**row, "role_only": True} for row in rows if "role_arn" not in row]
    identities = [read_identity(row, cluster) for row in rows]
    check_apart(identities, "identities")
    return identities


def build_context(module: AnsibleAWSModule, eks: Any, iam: Any) -> tuple[ClusterContext, bool]:
    """The context, and whether the cluster exists. It must exist, except in check mode and with state=absent."""
    name, present = module.params["cluster_name"], module.params["state"] == "present"
    raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
    if present and not module.check_mode:
        check_cluster_exists(raw, name, eks.meta.region_name)
    context = build_cluster_context(
        raw, name, eks.meta.region_name, lambda: get_client(module, "sts").get_caller_identity()["Arn"]
    )
    return (context if raw or present else find_owned_provider(iam, context)), raw is not None


@contextmanager
def open_api(module: AnsibleAWSModule, eks: Any, wanted: bool) -> Iterator[KubernetesApi | None]:
    """The cluster's Kubernetes API, None where nothing is wanted of it."""
    if not wanted:
        yield None
        return
    with open_cluster_api(eks, get_client(module, "sts"), module.params["cluster_name"]) as api:
        yield api


@dataclass
class Done:
    """The results of the task: the provider, the identities, what was kept, and providers of earlier clusters of the same name."""

    provider: Outcome
    results: list[ItemResult]
    kept: list[dict[str, str]] = field(default_factory=list)
    unlisted: list[str] | None = None
    orphaned_providers: list[Outcome] = field(default_factory=list)


def ensure_identities(
    manager: IrsaManager, identities: list[Identity], tags: dict[str, str], surplus: list[Identity]
) -> Done:
    """Create or update the provider first, then the identities, and then delete those that nobody lists."""
    provider = manager.ensure_provider(tags)
    results = run_concurrently([(one.name, partial(manager.ensure_present, one)) for one in identities])
    if not any(result.error for result in results):
        results += run_concurrently([(get_name(one), partial(manager.ensure_absent, one)) for one in surplus])
    return Done(provider, results)


def get_name(identity: Identity) -> str:
    """The service accounts of an identity, or the name of its role where the trust policy names none."""
    return identity.name or identity.role_name


def find_others(module: AnsibleAWSModule, manager: IrsaManager, identities: list[Identity]) -> list[Identity]:
    """Identities that were created for the cluster and that the list does not name."""
    listed = {one.role_name for one in identities}
    look = partial(manager.list_unlisted, listed)
    found = find_unlisted(module, "identities of pods", look, "iam:ListRoles or iam:GetRole", get_name)
    if module.params["roles_only"]:
        return [replace(one, options={**one.options, "role_only": True}) for one in found]
    return found


def ensure_identities_absent(manager: IrsaManager, identities: list[Identity]) -> Done:
    """Delete the identities first, then the provider, if nothing failed."""
    results = run_concurrently([(one.name, partial(manager.ensure_absent, one)) for one in identities])
    if any(result.error for result in results):
        return Done(Outcome(False, None), results)
    leaving = {
        identity.role_name
        for identity, result in zip(identities, results, strict=True)
        if identity.role_arn is None and result.outcome.raw["role"] is None
    }
    provider, kept = manager.ensure_provider_absent(leaving)
    done = Done(provider, results, kept)
    for one in manager.list_orphaned_providers() if provider.raw is None else ():
        outcome, more = one.ensure_provider_absent(leaving)
        done.orphaned_providers.append(outcome)
        done.kept += more
    return done


def finish(module: AnsibleAWSModule, done: Done) -> None:
    """End the task with the results of the provider and the identities."""
    provider, rows = done.provider, build_rows(done.results, build_plain_result)
    changed = any(outcome.changed for outcome in (provider, *done.orphaned_providers)) or any(
        row["changed"] for row in rows
    )
    facts: dict[str, Any] = {
        "changed": changed,
        "oidc_provider": build_provider_result(provider.raw),
        "kept": [*(one for row in rows for one in row.get("kept", [])), *done.kept],
        **({} if done.unlisted is None else {"unlisted": done.unlisted}),
        "diff": {
            "before": {
                "oidc_provider": provider.before,
                **_number_providers([one.before for one in done.orphaned_providers]),
            },
            "after": {"oidc_provider": provider.after},
        },
    }
    exit_with_rows(module, done.results, rows, facts, None if module.params["identities"] is None else "identities")


def _number_providers(providers: list[dict[str, Any]]) -> dict[str, Any]:
    return {f"orphaned_oidc_provider_{number}": row for number, row in enumerate(providers, start=1)}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        identities=dict(type="list", elements="dict", options=build_identity_spec()),
        audience=dict(type="str", default=AUDIENCE),
        roles_only=dict(type="bool", default=False),
        purge=dict(type="bool"),
        **build_state_spec(),
        **build_identity_spec(),
    )
    exclusive = ("service_account", "service_accounts", "identities")
    module = AnsibleAWSModule(
        argument_spec=spec, mutually_exclusive=[exclusive], required_one_of=[exclusive], supports_check_mode=True
    )
    params = drop_none(module.params)
    with handle_failures(module, f"Could not manage identities of cluster {params['cluster_name']}"):
        identities = read(params)
        eks, iam = get_client(module), get_client(module, "iam")
        check_arns(identities, eks.meta.region_name)
        context, exists = build_context(module, eks, iam)
        is_purging, present = params.get("purge"), params["state"] == "present"
        if is_purging is not None and ("identities" not in params or not present):
            raise ValidationError("purge: applies to a list. Use it with identities and state=present.")
        manager = IrsaManager(iam, None, context, params["audience"], module.check_mode)
        others = find_others(module, manager, identities) if exists else []
        surplus = others if is_purging else []
        with open_api(module, eks, exists and any(one.written_accounts for one in [*identities, *surplus])) as api:
            manager.api = api
            if present:
                done = ensure_identities(manager, identities, params.get("tags", {}), surplus)
                done.unlisted = None if is_purging is None else [get_name(one) for one in others]
            else:
                done = ensure_identities_absent(manager, identities)
        finish(module, done)


if __name__ == "__main__":
    main()
