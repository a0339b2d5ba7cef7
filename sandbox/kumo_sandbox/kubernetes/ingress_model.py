"""What the AWS Load Balancer Controller makes for a group of Ingresses: names, listeners, rules and target groups.

Names end with a digest, as at the controller's, and so are the same whenever the same group asks.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/main/pkg/ingress (model_build_*.go)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kumo_sandbox.aws_interfaces import ListenerSpec, LoadBalancerStack, RuleSpec, Targets, refuse_model
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.ingress_backends import Backends
from kumo_sandbox.kubernetes.ingress_groups import Group, Member, build_key, split_list, split_map
from kumo_sandbox.kubernetes.stack_names import hash_words, keep_letters

TAG_PREFIX = "ingress.k8s.aws"
SCHEMES = ("internet-facing", "internal")
EVERYWHERE = ("0.0.0.0/0",)
MOST = 32  # characters of a load balancer's name
ORDER = ("Exact", "Prefix", "ImplementationSpecific")  # rules in the order of their path types


@dataclass(frozen=True)
class Model:
    """Builds the stack of one group of a cluster, which has members. Raises StackRefusedError."""

    cluster: ClusterView
    group: Group
    backends: Backends

    def build(self) -> LoadBalancerStack:
        members = self.group.members
        scheme = self._agree("scheme") or "internal"
        if scheme not in SCHEMES:
            raise refuse_model(f"unknown scheme: {scheme}")
        groups = split_list(self._agree("security-groups"))
        tags: dict[str, str] = {}
        for member in members:
            tags.update(split_map(member.settings.get("tags", "")))
        listeners = self._build_listeners()
        return LoadBalancerStack(
            cluster=self.cluster.arn,
            prefix=TAG_PREFIX,
            kind="application",
            stack=self.group.name,
            name=self._agree_on_name() or self._build_name(scheme),
            group_name=self._build_name(""),
            internal=scheme == "internal",
            subnets=split_list(self._agree("subnets")),
            security_groups=groups,
            backend_group=not groups or self._agree("manage-backend-security-group-rules") == "true",
            listeners=listeners,
            target_groups=self.backends.list_built(),
            tags=tags,
            members=tuple(member.ingress["metadata"]["uid"] for member in members),
        )

    def _agree(self, name: str) -> str:
        """What the members say of one thing, empty where none says anything."""
        found = dict.fromkeys(each.settings[name] for each in self.group.members if each.settings.get(name))
        if len(found) > 1:
            raise refuse_model(f"conflicting {name}: {' | '.join(found)}")
        return next(iter(found), "")

    def _agree_on_name(self) -> str:
        name = self._agree("load-balancer-name")
        if len(name) > MOST:
            raise refuse_model("load balancer name cannot be longer than 32 characters")
        return name

    def _build_name(self, scheme: str) -> str:
        """k8s-NAMESPACE-NAME-DIGEST or k8s-GROUP-DIGEST, each cut short."""
        digest = hash_words(self.cluster.name, self.group.name, scheme)
        words = [keep_letters(word) for word in self.group.name.split("/")]
        long = 17 if len(words) == 1 else 8
        return f"k8s-{'-'.join(word[:long] for word in words)}-{digest}"

    def _build_listeners(self) -> tuple[ListenerSpec, ...]:
        """One for each port; members that share a port share its listener."""
        ports: dict[int, str] = {}
        by_port: dict[int, list[Member]] = {}
        for member in self.group.members:
            for port, protocol in read_ports(member).items():
                if ports.setdefault(port, protocol) != protocol:
                    key = build_key(member.ingress)
                    raise refuse_model(
                        f"failed to merge listenPort config for port: {port}: conflicting protocol, {key}: {protocol}"
                    )
                by_port.setdefault(port, []).append(member)
        return tuple(self._build_listener(port, ports[port], by_port[port]) for port in sorted(ports))

    def _build_listener(self, port: int, protocol: str, members: list[Member]) -> ListenerSpec:
        secure = protocol == "HTTPS"
        certificates = [arn for each in members for arn in split_list(each.settings.get("certificate-arn", ""))]
        unnamed = [each for each in members if not each.settings.get("certificate-arn")]
        sources = [block for each in members for block in split_list(each.settings.get("inbound-cidrs", ""))]
        defaults = [each for each in members if each.ingress["spec"].get("defaultBackend")]
        if len(defaults) > 1:
            raise refuse_model(
                f"multiple ingress defined default backend: {[build_key(each.ingress) for each in defaults]}"
            )
        return ListenerSpec(
            port=port,
            protocol=protocol,
            certificates=tuple(dict.fromkeys(certificates)) if secure else (),
            hosts=tuple(dict.fromkeys(host for each in unnamed for host in list_hosts(each.ingress))) if secure else (),
            sources=tuple(dict.fromkeys(sources)) or EVERYWHERE,
            default=self._find_target(defaults[0], defaults[0].ingress["spec"]["defaultBackend"]) if defaults else (),
            rules=tuple(rule for each in members for rule in self._build_rules(each)),
        )

    def _build_rules(self, member: Member) -> Iterator[RuleSpec]:
        for rule in member.ingress["spec"].get("rules") or []:
            hosts = (rule["host"],) if rule.get("host") else ()
            for path in sort_paths((rule.get("http") or {}).get("paths") or []):
                patterns = build_patterns(path)
                yield RuleSpec(
                    hosts, patterns or (() if hosts else ("/*",)), self._find_target(member, path["backend"])
                )

    def _find_target(self, member: Member, backend: Manifest) -> Targets:
        """The target group behind a backend, empty where there is none."""
        built = self.backends.build(self.cluster.name, self.group.name, member, backend)
        return ((built.name, 1),) if built else ()


def read_ports(member: Member) -> dict[int, str]:
    """The ports that an Ingress listens at, and their protocols."""
    raw = member.settings.get("listen-ports")
    if raw is None:
        return {443: "HTTPS"} if member.settings.get("certificate-arn") else {80: "HTTP"}
    try:
        rows = [(int(port), protocol) for entry in json.loads(raw) for protocol, port in entry.items()]
    except (ValueError, TypeError, AttributeError) as error:
        raise refuse_model(
            f"ingress: {build_key(member.ingress)}: failed to parse listen-ports configuration: `{raw}`"
        ) from error
    for port, protocol in rows:
        if not 1 <= port <= 65535:
            raise refuse_model(f"ingress: {build_key(member.ingress)}: listen port must be within [1, 65535]: {port}")
        if protocol not in ("HTTP", "HTTPS"):
            key = build_key(member.ingress)
            raise refuse_model(f"ingress: {key}: listen protocol must be within [HTTP, HTTPS]: {protocol}")
    if not rows:
        raise refuse_model(f"ingress: {build_key(member.ingress)}: empty listen-ports configuration: `{raw}`")
    return dict(rows)


def list_hosts(ingress: Manifest) -> list[str]:
    """The hosts that certificates are looked for."""
    named = [rule["host"] for rule in ingress["spec"].get("rules") or [] if rule.get("host")]
    return sorted({*named, *(host for row in ingress["spec"].get("tls") or [] for host in row.get("hosts") or [])})


def sort_paths(paths: list[Manifest]) -> list[Manifest]:
    """Exact ones first, then prefixes, the longest first, then the others in their order."""

    def rank(path: Manifest) -> tuple[int, int]:
        kind = path.get("pathType") or ORDER[-1]
        return ORDER.index(kind), -len(path.get("path") or "") if kind == "Prefix" else 0

    return sorted(paths, key=rank)


def build_patterns(path: Manifest) -> tuple[str, ...]:
    """The path patterns of a rule, none for any path."""
    text, kind = path.get("path") or "", path.get("pathType")
    if not text:
        return ()
    if kind == "Prefix" and text == "/":
        return ("/*",)
    if kind in ("Prefix", "Exact") and re.search(r"[*?]", text):
        raise refuse_model(f"{kind.lower()} path shouldn't contain wildcards: {text}")
    bare = text.removesuffix("/")
    return (bare, f"{bare}/*") if kind == "Prefix" else (text,)
