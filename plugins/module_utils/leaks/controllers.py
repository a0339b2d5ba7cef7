# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the controllers of a cluster take away in good order, asked of them while they live.

First what would recreate things is paused, and volumes are held. Then the objects with load balancers go: each has a finalizer,
so it is gone when its load balancer is, or when its targets have left a target group that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.nodes import KarpenterNodes
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    DEPLOYMENT,
    PERSISTENT_VOLUME,
    SERVICE,
    STATEFUL_SET,
    Kind,
)
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import VOLUME_TAG
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import KEEP

Object = dict[str, Any]
INGRESS = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
GATEWAY = Kind("gateway.networking.k8s.io/v1", "Gateway", "gateways")
TARGET_GROUP_BINDING = Kind("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "targetgroupbindings")
# What applies manifests again and again: what a capability created stays when the capability is deleted (RETAIN).
GITOPS = (
    Kind("argoproj.io/v1alpha1", "Application", "applications"),
    Kind("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations"),
    Kind("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases"),
)
# Labels of their own manifests and charts.
# https://github.com/argoproj/argo-cd/blob/master/manifests/base/application-controller/argocd-application-controller-statefulset.yaml
# https://github.com/fluxcd/flux2/blob/main/manifests/bases/kustomize-controller/kustomization.yaml
# https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/cloudprovider/aws/examples
PAUSED = (
    "app.kubernetes.io/name=argocd-application-controller",
    "app.kubernetes.io/part-of=flux",
    "app.kubernetes.io/name in (aws-cluster-autoscaler,cluster-autoscaler)",
    "app=cluster-autoscaler",
)
KARPENTER = "app.kubernetes.io/name=karpenter"  # of its Deployment, by its chart
# How the finalizers of Ingresses contain who made their load balancers: the AWS Load Balancer Controller, and EKS Auto Mode.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/k8s/finalizer.go
BALANCER_FINALIZERS = ("ingress.k8s.aws/", "eks.amazonaws.com/")
# A TargetGroupBinding that somebody wrote holds targets in a target group that stays. Those that the controller writes for its own
# target groups have labels that name the Ingress, Service or Gateway, and go with that.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/elbv2/targetgroupbinding_controller.go
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/deploy/tracking/provider.go (StackLabels)
TARGETS_FINALIZER, STACK_LABELS = "elbv2.k8s.aws/resources", ("/stack", "/stack-name")
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/pkg/driver/driver.go; EKS Auto Mode has another name:
# https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
EBS_DRIVERS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com")
DRIVER_ANNOTATION = "pv.kubernetes.io/provisioned-by"
RECLAIM_ANNOTATION = "kumo.eks/reclaim-policy"  # what a volume said before the teardown held it
DELETE, RETAIN = "Delete", "Retain"
NO_ANSWER = (0, 401, 403)


@dataclass
class ControllerRemoval:
    """Lets the controllers of one cluster take away what they made.

    Args:
        tag_volume: (ID, tags) of an EBS volume.
        volumes: the policy for volumes: ``keep``, ``snapshot`` or ``delete``.
        node_pools: whether NodePools of Karpenter are removed, too, with their nodes.
        wait_timeout: in seconds, for load balancers, and again for nodes.
    """

    api: KubernetesApi
    cluster: str
    tag_volume: Callable[[str, dict[str, str]], Any]
    volumes: str = KEEP
    node_pools: bool = False
    check_mode: bool = False
    wait_timeout: float = 300
    before: Object = field(default_factory=dict)
    after: Object = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def probe(self) -> None:
        """Ask for something, before anything is changed.

        Raises:
            EksError: the API server does not answer, or does not let the caller in.
        """
        list(self.api.list(SERVICE))

    def run(self) -> None:
        """All of it, in order. What the controllers did not take in time is in ``left``."""
        self._hold_volumes()
        self._pause()
        self._remove_balanced()
        if self.node_pools:
            self._remove_nodes()

    # volumes

    def _hold_volumes(self) -> None:
        """Retain all volumes before the first claim goes: what becomes of them is the policy's to say, and not the driver's."""
        for volume in self._list(PERSISTENT_VOLUME):
            spec, annotations = volume["spec"], volume["metadata"].get("annotations") or {}
            policy = annotations.get(RECLAIM_ANNOTATION) or spec.get("persistentVolumeReclaimPolicy", DELETE)
            driver = (spec.get("csi") or {}).get("driver", "")
            is_ebs = driver in EBS_DRIVERS
            if (
                policy == DELETE
                and spec.get("persistentVolumeReclaimPolicy") == DELETE
                and (is_ebs or self.volumes == KEEP)
            ):
                self._retain(volume)
            if is_ebs:
                made_by_driver = annotations.get(DRIVER_ANNOTATION) == driver
                fate = DELETE if policy == DELETE and made_by_driver else RETAIN
                if not self.check_mode:
                    self.tag_volume(spec["csi"]["volumeHandle"], {VOLUME_TAG: f"{self.cluster}/{fate}"})

    def _retain(self, volume: Object) -> None:
        name = volume["metadata"]["name"]
        self._note(f"PersistentVolume {name}", {"reclaim_policy": DELETE}, {"reclaim_policy": RETAIN})
        if not self.check_mode:
            body = {
                "metadata": {"annotations": {RECLAIM_ANNOTATION: DELETE}},
                "spec": {"persistentVolumeReclaimPolicy": RETAIN},
            }
            self.api.patch(PERSISTENT_VOLUME, name, body)

    # what recreates things

    def _pause(self) -> None:
        paused = False
        for kind in (DEPLOYMENT, STATEFUL_SET):
            for selector in PAUSED:
                for row in self._list(kind, selector):
                    if (row["spec"].get("replicas") or 0) > 0:
                        self._scale_down(kind, row)
                    paused = True
        if paused:
            self._release_gitops()

    def _scale_down(self, kind: Kind, row: Object) -> None:
        name, namespace = row["metadata"]["name"], row["metadata"]["namespace"]
        now = {"replicas": row["spec"]["replicas"]}
        self._note(f"{kind.kind} {namespace}/{name}", now, {"replicas": 0})
        if not self.check_mode:
            self.api.patch(kind, name, {"spec": {"replicas": 0}}, namespace)

    def _release_gitops(self) -> None:
        """Without their controllers nobody takes their finalizers away, and a release that has them would not go."""
        for kind in GITOPS:
            for row in self._list(kind):
                if row["metadata"].get("finalizers") and not self.check_mode:
                    self.api.patch(
                        kind, row["metadata"]["name"], {"metadata": {"finalizers": None}}, row["metadata"]["namespace"]
                    )

    # load balancers

    def _remove_balanced(self) -> None:
        seen: set[str] = set()

        def observe() -> tuple[bool, None, str]:
            rows = self._list_balanced()
            for kind, row in rows:
                title = _name(kind, row)
                if title not in seen:
                    seen.add(title)
                    self._note(title, _describe_balanced(kind, row), None)
                if "deletionTimestamp" not in row["metadata"]:
                    self._delete(kind, row)
            return not rows or self.check_mode, None, ", ".join(_name(kind, row) for kind, row in rows)

        try:
            poll(observe, "The end of load balancers", Deadline(self.wait_timeout))
        except WaitTimedOut:
            self.left += [
                f"{_name(kind, row)} has finalizers that no controller took away: {', '.join(row['metadata'].get('finalizers') or [])}"
                for kind, row in self._list_balanced()
            ]

    def _list_balanced(self) -> list[tuple[Kind, Object]]:
        services = [row for row in self._list(SERVICE) if row["spec"].get("type") == "LoadBalancer"]
        ingresses = [row for row in self._list(INGRESS) if _is_balanced(row)]
        bindings = [row for row in self._list(TARGET_GROUP_BINDING) if _is_binding_of_user(row)]
        return [
            *((TARGET_GROUP_BINDING, row) for row in bindings),
            *((GATEWAY, row) for row in self._list(GATEWAY)),
            *((INGRESS, row) for row in ingresses),
            *((SERVICE, row) for row in services),
        ]

    def _delete(self, kind: Kind, row: Object) -> None:
        if self.check_mode:
            return
        try:
            self.api.delete(kind, row["metadata"]["name"], row["metadata"]["namespace"], uid=row["metadata"]["uid"])
        except KubernetesError as error:
            if error.status != 409:  # another object has taken its name: it is looked at again
                raise

    # nodes

    def _remove_nodes(self) -> None:
        """The nodes of Karpenter, if it runs: nobody else drains them."""
        rows = self._list(DEPLOYMENT, KARPENTER)
        if not any((row.get("status") or {}).get("availableReplicas") for row in rows):
            return
        nodes = KarpenterNodes(self.api, self.check_mode, self.wait_timeout)
        try:
            nodes.ensure_absent()
        except WaitTimedOut as error:
            self.left.append(error.message)
        self.before |= nodes.before
        self.after |= nodes.after

    def _list(self, kind: Kind, selector: str = "") -> list[Object]:
        """The objects of a kind; none where the cluster does not know the kind."""
        try:
            return list(self.api.list(kind, label_selector=selector))
        except KubernetesError as error:
            if error.status == 404:
                return []
            raise

    def _note(self, title: str, now: Object, then: Object | None) -> None:
        self.before[title] = now
        if then is not None:
            self.after[title] = then


def is_no_answer(error: EksError) -> bool:
    """Whether the API server cannot be asked at all: it does not answer, or lets the caller see nothing."""
    return not isinstance(error, KubernetesError) or error.status in NO_ANSWER


def _is_balanced(ingress: Object) -> bool:
    finalizers: Iterable[str] = ingress["metadata"].get("finalizers") or []
    return any(mark in one for one in finalizers for mark in BALANCER_FINALIZERS)


def _is_binding_of_user(binding: Object) -> bool:
    metadata = binding["metadata"]
    of_stack = any(key.endswith(STACK_LABELS) for key in metadata.get("labels") or {})
    return TARGETS_FINALIZER in (metadata.get("finalizers") or []) and not of_stack


def _describe_balanced(kind: Kind, row: Object) -> Object:
    if kind is TARGET_GROUP_BINDING:
        return {"target_group": row["spec"].get("targetGroupARN") or row["spec"].get("targetGroupName")}
    return {"load_balancer": _list_hosts(row)}


def _name(kind: Kind, row: Object) -> str:
    return f"{kind.kind} {row['metadata']['namespace']}/{row['metadata']['name']}"


def _list_hosts(row: Object) -> list[str]:
    status = row.get("status") or {}
    rows = (status.get("loadBalancer") or {}).get("ingress") or status.get("addresses") or []
    return [one.get("hostname") or one.get("ip") or one.get("value") or "" for one in rows]
