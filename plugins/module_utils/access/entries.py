# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access entries of a cluster: those of a task, and those that it does not declare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.access.principal_check import PrincipalCheck
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import NODES_TAG, PLATFORM_TAG
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED, is_caller
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import PROPAGATION_TIMEOUT, Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import STANDARD
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import (
    AccessEntryResource,
    describe_entry,
    list_entries,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import get_mode, has_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster

# Seconds: EKS may not know the principal yet, and the entry itself is made at once
LONGEST_WAIT = PROPAGATION_TIMEOUT + 60
# EKS associates these with the roles of capabilities, whose entries it makes:
# https://docs.aws.amazon.com/eks/latest/userguide/capabilities-security.html
CAPABILITIES = ("AmazonEKSACKPolicy", "AmazonEKSArgoCDClusterPolicy", "AmazonEKSArgoCDPolicy", "AmazonEKSKROPolicy")
Kept = dict[str, str]
Raw = dict[str, Any]


@dataclass
class AccessEntryManager:
    """Reconciles access entries of one cluster.

    Args:
        cluster: the answer of DescribeCluster, None for a plan without a cluster.
        check: what is looked up before something is sent.
        owner: key of the tag that marks what is created here; empty for no mark.
        get_caller: gives the ARN of GetCallerIdentity.
    """

    eks: Any
    name: str
    cluster: Raw | None
    check: PrincipalCheck
    get_caller: Callable[[], str]
    owner: str = ""
    check_mode: bool = False

    def ensure_present(self, options: Raw) -> Outcome:
        resource = AccessEntryResource(self.eks, self.name, options["principal_arn"], self.check.find_problems)
        resource.owner = self.owner
        return self._build_reconciler(resource, options["replace"]).ensure_present(options)

    def ensure_absent(self, principal: str) -> Outcome:
        return self._build_reconciler(AccessEntryResource(self.eks, self.name, principal), False).ensure_absent()

    def _build_reconciler(self, resource: AccessEntryResource, replace: bool) -> Reconciler:
        return Reconciler(resource, self.check_mode, wait_timeout=LONGEST_WAIT, replace=replace)

    def remove_others(self, declared: list[str], owner: str) -> tuple[list[ItemResult], list[Kept]]:
        """Delete the entries that are not declared; the results, and what was kept and why.

        Args:
            owner: key of the tag of what kumo.eks created for the cluster.
        """
        names = [arn for arn in list_entries(self.eks, self.name) if arn not in declared]
        found = describe_all(names, lambda arn: describe_entry(self.eks, self.name, arn))
        caller = self.get_caller() if found else ""
        reasons = {raw["principalArn"]: find_reason_to_keep(raw, self.cluster or {}, caller, owner) for raw in found}
        kept = [{"kind": "access entry", "name": arn, "why": why} for arn, why in reasons.items() if why]
        gone = [arn for arn, why in reasons.items() if not why]
        return run_concurrently([(arn, partial(self.ensure_absent, arn)) for arn in gone]), kept


def find_reason_to_keep(entry: Raw, cluster: Raw, caller: str, owner: str) -> str:
    """Why an entry that nobody declares is kept; empty where it is removed."""
    principal = entry["principalArn"]
    policies = {row["policyArn"].rpartition("/")[2] for row in entry["accessPolicies"]}
    if SERVICE_LINKED in principal:
        return "it is of a service-linked role, and EKS manages it"
    if is_caller(principal, caller):
        return "it is the caller's own way into the cluster"
    if principal == cluster.get("roleArn"):
        return "it is of the IAM role of the cluster, and EKS created it for EKS Auto Mode"
    if entry["type"] != STANDARD and owner not in (entry.get("tags") or {}):
        return f"nodes or pods join the cluster by it (type {entry['type']}), and kumo.eks did not create it"
    if NODES_TAG in (entry.get("tags") or {}):
        return "self-managed nodes join the cluster by it, and it is deleted with them"
    if PLATFORM_TAG in (entry.get("tags") or {}):
        return f"nodes of {entry['tags'][PLATFORM_TAG]} join the cluster by it"
    own = sorted(policies & set(CAPABILITIES))
    if own:
        return f"it has {', '.join(own)}, which EKS associates with the role of a capability"
    return ""


def check_entries_allowed(cluster: Raw | None, name: str, region: str, is_plan: bool) -> None:
    """Refuse to create entries of a cluster that is not there, or that has none; a plan may come before both."""
    if is_plan:
        return
    refuse_missing_cluster(cluster, name, region)
    if not has_entries(cluster or {}):
        raise ValidationError(
            f"cluster_name: the authentication mode of cluster {name} is {get_mode(cluster or {})}, which has no access entries. Set"
            " access_config.authentication_mode of kumo.eks.eks_cluster to API_AND_CONFIG_MAP first."
        )
