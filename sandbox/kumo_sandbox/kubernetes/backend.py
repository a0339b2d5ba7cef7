"""KubernetesBackend: the clusters of one sandbox, as ``kumo_sandbox.interfaces`` asks for."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.interfaces import AddonSpec, ApiRequest, ClusterView
from kumo_sandbox.kubernetes.addons import can_addon_run
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.cluster import Cluster
from kumo_sandbox.kubernetes.pki import Pki
from kumo_sandbox.kubernetes.processes import kill_recorded
from kumo_sandbox.kubernetes.webhook import WebhookServer


class KubernetesBackend:
    """See ``kumo_sandbox.interfaces.KubernetesBackend``. Keeps everything below ``state_dir``/kubernetes."""

    def __init__(
        self,
        state_dir: str,
        view: Callable[[str], ClusterView | None],
        token_review_url: str,
        aws: AwsSide,
    ) -> None:
        """Begins with nothing: what an earlier run left (processes, folders) is cleared away."""
        self._folder = clear(state_dir)
        self._folder.mkdir(parents=True, mode=0o700)
        self._view = view
        self._token_review_url = token_review_url.rstrip("/")
        self._aws = aws
        self._clusters: dict[str, Cluster] = {}
        self._removals: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._webhooks: WebhookServer | None = None

    def endpoint(self, arn: str) -> tuple[str, str]:
        cluster = self._find_cluster(arn)
        return cluster.endpoint, cluster.ca_data

    def kubeconfig(self, arn: str) -> Path:
        """The administrator's kubeconfig, for looking around (0600, gone with the cluster)."""
        return self._find_cluster(arn).kubeconfig

    def start(self, arn: str) -> None:
        """Start the control plane now rather than at the first connection; returns when the API server answers."""
        self._find_cluster(arn).start()

    def sync(self, arn: str) -> None:
        if cluster := self._clusters.get(arn):
            cluster.sync()

    def addon_ready(self, arn: str, addon: str) -> bool:
        view = self._view(arn)
        return view is not None and can_addon_run(view, addon)

    def read_aws_auth(self, arn: str) -> dict[str, str]:
        cluster = self._clusters.get(arn)
        found = cluster.find("ConfigMap", "kube-system", "aws-auth") if cluster else None
        return (found or {}).get("data") or {}

    def list_requests(self, arn: str) -> list[ApiRequest]:
        cluster = self._clusters.get(arn)
        return cluster.list_requests() if cluster else []

    def cordon(self, arn: str, nodes: list[str]) -> None:
        cluster = self._clusters.get(arn)
        if cluster and cluster.started:
            cluster.cordon(nodes)

    def drain(self, arn: str, nodes: list[str], force: bool) -> list[str]:
        cluster = self._clusters.get(arn)
        return cluster.drain(nodes, force) if cluster and cluster.started else []

    def find_conflicts(self, arn: str, addon: AddonSpec, force: bool) -> list[str] | None:
        cluster, view = self._clusters.get(arn), self._view(arn)
        return cluster.find_conflicts(view, addon, force) if cluster and view and cluster.started else None

    def settle_conflicts(self, arn: str, lines: list[str], overwrite: bool) -> None:
        if cluster := self._clusters.get(arn):
            cluster.settle_conflicts(lines, overwrite)

    def remove(self, arn: str) -> None:
        """Returns at once: a cluster that is just starting reads its view, which the caller may hold locked."""
        with self._lock:
            if cluster := self._clusters.pop(arn, None):
                self._removals = [each for each in self._removals if each.is_alive()]
                self._removals.append(threading.Thread(target=cluster.remove, name="kumo-removal"))
                self._removals[-1].start()

    def status(self) -> list[dict[str, object]]:
        return [_build_row(arn, cluster) for arn, cluster in list(self._clusters.items())]

    def stop(self) -> None:
        for arn in list(self._clusters):
            self.remove(arn)
        for removal in self._removals:
            removal.join()
        if self._webhooks:
            self._webhooks.close()
            self._webhooks = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _find_cluster(self, arn: str) -> Cluster:
        with self._lock:
            if arn not in self._clusters:
                self._clusters[arn] = self._create_cluster(arn)
            return self._clusters[arn]

    def _create_cluster(self, arn: str) -> Cluster:
        # a separate folder: a removed cluster of the same name may still be on its way out
        folder = Path(tempfile.mkdtemp(prefix=f"{build_folder_name(arn)}-", dir=self._folder))
        return Cluster(
            arn,
            folder,
            lambda: self._view(arn),
            self._token_review_url,
            lambda: self._ensure_webhook_server().build_manifests(arn),
            self._aws,
        )

    def _ensure_webhook_server(self) -> WebhookServer:
        with self._lock:
            if self._webhooks is None:
                pki = Pki(self._folder / "webhooks", "kumo-sandbox-webhooks")
                self._webhooks = WebhookServer(pki, self._view, self._find_service_account)
            return self._webhooks

    def _find_service_account(self, arn: str, namespace: str, name: str) -> Manifest | None:
        cluster = self._clusters.get(arn)
        return cluster.find("ServiceAccount", namespace, name) if cluster else None


def clear(state_dir: str) -> Path:
    """Kill what a sandbox with this state folder left running, delete its clusters; their folder, which is gone."""
    folder = Path(state_dir).absolute() / "kubernetes"
    kill_recorded(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def build_folder_name(arn: str) -> str:
    """How a cluster's folder begins: region, account, name."""
    region, account, resource = arn.split(":", 5)[3:]
    return f"{region}-{account}-{resource.rpartition('/')[2]}"


def _build_row(arn: str, cluster: Cluster) -> dict[str, object]:
    return {
        "arn": arn,
        "endpoint": cluster.endpoint,
        "started": cluster.started,
        "pids": cluster.pids,
        "processes": cluster.processes,
        "resident_mib": round(cluster.resident_mib, 1),
    }
