"""Labels of node groups that EKS refuses, and those that keep nodes from joining.

https://github.com/eksctl-io/eksctl/issues/4007 (what the API refuses)
https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3346 (what the kubelet does not start with)
"""

from __future__ import annotations

from kumo_sandbox.eks.errors import InvalidParameter

RESERVED = "eks.amazonaws.com"
# kubelet, --node-labels: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
PREFIXES = ("kubelet.kubernetes.io", "node.kubernetes.io")
ALLOWED = {
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
}


def check_labels(cluster: str, labels: dict[str, str]) -> None:
    if any(_is_in(key, RESERVED) for key in labels):
        raise InvalidParameter(
            "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]", clusterName=cluster
        )


def list_unjoinable(labels: dict[str, str]) -> list[str]:
    """The labels with which no kubelet starts."""
    ours = [key for key in labels if any(_is_in(key, domain) for domain in ("kubernetes.io", "k8s.io"))]
    return [key for key in ours if key not in ALLOWED and not any(_is_in(key, prefix) for prefix in PREFIXES)]


def _is_in(key: str, domain: str) -> bool:
    prefix, slash, _name = key.partition("/")
    return bool(slash) and (prefix == domain or prefix.endswith(f".{domain}"))
