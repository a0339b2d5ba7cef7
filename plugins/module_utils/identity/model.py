# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One identity as a task describes it, read and checked before anything is sent. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import check_iam_tags
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import normalize_map
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import find_arn_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import build_subject
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_options import (
    NOT_ROLE_ARN,
    ROLE_ARN,
    check_forms,
    check_role_options,
    parse_role_documents,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAMESPACE = re.compile(LABEL)  # RFC 1123 label
ACCOUNT = re.compile(rf"{LABEL}(\.{LABEL})*")  # RFC 1123 subdomain
PATTERN = re.compile(r"[-a-z0-9.*?]+")
SHORTEST_TOKEN, LONGEST_TOKEN = 3600, 86400  # seconds; EKS' webhook lengthens what is shorter

# Options of a role that the task manages. They contradict role_arn, which names an existing one.
OF_A_ROLE = (
    "role_name",
    "path",
    "policy_arns",
    "inline_policies",
    "well_known_policies",
    "policy",
    "permissions_boundary",
    "max_session_duration",
    "description",
    "purge_policies",
    "purge_trust",
)


@dataclass(frozen=True)
class Identity:
    """One role and the service accounts that assume it.

    ``options`` are the task's, without what was omitted and with policy documents as documents. ``role_arn`` is given where the role
    is managed elsewhere and only named; otherwise ``role_name`` and ``path`` say which one is managed.
    ``named``: whether the task gives the role's name, and so may mean one that exists already.
    """

    accounts: tuple[Account, ...]
    role_name: str
    path: str
    role_arn: str | None
    options: dict[str, Any] = field(repr=False)
    named: bool = False

    @property
    def name(self) -> str:
        return ",".join(str(account) for account in self.accounts)

    @property
    def manages_role(self) -> bool:
        """Whether the task has options of the role itself."""
        return any(name in self.options for name in OF_A_ROLE)

    @property
    def subjects(self) -> list[str]:
        return sorted(build_subject(account.namespace, account.name) for account in self.accounts)

    @property
    def has_patterns(self) -> bool:
        return any(account.is_pattern for account in self.accounts)

    @property
    def written_accounts(self) -> tuple[Account, ...]:
        """Those whose Kubernetes object is managed."""
        if self.options.get("role_only"):
            return ()
        return tuple(account for account in self.accounts if not account.is_pattern)

    def build_role_request(self, trust: dict[str, Any] | None = None) -> RoleRequest:
        """What the task says of the role."""
        return RoleRequest(self.role_name, self.path, self.options, trust, named=self.named)


def read_identity(options: dict[str, Any], cluster: str) -> Identity:
    """The identity that the options of a task, or of an item of its list, describe.

    Raises:
        ValidationError: naming the option, its value, and what is allowed.
    """
    accounts = _read_accounts(options)
    _check(options)
    options = _with_texts(options)
    arn = options.get("role_arn")
    if arn is not None:
        _check_existing_role(options, arn)
        match = ROLE_ARN.fullmatch(arn)
        return Identity(accounts, match.group(4), match.group(3), arn, options)
    name, path = _get_role_name(options, accounts, cluster), options.get("path", "/")
    return Identity(accounts, name, path, None, parse_role_documents(options), named="role_name" in options)


def read_association(options: dict[str, Any], cluster: str) -> Identity:
    """The pod identity association that the options describe: one service account, and a role named or managed.

    Raises:
        ValidationError: naming the option, its value, and what is allowed.
    """
    identity = read_identity({**options, "allow_patterns": False}, cluster)
    target = options.get("target_role_arn")
    check_forms([("target_role_arn", target or None, ROLE_ARN, NOT_ROLE_ARN)])
    _check_session_policy(options)
    name = options.get("role_name") or build_pod_role_name(cluster, identity.accounts[0], "_pod")
    return identity if identity.role_arn else replace(identity, role_name=name)


def _check_session_policy(options: dict[str, Any]) -> None:
    """CreatePodIdentityAssociation: a session policy takes the place of the session's tags."""
    if not options.get("session_policy"):
        return
    parse_document(options["session_policy"], "session_policy")
    if not options.get("disable_session_tags"):
        raise ValidationError(
            "session_policy: EKS accepts it only without session tags. Also set disable_session_tags=true."
        )


def check_apart(identities: list[Identity], option: str) -> None:
    """Refuse a list in which two identities would undo one another.

    Args:
        option: the list's name, for the message.
    """
    seen: dict[str, str] = {}
    for identity in identities:
        for key, remedy in _list_claims(identity).items():
            same = key.lower()  # to IAM names are the same where only their case differs (CreateRole, CreatePolicy)
            if same in seen:
                raise ValidationError(f"{option}: {key} belongs to {seen[same]} and to {identity.name}. {remedy}.")
            seen[same] = identity.name


def check_arns(identities: list[Identity], region: str) -> None:
    """Refuse ARNs of another partition than the region's."""
    for identity in identities:
        raise_problems(find_arn_problems(identity.options, get_partition(region), region))


def _list_claims(identity: Identity) -> dict[str, str]:
    """What an identity manages alone, each with what to do where two want it."""
    claims = {f"service account {account}": "Name it once" for account in identity.written_accounts}
    if identity.role_arn is None:
        claims[f"role {identity.role_name}"] = "Give one of them another role_name, or the ARN of the role as role_arn"
    if "policy" in identity.options:
        policy = identity.options["policy"]
        claims[f"policy {policy['name']}"] = (
            "Give one of them another policy.name, or write the document into inline_policies"
        )
    return claims


def _read_accounts(options: dict[str, Any]) -> tuple[Account, ...]:
    rows = options.get("service_accounts") or [{"name": options.get("service_account")}]
    found = []
    for row in rows:
        namespace, name = row.get("namespace") or options.get("namespace"), row.get("name")
        if not namespace:
            raise ValidationError(f"namespace: is required for service account {name!r}.")
        if not name:
            raise ValidationError("service_account: one of service_account and service_accounts is required.")
        found.append(Account(namespace, name))
        _check_account(found[-1], bool(options.get("allow_patterns")))
    if len(set(found)) < len(found):
        raise ValidationError(f"service_accounts: {', '.join(map(str, found))}: one is listed twice. List each once.")
    return tuple(sorted(found, key=str))


def _check_account(account: Account, patterns: bool) -> None:
    if account.is_pattern and not patterns:
        raise ValidationError(
            f"service_account: {str(account)!r} has wildcards, and every service account that matches could assume the role."
            " Name the service accounts, or set allow_patterns=true."
        )
    for option, text, form, longest in (
        ("namespace", account.namespace, NAMESPACE, 63),
        ("service_account", account.name, ACCOUNT, 253),
    ):
        if not (PATTERN if account.is_pattern else form).fullmatch(text) or len(text) > longest:
            raise ValidationError(
                f"{option}: {text!r} is not a valid name in Kubernetes. Use 1-{longest} of a-z, 0-9 and -, with a letter or a digit"
                " at both ends."
            )


def _check(options: dict[str, Any]) -> None:
    check_role_options(options)
    check_iam_tags(options.get("tags"))
    check_forms([("role_arn", options.get("role_arn"), ROLE_ARN, NOT_ROLE_ARN)])
    token = options.get("token_expiration")
    if token and not SHORTEST_TOKEN <= token <= LONGEST_TOKEN:
        raise ValidationError(
            f"token_expiration: {token} is out of range. Use {SHORTEST_TOKEN}-{LONGEST_TOKEN} seconds; 0 removes the annotation."
        )


# What the module itself writes on a service account, and where.
WRITTEN = {
    "service_account_annotations": "eks.amazonaws.com/role-arn",
    "service_account_labels": "app.kubernetes.io/managed-by",
}


def _with_texts(options: dict[str, Any]) -> dict[str, Any]:
    """The options with annotations and labels as Kubernetes takes them: text."""
    found = dict(options)
    for option, key in WRITTEN.items():
        if option in options:
            found[option] = normalize_map(options[option], option)
        if key in found.get(option, {}):
            raise ValidationError(f"{option}: {key} is set by the module. Remove it.")
    return found


def _check_existing_role(options: dict[str, Any], arn: str) -> None:
    given = [name for name in OF_A_ROLE if name in options]
    if given:
        raise ValidationError(
            f"role_arn: names a role that is managed elsewhere, and {', '.join(given)} would change it. Remove role_arn or these options."
        )
    if options.get("role_only"):
        raise ValidationError("role_only: with role_arn there would be nothing to do. Remove one of them.")


def _get_role_name(options: dict[str, Any], accounts: tuple[Account, ...], cluster: str) -> str:
    if "role_name" in options:
        return options["role_name"]
    if len(accounts) > 1 or accounts[0].is_pattern:
        raise ValidationError("role_name: is required where several service accounts share a role.")
    return build_pod_role_name(cluster, accounts[0])
