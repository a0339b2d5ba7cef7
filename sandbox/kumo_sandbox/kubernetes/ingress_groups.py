"""Which Ingresses the AWS Load Balancer Controller serves, and which of them share a load balancer.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#ingressgroup
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/ingress/group_loader.go
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kumo_sandbox.kubernetes.api import Manifest
from kumo_sandbox.kubernetes.load_balancers import list_all_finalizers

PREFIX = "alb.ingress.kubernetes.io/"
CLASS = "alb"  # of the annotation that the field ingressClassName has replaced
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
CONTROLLER = "ingress.k8s.aws/alb"  # of its IngressClasses
# Each marks the Ingresses it serves with a finalizer, so that none goes before its load balancer is gone.
IMPLICIT = "ingress.k8s.aws/resources"
EXPLICIT = "group.ingress.k8s.aws/"
# What IngressClassParams decide whatever the annotations say: their fields, and the annotations' names.
SETTINGS = {
    "scheme": "scheme",
    "loadBalancerName": "load-balancer-name",
    "targetType": "target-type",
    "certificateArn": "certificate-arn",
    "inboundCIDRs": "inbound-cidrs",
}


@dataclass(frozen=True)
class Member:
    """An Ingress, and what its class and its annotations say (by the names of annotations, without their prefix)."""

    ingress: Manifest
    settings: dict[str, str]


@dataclass(frozen=True)
class Group:
    """The Ingresses of one load balancer, and those that have left it (``inactive``): deleted, or of another group now."""

    name: str  # NAMESPACE/NAME of an Ingress alone, or the name of the group
    members: tuple[Member, ...]
    inactive: tuple[Manifest, ...]

    @property
    def finalizer(self) -> str:
        return IMPLICIT if "/" in self.name else f"{EXPLICIT}{self.name}"


class Classes:
    """The IngressClasses of a cluster, and the IngressClassParams that they refer to."""

    def __init__(self, classes: Iterable[Manifest], parameters: Iterable[Manifest]) -> None:
        self._classes = {each["metadata"]["name"]: each for each in classes}
        self._parameters = {each["metadata"]["name"]: each for each in parameters}

    def read_settings(self, ingress: Manifest) -> dict[str, str] | None:
        """What decides about an Ingress of ours, None for another's; raises LookupError for a class that is not there."""
        annotations = ingress["metadata"].get("annotations") or {}
        own = {key.removeprefix(PREFIX): value for key, value in annotations.items() if key.startswith(PREFIX)}
        if CLASS_ANNOTATION in annotations:
            return own if annotations[CLASS_ANNOTATION] == CLASS else None
        name = ingress["spec"].get("ingressClassName") or self._find_default()
        if not name:
            return None  # the chart starts the controller with --ingress-class=alb
        spec = self._classes[name]["spec"]
        if spec["controller"] != CONTROLLER:
            return None
        if not spec.get("parameters"):
            return own
        return {**own, **_read_parameters(self._parameters[spec["parameters"]["name"]].get("spec") or {}, own)}

    def _find_default(self) -> str | None:
        marked = [
            name
            for name, each in self._classes.items()
            if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
        ]
        return marked[0] if marked else None


def list_groups(ingresses: list[Manifest], classes: Classes) -> list[Group]:
    """The groups that Ingresses are in, or wait to leave. One with an Ingress whose class has gone is left as it is."""
    members: dict[str, list[Member]] = {}
    inactive: dict[str, list[Manifest]] = {}
    untouched: set[str] = set()
    for ingress in ingresses:
        held = _list_held_groups(ingress)
        try:
            settings = None if "deletionTimestamp" in ingress["metadata"] else classes.read_settings(ingress)
        except LookupError:
            untouched.update(held)
            continue
        name = None if settings is None else settings.get("group.name") or build_key(ingress)
        if name is not None and settings is not None:
            members.setdefault(name, []).append(Member(ingress, settings))
        for other in (each for each in held if each != name):
            inactive.setdefault(other, []).append(ingress)
    names = [name for name in dict.fromkeys([*members, *inactive]) if name not in untouched]
    return [Group(name, _sort(members.get(name, [])), tuple(inactive.get(name, []))) for name in names]


def build_key(manifest: Manifest) -> str:
    """NAMESPACE/NAME."""
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"


def split_list(value: str) -> tuple[str, ...]:
    """The words of an annotation that is a list."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


def split_map(value: str) -> dict[str, str]:
    """The pairs of an annotation that is a map: key=value,key=value."""
    return {key.strip(): text.strip() for key, dummy, text in (pair.partition("=") for pair in split_list(value))}


def _sort(members: list[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda each: (int(each.settings.get("group.order", 0)), build_key(each.ingress))))


def _list_held_groups(ingress: Manifest) -> list[str]:
    """The groups whose finalizers an Ingress has."""
    finalizers = list_all_finalizers(ingress)
    named = [each.removeprefix(EXPLICIT) for each in finalizers if each.startswith(EXPLICIT)]
    return [*([build_key(ingress)] if IMPLICIT in finalizers else []), *named]


def _read_parameters(spec: Manifest, annotations: dict[str, str]) -> dict[str, str]:
    found = {name: spec[field] for field, name in SETTINGS.items() if spec.get(field)}
    settings = {name: ",".join(value) if isinstance(value, list) else value for name, value in found.items()}
    if group := (spec.get("group") or {}).get("name"):
        settings["group.name"] = group
    if ids := (spec.get("subnets") or {}).get("ids"):
        settings["subnets"] = ",".join(ids)
    if tags := {row["key"]: row["value"] for row in spec.get("tags") or []}:
        merged = {**split_map(annotations.get("tags", "")), **tags}
        settings["tags"] = ",".join(f"{key}={value}" for key, value in merged.items())
    return settings
