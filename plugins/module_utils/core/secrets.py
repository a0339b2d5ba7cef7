# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in what users write freely: values of charts, settings of nodes, user data. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.texts import collect_texts

# The last part of a key under which a secret itself is expected, and not the name of a Secret (existingSecret).
SECRET_KEY = re.compile(
    r"(password|passwd|passphrase|secret|token|api_?key|access_?key|secret_?key|private_?key|encryption_?key|signing_?key"
    r"|connection_?string|credentials?)s?$",
    re.IGNORECASE,
)
NAME_OF_SECRET = re.compile(r"^(existing|use|image_?pull|create|mount|auto_?mount)", re.IGNORECASE)
SHORTEST_LINE = 8  # characters: a line of a secret that is shorter, like a brace, would mask what is none


def find_secrets(values: Any) -> Iterator[str]:
    """The texts under keys that say they are secrets, and of entries like {name: DB_PASSWORD, value: ...}."""
    if isinstance(values, list):
        for item in values:
            yield from find_secrets(item)
    if not isinstance(values, Mapping):
        return
    if is_secret_key(str(values.get("name", ""))) and "value" in values:
        yield from collect_texts(values["value"])
    for key, value in values.items():
        is_plural = str(key).lower().endswith("s")
        if is_secret_key(str(key)) and (is_plural or not isinstance(value, Mapping)):
            yield from collect_texts(value)
        else:
            yield from find_secrets(value)


def list_spellings(text: str) -> set[str]:
    """How manifests may spell a text: as it is, escaped, in base64, and line by line, since a block of YAML is indented."""
    lines = {line.strip() for line in text.splitlines() if len(line.strip()) >= SHORTEST_LINE}
    return {text, json.dumps(text)[1:-1], base64.b64encode(text.encode()).decode(), *lines}


def is_secret_key(key: str) -> bool:
    """Whether a key is one under which a secret is expected."""
    return bool(SECRET_KEY.search(key.replace("-", "_"))) and not NAME_OF_SECRET.match(key)


USER_DATA = "user_data"
NODE_SETTINGS = ("node_config", "bottlerocket_settings")


def find_node_secrets(params: Any) -> Iterator[str]:
    """User data anywhere in a module's options, and the secrets in settings of nodes."""
    if isinstance(params, (list, tuple)):
        for item in params:
            yield from find_node_secrets(item)
    if not isinstance(params, Mapping):
        return
    for key, value in params.items():
        if str(key).replace("-", "_") == USER_DATA:
            yield from collect_texts(value)
            continue
        if key in NODE_SETTINGS:
            yield from find_secrets(value)
        yield from find_node_secrets(value)


def list_whole_spellings(text: str) -> set[str]:
    """A text as it is, and as Python and JSON write it in one line. Its lines alone may be words of a result, like a region."""
    return {text, repr(text)[1:-1], json.dumps(text)[1:-1]}
