# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An identity for pods as a composite: OIDC provider, policy, role, service accounts, each a resource of the reconciler.

The provider is the cluster's and comes first, once for a task; identities follow side by side; a deletion goes the other way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.ground import Ground
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import (
    EKS_PROVIDER,
    trust_without,
    trusts,
    web_identity_trust,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam_tags import as_map
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import Account, Identity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes_api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.resources.iam import found_in_iam
from ansible_collections.kumo.eks.plugins.module_utils.resources.oidc_provider import OidcProviderResource
from ansible_collections.kumo.eks.plugins.module_utils.resources.service_account import (
    OURS,
    ROLE,
    ServiceAccountResource,
    annotations_of,
    is_ours,
)
from ansible_collections.kumo.eks.plugins.module_utils.role_keeper import (
    Kept,
    RoleKeeper,
    not_removed,
    shown_policy,
    shown_role,
    telling_of,
)

AUDIENCE = "sts.amazonaws.com"  # in every partition


@dataclass
class Composer:
    """Makes and removes identities on a ground.

    Args:
        iam: boto3's IAM client.
        api: the cluster's Kubernetes API; None where no service account is written, or the cluster does not exist.
        audience: of the pods' tokens.
    """

    iam: Any
    api: KubernetesApi | None
    ground: Ground
    audience: str = AUDIENCE
    check_mode: bool = False

    def __post_init__(self) -> None:
        self._roles = RoleKeeper(self.iam, self.ground, self.check_mode)

    # present

    def provider(self, tags: dict[str, str]) -> Outcome:
        """The cluster's provider, with the audience."""
        return self._roles.reconciler(self._provider(tags)).ensure_present(
            {"url": self.ground.issuer.removeprefix("https://"), "audiences": [self.audience]}
        )

    def _provider(self, tags: dict[str, str]) -> OidcProviderResource:
        ground = self.ground
        marked = {**tags, ground.owner: OWNED}
        return OidcProviderResource(self.iam, ground.provider_arn, ground.issuer, self.audience, marked)

    def present(self, identity: Identity) -> Outcome:
        """Policy, role and service accounts, in this order: what is named by the next one is there before it."""
        parts: dict[str, Outcome] = {}
        with telling_of(parts):
            self._check_accounts(identity)
            if identity.role_arn is None:
                parts.update(self._roles.present(identity, self._trust(identity)))
            arn = identity.role_arn or parts["role"].raw["Arn"]
            audience = "" if self.audience == AUDIENCE else self.audience  # the webhook's own need not be said
            annotations = annotations_of(arn, {**identity.options, "audience": audience})
            for account in identity.written_accounts:
                parts[f"service account {account}"] = self._present_account(identity, account, annotations)
        return _together(parts, arn)

    def _trust(self, identity: Identity) -> dict[str, Any]:
        return web_identity_trust(self.ground.provider_arn, identity.subjects, self.audience, identity.has_patterns)

    def _check_accounts(self, identity: Identity) -> None:
        """Refuse what Kubernetes would not take, before there is a role for it."""
        for account in identity.written_accounts:
            resource = self._account(identity, account)
            resource.validate(resource.describe(), {})

    def _account(self, identity: Identity, account: Account) -> ServiceAccountResource:
        create_namespace = bool(identity.options.get("create_namespace"))
        return ServiceAccountResource(self.api, account.namespace, account.name, create_namespace)

    def _present_account(self, identity: Identity, account: Account, annotations: dict[str, str | None]) -> Outcome:
        options = identity.options
        wanted = {
            "annotations": {**options.get("service_account_annotations", {}), **annotations},
            "labels": options.get("service_account_labels"),
        }
        return self._roles.reconciler(self._account(identity, account)).ensure_present(wanted)

    # absent

    def absent(self, identity: Identity) -> Outcome:
        """Service accounts, role, policies, in this order. What others use, or made, is kept, and said."""
        parts: dict[str, Outcome] = {}
        kept: list[Kept] = []
        role = self._roles.resource(identity)
        raw = role.describe() if identity.role_arn is None else None
        arn = identity.role_arn or (raw["Arn"] if raw else role.arn)
        with telling_of(parts):
            for account in identity.written_accounts if self.api else ():
                parts[f"service account {account}"] = self._absent_account(account, arn, kept)
            if identity.role_arn is None:
                others = self._trust_of_others(identity, raw["AssumeRolePolicyDocument"]) if raw else []
                parts.update(self._roles.absent(identity, role, raw, others, kept))
        return _together(parts, arn, kept)

    def _absent_account(self, account: Account, arn: str, kept: list[Kept]) -> Outcome:
        """Delete one that was made here; of another one only the annotations that name this role go."""
        resource = ServiceAccountResource(self.api, account.namespace, account.name)
        raw = resource.describe()
        if raw is None:
            return Outcome(False, None)
        named = raw["annotations"].get(ROLE)
        if named not in (None, arn):
            kept.append(not_removed("service account", str(account), f"it names another role, {named}"))
            return Outcome(False, raw)
        if is_ours(raw):
            return self._roles.removed(resource)
        kept.append(
            not_removed("service account", str(account), "it was not made by kumo.eks; its annotations are removed")
        )
        gone = {key: None for key in OURS if key in raw["annotations"]}
        return self._roles.reconciler(resource).ensure_present({"annotations": gone}) if gone else Outcome(False, raw)

    def _trust_of_others(self, identity: Identity, document: Any) -> list[dict[str, Any]]:
        """The statements that stay: not this identity's, and not those of a cluster's provider that is gone or forgotten."""
        rows = trust_without(document, self._trust(identity))
        return [row for row in rows if not self._is_dead(_only_provider(row))]

    def _is_dead(self, arn: str | None) -> bool:
        """Whether this is the provider of an EKS cluster that is gone: deleted, or left by an earlier cluster of this name."""
        if arn is None or EKS_PROVIDER not in arn:
            return False
        tags = _provider_tags(self.iam, arn)
        return tags is None or (self.ground.owner in tags and arn != self.ground.provider_arn)

    def absent_provider(self, leaving: set[str]) -> tuple[Outcome, list[Kept]]:
        """Delete the provider, if it was made here and no role but the leaving ones trusts it."""
        provider = self._provider({})
        raw = provider.describe()
        if raw is None:
            return Outcome(False, None), []
        if self.ground.owner not in raw["tags"]:
            return Outcome(False, raw), [not_removed("oidc provider", provider.arn, "it was not made by kumo.eks")]
        users = [name for name in self._trusting(provider.arn) if name not in leaving]
        if users:
            why = f"roles trust it: {', '.join(users[:10])}" + (
                f" and {len(users) - 10} more" if len(users) > 10 else ""
            )
            return Outcome(False, raw), [not_removed("oidc provider", provider.arn, why)]
        return self._roles.removed(provider), []

    def forgotten(self) -> list[Composer]:
        """Composers on the grounds of earlier clusters of this name, whose providers still carry the mark."""
        mine = self.ground.provider_arn
        arns = [arn for arn in owned_providers(self.iam, self.ground.owner) if arn != mine]
        return [replace(self, ground=self.ground.at(arn)) for arn in arns]

    def _trusting(self, arn: str) -> list[str]:
        """Names of the account's roles whose trust names the provider (ListRoles carries the trust)."""
        pages = self.iam.get_paginator("list_roles").paginate()
        return sorted(
            role["RoleName"]
            for page in pages
            for role in page["Roles"]
            if trusts(role["AssumeRolePolicyDocument"], arn)
        )


def owned_providers(iam: Any, owner: str) -> list[str]:
    """ARNs of the EKS clusters' providers that carry this mark."""
    arns = [row["Arn"] for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    return [arn for arn in arns if EKS_PROVIDER in arn and owner in (_provider_tags(iam, arn) or {})]


def owned_provider(iam: Any, ground: Ground) -> Ground:
    """The ground with the issuer of the provider that carries its mark: for a deletion after the cluster's."""
    arns = owned_providers(iam, ground.owner)
    return ground.at(arns[0]) if arns else ground


def _provider_tags(iam: Any, arn: str) -> dict[str, str] | None:
    """A provider's tags, None where there is no such provider."""
    found = found_in_iam(lambda: iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn))
    return None if found is None else as_map(found.get("Tags"))


def _only_provider(row: dict[str, Any]) -> str | None:
    """The OIDC provider that a statement of a trust speaks of, where it speaks of one alone."""
    principal = row.get("Principal")
    federated = principal.get("Federated") if isinstance(principal, dict) and len(principal) == 1 else None
    return federated if isinstance(federated, str) else None


def _together(parts: dict[str, Outcome], role_arn: str, kept: list[Kept] | None = None) -> Outcome:
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


def shown_provider(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """An OIDC provider for a result."""
    if raw is None:
        return None
    return {"arn": raw["Arn"], "url": raw["Url"], "audiences": sorted(raw["ClientIDList"]), "tags": raw["tags"]}
