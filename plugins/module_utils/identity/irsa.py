# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An identity for pods as a composite: OIDC provider, policy, role, service accounts, each a resource of the reconciler.

The provider is the cluster's and comes first, once for a task; identities follow side by side; a deletion goes the other way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error, is_denied
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import is_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.oidc_provider import OidcProviderResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import (
    EKS_PROVIDER,
    build_web_identity_trust,
    list_other_statements,
    list_subjects,
    trusts,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_manager import (
    Kept,
    RoleManager,
    build_kept,
    build_policy_result,
    build_role_result,
    record_progress,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import ClusterContext
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import Identity
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.service_account import (
    OURS,
    ROLE,
    ServiceAccountResource,
    build_annotations,
    is_ours,
)

AUDIENCE = "sts.amazonaws.com"  # in every partition


@dataclass
class IrsaManager:
    """Creates and removes the identities of a cluster's pods.

    Args:
        iam: boto3's IAM client.
        api: the cluster's Kubernetes API; None where no service account is written, or the cluster does not exist.
        audience: of the pods' tokens.
    """

    iam: Any
    api: KubernetesApi | None
    context: ClusterContext
    audience: str = AUDIENCE
    check_mode: bool = False

    def __post_init__(self) -> None:
        self._roles = RoleManager(self.iam, self.context.scope, self.check_mode)

    # present

    def ensure_provider(self, tags: dict[str, str]) -> Outcome:
        """The cluster's provider, with the audience."""
        return self._roles.reconciler(self._build_provider(tags)).ensure_present(
            {"url": self.context.issuer.removeprefix("https://"), "audiences": [self.audience]}
        )

    def _build_provider(self, tags: dict[str, str]) -> OidcProviderResource:
        context = self.context
        marked = {**tags, context.owner: OWNED}
        return OidcProviderResource(self.iam, context.provider_arn, context.issuer, self.audience, marked)

    def ensure_present(self, identity: Identity) -> Outcome:
        """Policy, role and service accounts, in this order: what is named by the next one is there before it."""
        parts: dict[str, Outcome] = {}
        with record_progress(parts):
            self._check_accounts(identity)
            if identity.role_arn is None:
                parts.update(self._roles.ensure_present(identity.build_role_request(self._build_trust(identity))))
            arn = identity.role_arn or parts["role"].raw["Arn"]
            audience = "" if self.audience == AUDIENCE else self.audience  # the webhook's own need not be said
            annotations = build_annotations(arn, {**identity.options, "audience": audience})
            for account in identity.written_accounts:
                parts[f"service account {account}"] = self._ensure_account_present(identity, account, annotations)
        return _combine(parts, arn)

    def ensure_role(self, identity: Identity) -> Outcome:
        """The role alone, for service accounts that somebody else annotates."""
        return self._roles.ensure_present(identity.build_role_request(self._build_trust(identity)))["role"]

    def _build_trust(self, identity: Identity) -> dict[str, Any]:
        return build_web_identity_trust(
            self.context.provider_arn, identity.subjects, self.audience, identity.has_patterns
        )

    def _check_accounts(self, identity: Identity) -> None:
        """Refuse what Kubernetes would not take, before there is a role for it."""
        for account in identity.written_accounts:
            resource = self._build_account(identity, account)
            resource.validate(resource.describe(), {})

    def _build_account(self, identity: Identity, account: Account) -> ServiceAccountResource:
        create_namespace = bool(identity.options.get("create_namespace"))
        return ServiceAccountResource(self.api, account.namespace, account.name, create_namespace)

    def _ensure_account_present(
        self, identity: Identity, account: Account, annotations: dict[str, str | None]
    ) -> Outcome:
        options = identity.options
        wanted = {
            "annotations": {**options.get("service_account_annotations", {}), **annotations},
            "labels": options.get("service_account_labels"),
        }
        return self._roles.reconciler(self._build_account(identity, account)).ensure_present(wanted)

    # what the list does not name

    def list_unlisted(self, listed: set[str]) -> list[Identity]:
        """Identities whose roles were created for the cluster, and trust its provider, and are not among these names of roles.

        A role says which service accounts may assume it.
        """
        names = {name.lower() for name in listed}
        pages = self.iam.get_paginator("list_roles").paginate()
        rows = [role for page in pages for role in page["Roles"] if role["RoleName"].lower() not in names]
        found = []
        for row in rows:
            if not trusts(row["AssumeRolePolicyDocument"], self.context.provider_arn):
                continue
            raw = self._roles.build_role(RoleRequest(row["RoleName"], row["Path"])).describe()
            if raw and is_unlisted(raw["tags"], self.context.owner):
                found.append(self._read_role(raw))
        return found

    def _read_role(self, raw: dict[str, Any]) -> Identity:
        subjects = list_subjects(raw["AssumeRolePolicyDocument"], self.context.provider_arn)
        accounts = tuple(Account(*subject.split(":")[2:4]) for subject in subjects if subject.count(":") == 3)
        return Identity(accounts, raw["RoleName"], raw["Path"], None, {} if accounts else {"role_only": True})

    # absent

    def ensure_absent(self, identity: Identity) -> Outcome:
        """Service accounts, role, policies, in this order. What others use, or made, is kept, and reported."""
        parts: dict[str, Outcome] = {}
        kept: list[Kept] = []
        role = self._roles.build_role(identity.build_role_request())
        raw = role.describe() if identity.role_arn is None else None
        arn = identity.role_arn or (raw["Arn"] if raw else role.arn)
        with record_progress(parts):
            for account in identity.written_accounts if self.api else ():
                parts[f"service account {account}"] = self._ensure_account_absent(account, arn, kept)
            if identity.role_arn is None:
                others = self._list_others(identity, raw["AssumeRolePolicyDocument"]) if raw else []
                parts.update(self._roles.ensure_absent(identity.build_role_request(), role, raw, others, kept))
        return _combine(parts, arn, kept)

    def _ensure_account_absent(self, account: Account, arn: str, kept: list[Kept]) -> Outcome:
        """Delete one that was made here; of another one only the annotations that name this role go."""
        resource = ServiceAccountResource(self.api, account.namespace, account.name)
        raw = resource.describe()
        if raw is None:
            return Outcome(False, None)
        named = raw["annotations"].get(ROLE)
        if named not in (None, arn):
            kept.append(build_kept("service account", str(account), f"it names another role, {named}"))
            return Outcome(False, raw)
        if is_ours(raw):
            return self._roles.ensure_deleted(resource)
        kept.append(
            build_kept("service account", str(account), "it was not created by kumo.eks; its annotations are removed")
        )
        gone = {key: None for key in OURS if key in raw["annotations"]}
        return self._roles.reconciler(resource).ensure_present({"annotations": gone}) if gone else Outcome(False, raw)

    def _list_others(self, identity: Identity, document: Any) -> list[dict[str, Any]]:
        """The statements that stay: not this identity's, and not those of a cluster's provider that is gone or forgotten."""
        rows = list_other_statements(document, self._build_trust(identity))
        return [row for row in rows if not self._is_dead(_get_only_provider(row))]

    def _is_dead(self, arn: str | None) -> bool:
        """Whether this is the provider of an EKS cluster that is gone: deleted, or left by an earlier cluster of this name."""
        if arn is None or EKS_PROVIDER not in arn:
            return False
        tags = _get_provider_tags(self.iam, arn)
        return tags is None or (self.context.owner in tags and arn != self.context.provider_arn)

    def ensure_provider_absent(self, leaving: set[str]) -> tuple[Outcome, list[Kept]]:
        """Delete the provider, if it was made here and no role but the leaving ones trusts it."""
        provider = self._build_provider({})
        raw = provider.describe()
        if raw is None:
            return Outcome(False, None), []
        if self.context.owner not in raw["tags"]:
            return Outcome(False, raw), [build_kept("oidc provider", provider.arn, "it was not created by kumo.eks")]
        try:
            users = [name for name in self._list_trusting(provider.arn) if name not in leaving]
        except Exception as error:
            if not is_denied(error):
                raise
            why = f"whether roles trust it could not be determined ({format_aws_error(error)})"
            return Outcome(False, raw), [build_kept("oidc provider", provider.arn, why)]
        if users:
            why = f"roles trust it: {format_first(users, 10)}"
            return Outcome(False, raw), [build_kept("oidc provider", provider.arn, why)]
        return self._roles.ensure_deleted(provider), []

    def list_orphaned_providers(self) -> list[IrsaManager]:
        """Managers for earlier clusters of this name, whose providers still carry the mark."""
        mine = self.context.provider_arn
        arns = [arn for arn in list_owned_providers(self.iam, self.context.owner) if arn != mine]
        return [replace(self, context=self.context.with_provider(arn)) for arn in arns]

    def _list_trusting(self, arn: str) -> list[str]:
        """Names of the account's roles whose trust names the provider (ListRoles carries the trust)."""
        pages = self.iam.get_paginator("list_roles").paginate()
        return sorted(
            role["RoleName"]
            for page in pages
            for role in page["Roles"]
            if trusts(role["AssumeRolePolicyDocument"], arn)
        )


def list_owned_providers(iam: Any, owner: str) -> list[str]:
    """ARNs of the EKS clusters' providers that carry this mark."""
    rows = look_if_allowed(
        lambda: iam.list_open_id_connect_providers()["OpenIDConnectProviderList"],
        [],
        "iam:ListOpenIDConnectProviders",
        "OIDC providers of earlier clusters of this name were not looked for and stay",
    )
    arns = [row["Arn"] for row in rows]
    return [arn for arn in arns if EKS_PROVIDER in arn and owner in (_get_provider_tags(iam, arn) or {})]


def find_owned_provider(iam: Any, context: ClusterContext) -> ClusterContext:
    """The cluster's context with the issuer of the provider that carries its mark, for a deletion after the cluster's."""
    arns = list_owned_providers(iam, context.owner)
    return context.with_provider(arns[0]) if arns else context


def _get_provider_tags(iam: Any, arn: str) -> dict[str, str] | None:
    """A provider's tags, None where there is no such provider."""
    lost = f"it was not checked whether OIDC provider {arn} is one of an earlier cluster of this name"
    look = partial(get_or_none, partial(iam.list_open_id_connect_provider_tags, OpenIDConnectProviderArn=arn))
    found: Any = look_if_allowed(look, {}, "iam:ListOpenIDConnectProviderTags", lost)
    return None if found is None else read_tag_list(found.get("Tags"))


def _get_only_provider(row: dict[str, Any]) -> str | None:
    """The OIDC provider that a statement of a trust speaks of, where it speaks of one alone."""
    principal = row.get("Principal")
    federated = principal.get("Federated") if isinstance(principal, dict) and len(principal) == 1 else None
    return federated if isinstance(federated, str) else None


def _combine(parts: dict[str, Outcome], role_arn: str, kept: list[Kept] | None = None) -> Outcome:
    """One outcome of several parts; ``raw`` is the result as users see it, before and after are by part."""
    accounts = [one.raw for name, one in parts.items() if name.startswith("service account") and one.raw]
    result = {
        "role_arn": role_arn,
        "role": build_role_result(parts["role"].raw) if "role" in parts else None,
        "policy": build_policy_result(parts["policy"].raw) if "policy" in parts else None,
        "service_accounts": [
            {key: row[key] for key in ("namespace", "name", "annotations", "labels")} for row in accounts
        ],
        "kept": kept or [],
    }
    return Outcome(
        any(part.changed for part in parts.values()),
        result,
        {name: part.before for name, part in parts.items()},
        {name: part.after for name, part in parts.items()},
    )


def build_provider_result(raw: dict[str, Any] | None) -> dict[str, Any] | None:
    """An OIDC provider for a result."""
    if raw is None:
        return None
    return {"arn": raw["Arn"], "url": raw["Url"], "audiences": sorted(raw["ClientIDList"]), "tags": raw["tags"]}
