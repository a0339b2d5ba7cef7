# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a chart gets from the collection, under those of the user. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import LOAD_BALANCER_CONTROLLER
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place

Values = dict[str, Any]
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
# An annotation of the pods, so that they are replaced where the identity changes: only new pods get the credentials of another one.
IDENTITY_ANNOTATION = "kumo.eks/identity"
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/
SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
BY_CONTROLLER = {
    f"{SERVICE}type": "external",
    f"{SERVICE}nlb-target-type": "ip",
    f"{SERVICE}scheme": "internet-facing",  # as of the load balancers that Kubernetes itself creates
}
BY_KUBERNETES = {f"{SERVICE}type": "nlb"}


def build_values(word: str, place: Place, words: set[str], account: str, identity: str, role_arn: str) -> Values:
    """The values of a component.

    Args:
        words: all components of the task.
        account: the service account of its pods.
        identity: how it gets its role.
        role_arn: the role by IRSA, else "".
    """
    annotations = {ROLE_ANNOTATION: role_arn} if role_arn else {}
    service_account = {"create": True, "name": account, "annotations": annotations}
    pods = {"podAnnotations": {IDENTITY_ANNOTATION: identity}}
    if word == LOAD_BALANCER_CONTROLLER:
        # Given here, because pods reach the instance's metadata only where its hop limit lets them
        of_network = {"vpcId": place.vpc_id} if place.vpc_id else {}
        own = {"clusterName": place.cluster, "region": place.region, **of_network}
        return {**own, "serviceAccount": service_account, **pods}
    if word == "cluster_autoscaler":
        own = {"cloudProvider": "aws", "awsRegion": place.region, "autoDiscovery": {"clusterName": place.cluster}}
        return {**own, "rbac": {"serviceAccount": service_account}, **pods}
    if word == "external_secrets":
        return {"serviceAccount": service_account, **pods}
    if word == "ingress_nginx":
        annotations = BY_CONTROLLER if LOAD_BALANCER_CONTROLLER in words else BY_KUBERNETES
        return {"controller": {"service": {"type": "LoadBalancer", "annotations": dict(annotations)}}}
    return {}


def merge_values(under: Values, over: Values) -> Values:
    """Values over others, as Helm merges several files of them: mappings key by key, anything else as a whole."""
    found = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merge_values(found[key], value) if both else value
    return found
