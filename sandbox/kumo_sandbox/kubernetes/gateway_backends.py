"""The target groups of Services that the routes of a Gateway name.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/model/model_build_target_group.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/routeutils/backend_service.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kumo_sandbox.aws_interfaces import TargetGroupSpec, Targets, refuse_model
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.gateway_configurations import Configurations, Settings
from kumo_sandbox.kubernetes.ingress_groups import build_key
from kumo_sandbox.kubernetes.service_pods import choose_target_port, list_open_ports
from kumo_sandbox.kubernetes.stack_names import build_name

PROTOCOLS = {"TCPRoute": "TCP", "UDPRoute": "UDP", "TLSRoute": "TLS", "HTTPRoute": "HTTP", "GRPCRoute": "HTTP"}
EMPTY_PORT = (
    "TargetGroup port is empty. When using Instance targets, your service must be of type 'NodePort' or 'LoadBalancer'"
)


class BackendProblem(ValueError):
    """A backend that a route names and does not get; ``reason`` is that of the route's condition ResolvedRefs."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RouteBackends:
    """The Services of a cluster as backends of one Gateway; remembers the target groups it has built.

    Args:
        grants: ReferenceGrants.
        list_pods: gives the pods of a Service.
    """

    def __init__(
        self,
        services: Iterable[Manifest],
        grants: Iterable[Manifest],
        configurations: Configurations,
        list_pods: Callable[[Manifest], list[Manifest]],
    ) -> None:
        self._services = {build_key(each): each for each in services}
        self._grants = list(grants)
        self._configurations = configurations
        self._list_pods = list_pods
        self._built: dict[str, TargetGroupSpec] = {}

    def list_built(self) -> tuple[TargetGroupSpec, ...]:
        return tuple(self._built.values())

    def find_problem(self, route: Manifest) -> BackendProblem | None:
        """The first of a route's backends that it does not get."""
        for rule in route["spec"].get("rules") or []:
            for backend in rule.get("backendRefs") or []:
                try:
                    self._find(route, backend)
                except BackendProblem as problem:
                    return problem
        return None

    def build_targets(
        self, cluster: str, gateway: Manifest, settings: Settings, route: Manifest, rule: Manifest, prefix: str
    ) -> Targets:
        """The target groups of a rule. Backends that it does not get are left out. Raises StackRefusedError."""
        targets = []
        for backend in rule.get("backendRefs") or []:
            try:
                service, row = self._find(route, backend)
            except BackendProblem:
                continue
            spec = self._build(cluster, gateway, settings, route, service, row, prefix)
            self._built.setdefault(spec.name, spec)
            targets.append((spec.name, backend.get("weight", 1)))
        return tuple(targets)

    def _find(self, route: Manifest, backend: Manifest) -> tuple[Manifest, Manifest]:
        """A Service and the row of its port. Raises BackendProblem."""
        own = route["metadata"]["namespace"]
        namespace, name, port = backend.get("namespace") or own, backend["name"], backend.get("port")
        if backend.get("kind", "Service") != "Service":
            raise BackendProblem("InvalidKind", "Unknown backend reference kind")
        if port is None:
            raise BackendProblem("UnsupportedValue", "Port is required")
        if namespace != own and not self._is_granted(route, namespace, name):
            raise BackendProblem("RefNotPermitted", "No explicit ReferenceGrant exists to allow the reference.")
        service = self._services.get(f"{namespace}/{name}")
        if service is None:
            raise BackendProblem("BackendNotFound", f"Service ({namespace}:{name}) not found)")
        for row in service["spec"].get("ports") or []:
            if row["port"] == port:
                return service, row
        raise BackendProblem("BackendNotFound", f"Unable to find service port for port {port}")

    def _is_granted(self, route: Manifest, namespace: str, name: str) -> bool:
        asks = (route["kind"], route["metadata"]["namespace"])
        for grant in self._grants:
            spec = grant["spec"]
            if grant["metadata"]["namespace"] != namespace or asks not in [
                (row["kind"], row["namespace"]) for row in spec["from"]
            ]:
                continue
            if any(row["kind"] == "Service" and row.get("name", name) == name for row in spec["to"]):
                return True
        return False

    def _build(
        self,
        cluster: str,
        gateway: Manifest,
        settings: Settings,
        route: Manifest,
        service: Manifest,
        row: Manifest,
        prefix: str,
    ) -> TargetGroupSpec:
        fields = self._configurations.find_target_group(settings, service, route)
        kind, protocol = fields.get("targetType", "instance"), fields.get("protocol") or PROTOCOLS[route["kind"]]
        target = row.get("targetPort", row["port"])
        port = _choose_port(row, kind)
        keys = [build_key(each) for each in (gateway, route, service)]
        digest = (*(word for key in keys for word in key.split("/")), route["kind"], str(port), kind, protocol)
        namespace, name = keys[1].split("/")
        resource = f"{keys[0]}:{namespace}-{name}:{route['kind']}-{keys[2].replace('/', '-')}:{target}"
        return TargetGroupSpec(
            name=fields.get("targetGroupName") or build_name(namespace, name, cluster, *digest, str(target)),
            port=port,
            protocol=protocol,
            target_type=kind,
            open_ports=(port,) if kind == "instance" else list_open_ports(self._list_pods(service), row),
            tags={**(fields.get("tags") or {}), f"{prefix}/resource": resource},
        )


def _choose_port(row: Manifest, kind: str) -> int:
    """Raises StackRefusedError."""
    port = choose_target_port(row, kind)
    if port is None:
        raise refuse_model(EMPTY_PORT)
    return port
