"""The pods behind a Service, and the ports that they are reached at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kumo_sandbox.kubernetes.api import Api, Manifest

NAMED = 1  # the port of a target group whose Service names its target port: each target has its own


def list_selected(api: Api, labels: Mapping[str, str]) -> list[Manifest]:
    """The pods of all namespaces that have these labels."""
    return api.items("v1", "Pod", labelSelector=",".join(f"{key}={value}" for key, value in labels.items()))


def list_pods(api: Api, service: Manifest) -> list[Manifest]:
    """The pods that a Service selects."""
    labels = service["spec"].get("selector") or {}
    pods = list_selected(api, labels) if labels else []
    return [pod for pod in pods if pod["metadata"]["namespace"] == service["metadata"]["namespace"]]


def choose_target_port(row: Manifest, kind: str) -> int | None:
    """The port of a target group for a port of a Service; None for instances where the Service has no port on nodes.

    Args:
        kind: of its targets: instance, ip
    """
    if kind == "ip":
        target = row.get("targetPort", row["port"])
        return target if isinstance(target, int) else NAMED
    return int(row["nodePort"]) if row.get("nodePort") else None


def list_open_ports(pods: Iterable[Manifest], row: Manifest) -> tuple[int, ...]:
    """The ports of pods that a port of their Service leads to, none without a pod.

    Args:
        row: one of the Service's ports.
    """
    return tuple(sorted({port for pod in pods if (port := find_port(pod, row))}))


def find_port(pod: Manifest, row: Manifest) -> int | None:
    """The port of one pod."""
    target = row.get("targetPort", row["port"])
    if isinstance(target, int):
        return target
    ports = [port for each in pod["spec"]["containers"] for port in each.get("ports") or []]
    return next((port["containerPort"] for port in ports if port.get("name") == target), None)
