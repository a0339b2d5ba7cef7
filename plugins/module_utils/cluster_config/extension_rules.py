# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for identityProviders and capabilities of a ClusterConfig. Pure.

validateIdentityProvider in eksctl's pkg/apis/eksctl.io/v1alpha5/validation.go, Capability.Validate in capability.go. The rules of EKS
are those of the modules, and eks_preflight asks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.capability import ARGOCD, TYPES

Config = dict[str, Any]
RETAIN = "RETAIN"
OF_THE_ROLE = ("attachPolicy", "attachPolicyARNs", "permissionsBoundary")


def find_extension_problems(config: Config) -> Iterator[str]:
    """What is wrong with identityProviders and capabilities."""
    providers = [row or {} for row in config.get("identityProviders", [])]
    if len(providers) > 1:
        yield f"identityProviders: {len(providers)} are given. A cluster has one OIDC identity provider."
    capabilities = [row or {} for row in config.get("capabilities", [])]
    seen: set[str] = set()
    for index, row in enumerate(capabilities):
        path, kind = f"capabilities[{index}]", str(row.get("type") or "").upper()
        yield from _check_capability(path, row, kind)
        if kind in seen:
            yield f"{path}.type: {kind} is given twice. A cluster has one capability of each type."
        seen.add(kind or path)
    if capabilities and config.get("accessConfig", {}).get("authenticationMode") == "CONFIG_MAP":
        yield "accessConfig.authenticationMode: CONFIG_MAP has no access entries, which capabilities need. Use API_AND_CONFIG_MAP or API."
    for name in ("identityProviders", "capabilities"):
        if config.get(name) and config.get("outpost"):
            yield f"{name}: cannot be combined with outpost. EKS does not support it on a local cluster."


def _check_capability(path: str, row: Config, kind: str) -> Iterator[str]:
    if kind and kind not in TYPES:
        yield f"{path}.type: {format_value(row['type'])} is not valid. Use one of {', '.join(TYPES)}."
    policy = row.get("deletePropagationPolicy") or RETAIN
    if policy.upper() != RETAIN:
        yield f"{path}.deletePropagationPolicy: {format_value(policy)} is not valid. Use {RETAIN}."
    argo_cd = row.get("configuration", {}).get("argocd")
    if kind == ARGOCD and not (argo_cd or {}).get("awsIdc", {}).get("idcInstanceArn"):
        yield f"{path}.configuration.argocd.awsIdc.idcInstanceArn: is missing. Argo CD signs people in with IAM Identity Center."
    if kind in TYPES and kind != ARGOCD and argo_cd is not None:
        yield f"{path}.configuration.argocd: is for type {ARGOCD}, not {kind}. Remove it."
    given = [name for name in OF_THE_ROLE if row.get(name)]
    if row.get("roleArn") and given:
        yield f"{path}.{given[0]}: cannot be combined with roleArn. Set it in that role."
    for place, one in enumerate(row.get("accessPolicies", [])):
        if one and not one.get("accessScope", {}).get("type"):
            yield f"{path}.accessPolicies[{place}].accessScope.type: is missing. Use cluster or namespace."
