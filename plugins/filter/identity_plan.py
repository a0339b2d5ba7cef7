# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: identity_plan
version_added: 0.1.0
short_description: Identities of pods as the modules take them, checked
author: kumo.eks contributors (@kumo-eks)
description:
  - Turns the two lists of the role P(kumo.eks.eks_irsa#role) into what M(kumo.eks.eks_irsa) and M(kumo.eks.eks_pod_identity) take.
  - It checks both lists as the modules do, so that a playbook can refuse them before it makes anything.
options:
  _input:
    description: The service accounts, as in the role's C(eks_irsa_service_accounts).
    type: list
    elements: dict
    required: true
  associations:
    description: The pod identity associations, as in the role's C(eks_irsa_pod_identity_associations).
    type: list
    elements: dict
    required: true
  cluster:
    description: The cluster's name.
    type: str
    required: true
  tags:
    description: Tags of every role.
    type: dict
    required: true
  roles_only:
    description: Whether Kubernetes is left alone.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what the modules are given
  ansible.builtin.debug:
    msg: "{{ accounts | kumo.eks.identity_plan(associations=[], cluster='my-cluster', tags={}) }}"
  vars:
    accounts:
      - name: my-app-sa
        namespace: production
        policy_arns: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
"""

RETURN = r"""
_value:
  description: C(identities) as M(kumo.eks.eks_irsa) takes them, and C(associations) as M(kumo.eks.eks_pod_identity) does.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.identity.plan import identity_plan


def plan(
    accounts: list[dict[str, Any]],
    associations: list[dict[str, Any]],
    cluster: str,
    tags: dict[str, str],
    roles_only: bool = False,
) -> dict[str, Any]:
    try:
        return identity_plan(accounts, associations, cluster, tags, roles_only)
    except EksError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """The filter identity_plan."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"identity_plan": plan}
