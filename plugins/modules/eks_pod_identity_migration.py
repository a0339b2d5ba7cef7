#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_pod_identity_migration
version_added: 0.1.0
short_description: Move service accounts and add-ons from IRSA to EKS Pod Identity
description:
  - Finds the service accounts of a cluster that get their IAM role by IRSA, and the add-ons that do, and gives them the same roles by EKS Pod
    Identity. The roles keep their names and permissions. Check mode shows the plan.
  - No pod is without its role at any time. A role first trusts both, then the association is created, and only then the annotation is
    removed. An add-on changes from one to the other in a single update.
  - New pods use EKS Pod Identity from then on. Pods that run go on with IRSA until they are replaced.
  - With O(remove_irsa=true) the annotations are removed, too. When no pod is left that started with IRSA, the next run lets the roles stop
    trusting the OIDC provider. RV(migrations) says what is still pending.
  - Whoever creates the service accounts must no longer write the annotation, for example a Helm chart or C(eks_irsa_service_accounts).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. It needs the add-on C(eks-pod-identity-agent), or EKS Auto Mode.
    type: str
    required: true
  service_accounts:
    description: The service accounts to move, like V(production/reader). Without it all are moved. An empty list moves none.
    type: list
    elements: str
  addons:
    description: Names of the add-ons to move. Without it all are moved. An empty list moves none.
    type: list
    elements: str
  remove_irsa:
    description:
      - Whether the annotations of service accounts are removed, and the trust of the cluster's OIDC provider when no pod needs it any more.
      - Without it service accounts keep their annotation, which has no effect beside an association, and the roles trust both.
    type: bool
    default: false
  wait_timeout:
    description: The limit of the wait for the update of an add-on, in seconds.
    type: int
    default: 1200
notes:
  - Service accounts whose pods run on Fargate, and roles of other accounts, are not moved. RV(migrations) says why.
  - The IAM OIDC provider of the cluster is not deleted.
seealso:
  - module: kumo.eks.eks_irsa
  - module: kumo.eks.eks_pod_identity
  - name: EKS Pod Identity
    description: How it works, and what it is not for.
    link: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Move everything, and remove what IRSA needed
  kumo.eks.eks_pod_identity_migration:
    cluster_name: my-cluster
    region: ap-northeast-1
    remove_irsa: true

- name: Move one service account, and no add-on
  kumo.eks.eks_pod_identity_migration:
    cluster_name: my-cluster
    region: ap-northeast-1
    service_accounts: [production/reader]
    addons: []
"""

RETURN = r"""
migrations:
  description: The service accounts and add-ons that have a role by IRSA, or had one before.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: What it is, C(service account) or C(add-on).
      returned: always
      type: str
      sample: service account
    name:
      description: Its name.
      returned: always
      type: str
      sample: production/reader
    role_arn:
      description: ARN of its role.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/reader
    state:
      description: Whether it is V(migrated), whether something is V(pending), or whether it was V(skipped).
      returned: always
      type: str
      sample: pending
    steps:
      description: What the task did, or would do in check mode.
      returned: always
      type: list
      elements: str
      sample: [trust EKS Pod Identity, create the association, remove the annotation]
    pending:
      description: What has to wait, and for what.
      returned: always
      type: list
      elements: str
      sample: ["stop trusting the OIDC provider: pods that started with IRSA (production/reader-1) are replaced first. Restart them, and run the task again"]
    why:
      description: Why it was skipped. Empty if it was not.
      returned: always
      type: str
      sample: ""
"""

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import AGENT, find_agent_status
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import (
    build_cluster_context,
    check_cluster_exists,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.migration import Migration
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api


def check_names(names: list[str] | None, option: str) -> None:
    """Refuse names of service accounts without a namespace."""
    for name in names or []:
        if name.count("/") != 1:
            raise ValidationError(
                f"{option}: {name!r} is not a service account. Use its namespace and name, like production/reader."
            )


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        service_accounts=dict(type="list", elements="str"),
        addons=dict(type="list", elements="str"),
        remove_irsa=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=1200),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    name = params["cluster_name"]
    with handle_failures(module, f"Could not move cluster {name} from IRSA to EKS Pod Identity"):
        check_names(params["service_accounts"], "service_accounts")
        eks, sts = get_client(module), get_client(module, "sts")
        region = eks.meta.region_name
        raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
        check_cluster_exists(raw, name, region)
        if find_agent_status(eks, raw) == "MISSING":
            raise ValidationError(
                f"cluster_name: cluster {name} does not have the add-on {AGENT}. Without the agent, pods get no credentials. Install it with"
                " kumo.eks.eks_addon first."
            )
        context = build_cluster_context(raw, name, region, lambda: sts.get_caller_identity()["Arn"])
        with open_cluster_api(eks, sts, name) as api:
            migration = Migration(
                eks,
                get_client(module, "iam"),
                api,
                context,
                params["remove_irsa"],
                module.check_mode,
                params["wait_timeout"],
            )
            moves = migration.find_moves(params["service_accounts"], params["addons"])
            migration.run(moves)
    diff = {"before": migration.before, "after": migration.after}
    changed = migration.before != migration.after
    module.exit_json(changed=changed, migrations=[move.build_row() for move in moves], diff=diff)


if __name__ == "__main__":
    main()
