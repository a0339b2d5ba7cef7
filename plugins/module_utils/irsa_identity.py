# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task says of one identity, read and checked before anything is sent. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import parsed, subject

LONGEST_NAME = 64  # of an IAM role; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
PATH = re.compile(r"/([\x21-\x7e]+/)?")
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
    "purge_trust",
)

# Names of kumo.eks' addon_policies that a controller's service account has use for.
WELL_KNOWN = (
    "auto_scaler",
    "aws_load_balancer_controller",
    "cert_manager",
    "cloud_watch",
    "ebs",
    "efs",
    "external_dns",
    "fsx",
    "image_builder",
    "xray",
)


@dataclass(frozen=True)
class Account:
    """A service account, or with wildcards a pattern of them."""

    namespace: str
    name: str

    @property
    def is_pattern(self) -> bool:
        return any(sign in self.namespace + self.name for sign in "*?")

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Identity:
    """One role and the service accounts that take it.

    ``options`` are the task's, without what was left out and with policy documents as documents. ``role_arn`` is given where the role
    is somebody else's and only named; otherwise ``role_name`` and ``path`` say which one is kept.
    """

    accounts: tuple[Account, ...]
    role_name: str
    path: str
    role_arn: str | None
    options: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return ",".join(str(account) for account in self.accounts)

    @property
    def keeps_role(self) -> bool:
        """Whether the task says anything of the role itself."""
        return any(name in self.options for name in OF_A_ROLE)

    @property
    def subjects(self) -> list[str]:
        return sorted(subject(account.namespace, account.name) for account in self.accounts)

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
    arn = options.get("role_arn")
    if arn is not None:
        _check_existing_role(options, arn)
        return Identity(accounts, ROLE_ARN.fullmatch(arn).group(4), ROLE_ARN.fullmatch(arn).group(3), arn, options)
    return Identity(
        accounts, _role_name(options, accounts, cluster), options.get("path", "/"), None, _documents(options)
    )


def read_association(options: dict[str, Any], cluster: str) -> Identity:
    """The pod identity association that the options describe: one service account, and a role named or kept.

    Raises:
        Refused: naming the option, its value, and what is allowed.
    """
    identity = read_identity({**options, "allow_patterns": False}, cluster)
    name = options.get("role_name") or default_role_name(cluster, identity.accounts[0], "-pod")
    return identity if identity.role_arn else replace(identity, role_name=name)


def check_apart(identities: list[Identity]) -> None:
    """Refuse a list in which two identities would undo one another."""
    seen: dict[str, str] = {}
    for identity in identities:
        keys = [f"service account {account}" for account in identity.written_accounts]
        keys += [] if identity.role_arn else [f"role {identity.role_name}"]
        for key in keys:
            if key in seen:
                raise Refused(
                    f"identities: {key} belongs to {seen[key]} and to {identity.name}."
                    " Way out: one item with both under service_accounts, or another role_name."
                )
            seen[key] = identity.name


def _accounts(options: dict[str, Any]) -> tuple[Account, ...]:
    rows = options.get("service_accounts") or [{"name": options.get("service_account")}]
    found = []
    for row in rows:
        namespace, name = row.get("namespace") or options.get("namespace"), row.get("name")
        if not namespace:
            raise Refused(f"namespace: is missing for service account {name!r}")
        if not name:
            raise Refused("service_account: one of service_account and service_accounts is needed")
        found.append(Account(namespace, name))
        _check_account(found[-1], bool(options.get("allow_patterns")))
    if len(set(found)) < len(found):
        raise Refused(f"service_accounts: {', '.join(map(str, found))}: one is there twice")
    return tuple(sorted(found, key=str))


def _check_account(account: Account, patterns: bool) -> None:
    if account.is_pattern and not patterns:
        raise Refused(
            f"service_account: {str(account)!r} has wildcards, and would trust every service account that matches."
            " Way out: name the service accounts, or set allow_patterns: true."
        )
    for option, text, form in (("namespace", account.namespace, NAMESPACE), ("service_account", account.name, ACCOUNT)):
        if not (PATTERN if account.is_pattern else form).fullmatch(text):
            raise Refused(
                f"{option}: {text!r} is no name in Kubernetes; a-z, 0-9 and - are allowed, and not - at an end"
            )


def _check(options: dict[str, Any]) -> None:
    path, session = options.get("path"), options.get("max_session_duration")
    token, name = options.get("token_expiration"), options.get("role_name")
    if name is not None and not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        raise Refused(f"role_name: {name!r} is no role name; up to 64 letters, digits and +=,.@_- are allowed")
    if path is not None and not PATH.fullmatch(path):
        raise Refused(f"path: {path!r} is no path; wanted is one like /apps/, with / at both ends")
    if session is not None and not SHORTEST_SESSION <= session <= LONGEST_SESSION:
        raise Refused(f"max_session_duration: {session} is not from 3600 to 43200 seconds")
    if token and not SHORTEST_TOKEN <= token <= LONGEST_TOKEN:
        raise Refused(f"token_expiration: {token} is not from 3600 to 86400 seconds; 0 removes the annotation")


def _check_existing_role(options: dict[str, Any], arn: str) -> None:
    if not ROLE_ARN.fullmatch(arn):
        raise Refused(
            f"role_arn: {arn!r} is no ARN of a role; wanted is one like arn:aws:iam::123456789012:role/my-app"
        )
    given = [name for name in OF_A_ROLE if name in options]
    if given:
        raise Refused(
            f"role_arn: names a role that is kept elsewhere, and {', '.join(given)} would change it; leave one out"
        )
    if options.get("role_only"):
        raise Refused("role_only: with role_arn there would be nothing to do; leave one of them out")


def _role_name(options: dict[str, Any], accounts: tuple[Account, ...], cluster: str) -> str:
    if "role_name" in options:
        return options["role_name"]
    if len(accounts) > 1 or accounts[0].is_pattern:
        raise Refused("role_name: is needed where several service accounts share a role")
    return default_role_name(cluster, accounts[0])


def default_role_name(cluster: str, account: Account, end: str = "") -> str:
    """ "my-cluster-production-my-app-sa"; a longer one is cut, and a digest keeps it apart from others."""
    name = f"{cluster}-{account.namespace}-{account.name}{end}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(f"{cluster}/{account}{end}".encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9]}-{digest}"


def _documents(options: dict[str, Any]) -> dict[str, Any]:
    """The options with policy documents as documents."""
    found = dict(options)
    if "inline_policies" in options:
        rows = options["inline_policies"].items()
        found["inline_policies"] = {name: parsed(document, f"inline_policies.{name}") for name, document in rows}
    if "policy" in options:
        policy = options["policy"]
        if "document" in policy:
            policy = {**policy, "document": parsed(policy["document"], "policy.document")}
        path = policy.get("path", "/")
        if not PATH.fullmatch(path):
            raise Refused(f"policy.path: {path!r} is no path; wanted is one like /apps/, with / at both ends")
        found["policy"] = policy
    return found
