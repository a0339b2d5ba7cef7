# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as Helm renders them: their objects, two of them compared without a secret, their workloads. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.workloads import Object, Workload

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

HIDDEN = "(hidden)"
CHANGED = "(hidden, changed)"
UNREADABLE = "(not shown: these manifests are not valid YAML)\n"
KEPT = "helm.sh/resource-policy"  # with the value keep, Helm leaves the object behind
Key = tuple[str, ...]  # namespace, group, kind, name
Keyed = dict[Key, Object]
SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def join_manifests(manifest: str, *more: str) -> str:
    """Several manifests as one."""
    return "\n---\n".join([manifest, *more])


def parse_objects(manifest: str) -> list[Object]:
    """The objects of a manifest, without empty documents; a List's items one by one."""
    rows = []
    for document in yaml.load_all(manifest, Loader=_build_loader()):
        if isinstance(document, dict):
            rows += document["items"] if document.get("kind") == "List" else [document]
    return rows


@cache
def _build_loader() -> Any:
    """PyYAML's safe loader, in C where available: the Python one takes ten seconds for a chart's megabyte.

    A time stays text as it is written, and so does =, as Kubernetes reads them.
    """

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        pass

    for tag in ("value", "timestamp"):
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.construct_yaml_str)
    return Loader


def index_objects(manifest: str, namespace: str) -> Keyed:
    """The objects of a manifest by their keys, in order.

    Args:
        namespace: of objects that name none.
    """
    keyed = {}
    for row in parse_objects(manifest):
        about = row.get("metadata") or {}
        group = str(row.get("apiVersion", "")).rpartition("/")[0]
        keyed[(about.get("namespace") or namespace, group, str(row.get("kind")), str(about.get("name")))] = row
    return dict(sorted(keyed.items()))


def mask_secrets(
    before: str, after: str, namespace: str, index: Callable[[str, str], Keyed] = index_objects
) -> tuple[str, str]:
    """Two manifests as texts to compare: objects in order, the values of Secrets hidden, though not that they changed.

    An object that Helm leaves in the cluster when the release no longer contains it is in both.

    Args:
        index: gives what is compared of a manifest.
    """
    try:
        old, new = index(before, namespace), index(after, namespace)
    except yaml.YAMLError:  # its message holds a part of the text, which may be a secret
        return "", UNREADABLE
    new = dict(sorted({**{key: row for key, row in old.items() if _is_kept(row)}, **new}.items()))
    left = {key: _hide(row, new.get(key), HIDDEN) for key, row in old.items()}
    right = {key: _hide(row, old.get(key), CHANGED if key in old else HIDDEN) for key, row in new.items()}
    return _dump(left), _dump(right)


def _is_kept(row: Object) -> bool:
    annotations = (row.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(KEPT, "")).strip().lower() == "keep"


def _hide(row: Object, other: Object | None, word: str) -> Object:
    """A Secret without its values; one that differs from the other's is replaced by ``word``."""
    if row.get("kind") != "Secret":
        return row
    hidden = dict(row)
    for part in ("data", "stringData"):
        if isinstance(row.get(part), dict):
            known = (other or {}).get(part) or {}
            hidden[part] = {key: HIDDEN if known.get(key) == value else word for key, value in row[part].items()}
    return hidden


def _dump(keyed: Keyed) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return "".join(
        "---\n" + yaml.dump(row, Dumper=dumper, sort_keys=False, width=160, allow_unicode=True)
        for row in keyed.values()
    )


def mask_manifest(manifest: str) -> str:
    """One manifest to show, the values of Secrets hidden."""
    return mask_secrets("", manifest, "")[1]


def collect_kinds(definitions: list[Object]) -> dict[str, list[str]]:
    """The kinds that CustomResourceDefinitions define: group/version of each version they serve, by kind."""
    kinds: dict[str, list[str]] = {}
    for row in definitions:
        spec = row["spec"]
        served = [
            f"{spec['group']}/{version['name']}" for version in spec.get("versions") or [] if version.get("served")
        ]
        kinds.setdefault(spec["names"]["kind"], []).extend(served)
    return kinds


def list_workloads(manifest: str, namespace: str) -> list[Workload]:
    """The objects of a manifest that create pods, with the labels of those pods."""
    found = []
    for row in parse_objects(manifest):
        kind, about = row.get("kind"), row["metadata"]
        if kind in SELECTING:
            labels = row["spec"].get("selector", {}).get("matchLabels") or {}
        elif kind == "Job":
            labels = {"batch.kubernetes.io/job-name": about["name"]}
        else:
            continue
        if labels:
            found.append(Workload(kind, about["name"], about.get("namespace") or namespace, labels))
    return found
