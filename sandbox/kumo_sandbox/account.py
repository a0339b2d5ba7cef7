"""The account that a sandbox acts out: its clusters, its clock, its recorder and faults, and who calls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from kumo_sandbox.clock import Clock
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.context import Context, Settings
from kumo_sandbox.eks.control_planes import ControlPlanes
from kumo_sandbox.eks.issuer import IssuerKey
from kumo_sandbox.eks.store import Store
from kumo_sandbox.eks.views import build_view
from kumo_sandbox.faults import Faults
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.partitions import OPT_IN_REGIONS, Partition, find_partition
from kumo_sandbox.principals import ACCOUNT, find_principal, normalize_to_iam_arn
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.recorder import Recorder
from kumo_sandbox.switches import Switches


@dataclass
class Account:
    """What every room of the server reads.

    ``aws_context`` and ``control_planes`` are set when the server has its address.
    """

    clock: Clock
    region: str
    settings: Settings
    store: Store
    quotas: Quotas
    switches: Switches
    faults: Faults = field(default_factory=Faults)
    recorder: Recorder = field(default_factory=Recorder)
    control_planes: ControlPlanes = field(default_factory=ControlPlanes)
    aws_context: AwsContext = field(init=False)

    @property
    def partition(self) -> Partition:
        """The partition that the account is in."""
        return find_partition(self.region)

    def has_region(self, region: str) -> bool:
        """Whether the account's keys are good in a region: one of its partition that needs no opt-in, or its own."""
        return find_partition(region) == self.partition and (region == self.region or region not in OPT_IN_REGIONS)

    def build_context(self, operation: str, access_key: str, region: str) -> Context:
        """What the handler of an EKS operation gets."""
        return Context(
            self.store,
            self.aws_context,
            self.control_planes,
            self.faults,
            self.settings,
            self.quotas,
            self.switches,
            region or self.region,
            ACCOUNT,
            normalize_to_iam_arn(self.find_caller(access_key)),
            operation,
        )

    def find_caller(self, access_key: str) -> str:
        """The ARN of an access key's owner, the account's root user for a key nobody has."""
        found = find_principal(access_key)
        return found[0] if found else f"arn:{self.partition.name}:iam::{ACCOUNT}:root"

    def build_view(self, arn: str) -> ClusterView | None:
        """The cluster as its control plane must look, None when it is gone."""
        return build_view(self.store, self.aws_context, arn)

    def find_issuer(self, name: str) -> tuple[str, IssuerKey] | None:
        """URL and key of a cluster's issuer, by its URL or the last part of it; None when the cluster is gone."""
        with self.store.lock:
            for cluster in self.store.clusters.values():
                url = cluster.raw["identity"]["oidc"]["issuer"]
                if name in (url, url.rsplit("/", 1)[1]):
                    return url, cluster.issuer_key
        return None

    def find_issuer_key(self, name: str) -> IssuerKey | None:
        found = self.find_issuer(name)
        return found[1] if found else None

    def sign_token(
        self, cluster: str, namespace: str, account: str, audience: str = "sts.amazonaws.com", seconds: int = 3600
    ) -> str:
        """A service account's token, signed with the key of the cluster's issuer as its API server would sign it.

        For what an API server does not give: a token that is expired (``seconds`` below 0), or one without a control
        plane. The service account need not exist. Raises KeyError where the cluster does not.
        """
        now = int(time.time())
        with self.store.lock:
            found = self.store.clusters[(self.region, cluster)]
        issued_at = now + min(seconds - 600, 0)
        claims = {
            "aud": [audience],
            "exp": now + seconds,
            "iat": issued_at,
            "iss": found.raw["identity"]["oidc"]["issuer"],
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": "none"}},
            "nbf": issued_at,
            "sub": f"system:serviceaccount:{namespace}:{account}",
        }
        return found.issuer_key.sign(claims)
