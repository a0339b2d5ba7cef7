"""What the AWS Load Balancer Controller makes for a Gateway: names, listeners, rules and target groups.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/main/pkg/gateway/model
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kumo_sandbox.aws_interfaces import ListenerSpec, LoadBalancerStack, RuleSpec, Targets, refuse_model
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.gateway_backends import RouteBackends
from kumo_sandbox.kubernetes.gateway_configurations import Settings
from kumo_sandbox.kubernetes.gateway_routes import Listener
from kumo_sandbox.kubernetes.ingress_groups import build_key
from kumo_sandbox.kubernetes.ingress_model import EVERYWHERE, SCHEMES, build_patterns
from kumo_sandbox.kubernetes.load_balancer_controller import ALB, NLB
from kumo_sandbox.kubernetes.stack_names import build_name

TAG_PREFIXES = {ALB: "gateway.k8s.aws.alb", NLB: "gateway.k8s.aws.nlb"}
KINDS = {ALB: "application", NLB: "network"}
SECURE = ("HTTPS", "TLS")
ANY = {"path": {"type": "PathPrefix", "value": "/"}}  # the match of a rule that has none
PATH_TYPES = {"PathPrefix": "Prefix", "Exact": "ImplementationSpecific", "RegularExpression": "ImplementationSpecific"}
NO_BACKEND = "500"
NO_HOSTS = (
    "No hostnames found for TLS cert discovery for listener on gateway {gateway} with protocol:port {protocol}:{port}"
)
Attached = tuple[Manifest, tuple[str, ...]]  # a route, and its hosts at a port


@dataclass(frozen=True)
class GatewayModel:
    """Builds the stack of one Gateway. Raises StackRefusedError.

    Args:
        controller: gateway.k8s.aws/alb, gateway.k8s.aws/nlb
    """

    cluster: ClusterView
    controller: str
    gateway: Manifest
    settings: Settings
    listeners: list[Listener]
    backends: RouteBackends

    def build(self) -> LoadBalancerStack:
        spec, metadata = self.settings.spec, self.gateway["metadata"]
        scheme = spec.get("scheme", "internal")
        if scheme not in SCHEMES:
            raise refuse_model(f"unknown scheme: {scheme}")
        place, uid = (metadata["namespace"], metadata["name"]), metadata["uid"]
        groups = tuple(spec.get("securityGroups") or ())
        open_to_all = self.controller == NLB and spec.get("disableSecurityGroup", False)
        listeners = tuple(self._build_listeners())
        return LoadBalancerStack(
            cluster=self.cluster.arn,
            prefix=TAG_PREFIXES[self.controller],
            stack=build_key(self.gateway),
            kind=KINDS[self.controller],
            name=spec.get("loadBalancerName") or build_name(*place, self.cluster.name, uid, scheme),
            group_name="" if open_to_all else build_name(*place, self.cluster.name, *reversed(place), uid),
            internal=scheme == "internal",
            subnets=tuple(row["identifier"] for row in spec.get("loadBalancerSubnets") or []),
            security_groups=groups,
            backend_group=not open_to_all and (not groups or spec.get("manageBackendSecurityGroupRules", False)),
            listeners=listeners,
            target_groups=self.backends.list_built(),
            tags=spec.get("tags") or {},
            members=(uid,),
        )

    def _build_listeners(self) -> Iterator[ListenerSpec]:
        """One for each port; a Network Load Balancer has none without a target."""
        valid = [each for each in self.listeners if each.valid]
        for port in sorted({each.spec["port"] for each in valid}):
            same = [each for each in valid if each.spec["port"] == port]
            routes = sort_routes([row for each in same for row in each.routes])
            protocols = sorted({each.spec["protocol"] for each in same})
            default = self._build_default(routes) if self.controller == NLB else ()
            if default or self.controller == ALB:
                yield self._build_listener(port, "_".join(protocols), same, routes, default)

    def _build_listener(
        self, port: int, protocol: str, listeners: list[Listener], routes: list[Attached], default: Targets
    ) -> ListenerSpec:
        secure = protocol in SECURE
        named = [each.spec["hostname"] for each in listeners if each.spec.get("hostname")]
        hosts = dict.fromkeys([*named, *(host for _route, own in routes for host in own)])
        certificates = self.settings.find_certificates(protocol, port) if secure else ()
        if secure and not (certificates or hosts):
            raise refuse_model(NO_HOSTS.format(gateway=build_key(self.gateway), protocol=protocol, port=port))
        return ListenerSpec(
            port=port,
            protocol=protocol,
            certificates=certificates,
            hosts=tuple(hosts) if secure and not certificates else (),
            sources=tuple(self.settings.spec.get("sourceRanges") or EVERYWHERE),
            default=default,
            rules=tuple(self._build_rules(routes)) if self.controller == ALB else (),
        )

    def _build_default(self, routes: list[Attached]) -> Targets:
        """Where a listener of a Network Load Balancer sends everything: what its oldest route says."""
        rules = routes[0][0]["spec"].get("rules") or [] if routes else []
        targets = [target for rule in rules for target in self._build_targets(routes[0][0], rule)]
        return tuple(targets) if any(weight for _name, weight in targets) else ()

    def _build_rules(self, routes: list[Attached]) -> list[RuleSpec]:
        """A rule for each match at each host, the narrowest first."""
        rows = [
            (_rank(host, path), RuleSpec((host,) if host else (), build_paths(path), targets, NO_BACKEND))
            for route, hosts in routes
            for rule in route["spec"].get("rules") or []
            for targets in [self._build_targets(route, rule)]
            for path in list_paths(route, rule)
            for host in hosts or ("",)
        ]
        return [rule for _order, rule in sorted(rows, key=lambda row: row[0])]

    def _build_targets(self, route: Manifest, rule: Manifest) -> Targets:
        prefix = TAG_PREFIXES[self.controller]
        return self.backends.build_targets(self.cluster.name, self.gateway, self.settings, route, rule, prefix)


def sort_routes(routes: list[Attached]) -> list[Attached]:
    """The oldest first, each once."""
    once = {(route["kind"], build_key(route)): (route, hosts) for route, hosts in reversed(routes)}
    return sorted(once.values(), key=lambda row: (row[0]["metadata"].get("creationTimestamp", ""), build_key(row[0])))


def list_paths(route: Manifest, rule: Manifest) -> list[Manifest]:
    """The paths that a rule of a route matches."""
    matches = rule.get("matches") or [ANY]
    if route["kind"] == "HTTPRoute":
        return [match.get("path") or ANY["path"] for match in matches]
    methods = [match.get("method") or {} for match in matches]
    return [
        {"type": "Exact", "value": f"/{row.get('service', '*')}/{row.get('method', '*')}"} if row else ANY["path"]
        for row in methods
    ]


def build_paths(path: Manifest) -> tuple[str, ...]:
    """The path patterns of a rule."""
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    return build_patterns({"path": value, "pathType": PATH_TYPES[kind]})


def _rank(host: str, path: Manifest) -> tuple[bool, bool, int, bool, int]:
    """Hosts before none, whole ones before wildcards, long ones first; then exact paths, then long ones."""
    exact = path.get("type") == "Exact"
    return not host, host.startswith("*"), -len(host), not exact, -len(path.get("value", "/"))
