#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_aws_auth_info
version_added: 0.1.0
short_description: Compare the aws-auth ConfigMap of an Amazon EKS cluster with its access entries
description:
  - Reads the mappings of the ConfigMap C(kube-system/aws-auth) (C(mapRoles), C(mapUsers) and C(mapAccounts)), and returns the access
    entries that give the same, as options of M(kumo.eks.eks_access_entry).
  - Names each mapping that no access entry can replace, with the reason.
  - Verifies each mapping that has an access entry by requests to the API server, a SubjectAccessReview for each rule that RBAC gives to the
    mapped user name and groups. What the entry does not give is returned.
  - It changes nothing. The playbook P(kumo.eks.eks_access#role) with C(tasks_from) C(migrate) uses it.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
notes:
  - It requires the rights of an administrator of the cluster, to read the ConfigMap and RBAC, and to ask about others.
  - Rights of C(system:masters) and of access policies are compared by the access policies of the entry, because a SubjectAccessReview does
    not see access policies.
seealso:
  - module: kumo.eks.eks_access_entry
  - name: Migrating existing aws-auth ConfigMap entries to access entries
    description: What EKS does with both.
    link: https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Compare the ConfigMap with the access entries
  kumo.eks.eks_aws_auth_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: mapped

- name: Create the access entries that are missing
  kumo.eks.eks_access_entry:
    cluster_name: my-cluster
    region: ap-northeast-1
    access_entries: "{{ mapped.access_entries }}"
"""

RETURN = r"""
mappings:
  description: The mappings of the ConfigMap. The list is empty if there is no ConfigMap.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: Whether it maps a V(role), a V(user) or an V(account).
      returned: always
      type: str
      sample: role
    arn:
      description: The ARN in the ConfigMap, or the number of the account.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    username:
      description: The mapped user name.
      returned: always
      type: str
      sample: developer
    groups:
      description: The mapped groups.
      returned: always
      type: list
      elements: str
      sample: [developers]
    state:
      description:
        - V(migrated) if an access entry gives all of it, V(pending) if RV(mappings[].access_entry) has to be created or changed, and
          V(impossible) if no access entry gives the same.
      returned: always
      type: str
      sample: pending
    why:
      description: Why it is not migrated.
      returned: always
      type: str
      sample: ""
    notes:
      description: What is different in the access entry.
      returned: always
      type: list
      elements: str
      sample: ["the user name system:admin cannot be kept, and EKS sets another one"]
    lost:
      description: What the mapping allows and the access entry that is there does not.
      returned: always
      type: list
      elements: str
      sample: ["get pods in namespace shop"]
    access_entry:
      description: Options of M(kumo.eks.eks_access_entry) that give the same; null if none do.
      returned: always
      type: dict
      sample: {"principal_arn": "arn:aws:iam::123456789012:role/developers", "type": "STANDARD", "kubernetes_groups": ["developers"]}
access_entries:
  description: The access entries of all mappings that are pending.
  returned: always
  type: list
  elements: dict
  sample: [{"principal_arn": "arn:aws:iam::123456789012:role/developers", "type": "STANDARD", "kubernetes_groups": ["developers"]}]
problems:
  description: Rows of the ConfigMap that map nobody.
  returned: always
  type: list
  elements: str
  sample: ["mapRoles[1] has no rolearn, so that it maps nobody"]
migrated:
  description: Whether access entries give all that the ConfigMap gives.
  returned: always
  type: bool
  sample: false
caller_has_entry:
  description: Whether the caller has an access entry, without which the authentication mode V(API) locks the caller out.
  returned: always
  type: bool
  sample: true
authentication_mode:
  description: The authentication mode of the cluster.
  returned: always
  type: str
  sample: API_AND_CONFIG_MAP
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.access.aws_auth import (
    MIGRATED,
    PENDING,
    Migration,
    read_config_map,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_account, is_caller
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import describe_entry, list_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import get_mode
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import build_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token


def describe_entries(eks: Any, cluster: str) -> dict[str, dict[str, Any]]:
    """All access entries by their principals; none in CONFIG_MAP mode."""
    found = describe_all(list_entries(eks, cluster), lambda arn: describe_entry(eks, cluster, arn))
    return {raw["principalArn"]: raw for raw in found}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=dict(cluster_name=dict(type="str", required=True)), supports_check_mode=True
    )
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not compare the aws-auth ConfigMap of cluster {name}"):
        eks, sts = get_client(module), get_client(module, "sts")
        cluster = describe_or_none(eks.describe_cluster, "cluster", name=name)
        connection = build_connection(cluster, name, eks.meta.region_name)
        entries = describe_entries(eks, name)
        with connect_api(connection, partial(mint_token, sts, name)) as api:
            mappings, problems = read_config_map(api)
            migration = Migration(api, entries, partial(get_client, module, "iam"), get_account((cluster or {})["arn"]))
            rows = [migration.compare(mapping) for mapping in mappings]
        caller = sts.get_caller_identity()["Arn"]
    module.exit_json(
        changed=False,
        mappings=rows,
        access_entries=[row["access_entry"] for row in rows if row["state"] == PENDING],
        problems=problems,
        migrated=all(row["state"] == MIGRATED for row in rows),
        caller_has_entry=any(is_caller(arn, caller) for arn in entries),
        authentication_mode=get_mode(cluster or {}),
    )


if __name__ == "__main__":
    main()
