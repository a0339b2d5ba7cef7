#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_kubeconfig
version_added: 0.1.0
short_description: Manage the entry for an Amazon EKS cluster in a kubeconfig
description:
  - Writes cluster, context and user for a cluster into a kubeconfig file. Other entries in the file are not changed.
  - The user is an exec credential of this collection, which signs a token at each use. It does not need the C(aws) command, and
    no secret is written to the file.
  - The entry is named by the cluster's ARN, as C(aws eks update-kubeconfig) names it, and replaces one of that command. The
    cluster becomes the current context only where none is set. A default namespace of the context is kept.
  - O(profile), O(endpoint_url) and O(aws_ca_bundle), also where they come from the environment variables that these options
    read, are written into the entry, so that C(kubectl) asks AWS as this task does.
  - The file is replaced in one step with mode V(0600), under the lock that C(kubectl config) takes, so that several tasks can
    write to it at the same time. Links are followed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  path:
    description:
      - The kubeconfig file. It and its folder are created where they do not exist.
      - Comments and the layout of the file are kept. Where the file is not in YAML's block style (a file in JSON, for
        example) it is written as a whole, and a warning says so if comments are lost.
    type: path
    required: true
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  python:
    description:
      - The Python that signs tokens. It needs boto3.
      - The default is the one that runs this module. Set it where C(kubectl) is used on another machine, or after a virtual
        environment is gone.
    type: path
  collections_path:
    description:
      - The folder that contains C(ansible_collections), for the C(PYTHONPATH) of the exec credential.
      - By default the collection is searched for in C(ANSIBLE_COLLECTIONS_PATH), C(~/.ansible/collections) and
        C(/usr/share/ansible/collections), in this order. If it is in none of these, O(python) must be able to import it.
    type: path
  state:
    description:
      - V(present) writes the entry. The cluster must have an endpoint.
      - V(absent) removes the entry. It does not ask AWS, and also works after the cluster is gone.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
requirements:
  - PyYAML
attributes:
  check_mode:
    support: full
    details: Where the cluster does not exist yet, the plan assumes that an earlier task creates it, and a warning says so.
  diff_mode:
    support: full
    details: Shows the entries that change. Credentials that another program wrote into them are hidden.
  platform:
    platforms: posix
notes:
  - O(access_key), O(secret_key) and O(session_token) are not written to the file, as they are secrets. Whoever uses the entry needs
    credentials in the environment or a profile.
seealso:
  - name: Connect kubectl to an EKS cluster
    description: What kubeconfig entries for EKS contain.
    link: https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html
  - name: Organizing cluster access using kubeconfig files
    description: How kubectl reads and merges kubeconfig files.
    link: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

EXAMPLES = r"""
- name: Write a kubeconfig entry
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/config
    cluster_name: my-cluster
    region: ap-northeast-1

- name: Write an entry with an AWS profile to a separate file
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/production
    cluster_name: my-cluster
    region: ap-northeast-1
    profile: production

- name: Remove the entry
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/config
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
path:
  description: The kubeconfig file.
  returned: always
  type: str
  sample: /home/user/.kube/config
context:
  description: The name of the cluster's context, for C(kubectl --context).
  returned: when O(state=present)
  type: str
  sample: arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster
"""

import os
import sys
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    build_diff,
    build_entry,
    build_environment,
    find_collections_path,
    merge_entry,
    remove_entry,
    validate_kubeconfig,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig_text import (
    dump,
    edit_kubeconfig,
    has_comments,
    parse_kubeconfig,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.locked_file import (
    MODE,
    get_mode,
    lock_file,
    read_text,
    write_text,
)

KEYS = {"access_key": "AWS_ACCESS_KEY_ID", "secret_key": "AWS_SECRET_ACCESS_KEY", "session_token": "AWS_SESSION_TOKEN"}


def describe_endpoint(module: AnsibleAWSModule) -> dict[str, Any]:
    """The cluster, from DescribeCluster.

    Raises:
        EksError: it does not exist, or has no endpoint yet.
    """
    name = module.params["cluster_name"]
    cluster = describe_or_none(get_client(module).describe_cluster, "cluster", name=name)
    if cluster is None:
        raise EksError(f"cluster_name: cluster {name} does not exist in {module.region}")
    if not cluster.get("endpoint"):
        raise EksError(f"cluster {name} is {cluster['status']} and has no endpoint yet. Wait for it with eks_wait")
    return cluster


def build_cluster_entry(module: AnsibleAWSModule, cluster: dict[str, Any]) -> dict[str, Any]:
    """The entry for a cluster. Keys that the task gives are not written, and that is said."""
    params = module.params
    if any(params.get(option) and params[option] != os.environ.get(name) for option, name in KEYS.items()):
        module.warn("access_key, secret_key and session_token are not written to the kubeconfig, as they are secrets")
    collections_path = params["collections_path"] or find_collections_path()
    python = params["python"] or sys.executable
    return build_entry(cluster, module.region, python, collections_path, build_environment(params))


def find_entry(module: AnsibleAWSModule, path: str) -> dict[str, Any] | None:
    """The desired entry, or None to remove it. In check mode the task ends here if an earlier task would create the cluster."""
    if module.params["state"] == "absent":
        return None
    try:
        cluster = describe_endpoint(module)
    except EksError as error:
        if not module.check_mode:
            raise
        module.warn(f"{error.message}. The plan assumes that an earlier task creates the cluster")
        module.exit_json(changed=True, path=path)
    return build_cluster_entry(module, cluster)


def update(module: AnsibleAWSModule, path: str, entry: dict[str, Any] | None, write: bool) -> dict[str, Any]:
    """Read the file, and write it where it has to change and ``write`` is set; ``changed`` and the diff."""
    text = read_text(path)
    before = validate_kubeconfig(parse_kubeconfig(text or "", path), path)
    name, mode = module.params["cluster_name"], get_mode(path)
    after = remove_entry(before, module.region, name) if entry is None else merge_entry(before, entry)
    if before == after and (entry is None or mode == MODE):
        return {"changed": False}
    new, kept = edit_kubeconfig(text or "", after)
    if write:
        write_text(path, new)
        if not kept and has_comments(text or ""):
            module.warn(f"path: the comments in {path} were lost, as it was not in YAML's block style")
    return {"changed": True, "diff": build_result_diff(path, mode, before, after)}


def build_result_diff(path: str, mode: int | None, before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """The diff of the file's entries and its mode, as Ansible shows it."""
    sides = list(build_diff(before, after))
    if mode not in (None, MODE):
        sides = [{"mode": f"{value:04o}", **side} for value, side in zip((mode, MODE), sides, strict=True)]
    texts = [dump(side) if side else "" for side in sides]
    return {"before": texts[0], "after": texts[1], "before_header": path, "after_header": path}


def main() -> None:
    spec = dict(
        path=dict(type="path", required=True),
        cluster_name=dict(type="str", required=True),
        python=dict(type="path"),
        collections_path=dict(type="path"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    path = os.path.abspath(module.params["path"])
    with handle_failures(module, f"Could not manage the entry in {path}"):
        entry = find_entry(module, path)
        target = os.path.realpath(path)  # a link stays one
        result = update(module, target, entry, write=False)
        if result["changed"] and not module.check_mode:
            with lock_file(target):
                result = update(module, target, entry, write=True)
    context = {"context": entry["contexts"]["name"]} if entry else {}
    module.exit_json(path=path, **context, **result)


if __name__ == "__main__":
    main()
