"""TargetGroupBindings of users: their target groups get the pods or nodes of a Service while the AWS Load Balancer Controller runs.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/elbv2/targetgroupbinding_controller.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/targetgroupbinding/resource_manager.go
"""

from __future__ import annotations

from dataclasses import dataclass

from kumo_sandbox.aws_interfaces import StackLoadBalancers, StackRefusedError
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path
from kumo_sandbox.kubernetes.csi_drivers import is_ready
from kumo_sandbox.kubernetes.custom_kinds import Served
from kumo_sandbox.kubernetes.events import record
from kumo_sandbox.kubernetes.ingress_groups import build_key
from kumo_sandbox.kubernetes.load_balancers import (
    PASSING,
    is_controller_running,
    list_all_finalizers,
    set_finalizers,
)
from kumo_sandbox.kubernetes.service_pods import find_port, list_pods

KIND, FINALIZER, COMPONENT = "TargetGroupBinding", "elbv2.k8s.aws/resources", "targetGroupBinding"
NOT_BALANCED = "node.kubernetes.io/exclude-from-external-load-balancers"
Targets = frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Desk:
    """Where TargetGroupBindings of one cluster are served."""

    api: Api
    cluster: ClusterView
    balancers: StackLoadBalancers
    services: dict[str, Manifest]


def bind_targets(api: Api, cluster: ClusterView, balancers: StackLoadBalancers, served: Served) -> bool:
    """One look at all TargetGroupBindings; False where another one is due."""
    version = served.find_version(KIND)
    bindings = api.items(version, KIND) if version else []
    if not bindings or not is_controller_running(api):
        return True
    services = {build_key(each): each for each in api.items("v1", "Service")}
    desk = Desk(api, cluster, balancers, services)
    done = [_look(desk, binding) for binding in bindings]  # each, whatever the others say
    return all(done)


def _look(desk: Desk, binding: Manifest) -> bool:
    try:
        return _release(desk, binding) if "deletionTimestamp" in binding["metadata"] else _bind(desk, binding)
    except StackRefusedError as error:
        record(desk.api, binding, COMPONENT, "Warning", error.reason, str(error))
        return False
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False


def _bind(desk: Desk, binding: Manifest) -> bool:
    """Pods that become ready or go change the Service's endpoints, and wake us."""
    finalizers = list_all_finalizers(binding)
    if FINALIZER not in finalizers:
        set_finalizers(desk.api, binding, [*finalizers, FINALIZER])
    arn = binding["spec"]["targetGroupARN"]
    kind = binding["spec"].get("targetType") or desk.balancers.find_target_type(desk.cluster.arn, arn)
    found = _find_service(desk, binding)
    targets = _list_targets(desk, kind, *found) if found else frozenset()
    desk.balancers.set_targets(desk.cluster.arn, arn, targets)
    generation = binding["metadata"]["generation"]
    if (binding.get("status") or {}).get("observedGeneration") != generation:
        desk.api.patch(f"{build_path(binding)}/status", {"status": {"observedGeneration": generation}})
        record(desk.api, binding, COMPONENT, "Normal", "SuccessfullyReconciled", "Successfully reconciled")
    return True


def _release(desk: Desk, binding: Manifest) -> bool:
    finalizers = list_all_finalizers(binding)
    if FINALIZER in finalizers:
        desk.balancers.set_targets(desk.cluster.arn, binding["spec"]["targetGroupARN"], frozenset())
        set_finalizers(desk.api, binding, [each for each in finalizers if each != FINALIZER])
    return True


def _find_service(desk: Desk, binding: Manifest) -> tuple[Manifest, Manifest] | None:
    """The Service and the row of its port; None, with an event, where they are not there."""
    wanted = binding["spec"]["serviceRef"]
    key = f"{binding['metadata']['namespace']}/{wanted['name']}"
    service = desk.services.get(key)
    for row in service["spec"].get("ports") or [] if service else []:
        if wanted["port"] in (row["port"], row.get("name")):
            return service, row  # type: ignore[return-value]
    words = (
        f"unable to find port {wanted['port']} on service {key}" if service else f'Service "{wanted["name"]}" not found'
    )
    record(desk.api, binding, COMPONENT, "Warning", "BackendNotFound", f"backend not found: {words}")
    return None


def _list_targets(desk: Desk, kind: str, service: Manifest, row: Manifest) -> Targets:
    """Addresses of ready pods, or the instances of nodes."""
    if kind == "ip":
        pods = [pod for pod in list_pods(desk.api, service) if is_ready(pod) and pod["status"].get("podIP")]
        ports = [(pod["status"]["podIP"], find_port(pod, row)) for pod in pods]
        return frozenset((address, port) for address, port in ports if port)
    if not row.get("nodePort"):
        key, name = build_key(service), row["port"]
        message = f"Failed reconcile due to service type must be either 'NodePort' or 'LoadBalancer': {key}:{name}"
        raise StackRefusedError("FailedReconcile", message)
    nodes = [each for each in desk.api.items("v1", "Node") if _takes_traffic(each)]
    return frozenset((each["spec"]["providerID"].rpartition("/")[2], row["nodePort"]) for each in nodes)


def _takes_traffic(node: Manifest) -> bool:
    """https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/backend/endpoint_utils.go"""
    labels, provider = node["metadata"].get("labels") or {}, node["spec"].get("providerID", "")
    return NOT_BALANCED not in labels and provider.rpartition("/")[2].startswith("i-") and is_ready(node)
