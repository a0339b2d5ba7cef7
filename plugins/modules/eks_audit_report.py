#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_audit_report
version_added: 0.1.0
short_description: Print and format what audits of Amazon EKS clusters have found
description:
  - Prints a table of the findings of M(kumo.eks.eks_audit_info) of one or several clusters, and returns them as Markdown, as a self-contained HTML page, as
    SARIF 2.1.0 and as JUnit XML. It compares them with an earlier audit.
  - It calls neither AWS nor Kubernetes, and writes no files. C(kumo.eks.audit) does the rest.
  - This is an action plugin. It runs on the controller.
  - The options of the connection to AWS are accepted, as C(module_defaults) of the action group set them for all modules. They are not used.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  audits:
    description:
      - The results of M(kumo.eks.eks_audit_info), each with the keys C(host), the host of the inventory, and C(error), why a cluster was not audited.
    type: list
    elements: dict
    required: true
  previous:
    description: An earlier audit, as C(kumo.eks.audit) writes it to C(eks_audit_json_file).
    type: dict
  fail_on:
    description: RV(exceeded) is true if a finding without an exception has this severity or a higher one, or if a cluster was not audited.
    type: str
    choices: [critical, high, medium, low, info, none]
    default: none
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  connection:
    support: none
  delegation:
    support: none
  diff_mode:
    support: none
  platform:
    platforms: all
seealso:
  - module: kumo.eks.eks_audit_info
"""

EXAMPLES = r"""
- name: Audit a cluster
  kumo.eks.eks_audit_info:
    cluster_name: my-cluster
    region: ap-northeast-1
  register: audit

- name: Show the findings
  kumo.eks.eks_audit_report:
    audits: ["{{ audit }}"]
    fail_on: high
  register: report
"""

RETURN = r"""
format:
  description: The version of the structure of RV(clusters).
  returned: always
  type: int
  sample: 1
exceeded:
  description: Whether a finding is as severe as O(fail_on), or a cluster was not audited. Always false with V(none).
  returned: always
  type: bool
  sample: true
summary:
  description: A sentence with the numbers.
  returned: always
  type: str
  sample: 17 findings in my-cluster (ap-northeast-1), 3 of them high or more severe.
lines:
  description: What is printed.
  returned: always
  type: list
  elements: str
  sample: ["17 findings in my-cluster (ap-northeast-1)."]
clusters:
  description: The audits of O(audits), in the shape of the result of M(kumo.eks.eks_audit_info), each with its host and error.
  returned: always
  type: list
  elements: dict
  sample: [{"host": "localhost", "error": "", "cluster_name": "my-cluster", "findings": []}]
comparison:
  description: What has changed since O(previous). Empty without it.
  returned: always
  type: dict
  contains:
    new:
      description: Findings that the earlier audit does not have, each with cluster, ID, name, severity, resource and evidence.
      returned: with O(previous)
      type: list
      elements: dict
      sample: [{"cluster": "my-cluster", "id": "KUMO-A09", "name": "deletion_protection", "severity": "medium", "resource": "Cluster my-cluster",
                "evidence": "deletionProtection is false"}]
    kept:
      description: Findings that both have.
      returned: with O(previous)
      type: list
      elements: dict
      sample: []
    gone:
      description: Findings of the earlier audit whose checks found nothing of the kind now.
      returned: with O(previous)
      type: list
      elements: dict
      sample: []
    not_known:
      description: Findings of the earlier audit whose checks were not evaluated now, or could not look.
      returned: with O(previous)
      type: list
      elements: dict
      sample: []
markdown:
  description: All findings as a Markdown page.
  returned: always
  type: str
  sample: "# Audit\n"
html:
  description: All findings as an HTML page that needs no other file.
  returned: always
  type: str
  sample: "<!doctype html>\n"
sarif:
  description: All findings as SARIF 2.1.0, with a run for each cluster, or one run for all of more than 20 clusters.
  returned: always
  type: str
  sample: '{"version": "2.1.0", "runs": []}'
junit:
  description: All checks as JUnit XML, with a suite for each cluster. A check that is unknown is an error.
  returned: always
  type: str
  sample: "<testsuites>\n</testsuites>\n"
"""

from ansible_collections.kumo.eks.plugins.module_utils.audit.reports.report import build_report, build_report_spec
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule, build_connection_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError


def main() -> None:
    module = CarefulModule(argument_spec={**build_connection_spec(), **build_report_spec()}, supports_check_mode=True)
    params = module.params
    try:
        report = build_report(params["audits"], params["previous"], params["fail_on"])
    except EksError as error:
        module.fail_json(msg=error.message, **error.facts)
    module.exit_json(**report)


if __name__ == "__main__":
    main()
