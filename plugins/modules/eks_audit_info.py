#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_audit_info
version_added: 0.1.0
short_description: Audit an Amazon EKS cluster
description:
  - Evaluates rules about the security, reliability, upgrades and costs of a cluster, its AWS resources and its Kubernetes objects. It changes nothing.
  - Each violation is a finding with what was read, why it matters and what to do. C(docs/guide/07-anti-patterns.md) has the list of the rules.
  - A check that could not look has the verdict V(unknown), and has not passed. A call may be denied, the Kubernetes API may not be reachable, or
    what was read does not tell.
  - Each thing is read once, and only what the chosen rules need. Values of Secrets are not kept, and values of ConfigMaps, environment variables and user
    data are in no finding.
  - The Kubernetes API of the cluster must be reachable from where the module runs, with a caller that may list what the rules read, for example
    with the access policy C(AmazonEKSAdminViewPolicy).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  rule_set:
    description:
      - The rules to evaluate. V(cis) is those with a counterpart in the CIS Amazon EKS Benchmark 1.8.0 that need no shell on a node.
      - V(best_practices) leaves out rules about costs, quotas and what was left behind, and those with the severity V(info).
    type: str
    choices: [all, cis, best_practices]
    default: all
  families:
    description: The families of rules to evaluate. All if it is empty.
    type: list
    elements: str
    choices:
      - access
      - addons
      - conditional
      - control_plane
      - cost
      - custom
      - dangling
      - data
      - leaks
      - network
      - nodes
      - observability
      - pod_security
      - rbac
      - reliability
      - scale
      - upgrade
    default: []
  only:
    description: IDs or names of the rules to evaluate, whatever the O(rule_set). All if it is empty.
    type: list
    elements: str
    default: []
  skip:
    description: IDs or names of rules that are not evaluated.
    type: list
    elements: str
    default: []
  exceptions:
    description:
      - Findings that are accepted. They stay in the result, and are not counted.
      - The result names exceptions that have expired, which do not count, and those that no finding needed.
    type: list
    elements: dict
    default: []
    suboptions:
      rule:
        description: ID or name of the rule.
        type: str
        required: true
      resource:
        description: The resource of the finding. C(*) and C(?) are wildcards.
        type: str
        default: '*'
      reason:
        description: Why it is accepted.
        type: str
        required: true
      until:
        description: The last day on which it counts, like V(2027-03-31).
        type: str
        required: true
  custom_rules:
    description: More rules.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The ID of the rule, which no other rule has.
        type: str
        required: true
      severity:
        description: The severity of its findings.
        type: str
        required: true
        choices: [critical, high, medium, low, info]
      title:
        description: What is right, in a short clause.
        type: str
        required: true
      reads:
        description: The sources that the expression is about, like V(nodegroups) or V(workloads). An unknown one fails with the list of all.
        type: list
        elements: str
        required: true
      expression:
        description:
          - A JMESPath expression over a mapping with the sources by their names.
          - It gives a violation as V(true), as text that names the resource, or as a mapping with C(resource) and C(evidence), or a list of these. Null,
            V(false) and empty lists and texts are no violation.
        type: str
        required: true
      why:
        description: What a violation leads to.
        type: str
        default: ''
      remedy:
        description: What to do about it.
        type: str
        default: ''
      references:
        description: Other documents.
        type: list
        elements: str
        default: []
  kubernetes:
    description: Whether the Kubernetes API is asked. If not, the rules that need it are V(unknown).
    type: bool
    default: true
  system_namespaces:
    description: Namespaces whose workloads belong to the cluster, and are not judged as those of users.
    type: list
    elements: str
    default: [kube-system, kube-public, kube-node-lease, amazon-guardduty]
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
seealso:
  - module: kumo.eks.eks_audit_report
  - module: kumo.eks.eks_access_review
  - module: kumo.eks.eks_upgrade_info
  - name: Amazon EKS Best Practices Guide
    description: What AWS recommends.
    link: https://docs.aws.amazon.com/eks/latest/best-practices/introduction.html
"""

EXAMPLES = r"""
- name: Audit a cluster
  kumo.eks.eks_audit_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: audit

- name: Evaluate the rules of the CIS benchmark, accept one finding, and add a rule
  kumo.eks.eks_audit_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    rule_set: cis
    exceptions:
      - rule: endpoint_public
        reason: The office has no VPN until March
        until: "2027-03-31"
    custom_rules:
      - id: OWN-01
        severity: medium
        title: Node groups have a cost center
        reads: [nodegroups]
        expression: nodegroups[?!tags.CostCenter].nodegroupName
"""

RETURN = r"""
format:
  description: The version of this structure.
  returned: success
  type: int
  sample: 1
cluster_name:
  description: The cluster's name.
  returned: success
  type: str
  sample: my-cluster
region:
  description: The region.
  returned: success
  type: str
  sample: ap-northeast-1
account:
  description: The account of the cluster.
  returned: success
  type: str
  sample: '123456789012'
version:
  description: The Kubernetes version.
  returned: success
  type: str
  sample: '1.33'
time:
  description: When the audit began.
  returned: success
  type: str
  sample: '2026-11-27T01:02:03Z'
rule_set:
  description: The set of rules.
  returned: success
  type: str
  sample: all
checks:
  description: The rules that were evaluated, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the rule.
      returned: always
      type: str
      sample: KUMO-A05
    name:
      description: The name of the rule.
      returned: always
      type: str
      sample: endpoint_public
    title:
      description: What is right.
      returned: always
      type: str
      sample: The public API endpoint does not admit the whole internet
    family:
      description: The family of the rule.
      returned: always
      type: str
      sample: control_plane
    severity:
      description: V(critical), V(high), V(medium), V(low) or V(info).
      returned: always
      type: str
      sample: high
    verdict:
      description: V(passed), V(failed), V(unknown) or V(not_applicable). A rule whose findings are all excepted has still failed.
      returned: always
      type: str
      sample: failed
    reason:
      description: Why it is unknown or does not apply. Empty otherwise.
      returned: always
      type: str
      sample: ''
    references:
      description: Checks of the same kind in other tools and benchmarks.
      returned: always
      type: list
      elements: str
      sample: [CIS EKS 5.4.1]
findings:
  description: The violations, the most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the rule.
      returned: always
      type: str
      sample: KUMO-A05
    name:
      description: The name of the rule.
      returned: always
      type: str
      sample: endpoint_public
    title:
      description: What is right.
      returned: always
      type: str
      sample: The public API endpoint does not admit the whole internet
    family:
      description: The family of the rule.
      returned: always
      type: str
      sample: control_plane
    severity:
      description: The severity of the rule.
      returned: always
      type: str
      sample: high
    resource:
      description: What violates the rule.
      returned: always
      type: str
      sample: Cluster my-cluster
    evidence:
      description: What was read.
      returned: always
      type: str
      sample: endpointPublicAccess is true, publicAccessCidrs has 0.0.0.0/0
    why:
      description: What it leads to.
      returned: always
      type: str
      sample: Everybody can send requests to the API server.
    remedy:
      description: What to do about it.
      returned: always
      type: str
      sample: Limit public_access_cidrs to your networks, or turn the public endpoint off.
    task:
      description: A task of this collection that mends it, as YAML. Empty if there is none.
      returned: always
      type: str
      sample: "- name: Limit the endpoint\n"
    is_safe:
      description: Whether C(kumo.eks.audit) applies the task where it is asked to.
      returned: always
      type: bool
      sample: false
    references:
      description: Checks of the same kind in other tools and benchmarks.
      returned: always
      type: list
      elements: str
      sample: [CIS EKS 5.4.1]
    exception:
      description: The reason by which it is accepted. Empty if it is not.
      returned: always
      type: str
      sample: ''
    until:
      description: The last day on which it is accepted. Empty if it is not.
      returned: always
      type: str
      sample: ''
exceptions:
  description: The exceptions of O(exceptions).
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: As in O(exceptions).
      returned: always
      type: str
      sample: endpoint_public
    resource:
      description: As in O(exceptions).
      returned: always
      type: str
      sample: '*'
    reason:
      description: As in O(exceptions).
      returned: always
      type: str
      sample: The office has no VPN until March
    until:
      description: As in O(exceptions).
      returned: always
      type: str
      sample: '2027-03-31'
    state:
      description: V(used), V(unused) if no finding needed it, or V(expired).
      returned: always
      type: str
      sample: used
    findings:
      description: How many findings it covers.
      returned: always
      type: int
      sample: 1
counts:
  description: Numbers of the checks and findings.
  returned: success
  type: dict
  contains:
    checks:
      description: How many checks have each verdict.
      returned: always
      type: dict
      sample: {"passed": 120, "failed": 30, "unknown": 8, "not_applicable": 12}
    findings:
      description: How many findings have each severity. Those that are excepted are not counted.
      returned: always
      type: dict
      sample: {"critical": 0, "high": 3, "medium": 12, "low": 9, "info": 2}
    excepted:
      description: How many findings are excepted.
      returned: always
      type: int
      sample: 1
"""

from contextlib import ExitStack

from ansible_collections.kumo.eks.plugins.module_utils.audit.task import build_audit_spec, run_audit
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_audit_spec(), supports_check_mode=True)
    name = module.params["cluster_name"]
    with handle_failures(module, f"Could not audit cluster {name}"), ExitStack() as stack:
        result = run_audit(module, stack)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
