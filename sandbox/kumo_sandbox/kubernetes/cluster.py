"""The Kubernetes backend of one cluster: its endpoint from the start, its control plane from the first connection on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http import HTTPStatus
from pathlib import Path

from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.interfaces import AddonSpec, ApiRequest, ClusterView
from kumo_sandbox.kubernetes.addon_conflicts import find_conflicts
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path
from kumo_sandbox.kubernetes.audit_log import list_requests
from kumo_sandbox.kubernetes.cluster_log import build_logger
from kumo_sandbox.kubernetes.control_plane import AUDIT_LOG, ControlPlane, build_kubeconfig, write_private
from kumo_sandbox.kubernetes.listener import Listener
from kumo_sandbox.kubernetes.pki import build_pki
from kumo_sandbox.kubernetes.reconcile import Memory, Reconciler, cordon, evict_pods
from kumo_sandbox.kubernetes.worker import Worker

FRESH = 30.0  # seconds a new connection waits at most for the changes that were made before it


class Cluster:
    """One cluster in one folder. Public methods may be called from any thread."""

    def __init__(
        self,
        arn: str,
        folder: Path,
        view: Callable[[], ClusterView | None],
        token_review_url: str,
        webhooks: Callable[[], list[Manifest]],
        aws: AwsSide,
    ) -> None:
        self.folder = folder
        self._view = view
        self._webhooks = webhooks
        self._aws = aws
        self._pki = build_pki(folder, arn)
        self._control_plane = ControlPlane(folder, self._pki, token_review_url)
        self._log = build_logger(arn, folder)
        self._memory = Memory()
        self._starting = threading.Lock()
        self._worker: Worker | None = None
        self._removed = False
        self._listener = Listener(self._pki, self._is_ready, self._target)
        self.kubeconfig = folder / "admin.kubeconfig"
        write_private(self.kubeconfig, build_kubeconfig(self.endpoint, self._pki, "admin"))

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self._listener.port}"

    @property
    def ca_data(self) -> str:
        return self._pki.ca_data

    @property
    def started(self) -> bool:
        return self._control_plane.healthy()

    @property
    def processes(self) -> dict[str, int]:
        """Name and process id of what runs."""
        return self._control_plane.pids

    @property
    def pids(self) -> list[int]:
        return list(self._control_plane.pids.values())

    @property
    def resident_mib(self) -> float:
        return self._control_plane.resident_mib

    def sync(self) -> None:
        """Something changed; a cluster that is not started will see it when it starts."""
        if worker := self._worker:
            worker.wake()

    def start(self) -> None:
        """Start what does not run, and have the view applied once before anybody connects."""
        with self._starting:
            if not self._control_plane.healthy():
                self._start()

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """An object of the core API group as the running API server has it now, None where it has none."""
        metadata = {"namespace": namespace, "name": name}
        with closing(Api(self._control_plane.url, self._pki)) as api:
            try:
                return api.get(build_path({"apiVersion": "v1", "kind": kind, "metadata": metadata}))
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                return None

    def list_requests(self) -> list[ApiRequest]:
        """What was asked of the API groups that the control plane takes down, oldest first."""
        return list_requests(self.folder / AUDIT_LOG)

    def cordon(self, nodes: list[str]) -> None:
        """Let no more pods go to nodes."""
        with closing(Api(self._control_plane.url, self._pki)) as api:
            for name in nodes:
                cordon(api, name)

    def drain(self, nodes: list[str], force: bool) -> list[str]:
        """Evict the pods of nodes; the nodes that pods are left on."""
        with closing(Api(self._control_plane.url, self._pki)) as api:
            return evict_pods(api, nodes, force)

    def find_conflicts(self, view: ClusterView, addon: AddonSpec, force: bool) -> list[str]:
        """The fields that keep an add-on from being applied."""
        with closing(Api(self._control_plane.url, self._pki)) as api:
            return find_conflicts(api, view, addon, force)

    def settle_conflicts(self, lines: list[str], overwrite: bool) -> None:
        """Leave these fields to those who have changed them, or write over them."""
        if worker := self._worker:
            worker.settle_conflicts(lines, overwrite)

    def remove(self) -> None:
        """End everything and delete the folder."""
        self._removed = True
        self._listener.close()
        with self._starting:
            self._stop()
        for handler in self._log.handlers[:]:
            self._log.removeHandler(handler)
            handler.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        return self._worker is not None and self._control_plane.healthy()

    def _target(self) -> tuple[str, int]:
        """Where the listener sends a connection."""
        self.start()
        if worker := self._worker:
            worker.wait_until_applied(FRESH)
        return self._control_plane.address

    def _start(self) -> None:
        self._stop()
        view = self._view()
        if view is None or self._removed:
            raise LookupError(f"the cluster behind {self.endpoint} is gone")
        try:
            self._control_plane.start(view)
            url = self._control_plane.url
            build = partial(Reconciler, extra=self._webhooks(), memory=self._memory)
            self._worker = Worker(url, self._pki, self._view, build, self._aws, self._log)
        except Exception:
            self._log.exception("the control plane did not start")
            self._stop()
            raise

    def _stop(self) -> None:
        if self._worker:
            self._worker.stop()
            self._worker = None
        self._control_plane.stop()
