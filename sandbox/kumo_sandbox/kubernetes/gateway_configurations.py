"""What GatewayClasses, Gateways and Services say in the custom resources of the AWS Load Balancer Controller.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/loadbalancerconfig/
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/lb_config_merger.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/tg_config_constructor.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kumo_sandbox.kubernetes.api import Manifest

KIND = "LoadBalancerConfiguration"
PROTECTION = "deletion_protection.enabled"
PREFER_GATEWAY = "prefer-gateway"


class MissingConfiguration(LookupError):
    """A configuration that is named and not there."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f'loadbalancerconfigurations.gateway.k8s.aws "{name}" not found')
        self.namespace, self.name = namespace, name


@dataclass(frozen=True)
class Settings:
    """The merged fields of a LoadBalancerConfiguration, by their names."""

    spec: Manifest

    @property
    def is_protected(self) -> bool:
        rows = {row["key"]: row["value"] for row in self.spec.get("loadBalancerAttributes") or []}
        return rows.get(PROTECTION) == "true"

    def find_certificates(self, protocol: str, port: int) -> tuple[str, ...]:
        """The ARNs that a listener names, its default first."""
        for row in self.spec.get("listenerConfigurations") or []:
            if row["protocolPort"] == f"{protocol}:{port}":
                default = row.get("defaultCertificate")
                return (*([default] if default else []), *(row.get("certificates") or []))
        return ()


class Configurations:
    """The LoadBalancerConfigurations and TargetGroupConfigurations of a cluster."""

    def __init__(self, balancers: Iterable[Manifest], target_groups: Iterable[Manifest]) -> None:
        self.balancers = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in balancers}
        self._target_groups = list(target_groups)

    def find_named(self, owner: Manifest) -> Manifest | None:
        """The one that a GatewayClass or Gateway refers to. Raises MissingConfiguration."""
        key = read_reference(owner)
        if key is None:
            return None
        if key not in self.balancers:
            raise MissingConfiguration(*key)
        return self.balancers[key]

    def merge(self, gateway_class: Manifest, gateway: Manifest) -> Settings:
        """What decides about a Gateway: its class first, unless the class says otherwise."""
        outer, inner = ((found or {}).get("spec") or {} for found in map(self.find_named, (gateway_class, gateway)))
        first, second = (inner, outer) if outer.get("mergingMode") == PREFER_GATEWAY else (outer, inner)
        return Settings({**_drop_empty(second), **_drop_empty(first), **_merge_lists(first, second)})

    def find_target_group(self, settings: Settings, service: Manifest, route: Manifest) -> Manifest:
        """The fields of a target group, by their names: those of the Service's configuration, then the default's."""
        namespace, name = (service["metadata"][key] for key in ("namespace", "name"))
        own = [each for each in self._target_groups if _is_for(each, namespace, name)]
        default = (settings.spec.get("defaultTargetGroupConfiguration") or {}).get("name")
        others = [each for each in self._target_groups if default and each["metadata"]["name"] == default]
        fields: Manifest = {}
        for each in (*others[:1], *own[:1]):
            fields = {**fields, **_choose_for_route(each["spec"], route)}
        return fields


def read_reference(owner: Manifest) -> tuple[str, str] | None:
    """(namespace, name) of the LoadBalancerConfiguration that it names."""
    spec, own = owner["spec"], owner["metadata"].get("namespace", "")
    reference = (spec.get("infrastructure") or {}).get("parametersRef") if own else spec.get("parametersRef")
    if not reference or reference.get("kind") != KIND:
        return None
    return own or reference.get("namespace", ""), reference["name"]


def _drop_empty(spec: Manifest) -> Manifest:
    return {key: value for key, value in spec.items() if value is not None}


def _merge_lists(first: Manifest, second: Manifest) -> Manifest:
    """What is merged row by row; of the same key the first counts."""
    merged: dict[str, Any] = {"tags": {**(second.get("tags") or {}), **(first.get("tags") or {})}}
    for field, key in (("loadBalancerAttributes", "key"), ("listenerConfigurations", "protocolPort")):
        rows = [*(second.get(field) or []), *(first.get(field) or [])]
        merged[field] = list({row[key]: row for row in rows}.values())
    return merged


def _is_for(configuration: Manifest, namespace: str, service: str) -> bool:
    target = configuration["spec"].get("targetReference") or {}
    same = (configuration["metadata"]["namespace"], target.get("name")) == (namespace, service)
    return same and target.get("kind", "Service") == "Service"


def _choose_for_route(spec: Manifest, route: Manifest) -> Manifest:
    """Its default, and before that what it says for this route: by kind, by namespace, by name."""
    metadata = route["metadata"]
    wanted = {"kind": route["kind"], "namespace": metadata["namespace"], "name": metadata["name"]}
    fitting = [row for row in spec.get("routeConfigurations") or [] if row["routeIdentifier"].items() <= wanted.items()]
    best = max(fitting, key=lambda row: len(row["routeIdentifier"]), default={})
    return {**(spec.get("defaultConfiguration") or {}), **best.get("targetGroupProps", {})}
