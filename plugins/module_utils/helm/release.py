# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A revision of a release as Helm stores it. Pure."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead

GZIP_MAGIC = b"\x1f\x8b"
# What comes of another Secret with Helm's labels. The message of the error may have some of its content.
UNREADABLE = (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error)
FACTS = ("name", "namespace", "revision", "status", "chart", "app_version", "updated", "description")


@dataclass(frozen=True)
class Release:
    """A revision of a release.

    Args:
        package: the chart it was made from, as Helm stores it: metadata, templates, values, schema and files, but no
            subcharts. Empty where it is not known.
    """

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str
    updated: str
    description: str
    manifest: str = field(repr=False)
    hooks: dict[str, str] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    package: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def content(self) -> tuple[Any, ...]:
        """What an upgrade can change."""
        return self.chart, self.app_version, normalize_values(self.values), self.manifest.strip(), self.hooks

    def build_facts(self) -> dict[str, Any]:
        """The keys of a result. Values and manifests are not among them: they may hold secrets."""
        return {key: getattr(self, key) for key in FACTS}


def is_gone(release: Release | None) -> bool:
    """Whether there is no release, or only the history of one."""
    return release is None or release.status == "uninstalled"


def decode_release(secret: dict[str, Any]) -> dict[str, Any]:
    """The JSON that Helm keeps in a Secret (sh.helm.release.v1.NAME.vREVISION).

    base64 of the Kubernetes API, base64 of Helm, gzip, JSON:
    https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go

    Raises:
        EksError: the Secret has none.
    """
    try:
        raw = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        return json.loads(gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw)
    except UNREADABLE as error:
        about = secret["metadata"]
        name = f"{about.get('namespace')}/{about['name']}"
        raise CannotBeRead(
            f"Secret {name} is labelled as Helm's and has no release ({type(error).__name__})."
        ) from error


def build_release(raw: dict[str, Any]) -> Release:
    """A release from the JSON that Helm stores and prints."""
    info, package = raw.get("info") or {}, raw.get("chart") or {}
    about = package.get("metadata") or {}
    return Release(
        name=raw["name"],
        namespace=raw["namespace"],
        revision=raw["version"],
        status=info["status"],
        chart=f"{about.get('name', '')}-{about.get('version', '')}",
        app_version=about.get("appVersion") or "",
        updated=info.get("last_deployed") or "",
        description=info.get("description") or "",
        manifest=raw.get("manifest") or "",
        hooks=collect_hooks(raw),
        values=raw.get("config") or {},
        package=package,
    )


def collect_hooks(raw: dict[str, Any]) -> dict[str, str]:
    """The manifests of a release's hooks by their path and name."""
    return {hook["path"] + ":" + hook["name"]: hook["manifest"].strip() for hook in raw.get("hooks") or []}


def normalize_values(values: Any) -> str:
    """Values as text to compare. Unlike in Python true is not 1, and 1.0 is 1, as in JSON and Go."""
    return json.dumps(_normalize_numbers(values), sort_keys=True)


def _normalize_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _normalize_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalize_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
