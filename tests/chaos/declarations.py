# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks declare: everything that lives in AWS, and what lives in Kubernetes, too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
OBJECTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::mine/*"}],
}
ASSOCIATIONS = [
    {
        "namespace": "kube-system",
        "service_account": "cluster-autoscaler",
        "well_known_policies": ["auto_scaler"],
        "policy_arns": ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"],
    }
]


@dataclass(frozen=True)
class Declaration:
    """Variables of site.yml and teardown.yml.

    Args:
        kubernetes: whether it needs control planes.
    """

    variables: dict[str, Any]
    kubernetes: bool


# The guide's cluster, with identities, endpoints and flow logs.
ACCOUNT = Declaration(
    {
        "eks_cluster_config": str(EXAMPLES / "cluster-config.yaml"),
        "eks_network_endpoints": ["s3", "ecr.api"],
        "eks_network_flow_logs": {"destination": "cloud-watch-logs"},
        "eks_irsa_service_accounts": [
            {
                "namespace": "production",
                "name": "my-app-sa",
                "role_only": True,
                "policy": {"name": "my-app-s3-policy", "document": OBJECTS},
                "inline_policies": {"objects": OBJECTS},
            },
            {
                "namespace": "kube-system",
                "name": "external-dns",
                "role_only": True,
                "well_known_policies": ["external_dns"],
            },
        ],
        "eks_irsa_pod_identity_associations": ASSOCIATIONS,
    },
    kubernetes=False,
)
# A small cluster with service accounts and releases, one of which has a load balancer.
APPLICATIONS = Declaration(
    {
        "eks_cluster_name": "my-cluster",
        "eks_region": "ap-northeast-1",
        "eks_cluster_version": "1.33",
        "eks_network_nat_gateway": "Single",
        "eks_network_zone_count": 2,
        "eks_addons_list": [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")],
        "eks_nodegroups_list": [
            {
                "name": "general-purpose",
                "instance_types": ["m5.large"],
                "scaling_config": {"min_size": 1, "max_size": 3, "desired_size": 2},
            }
        ],
        "eks_irsa_service_accounts": [
            {
                "namespace": "production",
                "name": "my-app-sa",
                "create_namespace": True,
                "policy": {"name": "my-app-s3-policy", "document": OBJECTS},
            }
        ],
        "eks_irsa_pod_identity_associations": ASSOCIATIONS,
        "eks_helm_folder": str(EXAMPLES),
        "eks_helm_releases": [
            {
                "name": "gateway",
                "namespace": "gateway",
                "chart": "./my-chart",
                "values": {"service": {"type": "LoadBalancer"}},
            },
            {"name": "my-app", "namespace": "production", "chart": "./my-chart", "depends_on": ["gateway"]},
        ],
    },
    kubernetes=True,
)
DECLARATIONS = {"account": ACCOUNT, "applications": APPLICATIONS}
