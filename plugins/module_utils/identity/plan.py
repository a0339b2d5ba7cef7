# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the lists of the role eks_irsa to the options of eks_irsa and eks_pod_identity, checked before anything is made. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.identity import Spec, associations_spec, identity_spec
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import (
    Identity,
    check_apart,
    read_association,
    read_identity,
)

ACCOUNTS, ASSOCIATIONS = "eks_irsa_service_accounts", "eks_irsa_pod_identity_associations"
NAMESPACE = "default"
RIGHTS = ("policy_arns", "inline_policies", "well_known_policies", "policy")
Row = dict[str, Any]


def identity_plan(
    accounts: list[Row], associations: list[Row], cluster: str, tags: dict[str, str], roles_only: bool
) -> dict[str, list[Row]]:
    """The rows for eks_irsa under "identities", and those for eks_pod_identity under "associations".

    Args:
        tags: of every role; a row's own come over them.
        roles_only: leave Kubernetes alone. A row that only names a role has nothing left to do then, and is left out.

    Raises:
        Refused: naming the list and the row, the option, its value, and what is allowed.
    """
    identities = [_renamed(row) for row in _checked(ACCOUNTS, _account_spec(), accounts)]
    pods = _checked(ASSOCIATIONS, associations_spec(), associations)
    _check_shared(
        _read(ACCOUNTS, read_identity, identities, cluster), _read(ASSOCIATIONS, read_association, pods, cluster)
    )
    if roles_only:
        identities = [{**row, "role_only": True} for row in identities if "role_arn" not in row]
    return {"identities": _tagged(identities, tags), "associations": _tagged(pods, tags)}


def _account_spec() -> Spec:
    """A service account's name is ``name`` in the role's list."""
    spec = identity_spec()
    spec["name"] = spec.pop("service_account")
    return spec


def _renamed(row: Row) -> Row:
    named = {"service_account": row["name"]} if "name" in row else {}
    return {"namespace": NAMESPACE, **{key: value for key, value in row.items() if key != "name"}, **named}


def _checked(option: str, spec: Spec, rows: list[Row]) -> list[Row]:
    """The rows by the module's own spec: names, types and choices."""
    found = []
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ValidationError(f"{option}[{number}]: {row!r} is not a mapping of options")
        result = ArgumentSpecValidator(spec).validate(_plain(row))
        words = [f"{'unknown: ' if isinstance(error, UnsupportedError) else ''}{error.msg}" for error in result.errors]
        if words:
            raise ValidationError(f"{option}[{number}]: {'; '.join(words)}")
        found.append(drop_none(result.validated_parameters))
    return found


def _plain(value: Any) -> Any:
    """A template's containers as plain ones: the validator copies what it gets, and those would copy Ansible itself along."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _read(option: str, read: Callable[[Row, str], Identity], rows: list[Row], cluster: str) -> list[Identity]:
    """Read each row as the module will, and check all of them together."""
    identities = []
    for number, row in enumerate(rows):
        try:
            identities.append(read(row, cluster))
        except ValidationError as error:
            raise ValidationError(f"{option}[{number}].{error.message}") from error
    check_apart(identities, option)
    return identities


def _check_shared(accounts: list[Identity], pods: list[Identity]) -> None:
    """One role may be in both lists; its rights then are the same in both, or only in one."""
    roles = {one.role_name.lower(): one for one in accounts if one.role_arn is None}
    for pod in pods:
        other = roles.get(pod.role_name.lower()) if pod.role_arn is None else None
        if other and _rights(pod) and _rights(other) and _rights(pod) != _rights(other):
            raise ValidationError(
                f"{ASSOCIATIONS}: {pod.name} has role {pod.role_name} with other policies than {other.name} in {ACCOUNTS}."
                " Way out: write the policies into one of the two rows, or the same ones into both."
            )


def _rights(identity: Identity) -> Row:
    return {name: identity.options[name] for name in RIGHTS if name in identity.options}


def _tagged(rows: list[Row], tags: dict[str, str]) -> list[Row]:
    return [{**row, "tags": {**tags, **row.get("tags", {})}} for row in rows]
