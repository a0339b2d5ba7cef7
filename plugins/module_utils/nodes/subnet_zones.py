# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The zones of the subnets that groups of nodes are chosen from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_subnets
from ansible_collections.kumo.eks.plugins.module_utils.nodes.options import list_unplaced


def find_subnet_zones(ec2: Callable[[], Any], task: dict[str, Any]) -> dict[str, str]:
    """The zones of subnets by their IDs: those of the task, and what EC2 says of the others that its groups need.

    Args:
        ec2: makes boto3's client, which is needed where the task does not know a zone.
        task: the options of the task, with ``nodegroups``, as ``build_items`` takes them.
    """
    known, unknown = task.get("subnet_zones") or {}, list_unplaced(task)
    if task.get("state") == "absent" or not unknown:
        return known
    rows = describe_subnets(ec2(), unknown)
    return {**known, **{row["SubnetId"]: row["AvailabilityZone"] for row in rows}}
