"""What the EKS service remembers: clusters and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kumo_sandbox.agenda import Agenda
from kumo_sandbox.eks.issuer import IssuerKey
from kumo_sandbox.interfaces import AccessRule, NodeSpec

Raw = dict[str, Any]


@dataclass
class Cluster:
    """A cluster in the API's shape (``raw``) and what hangs on it, by name or id."""

    raw: Raw
    creator: str
    creator_is_admin: bool = True  # bootstrapClusterCreatorAdminPermissions, which no answer has
    # unique ids of roles and users, by ARN, when their entries were made
    principal_ids: dict[str, str] = field(default_factory=dict)
    zones: frozenset[str] = frozenset()  # of the subnets that it was created with
    nodegroups: dict[str, Raw] = field(default_factory=dict)
    joined: dict[str, NodeSpec] = field(default_factory=dict)  # self-managed nodes, by the IDs of their instances
    fargate_profiles: dict[str, Raw] = field(default_factory=dict)
    addons: dict[str, Raw] = field(default_factory=dict)
    self_managed: dict[str, str] = field(default_factory=dict)  # versions of add-ons' software that EKS does not manage
    preserved: dict[str, Raw] = field(default_factory=dict)  # of those, the add-ons that left it behind
    access_entries: dict[str, Raw] = field(default_factory=dict)
    access_policies: dict[str, dict[str, Raw]] = field(default_factory=dict)
    announced_access: tuple[AccessRule, ...] = ()  # on its way to the API server
    known_access: tuple[AccessRule, ...] = ()  # what the API server knows
    pod_identities: dict[str, Raw] = field(default_factory=dict)
    deleted_pod_identities: list[tuple[Raw, float]] = field(default_factory=list)  # a moment ago, and when
    identity_providers: dict[str, Raw] = field(default_factory=dict)
    certificate_authorities: dict[str, Raw] = field(default_factory=dict)
    capabilities: dict[str, Raw] = field(default_factory=dict)
    updates: dict[str, Raw] = field(default_factory=dict)
    update_of: dict[str, tuple[str, str]] = field(default_factory=dict)  # update id -> (kind, name)
    insights: dict[str, Raw] = field(default_factory=dict)
    insights_refresh: Raw = field(default_factory=dict)
    upgraded: tuple[str, float] | None = None  # the version before the last upgrade, and when that ended
    issuer_key: IssuerKey = field(default_factory=IssuerKey)

    @property
    def name(self) -> str:
        return self.raw["name"]


class Store:
    """All clusters of one account, by region and name."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.clock = agenda.clock
        self.lock = agenda.lock
        self.clusters: dict[tuple[str, str], Cluster] = {}
        self.registrations: dict[tuple[str, str], Raw] = {}  # clusters outside of EKS, by region and name
        self.trust_anchors: dict[str, Raw] = {}  # of IAM Roles Anywhere, by ARN, with their tags
        self.anywhere_profiles: dict[str, Raw] = {}
        self.outpost_sites: dict[str, Raw] = {}  # of AWS Outposts, by ARN
        self.outposts: dict[str, Raw] = {}
        self.tokens: dict[tuple[str, str], Raw] = {}  # (operation, clientRequestToken) -> the first answer

    def schedule(self, seconds: float, act: Callable[[], None]) -> None:
        """Act when so many simulated seconds have passed."""
        self.agenda.schedule(seconds, act)

    def settle(self) -> bool:
        """Act out what is due; True if anything was."""
        return self.agenda.settle()

    def clear(self) -> None:
        with self.lock:
            self.clusters.clear()
            self.registrations.clear()
            self.trust_anchors.clear()
            self.anywhere_profiles.clear()
            self.outpost_sites.clear()
            self.outposts.clear()
            self.tokens.clear()
            self.agenda.clear()
