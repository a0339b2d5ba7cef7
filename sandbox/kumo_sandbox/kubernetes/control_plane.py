"""One cluster's control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok for kubelets."""

from __future__ import annotations

import base64
import ipaddress
import json
import shutil
import socket
import time
from pathlib import Path

import requests

from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.pki import Pki
from kumo_sandbox.kubernetes.processes import Processes, measure_resident_mib
from kumo_sandbox.toolchain import binaries

PATIENCE = 120.0  # seconds the API server may take on a busy machine
ATTEMPTS = 2  # a port that was free may be taken when the program binds it
STAGES = Path(__file__).with_name("stages.kwok")
# Who asks for which version of the API groups that have lost versions, for EKS' insights: one line a request.
# https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
AUDIT_LOG = "audit.log"
AUDITED_GROUPS = ("flowcontrol.apiserver.k8s.io",)
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "Metadata", "resources": [{"group": group} for group in AUDITED_GROUPS]},
        {"level": "None"},
    ],
}
POD_CIDR = "100.64.0.0/16"  # pods' addresses: from the range the VPC CNI's custom networking is used with
AUDIENCES = "https://kubernetes.default.svc,sts.amazonaws.com"
# A collector that runs more often, and at most two threads: a small cluster needs no more.
GO_ENVIRONMENT = {"GOGC": "60", "GOMAXPROCS": "2"}


class ControlPlaneError(RuntimeError):
    """A program did not come up; the message has its last lines."""


class ControlPlane:
    """The processes of one cluster in one folder; ``url`` is where the API server really listens."""

    def __init__(self, folder: Path, pki: Pki, token_review_url: str) -> None:
        self.folder = folder
        self.pki = pki
        self.url = ""
        self._token_review_url = token_review_url
        self._processes = Processes(folder)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the API server."""
        return "127.0.0.1", int(self.url.rsplit(":", 1)[1])

    @property
    def pids(self) -> dict[str, int]:
        return self._processes.pids

    @property
    def resident_mib(self) -> float:
        return measure_resident_mib(list(self.pids.values()))

    def healthy(self) -> bool:
        """Whether all that was started still runs."""
        return bool(self.pids) and not self._processes.ended()

    def start(self, view: ClusterView) -> None:
        """Start everything and wait for the API server; etcd's data of an earlier start is kept.

        Raises ControlPlaneError, after stopping what had started.
        """
        tools = {name: str(path) for name, path in binaries.ensure(binaries.CONTROL_PLANE).items()}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_all(tools, view)
                return
            except ControlPlaneError:
                self.stop()
                if attempt == ATTEMPTS:
                    raise

    def stop(self) -> None:
        self._processes.stop()

    def _start_all(self, tools: dict[str, str], view: ClusterView) -> None:
        etcd_port, api_port = find_free_ports(2)
        self.url = f"https://127.0.0.1:{api_port}"
        self._write_files(view)
        self._start(self._build_etcd(tools["etcd"], etcd_port))
        self._start(self._build_api_server(tools["kube-apiserver"], view, etcd_port, api_port))
        self._wait_for_api_server()
        self._start(self._build_controller_manager(tools["kube-controller-manager"], view))
        self._start(self._build_scheduler(tools["kube-scheduler"]))
        self._start(self._build_kwok(tools["kwok"]))

    def _start(self, command: list[str]) -> None:
        self._processes.start(Path(command[0]).name, command, GO_ENVIRONMENT)

    def _write_files(self, view: ClusterView) -> None:
        service_address = str(ipaddress.ip_network(view.service_cidr)[1])
        names = (
            "localhost",
            "127.0.0.1",
            service_address,
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        )
        self.pki.issue("server", "kube-apiserver", hosts=names)
        self.pki.issue("etcd", "etcd", hosts=("127.0.0.1",))
        self.pki.service_account_keys(view.signing_key)
        webhook = build_kubeconfig(f"{self._token_review_url}/{view.arn}")
        write_private(self.folder / "token-webhook.json", webhook)
        write_private(self.folder / "internal.kubeconfig", build_kubeconfig(self.url, self.pki, "admin"))
        shutil.copyfile(STAGES, self.folder / "stages.yaml")
        (self.folder / "audit-policy.json").write_text(json.dumps(AUDIT_POLICY))

    def _build_etcd(self, program: str, port: int) -> list[str]:
        url = f"https://127.0.0.1:{port}"
        return [
            program,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            "--listen-peer-urls=http://127.0.0.1:0",
            f"--cert-file={self.pki.path('etcd.crt')}",
            f"--key-file={self.pki.path('etcd.key')}",
            f"--trusted-ca-file={self.pki.path('ca.crt')}",
            "--client-cert-auth",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _build_api_server(self, program: str, view: ClusterView, etcd_port: int, port: int) -> list[str]:
        return [
            program,
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--etcd-servers=https://127.0.0.1:{etcd_port}",
            f"--etcd-cafile={self.pki.path('ca.crt')}",
            f"--etcd-certfile={self.pki.path('etcd.crt')}",
            f"--etcd-keyfile={self.pki.path('etcd.key')}",
            f"--tls-cert-file={self.pki.path('server.crt')}",
            f"--tls-private-key-file={self.pki.path('server.key')}",
            f"--client-ca-file={self.pki.path('ca.crt')}",
            f"--service-cluster-ip-range={view.service_cidr}",
            f"--service-account-issuer={view.issuer}",
            *([f"--service-account-jwks-uri={view.issuer}/keys"] if view.issuer.startswith("https:") else []),
            f"--service-account-signing-key-file={self.pki.path('sa.key')}",
            f"--service-account-key-file={self.pki.path('sa.pub')}",
            f"--api-audiences={AUDIENCES}",
            f"--authentication-token-webhook-config-file={self.folder / 'token-webhook.json'}",
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=2s",
            "--authorization-mode=Node,RBAC",
            # those that a cluster's users bring are pods here, which never answer
            "--disable-admission-plugins=ValidatingAdmissionWebhook",
            "--allow-privileged",
            f"--audit-policy-file={self.folder / 'audit-policy.json'}",
            f"--audit-log-path={self.folder / AUDIT_LOG}",
            "--endpoint-reconciler-type=none",
            "--enable-priority-and-fairness=false",
            "--max-requests-inflight=200",
            "--max-mutating-requests-inflight=100",
            "--profiling=false",
        ]

    def _build_controller_manager(self, program: str, view: ClusterView) -> list[str]:
        return [
            program,
            f"--kubeconfig={self.folder / 'internal.kubeconfig'}",
            f"--cluster-name={view.name}",
            f"--root-ca-file={self.pki.path('ca.crt')}",
            f"--cluster-signing-cert-file={self.pki.path('ca.crt')}",
            f"--cluster-signing-key-file={self.pki.path('ca.key')}",
            f"--service-account-private-key-file={self.pki.path('sa.key')}",
            "--secure-port=0",
            "--leader-elect=false",
            "--profiling=false",
        ]

    def _build_scheduler(self, program: str) -> list[str]:
        return [
            program,
            f"--kubeconfig={self.folder / 'internal.kubeconfig'}",
            "--secure-port=0",
            "--leader-elect=false",
            "--profiling=false",
        ]

    def _build_kwok(self, program: str) -> list[str]:
        return [
            program,
            f"--kubeconfig={self.folder / 'internal.kubeconfig'}",
            f"--config={self.folder / 'stages.yaml'}",
            "--manage-all-nodes",
            f"--cidr={POD_CIDR}",
            "--node-lease-duration-seconds=40",
        ]

    def _wait_for_api_server(self) -> None:
        end = time.monotonic() + PATIENCE
        with requests.Session() as session:
            session.cert = (self.pki.path("admin.crt"), self.pki.path("admin.key"))
            session.verify = self.pki.path("ca.crt")
            session.trust_env = False
            while not self._is_ready(session):
                for name in self._processes.ended():
                    raise ControlPlaneError(f"{name} ended:\n{self._processes.last_lines(name)}")
                if time.monotonic() > end:
                    raise ControlPlaneError(
                        f"not ready in {PATIENCE:.0f} s:\n{self._processes.last_lines('kube-apiserver')}"
                    )
                time.sleep(0.1)

    def _is_ready(self, session: requests.Session) -> bool:
        try:
            return session.get(f"{self.url}/readyz", timeout=5).ok
        except requests.RequestException:
            return False


def build_kubeconfig(server: str, pki: Pki | None = None, client: str | None = None) -> str:
    """A kubeconfig (JSON is YAML) for ``server``; with the CA of ``pki`` and its client certificate, all embedded."""
    cluster = {"server": server} | ({"certificate-authority-data": pki.ca_data} if pki else {})
    user = {}
    if pki and client:
        user = {
            f"client-{kind}-data": _encode(pki, f"{client}.{end}")
            for kind, end in (("certificate", "crt"), ("key", "key"))
        }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": "sandbox", "user": user}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
            "current-context": "sandbox",
        }
    )


def _encode(pki: Pki, name: str) -> str:
    return base64.b64encode((pki.folder / name).read_bytes()).decode()


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def find_free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for dummy in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
