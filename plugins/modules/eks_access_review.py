#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_access_review
version_added: 0.1.0
short_description: Ask the API server of an Amazon EKS cluster what a principal may do
description:
  - Asks the Kubernetes API server whether a principal is allowed to do something, and fails if the answer is not the expected one.
  - Without O(principal_arn) it asks for the caller of the task, by a SelfSubjectAccessReview. The answer is complete.
  - With O(principal_arn) it asks for another principal, by a SubjectAccessReview with the user name and the groups of its access entry.
    The answer comes from Kubernetes RBAC alone, because EKS does not apply access policies to other people's reviews. If the entry has
    access policies, a refusal is not complete, and an expectation that depends on it fails.
  - With O(assume_role=true) the task assumes the role, and asks as the role. The answer is complete.
  - A new or changed access entry takes effect some seconds later. The task asks again until the answers are as expected.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  principal_arn:
    description:
      - ARN of the IAM role or user that has an access entry. By default the caller of the task.
    type: str
  username:
    description: A Kubernetes user name, instead of O(principal_arn).
    type: str
  groups:
    description: Kubernetes groups of O(username).
    type: list
    elements: str
  assume_role:
    description:
      - Whether to assume the role O(principal_arn) and ask as the role. Its trust policy must allow the caller.
    type: bool
    default: false
  session_name:
    description: The name of the role's session, which user names and groups with a template contain.
    type: str
    default: kumo-eks
  checks:
    description: What to ask. At least one is required.
    type: list
    elements: dict
    required: true
    suboptions:
      verb:
        description: What is done, like V(get), V(list), V(create), V(delete), or V(*) for everything.
        type: str
        required: true
      resource:
        description: The plural name of the resource, like V(pods), or V(*). One of this and O(checks[].non_resource_url) is required.
        type: str
      api_group:
        description: The API group of the resource, like V(apps). Omit it for the core group.
        type: str
      subresource:
        description: A part of the resource, like V(log) or V(exec).
        type: str
      namespace:
        description: The namespace. By default all namespaces together.
        type: str
      name:
        description: The name of one object. By default any object.
        type: str
      non_resource_url:
        description: A path of the API server instead of a resource, like V(/metrics).
        type: str
      expected:
        description: The expected answer. The task fails if it is another. By default the answer is only returned.
        type: bool
  wait_timeout:
    description: How many seconds to ask again until the answers are as expected. V(0) asks once.
    type: int
    default: 60
notes:
  - In check mode an answer that is not as expected does not fail the task, because an earlier task may be about to grant the access.
  - A review of another principal requires the right to create C(subjectaccessreviews), which administrators of the cluster have.
seealso:
  - module: kumo.eks.eks_access_entry
  - name: Checking API access
    description: The reviews of Kubernetes.
    link: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
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
"""

EXAMPLES = r"""
- name: Prove what the developers may do, and what not
  kumo.eks.eks_access_review:
    cluster_name: my-cluster
    region: ap-northeast-1
    principal_arn: arn:aws:iam::123456789012:role/developers
    assume_role: true
    checks:
      - verb: list
        resource: pods
        namespace: shop
        expected: true
      - verb: get
        resource: secrets
        namespace: shop
        expected: false
      - verb: delete
        resource: deployments
        api_group: apps
        namespace: kube-system
        expected: false

- name: Fail early where the caller is not an administrator
  kumo.eks.eks_access_review:
    cluster_name: my-cluster
    region: ap-northeast-1
    checks:
      - verb: "*"
        resource: "*"
        expected: true
"""

RETURN = r"""
reviews:
  description: The answers, in the order of O(checks), each with the options that were asked for.
  returned: when the API server answered
  type: list
  elements: dict
  contains:
    verb:
      description: What is done.
      returned: always
      type: str
      sample: get
    resource:
      description: The resource.
      returned: when it was asked for
      type: str
      sample: secrets
    api_group:
      description: The API group.
      returned: when it was asked for
      type: str
      sample: apps
    subresource:
      description: The part of the resource.
      returned: when it was asked for
      type: str
      sample: log
    namespace:
      description: The namespace.
      returned: when it was asked for
      type: str
      sample: shop
    name:
      description: The object.
      returned: when it was asked for
      type: str
      sample: database
    non_resource_url:
      description: The path of the API server.
      returned: when it was asked for
      type: str
      sample: /metrics
    allowed:
      description: Whether the API server allows it.
      returned: always
      type: bool
      sample: false
    complete:
      description: Whether the answer considers everything. It does not if a SubjectAccessReview refuses what an access policy may allow.
      returned: always
      type: bool
      sample: true
    reason:
      description: What the API server said about it.
      returned: always
      type: str
      sample: ""
    known:
      description: Whether the cluster knows the principal. It allows nothing to others.
      returned: always
      type: bool
      sample: true
    expected:
      description: The expected answer.
      returned: when it is given
      type: bool
      sample: false
principal:
  description: Who the answers are about.
  returned: when the API server answered
  type: dict
  contains:
    principal_arn:
      description: ARN of the role or user.
      returned: when it is known
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    username:
      description: The Kubernetes user name that was asked for.
      returned: with a SubjectAccessReview
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/developers/kumo-eks
    groups:
      description: The Kubernetes groups that were asked for.
      returned: with a SubjectAccessReview
      type: list
      elements: str
      sample: [developers]
    access_policies:
      description: Names of the access policies of its access entry, which a SubjectAccessReview does not see.
      returned: with a SubjectAccessReview
      type: list
      elements: str
      sample: [AmazonEKSViewPolicy]
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.access.review import Review, build_subject, list_policies
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import get_kind
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.access_entry import find_principal_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import describe_entry
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.access_review import Subject
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import connect_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import describe_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.role_token import RoleTokens
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token


def build_checks_spec() -> dict[str, Any]:
    texts = ("resource", "api_group", "subresource", "namespace", "name", "non_resource_url")
    options = dict(
        verb=dict(type="str", required=True), expected=dict(type="bool"), **{name: dict(type="str") for name in texts}
    )
    kinds = ("resource", "non_resource_url")
    return dict(
        type="list",
        elements="dict",
        required=True,
        options=options,
        mutually_exclusive=[kinds],
        required_one_of=[kinds],
    )


def check_params(params: dict[str, Any]) -> None:
    """Refuse contradictions before AWS is called."""
    arn = params["principal_arn"]
    if not params["checks"]:
        raise ValidationError("checks: is empty. List at least one check, with a verb and a resource.")
    if arn is not None:
        raise_problems(find_principal_problems("principal_arn", arn))
    if params["assume_role"] and (arn is None or get_kind(arn) != "role"):
        raise ValidationError(f"assume_role: requires the ARN of a role as principal_arn, not {arn!r}.")
    if params["wait_timeout"] < 0:
        raise ValidationError(
            f"wait_timeout: {params['wait_timeout']} is not a valid number of seconds. Use 0 or more."
        )


def find_subject(eks: Any, params: dict[str, Any]) -> tuple[Subject | None, tuple[str, ...]]:
    """Whom the questions are about, None for who asks; and the access policies that their reviews do not see."""
    if params["username"] is not None:
        return Subject(params["username"], tuple(params["groups"] or ())), ()
    arn = params["principal_arn"]
    if arn is None or params["assume_role"]:
        return None, ()
    entry = describe_entry(eks, params["cluster_name"], arn)
    if entry is None:
        raise NotFound(
            f"principal_arn: {arn} has no access entry in cluster {params['cluster_name']}. Create one with kumo.eks.eks_access_entry, or"
            " ask with username and groups."
        )
    return build_subject(entry, params["session_name"]), list_policies(entry)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=dict(
            cluster_name=dict(type="str", required=True),
            principal_arn=dict(type="str"),
            username=dict(type="str"),
            groups=dict(type="list", elements="str"),
            assume_role=dict(type="bool", default=False),
            session_name=dict(type="str", default="kumo-eks"),
            checks=build_checks_spec(),
            wait_timeout=dict(type="int", default=60),
        ),
        mutually_exclusive=[("principal_arn", "username"), ("username", "assume_role")],
        required_by={"groups": ["username"]},
        supports_check_mode=True,
    )
    params = module.params
    cluster, arn = params["cluster_name"], params["principal_arn"]
    with handle_failures(module, f"Access to cluster {cluster} is not as expected"):
        check_params(params)
        eks, sts = get_client(module), get_client(module, "sts")
        subject, policies = find_subject(eks, params)
        mint = partial(mint_token, sts, cluster)
        if params["assume_role"]:
            mint = RoleTokens(sts, arn, params["session_name"], cluster).mint
        with connect_api(describe_connection(eks, cluster), mint) as api:
            review = Review(api, params["checks"], subject, policies)
            rows = review.answer() if module.check_mode else review.answer_when_expected(params["wait_timeout"])
    principal: dict[str, Any] = {"principal_arn": arn} if arn else {}
    if subject:
        principal |= {"username": subject.username, "groups": list(subject.groups), "access_policies": list(policies)}
    module.exit_json(changed=False, reviews=rows, principal=principal)


if __name__ == "__main__":
    main()
