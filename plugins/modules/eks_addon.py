#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon
version_added: 0.1.0
short_description: Manage add-ons of an Amazon EKS cluster
description:
  - Creates add-ons, changes their version and settings in place, and deletes them.
  - Manages one add-on with O(name), or a list of add-ons in one task with O(addons), concurrently.
  - Omitted options are not changed. An empty value clears the setting. Changes that EKS cannot make are refused before anything is sent.
  - Configuration values are checked against the schema that the add-on publishes for its version.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  addons:
    description:
      - A list of add-ons, each with O(addons[].name) and any other option that describes an add-on. O(tags) next to the list are merged with the
        tags of each item, whose values take precedence.
      - An add-on that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      name:
        description: The add-on's name, as C(aws eks describe-addon-versions) lists it.
        type: str
        required: true
      <<: &addon
        version:
          description:
            - A version of the add-on, for example V(v1.20.4-eksbuild.1). V(default) is the default version for the cluster's
              Kubernetes version, V(most_recent) the newest one that is compatible with it.
            - If it is omitted, a new add-on gets the default version, and an existing one keeps its version.
          type: str
        configuration_values:
          description:
            - Settings of the add-on, as a mapping, or as JSON or YAML text. They replace all settings. An empty mapping clears them.
            - C(aws eks describe-addon-configuration) shows what an add-on accepts. A keyword of JSON schema that the check does not know
              is left to EKS.
          type: raw
        resolve_conflicts:
          description:
            - What EKS does where Kubernetes objects have settings that it would change. With V(NONE) the change fails, V(OVERWRITE)
              replaces the settings, V(PRESERVE) keeps them. EKS takes V(PRESERVE) for updates only. A creation goes without it.
            - V(OVERWRITE) is what takes over VPC CNI, kube-proxy and CoreDNS where EKS installed them unmanaged.
            - It replaces their settings by defaults. M(kumo.eks.eks_addon_takeover) keeps them.
          type: str
          choices: [NONE, OVERWRITE, PRESERVE]
        service_account_role_arn:
          description:
            - ARN of the IAM role of the add-on's service account, by IRSA. The cluster needs an IAM OIDC provider.
            - An empty text removes the role. The add-on then has the rights of the IAM role of the nodes.
          type: str
        service_account_role_name:
          description: Name of the IAM role of the add-on's service account, instead of its ARN. The role has no path.
          type: str
        pod_identity_associations:
          description: The EKS Pod Identity associations of the add-on. An empty list removes them.
          type: list
          elements: dict
          suboptions:
            service_account:
              description: Name of the service account.
              type: str
              required: true
            role_arn:
              description: ARN of its IAM role. This or its name is required.
              type: str
            role_name:
              description: Name of its IAM role, which has no path.
              type: str
        identity:
          description:
            - Creates the IAM roles of the add-on with the AWS managed policies that EKS recommends for it, as the table of
              C(aws eks describe-addon-configuration) lists them, and gives them to its service accounts.
            - V(pod_identity) uses EKS Pod Identity, for which the cluster needs the add-on C(eks-pod-identity-agent). V(irsa) uses IRSA, and
              creates the IAM OIDC provider of the cluster if it is missing.
            - Changing one to the other is one update. The role that the add-on had before remains, because its pods may still use it.
            - With O(state=absent) the task waits until the add-on is gone, and deletes its roles of both kinds.
            - With V(none), or if it is omitted, no roles are created.
          type: str
          choices: [pod_identity, irsa, none]
        namespace:
          description: The Kubernetes namespace of the add-on, where the add-on allows another. Changing it requires O(replace=true).
          type: str
        preserve:
          description: With O(state=absent), whether the software of the add-on remains in the cluster, unmanaged.
          type: bool
          default: false
        replace:
          description:
            - Whether a change that EKS cannot make deletes the add-on and recreates it. Its pods are gone in between. Without VPC CNI
              no pod starts.
            - Omitted options keep the values of the old add-on.
            - The old add-on is deleted before the new one is created. If the task ends in between, RV(replaced) has its options.
            - It also recreates an add-on whose creation failed.
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
  <<: *addon
  name:
    description: The add-on's name, as C(aws eks describe-addon-versions) lists it. One of O(name) and O(addons) is required.
    type: str
  owned:
    description:
      - Whether the call that creates an add-on sets the tag C(kumo.eks/REGION/CLUSTER), by which this collection recognizes what it
        created.
    type: bool
    default: false
  purge:
    description:
      - Whether add-ons with the tag of O(owned) that O(addons) does not name are deleted. Those of M(kumo.eks.eks_platform) are not among them.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description: Whether the add-ons exist.
    type: str
    choices: [present, absent]
    default: present
notes:
  - An add-on whose last update failed is updated again. Where fields of its Kubernetes objects were in conflict, that needs
    O(resolve_conflicts).
  - An add-on whose software needs nodes, like CoreDNS, is DEGRADED until there are some. With O(wait=true) the task waits for them.
seealso:
  - name: Amazon EKS add-ons
    description: The add-ons of AWS, with the IAM permissions that they need.
    link: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
extends_documentation_fragment:
  - kumo.eks.tags
  - kumo.eks.wait
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
- name: Install the VPC CNI with other settings
  kumo.eks.eks_addon:
    cluster_name: my-cluster
    name: vpc-cni
    region: ap-northeast-1
    configuration_values:
      env:
        ENABLE_PREFIX_DELEGATION: "true"
    resolve_conflicts: OVERWRITE
    wait: true

- name: Update three add-ons to the newest compatible version, in one task
  kumo.eks.eks_addon:
    cluster_name: my-cluster
    addons:
      - name: coredns
        version: most_recent
      - name: kube-proxy
        version: most_recent
      - name: vpc-cni
        version: most_recent
    wait: true

- name: Install the EBS CSI driver with a role by EKS Pod Identity
  kumo.eks.eks_addon:
    cluster_name: my-cluster
    name: aws-ebs-csi-driver
    pod_identity_associations:
      - service_account: ebs-csi-controller-sa
        role_arn: arn:aws:iam::123456789012:role/ebsCsiRole

- name: Install the EFS CSI driver with the role that EKS recommends for it
  kumo.eks.eks_addon:
    cluster_name: my-cluster
    name: aws-efs-csi-driver
    identity: pod_identity

- name: Remove an add-on from EKS' management, and leave its software running
  kumo.eks.eks_addon:
    cluster_name: my-cluster
    name: metrics-server
    state: absent
    preserve: true
"""

RETURN = r"""
addon:
  description:
    - The add-on as DescribeAddon returns it, in snake case. Its keys are also at the top level of the result.
    - In check mode, before it exists, only what the task sets.
  returned: when O(name) is given
  type: dict
  contains: &addon
    # Addon: written by tools/shared_docs.py, from here
    addon_name:
      description: The add-on's name.
      returned: when the add-on exists
      type: str
      sample: coredns
    cluster_name:
      description: The cluster's name.
      returned: when the add-on exists
      type: str
      sample: my-cluster
    status:
      description: Its status.
      returned: when the add-on exists
      type: str
      sample: ACTIVE
    addon_version:
      description: Its version.
      returned: when the add-on exists
      type: str
      sample: v1.13.1-eksbuild.1
    health:
      description: Health issues that EKS reports.
      returned: when EKS returns it
      type: dict
      contains:
        issues:
          description: The issues.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            code:
              description: The error code.
              returned: always
              type: str
              sample: AccessDenied
            message:
              description: The message of EKS.
              returned: always
              type: str
              sample: no access
            resource_ids:
              description: The resources that are affected.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [i-0123456789abcdef0]
    addon_arn:
      description: The add-on's ARN.
      returned: when the add-on exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:addon/my-cluster/coredns/1
    created_at:
      description: When it was created.
      returned: when the add-on exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    modified_at:
      description: When it was last changed.
      returned: when EKS returns it
      type: str
      sample: '2026-08-02T09:00:00+09:00'
    service_account_role_arn:
      description: ARN of the IAM role of its service account.
      returned: when EKS returns it
      type: str
      sample: arn:aws:iam::123456789012:role/vpcCniRole
    tags:
      description: Its tags.
      returned: when the add-on exists
      type: dict
      sample:
        Environment: production
    publisher:
      description: Who publishes it.
      returned: when EKS returns it
      type: str
      sample: eks
    owner:
      description: Who owns it.
      returned: when EKS returns it
      type: str
      sample: aws
    marketplace_information:
      description: Of an add-on of the AWS Marketplace, where it is sold.
      returned: when EKS returns it
      type: dict
      contains:
        product_id:
          description: The product's ID.
          returned: when EKS returns it
          type: str
          sample: '0123'
        product_url:
          description: The product's address.
          returned: when EKS returns it
          type: str
          sample: https://aws.amazon.com/marketplace/pp/prodview-1
    configuration_values:
      description: Its settings, as text.
      returned: when EKS returns it
      type: str
      sample: '{"replicaCount": 3}'
    pod_identity_associations:
      description: ARNs of its pod identity associations.
      returned: when EKS returns it
      type: list
      elements: str
      sample: ['arn:aws:eks:ap-northeast-1:123456789012:podidentityassociation/my-cluster/a-1']
    namespace_config:
      description: Where its software runs.
      returned: when EKS returns it
      type: dict
      contains:
        namespace:
          description: The namespace.
          returned: always
          type: str
          sample: kube-system
    # to here.
    iam_roles:
      description: Names of the IAM roles that O(identity) created.
      returned: when O(identity) is V(pod_identity) or V(irsa)
      type: list
      elements: str
      sample: [my-cluster.kube-system.ebs-csi-controller-sa]
    kept:
      description: Roles that were not removed, each with C(kind), C(name) and C(why).
      returned: when O(identity) is V(pod_identity) or V(irsa)
      type: list
      elements: dict
      sample: []
    pod_identities:
      description: The service accounts and roles of these associations.
      returned: when O(pod_identity_associations) is given
      type: list
      elements: dict
      contains:
        service_account:
          description: The service account's name.
          returned: always
          type: str
          sample: ebs-csi-controller-sa
        role_arn:
          description: The role's ARN.
          returned: always
          type: str
          sample: arn:aws:iam::123456789012:role/ebsCsiRole
updates:
  description: The updates that were started, in their order.
  returned: when O(name) is given
  type: list
  elements: dict
  contains: &update
    id:
      description: The id, for DescribeUpdate and O(kumo.eks.eks_wait#module:updates).
      returned: always
      type: str
      sample: 7b9f3d9a-6c34-4f9e-9d8a-0a4f4a1c2b3d
    type:
      description: The kind of update as EKS names it.
      returned: always
      type: str
      sample: AddonUpdate
    operation:
      description: The API operation that started it.
      returned: always
      type: str
      sample: UpdateAddon
replaced:
  description: The options of the old add-on, if the new one could not be created.
  returned: when it is replaced
  type: dict
  sample: {"version": "v1.13.1-eksbuild.1"}
unlisted:
  description: Add-ons that were created for the cluster with O(owned) and that O(addons) does not name.
  returned: when O(addons) and O(purge) are given
  type: list
  elements: str
  sample: ["aws-ebs-csi-driver"]
addons:
  description: A result for each add-on, in the order given.
  returned: when O(addons) is given
  type: list
  elements: dict
  contains:
    <<: *addon
    name:
      description: The add-on's name.
      returned: always
      type: str
      sample: coredns
    changed:
      description: Whether it was changed, also before it failed.
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
      sample: "add-on coredns is CREATE_FAILED: ConfigurationConflict: Conflicts found"
    replaced:
      description: See RV(replaced).
      returned: when it is replaced
      type: dict
      sample: {"version": "v1.13.1-eksbuild.1"}
    updates:
      description: The updates that were started for it, in their order.
      returned: when it did not fail, and when some were started before it failed
      type: list
      elements: dict
      contains: *update
# Unhealthy: written by tools/shared_docs.py, from here
unhealthy:
  description:
    - What EKS says is wrong with resources of the task, a sentence for each, which is also a warning. They are DEGRADED, something about
      them failed, or they have health issues.
    - EKS makes a resource ACTIVE again when the cause is gone. With O(wait=true) the task waits for that, and fails if it does not happen.
  returned: when the task describes the resource
  type: list
  elements: str
  sample:
    - 'add-on coredns is DEGRADED: InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn''t have the desired number of
      replicas.'
# to here.
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

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_rows, exit_with, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted, list_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.addon import (
    build_addon_spec,
    find_addon_problems,
    name_roles,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_wait_spec,
    merge_tags,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_unique
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import record_progress
from ansible_collections.kumo.eks.plugins.module_utils.identity.addon_identity import AddonIdentityManager, AddonRoles
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import build_cluster_context

Row = dict[str, Any]


def build_role_arn(module: AnsibleAWSModule, name: str) -> str:
    """The ARN of a role of the account, which need not exist yet in check mode."""
    account = get_client(module, "sts").get_caller_identity()["Account"]
    return f"arn:{get_partition(module.region)}:iam::{account}:role/{name}"


def find_others(module: AnsibleAWSModule, eks: Any, catalog: AddonCatalog, listed: set[str]) -> list[str]:
    """Add-ons that were created for the cluster and that the list does not name."""
    cluster = module.params["cluster_name"]

    def describe(name: str) -> Row | None:
        return AddonResource(eks, cluster, {"name": name}, catalog).describe()

    look = partial(list_unlisted, eks, cluster, "list_addons", "addons", listed, describe)
    return find_unlisted(module, "add-ons", look, "eks:ListAddons or eks:DescribeAddon")


@dataclass
class AddonTask:
    """What the add-ons of a task share: clients, what was asked about versions, and the manager of roles where one is needed."""

    module: AnsibleAWSModule
    eks: Any
    catalog: AddonCatalog
    identities: AddonIdentityManager | None = None

    def ensure(self, item: Row) -> Outcome:
        """Bring one add-on to its desired state, with its roles."""
        problems = list(find_addon_problems(item)) if item.get("identity") else []
        if problems:
            raise ValidationError(" ".join(problems))
        if self.identities is None or item.get("identity") in (None, "none"):
            return self._reconcile(item)
        if self.module.params["state"] == "absent":
            return self._remove_with_roles(item, self.identities)
        roles = self.identities.ensure_present(item)
        if not roles.options:
            self.module.warn(f"identity: EKS recommends no permissions for add-on {item['name']}, so it gets no role.")
        with record_progress(roles.parts):
            return add_roles(self._reconcile({**item, **roles.options}), roles)

    def _remove_with_roles(self, item: Row, identities: AddonIdentityManager) -> Outcome:
        """The roles go when the pods are gone. What they are called is asked while the add-on is there."""
        rows = identities.find_recommended(item)
        outcome = self._reconcile(item, wait=True)
        return add_roles(outcome, identities.ensure_absent(item, rows))

    def remove_unlisted(self, name: str) -> Outcome:
        """Its roles by EKS Pod Identity are its own. One by IRSA may be of the list of the role eks_irsa, and is left to that."""
        item = {"name": name, "state": "absent"}
        raw = AddonResource(self.eks, self.module.params["cluster_name"], item, self.catalog).describe()
        if not (raw or {}).get("podIdentityAssociations"):
            return self._reconcile(item)
        identities = build_identities(self.module, self.eks, self.catalog)
        rows = identities.find_recommended(item)
        return add_roles(self._reconcile(item, wait=True), identities.ensure_absent(item, rows, of_irsa=False))

    def _reconcile(self, item: Row, wait: bool = False) -> Outcome:
        module, eks = self.module, self.eks
        state = item.get("state", module.params["state"])
        item = name_roles(
            {name: value for name, value in item.items() if name != "identity"}, partial(build_role_arn, module)
        )
        resource = AddonResource(eks, module.params["cluster_name"], item, self.catalog)
        if module.params["owned"]:
            resource.owner = build_owner_key(eks.meta.region_name, module.params["cluster_name"])
        reconciler = Reconciler(
            resource,
            check_mode=module.check_mode,
            wait=wait or module.params["wait"],
            wait_timeout=module.params["wait_timeout"],
            replace=item.get("replace", False),
        )
        return reconciler.ensure_absent() if state == "absent" else reconciler.ensure_present(item)


def add_roles(outcome: Outcome, roles: AddonRoles) -> Outcome:
    """The outcome of an add-on with that of its roles."""
    changed = {name: part for name, part in roles.parts.items() if part.changed}
    raw = {
        **(outcome.raw or {}),
        "iamRoles": sorted(name for name, part in roles.parts.items() if part.raw),
        "kept": roles.kept,
    }
    if not changed:
        return replace(outcome, raw=raw)
    return replace(
        outcome,
        changed=True,
        raw=raw,
        before={**outcome.before, "iam_roles": {name: part.before for name, part in changed.items()}},
        after={**outcome.after, "iam_roles": {name: part.after for name, part in changed.items()}},
    )


def build_identities(module: AnsibleAWSModule, eks: Any, catalog: AddonCatalog) -> AddonIdentityManager:
    """The manager of roles of add-ons."""
    name, region = module.params["cluster_name"], eks.meta.region_name
    raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
    if raw is None and not module.check_mode and module.params["state"] == "present":
        refuse_missing_cluster(raw, name, region)
    context = build_cluster_context(raw, name, region, lambda: get_client(module, "sts").get_caller_identity()["Arn"])
    return AddonIdentityManager(eks, get_client(module, "iam"), context, raw, catalog, module.check_mode)


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        addons=dict(type="list", elements="dict", options=build_item_spec(build_addon_spec())),
        owned=dict(type="bool", default=False),
        purge=dict(type="bool"),
        **build_state_spec(),
        **build_wait_spec(),
        **build_addon_spec(),
    )
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[
            *(("addons", option) for option in ("name", *build_addon_spec()) if option != "tags"),
            ("name", "purge"),
        ],
        required_one_of=[("name", "addons")],
        supports_check_mode=True,
    )
    params = drop_none(module.params)
    with handle_failures(module, f"Could not manage add-ons of cluster {params['cluster_name']}"):
        eks = get_client(module)
        catalog = AddonCatalog(eks, params["cluster_name"])
        rows = [params] if "name" in params else merge_tags(params["addons"], params.get("tags"))
        has_roles = any(row.get("identity") not in (None, "none") for row in rows)
        task = AddonTask(module, eks, catalog, build_identities(module, eks, catalog) if has_roles else None)
        if "name" in params:
            exit_with(module, task.ensure(params), "addon")
        check_unique("addons", [row["name"] for row in rows])
        unlisted = find_others(module, eks, catalog, {row["name"] for row in rows})
        work = [(row["name"], partial(task.ensure, row)) for row in rows]
        if params.get("purge"):
            work += [(name, partial(task.remove_unlisted, name)) for name in unlisted]
        results = run_concurrently(work)
        found = build_rows(results)
        facts = {} if "purge" not in params else {"unlisted": unlisted}
        exit_with_rows(module, results, found, {"changed": any(row["changed"] for row in found), **facts}, "addons")


if __name__ == "__main__":
    main()
