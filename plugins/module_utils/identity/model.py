# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of one identity, read and checked before anything is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import normalize_map
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import build_subject

# Lengths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
PATH = re.compile(r"/([\x21-\x7e]+/)?")
POLICY_ARN = re.compile(r"arn:aws[\w-]*:iam::(aws|\d{12}):policy(/|/[\x21-\x7e]+/)[\w+=,.@-]+", re.ASCII)
ROLE_ARN = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role(/|/[\x21-\x7e]+/)([\w+=,.@-]+)", re.ASCII)
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAMESPACE = re.compile(LABEL)  # RFC 1123 label
ACCOUNT = re.compile(rf"{LABEL}(\.{LABEL})*")  # RFC 1123 subdomain
PATTERN = re.compile(r"[-a-z0-9.*?]+")
SHORTEST_SESSION, LONGEST_SESSION = 3600, 43200  # seconds; CreateRole MaxSessionDuration
SHORTEST_TOKEN, LONGEST_TOKEN = 3600, 86400  # seconds; EKS' webhook lengthens what is shorter

# What can be said of a role that the task keeps, and so contradicts an existing one.
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
    """One role and the service accounts that take it.

    ``options`` are the task's, without what was left out and with policy documents as documents. ``role_arn`` is given where the role
    is somebody else's and only named; otherwise ``role_name`` and ``path`` say which one is kept.
    ``named``: whether the task says the role's name itself, and so may mean one that is there already.
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
    def keeps_role(self) -> bool:
        """Whether the task says anything of the role itself."""
        return any(name in self.options for name in OF_A_ROLE)

    @property
    def subjects(self) -> list[str]:
        return sorted(build_subject(account.namespace, account.name) for account in self.accounts)

    @property
    def has_patterns(self) -> bool:
        return any(account.is_pattern for account in self.accounts)

    @property
    def written_accounts(self) -> tuple[Account, ...]:
        """Those whose Kubernetes object is kept."""
        if self.options.get("role_only"):
            return ()
        return tuple(account for account in self.accounts if not account.is_pattern)


def read_identity(options: dict[str, Any], cluster: str) -> Identity:
    """The identity that the options of a task, or of an item of its list, describe.

    Raises:
        Refused: naming the option, its value, and what is allowed.
    """
    accounts = _accounts(options)
    _check(options)
    options = _with_texts(options)
    arn = options.get("role_arn")
    if arn is not None:
        _check_existing_role(options, arn)
        match = ROLE_ARN.fullmatch(arn)
        return Identity(accounts, match.group(4), match.group(3), arn, options)
    name, path = _role_name(options, accounts, cluster), options.get("path", "/")
    return Identity(accounts, name, path, None, _documents(options), named="role_name" in options)


def read_association(options: dict[str, Any], cluster: str) -> Identity:
    """The pod identity association that the options describe: one service account, and a role named or kept.

    Raises:
        Refused: naming the option, its value, and what is allowed.
    """
    identity = read_identity({**options, "allow_patterns": False}, cluster)
    target = options.get("target_role_arn")
    if target and not ROLE_ARN.fullmatch(target):
        raise ValidationError(f"target_role_arn: {target!r} is {NO_ROLE_ARN}")
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
            "session_policy: EKS takes one only without session tags; set disable_session_tags: true, too"
        )


def check_apart(identities: list[Identity], option: str) -> None:
    """Refuse a list in which two identities would undo one another.

    Args:
        option: the list's name, for the message.
    """
    seen: dict[str, str] = {}
    for identity in identities:
        for key, way_out in _claims(identity).items():
            same = key.lower()  # to IAM names are the same where only their case differs (CreateRole, CreatePolicy)
            if same in seen:
                raise ValidationError(
                    f"{option}: {key} belongs to {seen[same]} and to {identity.name}. Way out: {way_out}."
                )
            seen[same] = identity.name


def _claims(identity: Identity) -> dict[str, str]:
    """What an identity keeps alone, each with what to do where two want it."""
    claims = {f"service account {account}": "name it once" for account in identity.written_accounts}
    if identity.role_arn is None:
        claims[f"role {identity.role_name}"] = "give one of them another role_name, or the ARN of the role as role_arn"
    if "policy" in identity.options:
        policy = identity.options["policy"]
        claims[f"policy {policy['name']}"] = (
            "give one of them another policy.name, or write the document into inline_policies"
        )
    return claims


def _accounts(options: dict[str, Any]) -> tuple[Account, ...]:
    rows = options.get("service_accounts") or [{"name": options.get("service_account")}]
    found = []
    for row in rows:
        namespace, name = row.get("namespace") or options.get("namespace"), row.get("name")
        if not namespace:
            raise ValidationError(f"namespace: is missing for service account {name!r}")
        if not name:
            raise ValidationError("service_account: one of service_account and service_accounts is needed")
        found.append(Account(namespace, name))
        _check_account(found[-1], bool(options.get("allow_patterns")))
    if len(set(found)) < len(found):
        raise ValidationError(f"service_accounts: {', '.join(map(str, found))}: one is there twice")
    return tuple(sorted(found, key=str))


def _check_account(account: Account, patterns: bool) -> None:
    if account.is_pattern and not patterns:
        raise ValidationError(
            f"service_account: {str(account)!r} has wildcards, and would trust every service account that matches."
            " Way out: name the service accounts, or set allow_patterns: true."
        )
    for option, text, form, longest in (
        ("namespace", account.namespace, NAMESPACE, 63),
        ("service_account", account.name, ACCOUNT, 253),
    ):
        if not (PATTERN if account.is_pattern else form).fullmatch(text) or len(text) > longest:
            raise ValidationError(
                f"{option}: {text!r} is no name in Kubernetes; up to {longest} of a-z, 0-9 and - are allowed, and not - at an end"
            )


def _check(options: dict[str, Any]) -> None:
    for option, value, form, wanted in _forms(options):
        if not form.fullmatch(value):
            raise ValidationError(f"{option}: {value!r} is {wanted}")
    session, token = options.get("max_session_duration"), options.get("token_expiration")
    if session is not None and not SHORTEST_SESSION <= session <= LONGEST_SESSION:
        raise ValidationError(f"max_session_duration: {session} is not from 3600 to 43200 seconds")
    if token and not SHORTEST_TOKEN <= token <= LONGEST_TOKEN:
        raise ValidationError(f"token_expiration: {token} is not from 3600 to 86400 seconds; 0 removes the annotation")


NO_ROLE_ARN = "no ARN of a role; wanted is one like arn:aws:iam::123456789012:role/my-app"
NO_POLICY_ARN = "no ARN of a policy; wanted is one like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
NO_PATH = "no path; wanted is one like /apps/, with / at both ends"
NO_NAME = "no {} name; up to {} letters, digits and +=,.@_- are allowed"


def _forms(options: dict[str, Any]) -> Iterator[tuple[str, str, re.Pattern[str], str]]:
    """The texts of the options that must have a form: (option, text, form, words for one that has not)."""
    policy = options.get("policy", {})
    rows = (
        ("role_name", options.get("role_name"), NAME, NO_NAME.format("role", 64)),
        ("path", options.get("path"), PATH, NO_PATH),
        ("role_arn", options.get("role_arn"), ROLE_ARN, NO_ROLE_ARN),
        ("permissions_boundary", options.get("permissions_boundary") or None, POLICY_ARN, NO_POLICY_ARN),
        ("policy.name", policy.get("name"), POLICY_NAME, NO_NAME.format("policy", 128)),
        ("policy.path", policy.get("path"), PATH, NO_PATH),
        *(("policy_arns", arn, POLICY_ARN, NO_POLICY_ARN) for arn in options.get("policy_arns", [])),
        *(
            ("inline_policies", name, POLICY_NAME, NO_NAME.format("policy", 128))
            for name in options.get("inline_policies", {})
        ),
    )
    for option, value, form, wanted in rows:
        if value is not None:
            yield option, value, form, wanted


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
            raise ValidationError(f"{option}: {key} is written by the module itself; leave it out")
    return found


def _check_existing_role(options: dict[str, Any], arn: str) -> None:
    given = [name for name in OF_A_ROLE if name in options]
    if given:
        raise ValidationError(
            f"role_arn: names a role that is kept elsewhere, and {', '.join(given)} would change it; leave one out"
        )
    if options.get("role_only"):
        raise ValidationError("role_only: with role_arn there would be nothing to do; leave one of them out")


def _role_name(options: dict[str, Any], accounts: tuple[Account, ...], cluster: str) -> str:
    if "role_name" in options:
        return options["role_name"]
    if len(accounts) > 1 or accounts[0].is_pattern:
        raise ValidationError("role_name: is needed where several service accounts share a role")
    return build_pod_role_name(cluster, accounts[0])


def _documents(options: dict[str, Any]) -> dict[str, Any]:
    """The options with policy documents as documents."""
    found = dict(options)
    if "inline_policies" in options:
        rows = options["inline_policies"].items()
        found["inline_policies"] = {
            name: parse_document(document, f"inline_policies.{name}") for name, document in rows
        }
    if "policy" in options:
        policy = options["policy"]
        if "document" in policy:
            policy = {**policy, "document": parse_document(policy["document"], "policy.document")}
        found["policy"] = policy
    return found
