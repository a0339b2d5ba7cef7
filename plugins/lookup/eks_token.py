# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: eks_token
version_added: 0.1.0
short_description: A token for the Kubernetes API of an Amazon EKS cluster
description:
  - Returns a bearer token with which modules of C(kubernetes.core) access an EKS cluster, without a kubeconfig and without the
    C(aws) command.
  - The token is signed on the controller with the AWS credentials of this lookup. No call is made for it, unless a role is assumed.
  - EKS accepts a token for 15 minutes after it was signed. The lookup signs a new one each time it is evaluated, and stores none.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  _terms:
    description: Names of clusters.
    required: true
  connection:
    description:
      - Whether to return a dictionary with the endpoint and the CA of the cluster in addition to the token.
      - It takes one call, C(eks:DescribeCluster).
    type: bool
    default: false
  external_id:
    description: The external id that the trust policy of O(assume_role_arn) requires.
    type: str
extends_documentation_fragment:
  - kumo.eks.requirements
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
notes:
  - A token is a secret. Set C(no_log=true) for tasks that use one. With C(-vvv), modules of C(kubernetes.core) show their C(api_key).
  - Use the lookup where the token is needed, in the arguments of a task, in C(module_defaults) or in C(vars), so that each task gets a
    fresh one. A token that C(set_fact) or C(register) keeps is refused after 15 minutes.
  - A task that takes longer than 15 minutes, such as a long C(wait), needs credentials that are renewed. Use a kubeconfig of
    M(kumo.eks.eks_kubeconfig) there.
seealso:
  - module: kumo.eks.eks_kubeconfig
  - name: API Authorization from Outside a Cluster
    description: What the token is, and how long it is accepted.
    link: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/README.md#api-authorization-from-outside-a-cluster
"""

EXAMPLES = r"""
- name: Read from a cluster, with a fresh token for each task
  hosts: localhost
  gather_facts: false
  vars:
    cluster: "{{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1', connection=true) }}"
  module_defaults:
    group/kubernetes.core.k8s:
      kubeconfig: "{{ cluster.kubeconfig }}"
      api_key: "{{ cluster.token }}"
  tasks:
    - name: List the nodes
      kubernetes.core.k8s_info:
        kind: Node
      no_log: true

- name: Name the endpoint and the CA file
  hosts: localhost
  gather_facts: false
  vars:
    cluster: "{{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1', connection=true) }}"
  tasks:
    - name: Write the CA of the cluster, which is not a secret
      ansible.builtin.copy:
        dest: ca.pem
        content: "{{ cluster.ca_pem }}"
        mode: "0644"

    - name: List the namespaces
      kubernetes.core.k8s_info:
        kind: Namespace
        host: "{{ cluster.host }}"
        ca_cert: ca.pem
        api_key: "{{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1') }}"
      no_log: true

    - name: Ask the API server directly
      ansible.builtin.uri:
        url: "{{ cluster.host }}/version"
        ca_path: ca.pem
        headers:
          Authorization: "Bearer {{ lookup('kumo.eks.eks_token', 'my-cluster', region='ap-northeast-1') }}"
      no_log: true
"""

RETURN = r"""
_raw:
  description:
    - A token for each cluster, or with O(connection=true) a dictionary for each, with the keys below.
    - C(token) is the token. C(expires_at) is when it should not be used any more, in UTC.
    - C(host) is the URL of the endpoint, C(ca_pem) its CA certificate.
    - C(kubeconfig) is a kubeconfig with endpoint and CA, and without credentials, for the option of that name of the modules of
      C(kubernetes.core).
  type: list
  elements: raw
  sample:
    - k8s-aws-v1.aHR0cHM6Ly9zdHMu...
"""

from datetime import UTC, datetime
from typing import Any, NoReturn

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import AwsSession, format_aws_error, is_aws_error
from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import add_see
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection, describe_connection
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import exec_credential, mint_token
from ansible_collections.kumo.eks.plugins.plugin_utils.accounts import open_session


class LookupModule(AWSLookupBase):
    """Tokens of clusters."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **options: Any) -> list[Any]:
        """A token, or a dictionary, for each cluster."""
        super().run(terms, variables, **options)
        try:
            session = self._open_session()
            return [self._build_result(session, self._check_name(term)) for term in terms]
        except EksError as error:
            self._fail(add_see(error.message, error.facts))
        except Exception as error:
            if not is_aws_error(error):
                raise
            reason = f"No token could be signed: {format_aws_error(error) or error}"
            self._fail(add_see(reason, build_error_facts(error)))

    @staticmethod
    def _fail(message: str) -> NoReturn:
        raise AnsibleLookupError(message)

    @staticmethod
    def _check_name(term: Any) -> str:
        if not isinstance(term, str) or not term:
            raise ValidationError(f"_terms: {term!r} is not the name of a cluster. Use a name like 'my-cluster'.")
        check_name("cluster", term, "_terms")
        return term

    def _open_session(self) -> AwsSession:
        session = open_session(self)
        if not session.region:
            raise ValidationError(
                "region: is required, as neither the environment (AWS_REGION) nor the profile sets one."
            )
        role = self.get_option("assume_role_arn")
        return session.assume_role(role, self.get_option("external_id"), session.region) if role else session

    def _build_result(self, session: AwsSession, cluster: str) -> Any:
        token = mint_token(session.get_client("sts"), cluster)
        if not self.get_option("connection"):
            return token
        status = exec_credential(token, datetime.now(UTC))["status"]
        found = describe_connection(session.get_client("eks"), cluster)
        return {
            "token": token,
            "expires_at": status["expirationTimestamp"],
            "host": found.host,
            "ca_pem": found.ca_pem,
            "kubeconfig": build_kubeconfig(found, cluster),
        }


def build_kubeconfig(connection: Connection, cluster: str) -> dict[str, Any]:
    """A kubeconfig with the endpoint and the CA of a cluster, and no credentials."""
    place = {"server": connection.host, "certificate-authority-data": connection.ca_data}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": place}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "users": [{"name": cluster, "user": {}}],
        "current-context": cluster,
    }
