# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the values of releases, and the items of lists with passwords, out of logs and results.

Values may hold a secret under any key. With no_log Ansible leaves an option out of the log of the module's invocation, but it
also masks each of its texts and numbers wherever they occur in the result: ``replicas: 2`` would mask every 2 of the diff.
So once the invocation is logged only texts that are secrets stay masked, and the options are hidden as a whole.

A list of releases or repositories has no_log as a whole, too. The log would show it as Python writes it, with escapes: a
password with a backslash is then not found in it, and not masked.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule
from ansible_collections.kumo.eks.plugins.module_utils.core.secrets import find_secrets, is_secret_key, list_spellings
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import USER
from ansible_collections.kumo.eks.plugins.module_utils.core.texts import collect_texts
from ansible_collections.kumo.eks.plugins.module_utils.helm.settings import list_texts

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
HIDDEN_TEXT = "(hidden)"
URL_OPTIONS = ("url", "repository", "chart")
VALUE_OPTIONS = ("values", "release_values", "set_values", "set", "set_strings", "set_string")
# A line of a file of values that is no YAML, of which Helm's message may show a part
LINE = re.compile(r"""^\s*(?:- +)?["']?([\w.-]+)["']?[ \t]*:[ \t]+(.+?)[ \t]*$""", re.MULTILINE)


def mask_urls(module: AnsibleAWSModule, rows: list[Mapping[str, Any]]) -> None:
    """Mask what URLs have before their host, which is refused later."""
    _mask(module, {text for row in rows for text in _collect_users(row)})


def take_params(module: AnsibleAWSModule) -> dict[str, Any]:
    """The module's options. The module itself then knows the values of releases no more, and masks their secrets."""
    params = copy.deepcopy(module.params)
    secrets = set(_collect_no_log(module.argument_spec, params))
    releases, repositories = params.get("releases") or [], params.get("repositories") or []
    for row in (params, *releases):
        secrets |= set(_collect_secret_values(row))
    module.no_log_values.clear()
    module.no_log_values.update(spelling for text in secrets for spelling in list_spellings(text))
    mask_urls(module, [params, *releases, *repositories])
    for row in (module.params, *(module.params.get("releases") or [])):
        for option in VALUE_OPTIONS:
            if row.get(option) is not None:
                row[option] = HIDDEN
    return params


def mask_stored_values(module: AnsibleAWSModule, stored: Any, secret_values: Any = None) -> None:
    """Mask the secrets of a stored release, which the diff shows as what was before.

    Args:
        stored: the values of the release.
        secret_values: those of the task; what the release has in their places is a secret, too.
    """
    _mask(module, {*find_secrets(stored), *find_counterparts(stored, secret_values)})


def mask_values_files(module: AnsibleAWSModule, releases: list[dict[str, Any]]) -> None:
    """Mask the secrets in the files of values."""
    paths = {path for release in releases for path in release["values_files"] or []}
    _mask(module, {text for path in paths for text in _read_secrets(path)})


def _mask(module: AnsibleAWSModule, secrets: set[str]) -> None:
    module.no_log_values.update(spelling for text in secrets for spelling in list_spellings(text))


def _read_secrets(path: str) -> Iterator[str]:
    """The texts of a file of values whose keys say that they are secrets."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return  # a removal reads none, and Helm says why it cannot
    try:
        yield from find_secrets(yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except yaml.YAMLError:
        for key, value in LINE.findall(text):
            if is_secret_key(key):
                yield from (value, value.strip("\"'"))


def hide_secrets(text: str, values: Any) -> str:
    """A text without the secrets in a release's values."""
    spellings = {spelling for secret in find_secrets(values) for spelling in list_spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN_TEXT)
    return text


def find_counterparts(stored: Any, secret_values: Any) -> Iterator[str]:
    """The texts that a release has where the task has secrets."""
    if isinstance(stored, Mapping) and isinstance(secret_values, Mapping):
        for key, value in secret_values.items():
            yield from find_counterparts(stored.get(key), value)
    elif secret_values is not None:
        yield from collect_texts(stored)


def _collect_no_log(spec: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[str]:
    """The texts of options with no_log, without those of values; of a list's items those of their options with no_log."""
    for option, about in spec.items():
        value = params.get(option)
        if value is None or option in VALUE_OPTIONS:
            continue
        if about.get("options"):
            for row in value if isinstance(value, list) else [value]:
                yield from _collect_no_log(about["options"], row)
        elif about.get("no_log"):
            yield from collect_texts(value)


def _collect_users(row: Mapping[str, Any]) -> Iterator[str]:
    """The user and the password in a URL, as they are written and as they are meant."""
    for option in URL_OPTIONS:
        found = USER.match(row.get(option) or "")
        for text in found[1].split(":") if found else []:
            yield from {text, unquote(text)} - {""}


def _collect_secret_values(row: Mapping[str, Any]) -> Iterator[str]:
    """The texts in a release's values whose keys say that they are secrets."""
    yield from find_secrets(row.get("values") or {})
    for option in ("set_values", "set_strings"):
        for text in row.get(option) or []:
            for path, value in list_texts(text):
                if is_secret_key(path.rpartition(".")[2].strip('"')) and value:
                    yield value
