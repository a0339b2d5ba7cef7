# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources about API versions that the next two minor versions of Kubernetes remove."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import read_managed, read_releases
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.removed_apis import list_removed

Row = dict[str, Any]
AHEAD = 2  # minor versions


@source()
def removed_api_managers(snapshot: Snapshot) -> list[Row]:
    """Objects that somebody writes by an API version that one of the next two minor versions removes: C(kind), C(namespace), C(name), C(api_version),
    C(manager), C(minor)."""
    own = parse_minor(snapshot.cluster["version"])
    return read_managed(snapshot.open_api(), list_removed(own, own + AHEAD))


@source()
def removed_api_releases(snapshot: Snapshot) -> list[Row]:
    """Objects in manifests of deployed Helm releases whose API version one of the next two minor versions no longer serves: C(namespace), C(name) of the
    release, C(api_version), C(kind), C(object), C(minor)."""
    return read_releases(snapshot.open_api(), parse_minor(snapshot.cluster["version"]) + AHEAD)
