"""What DescribeClusterVersions says of a version's control plane: its scaling tiers, and the limits of its components' settings.

https://docs.aws.amazon.com/eks/latest/userguide/eks-provisioned-control-plane.html (the numbers of tier-8xl, all scheduling rates and
database sizes are assumed), https://docs.aws.amazon.com/eks/latest/userguide/control-plane-configuration.html
"""

from __future__ import annotations

from typing import Any

# name, API request concurrency, pod scheduling rate a second, database size in GB
TIERS = (
    ("tier-xl", 1700, 167, 16),
    ("tier-2xl", 3400, 283, 16),
    ("tier-4xl", 6800, 400, 16),
    ("tier-8xl", 13600, 400, 16),
)
RESOURCES = ["cpu", "memory", "nvidia.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore"]
STRATEGIES = ["LeastAllocated", "MostAllocated"]
PORTS = {"min": 10260, "max": 32767}
SYNC_PERIOD = "horizontalPodAutoscalerSyncPeriod"


def build_scaling_tiers() -> list[dict[str, Any]]:
    """The autoscaler's period can be shortened in these tiers only."""
    period = _build_period("10s", "15s")
    return [
        {
            "tierName": name,
            "apiRequestConcurrency": requests,
            "podSchedulingRatePerSecond": pods,
            "clusterDatabaseSizeGb": size,
            "controlPlaneComponentConfigOverrides": {"kubeControllerManagerConfig": period},
        }
        for name, requests, pods, size in TIERS
    ]


def build_component_config() -> dict[str, Any]:
    """Defaults and limits in standard mode."""
    strategy = {
        "defaultValue": {
            "type": STRATEGIES[0],
            "resources": [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}],
        },
        "constraints": {
            "scoringStrategy": {"allowedValues": STRATEGIES},
            "resources": {"name": {"allowedValues": RESOURCES}, "weight": {"min": 1, "max": 100}},
        },
    }
    return {
        "kubeApiServerConfig": {
            "eventTtl": {"defaultValue": "60m", "constraints": {"min": "10m", "max": "60m"}},
            "serviceNodePortRange": {
                "defaultValue": {"minPort": 30000, "maxPort": 32767},
                "constraints": {"minPort": PORTS, "maxPort": PORTS},
            },
        },
        "kubeSchedulerConfig": {"nodeResourcesFit": {"scoringStrategy": strategy}},
        "kubeControllerManagerConfig": _build_period("15s", "15s"),
    }


def _build_period(shortest: str, longest: str) -> dict[str, Any]:
    period = {"defaultValue": "15s", "constraints": {"min": shortest, "max": longest}}
    return {"horizontalPodAutoscalerControllerConfig": {SYNC_PERIOD: period}}
