#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_search
version_added: 0.1.0
short_description: Search repositories of Helm charts
description:
  - Searches the repositories of this machine, or a repository by its URL. It can search for versions in a range.
  - Repositories of this machine are searched as of their last update. Refresh them with M(kumo.eks.eks_helm_repository).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  keyword:
    description: Text to find in names and descriptions. By default all charts are returned.
    type: str
  regexp:
    description: Whether O(keyword) is a regular expression.
    type: bool
    default: false
  version:
    description: A version, or a range such as V(>=4.0.0 <5.0.0). Write it with quotes.
    type: str
  all_versions:
    description: Whether to return all versions that match, newest first, instead of the newest only.
    type: bool
    default: false
  devel:
    description: Whether to include development versions.
    type: bool
    default: false
  repository:
    description: The URL of a repository to search, which does not have to be added to this machine. Names are then returned without the name of a repository.
    type: str
  username:
    description: The user at O(repository).
    type: str
  password:
    description: The user's password. Helm reads it from its standard input.
    type: str
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
  diff_mode:
    support: none
  platform:
    platforms: posix
seealso:
  - module: kumo.eks.eks_helm_repository
  - name: helm search repo
    description: The command that is run.
    link: https://helm.sh/docs/helm/helm_search_repo/
notes:
  - C(kubernetes.core) has no module that searches. Its Helm library is used to find Helm.
  - The AWS options are accepted so that C(module_defaults) of the group C(kumo.eks.eks) can set them. No AWS API is called.
"""

EXAMPLES = r"""
- name: Search all repositories of this machine
  kumo.eks.eks_helm_search:
    keyword: nginx

- name: List all versions of a chart in a range
  kumo.eks.eks_helm_search:
    keyword: ingress-nginx
    repository: https://kubernetes.github.io/ingress-nginx
    version: ">=4.0.0 <5.0.0"
    all_versions: true
"""

RETURN = r"""
charts:
  description: The charts that match. The list is empty if there is none.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The chart's name, with the name of its repository.
      returned: always
      type: str
      sample: ingress-nginx/ingress-nginx
    version:
      description: The chart's version.
      returned: always
      type: str
      sample: 4.13.2
    app_version:
      description: The version of the application that the chart installs.
      returned: always
      type: str
      sample: 1.13.2
    description:
      description: The chart's description.
      returned: always
      type: str
      sample: Ingress controller for Kubernetes using NGINX as a reverse proxy and load balancer
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import USER_IN_URL, build_helm_spec, has_user
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.ecr import build_ecr_login
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import open_local_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import mask_urls
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import TASK_REPOSITORY, ChartFetcher

NONE_KNOWN = "no repositories configured"


def search(module: AnsibleAWSModule, helm: Helm) -> list[dict[str, Any]]:
    """The charts that match; of a repository by URL, without the name it has for the task."""
    params, env, prefix = module.params, {}, ""
    if params["repository"]:
        env = ChartFetcher(helm, build_ecr_login(module)).add_for_task(params)
        prefix = f"{TASK_REPOSITORY}/"
    args = ["search", "repo", *([params["keyword"]] if params["keyword"] else [])]
    args += ["--regexp"] if params["regexp"] else []
    args += ["--version", params["version"]] if params["version"] else []
    args += ["--versions"] if params["all_versions"] else []
    args += ["--devel"] if params["devel"] else []
    try:
        rows = helm.read_json(*args, env=env, action="search")
    except HelmError as error:
        if NONE_KNOWN in error.stderr:
            return []
        raise
    return [{**row, "name": row["name"].removeprefix(prefix)} for row in rows or []]


def main() -> None:
    spec = build_helm_spec(
        keyword=dict(type="str", no_log=False),
        regexp=dict(type="bool", default=False),
        version=dict(type="str"),
        all_versions=dict(type="bool", default=False),
        devel=dict(type="bool", default=False),
        repository=dict(type="str"),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, required_together=[("username", "password")], supports_check_mode=True
    )
    mask_urls(module, [module.params])
    with handle_failures(module, "Could not search the repositories"):
        if has_user(module.params["repository"]):
            raise ValidationError(f"repository: {USER_IN_URL}")
        with open_local_helm(module) as helm:
            charts = search(module, helm)
    module.exit_json(changed=False, charts=charts)


if __name__ == "__main__":
    main()
