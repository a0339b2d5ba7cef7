"""The drivers of EBS that run in a cluster: the EBS CSI driver, as an add-on or by its chart, and that of EKS Auto Mode.

https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts/aws-ebs-csi-driver/templates/controller.yaml
https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
"""

from __future__ import annotations

from dataclasses import dataclass

from kumo_sandbox.aws_interfaces import PodCaller
from kumo_sandbox.interfaces import ClusterView
from kumo_sandbox.kubernetes.api import Api, Manifest
from kumo_sandbox.kubernetes.fargate import COMPUTE_TYPE
from kumo_sandbox.kubernetes.service_pods import list_selected

EBS, AUTO = "ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"
IN_TREE = (
    "kubernetes.io/aws-ebs"  # migrated: https://kubernetes.io/docs/concepts/storage/volumes/#aws-ebs-csi-migration
)
CONTROLLER = "app.kubernetes.io/name=aws-ebs-csi-driver"
CLUSTER_ID, EXTRA_TAGS = "--k8s-tag-cluster-id=", "--extra-tags="
# Where the node plugin of the EBS CSI driver does not run: the affinity in its chart, values.yaml
OTHERS = ("fargate", "auto", "hybrid")


@dataclass(frozen=True)
class Driver:
    """One that runs.

    Args:
        source: who its events come from.
        cluster_id: the name of the cluster that it was told, if any.
        extra_tags: that all its volumes get.
    """

    name: str
    caller: PodCaller
    source: str
    cluster_id: str
    extra_tags: tuple[str, ...] = ()

    def serves(self, node: Manifest) -> bool:
        """Whether its node plugin has registered there."""
        kind = (node["metadata"].get("labels") or {}).get(COMPUTE_TYPE, "")
        return kind == "auto" if self.name == AUTO else kind not in OTHERS


def find_drivers(api: Api, cluster: ClusterView) -> dict[str, Driver]:
    """By name. The EBS CSI driver runs while a pod of its Deployment is available."""
    found = {}
    if cluster.block_storage:
        found[AUTO] = Driver(AUTO, PodCaller(cluster.arn, of_eks=True), AUTO, cluster.name)
    for deployment in api.items("apps/v1", "Deployment", labelSelector=CONTROLLER):
        if deployment.get("status", {}).get("availableReplicas"):
            pods = list_selected(api, deployment["spec"]["selector"]["matchLabels"])
            for pod in filter(is_ready, pods):
                found[EBS] = _build_driver(cluster, pod)
                break
    return found


def _build_driver(cluster: ClusterView, pod: Manifest) -> Driver:
    arguments = [text for container in pod["spec"]["containers"] for text in container.get("args") or []]
    metadata = pod["metadata"]
    return Driver(
        EBS,
        _build_caller(cluster, pod),
        f"{EBS}_{metadata['name']}_{metadata['uid']}",
        next((text.removeprefix(CLUSTER_ID) for text in arguments if text.startswith(CLUSTER_ID)), ""),
        tuple(
            pair
            for text in arguments
            if text.startswith(EXTRA_TAGS)
            for pair in text.removeprefix(EXTRA_TAGS).split(",")
        ),
    )


def _build_caller(cluster: ClusterView, pod: Manifest) -> PodCaller:
    """What the webhook put into the pod when it was created counts, whatever its service account says since then."""
    spec = pod["spec"]
    rows = [row for container in spec["containers"] for row in container.get("env") or []]
    variables = {row["name"]: row.get("value", "") for row in rows}
    node = next((node for node in cluster.nodes if node.name == spec.get("nodeName")), None)
    return PodCaller(
        cluster.arn,
        pod["metadata"]["namespace"],
        spec.get("serviceAccountName", "default"),
        role_arn=variables.get("AWS_ROLE_ARN", ""),
        associated="AWS_CONTAINER_CREDENTIALS_FULL_URI" in variables,
        node_role=node.role_arn if node else "",
    )


def is_ready(pod: Manifest) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(row["type"] == "Ready" and row["status"] == "True" for row in conditions)
