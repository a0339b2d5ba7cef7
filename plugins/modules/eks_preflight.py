#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_preflight
version_added: 0.1.0
short_description: Check the whole input of the kumo.eks roles before anything is created
description:
  - Checks the variables of all roles against the specs and rules of the modules that use them. A misspelt option, a value that
    EKS, EC2, IAM or Kubernetes refuses, and contradictions are found by one task, in less than a second.
  - Reports all problems at once, each with the name of the role variable, the value, what is allowed, and the option that was
    probably meant.
  - Run it first. If EKS refuses a resource after twenty minutes, the VPC and its NAT gateways already exist and cost money.
  - It changes nothing, and without O(check_account) it makes no API calls. Omitted options are not checked.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description:
      - The cluster's name, the variable C(eks_cluster_name).
      - Required with O(check_account).
    type: str
  state:
    description:
      - The state for which to check the variables. For V(absent) only names are checked, so that other options do not prevent
        the removal of a cluster.
    type: str
    choices: [present, absent]
    default: present
  network:
    description: Variables of the role P(kumo.eks.eks_network#role), without the prefix C(eks_network_).
    type: dict
  cluster:
    description:
      - Options of M(kumo.eks.eks_cluster), which are the variables of the role P(kumo.eks.eks_cluster#role) without the prefix
        C(eks_cluster_).
    type: dict
  iam_roles:
    description: IAM roles, with the options of M(kumo.eks.eks_iam_role).
    type: list
    elements: raw
  nodegroup_defaults:
    description: The variable C(eks_nodegroups_defaults) of the role P(kumo.eks.eks_nodegroups#role).
    type: dict
  nodegroups:
    description: The variable C(eks_nodegroups_list) of the role P(kumo.eks.eks_nodegroups#role).
    type: list
    elements: raw
  self_managed_nodegroup_defaults:
    description: The variable C(eks_self_managed_nodes_defaults) of the role P(kumo.eks.eks_self_managed_nodes#role).
    type: dict
  self_managed_nodegroups:
    description: The variable C(eks_self_managed_nodes_list) of the role P(kumo.eks.eks_self_managed_nodes#role).
    type: list
    elements: raw
  fargate_profiles:
    description: The variable C(eks_fargate_profiles) of the role P(kumo.eks.eks_fargate#role).
    type: list
    elements: raw
  addons:
    description: The variable C(eks_addons_list) of the role P(kumo.eks.eks_addons#role).
    type: list
    elements: raw
  access_entries:
    description: The variable C(eks_access_entries) of the role P(kumo.eks.eks_access#role).
    type: list
    elements: raw
  identity_providers:
    description: The variable C(eks_cluster_identity_providers) of the role P(kumo.eks.eks_cluster#role).
    type: list
    elements: raw
  capabilities:
    description: The variable C(eks_cluster_capabilities) of the role P(kumo.eks.eks_cluster#role).
    type: list
    elements: raw
  identities:
    description: The variable C(eks_irsa_service_accounts) of the role P(kumo.eks.eks_irsa#role).
    type: list
    elements: raw
  pod_identity_associations:
    description: The variable C(eks_irsa_pod_identity_associations) of the role P(kumo.eks.eks_irsa#role).
    type: list
    elements: raw
  helm_repositories:
    description: The variable C(eks_helm_repositories) of the role P(kumo.eks.eks_helm#role). Its values are never logged.
    type: list
    elements: raw
  helm_releases:
    description: The variable C(eks_helm_releases) of the role P(kumo.eks.eks_helm#role). Its values are never logged.
    type: list
    elements: raw
  components:
    description: The variable C(eks_platform_components) of the role P(kumo.eks.eks_platform#role). Its values are never logged.
    type: list
    elements: raw
  platform:
    description: Other variables of the role P(kumo.eks.eks_platform#role), without the prefix C(eks_platform_).
    type: dict
  upgrade_overrides:
    description: The variable C(eks_upgrade_overrides) of the role P(kumo.eks.eks_upgrade#role).
    type: list
    elements: raw
  karpenter:
    description: Variables of the role P(kumo.eks.eks_karpenter#role), without the prefix C(eks_karpenter_). Their values are never logged.
    type: dict
  check_account:
    description:
      - Whether to also check the AWS account. It checks whether a cluster of the name exists that kumo.eks did not create, whether EKS
        offers the Kubernetes version, whether the subnets, security groups, KMS keys and IAM roles that the input names exist and fit
        together, and whether nodes could join the cluster from these subnets with these roles.
      - For a cluster that does not exist yet, it also checks whether the region has the zones, the VPC endpoints and the instance types,
        and whether EKS offers the add-ons in these versions.
      - It also checks the input against the partition of the region, like C(aws-cn). ARNs of another partition are refused, and so are
        Fargate profiles in AWS GovCloud (US), where EKS does not have Fargate.
      - These checks only improve messages. A check for which the caller lacks the permission is skipped with a
        warning, and listed in RV(not_checked).
    type: bool
    default: false
  account_id:
    description:
      - The number of the AWS account in which the cluster is. If the credentials are of another account, the task fails.
      - Set it where several accounts are managed. The inventory P(kumo.eks.eks#inventory) sets C(eks_account_id), which C(site.yml) and
        C(teardown.yml) pass.
    type: str
  upgrades:
    description:
      - With O(check_account), whether the play upgrades the cluster with M(kumo.eks.eks_upgrade), as C(site.yml) does. A Kubernetes version that
        is several minor versions newer than the cluster is then allowed.
    type: bool
    default: false
  adopt:
    description: With O(check_account), whether a cluster that kumo.eks did not create may be changed.
    type: bool
    default: false
notes:
  - The check runs on the controller. Only O(check_account) runs on the task's host, with its credentials.
  - Warnings report what EKS accepts but does not work, for example nodes that cannot reach the API server.
  - With O(check_account), a warning also reports a version in extended support, or whose standard support ends within 90 days, with the price and
    the date. The price is the shipped one.
seealso:
  - name: Amazon EKS service quotas
    description: The limits that are checked, and those that can be raised.
    link: https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
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
"""

EXAMPLES = r"""
- name: Check node groups and add-ons before the cluster is created
  kumo.eks.eks_preflight:
    cluster_name: my-cluster
    cluster:
      version: "1.34"
      public_access_cidrs: [192.0.2.0/24]
      endpoint_private_access: true
    nodegroups:
      - name: general
        instance_types: [m7g.large]
        ami_type: AL2023_ARM_64_STANDARD
        scaling_config: {min_size: 1, max_size: 3}
    addons:
      - name: vpc-cni
      - name: coredns

- name: Check the account, too
  kumo.eks.eks_preflight:
    cluster_name: my-cluster
    region: ap-northeast-1
    cluster:
      version: "1.34"
    check_account: true
"""

RETURN = r"""
problems:
  description: All problems, one sentence each. The message of the task has them, too.
  returned: when the input cannot be used
  type: list
  elements: str
  sample: ["eks_nodegroups_list[0].instance_type: unknown option. Did you mean instance_types?"]
not_checked:
  description: Rights that the caller does not have, and without which O(check_account) left something unchecked.
  returned: when the input can be used
  type: list
  elements: str
  sample: ["iam:GetRole"]
upgrade:
  description: The upgrade that the input asks for. V(null) if the cluster does not exist, or is not older than its declaration.
  returned: with O(check_account), when the input can be used
  type: dict
  contains:
    from:
      description: The version of the cluster.
      returned: always
      type: str
      sample: '1.31'
    to:
      description: The version that is declared.
      returned: always
      type: str
      sample: '1.33'
"""

import time
from functools import partial

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.cost.support import find_support_warnings
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.account import AccountCheck, find_account_problems
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import (
    build_preflight_spec,
    check_input,
    raise_report,
)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=build_preflight_spec(),
        required_if=[("check_account", True, ["cluster_name"])],
        supports_check_mode=True,
    )
    params, denied, upgrade = module.params, [], None
    with handle_failures(module, "Could not check the input"):
        report = check_input(params)
        raise_report(report)
        report.problems += find_account_problems(get_client(module, "sts"), params["account_id"])
        raise_report(report)
        if params["check_account"] and params["state"] == "present":
            account = AccountCheck(
                partial(get_client, module), params["cluster_name"], params["adopt"], params["upgrades"]
            )
            report.problems += account.find_problems(report.read)
            raise_report(report)
            denied, upgrade = account.denied, account.upgrade
            policy, region = account.choose_support_type(report.read), get_client(module).meta.region_name
            report.warnings += find_support_warnings(
                params["cluster_name"], account.version, policy, region, time.time()
            )
    for warning in report.warnings:
        module.warn(warning)
    module.exit_json(changed=False, msg="The input is valid.", not_checked=denied, upgrade=upgrade)


if __name__ == "__main__":
    main()
