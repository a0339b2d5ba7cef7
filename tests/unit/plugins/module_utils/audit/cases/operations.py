# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_nodegroup, build_object, build_pods

GROUP = {"autoScalingGroups": [{"name": "eks-dev"}]}


def karpenter(version):
    containers = [{"name": "app", "image": f"public.ecr.aws/karpenter/controller:{version}"}]
    return {"cluster": build_cluster(), "all_workloads": [build_pods(name="karpenter", containers=containers)]}


def health(state):
    pattern = '{"source": ["aws.health"]}'
    rows = [{"Name": "health", "State": state, "EventPattern": pattern}, {"Name": "daily", "State": "ENABLED"}]
    return {"cluster": build_cluster(), "event_rules": rows}


def services(**spec):
    rows = [build_object("web", "shop", spec={"selector": {"app": "web"}, **spec})]
    nodes = [build_object(zone, metadata={"labels": {"topology.kubernetes.io/zone": zone}}) for zone in ("a", "c")]
    return {"services": rows, "nodes": nodes, "system_namespaces": ["kube-system"]}


def night(name="dev", *scheduled):
    rows = [build_nodegroup(nodegroupName=name, resources=GROUP), build_nodegroup()]
    actions = [{"AutoScalingGroupName": one} for one in scheduled]
    return {"cluster": build_cluster(), "nodegroups": rows, "scheduled_actions": actions}


def savings(*plans):
    sizes = {"minSize": 3, "desiredSize": 3, "maxSize": 6}
    rows = [build_nodegroup(scalingConfig=sizes)]
    return {"cluster": build_cluster(), "nodegroups": rows, "savings_plans": list(plans)}


CASES = {
    "karpenter_version": Case(
        karpenter("0.37.0"), ["Deployment shop/karpenter"], karpenter("1.6.1"), ("1.34 requires 1.6",)
    ),
    "requests_refused": Case(
        {"refused_requests": [{"level": "workload-low", "reason": "queue-full", "count": 1.0}]},
        ["Priority level workload-low"],
        {"refused_requests": []},
        ("1 request was refused", "queue-full"),
    ),
    "health_events": Case(health("DISABLED"), ["Account 123456789012"], health("ENABLED")),
    "cross_zone_traffic": Case(services(), ["Services"], services(trafficDistribution="PreferClose"), ("1 Service,",)),
    "no_night_schedule": Case(night(), ["Node group dev"], night("dev", "eks-dev"), ("minSize is 1",)),
    "no_savings_plan": Case(savings(), ["Cluster my-cluster"], savings({"savingsPlanId": "a"}), ("3 nodes on demand",)),
}
