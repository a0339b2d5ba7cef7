# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following objects while they change. A watch that the API server ends, or that lost its place, goes on by itself.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, Object, build_query
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.errors import KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import Kind

MAX_STREAM = 300.0  # seconds; a longer one is asked for again, with a token that is good by then
SLACK = 15.0  # seconds by which the end of an idle stream may be late
PAUSE = 1.0  # seconds before a broken stream is asked for again


@dataclass(frozen=True)
class Change:
    """What became of an object.

    Args:
        type: "ADDED", "MODIFIED" or "DELETED". What exists when the watch begins is "ADDED".
        object: the object, or what was last seen of it.
    """

    type: str
    object: Object


class Watch:
    """Follows the objects of a list.

    Args:
        api: the cluster's Kubernetes API.
        kind: what is followed, with namespace and selectors as in ``KubernetesApi.list``.
    """

    def __init__(
        self, api: KubernetesApi, kind: Kind, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> None:
        self._api, self._kind, self._namespace = api, kind, namespace
        self._labels, self._fields = label_selector, field_selector
        self._known: dict[str, Object] = {}  # by uid
        self._version = ""  # where the stream goes on; empty: by a list

    def follow(self, seconds: float) -> Iterator[Change]:
        """The changes of the next seconds, as they come. A caller that has seen enough stops asking.

        Raises:
            KubernetesError: the API server does not allow it.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self._version:
                yield from self._list()
            try:
                yield from self._stream(min(left, MAX_STREAM))
            except KubernetesError as error:
                self._recover(error, until)

    def _recover(self, error: KubernetesError, until: float) -> None:
        """Go on after the loss of the place (410: by a list) or of the connection (by a new stream)."""
        if error.status == 410:
            self._version = ""
        elif error.status == 0:
            time.sleep(max(0.0, min(PAUSE, until - time.monotonic())))
        else:
            raise error

    def _list(self) -> Iterator[Change]:
        """What a list finds, compared with what was known: also what was deleted while nobody looked."""
        seen: dict[str, Object] = {}
        first = ""
        for page in self._api.list_pages(self._kind, self._namespace, self._labels, self._fields):
            # The first page's version: where the list itself had to be continued by newer data, the stream repeats it.
            first = first or page["metadata"]["resourceVersion"]
            seen |= {row["metadata"]["uid"]: row for row in page["items"]}
        before, self._known, self._version = self._known, seen, first
        for uid, row in seen.items():
            if uid not in before:
                yield Change("ADDED", row)
            elif _get_version(before[uid]) != _get_version(row):
                yield Change("MODIFIED", row)
        for uid in before.keys() - seen.keys():
            yield Change("DELETED", before[uid])

    def _stream(self, seconds: float) -> Iterator[Change]:
        query = build_query(
            watch="true",
            resourceVersion=self._version,
            allowWatchBookmarks="true",
            timeoutSeconds=str(math.ceil(seconds)),
            labelSelector=self._labels,
            fieldSelector=self._fields,
        )
        for event in self._api.stream(self._kind.build_path(self._namespace), query, seconds + SLACK):
            change = self._take(event["type"], event["object"])
            if change:
                yield change

    def _take(self, kind: str, row: Object) -> Change | None:
        """Remember an event. A bookmark only moves the place."""
        if kind == "ERROR":
            raise KubernetesError(
                f"The watch of {self._kind.plural} ended: {row.get('code')} {row.get('message')}",
                int(row.get("code") or 500),
                str(row.get("reason") or ""),
                row,
            )
        self._version = _get_version(row)
        if kind == "BOOKMARK":
            return None
        uid = row["metadata"]["uid"]
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = row
        return Change(kind, row)


def _get_version(row: Object) -> str:
    return row["metadata"]["resourceVersion"]
