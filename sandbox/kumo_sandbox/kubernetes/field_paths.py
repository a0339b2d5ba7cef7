"""Fields of an object by the paths in which Kubernetes names conflicts: .spec.containers[name="a"].env[name="B"].value

https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/fieldpath/element.go
"""

from __future__ import annotations

import json
import re
from typing import Any

SELECTOR = re.compile(r"\[([^\]]*)\]")


def remove_field(node: Any, path: str) -> None:
    """Take a field out of an object. What is not there is not missed."""
    key, rest = _split(node, path)
    if key is None:
        return
    if rest:
        remove_field(node[key], rest)
    else:
        del node[key]


def _split(node: Any, path: str) -> tuple[Any, str]:
    """The key of the first part of a path in a map, or its index in a list, and the rest. None where the node has none such."""
    if path.startswith("[") and isinstance(node, list):
        found = SELECTOR.match(path)
        return (_find_item(node, found[1]), path[found.end() :]) if found else (None, "")
    if not path.startswith(".") or not isinstance(node, dict):
        return None, ""
    keys = [key for key in node if path[1:] == key or path[1:].startswith((f"{key}.", f"{key}["))]
    key = max(keys, key=len, default=None)  # app.kubernetes.io/name is one key
    return key, path[1 + len(key) :] if key is not None else ""


def _find_item(rows: list[Any], selector: str) -> int | None:
    """The index of the row with these keys: name="a",port=53."""
    wanted = {key: json.loads(value) for key, _equals, value in (pair.partition("=") for pair in selector.split(","))}
    return next((number for number, row in enumerate(rows) if all(row.get(k) == v for k, v in wanted.items())), None)
