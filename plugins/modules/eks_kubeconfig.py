#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_kubeconfig
version_added: 0.1.0
short_description: Keep an entry for an Amazon EKS cluster in a kubeconfig
description:
  - Writes cluster, context and user for a cluster into a kubeconfig file; what else is in the file stays.
  - The user is an exec credential of this collection, which mints a token at each use. It needs no C(aws) command, and
    no secret is in the file. The file's mode is V(0600).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  path:
    description: The kubeconfig file.
    type: path
    required: true
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  python:
    description: The Python that mints tokens. It needs boto3. Left out, the one that runs this module.
    type: path
  collections_path:
    description: The folder in which C(ansible_collections) is, where that Python does not find it by itself.
    type: path
  state:
    description: Whether the entry is in the file.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Reach the cluster with kubectl
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/config
    cluster_name: my-cluster
    region: ap-northeast-1
"""

RETURN = r"""
path:
  description: The kubeconfig file.
  returned: always
  type: str
  sample: /home/user/.kube/config
"""

import os
import sys
import tempfile
from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to the controller, where this module runs

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    build_entry,
    merge_entry,
    remove_entry,
)


def read(path: str) -> dict[str, Any]:
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file) or {}
    if not isinstance(config, dict):
        raise EksError(f"path: {path} is not a kubeconfig; nothing was written")
    return config


def write(module: AnsibleAWSModule, path: str, config: dict[str, Any]) -> None:
    """Put the file in place in one step; mkstemp makes it 0600."""
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    module.atomic_move(draft, path)
    os.chmod(path, 0o600)


def wanted(module: AnsibleAWSModule, config: dict[str, Any]) -> dict[str, Any]:
    params, region = module.params, module.region
    if params["state"] == "absent":
        return remove_entry(config, region, params["cluster_name"])
    cluster = get_client(module).describe_cluster(name=params["cluster_name"])["cluster"]
    if not cluster.get("endpoint"):
        raise EksError(f"Cluster {cluster['name']} is {cluster['status']} and has no endpoint yet")
    return merge_entry(
        config, build_entry(cluster, region, params["python"] or sys.executable, params["collections_path"])
    )


def main() -> None:
    spec = dict(
        path=dict(type="path", required=True),
        cluster_name=dict(type="str", required=True),
        python=dict(type="path"),
        collections_path=dict(type="path"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    path = os.path.abspath(module.params["path"])  # atomic_move wants a folder before the name
    with handle_failures(module, f"Could not keep {path}"):
        before = read(path)
        after = wanted(module, before)
        changed = before != after
        if changed and not module.check_mode:
            write(module, path, after)
    module.exit_json(changed=changed, path=path)


if __name__ == "__main__":
    main()
