"""The kinds of controllers that a cluster serves because somebody installed their CustomResourceDefinitions."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from kumo_sandbox.kubernetes.api import Api, ApiError, build_collection_path

DEFINITIONS = build_collection_path("apiextensions.k8s.io/v1", "CustomResourceDefinition")
GATEWAYS, CONFIGURATIONS = "gateway.networking.k8s.io", "gateway.k8s.aws"
ENDPOINTS = build_collection_path(
    "discovery.k8s.io/v1", "EndpointSlice"
)  # what a TargetGroupBinding's targets come from
# The newest version first: all versions of a kind are the same objects.
VERSIONS = {
    "Gateway": (f"{GATEWAYS}/v1",),
    "GatewayClass": (f"{GATEWAYS}/v1",),
    "HTTPRoute": (f"{GATEWAYS}/v1",),
    "GRPCRoute": (f"{GATEWAYS}/v1",),
    "TCPRoute": (f"{GATEWAYS}/v1", f"{GATEWAYS}/v1alpha2"),
    "UDPRoute": (f"{GATEWAYS}/v1", f"{GATEWAYS}/v1alpha2"),
    "TLSRoute": (f"{GATEWAYS}/v1", f"{GATEWAYS}/v1alpha2"),
    "ReferenceGrant": (f"{GATEWAYS}/v1", f"{GATEWAYS}/v1beta1"),
    "LoadBalancerConfiguration": (f"{CONFIGURATIONS}/v1", f"{CONFIGURATIONS}/v1beta1"),
    "TargetGroupConfiguration": (f"{CONFIGURATIONS}/v1", f"{CONFIGURATIONS}/v1beta1"),
    "ListenerRuleConfiguration": (f"{CONFIGURATIONS}/v1", f"{CONFIGURATIONS}/v1beta1"),
    "TargetGroupBinding": ("elbv2.k8s.aws/v1beta1",),
}
UNWATCHED = ("ReferenceGrant", "ListenerRuleConfiguration")


@dataclass(frozen=True)
class Served:
    """What a cluster serves of these kinds.

    Args:
        kinds: (version, kind).
        since: when the CustomResourceDefinition of a group and kind was created, by its name.
    """

    kinds: frozenset[tuple[str, str]] = frozenset()
    since: dict[str, str] = field(default_factory=dict)

    def find_version(self, kind: str) -> str | None:
        """The newest version of a kind, None where it is not served."""
        return next((version for version in VERSIONS[kind] if (version, kind) in self.kinds), None)

    def list_paths(self) -> list[str]:
        """The collections whose changes concern the controllers."""
        versions = {kind: self.find_version(kind) for kind in VERSIONS if kind not in UNWATCHED}
        paths = [build_collection_path(version, kind) for kind, version in versions.items() if version]
        return [*paths, *([ENDPOINTS] if versions["TargetGroupBinding"] else [])]


class CustomKinds:
    """Remembers what is served: nothing is asked until a CustomResourceDefinition changes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._served = Served()
        self._stale = True

    def expire(self) -> None:
        """A definition has changed. Called from any thread."""
        self._stale = True

    def read(self) -> Served:
        if self._stale:
            self._stale = False  # before the look: what changes meanwhile makes another one due
            try:
                self._served = self._look()
            except Exception:
                self._stale = True
                raise
        return self._served

    def _look(self) -> Served:
        groups = self._api.get("/apis")["groups"]
        there = {row["groupVersion"] for group in groups for row in group["versions"]}
        versions = there & {version for each in VERSIONS.values() for version in each}
        kinds = {(version, kind) for version in versions for kind in self._list_kinds(version)}
        if not kinds:
            return Served()
        rows = self._api.list_metadata(DEFINITIONS)
        return Served(frozenset(kinds), {row["name"]: row["creationTimestamp"] for row in rows})

    def _list_kinds(self, version: str) -> set[str]:
        try:
            return {row["kind"] for row in self._api.get(f"/apis/{version}")["resources"]}
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:  # it went meanwhile
                raise
            return set()
