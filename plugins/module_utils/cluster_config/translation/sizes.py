# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many nodes a node group of a ClusterConfig has, with eksctl's defaults. Pure."""

from __future__ import annotations

from typing import Any

NODES = 2  # where the file says nothing
MOST = 1  # where it asks for none: a node group's maximum is at least 1


def build_scaling_config(group: dict[str, Any]) -> dict[str, int]:
    """scaling_config: min_size, max_size, desired_size, each taken from the others where it is left out."""
    desired = group.get("desiredCapacity")
    least = group.get("minSize", NODES if desired is None else desired)
    desired = least if desired is None else desired
    return {"min_size": least, "max_size": group.get("maxSize", desired or MOST), "desired_size": desired}
