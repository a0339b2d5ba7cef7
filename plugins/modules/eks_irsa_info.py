#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_irsa_info
version_added: 0.1.0
short_description: Find out why pods of a service account do not get their IAM role (IRSA)
description:
  - Checks everything that IRSA needs, from the cluster's issuer to the credentials of the role, and returns the first check that
    fails, with its cause and its cure.
  - The checks are, in this order, C(cluster), C(oidc_provider), C(audience), C(service_account), C(annotation),
    C(pod_identity), C(role), C(trust_provider), C(trust_action), C(trust_subject), C(trust_audience), C(trust_denial),
    C(pods), C(token) and C(exchange).
  - The task does not fail if a check fails. RV(ok) says whether all checks passed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  namespace:
    description: The Kubernetes namespace of the service account.
    type: str
    required: true
  service_account:
    description: The service account's name.
    type: str
    required: true
  audience:
    description: The audience that the tokens of the pods must have.
    type: str
    default: sts.amazonaws.com
  exchange:
    description:
      - Whether to request a token of the service account from the cluster and exchange it at STS.
      - It requires the permission to create C(serviceaccounts/token). Token and credentials are discarded.
      - A role in another account, which the caller cannot read, can only be checked this way. Otherwise the check C(annotation) fails
        for such a role.
    type: bool
    default: false
seealso:
  - module: kumo.eks.eks_irsa
  - name: IAM roles for service accounts
    description: How pods get credentials from the cluster's OIDC provider.
    link: https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
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
- name: Fail if the pods of my-app-sa cannot get their role
  kumo.eks.eks_irsa_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    namespace: production
    service_account: my-app-sa
    exchange: true
  register: diagnosis
  failed_when: diagnosis is failed or not diagnosis.ok
"""

RETURN = r"""
ok:
  description: Whether no check failed.
  returned: always
  type: bool
  sample: false
broken:
  description: The first check that failed, as in RV(checks). None if no check failed.
  returned: always
  type: dict
  sample:
    check: trust_subject
    ok: false
    found: StringEquals system:serviceaccount:staging:my-app-sa
    cause: the trust policy does not allow system:serviceaccount:production:my-app-sa
    cure: run kumo.eks.eks_irsa for this service account
checks:
  description: All checks, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: The check's name.
      returned: always
      type: str
      sample: annotation
    ok:
      description: Whether it passed. None if it was skipped.
      returned: always
      type: bool
      sample: true
    found:
      description: What the check found.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/my-app
    cause:
      description: Why it failed. None otherwise.
      returned: always
      type: str
      sample: the service account has no annotation eks.amazonaws.com/role-arn
    cure:
      description: How to fix it. None if it did not fail.
      returned: always
      type: str
      sample: run kumo.eks.eks_irsa for this service account
"""

from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.identity.diagnosis import Diagnosis
from ansible_collections.kumo.eks.plugins.module_utils.identity.irsa import AUDIENCE
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import POD, SERVICE_ACCOUNT

SESSION = "kumo-eks-irsa-info"
TOKEN_SECONDS = 600  # the minimum of the API server
SESSION_SECONDS = 900  # the minimum of STS


class LiveFacts:
    """Reads what the checks need from AWS and from the cluster, to which it connects at the first request."""

    def __init__(self, module: AnsibleAWSModule, stack: ExitStack) -> None:
        self._eks, self._iam, self._sts = get_client(module), get_client(module, "iam"), get_client(module, "sts")
        self._name = module.params["cluster_name"]
        self.namespace, self.account = module.params["namespace"], module.params["service_account"]
        self.audience, self.exchanging = module.params["audience"], module.params["exchange"]
        self._stack = stack

    @cached_property
    def _api(self) -> KubernetesApi:
        return self._stack.enter_context(open_cluster_api(self._eks, self._sts, self._name))

    def describe_cluster(self) -> dict[str, Any] | None:
        return describe_or_none(self._eks.describe_cluster, "cluster", name=self._name)

    def describe_provider(self, arn: str) -> dict[str, Any] | None:
        return get_or_none(lambda: self._iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn))

    def read_service_account(self) -> dict[str, Any] | None:
        return self._api.get(SERVICE_ACCOUNT, self.account, self.namespace)

    def describe_role(self, name: str) -> dict[str, Any] | None:
        return get_or_none(lambda: self._iam.get_role(RoleName=name)["Role"])

    def find_association(self) -> str | None:
        names = {"clusterName": self._name, "namespace": self.namespace, "serviceAccount": self.account}
        pages = self._eks.get_paginator("list_pod_identity_associations").paginate(**names)
        rows = pages.build_full_result()["associations"]
        if not rows:
            return None
        describe, key = self._eks.describe_pod_identity_association, rows[0]["associationId"]
        found = describe_or_none(describe, "association", clusterName=self._name, associationId=key)
        return found["roleArn"] if found else None

    def list_pods(self) -> list[dict[str, Any]]:
        return list(self._api.list(POD, self.namespace))

    def request_token(self, audience: str) -> str:
        return self._api.create_token(self.namespace, self.account, audience, TOKEN_SECONDS)

    def exchange_token(self, role_arn: str, token: str) -> tuple[str | None, str]:
        request = {"RoleArn": role_arn, "RoleSessionName": SESSION, "DurationSeconds": SESSION_SECONDS}
        try:
            answer = self._sts.assume_role_with_web_identity(WebIdentityToken=token, **request)
        except Exception as error:
            message = format_aws_error(error)
            if message is None:
                raise
            return None, message
        return answer["AssumedRoleUser"]["Arn"], ""


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        namespace=dict(type="str", required=True),
        service_account=dict(type="str", required=True),
        audience=dict(type="str", default=AUDIENCE),
        exchange=dict(type="bool", default=False),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    with handle_failures(module, "Could not check the identity"), ExitStack() as stack:
        checks = [asdict(check) for check in Diagnosis(LiveFacts(module, stack)).run()]
    broken = next((check for check in checks if check["ok"] is False), None)
    module.exit_json(changed=False, ok=broken is None, broken=broken, checks=checks)


if __name__ == "__main__":
    main()
