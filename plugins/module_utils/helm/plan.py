# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to happen with a release, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import Chart
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import index_objects, join_manifests, mask_secrets
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, collect_hooks, normalize_values
from ansible_collections.kumo.eks.plugins.module_utils.helm.varying import Varying

NOTE = "Not compared, because it renders differently each time:\n"


@dataclass(frozen=True)
class Plan:
    """What is to happen with a release.

    Args:
        action: install, upgrade, uninstall, rollback or none.
        reasons: why.
        before, after: the manifests.
        more: other renders of the manifests after.
        varying: what of them renders differently each time, where that was found out.
    """

    action: str
    reasons: list[str]
    before: str = ""
    after: str = ""
    more: list[str] = field(default_factory=list)
    varying: Varying | None = None

    @property
    def varying_paths(self) -> list[str]:
        return self.varying.paths if self.varying else []

    def build_diff(self, namespace: str, name: str) -> dict[str, str]:
        """Ansible's diff of the manifests, the values of Secrets hidden; empty texts where nothing differs."""
        index = self.varying.index if self.varying else index_objects
        before, after = mask_secrets(self.before, self.after, namespace, index)
        header = f"release {name} in {namespace}"
        shown = (before, after) if before != after else ("", "")
        note = NOTE + "".join(f"  {path}\n" for path in self.varying_paths)
        diff = {"before": shown[0], "after": shown[1], "before_header": header, "after_header": header}
        return {**diff, "prepared": note} if self.varying_paths else diff


def compare_inputs(current: Release, chart: Chart) -> list[str]:
    """Why an upgrade is needed, as far as status and chart tell."""
    reasons = []
    if current.status != "deployed":
        reasons.append(f"revision {current.revision} is {current.status}")
    if current.chart != chart.title or current.app_version != chart.app_version:
        reasons.append(f"chart {current.chart} -> {chart.title}")
    return reasons


def compare_rendering(
    current: Release, rendered: dict[str, Any], params: dict[str, Any], varying: Varying | None = None
) -> list[str]:
    """Why an upgrade is needed, as far as values, manifests and hooks tell.

    Args:
        rendered: the release that Helm would make; with ``offline`` from ``helm template``, which gives manifests alone.
        varying: what of the manifests renders differently each time, and does not count.
    """
    reasons, offline = [], rendered.get("offline")
    if not offline and normalize_values(current.values) != normalize_values(rendered.get("config") or {}):
        reasons.append("values")
    if params["compare"] == "manifests" or offline:
        if not _is_same_manifest(current.manifest, rendered["manifest"], varying):
            reasons.append("manifests")
        if not offline and not params["disable_hook"] and not _has_same_hooks(current, rendered, varying):
            reasons.append("hooks")
    return reasons


def _is_same_manifest(before: str, after: str, varying: Varying | None) -> bool:
    return varying.is_same(before, after) if varying else before.strip() == after.strip()


def _has_same_hooks(current: Release, rendered: dict[str, Any], varying: Varying | None) -> bool:
    before, after = current.hooks, collect_hooks(rendered)
    if varying is None or before == after:
        return before == after
    return varying.is_same(join_manifests("", *before.values()), join_manifests("", *after.values()))
