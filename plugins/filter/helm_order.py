# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: helm_order
version_added: 0.1.0
short_description: Helm releases in the order to install them
author: kumo.eks contributors (@kumo-eks)
description:
  - Puts the releases of the role P(kumo.eks.eks_helm#role) in order. They stay as written, but none comes before one that its C(needs) name.
options:
  _input:
    description: The releases, as in the role's C(eks_helm_releases).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the order, which is cert-manager and then my-app
  ansible.builtin.debug:
    msg: "{{ [{'name': 'my-app', 'needs': ['cert-manager']}, {'name': 'cert-manager'}] | kumo.eks.helm_order }}"
"""

RETURN = r"""
_value:
  description: The same releases, in order.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import in_order


def helm_order(releases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        return in_order(releases)
    except EksError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """The filter helm_order."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"helm_order": helm_order}
