# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

BUDGET = ["PodDisruptionBudget shop/web"]
SELECTOR = {"matchLabels": {"app": "web"}}
SCALER = build_object(
    "web", "shop", spec={"minReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 9}
)


def budgets(status=None, **spec):
    return {
        "pod_disruption_budgets": [
            build_object("web", "shop", spec={"selector": SELECTOR, **spec}, status=status or {})
        ]
    }


def scaled(**spec):
    return {**budgets(**spec), "horizontal_pod_autoscalers": [SCALER], "workloads": [build_pods()]}


CASES = {
    "budget_used_up": Case(
        bad=budgets({"disruptionsAllowed": 0, "expectedPods": 3, "currentHealthy": 2}),
        resources=BUDGET,
        good=budgets({"disruptionsAllowed": 1, "expectedPods": 3, "currentHealthy": 3}),
    ),
    "budget_over_minimum": Case(bad=scaled(minAvailable=2), resources=BUDGET, good=scaled(minAvailable=1)),
    "unhealthy_not_evicted": Case(
        bad=budgets(), resources=BUDGET, good=budgets(unhealthyPodEvictionPolicy="AlwaysAllow")
    ),
}
