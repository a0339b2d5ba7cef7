#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_repository
version_added: 0.1.0
short_description: Keep a repository of Helm charts known on this machine
description:
  - Adds a repository, refreshes its index, or removes it. That is a matter of the machine where the task runs; no cluster is asked.
  - A repository that is known by another URL or with other credentials is brought to what the task says.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The repository's name. Left out with O(update=true), the indexes of all repositories are refreshed.
    type: str
    aliases: [repo_name]
  url:
    description: Its URL. Needed to add it.
    type: str
    aliases: [repo_url]
  state:
    description: Whether it is known.
    type: str
    choices: [present, absent]
    default: present
  update:
    description: Whether to refresh its index, too. That counts as a change where the index is another one afterwards.
    type: bool
    default: false
  username:
    description: The user at the repository.
    type: str
  password:
    description: The user's password. Helm reads it from its standard input, and keeps it in its repository file (0600).
    type: str
  pass_credentials:
    description: Whether the password is also sent to other hosts that the index names.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. Left out, the first one on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: An index is fetched into a folder of its own to see whether it is another one.
  diff_mode:
    support: full
  platform:
    platforms: posix
requirements:
  - Helm 3.14 or later, or Helm 4
  - PyYAML
seealso:
  - module: kubernetes.core.helm_repository
notes:
  - It is built on the Helm library of C(kubernetes.core), and does not run M(kubernetes.core.helm_repository) itself. That one passes the password
    as an argument, which the machine's list of processes shows, fails where the name is known by another URL, and does not
    refresh an index.
  - The AWS options are taken so that C(module_defaults) of the group C(kumo.eks.eks) may name them. Nothing of AWS is called.
"""

EXAMPLES = r"""
- name: Know the repository of the NGINX Ingress Controller, and its latest charts
  kumo.eks.eks_helm_repository:
    name: ingress-nginx
    url: https://kubernetes.github.io/ingress-nginx
    update: true

- name: Refresh all repositories
  kumo.eks.eks_helm_repository:
    update: true

- name: Forget it
  kumo.eks.eks_helm_repository:
    name: ingress-nginx
    state: absent
"""

RETURN = r"""
repositories:
  description: The repositories that are known now, or would be in check mode.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      returned: always
      type: str
      sample: ingress-nginx
    url:
      description: The URL.
      returned: always
      type: str
      sample: https://kubernetes.github.io/ingress-nginx
updated:
  description: The repositories whose index is another one, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [ingress-nginx]
"""

import hashlib
import os
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where modules run

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import add_repository
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, helm_options, local_helm

KEPT = {"username": "username", "password": "password", "pass_credentials": "pass_credentials_all"}


class Repositories:
    """The repositories that Helm knows on this machine, by name."""

    def __init__(self, helm: Helm, check_mode: bool) -> None:
        self._helm, self._check = helm, check_mode
        self._file, self._cache = (
            helm.run("env", name).strip() for name in ("HELM_REPOSITORY_CONFIG", "HELM_REPOSITORY_CACHE")
        )
        self.rows = {row["name"]: row for row in self._read()}

    def _read(self) -> list[dict[str, Any]]:
        if not os.path.exists(self._file):
            return []
        with open(self._file, encoding="utf-8") as file:
            return (yaml.safe_load(file) or {}).get("repositories") or []

    def keep(self, params: dict[str, Any]) -> bool:
        """Add it, or bring it to what the task says; whether that is a change."""
        row = self.rows.get(params["name"])
        same = row is not None and params["url"] in (None, row["url"]) and not _other_credentials(row, params)
        if same:
            return self._has_lost_its_index(params["name"])
        url = params["url"] or (row or {}).get("url")
        if not url:
            raise ValidationError(f"url: repository {params['name']} is not known on this machine; its URL is needed")
        if not self._check:
            more = ["--force-update", *(["--pass-credentials"] if params["pass_credentials"] else [])]
            add_repository(self._helm, params["name"], url, params["username"], params["password"], *more)
        self.rows[params["name"]] = {"name": params["name"], "url": url}
        return True

    def _has_lost_its_index(self, name: str) -> bool:
        """Whether the index, without which Helm finds no chart, is gone; it is fetched anew."""
        if self._digest(self._cache, name):
            return False
        if not self._check:
            self._helm.run("repo", "update", name)
        return True

    def remove(self, name: str) -> bool:
        if name not in self.rows:
            return False
        if not self._check:
            self._helm.run("repo", "remove", name)
        del self.rows[name]
        return True

    def update(self, names: list[str]) -> list[str]:
        """Refresh their indexes; those that are other ones now. Check mode fetches them into the task's folder."""
        before = {name: self._digest(self._cache, name) for name in names}
        cache = os.path.join(self._helm.folder, "indexes") if self._check else self._cache
        self._helm.run("repo", "update", *names, "--repository-cache", cache)
        return [name for name in names if self._digest(cache, name) != before[name]]

    @staticmethod
    def _digest(cache: str, name: str) -> str | None:
        """What an index offers, without the time at which it was written."""
        path = os.path.join(cache, f"{name}-index.yaml")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            lines = [line for line in file if not line.startswith(b"generated:")]
        return hashlib.sha256(b"".join(lines)).hexdigest()


def _other_credentials(row: dict[str, Any], params: dict[str, Any]) -> bool:
    """Whether the task names credentials that are not those Helm keeps."""
    if not params["username"]:
        return False
    return any((row.get(kept) or "") != (params[option] or "") for option, kept in KEPT.items())


def run(module: AnsibleAWSModule, helm: Helm) -> dict[str, Any]:
    params = module.params
    known = Repositories(helm, module.check_mode)
    before = build_entry_result(known)
    if params["state"] == "absent":
        result = {"changed": known.remove(params["name"]), "updated": []}
    else:
        result = present(known, params)
    after = build_entry_result(known)
    return {**result, "repositories": after, "diff": {"before": normalize_map(before), "after": normalize_map(after)}}


def present(known: Repositories, params: dict[str, Any]) -> dict[str, Any]:
    changed = known.keep(params) if params["name"] else False
    names = [params["name"]] if params["name"] else sorted(known.rows)
    # a repository that was just added has a fresh index
    updated = known.update(names) if params["update"] and names and not changed else []
    return {"changed": changed or bool(updated), "updated": updated}


def build_entry_result(known: Repositories) -> list[dict[str, Any]]:
    """The result's list; a password that Helm keeps is not in it."""
    return [{"name": row["name"], "url": row["url"]} for row in known.rows.values()]


def normalize_map(rows: list[dict[str, Any]]) -> str:
    return "".join(f"{row['name']} {row['url']}\n" for row in rows)


def check(params: dict[str, Any]) -> None:
    """Refuse what contradicts itself.

    Raises:
        Refused: with the option's name.
    """
    if not params["name"] and (params["state"] == "absent" or params["url"] or not params["update"]):
        raise ValidationError(
            "name: it is left out only to refresh all repositories, with update: true and nothing else"
        )
    if params["url"] and params["url"].startswith("oci://"):
        raise ValidationError(f"url: {params['url']} is a registry, which is not added; give it as a chart to eks_helm")


def main() -> None:
    spec = helm_options(
        name=dict(type="str", aliases=["repo_name"]),
        url=dict(type="str", aliases=["repo_url"]),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        update=dict(type="bool", default=False),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        pass_credentials=dict(type="bool", default=False, no_log=False),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, required_together=[("username", "password")], supports_check_mode=True
    )
    with handle_failures(module, "Could not keep the repository"):
        check(module.params)
        with local_helm(module) as helm:
            result = run(module, helm)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
