# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table a resource is described by, and how a wanted value is held against the real one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

Normalizer = Callable[[Any], Any]
# Options whose content is no suboptions: a null in there is the user's own word.
USERS_OWN = frozenset(
    {"tags", "labels", "configuration_values", "service_account_annotations", "service_account_labels"}
)


def as_is(value: Any) -> Any:
    """Compare the value itself."""
    return value


def normalize_list(value: Any) -> Any:
    """Compare a list as a set: EKS keeps no order of subnets, groups, types or CIDRs."""
    return sorted(value or [])


def text(value: Any) -> str | None:
    """Compare as text (versions of launch templates are numbers to people and strings to the API)."""
    return None if value is None else str(value)


def normalize_map(value: dict[str, Any] | None, option: str = "labels") -> dict[str, str]:
    """A map of labels or tags, its values as text; raises Refused for a key without a value."""
    for key, word in (value or {}).items():
        if word is None:
            raise ValidationError(
                f'{option}: {key} has no value; write {key}: "" for the empty one, or leave the key out'
            )
    return {key: str(word) for key, word in (value or {}).items()}


@dataclass(frozen=True)
class Field:
    """One option of a resource.

    Args:
        option: the module's option, snake case.
        path: where the API's answer holds it, dotted camel case: ``resourcesVpcConfig.subnetIds``.
        group: the change it belongs to; changes of one group travel in one request. None: immutable.
        canon: turns either side into what is compared, and shown in a diff.
        partial: compare only the keys of a dict that the user gave.
        to_api: turns the option's value into what a request holds at ``path``.
        follows: the option whose change makes EKS choose this one anew, unless it is asked for, too.
    """

    option: str
    path: str
    group: str | None
    normalize: Normalizer = as_is
    partial: bool = False
    to_api: Normalizer = as_is
    follows: str | None = None

    def read(self, raw: dict[str, Any]) -> Any:
        """The field's value in an answer of the API, None where it is not set."""
        value: Any = raw
        for key in self.path.split("."):
            value = (value or {}).get(key)
        return value


@dataclass(frozen=True)
class Change:
    """A field that is not as wanted: canonical values before and after."""

    field: Field
    before: Any
    after: Any


def compare(fields: tuple[Field, ...], raw: dict[str, Any], desired: dict[str, Any]) -> list[Change]:
    """The changes that lead from the API's answer to what is desired; an option that is None is left alone."""
    changes = []
    for field in fields:
        wanted = desired.get(field.option)
        if wanted is None:
            continue
        before, after = field.normalize(field.read(raw)), field.normalize(wanted)
        if field.partial:
            before = project(before, after)
        if before != after:
            changes.append(Change(field, before, after))
    return changes


def project(current: Any, wanted: Any) -> Any:
    """The part of a nested dict that the wanted one speaks of, at every depth."""
    if not isinstance(wanted, dict):
        return [] if current is None and wanted == [] else current  # no list and the empty list are one
    current = current if isinstance(current, dict) else {}
    return {key: project(current.get(key), value) for key, value in wanted.items()}


def drop_none(value: Any) -> Any:
    """Drop the suboptions a user left out (argument specs fill them with None), at every depth but in USERS_OWN."""
    if isinstance(value, dict):
        return {k: v if k in USERS_OWN else drop_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [drop_none(v) for v in value]
    return value


def build_options(fields: tuple[Field, ...], raw: dict[str, Any]) -> dict[str, Any]:
    """The resource in the user's options, for the diff; what is not set does not appear."""
    values = {field.option: field.normalize(field.read(raw)) for field in fields}
    return {option: value for option, value in values.items() if value not in (None, [], {})}


def merge(current: Any, wanted: Any) -> Any:
    """The wanted value laid over the current one: keys of dicts that were not given stay."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return {**current, **{key: merge(current.get(key), value) for key, value in wanted.items()}}
    return wanted


def replace_value(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the API's answer with another value at the path."""
    key, dummy, rest = path.partition(".")
    return {**raw, key: replace_value(raw.get(key) or {}, rest, value) if rest else value}


def find_followers(fields: tuple[Field, ...], changes: list[Change]) -> list[Field]:
    """The fields that EKS chooses anew with these changes: nobody knows their values before."""
    changing = {change.field.option for change in changes}
    return [field for field in fields if field.follows in changing and field.option not in changing]


def build_expected(fields: tuple[Field, ...], raw: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    """The API's answer as it will be once the changes are made; what only EKS knows is not set."""
    for change in changes:
        value = change.field.to_api(change.after)
        raw = replace_value(
            raw, change.field.path, merge(change.field.read(raw), value) if change.field.partial else value
        )
    for field in find_followers(fields, changes):
        raw = replace_value(raw, field.path, None)
    return raw


def build_diff(
    fields: tuple[Field, ...], raw: dict[str, Any], expected: dict[str, Any], changes: list[Change]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of the diff, without what only EKS knows."""
    hidden = find_followers(fields, changes)
    known = tuple(field for field in fields if field not in hidden)
    return build_options(known, raw), build_options(known, expected)


def build_request(fields: tuple[Field, ...], values: dict[str, Any]) -> dict[str, Any]:
    """The part of a request, in the API's shape, that sets these options; None is left out."""
    request: dict[str, Any] = {}
    for field in fields:
        value = values.get(field.option)
        if value is None:
            continue
        nested: Any = field.to_api(value)
        for key in reversed(field.path.split(".")):
            nested = {key: nested}
        request = merge(request, nested)
    return request


def convert_to_snake(value: Any) -> Any:
    """Either spelling of a nested structure, in snake case, without what is not set."""
    return drop_none(camel_dict_to_snake_dict(value)) if isinstance(value, dict) else value


def convert_to_camel(value: Any) -> Any:
    """An option's nested dict as the API spells it."""
    return snake_dict_to_camel_dict(value) if isinstance(value, dict) else value


def none_if_empty(value: Any) -> Any:
    """Empty text is nothing: it clears."""
    return value or None
