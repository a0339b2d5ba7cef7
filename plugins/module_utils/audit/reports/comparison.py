# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed since an earlier audit. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import UNKNOWN, Row
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

FORMAT = 1  # of result.FORMAT
NEW, GONE, KEPT, NOT_KNOWN = "new", "gone", "kept", "not_known"
Key = tuple[str, str, str, str, str]


def read_previous(data: Any) -> list[Row] | None:
    """The clusters of an earlier JSON file; None for none. Raises ValidationError for something else."""
    if not data:
        return None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("clusters"), list):
        raise ValidationError(
            "previous: is not the JSON of an audit. Use a file that kumo.eks.audit has written (audit_json_file)."
        )
    return data["clusters"]


def get_key(cluster: Row, finding: Row) -> Key:
    """What makes two findings of different times the same."""
    return (cluster["account"], cluster["region"], cluster["cluster_name"], finding["id"], finding["resource"])


def compare(clusters: list[Row], previous: list[Row] | None) -> Row:
    """The findings that are new, gone, still there, or of which it is not known whether they are still there.

    Only clusters that were audited now are compared.
    """
    if previous is None:
        return {}
    now, before = _collect(clusters), _collect(previous)
    places = {key[:3] for cluster in clusters for key in [_get_place(cluster)] if not cluster.get("error")}
    seen = {key: row for key, row in before.items() if key[:3] in places}
    looked_at = {
        (*_get_place(cluster), check["id"])
        for cluster in clusters
        for check in cluster.get("checks") or []
        if check["verdict"] != UNKNOWN
    }
    missing = [key for key in seen if key not in now]
    return {
        NEW: _list_rows(now, (key for key in now if key not in seen)),
        KEPT: _list_rows(now, (key for key in now if key in seen)),
        GONE: _list_rows(seen, (key for key in missing if key[:4] in looked_at)),
        NOT_KNOWN: _list_rows(seen, (key for key in missing if key[:4] not in looked_at)),
    }


def _get_place(cluster: Row) -> tuple[str, str, str]:
    return (cluster.get("account", ""), cluster.get("region", ""), cluster.get("cluster_name", ""))


def _collect(clusters: Iterable[Row]) -> dict[Key, Row]:
    return {
        get_key(cluster, row): {"cluster": cluster["cluster_name"], **row}
        for cluster in clusters
        for row in cluster.get("findings") or []
    }


def _list_rows(rows: dict[Key, Row], keys: Iterable[Key]) -> list[Row]:
    names = ("cluster", "id", "name", "severity", "resource", "evidence")
    return [{name: rows[key][name] for name in names} for key in keys]
