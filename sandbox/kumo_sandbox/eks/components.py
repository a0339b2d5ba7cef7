"""Settings of a control plane's components: kubeApiServerConfig, kubeSchedulerConfig, kubeControllerManagerConfig.

They are kept and answered; the sandbox's own control planes run with Kubernetes' defaults.
"""

from __future__ import annotations

import re
from typing import Any

from kumo_sandbox.eks.errors import InvalidParameter
from kumo_sandbox.eks.store import Raw

KEYS = ("kubeApiServerConfig", "kubeSchedulerConfig", "kubeControllerManagerConfig")
DURATION = re.compile(r"\d+(ms|s|m|h)")  # one unit, says the API reference


def select_configs(p: dict[str, Any]) -> Raw:
    """What a request wants of them; raises InvalidParameterException for a value no component takes."""
    found = {key: p[key] for key in KEYS if p.get(key)}
    server = found.get("kubeApiServerConfig") or {}
    controllers = found.get("kubeControllerManagerConfig") or {}
    scaler = controllers.get("horizontalPodAutoscalerControllerConfig") or {}
    _check_duration("eventTtl", server.get("eventTtl"))
    _check_duration("horizontalPodAutoscalerSyncPeriod", scaler.get("horizontalPodAutoscalerSyncPeriod"))
    ports = server.get("serviceNodePortRange")
    if ports and not 0 < ports.get("minPort", 0) <= ports.get("maxPort", 0) < 65536:
        raise InvalidParameter(f"The serviceNodePortRange is not valid: {ports}")
    return found


def merge_config(now: Any, wanted: Any) -> Any:
    """A setting that is left out stays as it is."""
    if not isinstance(now, dict) or not isinstance(wanted, dict):
        return wanted
    return {**now, **{key: merge_config(now.get(key), value) for key, value in wanted.items()}}


def _check_duration(name: str, text: str | None) -> None:
    if text is not None and not DURATION.fullmatch(text):
        raise InvalidParameter(f"The {name} is not valid: {text!r}, use a duration of one unit like 30m or 1h")
