# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repositories of charts that Helm knows on this machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm

Row = dict[str, Any]
# The options of credentials, and what Helm calls them in its repository file.
CREDENTIALS = {"username": "username", "password": "password", "pass_credentials": "pass_credentials_all"}


def add_repository(
    helm: Helm,
    name: str,
    url: str,
    username: str | None,
    password: str | None,
    *more: str,
    env: Mapping[str, str] | None = None,
) -> None:
    """``helm repo add``, which downloads the repository's index. The password is read from standard input."""
    args = ["repo", "add", name, url, *more]
    args += ["--username", username, "--password-stdin"] if username else []
    helm.run(*args, stdin=password, env=env, action=f"repository {url} cannot be used")


def read_known_repositories(helm: Helm) -> dict[str, Row]:
    """The repositories in Helm's repository file, by name."""
    return _read_file(helm.run("env", "HELM_REPOSITORY_CONFIG").strip())


def _read_file(path: str) -> dict[str, Row]:
    if not os.path.exists(path):
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            rows = (yaml.safe_load(file) or {}).get("repositories") or []
    except (yaml.YAMLError, AttributeError):  # the parser's message shows a part of the file, which holds passwords
        raise ValidationError(f"Helm's repository file {path} is not valid") from None
    return {row["name"]: row for row in rows}


class KnownRepositories:
    """The repositories that Helm knows on this machine, and changes to them."""

    def __init__(self, helm: Helm, check_mode: bool) -> None:
        self._helm, self._check_mode = helm, check_mode
        self._cache = helm.run("env", "HELM_REPOSITORY_CACHE").strip()
        self.rows = read_known_repositories(helm)

    def ensure_present(self, params: dict[str, Any]) -> bool:
        """Add a repository, or change it to what the task says; whether that is a change."""
        name, row = params["name"], self.rows.get(params["name"])
        if row is not None and params["url"] in (None, row["url"]) and not _has_other_credentials(row, params):
            return self._restore_index(name)
        url = params["url"] or (row or {}).get("url")
        if not url:
            raise ValidationError(f"url: is required, because repository {name} does not exist on this machine")
        if not self._check_mode:
            more = ["--force-update", *(["--pass-credentials"] if params["pass_credentials"] else [])]
            add_repository(self._helm, name, url, params["username"], params["password"], *more)
        self.rows[name] = {"name": name, "url": url}
        return True

    def _restore_index(self, name: str) -> bool:
        """Download the index, without which Helm finds no chart, where it is missing; whether it was."""
        if self._compute_digest(self._cache, name):
            return False
        if not self._check_mode:
            self._helm.run("repo", "update", name)
        return True

    def ensure_absent(self, name: str) -> bool:
        """Remove a repository; whether that is a change."""
        if name not in self.rows:
            return False
        if not self._check_mode:
            self._helm.run("repo", "remove", name)
        del self.rows[name]
        return True

    def update_indexes(self, names: list[str]) -> list[str]:
        """Refresh indexes; the names of those that changed. Check mode downloads them into the task's folder."""
        if not names:
            return []
        before = {name: self._compute_digest(self._cache, name) for name in names}
        cache = os.path.join(self._helm.folder, "indexes") if self._check_mode else self._cache
        self._helm.run("repo", "update", *names, "--repository-cache", cache)
        return [name for name in names if self._compute_digest(cache, name) != before[name]]

    @staticmethod
    def _compute_digest(cache: str, name: str) -> str | None:
        """A digest of an index without the time at which it was written."""
        path = os.path.join(cache, f"{name}-index.yaml")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            lines = [line for line in file if not line.startswith(b"generated:")]
        return hashlib.sha256(b"".join(lines)).hexdigest()

    def build_rows(self) -> list[Row]:
        """The repositories for a result; a password that Helm keeps is not among their keys."""
        return [{"name": row["name"], "url": row["url"]} for row in self.rows.values()]


def _has_other_credentials(row: Row, params: dict[str, Any]) -> bool:
    """Whether the task names credentials that differ from those Helm keeps."""
    if not params["username"]:
        return False
    return any((row.get(kept) or "") != (params[option] or "") for option, kept in CREDENTIALS.items())
