# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of fields that describes a resource, and how desired and current values are compared. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

Normalizer = Callable[[Any], Any]
# Options whose keys are the user's. A null below them is a value that the user wrote.
USERS_OWN = frozenset(
    {
        "tags",
        "labels",
        "required_claims",
        "configuration_values",
        "service_account_annotations",
        "service_account_labels",
    }
)


def as_is(value: Any) -> Any:
    """Compare the value itself."""
    return value


def normalize_list(value: Any) -> Any:
    """Compare a list as a set: EKS does not keep the order of subnets, security groups and CIDRs."""
    return sorted(value or [])


def text(value: Any) -> str | None:
    """Compare as text: versions of launch templates are numbers to people and strings to the API."""
    return None if value is None else str(value)


def normalize_map(value: dict[str, Any] | None, option: str = "labels") -> dict[str, str]:
    """A map of labels or tags with its values as text. Raises ValidationError for a key without a value."""
    for key, word in (value or {}).items():
        if word is None:
            raise ValidationError(
                f'{option}: {key} has no value. Write {key}: "" for the empty value, or remove the key.'
            )
    return {key: str(word) for key, word in (value or {}).items()}


@dataclass(frozen=True)
class Field:
    """One option of a resource.

    Args:
        option: the module's option, snake case.
        path: where the answer of the API has it, in dotted camel case like ``resourcesVpcConfig.subnetIds``.
        group: changes of one group are sent in one request. None: the API cannot change the field.
        normalize: turns either side into the form that is compared, and shown in a diff. It is never sent.
        partial: compare only those keys of a dict that the user set.
        to_api: turns the value of the option into what a request has at ``path``.
        follows: the options whose change makes EKS choose a new value for this one, unless it is set, too.
    """

    option: str
    path: str
    group: str | None
    normalize: Normalizer = as_is
    partial: bool = False
    to_api: Normalizer = as_is
    follows: tuple[str, ...] = ()

    def read(self, raw: dict[str, Any]) -> Any:
        """The value of the field in an answer of the API, None when it is not set."""
        value: Any = raw
        for key in self.path.split("."):
            value = (value or {}).get(key)
        return value


@dataclass(frozen=True)
class Change:
    """A field that differs: its normalized values before and after."""

    field: Field
    before: Any
    after: Any


def compare(fields: tuple[Field, ...], raw: dict[str, Any], desired: dict[str, Any]) -> list[Change]:
    """The changes from the answer of the API to the desired state. An option that is None is not changed."""
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
    """The part of a nested dict whose keys the wanted one has, at every depth."""
    if not isinstance(wanted, dict):
        return [] if current is None and wanted == [] else current  # no list and the empty list are one
    current = current if isinstance(current, dict) else {}
    return {key: project(current.get(key), value) for key, value in wanted.items()}


def drop_none(value: Any) -> Any:
    """Drop omitted suboptions, which argument specs fill with None, at every depth except below USERS_OWN."""
    if isinstance(value, dict):
        return {k: v if k in USERS_OWN else drop_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [drop_none(v) for v in value]
    return value


def build_options(fields: tuple[Field, ...], raw: dict[str, Any]) -> dict[str, Any]:
    """The resource as options of the module, for the diff. Options that are not set are left out."""
    values = {field.option: field.normalize(field.read(raw)) for field in fields}
    return {option: value for option, value in values.items() if value not in (None, [], {})}


def build_set_options(fields: tuple[Field, ...], raw: dict[str, Any]) -> dict[str, Any]:
    """The options that the answer of the API has a value for: without what it leaves out because nobody set it."""
    return build_options(tuple(field for field in fields if field.read(raw) is not None), raw)


def merge(current: Any, wanted: Any) -> Any:
    """The current value with the wanted one merged over it: keys that the wanted dict does not have are kept."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return {**current, **{key: merge(current.get(key), value) for key, value in wanted.items()}}
    return wanted


def replace_value(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the answer of the API with another value at the path."""
    key, dummy, rest = path.partition(".")
    return {**raw, key: replace_value(raw.get(key) or {}, rest, value) if rest else value}


def find_followers(fields: tuple[Field, ...], changes: list[Change]) -> list[Field]:
    """The fields for which EKS chooses new values with these changes, so that they cannot be predicted."""
    changing = {change.field.option for change in changes}
    return [field for field in fields if changing & set(field.follows) and field.option not in changing]


def build_expected(fields: tuple[Field, ...], raw: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    """The answer of the API as it will be after the changes. Values that only EKS knows are not set."""
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
    """Both sides of the diff, without values that only EKS knows."""
    hidden = find_followers(fields, changes)
    known = tuple(field for field in fields if field not in hidden)
    return build_options(known, raw), build_options(known, expected)


def build_request(fields: tuple[Field, ...], values: dict[str, Any]) -> dict[str, Any]:
    """The part of a request, in the shape of the API, that sets these options. Options that are None are left out."""
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
    """Either spelling of a nested structure in snake case, without values that are not set."""
    return drop_none(camel_dict_to_snake_dict(value)) if isinstance(value, dict) else value


def convert_to_camel(value: Any) -> Any:
    """The nested dict of an option in the spelling of the API."""
    return snake_dict_to_camel_dict(value) if isinstance(value, dict) else value


def none_if_empty(value: Any) -> Any:
    """None for empty text, which clears a setting."""
    return value or None
