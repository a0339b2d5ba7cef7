"""Ingresses, as the AWS Load Balancer Controller serves them while its Deployment is available.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/ingress/group_controller.go
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from kumo_sandbox.aws_interfaces import LoadBalancerStack, StackLoadBalancers, StackRefusedError
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path
from kumo_sandbox.kubernetes.events import record
from kumo_sandbox.kubernetes.ingress_backends import Backends
from kumo_sandbox.kubernetes.ingress_groups import PREFIX, Classes, Group, list_groups, split_map
from kumo_sandbox.kubernetes.ingress_model import TAG_PREFIX, Model
from kumo_sandbox.kubernetes.load_balancers import (
    PASSING,
    is_controller_running,
    list_all_finalizers,
    set_finalizers,
)
from kumo_sandbox.kubernetes.service_pods import list_pods

API, PARAMETERS_API = "networking.k8s.io/v1", "elbv2.k8s.aws/v1beta1"
PROTECTION = "deletion_protection.enabled"
COMPONENT = "ingress"


@dataclass(frozen=True)
class Desk:
    """Where Ingresses of one cluster are served."""

    api: Api
    cluster: ClusterView
    balancers: StackLoadBalancers


def balance_ingresses(api: Api, cluster: ClusterView, balancers: StackLoadBalancers) -> bool:
    """One look at all Ingresses; False where another one is due. Without the controller nothing happens to them."""
    ingresses = api.items(API, "Ingress")
    if not ingresses or not is_controller_running(api):
        return True
    classes = Classes(api.items(API, "IngressClass"), _list_parameters(api))
    desk = Desk(api, cluster, balancers)
    done = [_look(desk, group) for group in list_groups(ingresses, classes)]  # each, whatever the others say
    return all(done)


def _look(desk: Desk, group: Group) -> bool:
    """Have what a group wants, or let go of it; whether all of it is done."""
    try:
        return _deploy(desk, group) if group.members else _release(desk, group)
    except StackRefusedError as error:
        for member in group.members:
            record(desk.api, member.ingress, COMPONENT, "Warning", error.reason, str(error))
        return False
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False


def _deploy(desk: Desk, group: Group) -> bool:
    for member in group.members:
        finalizers = list_all_finalizers(member.ingress)
        if group.finalizer not in finalizers:
            set_finalizers(desk.api, member.ingress, [*finalizers, group.finalizer])
    services = desk.api.items("v1", "Service")
    stack = Model(desk.cluster, group, Backends(services, lambda service: list_pods(desk.api, service))).build()
    made = desk.balancers.ensure(stack)
    if not made.active:
        return False
    for member in group.members:
        _show_address(desk.api, member.ingress, made.hostname.lower(), stack)
    _remove_finalizers(desk.api, group)
    return all(each.open_ports for each in stack.target_groups)  # their pods are on their way


def _release(desk: Desk, group: Group) -> bool:
    """Take away the load balancer of a group that nobody is in any more."""
    if any(_is_protected(each) for each in group.inactive):
        return False
    if not desk.balancers.remove(desk.cluster.arn, TAG_PREFIX, group.name):
        return False
    _remove_finalizers(desk.api, group)
    return True


def _remove_finalizers(api: Api, group: Group) -> None:
    for ingress in group.inactive:
        set_finalizers(api, ingress, [each for each in list_all_finalizers(ingress) if each != group.finalizer])


def _is_protected(ingress: Manifest) -> bool:
    """The controller deletes no load balancer whose Ingress protects it."""
    attributes = (ingress["metadata"].get("annotations") or {}).get(f"{PREFIX}load-balancer-attributes", "")
    return "deletionTimestamp" in ingress["metadata"] and split_map(attributes).get(PROTECTION) == "true"


def _show_address(api: Api, ingress: Manifest, hostname: str, stack: LoadBalancerStack) -> None:
    """The address of a load balancer, and the ports that it listens at."""
    shown = (ingress.get("status") or {}).get("loadBalancer", {}).get("ingress") or []
    ports = [listener.port for listener in stack.listeners]
    if [(row.get("hostname"), [port["port"] for port in row.get("ports") or []]) for row in shown] == [
        (hostname, ports)
    ]:
        return
    rows = [{"hostname": hostname, "ports": [{"port": port, "protocol": ""} for port in ports]}]
    api.patch(f"{build_path(ingress)}/status", {"status": {"loadBalancer": {"ingress": rows}}})
    record(api, ingress, COMPONENT, "Normal", "SuccessfullyReconciled", "Successfully reconciled")


def _list_parameters(api: Api) -> list[Manifest]:
    """IngressClassParams, where the controller's custom resources are installed."""
    try:
        return api.items(PARAMETERS_API, "IngressClassParams")
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return []
