#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_repository
version_added: 0.1.0
short_description: Manage repositories of Helm charts
description:
  - Adds repositories, refreshes their indexes, or removes them, on the machine where the task runs. It does not connect to a cluster.
  - Manages one repository with O(name), or a list of repositories in one task with O(repositories).
  - If a repository exists with another URL or other credentials, it is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  name:
    description: The repository's name. With O(update=true) and without a name, the indexes of all repositories are refreshed.
    type: str
    aliases: [repo_name]
  repositories:
    description:
      - A list of repositories, each with O(repositories[].name) and any other option that describes a repository.
      - Use a list and not a loop if there are passwords. With C(-v) Ansible shows the items of a loop, including passwords.
    type: list
    elements: dict
    suboptions:
      name:
        description: The repository's name.
        type: str
        required: true
      url:
        description: The repository's URL, without a user and a password. Required to add it.
        type: str
      username: &username
        description: The user at the repository.
        type: str
      password: &password
        description: The user's password. Helm reads it from its standard input, and keeps it in its repository file (0600).
        type: str
      pass_credentials: &pass_credentials
        description:
          - Whether the password is also sent to other hosts that the index names.
          - Required where a repository with a password keeps its archives on another host. Anybody who can change the index then gets the password.
        type: bool
      state:
        description: Whether the repository exists. The default is that of the task.
        type: str
        choices: [present, absent]
  url:
    description: The repository's URL. Required to add it.
    type: str
    aliases: [repo_url]
  state:
    description: Whether the repository exists.
    type: str
    choices: [present, absent]
    default: present
  update:
    description: Whether to refresh the index. This counts as a change if the index differs afterwards.
    type: bool
    default: false
  username: *username
  password: *password
  pass_credentials: *pass_credentials
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - kumo.eks.requirements.helm
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: An index is downloaded into a temporary folder to see whether it differs.
  diff_mode:
    support: full
  platform:
    platforms: posix
seealso:
  - module: kubernetes.core.helm_repository
  - module: kumo.eks.eks_helm
notes:
  - The module uses the Helm library of C(kubernetes.core), but not M(kubernetes.core.helm_repository) itself. That module passes the password
    as an argument, which the process list of the machine shows, fails if the name exists with another URL, and does not
    refresh an index.
  - The AWS options are accepted so that C(module_defaults) of the group C(kumo.eks.eks) can set them. No AWS API is called.
"""

EXAMPLES = r"""
- name: Add the repository of the NGINX Ingress Controller, and get its latest charts
  kumo.eks.eks_helm_repository:
    name: ingress-nginx
    url: https://kubernetes.github.io/ingress-nginx
    update: true

- name: Add several repositories in one task
  kumo.eks.eks_helm_repository:
    repositories:
      - name: ingress-nginx
        url: https://kubernetes.github.io/ingress-nginx
      - name: old-charts
        state: absent

- name: Refresh all repositories
  kumo.eks.eks_helm_repository:
    update: true

- name: Remove a repository
  kumo.eks.eks_helm_repository:
    name: ingress-nginx
    state: absent
"""

RETURN = r"""
repositories:
  description: The repositories after the task, or after it would have run in check mode.
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
  description: The repositories whose index changed, or would in check mode.
  returned: always
  type: list
  elements: str
  sample: [ingress-nginx]
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    build_helm_spec,
    build_repository_item_spec,
    find_repository_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_unique
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import open_local_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import take_params
from ansible_collections.kumo.eks.plugins.module_utils.helm.repository import KnownRepositories

Row = dict[str, Any]
OWN_OPTIONS = ("name", "url", "username", "password", "pass_credentials")


def build_argument_spec() -> Row:
    item = build_repository_item_spec()
    single = {**item, "name": dict(type="str", aliases=["repo_name"]), "url": dict(type="str", aliases=["repo_url"])}
    single["state"] = {**item["state"], "default": "present"}
    return build_helm_spec(
        repositories=dict(type="list", elements="dict", options=item, no_log=True),
        update=dict(type="bool", default=False),
        **single,
    )


def validate(params: Row) -> None:
    """Refuse options that contradict each other.

    Raises:
        ValidationError: with the option's name.
    """
    rows = params["repositories"]
    if rows is None and not params["name"] and (params["state"] == "absent" or params["url"] or not params["update"]):
        raise ValidationError(
            "name: is required. You can omit it only to refresh all repositories, with update=true and no other option"
        )
    for number, row in enumerate([params] if rows is None else rows):
        for problem in find_repository_problems(row):
            raise ValidationError(problem if rows is None else f"repositories[{number}].{problem}")
    check_unique("repositories", [row["name"] for row in rows or []])


def list_wanted(params: Row) -> list[Row]:
    """The repositories of the task, each with its state."""
    rows = params["repositories"]
    if rows is None:
        return [params] if params["name"] else []
    return [{**row, "state": row["state"] or params["state"]} for row in rows]


def reconcile(known: KnownRepositories, params: Row) -> Row:
    """Reconcile the repositories. Returns ``changed`` and the names of updated indexes."""
    wanted, fresh, changed = list_wanted(params), set(), False
    for row in wanted:
        is_absent = row["state"] == "absent"
        is_changed = known.ensure_absent(row["name"]) if is_absent else known.ensure_present(row)
        changed = changed or is_changed
        fresh |= {row["name"]} if is_changed else set()
    names = [row["name"] for row in wanted if row["state"] == "present"]
    if not params["name"] and params["repositories"] is None:
        names = sorted(known.rows)
    # A repository that was just added has a fresh index.
    updated = known.update_indexes([name for name in names if name not in fresh]) if params["update"] else []
    return {"changed": changed or bool(updated), "updated": updated}


def run(module: AnsibleAWSModule, params: Row, helm: Helm) -> Row:
    known = KnownRepositories(helm, module.check_mode)
    before = known.build_rows()
    result = reconcile(known, params)
    after = known.build_rows()
    diff = {"before": format_rows(before), "after": format_rows(after)}
    return {**result, "repositories": after, "diff": diff}


def format_rows(rows: list[Row]) -> str:
    return "".join(f"{row['name']} {row['url']}\n" for row in rows)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=build_argument_spec(),
        mutually_exclusive=[("repositories", option) for option in OWN_OPTIONS],
        supports_check_mode=True,
    )
    params = take_params(module)
    with handle_failures(module, "Could not manage the repositories"):
        validate(params)
        with open_local_helm(module) as helm:
            result = run(module, params, helm)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
