#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_info
version_added: 0.1.0
short_description: Look at the Helm releases of an Amazon EKS cluster
description:
  - Lists the releases of a namespace, or of all namespaces, in whatever status they are.
  - On request it also gives a release's values, history, manifests and notes.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: A release's name. Left out, all are listed.
    type: str
    aliases: [release_name]
  namespace:
    description: A namespace. Left out, all namespaces are looked through.
    type: str
    aliases: [release_namespace]
  status:
    description: Only releases in one of these statuses.
    type: list
    elements: str
    choices: [deployed, failed, pending-install, pending-upgrade, pending-rollback, superseded, uninstalled, uninstalling, unknown]
  details:
    description:
      - What to give of each release, too. Each costs a call of Helm for each release.
      - V(user_values) are those that were given to the release, V(all_values) also those of the chart. They may hold secrets; set C(no_log) where they do.
      - V(manifest) is shown without the values of Secrets.
    type: list
    elements: str
    choices: [user_values, all_values, history, manifest, notes]
    default: []
  binary_path:
    description: The C(helm) to run. Left out, the first one on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
requirements:
  - Helm 3.14 or later, or Helm 4
  - PyYAML
seealso:
  - module: kubernetes.core.helm_info
  - module: kumo.eks.eks_helm
notes:
  - How the token is made, and where it does not stand, is told in M(kumo.eks.eks_helm).
  - It is built on the Helm library of C(kubernetes.core), and does not run M(kubernetes.core.helm_info) itself. That one looks at one release
    of one namespace, and takes a token as an option.
"""

EXAMPLES = r"""
- name: List all releases of the cluster
  kumo.eks.eks_helm_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: See which revisions an application had, and with which values it runs
  kumo.eks.eks_helm_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    details: [history, user_values]
"""

RETURN = r"""
releases:
  description: The releases, by namespace and name. The list is empty where there is none, and where the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The release's name.
      returned: always
      type: str
      sample: my-app
    namespace:
      description: Its namespace.
      returned: always
      type: str
      sample: production
    revision:
      description: Its last revision.
      returned: always
      type: int
      sample: 3
    status:
      description: That revision's status as Helm spells it.
      returned: always
      type: str
      sample: deployed
    chart:
      description: The chart's name and version.
      returned: always
      type: str
      sample: my-chart-1.2.4
    app_version:
      description: The version of what the chart brings.
      returned: always
      type: str
      sample: v1.2.4
    updated:
      description: When that revision was made.
      returned: always
      type: str
      sample: "2026-11-24 10:53:09.371221572 +0000 UTC"
    user_values:
      description: The values that were given to the release.
      returned: when asked for in O(details)
      type: dict
      sample: {"replicaCount": 3}
    all_values:
      description: All values, also those of the chart.
      returned: when asked for in O(details)
      type: dict
      sample: {"replicaCount": 3, "image": {"tag": "v1.2.4"}}
    history:
      description: The revisions that are kept, oldest first.
      returned: when asked for in O(details)
      type: list
      elements: dict
      contains:
        revision:
          description: The revision.
          returned: always
          type: int
          sample: 1
        status:
          description: Its status.
          returned: always
          type: str
          sample: superseded
        chart:
          description: The chart's name and version.
          returned: always
          type: str
          sample: my-chart-1.2.3
        app_version:
          description: The version of what the chart brings.
          returned: always
          type: str
          sample: v1.2.3
        updated:
          description: When it was made.
          returned: always
          type: str
          sample: "2026-11-23T09:12:44.120957Z"
        description:
          description: What Helm says about it.
          returned: always
          type: str
          sample: Install complete
    manifest:
      description: The objects of the release as YAML, the values of Secrets hidden.
      returned: when asked for in O(details)
      type: str
      sample: "---\napiVersion: v1\nkind: Service\n"
    notes:
      description: The chart's notes.
      returned: when asked for in O(details)
      type: str
      sample: The application answers at http://api.example.com/
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, cluster_helm, helm_options
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import without_secrets

STATUSES = [
    "deployed",
    "failed",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
    "superseded",
    "uninstalled",
    "uninstalling",
    "unknown",
]
PAGE = 256  # releases Helm lists at once


def list_releases(helm: Helm, namespace: str | None) -> list[dict[str, Any]]:
    """All releases in whatever status, page by page."""
    where = ["--namespace", namespace] if namespace else ["--all-namespaces"]
    args = ["list", *where, *([] if helm.is_v4 else ["--all"]), "--max", str(PAGE)]
    rows: list[dict[str, Any]] = []
    while True:
        page = helm.json(*args, "--offset", str(len(rows))) or []
        rows += page
        if len(page) < PAGE:
            return sorted(rows, key=lambda row: (row["namespace"], row["name"]))


def wanted(row: dict[str, Any], params: dict[str, Any]) -> bool:
    return params["name"] in (None, row["name"]) and (not params["status"] or row["status"] in params["status"])


def details(helm: Helm, row: dict[str, Any], which: list[str]) -> dict[str, Any]:
    """What was asked for beside the list's row."""
    at = [row["name"], "--namespace", row["namespace"]]
    looks = {
        "user_values": lambda: helm.json("get", "values", *at) or {},
        "all_values": lambda: helm.json("get", "values", *at, "--all") or {},
        "history": lambda: helm.json("history", *at),
        "manifest": lambda: without_secrets(helm.run("get", "manifest", *at)),
        "notes": lambda: helm.run("get", "notes", *at),
    }
    return {name: looks[name]() for name in which}


def look(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    params = module.params
    if describe_or_none(get_client(module).describe_cluster, "cluster", name=params["cluster_name"]) is None:
        return []
    with cluster_helm(module, params["cluster_name"]) as (helm, dummy):
        rows = [row for row in list_releases(helm, params["namespace"]) if wanted(row, params)]
        return [{**row, "revision": int(row["revision"]), **details(helm, row, params["details"])} for row in rows]


def main() -> None:
    spec = helm_options(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", aliases=["release_name"]),
        namespace=dict(type="str", aliases=["release_namespace"]),
        status=dict(type="list", elements="str", choices=STATUSES),
        details=dict(
            type="list",
            elements="str",
            choices=["user_values", "all_values", "history", "manifest", "notes"],
            default=[],
        ),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, "Could not look at the releases"):
        releases = look(module)
    module.exit_json(changed=False, releases=releases)


if __name__ == "__main__":
    main()
