# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The families of rules, by the letter that their IDs begin with. Pure."""

from __future__ import annotations

CUSTOM = "X"  # rules of users
FAMILIES = {
    "A": "control_plane",
    "B": "access",
    "C": "rbac",
    "D": "pod_security",
    "E": "data",
    "F": "network",
    "G": "nodes",
    "H": "addons",
    "I": "reliability",
    "J": "upgrade",
    "K": "observability",
    "L": "cost",
    "M": "scale",
    "N": "dangling",
    "O": "leaks",
    "P": "conditional",
    CUSTOM: "custom",
}
