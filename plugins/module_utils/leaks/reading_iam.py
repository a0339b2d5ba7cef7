# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM has of clusters. Its lists have no tags, so those of candidates are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.iam.owned_roles import MOST, list_candidates
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import EKS_PROVIDER, get_issuer
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import list_providers
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import Thing

Row = dict[str, Any]


class IamReader:
    """Reads IAM, which is the same in all regions.

    Args:
        cluster: names tell which policies and instance profiles may be this cluster's; their tags are read.
    """

    def __init__(self, get_client: Callable[[str], Any], region: str, cluster: str | None) -> None:
        self._get_client, self._region, self._cluster = get_client, region, cluster

    @property
    def _iam(self) -> Any:
        return self._get_client("iam")

    def read_providers(self) -> Iterator[Thing]:
        """The OIDC providers of this region's issuers."""
        rows = self._iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        arns = [row["Arn"] for row in rows if f".{self._region}." in row["Arn"]]
        tags = self._read_tags("list_open_id_connect_provider_tags", "OpenIDConnectProviderArn", arns)
        for arn, found in zip(arns, tags, strict=True):
            issuer = get_issuer(arn)
            yield Thing("oidc_provider", arn, issuer, found, {"arn": arn, "issuers": [issuer]})

    def read_roles(self) -> Iterator[Thing]:
        """The roles that EKS, nodes or pods can assume."""
        roles = list_candidates(self._iam)
        if len(roles) > MOST:
            raise ValidationError(
                f"kinds: the account has {format_count(len(roles), 'role')} that EKS, EC2 or pods can assume, and the tags of at most {MOST} are"
                " read. Leave roles out with kinds=['all', '!iam_role']."
            )
        names = [role["RoleName"] for role in roles]
        tags = self._read_tags("list_role_tags", "RoleName", names)
        for role, found in zip(roles, tags, strict=True):
            facts = {"arn": role["Arn"], "issuers": _list_issuers(role)}
            yield Thing("iam_role", role["RoleName"], role["RoleName"], found, facts)

    def read_policies(self) -> Iterator[Thing]:
        """The customer-managed policies whose names may be of a cluster."""
        pages = self._iam.get_paginator("list_policies").paginate(Scope="Local")
        rows = [row for page in pages for row in page["Policies"] if self._may_be(row["PolicyName"])]
        tags = self._read_tags("list_policy_tags", "PolicyArn", [row["Arn"] for row in rows])
        for row, found in zip(rows, tags, strict=True):
            yield Thing("iam_policy", row["Arn"], row["PolicyName"], found, {"arn": row["Arn"]})

    def read_profiles(self) -> Iterator[Thing]:
        """The instance profiles whose names may be of a cluster. Karpenter's begin with its name."""
        pages = self._iam.get_paginator("list_instance_profiles").paginate()
        rows = [row for page in pages for row in page["InstanceProfiles"]]
        names = [row["InstanceProfileName"] for row in rows if self._may_be(row["InstanceProfileName"])]
        tags = self._read_all([(lambda name=name: self._read_profile_tags(name)) for name in names])
        for name, found in zip(names, tags, strict=True):
            yield Thing("instance_profile", name, name, found)

    def _may_be(self, name: str) -> bool:
        """Of all clusters any name may be."""
        return self._cluster is None or self._cluster.lower() in name.lower()

    def _read_profile_tags(self, name: str) -> list[Row]:
        return self._iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags") or []

    def _read_tags(self, operation: str, parameter: str, names: list[str]) -> list[dict[str, str]]:
        """The tags of each, by an operation that lists those of one."""

        def build(name: str) -> Callable[[], list[Row]]:
            return lambda: describe_all_pages(self._iam, operation, "Tags", **{parameter: name})

        return self._read_all([build(name) for name in names])

    @staticmethod
    def _read_all(asks: Iterable[Callable[[], list[Row]]]) -> list[dict[str, str]]:
        """The tags of each; none where it is gone since it was listed."""

        def read(ask: Callable[[], list[Row]]) -> dict[str, str]:
            try:
                return read_tag_list(ask())
            except Exception as error:
                if has_code(error, "NoSuchEntity"):
                    return {}
                raise

        with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
            return list(pool.map(read, asks))


def _list_issuers(role: Row) -> list[str]:
    """The EKS issuers that a role trusts, as host and path."""
    trust = parse_document(role["AssumeRolePolicyDocument"], f"trust of role {role['RoleName']}")
    return [get_issuer(arn) for arn in list_providers(trust) if EKS_PROVIDER in arn]
