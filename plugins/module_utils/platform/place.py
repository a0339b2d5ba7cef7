# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan has to know of the cluster. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A cluster, which need not exist yet.

    Args:
        version: its Kubernetes version, None where it is not known.
        vpc_id: its VPC, "" where it is not known.
        auto_mode: whether its nodes are those of EKS Auto Mode, which have the EKS Pod Identity Agent.
    """

    cluster: str
    region: str
    partition: str
    account: str
    version: str | None = None
    vpc_id: str = ""
    auto_mode: bool = False
    exists: bool = False
