# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of a platform, as variables of the role and of the module."""

from __future__ import annotations

from support.bad_inputs.row import module, role

platform = role("eks_platform")
task = module("eks_platform", cluster_name="there", components=["metrics_server"])
COMPONENTS = "eks_platform_components"


def declare(*items):
    return {COMPONENTS: list(items)}


ROWS = [
    platform(
        "an unknown component",
        f"{COMPONENTS}[1].name",
        "'metrics-server' is not allowed",
        "Did you mean metrics_server?",
        **declare("argo_cd", "metrics-server"),
    ),
    platform(
        "a misspelt option",
        f"{COMPONENTS}[0].hosted_zone",
        "unknown option",
        "Did you mean hosted_zones?",
        **declare({"name": "external_dns", "hosted_zone": "Z1"}),
    ),
    platform(
        "a component without a name",
        f"{COMPONENTS}[0].name",
        "required option",
        "is missing",
        **declare({"version": "1.0.0"}),
    ),
    platform(
        "the name of a zone",
        f"{COMPONENTS}[0].hosted_zones",
        "'example.com' is not valid",
        "Use the ID of a hosted zone",
        **declare({"name": "cert_manager", "hosted_zones": ["example.com"]}),
    ),
    platform(
        "a limit that the policy does not have",
        f"{COMPONENTS}[0].secrets",
        "the policy of external_dns",
        "It is an option of external_secrets",
        **declare({"name": "external_dns", "secrets": ["x"]}),
    ),
    platform("a component twice", COMPONENTS, "argo_cd", "unique", **declare("argo_cd", {"name": "argo_cd"})),
    platform(
        "an add-on of two lists",
        f"{COMPONENTS}[0].name",
        "eks_addons_list[0]",
        "Remove it from one of the lists",
        eks_addons_list=[{"name": "metrics-server"}],
        **declare("metrics_server"),
    ),
    platform(
        "a release of two lists",
        f"{COMPONENTS}[0].name",
        "eks_helm_releases[0]",
        "Remove it from one of the lists",
        eks_helm_releases=[{"name": "argo-cd", "namespace": "argocd", "chart": "./argo-cd"}],
        **declare("argo_cd"),
    ),
    platform(
        "an identity that EKS does not know",
        f"{COMPONENTS}[0].identity",
        "'kiam' is not allowed",
        "Use pod_identity or irsa or none",
        **declare({"name": "ebs_csi_driver", "identity": "kiam"}),
    ),
    platform(
        "a mirror without a scheme",
        "eks_platform_chart_repository",
        "'charts.example.com'",
        "Use one like https://charts.example.com",
        eks_platform_chart_repository="charts.example.com",
        **declare("argo_cd"),
    ),
    platform(
        "a sign-in to ECR without a registry",
        "eks_platform_ecr_login",
        "is not a registry",
        "oci://",
        eks_platform_ecr_login=True,
        **declare("argo_cd"),
    ),
    task("an unknown component", "components[0].name", "'nginx' is not allowed", "Use argo_cd", components=["nginx"]),
    task("no list", "components", "type dict", "convert to list", components={"argo_cd": {}}),
]
