"""Load balancers of Services, as EKS makes them.

EKS' cloud controller manager serves Services of type LoadBalancer that ask for nobody else: Classic Load Balancers, and
Network Load Balancers for the annotation ``aws-load-balancer-type: nlb``. The AWS Load Balancer Controller serves those
that ask for it, and only in clusters where somebody installed it.

https://cloud-provider-aws.sigs.k8s.io/service_controller/
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb/
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from kumo_sandbox.aws_interfaces import LoadBalancers, LoadBalancerSpec
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, ApiError, Manifest, build_path
from kumo_sandbox.kubernetes.stack_names import build_name

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
CLASS = "service.k8s.aws/nlb"  # the loadBalancerClass of the AWS Load Balancer Controller
ITS_TYPES = ("external", "nlb-ip")  # what the annotation aws-load-balancer-type leaves to it
ITS_LABEL = "app.kubernetes.io/name=aws-load-balancer-controller"  # of its Deployment, by its chart
# Each marks the Services it serves with a finalizer, so that none goes before its load balancer is gone.
CLOUD = "service.kubernetes.io/load-balancer-cleanup"
CONTROLLER = "service.k8s.aws/resources"
PASSING = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)  # the Service was changed or went meanwhile: look again


@dataclass(frozen=True)
class Desk:
    """Where load balancers are made: for one cluster, by those of the two controllers that run there."""

    api: Api
    cluster: ClusterView
    balancers: LoadBalancers
    running: frozenset[str]  # their finalizers


def balance(api: Api, cluster: ClusterView, balancers: LoadBalancers) -> bool:
    """One look at all Services; False where one still waits for its load balancer, and another look is due."""
    services = [each for each in api.items("v1", "Service") if _list_finalizers(each) or is_wanted_by(each)]
    if not services:
        return True
    desk = Desk(api, cluster, balancers, _list_running(api))
    done = [_look(desk, service) for service in services]  # each is looked at, whatever the others say
    return all(done)


def is_wanted_by(service: Manifest) -> str | None:
    """The finalizer of the controller that this Service asks for a load balancer, None where it asks neither."""
    if service["spec"].get("type") != "LoadBalancer" or "deletionTimestamp" in service["metadata"]:
        return None
    if name := service["spec"].get("loadBalancerClass"):
        return CONTROLLER if name == CLASS else None
    return CONTROLLER if _read_annotation(service, "type") in ITS_TYPES else CLOUD


def build_spec(service: Manifest, cluster: ClusterView, finalizer: str) -> LoadBalancerSpec:
    """The load balancer that a controller makes for a Service."""
    metadata = service["metadata"]
    name = f"{metadata['namespace']}/{metadata['name']}"
    if finalizer == CLOUD:
        internal = _read_annotation(service, "internal") not in ("", "false")
        return LoadBalancerSpec(
            cluster=cluster.arn,
            name=f"a{metadata['uid'].replace('-', '')}"[:32],
            kind="network" if _read_annotation(service, "type") == "nlb" else "classic",
            internal=internal,
            ports=tuple(port["port"] for port in service["spec"]["ports"]),
            tags={f"kubernetes.io/cluster/{cluster.name}": "owned", "kubernetes.io/service-name": name},
        )
    return LoadBalancerSpec(
        cluster=cluster.arn,
        name=build_name(metadata["namespace"], metadata["name"], cluster.name, metadata["uid"]),
        kind="network",
        internal=_read_annotation(service, "scheme") != "internet-facing",
        ports=tuple(port["port"] for port in service["spec"]["ports"]),
        tags={
            "elbv2.k8s.aws/cluster": cluster.name,
            "service.k8s.aws/resource": "LoadBalancer",
            "service.k8s.aws/stack": name,
        },
    )


def _look(desk: Desk, service: Manifest) -> bool:
    """Let go of what is not wanted any more, have what is; whether the Service has what it wants."""
    wanted = is_wanted_by(service)
    try:
        for finalizer in _list_finalizers(service):
            if finalizer != wanted and finalizer in desk.running:
                released = _release(desk, service, finalizer)
                if released is None:
                    return False  # the group of the load balancer is still held
                service = released
        return wanted is None or (wanted in desk.running and _attach(desk, service, wanted))
    except ApiError as error:
        if error.status not in PASSING:
            raise
        return False


def _attach(desk: Desk, service: Manifest, finalizer: str) -> bool:
    """A Service that has its hostname keeps it."""
    if finalizer not in _list_finalizers(service):
        service = set_finalizers(desk.api, service, [*list_all_finalizers(service), finalizer])
    if service["status"].get("loadBalancer", {}).get("ingress"):
        return True
    hostname = desk.balancers.ensure(build_spec(service, desk.cluster, finalizer))
    if hostname:
        _set_ingress(desk, service, [{"hostname": hostname}])
    return hostname is not None


def _release(desk: Desk, service: Manifest, finalizer: str) -> Manifest | None:
    """The Service without the finalizer; None while what goes with its load balancer is not gone."""
    if not desk.balancers.remove(build_spec(service, desk.cluster, finalizer)):
        return None
    if service["status"].get("loadBalancer", {}).get("ingress"):
        service = _set_ingress(desk, service, None)
    return set_finalizers(desk.api, service, [each for each in list_all_finalizers(service) if each != finalizer])


def _set_ingress(desk: Desk, service: Manifest, ingress: list[dict[str, str]] | None) -> Manifest:
    return desk.api.patch(f"{build_path(service)}/status", {"status": {"loadBalancer": {"ingress": ingress}}})


def set_finalizers(api: Api, manifest: Manifest, finalizers: list[str]) -> Manifest:
    """The version goes along: a list that somebody changed meanwhile is not overwritten."""
    metadata = {"finalizers": finalizers or None, "resourceVersion": manifest["metadata"]["resourceVersion"]}
    return api.patch(build_path(manifest), {"metadata": metadata})


def is_controller_running(api: Api) -> bool:
    """Whether a Deployment of the AWS Load Balancer Controller is available."""
    deployments = api.items("apps/v1", "Deployment", labelSelector=ITS_LABEL)
    return any(each.get("status", {}).get("availableReplicas") for each in deployments)


def _list_running(api: Api) -> frozenset[str]:
    """The cloud controller manager always; the AWS Load Balancer Controller where it is installed."""
    return frozenset((CLOUD, CONTROLLER) if is_controller_running(api) else (CLOUD,))


def _list_finalizers(service: Manifest) -> list[str]:
    """Those of load balancers."""
    return [each for each in list_all_finalizers(service) if each in (CLOUD, CONTROLLER)]


def list_all_finalizers(manifest: Manifest) -> list[str]:
    return manifest["metadata"].get("finalizers") or []


def _read_annotation(service: Manifest, name: str) -> str:
    return str((service["metadata"].get("annotations") or {}).get(f"{PREFIX}{name}", ""))
