# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to happen with a release, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import mask_secrets
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, collect_hooks, normalize_values


@dataclass(frozen=True)
class Plan:
    """An action (install, upgrade, uninstall, rollback, none), why, and the manifests before and after."""

    action: str
    reasons: list[str]
    before: str = ""
    after: str = ""

    def build_diff(self, namespace: str, name: str) -> dict[str, str]:
        """Ansible's diff of the manifests, the values of Secrets hidden; empty texts where nothing differs."""
        before, after = mask_secrets(self.before, self.after, namespace)
        header = f"release {name} in {namespace}"
        shown = (before, after) if before != after else ("", "")
        return {"before": shown[0], "after": shown[1], "before_header": header, "after_header": header}


def compare_inputs(current: Release, chart: Chart) -> list[str]:
    """Why an upgrade is needed, as far as status and chart tell."""
    reasons = []
    if current.status != "deployed":
        reasons.append(f"revision {current.revision} is {current.status}")
    if current.chart != chart.title or current.app_version != chart.app_version:
        reasons.append(f"chart {current.chart} -> {chart.title}")
    return reasons


def compare_rendering(current: Release, rendered: dict[str, Any], params: dict[str, Any]) -> list[str]:
    """Why an upgrade is needed, as far as values, manifests and hooks tell.

    Args:
        rendered: the release that Helm would make; with ``offline`` from ``helm template``, which gives manifests alone.
    """
    reasons, offline = [], rendered.get("offline")
    if not offline and normalize_values(current.values) != normalize_values(rendered.get("config") or {}):
        reasons.append("values")
    if params["compare"] == "manifests" or offline:
        if current.manifest.strip() != rendered["manifest"].strip():
            reasons.append("manifests")
        if not offline and not params["disable_hook"] and current.hooks != collect_hooks(rendered):
            reasons.append("hooks")
    return reasons
