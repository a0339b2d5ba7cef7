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
  - The entry is named by the cluster's ARN, as C(aws eks update-kubeconfig) names it, and replaces one of that command.
    O(alias) and O(user_alias) give the context and the user other names.
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
  alias:
    description:
      - A name for the context. The default is the cluster's ARN.
      - A context of this name that belongs to another cluster is not replaced. The task fails.
    type: str
  user_alias:
    description:
      - A name for the user. The default is the cluster's ARN.
      - A user of this name with other credentials is not replaced. The task fails.
    type: str
  current_context:
    description:
      - Whether the context becomes the current context.
      - By default, it does where no current context is set.
    type: bool
  namespace:
    description:
      - The default namespace of the context.
      - If it is omitted, the namespace in the file is kept. An empty value removes it.
    type: str
  proxy_url:
    description:
      - The URL of a proxy to the endpoint, with C(http), C(https) or C(socks5).
      - If it is omitted, the proxy in the file is kept. An empty value removes it.
    type: str
  endpoint:
    description:
      - The URL of the Kubernetes API where it is not the cluster's own, for example that of a tunnel. The default is the cluster's
        endpoint.
      - The certificate of the endpoint does not have that name. Set O(tls_server_name) to the host name of the cluster's endpoint.
    type: str
  tls_server_name:
    description: The host name that the certificate of the O(endpoint) is checked for.
    type: str
  assume_role_arn:
    description:
      - The ARN of an IAM role with which tokens are signed. Whoever uses the entry must be able to assume it.
      - This task itself does not assume it.
    type: str
    aliases: [iam_role_arn]
  external_id:
    description: The external id that the trust policy of O(assume_role_arn) requires. Not with O(credential=aws_cli).
    type: str
  credential:
    description:
      - What signs tokens. V(python) is this collection, by O(python). V(aws_cli) is C(aws eks get-token), for machines that have the
        C(aws) command and not this collection.
    type: str
    choices: [python, aws_cli]
    default: python
  state:
    description:
      - V(present) writes the entry. The cluster must have an endpoint.
      - V(absent) removes the cluster, all of its contexts, and their users unless other contexts use them. It does not ask AWS, and
        also works after the cluster is gone.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
requirements:
  - PyYAML >= 6.0.1
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

- name: Write an entry with short names and a namespace, whose tokens are signed with a role
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/config
    cluster_name: my-cluster
    region: ap-northeast-1
    alias: production
    user_alias: production-deploy
    namespace: my-app
    assume_role_arn: arn:aws:iam::123456789012:role/deploy
    current_context: true

- name: Write an entry for a machine with the aws command, through a tunnel
  kumo.eks.eks_kubeconfig:
    path: ~/.kube/tunnel
    cluster_name: my-cluster
    region: ap-northeast-1
    credential: aws_cli
    endpoint: https://localhost:8443
    tls_server_name: 0123456789ABCDEF.gr7.ap-northeast-1.eks.amazonaws.com

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
from dataclasses import fields
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, NotFound, NotReady
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kubeconfig import (
    EntrySettings,
    build_cli_credential,
    build_credential,
    build_diff,
    build_entry,
    build_environment,
    find_collections_path,
    find_option_problems,
    find_password,
    find_taken_names,
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
        raise NotFound(f"cluster_name: cluster {name} does not exist in {module.region}")
    if not cluster.get("endpoint"):
        raise NotReady(f"cluster {name} is {cluster['status']} and has no endpoint yet. Wait for it with eks_wait")
    return cluster


def build_cluster_entry(module: AnsibleAWSModule, cluster: dict[str, Any]) -> dict[str, Any]:
    """The entry for a cluster. Keys that the task gives are not written, and that is said."""
    params = module.params
    if any(params.get(option) and params[option] != os.environ.get(name) for option, name in KEYS.items()):
        module.warn("access_key, secret_key and session_token are not written to the kubeconfig, as they are secrets")
    names = {"context": "alias", "user": "user_alias"}
    given = {field.name: params[names.get(field.name, field.name)] for field in fields(EntrySettings)}
    return build_entry(cluster, build_user_credential(module), EntrySettings(**given))


def build_user_credential(module: AnsibleAWSModule) -> dict[str, Any]:
    """The exec credential that the task asks for."""
    params, environment = module.params, build_environment(module.params)
    name, role_arn = params["cluster_name"], params["assume_role_arn"]
    if params["credential"] == "aws_cli":
        return build_cli_credential(name, module.region, environment, role_arn)
    collections_path = params["collections_path"] or find_collections_path()
    python = params["python"] or sys.executable
    return build_credential(name, module.region, python, collections_path, environment, role_arn, params["external_id"])


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
    if entry is None:
        after = remove_entry(before, module.region, name)
    else:
        raise_problems(find_taken_names(before, entry, name))
        after = merge_entry(before, entry, module.params["current_context"])
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
        alias=dict(type="str"),
        user_alias=dict(type="str"),
        current_context=dict(type="bool"),
        namespace=dict(type="str"),
        proxy_url=dict(type="str"),
        endpoint=dict(type="str"),
        tls_server_name=dict(type="str"),
        assume_role_arn=dict(type="str", aliases=["iam_role_arn"]),
        external_id=dict(type="str"),
        credential=dict(type="str", choices=["python", "aws_cli"], default="python"),
        state=dict(type="str", choices=["present", "absent"], default="present"),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, required_by={"external_id": ["assume_role_arn"]}, supports_check_mode=True
    )
    path = os.path.abspath(module.params["path"])
    with handle_failures(module, f"Could not manage the entry in {path}"):
        module.no_log_values.update(
            filter(None, [find_password(module.params["proxy_url"])])
        )  # it is refused, and not shown
        raise_problems(find_option_problems(module.params))
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
