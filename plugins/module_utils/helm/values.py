# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a release: Helm's arguments for them, and what they are where that can be known without Helm."""

from __future__ import annotations

import json
import os
import re
import tempfile
from functools import cache
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import write_private
from ansible_collections.kumo.eks.plugins.module_utils.helm.settings import split_settings, unquote_keys

VALUE_KEYS = ("values", "secret_values", "values_files", "set_values", "set_strings")
# Scalars that YAML 1.1, YAML 1.2, PyYAML and Go read alike. Anything else that looks like a number or a time is UNKNOWN.
PLAIN_INT = re.compile(r"-?(0|[1-9][0-9]{0,14})")
PLAIN_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
PLAIN_NULL = ("null", "~", "")
LIKE_A_NUMBER = re.compile(
    r"[-+.]?[0-9][0-9_.]*([eE][-+]?[0-9]+)?|[-+]?0[xob][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
)
SIMPLE_SET = re.compile(r"([A-Za-z0-9_/-]|\\\.)+(\.([A-Za-z0-9_/-]|\\\.)+)*=[^,{}\[\]\\\n]*")


class UnknownValues(Exception):
    """What Helm would make of the values cannot be said for certain without Helm."""


def has_values(params: dict[str, Any]) -> bool:
    """Whether the task gives values, even empty ones."""
    return any(params[key] is not None for key in VALUE_KEYS)


def keeps_values(params: dict[str, Any]) -> bool:
    """Whether a release keeps its values: where the task gives none, or merges its own into them."""
    return params["reuse_values"] or not has_values(params)


def build_keeping_args(params: dict[str, Any]) -> list[str]:
    """What happens to the values that a release has, as Helm's arguments."""
    if params["reuse_values"]:
        return ["--reset-then-reuse-values"]
    return [] if keeps_values(params) else ["--reset-values"]


def build_value_args(params: dict[str, Any], folder: str) -> list[str]:
    """The values as Helm's arguments, later ones over earlier ones: files, values, secret_values, set, strings.

    Whatever may be a secret is in a file (0600): the list of processes shows arguments to every user of the machine.
    """
    args = []
    for path in params["values_files"] or []:
        args += ["--values", path]
    for key in ("values", "secret_values"):
        if params[key]:
            args += ["--values", _write(folder, json.dumps(params[key], ensure_ascii=False))]
    return args + _build_set_args(params["set_values"] or [], params["set_strings"] or [], folder)


def _write(folder: str, text: str) -> str:
    """A new file with a text; its path."""
    path = os.path.join(tempfile.mkdtemp(dir=folder, prefix="values-"), "value")
    write_private(path, text)
    return path


def _build_set_args(values: list[str], strings: list[str], folder: str) -> list[str]:
    """--set and --set-string, of which texts are in files. Helm takes files last, so what comes after a text is none of it."""
    args, settings = [], []
    for option, as_string, texts in (("--set", False, values), ("--set-string", True, strings)):
        for text in texts:
            found = split_settings(text, as_string)
            if found is None:
                args += [option, unquote_keys(text)]
            settings += [(option, setting) for setting in found or []]
    last = {setting.key: number for number, (dummy, setting) in enumerate(settings)}
    for number, (option, setting) in enumerate(settings):
        later = [other for dummy, other in settings[number + 1 :] if not other.is_text]
        if last[setting.key] != number:
            continue  # a later one replaces it
        if not setting.is_text or any(setting.overlaps(other) for other in later):
            args += [option, setting.source]
        else:
            paths = ",".join(re.sub(r"([\\,])", r"\\\1", _write(folder, text)) for text in setting.texts)
            args += ["--set-file", f"{setting.key}={{{paths}}}" if setting.is_list else f"{setting.key}={paths}"]
    return args


def compute_values(params: dict[str, Any]) -> dict[str, Any]:
    """The values that Helm would make of the options.

    Raises:
        UnknownValues: that cannot be said for certain.
    """
    values: dict[str, Any] = {}
    for path in params["values_files"] or []:
        with open(path, "rb") as file:
            values = merge_values(values, parse_values(file.read()))
    for key in ("values", "secret_values"):
        values = merge_values(values, params[key] or {})
    for text in params["set_values"] or []:
        _set_value(values, unquote_keys(text), as_string=False)
    for text in params["set_strings"] or []:
        _set_value(values, unquote_keys(text), as_string=True)
    return values


def merge_values(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Mappings merge, anything else replaces, as MergeMaps in helm/pkg/chart/loader/load.go."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge_values(merged[key], value) if both else value
    return merged


def parse_values(text: bytes) -> dict[str, Any]:
    """A file of values.

    Raises:
        UnknownValues: PyYAML and Go's YAML may read it differently, or it is not a mapping.
    """
    try:
        values = yaml.load(text, Loader=_build_loader()) or {}
    except yaml.YAMLError as error:
        raise UnknownValues from error
    if not isinstance(values, dict):
        raise UnknownValues
    return values


@cache
def _build_loader() -> Any:
    """A loader that takes only scalars which every version of YAML reads alike."""

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        pass

    def construct(name: str, is_plain: Any) -> None:
        tag = f"tag:yaml.org,2002:{name}"
        own = yaml.SafeLoader.yaml_constructors[tag]

        def check(loader: Any, node: Any) -> Any:
            if not is_plain(node):
                raise UnknownValues
            return own(loader, node)

        Loader.add_constructor(tag, check)

    construct("int", lambda node: PLAIN_INT.fullmatch(node.value))
    construct("float", lambda node: PLAIN_FLOAT.fullmatch(node.value))
    construct("bool", lambda node: node.value in ("true", "false"))
    construct("null", lambda node: node.value in PLAIN_NULL)
    construct("str", lambda node: node.style in ("'", '"', "|", ">") or not LIKE_A_NUMBER.fullmatch(node.value))
    construct("timestamp", lambda node: False)
    construct("binary", lambda node: False)
    return Loader


def _set_value(values: dict[str, Any], text: str, as_string: bool) -> None:
    """One ``--set`` of the simple kind, key.key=value, as helm/pkg/strvals/parser.go reads it.

    Raises:
        UnknownValues: it is of another kind: lists, several in one, escapes.
    """
    if not SIMPLE_SET.fullmatch(text):
        raise UnknownValues
    path, dummy, word = text.partition("=")
    *parents, last = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))
    here = values
    for part in parents:
        if not isinstance(here.get(part, {}), dict):
            raise UnknownValues
        here[part] = dict(here.get(part, {}))
        here = here[part]
    here[last] = word if as_string else _read_word(word)


def _read_word(word: str) -> Any:
    """typedVal of strvals: true, false, null, integers without a leading zero; anything else is text."""
    if word.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[word.lower()]
    if word == "0":
        return 0
    return int(word) if re.fullmatch(r"-?[1-9][0-9]{0,14}", word) else word
