#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_info
version_added: 0.1.0
short_description: List the Helm releases of an Amazon EKS cluster
description:
  - Lists the releases of a namespace, or of all namespaces, in any status.
  - On request it also returns a release's values, history, manifests and notes.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The name of a release. By default all releases are listed.
    type: str
    aliases: [release_name]
  namespace:
    description: A namespace. By default the releases of all namespaces are listed.
    type: str
    aliases: [release_namespace]
  status:
    description: Only releases in one of these statuses.
    type: list
    elements: str
    choices: [deployed, failed, pending-install, pending-upgrade, pending-rollback, superseded, uninstalled, uninstalling, unknown]
  details:
    description:
      - Additional details to return for each release. Each of them runs a Helm command for each release.
      - V(user_values) are the values that were set for the release, V(all_values) include those of the chart. They may contain secrets. If so,
        set C(no_log=true) for the task.
      - V(manifest) is returned without the values of Secrets. In V(manifest) and V(notes), texts of the values are hidden whose keys look like secrets
        (C(password), C(token), C(apiKey), ...). The module does not know which other values were secrets, such as those that
        O(kumo.eks.eks_helm#module:secret_values) of M(kumo.eks.eks_helm) set.
    type: list
    elements: str
    choices: [user_values, all_values, history, manifest, notes]
    default: []
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
seealso:
  - module: kubernetes.core.helm_info
  - module: kumo.eks.eks_helm
notes:
  - M(kumo.eks.eks_helm) describes how the token is created and protected.
  - The module uses the Helm library of C(kubernetes.core), but not M(kubernetes.core.helm_info) itself. That module reads one release
    of one namespace, and takes a token as an option.
"""

EXAMPLES = r"""
- name: List all releases of the cluster
  kumo.eks.eks_helm_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: found

- name: Read the revisions and the values of a release
  kumo.eks.eks_helm_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    details: [history, user_values]
"""

RETURN = r"""
releases:
  description: The releases, by namespace and name. The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # HelmRelease: written by tools/shared_docs.py, from here
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
      description: The status of that revision in Helm.
      returned: always
      type: str
      sample: deployed
    chart:
      description: The chart's name and version.
      returned: always
      type: str
      sample: my-chart-1.2.4
    app_version:
      description: The version of the application that the chart installs.
      returned: always
      type: str
      sample: v1.2.4
    updated:
      description: When that revision was created.
      returned: always
      type: str
      sample: 2026-11-24 10:53:09.371221572 +0000 UTC
    # to here.
    user_values:
      description: The values that were set for the release.
      returned: when requested in O(details)
      type: dict
      sample: {"replicaCount": 3}
    all_values:
      description: All values, including those of the chart.
      returned: when requested in O(details)
      type: dict
      sample: {"replicaCount": 3, "image": {"tag": "v1.2.4"}}
    history:
      description: The stored revisions, oldest first.
      returned: when requested in O(details)
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
          description: The version of the application that the chart installs.
          returned: always
          type: str
          sample: v1.2.3
        updated:
          description: When it was created.
          returned: always
          type: str
          sample: "2026-11-23T09:12:44.120957Z"
        description:
          description: Helm's description of it.
          returned: always
          type: str
          sample: Install complete
    manifest:
      description: The objects of the release as YAML. The values of Secrets are hidden.
      returned: when requested in O(details)
      type: str
      sample: "---\napiVersion: v1\nkind: Service\n"
    notes:
      description: The chart's notes.
      returned: when requested in O(details)
      type: str
      sample: The application answers at http://api.example.com/
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import build_helm_spec
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import Helm, HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import describe_cluster, open_cluster_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import hide_secrets
from ansible_collections.kumo.eks.plugins.module_utils.helm.listing import list_releases
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import mask_manifest

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


def is_wanted(row: dict[str, Any], params: dict[str, Any]) -> bool:
    return params["name"] in (None, row["name"]) and (not params["status"] or row["status"] in params["status"])


def read_details(helm: Helm, row: dict[str, Any], names: list[str]) -> dict[str, Any] | None:
    """What was requested beside the list's row. None where the release was uninstalled since it was listed."""
    at = [row["name"], "--namespace", row["namespace"]]

    def read_all_values() -> dict[str, Any]:
        return helm.read_json("get", "values", *at, "--all") or {}

    readers = {
        "user_values": lambda: helm.read_json("get", "values", *at) or {},
        "all_values": read_all_values,
        "history": lambda: helm.read_json("history", *at),
        "manifest": lambda: hide_secrets(mask_manifest(helm.run("get", "manifest", *at)), read_all_values()),
        "notes": lambda: hide_secrets(helm.run("get", "notes", *at), read_all_values()),
    }
    try:
        return {name: readers[name]() for name in names}
    except HelmError as error:
        if error.is_missing:
            return None
        raise


def read_releases(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    params = module.params
    raw = describe_cluster(module, params["cluster_name"])
    if raw is None:
        return []
    with open_cluster_helm(module, params["cluster_name"], raw) as (helm, dummy):
        rows = [row for row in list_releases(helm, params["namespace"]) if is_wanted(row, params)]
        found = [(row, read_details(helm, row, params["details"])) for row in rows]
        return [{**row, **more} for row, more in found if more is not None]


def main() -> None:
    spec = build_helm_spec(
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
    with handle_failures(module, f"Could not list the releases of cluster {module.params['cluster_name']}"):
        releases = read_releases(module)
    module.exit_json(changed=False, releases=releases)


if __name__ == "__main__":
    main()
