# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster with everything that a declaration describes, as the APIs answer it. Data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import is_edge_zone

Row = dict[str, Any]


def get_template_key(group: Row) -> tuple[str, str]:
    """The launch template of an Auto Scaling group among the templates: its ID and version. EC2 takes the default one where none is said."""
    named = group["launch_template"]
    return named["id"] or "", str(named["version"] or "$Default")


@dataclass(frozen=True)
class Note:
    """Something of the cluster that a declaration does not say, and why.

    Args:
        kind: like "node group".
        name: of the resource.
        field: of it; empty for the resource as a whole.
        reason: a sentence.
        forms: the declarations that it is about.
    """

    kind: str
    name: str
    field: str
    reason: str
    forms: tuple[str, ...]

    def format(self) -> str:
        """The note as a line of a comment."""
        what = f"{self.kind} {self.name}".strip()
        return f"{what}{f', {self.field}' if self.field else ''}: {self.reason}"


@dataclass
class ClusterState:
    """All that was read.

    Args:
        cluster: the answer of DescribeCluster.
        addons: answers of DescribeAddon with ``podIdentities``, as the add-on's module has them.
        subnets: by ID: kind (public, private), zone.
        vpc: DNS attributes of the VPC, by their names.
        templates: launch templates by ID and version: name, tags, data; of self-managed nodes with the role of their instance profile.
        roles: answers of IAM of the roles that are named, by ARN; those that may not be read are not there.
        service_account_roles: roles that trust the cluster's OIDC provider: arn, subjects.
        oidc_provider: audiences and tags, None where there is no provider.
        network: the variables of a network that kumo.eks made for the cluster, None for another one.
        ssh_groups: security groups for SSH that kumo.eks made, by ID: name, sources.
        extra_cidrs: blocks that rules of kumo.eks let reach the API server.
        unread: what may not be read: its kind, the IAM action, and what AWS said.
    """

    name: str
    region: str
    cluster: Row
    nodegroups: list[Row] = field(default_factory=list)
    fargate_profiles: list[Row] = field(default_factory=list)
    addons: list[Row] = field(default_factory=list)
    access_entries: list[Row] = field(default_factory=list)
    associations: list[Row] = field(default_factory=list)
    identity_providers: list[Row] = field(default_factory=list)
    capabilities: list[Row] = field(default_factory=list)
    self_managed: list[Row] = field(default_factory=list)
    subnets: dict[str, Row] = field(default_factory=dict)
    vpc: Row = field(default_factory=dict)
    templates: dict[tuple[str, str], Row] = field(default_factory=dict)
    roles: dict[str, Row] = field(default_factory=dict)
    service_account_roles: list[Row] = field(default_factory=list)
    oidc_provider: Row | None = None
    network: Row | None = None
    ssh_groups: dict[str, Row] = field(default_factory=dict)
    extra_cidrs: list[str] = field(default_factory=list)
    unread: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """Key of the tag of what kumo.eks made for the cluster."""
        return build_owner_key(self.region, self.name)

    @property
    def partition(self) -> str:
        return self.cluster["arn"].split(":")[1]

    @property
    def account(self) -> str:
        return self.cluster["arn"].split(":")[4]

    @property
    def is_owned(self) -> bool:
        """Whether kumo.eks made the cluster."""
        return self.owner in (self.cluster.get("tags") or {})

    def list_all_subnets(self) -> list[str]:
        """The subnets in Availability Zones. Those in Local Zones are for self-managed nodes, and always named."""
        return [subnet for subnet, row in self.subnets.items() if not is_edge_zone(row["zone"])]

    def list_subnets(self, kind: str) -> list[str]:
        """The subnets of a kind in Availability Zones, by zone: those from which the roles choose."""
        ids = [subnet for subnet in self.list_all_subnets() if self.subnets[subnet]["kind"] == kind]
        return sorted(ids, key=lambda subnet: (self.subnets[subnet]["zone"], subnet))
