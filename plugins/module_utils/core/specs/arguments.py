# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options held against an argument spec, with every problem at its path. Pure.

Ansible's validator joins all problems of a task in one text and stops at a module's border. Here each option goes through
ArgumentSpecValidator alone, so that a problem of ``eks_nodegroups_list[0].scaling_config.min_size`` is reported as that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ArgumentValueError, ElementError

from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

Spec = dict[str, Any]
Options = dict[str, Any]
TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping of options",
    "path": "a path",
}
LONGEST_VALUE = 80  # characters of a value that a message shows


def read_arguments(spec: Spec, given: Any, path: str, rules: Spec | None = None) -> tuple[Options, list[str]]:
    """The options as a module with this spec gets them, without those that have a problem, and the problems.

    Args:
        path: what a problem's option name is preceded by: "eks_nodegroups_list[0]." or "eks_cluster_".
        rules: mutually_exclusive, required_one_of and required_together of this level.
    """
    if not isinstance(given, dict):
        shown = "the value" if has_secrets(spec) else format_value(given)
        return {}, [f"{path.rstrip('._')}: {shown} is not a mapping of options."]
    names = {alias: name for name, row in spec.items() for alias in (name, *row.get("aliases", []))}
    found: Options = {name: row["default"] for name, row in spec.items() if "default" in row}
    problems: list[str] = []
    asked: Options = {}
    for key, value in convert_to_plain(given).items():
        if key not in names:
            problems.append(f"{path}{key}: unknown option.{_suggest_option(str(key), names, path)}")
        elif value is not None:
            asked[names[key]] = value
    for name, value in asked.items():
        read, wrong = _read_value(spec[name], value, f"{path}{name}")
        problems += wrong
        if wrong:
            found.pop(name, None)
        else:
            found[name] = read
    required = [name for name, row in spec.items() if row.get("required") and name not in asked]
    problems += [f"{path}{name}: required option is missing." for name in required]
    problems += _find_rule_problems(rules or {}, asked, path)
    return found, problems


def spell_foreign_items(spec: Spec, given: Options) -> Options:
    """The options with numbers, nulls and lists as text where mappings with options belong, at every depth.

    ansible-core refuses text there, and can end with a TypeError at the others, as at a list for a mapping: it looks for environment variables
    for their options before it looks at their type (set_fallbacks in module_utils/common/parameters.py).
    """
    names = {alias: row for name, row in spec.items() for alias in (name, *row.get("aliases", []))}
    return {name: _spell_items(names.get(name, {}), value) for name, value in given.items()}


def _spell_items(row: Spec, value: Any) -> Any:
    if row.get("options") is None:
        return value
    if isinstance(value, dict):
        return spell_foreign_items(row["options"], value)
    if isinstance(value, list):
        return [_spell_items(row, item) if isinstance(item, dict) else str(item) for item in value]
    return value


def has_secrets(spec: Spec) -> bool:
    """Whether one of the options may be a secret, so that a value of which it is a part is not shown."""
    return any(row.get("no_log") for row in spec.values())


def convert_to_plain(value: Any) -> Any:
    """A template's containers as plain ones: the validator copies what it gets, and those would copy Ansible itself along."""
    if isinstance(value, dict):
        return {key: convert_to_plain(each) for key, each in value.items()}
    return [convert_to_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def format_value(value: Any) -> str:
    """A value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def _suggest_option(key: str, names: dict[str, str], path: str) -> str:
    """The option that was probably meant, else all of them; of a mapping of role variables by the variable's name."""
    prefix = path if path.endswith("_") else ""
    return suggest_name(prefix + key, [prefix + name for name in names]) or f" Options are: {', '.join(sorted(names))}."


def _read_value(row: Spec, value: Any, path: str) -> tuple[Any, list[str]]:
    """One option's value, converted, and its problems; suboptions at every depth."""
    if row.get("options") is None:
        return _convert(row, value, path)
    if row["type"] == "dict":
        return read_arguments(row["options"], value, f"{path}.", row)
    rows, problems = _convert({"type": "list", "no_log": has_secrets(row["options"])}, value, path)
    items = [read_arguments(row["options"], item, f"{path}[{number}].", row) for number, item in enumerate(rows or [])]
    return [item for item, wrong in items], [*problems, *(line for item, wrong in items for line in wrong)]


def _convert(row: Spec, value: Any, path: str) -> tuple[Any, list[str]]:
    """One value by Ansible's own rules of conversion."""
    alone = {key: row[key] for key in ("type", "elements", "choices") if key in row}
    result = ArgumentSpecValidator({"value": alone}).validate({"value": value})
    problems = [_explain(error, alone, value, path, bool(row.get("no_log"))) for error in result.errors]
    return result.validated_parameters["value"], problems


def _explain(error: Exception, row: Spec, value: Any, path: str, secret: bool) -> str:
    shown = "the value" if secret else format_value(value)
    if isinstance(error, ArgumentValueError):
        choices = [str(choice) for choice in row["choices"]]
        wrong = [item for item in (value if isinstance(value, list) else [value]) if str(item) not in choices]
        hint = suggest_name(str(wrong[0]), choices) if wrong and not secret else ""
        return f"{path}: {shown} is not allowed. Use {' or '.join(choices)}.{hint}"
    if isinstance(error, ElementError):
        return f"{path}: {shown} has an item that is not {TYPES.get(row.get('elements'), row.get('elements'))}."
    if isinstance(error, ArgumentTypeError):
        return f"{path}: {shown} is not {TYPES.get(row['type'], row['type'])}."
    return f"{path}: {error.msg}"


def _find_rule_problems(rules: Spec, asked: Options, path: str) -> Iterator[str]:
    """Options of one level that exclude or need each other."""
    where = path.rstrip("._")
    for group in rules.get("mutually_exclusive") or []:
        both = [name for name in group if name in asked]
        if len(both) > 1:
            yield f"{where}: {' and '.join(both)} cannot be combined. Use one of them."
    for group in rules.get("required_one_of") or []:
        if not any(name in asked for name in group):
            yield f"{where}: one of {', '.join(group)} is required."
    for group in rules.get("required_together") or []:
        given = [name for name in group if name in asked]
        if given and len(given) < len(group):
            yield f"{where}: {', '.join(group)} are required together."
