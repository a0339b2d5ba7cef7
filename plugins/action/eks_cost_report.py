# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what clusters cost as tables."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cost.fleet_report import build_report, build_report_spec
from ansible_collections.kumo.eks.plugins.plugin_utils.report import ReportAction


class ActionModule(ReportAction):
    """Builds the tables from what eks_cost_info has found of each cluster."""

    def build_spec(self) -> dict[str, Any]:
        return build_report_spec()

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        return build_report(args["clusters"])
