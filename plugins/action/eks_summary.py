# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the summary of a run as a table."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.summary import build_summary, build_summary_spec
from ansible_collections.kumo.eks.plugins.plugin_utils.report import ReportAction


class ActionModule(ReportAction):
    """Builds the table from results that the tasks before have registered."""

    def build_spec(self) -> dict[str, Any]:
        return build_summary_spec()

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        return build_summary(args["results"], args["notes"], bool(self._task.check_mode))
