# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster has of Karpenter's parts, as far as the plan has to know it: the agent, and the roles of the controller."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.plan import WORD
from ansible_collections.kumo.eks.plugins.module_utils.platform.observation import (
    ENDS,
    find_accounts,
    find_addons,
    find_role,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place

Row = dict[str, Any]


def build_observation(eks: Any, iam: Any, place: Place, account: Account) -> Row:
    """The result of a look.

    Args:
        account: the service account of the controller.
    """
    roles = [find_role(iam, place, WORD, account.namespace, account.name, kind) for kind in ENDS]
    return {
        "place": asdict(place),
        "addons": find_addons(eks, place.cluster) if place.exists else [],
        "accounts": find_accounts(eks, place.cluster) if place.exists else [],
        "roles": [row for row in roles if row],
    }
