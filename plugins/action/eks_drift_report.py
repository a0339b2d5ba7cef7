# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what differs between clusters and their declarations."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.drift import build_drift, build_drift_spec
from ansible_collections.kumo.eks.plugins.plugin_utils.report import ReportAction


class ActionModule(ReportAction):
    """Builds the table from what the tasks before have found."""

    def build_spec(self) -> dict[str, Any]:
        return build_drift_spec()

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        return build_drift(args["clusters"])
