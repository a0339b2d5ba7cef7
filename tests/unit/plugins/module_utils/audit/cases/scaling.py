# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

SCALER, VERTICAL = ["HorizontalPodAutoscaler shop/web"], ["VerticalPodAutoscaler shop/web"]
REF = {"kind": "Deployment", "name": "web"}
CPU = [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]


def scaler(name="web", **condition):
    spec = {"scaleTargetRef": REF, "minReplicas": 2, "maxReplicas": 4, "metrics": CPU}
    return build_object(name, "shop", spec=spec, status={"conditions": [condition] if condition else []})


def scalers(*rows):
    return {"horizontal_pod_autoscalers": list(rows)}


def limited(reason):
    return scalers(scaler(type="ScalingLimited", status="True", reason=reason))


def active(status, reason=""):
    return scalers(scaler(type="ScalingActive", status=status, reason=reason))


def requests(**resources):
    return [{"name": "app", "resources": resources}]


def vertical(mode="Auto", name="web"):
    spec = {"targetRef": {**REF, "name": name}, "updatePolicy": {"updateMode": mode}}
    return {"vertical_pod_autoscalers": [build_object("web", "shop", spec=spec)]}


def agent(*classes, **pod):
    return {"workloads": [build_pods("DaemonSet", **pod)], "priority_classes": [build_object(name) for name in classes]}


SERVICES = [build_object(f"service-{number}", "shop") for number in range(100)]
CASES = {
    "scaler_at_maximum": Case(bad=limited("TooManyReplicas"), resources=SCALER, good=limited("TooFewReplicas")),
    "scaler_without_metrics": Case(
        bad=active("False", "FailedGetResourceMetric"), resources=SCALER, good=active("False", "ScalingDisabled")
    ),
    "scaled_without_requests": Case(
        bad={**scalers(scaler()), "all_workloads": [build_pods(containers=requests(requests={"memory": "1Gi"}))]},
        resources=SCALER,
        good={**scalers(scaler()), "all_workloads": [build_pods(containers=requests(limits={"cpu": "1"}))]},
        words=("app (cpu)",),
    ),
    "two_scalers": Case(
        bad=scalers(scaler(), scaler("other")), resources=["Deployment shop/web"], good=scalers(scaler())
    ),
    "both_scalers": Case(
        bad={**scalers(scaler()), **vertical()}, resources=VERTICAL, good={**scalers(scaler()), **vertical("Off")}
    ),
    "vertical_target": Case(
        bad={**vertical(name="gone"), "all_workloads": [build_pods()]},
        resources=VERTICAL,
        good={**vertical(), "all_workloads": [build_pods()]},
    ),
    "daemon_set_priority": Case(
        bad=agent("high"), resources=["DaemonSet shop/web"], good=agent("high", priorityClassName="high")
    ),
    "missing_priority_class": Case(
        bad=agent("low", priorityClassName="high"),
        resources=["DaemonSet shop/web"],
        good=agent("high", priorityClassName="high"),
    ),
    "service_links": Case(
        bad={"workloads": [build_pods()], "services": SERVICES},
        resources=["Deployment shop/web"],
        good={"workloads": [build_pods(enableServiceLinks=False), build_pods(namespace="b")], "services": SERVICES},
    ),
}
