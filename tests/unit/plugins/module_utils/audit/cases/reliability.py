# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

WEB = ["Deployment shop/web"]
BUDGET = ["PodDisruptionBudget shop/web"]


def replicas(number, **pod):
    return {**build_pods(**pod), "replicas": number}


def scaled(number, least=None):
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": least, "maxReplicas": 9}
    scalers = [] if least is None else [build_object("web", "shop", spec=spec)]
    return {"workloads": [replicas(number)], "horizontal_pod_autoscalers": scalers}


def budget(name="web", app="web", **status):
    return build_object(
        name, "shop", spec={"minAvailable": 1, "selector": {"matchLabels": {"app": app}}}, status=status
    )


def covered(*budgets):
    return {"workloads": [build_pods()], "pod_disruption_budgets": list(budgets)}


def budgets(**status):
    return {"pod_disruption_budgets": [budget(**status)]}


CASES = {
    "single_replica": Case(scaled(1), WEB, scaled(1, least=2)),
    "bare_pod": Case({"workloads": [build_pods("Pod", "debug")]}, ["Pod shop/debug"], {"workloads": [build_pods()]}),
    "replicas_together": Case(
        {"workloads": [build_pods()]},
        WEB,
        {"workloads": [replicas(1), build_pods(name="b", topologySpreadConstraints=[{}])]},
    ),
    "no_budget": Case(covered(budget(app="other")), WEB, covered(budget())),
    "closed_budget": Case(
        budgets(expectedPods=1, currentHealthy=1, disruptionsAllowed=0),
        BUDGET,
        budgets(expectedPods=2, currentHealthy=2, disruptionsAllowed=1),
    ),
    "budget_without_pods": Case(budgets(expectedPods=0), BUDGET, budgets(expectedPods=1)),
    "two_budgets": Case(
        covered(budget(), budget("also")), WEB, covered(budget(), budget("b", "other")), ("web, also",)
    ),
}
