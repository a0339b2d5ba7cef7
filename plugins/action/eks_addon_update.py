# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of eks_addon_update: in check mode it prints the plan and the gates, as that of eks_upgrade."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.action.eks_upgrade import ActionModule

__all__ = ["ActionModule"]
