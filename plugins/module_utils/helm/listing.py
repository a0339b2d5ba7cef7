# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of a cluster, as Helm lists them."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm

PAGE = 256  # releases Helm lists at once


def list_releases(helm: Helm, namespace: str | None = None) -> list[dict[str, Any]]:
    """All releases in any status, page by page, by namespace and name.

    Raises:
        HelmError: the cluster refused it, or cannot be reached.
    """
    where = ["--namespace", namespace] if namespace else ["--all-namespaces"]
    args = ["list", *where, *([] if helm.is_v4 else ["--all"]), "--max", str(PAGE)]
    rows: list[dict[str, Any]] = []
    while True:
        page = helm.read_json(*args, "--offset", str(len(rows))) or []
        rows += page
        if len(page) < PAGE:
            found = sorted(rows, key=lambda row: (row["namespace"], row["name"]))
            return [{**row, "revision": int(row["revision"])} for row in found]
