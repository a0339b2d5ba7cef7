# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the records that Helm writes of its releases, while a playbook runs."""

from __future__ import annotations

import threading
from types import TracebackType

from chaos.place import Place
from kubernetes import client, config
from support.account.kubernetes import RELEASE
from urllib3.exceptions import HTTPError

PAUSE = 0.1  # seconds between looks


class Records:
    """In a ``with`` block.

    Attributes:
        number: records that were written, changed or deleted since the block began. Where there are no control planes: 0.
    """

    def __init__(self, place: Place) -> None:
        self.number = 0
        self._seen: dict[str, str] = {}
        self._place = place
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Records:
        if self._place.declaration.kubernetes:
            self._seen = self._list()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            now = self._list()
            self.number += sum(self._seen.get(uid) != now.get(uid) for uid in {*self._seen, *now})
            self._seen = now

    def _list(self) -> dict[str, str]:
        """Each record's version; none where no control plane runs."""
        assert self._place.sandbox.kubernetes
        found = {}
        for row in self._place.sandbox.kubernetes.status():
            if row["started"]:
                path = str(self._place.sandbox.kubernetes.kubeconfig(row["arn"]))
                api = client.CoreV1Api(config.new_client_from_config(path))
                try:
                    secrets = api.list_secret_for_all_namespaces(field_selector=f"type={RELEASE}").items
                except (client.ApiException, HTTPError):  # it starts or stops
                    return self._seen
                found |= {secret.metadata.uid: secret.metadata.resource_version for secret in secrets}
        return found
