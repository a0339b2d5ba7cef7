# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields of an object somebody set after it was installed, by the managers that Kubernetes notes (managedFields). Pure.

Whoever creates a workload owns its selector, which nobody can change later. So a field that has another manager was
changed by hand or by a tool: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]
# EKS itself, and what Kubernetes' own controllers write
CONTROLLERS = frozenset(("eks", "kube-controller-manager", "kubelet", "kube-scheduler", "kube-apiserver"))
SELECTOR = ".spec.selector"
# What kubectl and controllers note on an object or a pod template, which is no setting
NOTES = re.compile(
    r"^\.status|deprecated\.daemonset\.template\.generation|deployment\.kubernetes\.io/revision"
    r"|kubectl\.kubernetes\.io/(last-applied-configuration|restartedAt)"
)


def list_fields(fields: Row, path: str = "") -> Iterator[str]:
    """The paths of a FieldsV1, like .spec.template.spec.containers[name="coredns"].image; branches included."""
    for key, inner in fields.items():
        if key == ".":
            continue
        here = path + format_key(key)
        yield here
        yield from list_fields(inner, here)


def format_key(key: str) -> str:
    """A key as the API server names it in conflicts."""
    kind, dummy, text = key.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "k":
        inner = ",".join(f"{name}={json.dumps(value)}" for name, value in json.loads(text).items())
        return f"[{inner}]"
    return f"[={text}]" if kind == "v" else f"[{text}]"


def list_managers(manifest: Row) -> dict[str, set[str]]:
    """The managers of an object, with the paths of their fields."""
    found: dict[str, set[str]] = {}
    for row in manifest["metadata"].get("managedFields") or []:
        if row.get("subresource") != "status":
            found.setdefault(row.get("manager", ""), set()).update(list_fields(row.get("fieldsV1") or {}))
    return found


def list_installers(managers: dict[str, set[str]]) -> list[str]:
    """Who created the object."""
    return sorted(name for name, fields in managers.items() if SELECTOR in fields)


def list_changed_fields(manifest: Row) -> list[str]:
    """The fields that others set than who installed the object, EKS and Kubernetes; the deepest paths only."""
    managers = list_managers(manifest)
    known = CONTROLLERS | set(list_installers(managers))
    fields = {field for name, paths in managers.items() if name not in known for field in paths}
    deepest = {field for field in fields if not any(other != field and other.startswith(field) for other in fields)}
    return sorted(field for field in deepest if not NOTES.search(field))
