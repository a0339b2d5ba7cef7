"""The pods behind a Service, and the ports that they are reached at."""

from __future__ import annotations

from collections.abc import Iterable

from kumo_sandbox.kubernetes.api import Api, Manifest


def list_pods(api: Api, service: Manifest) -> list[Manifest]:
    """The pods that a Service selects."""
    labels = service["spec"].get("selector") or {}
    if not labels:
        return []
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = api.items("v1", "Pod", labelSelector=selector)
    return [pod for pod in pods if pod["metadata"]["namespace"] == service["metadata"]["namespace"]]


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
