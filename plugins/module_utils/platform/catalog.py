# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The components of a platform, each by one word: an add-on where EKS offers one, else a Helm chart. Data, with its sources. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kumo.eks.plugins.module_utils.core.addon_accounts import ACCOUNTS
from ansible_collections.kumo.eks.plugins.module_utils.platform.charts import (
    ARGO_CD,
    AWS_LOAD_BALANCER_CONTROLLER,
    CLUSTER_AUTOSCALER,
    EXTERNAL_SECRETS,
    INGRESS_NGINX,
    Chart,
)

KUBE_SYSTEM = "kube-system"
AGENT = "eks-pod-identity-agent"
LOAD_BALANCER_CONTROLLER = "aws_load_balancer_controller"


@dataclass(frozen=True)
class Rights:
    """What a component may do in AWS.

    Args:
        service_account: the service account of its pods.
        well_known: names of iam/well_known_policies.
        managed: further AWS managed policies.
        limits: the options of the component that limit the first of the well-known policies.
    """

    service_account: str
    well_known: tuple[str, ...]
    managed: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Component:
    """One component.

    Args:
        namespace: where it is installed, unless the task names another namespace.
        addon: the add-on of EKS. One of this and ``chart`` is given.
        chart: the Helm chart.
        depends_on: words of components that must be ready before, where they are installed, too.
    """

    namespace: str
    addon: str = ""
    chart: Chart | None = None
    rights: Rights | None = None
    depends_on: tuple[str, ...] = ()


def _build_addon(name: str, *well_known: str, managed: tuple[str, ...] = (), limits: tuple[str, ...] = ()) -> Component:
    """An add-on whose pods call AWS."""
    account = ACCOUNTS[name]
    return Component(account.namespace, addon=name, rights=Rights(account.name, well_known, managed, limits))


# Names, namespaces and managed policies of the add-ons:
# https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
# https://docs.aws.amazon.com/eks/latest/userguide/community-addons.html
# Service accounts and namespaces of the charts are those of the projects' instructions, which the sources in charts.py lead to.
#
# All other releases wait for the load balancer controller: its chart installs a webhook for Services of the whole cluster, and
# without a pod that answers it no Service can be created.
# https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/helm/aws-load-balancer-controller/README.md
# (enableServiceMutatorWebhook)
COMPONENTS: dict[str, Component] = {
    "argo_cd": Component("argocd", chart=ARGO_CD, depends_on=(LOAD_BALANCER_CONTROLLER,)),
    LOAD_BALANCER_CONTROLLER: Component(
        KUBE_SYSTEM,
        chart=AWS_LOAD_BALANCER_CONTROLLER,
        rights=Rights("aws-load-balancer-controller", ("aws_load_balancer_controller",)),
    ),
    "cert_manager": Component(
        "cert-manager",
        addon="cert-manager",
        rights=Rights("cert-manager", ("cert_manager",), limits=("hosted_zones",)),
    ),
    "cloudwatch_observability": _build_addon(
        "amazon-cloudwatch-observability", "cloud_watch", managed=("AWSXrayWriteOnlyAccess",)
    ),
    "cluster_autoscaler": Component(
        KUBE_SYSTEM,
        chart=CLUSTER_AUTOSCALER,
        rights=Rights("cluster-autoscaler", ("auto_scaler",)),
        depends_on=(LOAD_BALANCER_CONTROLLER,),
    ),
    "ebs_csi_driver": _build_addon("aws-ebs-csi-driver", "ebs"),
    "efs_csi_driver": _build_addon("aws-efs-csi-driver", "efs"),
    "external_dns": _build_addon("external-dns", "external_dns", limits=("hosted_zones",)),
    "external_secrets": Component(
        "external-secrets",
        chart=EXTERNAL_SECRETS,
        rights=Rights("external-secrets", ("external_secrets",), limits=("secrets", "kms_keys")),
        depends_on=(LOAD_BALANCER_CONTROLLER,),
    ),
    "fsx_csi_driver": _build_addon("aws-fsx-csi-driver", "fsx"),
    "ingress_nginx": Component("ingress-nginx", chart=INGRESS_NGINX, depends_on=(LOAD_BALANCER_CONTROLLER,)),
    "metrics_server": Component(KUBE_SYSTEM, addon="metrics-server"),
}
WORDS = tuple(sorted(COMPONENTS))
BY_ADDON = {component.addon: word for word, component in COMPONENTS.items() if component.addon}
BY_RELEASE = {component.chart.name: word for word, component in COMPONENTS.items() if component.chart}
BY_SERVICE_ACCOUNT = {
    component.rights.service_account: word for word, component in COMPONENTS.items() if component.rights
}
