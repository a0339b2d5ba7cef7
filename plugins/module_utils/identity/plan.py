# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identities of pods as the role eks_irsa lists them, checked all together before anything is created. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import (
    Identity,
    check_apart,
    read_association,
    read_identity,
)

ACCOUNTS, ASSOCIATIONS = "eks_irsa_service_accounts", "eks_irsa_pod_identity_associations"
RIGHTS = ("policy_arns", "inline_policies", "well_known_policies", "policy")
Row = dict[str, Any]


def find_identity_problems(accounts: dict[int, Row], associations: dict[int, Row], cluster: str) -> Iterator[str]:
    """What the modules refuse of the rows, each by itself and all of them together.

    Args:
        accounts: options of eks_irsa's identities, by their number in the list.
        associations: options of eks_pod_identity's associations, by their number in the list.
    """
    identities, problems = _read_rows(ACCOUNTS, read_identity, accounts, cluster)
    pods, more = _read_rows(ASSOCIATIONS, read_association, associations, cluster)
    yield from [*problems, *more]
    for option, rows in ((ACCOUNTS, identities), (ASSOCIATIONS, pods)):
        try:
            check_apart(rows, option)
        except ValidationError as error:
            yield error.message
    yield from _find_shared_problems(identities, pods)


def _read_rows(
    option: str, read: Callable[[Row, str], Identity], rows: dict[int, Row], cluster: str
) -> tuple[list[Identity], list[str]]:
    """Each row as the module will read it, and what is wrong with the others."""
    identities, problems = [], []
    for number, row in rows.items():
        try:
            identities.append(read(row, cluster))
        except ValidationError as error:
            problems.append(f"{option}[{number}].{error.message}")
    return identities, problems


def _find_shared_problems(accounts: list[Identity], pods: list[Identity]) -> Iterator[str]:
    """One role may be in both lists; its rights then are the same in both, or in one list only."""
    roles = {one.role_name.lower(): one for one in accounts if one.role_arn is None}
    for pod in pods:
        other = roles.get(pod.role_name.lower()) if pod.role_arn is None else None
        if other and _read_rights(pod) and _read_rights(other) and _read_rights(pod) != _read_rights(other):
            yield (
                f"{ASSOCIATIONS}: {pod.name} has role {pod.role_name} with other policies than {other.name} in {ACCOUNTS}."
                " Write the policies into one of the two rows, or the same ones into both."
            )


def _read_rights(identity: Identity) -> Row:
    return {name: identity.options[name] for name in RIGHTS if name in identity.options}
