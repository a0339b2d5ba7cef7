# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A picture of what belongs to a cluster, or to clusters that are gone: what was read of an account, and who claims it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import read_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import MAX_CONCURRENCY
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import Claim, Thing, claim_all
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading import INSIDE, KINDS, AccountReader, Unread

ALL, NOT = "all", "!"
CHOICES = [ALL, *KINDS, *(NOT + kind for kind in KINDS)]


@dataclass
class Picture:
    """What was found.

    Args:
        raw: the cluster as EKS describes it; None where it does not exist, or no cluster was asked for.
        claims: the things and who claims them, sorted by cluster, kind and name.
        clusters: the clusters of the claims that do not exist.
    """

    raw: dict[str, Any] | None = None
    claims: list[tuple[Thing, Claim]] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def choose_kinds(words: Iterable[str]) -> list[str]:
    """The kinds that an option names; one with an exclamation mark is left out."""
    words = list(words)
    wanted = KINDS if ALL in words or all(word.startswith(NOT) for word in words) else words
    left_out = {word.removeprefix(NOT) for word in words if word.startswith(NOT)}
    found = [kind for kind in wanted if kind in KINDS and kind not in left_out]
    if not found:
        raise ValidationError(f"kinds: {', '.join(words)} leaves nothing to look for. Use all, or name a kind.")
    return found


def take_picture(
    get_client: Callable[[str], Any], region: str, cluster: str | None = None, kinds: Iterable[str] = KINDS
) -> Picture:
    """What belongs to a cluster; without one, what belongs to clusters of the region that do not exist."""
    reader = AccountReader(get_client, region, cluster)
    existing = _describe_clusters(reader, cluster)
    live = bool(cluster and existing[cluster])
    things = reader.read([kind for kind in kinds if live or kind not in ("cluster", *INSIDE)])
    issuers = {_get_issuer(raw): name for name, raw in existing.items() if raw and _get_issuer(raw)}
    claims = claim_all(things, region, issuers)
    claims = _narrow(claims, cluster) if cluster else _drop_existing(claims, existing)
    claims = [(thing, claim) for thing, claim in claims if thing.kind in kinds]
    claims.sort(key=lambda one: (one[1].cluster, one[0].kind, one[0].name, one[0].id))
    gone = sorted({claim.cluster for dummy, claim in claims if claim.cluster and not existing.get(claim.cluster)})
    return Picture(existing.get(cluster or ""), claims, gone, reader.unread)


def _describe_clusters(reader: AccountReader, cluster: str | None) -> dict[str, dict[str, Any] | None]:
    """The cluster, or all of the region, by name. Of one that may not be described only its name is known."""
    names = [cluster] if cluster else reader.list_cluster_names()

    def describe(name: str) -> dict[str, Any] | None:
        def note(action: str, error: Exception) -> None:
            reader.note_unread("cluster", action, error)

        return read_if_allowed(lambda: reader.describe_cluster(name), {"name": name}, note)

    with ThreadPoolExecutor(max_workers=MAX_CONCURRENCY) as pool:
        return dict(zip(names, pool.map(describe, names), strict=True))


def _get_issuer(raw: dict[str, Any]) -> str:
    return str(((raw.get("identity") or {}).get("oidc") or {}).get("issuer") or "").removeprefix("https://")


def _narrow(claims: list[tuple[Thing, Claim]], cluster: str) -> list[tuple[Thing, Claim]]:
    return [(thing, claim) for thing, claim in claims if claim.cluster == cluster]


def _drop_existing(claims: list[tuple[Thing, Claim]], existing: dict[str, Any]) -> list[tuple[Thing, Claim]]:
    return [(thing, claim) for thing, claim in claims if not existing.get(claim.cluster)]
