# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of one role. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RoleRequest:
    """What a task says of one role.

    Args:
        options: of RoleResource and of its policy, without what was left out, with policy documents as documents.
        trust: the trust policy; None where the role is only to be removed.
        named: whether the task gives the role's name, and so may mean one that exists already.
        adopt, extends_trust: as RoleResource takes them.
        profile: name of the instance profile that has the role; empty for none.
        of_karpenter: whether instance profiles that Karpenter made for the cluster go with the role.
    """

    name: str
    path: str = "/"
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    trust: dict[str, Any] | None = None
    named: bool = True
    adopt: bool = False
    extends_trust: bool = True
    profile: str = ""
    of_karpenter: bool = False
