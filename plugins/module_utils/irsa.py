# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An identity for pods as a composite: OIDC provider, policy, role, service accounts, each a resource of the reconciler.

The provider is the cluster's and comes first, once for a task; identities follow side by side; a deletion goes the other way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError, Refused
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import (
    canonical,
    canonicals,
    trust_without,
    trusts,
    web_identity_trust,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam_tags import as_map
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import Account, Identity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes_api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.ownership import OWNED, owner_key, owners
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Outcome, Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.resources.iam import CATCH_UP, found_in_iam
from ansible_collections.kumo.eks.plugins.module_utils.resources.managed_policy import ManagedPolicyResource
from ansible_collections.kumo.eks.plugins.module_utils.resources.oidc_provider import OidcProviderResource
from ansible_collections.kumo.eks.plugins.module_utils.resources.pod_role import PodRoleResource
from ansible_collections.kumo.eks.plugins.module_utils.resources.service_account import (
    OURS,
    ROLE,
    ServiceAccountResource,
    annotations_of,
    is_ours,
)

AUDIENCE = "sts.amazonaws.com"  # in every partition
UNKNOWN = "KNOWN-WITH-THE-CLUSTER"  # the issuer's id, in a plan for a cluster that is not there


@dataclass(frozen=True)
class Ground:
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
    standing: bool = True

    @property
    def provider_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{self.issuer.removeprefix('https://')}"

    @property
    def owner(self) -> str:
        return owner_key(self.region, self.cluster)

    def role_arn(self, identity: Identity) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role{identity.path}{identity.role_name}"

    def policy_arn(self, policy: dict[str, Any]) -> str:
        return f"arn:{self.partition}:iam::{self.account}:policy{policy.get('path', '/')}{policy['name']}"


def ground_of(raw: dict[str, Any] | None, cluster: str, region: str, caller_arn: Any) -> Ground:
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
        return Ground(cluster, region, words[1], words[4], issuer, standing=False)
    issuer = ((raw.get("identity") or {}).get("oidc") or {}).get("issuer")
    if not issuer:
        raise EksError(f"cluster {cluster} is {raw['status']} and has no OIDC issuer yet; wait for it with eks_wait")
    words = raw["arn"].split(":")
    return Ground(cluster, words[3], words[1], words[4], issuer)


@dataclass
class Composer:
    """Makes and removes identities on a ground.

    Args:
        iam: boto3's IAM client.
        api: the cluster's Kubernetes API; None where no service account is written, or the cluster does not exist.
        tags: the task's tags, for the provider.
    """

    iam: Any
    api: KubernetesApi | None
    ground: Ground
    audience: str = AUDIENCE
    check_mode: bool = False

    def _reconciler(self, resource: Any) -> Reconciler:
        return Reconciler(resource, check_mode=self.check_mode, wait_timeout=CATCH_UP)

    def _removed(self, resource: Any) -> Outcome:
        """Deleted, and seen to be gone."""
        return Reconciler(resource, check_mode=self.check_mode, wait=True, wait_timeout=CATCH_UP).ensure_absent()

    # present

    def provider(self, tags: dict[str, str]) -> Outcome:
        """The cluster's provider, with the audience."""
        return self._reconciler(self._provider(tags)).ensure_present(
            {"url": self.ground.issuer.removeprefix("https://"), "audiences": [self.audience]}
        )

    def _provider(self, tags: dict[str, str]) -> OidcProviderResource:
        ground = self.ground
        marked = {**tags, ground.owner: OWNED}
        return OidcProviderResource(self.iam, ground.provider_arn, ground.issuer, self.audience, marked)

    def present(self, identity: Identity) -> Outcome:
        """Policy, role and service accounts, in this order: what is named by the next one is there before it."""
        parts: dict[str, Outcome] = {}
        if identity.role_arn is None:
            parts.update(self._present_role(identity))
        arn = identity.role_arn or parts["role"].raw["Arn"]
        audience = "" if self.audience == AUDIENCE else self.audience  # the webhook's own need not be said
        annotations = annotations_of(arn, {**identity.options, "audience": audience})
        for account in identity.written_accounts:
            parts[f"service account {account}"] = self._present_account(identity, account, annotations)
        return _together(parts, arn)

    def _present_role(self, identity: Identity) -> dict[str, Outcome]:
        parts, options, arns = {}, identity.options, ()
        if "policy" in options:
            arn = self.ground.policy_arn(options["policy"])
            arns = (arn,)
            parts["policy"] = self._present_policy(arn, options)
        role = PodRoleResource(self.iam, self.ground.role_arn(identity), self.ground.owner, arns)
        trust = web_identity_trust(self.ground.provider_arn, identity.subjects, self.audience, identity.has_patterns)
        parts["role"] = self._reconciler(role).ensure_present({**options, "trust_policy": trust})
        return parts

    def _present_policy(self, arn: str, options: dict[str, Any]) -> Outcome:
        policy = options["policy"]
        if "document" not in policy:
            raise Refused("policy.document: is needed where the policy is to be there")
        wanted = {"tags": options.get("tags"), "purge_tags": options.get("purge_tags", True), **policy}
        return self._reconciler(ManagedPolicyResource(self.iam, arn, self.ground.owner)).ensure_present(wanted)

    def _present_account(self, identity: Identity, account: Account, annotations: dict[str, str | None]) -> Outcome:
        options = identity.options
        resource = ServiceAccountResource(
            self.api, account.namespace, account.name, bool(options.get("create_namespace"))
        )
        wanted = {
            "annotations": {**options.get("service_account_annotations", {}), **annotations},
            "labels": options.get("service_account_labels"),
        }
        return self._reconciler(resource).ensure_present(wanted)

    # absent

    def absent(self, identity: Identity) -> Outcome:
        """Service accounts, role, policies, in this order. What others use, or made, is kept, and said."""
        parts: dict[str, Outcome] = {}
        kept: list[dict[str, str]] = []
        role = PodRoleResource(self.iam, self.ground.role_arn(identity), self.ground.owner)
        raw = role.describe() if identity.role_arn is None else None
        arn = identity.role_arn or (raw["Arn"] if raw else role.arn)
        for account in identity.written_accounts if self.api else ():
            parts[f"service account {account}"] = self._absent_account(account, arn, kept)
        if identity.role_arn is None:
            parts.update(self._absent_role(identity, role, raw, kept))
        return _together(parts, arn, kept)

    def _absent_account(self, account: Account, arn: str, kept: list[dict[str, str]]) -> Outcome:
        """Delete one that was made here; of another one only the annotations that name this role go."""
        resource = ServiceAccountResource(self.api, account.namespace, account.name)
        raw = resource.describe()
        if raw is None:
            return Outcome(False, None)
        named = raw["annotations"].get(ROLE)
        if named not in (None, arn):
            kept.append(_kept("service account", str(account), f"it names another role, {named}"))
            return Outcome(False, raw)
        if is_ours(raw):
            return self._removed(resource)
        kept.append(_kept("service account", str(account), "it was not made by kumo.eks; its annotations are removed"))
        gone = {key: None for key in OURS if key in raw["annotations"]}
        return self._reconciler(resource).ensure_present({"annotations": gone}) if gone else Outcome(False, raw)

    def _absent_role(
        self, identity: Identity, role: PodRoleResource, raw: dict[str, Any] | None, kept: list[dict[str, str]]
    ) -> dict[str, Outcome]:
        """The role, and the policies made here that it has or that the task names."""
        parts = {"role": self._remove_role(role, raw, kept)}
        gone = parts["role"].changed and parts["role"].raw is None
        arns = [arn for arn in raw["PolicyArns"] if f":{self.ground.account}:policy/" in arn] if raw and gone else []
        if "policy" in identity.options:
            arns = sorted({*arns, self.ground.policy_arn(identity.options["policy"])})
        for arn in arns:
            name = "policy" if len(arns) == 1 else f"policy {arn}"
            parts[name] = self._absent_policy(arn, identity.role_name if gone else None, kept)
        return parts

    def _remove_role(self, role: PodRoleResource, raw: dict[str, Any] | None, kept: list[dict[str, str]]) -> Outcome:
        if raw is None:
            return Outcome(False, None)
        if self.ground.owner not in raw["tags"]:
            kept.append(_kept("role", role.name, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        others = self._trust_of_others(raw["AssumeRolePolicyDocument"])
        sharing = [f"{name} in {region}" for region, name in owners(raw["tags"]) if (region, name) != self._me]
        if not (others or sharing):
            return self._removed(role)
        why = f"others take it, too: {', '.join(sharing) or 'see its trust policy'}; this cluster's trust is removed"
        kept.append(_kept("role", role.name, why))
        if not self.check_mode:
            role.let_go(others)
        before = {"trust_policy": canonical(raw["AssumeRolePolicyDocument"])}
        document = {"Version": "2012-10-17", "Statement": others}
        return Outcome(
            True, {**raw, "AssumeRolePolicyDocument": document}, before, {"trust_policy": canonical(document)}
        )

    def _trust_of_others(self, document: Any) -> list[dict[str, Any]]:
        """The statements that stay. Where the issuer is forgotten, those of providers that there are."""
        if self.ground.standing:
            return trust_without(document, self.ground.provider_arn)
        there = {row["Arn"] for row in self.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]}
        rows = trust_without(document, self.ground.provider_arn)
        return [row for row in rows if not _only_provider(row) or _only_provider(row) in there]

    @property
    def _me(self) -> tuple[str, str]:
        return self.ground.region, self.ground.cluster

    def _absent_policy(self, arn: str, leaving: str | None, kept: list[dict[str, str]]) -> Outcome:
        """Delete a policy that was made here and that nobody but the leaving role has."""
        policy = ManagedPolicyResource(self.iam, arn, self.ground.owner)
        raw = policy.describe()
        if raw is None:
            return Outcome(False, None)
        if self.ground.owner not in raw["tags"]:
            kept.append(_kept("policy", arn, "it was not made by kumo.eks for this cluster"))
            return Outcome(False, raw)
        users = [user for user in policy.users() if user != f"role {leaving}"]
        if users:
            kept.append(_kept("policy", arn, f"it is attached to {', '.join(users)}"))
            return Outcome(False, raw)
        return self._removed(policy)

    def absent_provider(self, leaving: set[str]) -> tuple[Outcome, list[dict[str, str]]]:
        """Delete the provider, if it was made here and no role but the leaving ones trusts it."""
        provider = self._provider({})
        raw = provider.describe()
        if raw is None:
            return Outcome(False, None), []
        if self.ground.owner not in raw["tags"]:
            return Outcome(False, raw), [_kept("oidc provider", provider.arn, "it was not made by kumo.eks")]
        users = [name for name in self._trusting(provider.arn) if name not in leaving]
        if users:
            why = f"roles trust it: {', '.join(users[:10])}" + (
                f" and {len(users) - 10} more" if len(users) > 10 else ""
            )
            return Outcome(False, raw), [_kept("oidc provider", provider.arn, why)]
        return self._removed(provider), []

    def _trusting(self, arn: str) -> list[str]:
        """Names of the account's roles whose trust names the provider (ListRoles carries the trust)."""
        pages = self.iam.get_paginator("list_roles").paginate()
        return sorted(
            role["RoleName"]
            for page in pages
            for role in page["Roles"]
            if trusts(role["AssumeRolePolicyDocument"], arn)
        )


def owned_provider(iam: Any, ground: Ground) -> Ground:
    """The ground with the issuer of the provider that carries its mark: for a deletion after the cluster's."""
    for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        arn = row["Arn"]
        if not re.search(r":oidc-provider/oidc\.eks\.", arn):
            continue
        tags = found_in_iam(lambda arn=arn: iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn))
        if ground.owner in as_map((tags or {}).get("Tags")):
            issuer = "https://" + arn.partition(":oidc-provider/")[2]
            return Ground(ground.cluster, ground.region, ground.partition, ground.account, issuer)
    return ground


def _only_provider(row: dict[str, Any]) -> str | None:
    """The OIDC provider that a statement of a trust speaks of, where it speaks of one alone."""
    principal = row.get("Principal")
    federated = principal.get("Federated") if isinstance(principal, dict) and len(principal) == 1 else None
    return federated if isinstance(federated, str) else None


def _kept(kind: str, name: str, why: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "why": why}


def _together(parts: dict[str, Outcome], role_arn: str, kept: list[dict[str, str]] | None = None) -> Outcome:
    """One outcome of several parts; ``raw`` is the result as users see it, before and after are by part."""
    accounts = [one.raw for name, one in parts.items() if name.startswith("service account") and one.raw]
    shown = {
        "role_arn": role_arn,
        "role": shown_role(parts["role"].raw) if "role" in parts else None,
        "policy": shown_policy(parts["policy"].raw) if "policy" in parts else None,
        "service_accounts": [
            {key: row[key] for key in ("namespace", "name", "annotations", "labels")} for row in accounts
        ],
        "kept": kept or [],
    }
    return Outcome(
        any(part.changed for part in parts.values()),
        shown,
        {name: part.before for name, part in parts.items()},
        {name: part.after for name, part in parts.items()},
    )


def shown_role(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A role for a result, policy documents as documents."""
    if raw is None:
        return None
    return {
        "role_name": raw["RoleName"],
        "arn": raw["Arn"],
        "path": raw["Path"],
        "trust_policy": canonical(raw["AssumeRolePolicyDocument"]),
        "policy_arns": sorted(raw["PolicyArns"]),
        "inline_policies": canonicals(raw["InlinePolicies"]),
        "permissions_boundary": raw["PermissionsBoundary"],
        "max_session_duration": raw["MaxSessionDuration"],
        "description": raw["Description"],
        "tags": raw["tags"],
    }


def shown_policy(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """A customer-managed policy for a result."""
    if raw is None:
        return None
    return {
        "arn": raw["Arn"],
        "document": canonical(raw["Document"]),
        "default_version": raw["DefaultVersionId"],
        "tags": raw["tags"],
    }


def shown_provider(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """An OIDC provider for a result."""
    if raw is None:
        return None
    return {"arn": raw["Arn"], "url": raw["Url"], "audiences": sorted(raw["ClientIDList"]), "tags": raw["tags"]}
