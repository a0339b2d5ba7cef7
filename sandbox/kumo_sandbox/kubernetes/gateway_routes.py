"""Which listeners of a Gateway are valid, and which routes are attached to them.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/routeutils/listener_utils.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/routeutils/route_listener_mapper.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.custom_kinds import GATEWAYS
from kumo_sandbox.kubernetes.load_balancer_controller import ALB, NLB, ROUTES

PROTOCOLS = {ALB: ("HTTP", "HTTPS"), NLB: ("TCP", "UDP", "TLS")}
# The kinds of routes where a listener names none
DEFAULT_KINDS = {
    **{"TCP": ("TCPRoute",), "UDP": ("UDPRoute",), "TLS": ("TLSRoute", "TCPRoute")},
    **{"HTTP": ("HTTPRoute",), "HTTPS": ("HTTPRoute", "GRPCRoute")},
}
ACCEPTED = "Accepted"
NO_HOST = "Listener does not allow route attachment, no matching hostname"
NO_NAMESPACE = "Listener does not allow route attachment, namespace does not match between listener and route"
NO_KIND = "Listener does not allow route attachment, kind does not match between listener and route"
NO_PARENT = "Route parentRef does not match listener"


@dataclass(frozen=True)
class Verdict:
    """The status of a route at one of its parents; a reason says which of the two is False."""

    route: Manifest
    parent: Manifest
    accepted: bool = True
    resolved: bool = True
    reason: str = ""
    message: str = ""


@dataclass
class Listener:
    """One of a Gateway, with its routes: (route, the hosts that both have)."""

    spec: Manifest
    kinds: tuple[str, ...]
    reason: str = ACCEPTED
    message: str = "Listener is accepted."
    routes: list[tuple[Manifest, tuple[str, ...]]] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return self.reason == ACCEPTED


def read_listeners(gateway: Manifest, controller: str) -> list[Listener]:
    """The listeners, each valid or with the reason why it is not."""
    found: list[Listener] = []
    for spec in gateway["spec"].get("listeners") or []:
        named = [row["kind"] for row in (spec.get("allowedRoutes") or {}).get("kinds") or []]
        kinds = tuple(kind for kind in named or DEFAULT_KINDS.get(spec["protocol"], ()) if kind in ROUTES[controller])
        listener = Listener(spec, kinds)
        if problem := _find_problem(spec, controller, named, found):
            listener.reason, listener.message = problem
        found.append(listener)
    return found


def attach(
    gateway: Manifest, listeners: list[Listener], routes: Iterable[Manifest], namespaces: dict[str, dict[str, str]]
) -> list[Verdict]:
    """Attach routes to the listeners that take them; the status of each.

    Args:
        namespaces: their labels by their names.
    """
    return [
        _attach_to(listeners, route, parent, gateway["metadata"]["namespace"], namespaces)
        for route in routes
        for parent in route["spec"].get("parentRefs") or []
        if is_parent(gateway, route, parent)
    ]


def is_parent(gateway: Manifest, route: Manifest, parent: Manifest) -> bool:
    named = (parent.get("namespace") or route["metadata"]["namespace"], parent["name"])
    own = (gateway["metadata"]["namespace"], gateway["metadata"]["name"])
    return parent.get("kind", "Gateway") == "Gateway" and parent.get("group", GATEWAYS) == GATEWAYS and named == own


def _find_problem(spec: Manifest, controller: str, named: list[str], before: list[Listener]) -> tuple[str, str] | None:
    name, port, protocol = spec["name"], spec["port"], spec["protocol"]
    if any(kind not in ROUTES[controller] for kind in named):
        return "InvalidRouteKinds", f"Invalid route kind for listener {name}"
    if protocol not in PROTOCOLS[controller]:
        return "UnsupportedProtocol", f"Unsupported protocol {protocol} for listener {name}"
    same = [each.spec for each in before if each.spec["port"] == port]
    if any({each["protocol"], protocol} not in ({protocol}, {"TCP", "UDP"}) for each in same):
        return "ProtocolConflict", f"Protocol conflict for port {port}"
    host = spec.get("hostname")
    if host and any(each.get("hostname") == host for each in same):
        return "HostnameConflict", f"Hostname conflict for port {port} with hostname {host}"
    return None


def _attach_to(
    listeners: list[Listener], route: Manifest, parent: Manifest, namespace: str, namespaces: dict[str, dict[str, str]]
) -> Verdict:
    """One listener that takes it is enough."""
    wanted = [
        each
        for each in listeners
        if parent.get("sectionName", each.spec["name"]) == each.spec["name"]
        and parent.get("port", each.spec["port"]) == each.spec["port"]
    ]
    problems = []
    for listener in wanted:
        problem = _find_mismatch(listener, route, namespace, namespaces)
        if problem:
            problems.append(problem)
        else:
            listener.routes.append((route, _match_hosts(listener.spec.get("hostname"), route) or ()))
    if len(problems) < len(wanted):
        return Verdict(route, parent)
    reason, message = problems[0] if problems else ("NoMatchingParent", NO_PARENT)
    return Verdict(route, parent, accepted=False, reason=reason, message=message)


def _find_mismatch(
    listener: Listener, route: Manifest, namespace: str, namespaces: dict[str, dict[str, str]]
) -> tuple[str, str] | None:
    allowed = (listener.spec.get("allowedRoutes") or {}).get("namespaces") or {}
    if not _allows(allowed, route["metadata"]["namespace"], namespace, namespaces):
        return "NotAllowedByListeners", NO_NAMESPACE
    if route["kind"] not in listener.kinds:
        return "NotAllowedByListeners", NO_KIND
    if _match_hosts(listener.spec.get("hostname"), route) is None:
        return "NoMatchingListenerHostname", NO_HOST
    return None


def _allows(allowed: Manifest, wanted: str, own: str, namespaces: dict[str, dict[str, str]]) -> bool:
    scope = allowed.get("from", "Same")
    if scope == "Selector":
        labels = (allowed.get("selector") or {}).get("matchLabels") or {}
        return labels.items() <= namespaces.get(wanted, {}).items()
    return scope == "All" or (scope == "Same" and wanted == own)


def _match_hosts(host: str | None, route: Manifest) -> tuple[str, ...] | None:
    """The hosts of a route at a listener, none for all hosts; None where they have none in common."""
    own = tuple(route["spec"].get("hostnames") or ())
    if route["kind"] in ("TCPRoute", "UDPRoute"):
        return ()
    if not own:
        return (host,) if host else ()
    if not host:
        return own
    common = [found for each in own if (found := _choose_narrower(each, host))]
    return tuple(common) or None


def _choose_narrower(one: str, other: str) -> str:
    """Of two hosts that overlap the one that says more, empty where they do not."""
    if one == other or (other.startswith("*.") and one.endswith(other[1:])):
        return one
    return other if one.startswith("*.") and other.endswith(one[1:]) else ""
