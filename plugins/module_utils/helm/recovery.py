# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases that an interrupted run left pending, and what a failed run left behind. Pure but for the rollback itself."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, HelmFailed, ReleasePending
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError, compute_age
from ansible_collections.kumo.eks.plugins.module_utils.helm.operations import ReleaseOperations
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release

# https://github.com/helm/helm/blob/main/pkg/release/common/status.go, and how such a release is freed
PENDING = {
    "pending-install": "kept as revision {}, without its hooks",
    "pending-upgrade": "rolled back to revision {}",
    "pending-rollback": "rolled back to revision {}",
    "uninstalling": "finished the uninstallation",
}
WORKED = ("deployed", "superseded")  # statuses of a revision that Helm once brought up
History = list[dict[str, Any]]


def get_recover_after(params: dict[str, Any]) -> int:
    """Seconds for which a release has to be pending: longer than a run that is still working would take."""
    given = params["recover_after"]
    return max(600, 2 * params["wait_timeout"]) if given is None else given


def find_last_working(revision: int, history: History) -> int | None:
    """The last revision before this one that worked, None where there is none."""
    rows = [row for row in history if row["revision"] < revision and row["status"] in WORKED]
    return rows[-1]["revision"] if rows else None


def find_rollback_target(current: Release, history: History) -> int | None:
    """The revision to which a pending release is freed: the last that worked, or else the one before.

    None where it is being uninstalled. A first installation is rolled back to itself: it goes on as Helm itself goes on
    after one that failed, by upgrades, which keep what was created.
    """
    if current.status == "uninstalling":
        return None
    before = [row["revision"] for row in history if row["revision"] < current.revision]
    if current.status == "pending-install" or not before:
        return current.revision
    return find_last_working(current.revision, history) or before[-1]


def validate_recovery(current: Release, history: History, title: str, params: dict[str, Any]) -> str:
    """How a pending release is freed, for the result.

    Raises:
        ValidationError: that is not requested, or somebody may still be working on it.
    """
    age = compute_age(current.updated)
    state = f"{title} is {current.status} at revision {current.revision} since {age:.0f} s"
    how = PENDING[current.status].format(find_rollback_target(current, history))
    recovered = f"{how}, which was {current.status} since {age:.0f} s"
    if current.status == "uninstalling" and params.get("state") == "absent":
        return recovered  # whoever is still at it wants the same
    if not params["recover"]:
        reason = f"{state}: a run was interrupted, or is still in progress. Set recover=true to recover it"
        raise ReleasePending(reason, **current.build_facts())
    after = get_recover_after(params)
    if age < after:
        reason = f"{state}: a run may still be in progress. It is recovered after recover_after ({after} s)"
        raise ReleasePending(reason, **current.build_facts())
    return recovered


def recover(operations: ReleaseOperations, current: Release, history: History) -> None:
    """Free a pending release. Nothing that runs is removed, except what was being uninstalled."""
    target = find_rollback_target(current, history)
    if target is None:
        operations.uninstall()
    else:
        operations.rollback_pending(target)


def build_failure(error: HelmError, before: Release | None, after: Release | None, pods: str, atomic: bool) -> EksError:
    """A failure of Helm with what became of the release and which pods were to blame."""
    if after is None:
        state = "Nothing of the release is left" if atomic else "There is no release"
    elif before is not None and after.revision > before.revision + 1 and after.status == "deployed":
        state = f"It was rolled back: {after.description}, as revision {after.revision}"
    else:
        state = f"It is {after.status} at revision {after.revision}"
    message = f"{error.message}. {state}." + (f" Not ready: {pods}" if pods else "")
    changed = _identify(before) != _identify(after)
    return HelmFailed(message, **{**error.facts, **(after.build_facts() if after else {}), "changed": changed})


def _identify(release: Release | None) -> tuple[int, str] | None:
    """What a failed run may have moved."""
    return (release.revision, release.status) if release else None
