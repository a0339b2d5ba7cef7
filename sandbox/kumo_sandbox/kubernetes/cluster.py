"""The Kubernetes backend of one cluster: its endpoint from the start, its control plane from the first connection on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http import HTTPStatus
from logging import Logger
from pathlib import Path

from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.interfaces import AddonSpec, ApiRequest, ClusterView
from kumo_sandbox.kubernetes import fargate_scheduler
from kumo_sandbox.kubernetes.addon_conflicts import find_conflicts
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_collection_path, build_path
from kumo_sandbox.kubernetes.audit_log import list_requests
from kumo_sandbox.kubernetes.aws_auth import NodeMappings
from kumo_sandbox.kubernetes.cluster_log import build_logger
from kumo_sandbox.kubernetes.control_plane import AUDIT_LOG, ControlPlane, build_kubeconfig, write_private
from kumo_sandbox.kubernetes.ingresses import balance_ingresses
from kumo_sandbox.kubernetes.listener import Listener
from kumo_sandbox.kubernetes.load_balancers import ITS_LABEL, balance
from kumo_sandbox.kubernetes.pki import Pki, build_pki
from kumo_sandbox.kubernetes.provisioner import Provisioner
from kumo_sandbox.kubernetes.reconcile import Memory, Reconciler, cordon, evict_pods

DEBOUNCE = 0.05  # seconds: changes that come together are one
RETRY = 1.0  # seconds after a failed look
LOOK = 2.0  # seconds between looks at the view when nobody calls: some things happen there by the clock alone
FRESH = 30.0  # seconds a new connection waits at most for the changes that were made before it
WATCH = 300  # seconds of one watch
# What changes in a cluster and concerns us: namespaces (access policies name them), Fargate's pods, load balancers, volumes.
WATCHED: tuple[tuple[str, dict[str, str]], ...] = (
    (build_collection_path("v1", "Namespace"), {}),
    (build_collection_path("v1", "Pod"), fargate_scheduler.OURS),
    (build_collection_path("v1", "Service"), {}),
    (build_collection_path("networking.k8s.io/v1", "Ingress"), {}),
    (build_collection_path("apps/v1", "Deployment"), {"labelSelector": ITS_LABEL}),
    (build_collection_path("v1", "PersistentVolumeClaim"), {}),
    (build_collection_path("v1", "PersistentVolume"), {}),
)


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


class Worker:
    """The thread that makes a running control plane look like its view, and those that watch the cluster for it."""

    def __init__(
        self,
        url: str,
        pki: Pki,
        view: Callable[[], ClusterView | None],
        build_reconciler: Callable[[Api], Reconciler],
        aws: AwsSide,
        log: Logger,
    ) -> None:
        self._api = Api(url, pki)
        self._watchers = [(Api(url, pki), *watched) for watched in WATCHED]
        self._view = view
        self._load_balancers = aws.load_balancers
        self._reconciler = build_reconciler(self._api)
        self._provisioner = Provisioner(self._api, aws.volumes)
        self._node_mappings = NodeMappings(self._api)
        self._log = log
        self._errors: dict[str, str] = {}  # what is failing now, and how
        self._condition = threading.Condition()
        self._wanted = 1  # counts changes; what is applied follows
        self._applied = 0
        self._seen: ClusterView | None = None  # what was applied last
        self._stopped = threading.Event()
        self._try_once("reconcile", self._reconcile_once)
        _run_in_background(self._reconcile_for_ever)
        for watcher in self._watchers:
            _run_in_background(partial(self._watch_for_ever, *watcher))

    def settle_conflicts(self, lines: list[str], overwrite: bool) -> None:
        self._reconciler.settle_conflicts(lines, overwrite)
        self.wake()

    def wake(self) -> None:
        with self._condition:
            self._wanted += 1
            self._condition.notify_all()

    def wait_until_applied(self, seconds: float) -> None:
        """Until the view as it is now is applied, at most ``seconds``."""
        self._look()
        with self._condition:
            wanted = self._wanted
            self._condition.wait_for(lambda: self._applied >= wanted or self._stopped.is_set(), seconds)

    def stop(self) -> None:
        self._stopped.set()
        with self._condition:
            self._condition.notify_all()

    def _look(self) -> None:
        """Wake up if the view is another than the one that was applied."""
        if self._view() != self._seen:
            self.wake()

    def _reconcile_for_ever(self) -> None:
        while not self._stopped.is_set():
            with self._condition:
                due = self._condition.wait_for(lambda: self._wanted > self._applied or self._stopped.is_set(), LOOK)
            if not due:
                self._try_once("look", self._look)
            elif not self._stopped.wait(DEBOUNCE):
                self._try_once("reconcile", self._reconcile_once)
        self._api.close()

    def _reconcile_once(self) -> None:
        """What fails, or is not done yet, is tried again at the next look."""
        with self._condition:
            wanted = self._wanted
        self._seen = None
        try:
            view, done = self._view(), True
            if view:
                self._reconciler.reconcile(view)
                self._node_mappings.update(view)
                fargate_scheduler.schedule(self._api, view)
                served = balance_ingresses(self._api, view, self._load_balancers.ingresses)
                balanced = balance(self._api, view, self._load_balancers)
                done = all((served, balanced, self._provisioner.provision(view)))
            self._seen = view if done else None
        finally:
            with self._condition:
                self._applied = wanted
                self._condition.notify_all()

    def _watch_for_ever(self, api: Api, path: str, parameters: dict[str, str]) -> None:
        while not self._stopped.is_set():
            self._try_once(f"watch {path}", lambda: api.follow(path, self.wake, WATCH, **parameters))
        api.close()

    def _try_once(self, what: str, work: Callable[[], None]) -> None:
        """Log an error unless it is the one before, and pause; the caller tries again. While stopping it is expected."""
        try:
            work()
            self._errors.pop(what, None)
        except Exception as error:
            if not self._stopped.is_set():
                if self._errors.get(what) != repr(error):
                    self._log.exception(what)
                self._errors[what] = repr(error)
                self._stopped.wait(RETRY)


def _run_in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="kumo-cluster", daemon=True).start()
