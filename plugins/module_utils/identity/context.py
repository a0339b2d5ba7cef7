# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster as the identities of its pods see it: its region, its account and its OIDC issuer. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_dns_suffix
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotReady
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import get_issuer
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity

UNKNOWN = "KNOWN-WITH-THE-CLUSTER"  # the issuer's id, in a plan for a cluster that is not there


@dataclass(frozen=True)
class ClusterContext:
    """The cluster as identities see it.

    Args:
        issuer: URL of the OIDC issuer.
        exists: whether the cluster exists; a plan does without.
    """

    cluster: str
    region: str
    partition: str
    account: str
    issuer: str
    exists: bool = True

    @property
    def provider_arn(self) -> str:
        """The ARN that the issuer's IAM OIDC provider has or will have."""
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{self.issuer.removeprefix('https://')}"

    @property
    def owner(self) -> str:
        """Key of the tag that marks what is made for the cluster."""
        return build_owner_key(self.region, self.cluster)

    def with_provider(self, provider_arn: str) -> ClusterContext:
        """The same cluster with the issuer of this provider."""
        return replace(self, issuer="https://" + get_issuer(provider_arn))

    @property
    def scope(self) -> IamScope:
        """The account and the cluster that its pods' roles are made for."""
        return IamScope(self.partition, self.owner, lambda: self.account, self.provider_arn)

    def build_role_arn(self, identity: Identity) -> str:
        """The ARN that the identity's role has or will have."""
        return self.scope.build_role_arn(identity.role_name, identity.path)


def build_cluster_context(
    raw: dict[str, Any] | None, cluster: str, region: str, find_caller_arn: Callable[[], str]
) -> ClusterContext:
    """The context from DescribeCluster's answer; without a cluster one for a plan or a deletion.

    Args:
        find_caller_arn: called where there is no cluster; the ARN of GetCallerIdentity.

    Raises:
        EksError: the cluster has no issuer yet.
    """
    if raw is None:
        parts = find_caller_arn().split(":")
        issuer = f"https://oidc.eks.{region}.{get_dns_suffix(parts[1])}/id/{UNKNOWN}"
        return ClusterContext(cluster, region, parts[1], parts[4], issuer, exists=False)
    issuer = ((raw.get("identity") or {}).get("oidc") or {}).get("issuer")
    if not issuer:
        raise NotReady(
            f"Cluster {cluster} is {raw['status']} and has no OIDC issuer yet. Wait for it with kumo.eks.eks_wait."
        )
    parts = raw["arn"].split(":")
    return ClusterContext(cluster, parts[3], parts[1], parts[4], issuer)


def check_cluster_exists(raw: dict[str, Any] | None, name: str, region: str) -> None:
    """Refuse a cluster that does not exist, or not for long: no identities are made for it."""
    refuse_missing_cluster(raw, name, region)
    if raw["status"] in ("DELETING", "FAILED"):
        raise NotReady(
            f"cluster_name: cluster {name} in {region} is {raw['status']}. It cannot have identities for pods."
        )
