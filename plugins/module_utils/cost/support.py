# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a Kubernetes version is in extended support, which costs more, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def describe_support(eks: Any, version: str) -> Row:
    """What EKS says of a Kubernetes version; empty where it does not know it."""
    rows = eks.describe_cluster_versions(clusterVersions=[version], includeAll=True)["clusterVersions"]
    return rows[0] if rows else {}


def read_support(row: Row) -> str:
    """STANDARD or EXTENDED. A version that is past both is upgraded by EKS, and charged as extended until then."""
    status = row.get("versionStatus") or ""
    return {"STANDARD_SUPPORT": "STANDARD", "EXTENDED_SUPPORT": "EXTENDED", "UNSUPPORTED": "EXTENDED"}.get(status, "")


def warn_of_support(name: str, version: str, row: Row) -> Iterator[str]:
    """When extended support begins, or ends, and what it costs."""
    standard, extended = (
        str(row.get(key) or "")[:10] for key in ("endOfStandardSupportDate", "endOfExtendedSupportDate")
    )
    if read_support(row) == "EXTENDED":
        yield (
            f"Cluster {name} pays for extended support of Kubernetes {version} since {standard or 'the end of standard support'},"
            f" until {extended or 'its end'}. An upgrade ends the charge: kumo.eks.upgrade."
        )
    elif standard:
        yield (
            f"Standard support of Kubernetes {version} ends on {standard}. From then on, cluster {name} pays for extended"
            " support: 0.50 USD an hour more in most regions."
        )
