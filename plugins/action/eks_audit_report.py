# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints what audits of clusters have found."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.report import build_report, build_report_spec
from ansible_collections.kumo.eks.plugins.plugin_utils.report import ReportAction


class ActionModule(ReportAction):
    """Builds the reports from the results of eks_audit_info."""

    def build_spec(self) -> dict[str, Any]:
        return build_report_spec()

    def build_report(self, args: dict[str, Any]) -> dict[str, Any]:
        return build_report(args["audits"], args["previous"], args["fail_on"])
