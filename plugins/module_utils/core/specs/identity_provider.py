# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an OIDC identity provider of a cluster, and what EKS accepts in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_tags_spec,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_empty_values, find_tag_problems

Spec = dict[str, Any]
Options = dict[str, Any]

# requiredClaimsKey and requiredClaimsValue in the EKS API model
LONGEST_CLAIM, LONGEST_CLAIM_VALUE = 63, 253
# "Don't specify system:, or any portion of that string, for groupsPrefix or usernamePrefix":
# https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
RESERVED_PREFIX = "system:"


def build_identity_provider_spec() -> Spec:
    """The options that describe an identity provider, beside its name."""
    return dict(
        issuer_url=dict(type="str"),
        client_id=dict(type="str"),
        username_claim=dict(type="str"),
        username_prefix=dict(type="str"),
        groups_claim=dict(type="str"),
        groups_prefix=dict(type="str"),
        required_claims=dict(type="dict"),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def build_identity_provider_item_spec() -> Spec:
    """The options of an item of eks_cluster_identity_providers."""
    return build_item_spec({**build_state_spec(), **build_identity_provider_spec()})


def find_identity_provider_list_problems(rows: list[Options]) -> Iterator[str]:
    """ "You can associate one OIDC identity provider to your cluster": authenticate-oidc-identity-provider.html of EKS' guide."""
    names = [row["name"] for row in rows if row.get("state") != "absent"]
    if len(names) > 1:
        yield f"{', '.join(names)} are given. A cluster has one OIDC identity provider. Remove the others, or give them state absent."


def find_identity_provider_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options."""
    for option in ("name", "client_id"):
        if options.get(option) is not None and not options[option].strip():
            yield f"{option}: is empty. Use 1 or more characters."
    if options.get("issuer_url") is not None:
        yield from _find_url_problems(options["issuer_url"])
    for option in ("username_prefix", "groups_prefix"):
        if RESERVED_PREFIX in (options.get(option) or ""):
            yield (
                f"{option}: {options[option]!r} contains {RESERVED_PREFIX!r}, which Kubernetes reserves for its own users and groups."
                " Use another prefix, like 'oidc:'."
            )
    yield from _find_claim_problems(options.get("required_claims") or {})
    yield from find_tag_problems(options.get("tags"))


def _find_url_problems(url: str) -> Iterator[str]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_OidcIdentityProviderConfigRequest.html"""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        yield f"issuer_url: {url!r} is not a URL of a provider. Use one that begins with https://, like https://id.example.com."
    elif parts.query or parts.fragment:
        yield f"issuer_url: {url!r} has query parameters or a fragment. Use the host and the path only."


def _find_claim_problems(claims: dict[str, Any]) -> Iterator[str]:
    yield from find_empty_values("required_claims", claims)
    for key, value in claims.items():
        if isinstance(value, bool):
            yield f'required_claims: {key} is {value}. Put the text in quotes, like {key}: "{str(value).lower()}".'
        elif not 1 <= len(str(key)) <= LONGEST_CLAIM or len(str("" if value is None else value)) > LONGEST_CLAIM_VALUE:
            yield (
                f"required_claims: {key!r}: {value!r} is too long, or has no key. A key has 1-{LONGEST_CLAIM} characters, a value"
                f" at most {LONGEST_CLAIM_VALUE}."
            )
        elif value == "":
            yield f"required_claims: the value of {key} is empty. Use 1 or more characters, or remove the key."
