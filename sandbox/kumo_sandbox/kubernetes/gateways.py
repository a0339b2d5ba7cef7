"""Gateways, as the AWS Load Balancer Controller serves them while its Deployment is available.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/gateway/gateway_controller.go
https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/gateway/gateway_class_controller.go
"""

from __future__ import annotations

from dataclasses import dataclass

from kumo_sandbox.aws_interfaces import StackLoadBalancers, StackRefusedError, refuse_model
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest
from kumo_sandbox.kubernetes.custom_kinds import Served
from kumo_sandbox.kubernetes.events import record
from kumo_sandbox.kubernetes.gateway_backends import RouteBackends
from kumo_sandbox.kubernetes.gateway_configurations import (
    Configurations,
    MissingConfiguration,
    Settings,
    read_reference,
)
from kumo_sandbox.kubernetes.gateway_model import TAG_PREFIXES, GatewayModel
from kumo_sandbox.kubernetes.gateway_routes import Verdict, attach, read_listeners
from kumo_sandbox.kubernetes.gateway_status import (
    show_accepted_class,
    show_refused,
    show_served,
    show_verdicts,
)
from kumo_sandbox.kubernetes.ingress_groups import build_key
from kumo_sandbox.kubernetes.load_balancer_controller import ROUTES, find_controller, list_served
from kumo_sandbox.kubernetes.load_balancers import PASSING, list_all_finalizers, set_finalizers
from kumo_sandbox.kubernetes.service_pods import list_pods

OF_CLASSES, OF_CONFIGURATIONS = "gateway.k8s.aws/gatewayclass", "gateway.k8s.aws/loadbalancerconfigurations"


@dataclass(frozen=True)
class Desk:
    """Where Gateways of one cluster are served."""

    api: Api
    cluster: ClusterView
    balancers: StackLoadBalancers
    served: Served
    configurations: Configurations

    def list(self, kind: str) -> list[Manifest]:
        """All objects of a kind, none where it is not served."""
        return list_all(self.api, self.served, kind)


def balance_gateways(api: Api, cluster: ClusterView, balancers: StackLoadBalancers, served: Served) -> bool:
    """One look at all Gateways; False where another one is due. Without the controller nothing happens to them."""
    controller = find_controller(api) if served.find_version("Gateway") else None
    names = list_served(controller, served) if controller else []
    if not names:
        return True
    classes = [each for each in list_all(api, served, "GatewayClass") if each["spec"]["controllerName"] in names]
    gateways = list_all(api, served, "Gateway")
    found = [list_all(api, served, kind) for kind in ("LoadBalancerConfiguration", "TargetGroupConfiguration")]
    desk = Desk(api, cluster, balancers, served, Configurations(*found))
    by_class: dict[str, list[Manifest]] = {each["metadata"]["name"]: [] for each in classes}
    for gateway in gateways:
        by_class.get(gateway["spec"]["gatewayClassName"], []).append(gateway)
    done = [_look_at_class(desk, each, by_class[each["metadata"]["name"]]) for each in classes]
    _release_configurations(desk, [*classes, *gateways])
    return all(done)


def list_all(api: Api, served: Served, kind: str) -> list[Manifest]:
    version = served.find_version(kind)
    return api.items(version, kind) if version else []


def _look_at_class(desk: Desk, gateway_class: Manifest, gateways: list[Manifest]) -> bool:
    try:
        if not _accept_class(desk, gateway_class, gateways):
            for gateway in gateways:
                name = gateway_class["metadata"]["name"]
                show_refused(
                    desk.api, gateway, f"Unable to materialize gateway when gateway class [{name}] is not accepted"
                )
            return True
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False
    done = [_look(desk, gateway_class, gateway) for gateway in gateways]  # each, whatever the others say
    return all(done)


def _accept_class(desk: Desk, gateway_class: Manifest, gateways: list[Manifest]) -> bool:
    """Whether its Gateways are served. A class that somebody deletes stays until it has none."""
    finalizers = list_all_finalizers(gateway_class)
    if "deletionTimestamp" in gateway_class["metadata"]:
        if OF_CLASSES in finalizers and not gateways:
            set_finalizers(desk.api, gateway_class, [each for each in finalizers if each != OF_CLASSES])
        return True
    if OF_CLASSES not in finalizers:
        set_finalizers(desk.api, gateway_class, [*finalizers, OF_CLASSES])
    reference = gateway_class["spec"].get("parametersRef")
    if reference and not reference.get("namespace"):
        words = "Namespace must be specified in ParametersRef for LoadBalancerConfiguration"
        show_accepted_class(desk.api, gateway_class, False, "InvalidParametersRef", words)
        return False
    try:
        desk.configurations.find_named(gateway_class)
    except MissingConfiguration as missing:
        words = f"LoadBalancerConfiguration ({missing.name},{missing.namespace}) not found"
        show_accepted_class(desk.api, gateway_class, False, "NotFound", words)
        return False
    show_accepted_class(desk.api, gateway_class, True, "Accepted", "Accepted")
    return True


def _look(desk: Desk, gateway_class: Manifest, gateway: Manifest) -> bool:
    """Have what a Gateway wants, or let go of it; whether all of it is done."""
    controller = gateway_class["spec"]["controllerName"]
    try:
        for each in (gateway_class, gateway):
            _hold_configuration(desk, each)
        settings = desk.configurations.merge(gateway_class, gateway)
        if "deletionTimestamp" in gateway["metadata"]:
            return _release(desk, controller, gateway, settings)
        return _deploy(desk, controller, gateway, settings)
    except MissingConfiguration as missing:
        show_refused(desk.api, gateway, str(missing))
        return True
    except StackRefusedError as error:
        record(desk.api, gateway, controller, "Warning", error.reason, str(error))
        show_refused(desk.api, gateway)
        return False
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False


def _deploy(desk: Desk, controller: str, gateway: Manifest, settings: Settings) -> bool:
    listeners = read_listeners(gateway, controller)
    routes = [route for kind in ROUTES[controller] for route in desk.list(kind)]
    namespaces = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in desk.api.items("v1", "Namespace")
    }
    services, grants = desk.api.items("v1", "Service"), desk.list("ReferenceGrant")
    backends = RouteBackends(services, grants, desk.configurations, lambda service: list_pods(desk.api, service))
    _show_routes(desk, controller, backends, attach(gateway, listeners, routes, namespaces))
    stack = GatewayModel(desk.cluster, controller, gateway, settings, listeners, backends).build()
    finalizers = list_all_finalizers(gateway)
    if controller not in finalizers:
        set_finalizers(desk.api, gateway, [*finalizers, controller])
    made = desk.balancers.ensure(stack)
    if show_served(desk.api, gateway, listeners, made) and made.active:
        record(desk.api, gateway, controller, "Normal", "SuccessfullyReconciled", "Successfully reconciled")
    return made.active and all(each.open_ports for each in stack.target_groups)  # their pods are on their way


def _show_routes(desk: Desk, controller: str, backends: RouteBackends, verdicts: list[Verdict]) -> None:
    by_route: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        problem = backends.find_problem(verdict.route) if verdict.accepted else None
        if problem:
            accepted = problem.reason != "UnsupportedValue"
            verdict = Verdict(verdict.route, verdict.parent, accepted, not accepted, problem.reason, str(problem))
        by_route.setdefault(verdict.route["metadata"]["uid"], []).append(verdict)
    for rows in by_route.values():
        show_verdicts(desk.api, rows[0].route, rows, controller)


def _release(desk: Desk, controller: str, gateway: Manifest, settings: Settings) -> bool:
    """Take away the load balancer of a Gateway that somebody deletes."""
    finalizers = list_all_finalizers(gateway)
    if controller not in finalizers:
        return True
    if settings.is_protected:
        words = f"Unable to delete gateway {build_key(gateway)} because deletion protection is enabled."
        raise refuse_model(words)
    if not desk.balancers.remove(desk.cluster.arn, TAG_PREFIXES[controller], build_key(gateway)):
        return False
    set_finalizers(desk.api, gateway, [each for each in finalizers if each != controller])
    return True


def _hold_configuration(desk: Desk, owner: Manifest) -> None:
    """A configuration in use stays."""
    found = desk.configurations.find_named(owner)
    if found and OF_CONFIGURATIONS not in list_all_finalizers(found) and "deletionTimestamp" not in found["metadata"]:
        changed = set_finalizers(desk.api, found, [*list_all_finalizers(found), OF_CONFIGURATIONS])
        found["metadata"] = changed["metadata"]


def _release_configurations(desk: Desk, owners: list[Manifest]) -> None:
    used = {read_reference(each) for each in owners}
    for key, each in desk.configurations.balancers.items():
        finalizers = list_all_finalizers(each)
        if "deletionTimestamp" in each["metadata"] and OF_CONFIGURATIONS in finalizers and key not in used:
            set_finalizers(desk.api, each, [one for one in finalizers if one != OF_CONFIGURATIONS])
