"""What goes on in a running control plane: it is made to look like its view, and its controllers act."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from logging import Logger

from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes import fargate_scheduler
from kumo_sandbox.kubernetes.api import Api, build_collection_path
from kumo_sandbox.kubernetes.attacher import STORAGE, attach_volumes
from kumo_sandbox.kubernetes.aws_auth import NodeMappings
from kumo_sandbox.kubernetes.custom_kinds import DEFINITIONS, CustomKinds
from kumo_sandbox.kubernetes.gateways import balance_gateways
from kumo_sandbox.kubernetes.ingresses import balance_ingresses
from kumo_sandbox.kubernetes.load_balancers import ITS_LABEL, balance
from kumo_sandbox.kubernetes.pki import Pki
from kumo_sandbox.kubernetes.provisioner import Provisioner
from kumo_sandbox.kubernetes.reconcile import Reconciler
from kumo_sandbox.kubernetes.target_group_bindings import bind_targets

DEBOUNCE = 0.05  # seconds: changes that come together are one
RETRY = 1.0  # seconds after a failed look
LOOK = 2.0  # seconds between looks at the view when nobody calls: some things happen there by the clock alone
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
    (build_collection_path(STORAGE, "VolumeAttachment"), {}),
)


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
        self._connect = partial(Api, url, pki)
        self._kinds = CustomKinds(self._api)
        self._followed: set[str] = set()  # collections of custom resources
        self._view = view
        self._load_balancers, self._volumes = aws.load_balancers, aws.volumes
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
        for path, parameters in WATCHED:
            _run_in_background(partial(self._watch_for_ever, path, self.wake, parameters))
        _run_in_background(partial(self._watch_for_ever, DEFINITIONS, self._expire, {}))

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
        try:
            view, done = self._view(), True
            if view:
                self._reconciler.reconcile(view)
                self._node_mappings.update(view)
                fargate_scheduler.schedule(self._api, view)
                balanced = [balance(self._api, view, self._load_balancers), *self._act_as_controller(view)]
                attached = attach_volumes(self._api, view, self._volumes)
                done = all((*balanced, attached, self._provisioner.provision(view)))
            self._seen = view if done else None
        except Exception:
            self._seen = None
            raise
        finally:
            with self._condition:
                self._applied = wanted
                self._condition.notify_all()

    def _act_as_controller(self, view: ClusterView) -> list[bool]:
        """As the AWS Load Balancer Controller; whether each kind has what it needs."""
        stacks, served = self._load_balancers.stacks, self._kinds.read()
        for path in set(served.list_paths()) - self._followed:
            self._followed.add(path)
            _run_in_background(partial(self._watch_while_served, path))
        return [
            balance_ingresses(self._api, view, stacks),
            balance_gateways(self._api, view, stacks, served),
            bind_targets(self._api, view, stacks, served),
        ]

    def _expire(self) -> None:
        self._kinds.expire()
        self.wake()

    def _watch_for_ever(self, path: str, changed: Callable[[], None], parameters: dict[str, str]) -> None:
        api = self._connect()
        while not self._stopped.is_set():
            self._try_once(f"watch {path}", lambda: api.follow(path, changed, WATCH, **parameters))
        api.close()

    def _watch_while_served(self, path: str) -> None:
        """Until the CustomResourceDefinition of a collection is gone."""
        api, served = self._connect(), True
        while served and not self._stopped.is_set():
            served = self._try_once(f"watch {path}", lambda: api.follow(path, self.wake, WATCH))
        api.close()
        self._followed.discard(path)
        self.wake()

    def _try_once(self, what: str, work: Callable[[], None]) -> bool:
        """Whether it went well. Log an error unless it is the one before, and pause. While stopping it is expected."""
        try:
            work()
            self._errors.pop(what, None)
            return True
        except Exception as error:
            if not self._stopped.is_set():
                if self._errors.get(what) != repr(error):
                    self._log.exception(what)
                self._errors[what] = repr(error)
                self._stopped.wait(RETRY)
            return False


def _run_in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="kumo-cluster", daemon=True).start()
