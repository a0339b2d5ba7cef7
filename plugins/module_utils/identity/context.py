# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as the identities of its pods see it: where it is, whose it is, who its issuer is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import get_issuer
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity

UNKNOWN = "KNOWN-WITH-THE-CLUSTER"  # the issuer's id, in a plan for a cluster that is not there


@dataclass(frozen=True)
class ClusterContext:
    """The cluster as identities see it.

    Args:
        issuer: URL of the OIDC issuer.
        standing: whether the cluster exists; a plan does without.
    """

    cluster: str
    region: str
    partition: str
    account: str
    issuer: str
    exists: bool = True

    @property
    def provider_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{self.issuer.removeprefix('https://')}"

    @property
    def owner(self) -> str:
        return build_owner_key(self.region, self.cluster)

    def with_provider(self, provider_arn: str) -> ClusterContext:
        """The same cluster with the issuer of this provider."""
        return replace(self, issuer="https://" + get_issuer(provider_arn))

    def role_arn(self, identity: Identity) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role{identity.path}{identity.role_name}"

    def policy_arn(self, policy: dict[str, Any]) -> str:
        return f"arn:{self.partition}:iam::{self.account}:policy{policy.get('path', '/')}{policy['name']}"


def build_cluster_context(raw: dict[str, Any] | None, cluster: str, region: str, caller_arn: Any) -> ClusterContext:
    """The ground from DescribeCluster's answer; without a cluster one for a plan or a deletion.

    Args:
        caller_arn: called where there is no cluster; the ARN of GetCallerIdentity.

    Raises:
        EksError: the cluster has no issuer yet.
    """
    if raw is None:
        words = caller_arn().split(":")
        domain = "amazonaws.com.cn" if words[1] == "aws-cn" else "amazonaws.com"
        issuer = f"https://oidc.eks.{region}.{domain}/id/{UNKNOWN}"
        return ClusterContext(cluster, region, words[1], words[4], issuer, exists=False)
    issuer = ((raw.get("identity") or {}).get("oidc") or {}).get("issuer")
    if not issuer:
        raise EksError(f"cluster {cluster} is {raw['status']} and has no OIDC issuer yet; wait for it with eks_wait")
    words = raw["arn"].split(":")
    return ClusterContext(cluster, words[3], words[1], words[4], issuer)


def check_cluster_exists(raw: dict[str, Any] | None, name: str, region: str) -> None:
    """Raise EksError for a cluster that is not there, or not for long: identities are not made for it."""
    if raw is None:
        raise EksError(f"cluster_name: there is no cluster {name} in {region}")
    if raw["status"] in ("DELETING", "FAILED"):
        raise EksError(
            f"cluster_name: cluster {name} in {region} is {raw['status']}, and its pods can get no identities"
        )
