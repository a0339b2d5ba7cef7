"""A running sandbox: puts the account, moto, the server and the Kubernetes backend together."""

from __future__ import annotations

import logging
import tempfile
import threading
from functools import partial
from typing import Any

import boto3
import werkzeug.serving
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from kumo_sandbox.account import Account
from kumo_sandbox.agenda import Agenda
from kumo_sandbox.aws_interfaces import AwsSide
from kumo_sandbox.clock import Clock
from kumo_sandbox.eks import machine_images, self_managed
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.context import Settings
from kumo_sandbox.eks.control_planes import ControlPlanes
from kumo_sandbox.eks.load_balancers import LoadBalancers
from kumo_sandbox.eks.outposts import find_outpost
from kumo_sandbox.eks.store import Store
from kumo_sandbox.eks.volumes import Volumes
from kumo_sandbox.identity.enforcement import leave_decisions_to_us, set_enforced
from kumo_sandbox.interfaces import KubernetesBackend
from kumo_sandbox.moto_fixes.install import install_fixes, reset_moto
from kumo_sandbox.moto_fixes.parameters import offer_parameters
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.principals import ACCOUNT, make_administrator
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.server.app import App
from kumo_sandbox.server.control import Control
from kumo_sandbox.server.direct import ask, connect_directly
from kumo_sandbox.switches import Switches
from kumo_sandbox.toolchain import charts

REGION = "ap-northeast-1"
TICK = 0.25  # seconds between looks at what is due
log = logging.getLogger("kumo_sandbox")


class Sandbox:
    """A running sandbox in this process; use it in a ``with`` block.

    Args:
        speed: of the clock: 1, N or "instant".
        kubernetes: give clusters a real control plane (started when first reached).
        refuse_unsupported: refuse Kubernetes versions that AWS no longer offers.
        enforce_iam: IAM decides who may do what, see ``set_enforce_iam``.
        port: 0 takes a free one.
        quotas: those to raise or lower, as ``kumo_sandbox.quotas.DEFAULTS`` names them.
        switches: behaviours of AWS to switch on or off, see ``kumo_sandbox.switches.DEFAULTS``.
        region: of ``env`` and ``client``; its partition is the account's.
        latency: seconds of real time until a call is answered, as ``durations.LATENCY``; the sandbox's own calls are not late.
        state_dir: where the Kubernetes backend keeps its files; None for a folder that goes with the sandbox.
    """

    def __init__(
        self,
        speed: float | str = "instant",
        kubernetes: bool = False,
        refuse_unsupported: bool = False,
        port: int = 0,
        state_dir: str | None = None,
        region: str = REGION,
        enforce_iam: bool = False,
        quotas: dict[str, int] | None = None,
        switches: dict[str, bool] | None = None,
        latency: float = 0.0,
    ) -> None:
        agenda = Agenda(Clock(speed))
        settings = Settings(refuse_unsupported)
        self.account = Account(agenda.clock, region, settings, Store(agenda), Quotas(quotas), Switches(switches))
        self.kubernetes: KubernetesBackend | None = None
        self._with_kubernetes, self._state_dir, self._port = kubernetes, state_dir, port
        self._enforce_iam, self._latency = enforce_iam, latency
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stopped = threading.Event()
        self._clients: dict[str, Any] = {}

    # its life

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        install_fixes(self.store.agenda, self.quotas, self.switches)
        prefixes = (machine_images.PREFIX, machine_images.BOTTLEROCKET_PREFIX, machine_images.WINDOWS_PREFIX)
        offer_parameters(prefixes, machine_images.list_parameters)
        runtime.on_in_service = self._boot
        runtime.find_outpost = partial(find_outpost, self.store)
        reset_moto()
        self.keys = make_administrator(partition=self.account.partition.name)
        leave_decisions_to_us()
        set_enforced(self._enforce_iam)
        self._control = Control(self.account, self.reset)
        self._start_server()
        self.account.aws_context = AwsContext(self.endpoint, self.keys, self.region, self._connect)
        if self._with_kubernetes:
            self._start_kubernetes()
        threading.Thread(target=self._server.serve_forever, daemon=True, name="sandbox-server").start()
        threading.Thread(target=self._settle_for_ever, daemon=True, name="sandbox-agenda").start()

    def _start_server(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = App(self.account, self._control, self._latency)
        self._server = werkzeug.serving.make_server("127.0.0.1", self._port, self._app, threaded=True)
        self.endpoint = self._control.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def _start_kubernetes(self) -> None:
        from kumo_sandbox.kubernetes import KubernetesBackend as Backend

        if self._state_dir is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kumo-sandbox-")
        folder = self._state_dir or self._folder.name
        reviews = f"{self.endpoint}/_sandbox/kubernetes/token-review"
        side = (self.account.store, self.account.aws_context)
        aws = AwsSide(LoadBalancers(*side), Volumes(*side))
        self.kubernetes = self._control.kubernetes = Backend(folder, self.view, reviews, aws)
        self.account.control_planes = ControlPlanes(self.kubernetes)

    def _settle_for_ever(self) -> None:
        while not self._stopped.wait(TICK):
            try:
                self.account.store.settle()
            except Exception:
                log.exception("an end that was due failed")

    def stop(self) -> None:
        self._stopped.set()
        set_enforced(False)
        if self.kubernetes:
            self.kubernetes.stop()
        if self._folder:
            self._folder.cleanup()
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget every resource, call and fault; the administrator's key stays valid."""
        for cluster in list(self.account.store.clusters.values()):
            self.account.control_planes.remove(cluster.raw["arn"])
        # moto is one for the whole process: another sandbox in it may have taken the rules over.
        install_fixes(self.store.agenda, self.quotas, self.switches)
        runtime.on_in_service = self._boot
        runtime.find_outpost = partial(find_outpost, self.store)
        self.account.store.clear()
        self.restore_settings()
        self.recorder.changes += 1
        reset_moto()
        make_administrator(self.keys, partition=self.account.partition.name)
        set_enforced(self._enforce_iam)

    def restore_settings(self) -> None:
        """Forget what was recorded, answers that are late, faults, and changes of quotas and switches."""
        self._app.lag.clear()
        self.recorder.clear()
        self.faults.clear()
        self.quotas.reset()
        self.switches.reset()

    def _boot(self, region: str, state: Any) -> None:
        """An instance of an Auto Scaling group is in service, and may become a node."""
        self_managed.boot(self.account.build_context("", self.keys[0], region), state)

    # what tests and the command line use

    @property
    def env(self) -> dict[str, str]:
        """The environment that points boto3, and so Ansible, to the sandbox."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.keys[0],
            "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self, name: str) -> Any:
        """A boto3 client of the administrator."""
        if name not in self._clients:
            client = boto3.client(
                name,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=self.keys[0],
                aws_secret_access_key=self.keys[1],
            )
            self._clients[name] = self._connect(client)
        return self._clients[name]

    def _connect(self, client: Any) -> Any:
        return connect_directly(client, self._app)

    def ask(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request that botocore made in this process, without a connection."""
        return ask(self._app, request)

    @property
    def region(self) -> str:
        return self.account.region

    @property
    def clock(self) -> Clock:
        return self.account.clock

    @property
    def settings(self) -> Settings:
        return self.account.settings

    @property
    def store(self) -> Store:
        return self.account.store

    @property
    def aws_context(self) -> AwsContext:
        return self.account.aws_context

    @property
    def quotas(self) -> Quotas:
        """The account's quotas; ``sandbox.quotas.change({"vpcs": 50})`` raises one until ``reset``."""
        return self.account.quotas

    @property
    def switches(self) -> Switches:
        """The behaviours that are switched on; ``sandbox.switches.change({"short_pages": True})`` lasts until ``reset``."""
        return self.account.switches

    @property
    def recorder(self) -> Any:
        return self.account.recorder

    @property
    def faults(self) -> Any:
        return self.account.faults

    @property
    def chart_repository(self) -> str:
        """The URL of the chart repository; its charts are fetched where they are missing."""
        charts.ensure()
        return f"{self.endpoint}{charts.PATH}"

    def calls(self, service: str = "", operation: str = "") -> list[dict[str, object]]:
        return self.recorder.rows(service, operation)

    def add_fault(self, **words: object) -> None:
        self.faults.add(**words)

    def clear_faults(self) -> None:
        self.faults.clear()

    def set_enforce_iam(self, wanted: bool) -> None:
        """Whether IAM decides who may do what, from the next call on and until ``reset``."""
        set_enforced(wanted)

    def issuer_token(self, *arguments: Any, **options: Any) -> str:
        """A service account's token, see ``Account.sign_token``."""
        return self.account.sign_token(*arguments, **options)

    def share_vpc(self, vpc_id: str, owner: str) -> None:
        """Let a VPC be that of another account, which shares its subnets with this one."""
        from moto.ec2.models import ec2_backends

        from kumo_sandbox.moto_fixes.ec2.sharing import share  # after the rules that it goes before

        share(ec2_backends[ACCOUNT][self.region], vpc_id, owner)

    def status(self) -> dict[str, Any]:
        """Endpoint, clock, clusters with their children, control planes."""
        return self._control.describe_status()

    def view(self, arn: str) -> Any:
        """The cluster as its control plane must look."""
        return self.account.build_view(arn)
