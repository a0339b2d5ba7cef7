"""The target groups of Services that Ingresses name.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/ingress/model_build_target_group.go
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kumo_sandbox.aws_interfaces import StackRefusedError, TargetGroupSpec, refuse_model
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.ingress_groups import PREFIX, Member, build_key, split_map
from kumo_sandbox.kubernetes.service_pods import choose_target_port, list_open_ports
from kumo_sandbox.kubernetes.stack_names import build_name

ANNOTATION = "use-annotation"  # a port of this name: an annotation says what is done with the request
TARGETS = ("instance", "ip")
PROTOCOLS = ("HTTP", "HTTPS")
VERSIONS = ("HTTP1", "HTTP2", "GRPC")


class Backends:
    """The Services of a cluster as backends of one group of Ingresses; remembers the target groups it has built.

    Args:
        list_pods: gives the pods of a Service.
    """

    def __init__(self, services: Iterable[Manifest], list_pods: Callable[[Manifest], list[Manifest]]) -> None:
        self._services = {build_key(each): each for each in services}
        self._list_pods = list_pods
        self._built: dict[str, TargetGroupSpec] = {}

    def list_built(self) -> tuple[TargetGroupSpec, ...]:
        return tuple(self._built.values())

    def build(self, cluster: str, group: str, member: Member, backend: Manifest) -> TargetGroupSpec | None:
        """The target group of a backend; None where its Service is not there, or an annotation takes its place.

        The controller tolerates a missing Service by default: its requests are answered with 503.
        """
        wanted = backend.get("service")
        if wanted is None:
            raise _refuse(member, 'missing required "service" field')
        port = wanted.get("port") or {}
        service = self._services.get(f"{member.ingress['metadata']['namespace']}/{wanted['name']}")
        if service is None or port.get("name") == ANNOTATION:
            return None
        spec = self._build_spec((cluster, group), member, service, str(port.get("name") or port.get("number")))
        return self._built.setdefault(spec.name, spec)

    def _build_spec(self, place: tuple[str, str], member: Member, service: Manifest, asked: str) -> TargetGroupSpec:
        settings = {**member.settings, **_read_annotations(service)}
        kind = _choose(member, settings, "target-type", TARGETS)
        protocol = _choose(member, settings, "backend-protocol", PROTOCOLS)
        version = _choose(member, settings, "backend-protocol-version", VERSIONS)
        row = _find_port(member, service, asked)
        port = _choose_port(member, row, kind)
        key, metadata = build_key(member.ingress), service["metadata"]
        words = (*place, *key.split("/"), metadata["uid"], asked, str(port), kind, protocol, version)
        tags = {**split_map(member.settings.get("tags", "")), **split_map(_read_annotations(service).get("tags", ""))}
        return TargetGroupSpec(
            name=build_name(metadata["namespace"], metadata["name"], *words),
            port=port,
            protocol=protocol,
            target_type=kind,
            open_ports=(port,) if kind == "instance" else list_open_ports(self._list_pods(service), row),
            tags={**tags, "ingress.k8s.aws/resource": f"{key}-{metadata['name']}:{asked}"},
        )


def _read_annotations(manifest: Manifest) -> dict[str, str]:
    rows = manifest["metadata"].get("annotations") or {}
    return {key.removeprefix(PREFIX): value for key, value in rows.items() if key.startswith(PREFIX)}


def _choose(member: Member, settings: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed values; the first is the default."""
    value = settings.get(name, allowed[0])
    if value not in allowed:
        raise _refuse(member, f"{name} must be within [{', '.join(allowed)}]: {value}")
    return value


def _find_port(member: Member, service: Manifest, asked: str) -> Manifest:
    for row in service["spec"].get("ports") or []:
        if asked in (row.get("name"), str(row["port"])):
            return dict(row)
    raise _refuse(member, f"unable to find port {asked} on service {build_key(service)}")


def _choose_port(member: Member, row: Manifest, kind: str) -> int:
    port = choose_target_port(row, kind)
    if port is None:
        raise _refuse(
            member,
            "TargetGroup port is empty. When using Instance targets, your service be must of type 'NodePort' or"
            " 'LoadBalancer'",
        )
    return port


def _refuse(member: Member, message: str) -> StackRefusedError:
    return refuse_model(f"ingress: {build_key(member.ingress)}: {message}")
