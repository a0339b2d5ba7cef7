# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Helm charts of the components that EKS does not offer as add-ons. Data, with its sources. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor


@dataclass(frozen=True)
class Chart:
    """A chart, and which version of it belongs to which version of Kubernetes.

    Args:
        versions: a Kubernetes minor version and the chart's version from there on, oldest first.
    """

    name: str
    repository: str
    versions: tuple[tuple[str, str], ...]

    def choose_version(self, kubernetes: str | None) -> str:
        """The chart's version for a cluster; for one of unknown version, or newer than all known ones, the newest."""
        if kubernetes is None:
            return self.versions[-1][1]
        fitting = [chart for minor, chart in self.versions if parse_minor(minor) <= parse_minor(kubernetes)]
        return fitting[-1] if fitting else self.versions[0][1]


# One version for all: only the latest minor version gets fixes, and each requires Kubernetes 1.22 or later.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/deploy/installation.md#supported-kubernetes-versions
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/helm/aws-load-balancer-controller/Chart.yaml
AWS_LOAD_BALANCER_CONTROLLER = Chart(
    "aws-load-balancer-controller", "https://aws.github.io/eks-charts", (("1.22", "3.5.0"),)
)

# The autoscaler simulates the scheduler, so its minor version is to be that of Kubernetes: the last chart of each app version.
# https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/README.md#releases
# https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/charts/cluster-autoscaler/Chart.yaml and its history
CLUSTER_AUTOSCALER = Chart(
    "cluster-autoscaler",
    "https://kubernetes.github.io/autoscaler",
    (
        ("1.29", "9.36.0"),
        ("1.30", "9.37.0"),
        ("1.31", "9.44.0"),
        ("1.32", "9.46.6"),
        ("1.33", "9.51.0"),
        ("1.34", "9.53.0"),
        ("1.35", "9.59.0"),
    ),
)

# The last version that its project tested with a version of Kubernetes.
# https://external-secrets.io/latest/introduction/stability-support/#supported-versions
EXTERNAL_SECRETS = Chart(
    "external-secrets",
    "https://charts.external-secrets.io",
    (("1.29", "0.13.0"), ("1.32", "0.16.2"), ("1.33", "0.19.2"), ("1.34", "2.6.0"), ("1.35", "2.8.0")),
)

# https://github.com/kubernetes/ingress-nginx/blob/main/README.md#supported-versions-table
INGRESS_NGINX = Chart(
    "ingress-nginx",
    "https://kubernetes.github.io/ingress-nginx",
    (("1.29", "4.13.9"), ("1.30", "4.14.5"), ("1.31", "4.15.1")),
)

# The last version that its project tested with a version of Kubernetes, and for later ones its newest.
# https://github.com/argoproj/argo-cd/blob/master/docs/operator-manual/tested-kubernetes-versions.md
# https://github.com/argoproj/argo-helm/blob/main/charts/argo-cd/Chart.yaml and its history
ARGO_CD = Chart(
    "argo-cd",
    "https://argoproj.github.io/argo-helm",
    (("1.29", "8.2.7"), ("1.31", "9.3.7"), ("1.35", "10.1.1")),
)
