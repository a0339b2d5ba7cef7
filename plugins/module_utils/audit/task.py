# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an audit, and the audit made of them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.custom import build_custom_rules, build_custom_spec
from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import evaluate_all
from ansible_collections.kumo.eks.plugins.module_utils.audit.exceptions import build_exception_spec, read_exceptions
from ansible_collections.kumo.eks.plugins.module_utils.audit.families import FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.result import build_result
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Row
from ansible_collections.kumo.eks.plugins.module_utils.audit.selection import ALL, RULE_SETS, select_rules
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.catalog import SOURCES
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.opening import ApiOpener

SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease", "amazon-guardduty"]


def build_audit_spec() -> Row:
    """The options of eks_audit_info."""
    return dict(
        cluster_name=dict(type="str", required=True),
        rule_set=dict(type="str", default=ALL, choices=list(RULE_SETS)),
        families=dict(type="list", elements="str", default=[], choices=sorted({*FAMILIES.values()})),
        only=dict(type="list", elements="str", default=[]),
        skip=dict(type="list", elements="str", default=[]),
        exceptions=dict(type="list", elements="dict", default=[], options=build_exception_spec()),
        custom_rules=dict(type="list", elements="dict", default=[], options=build_custom_spec()),
        kubernetes=dict(type="bool", default=True),
        system_namespaces=dict(type="list", elements="str", default=SYSTEM_NAMESPACES),
    )


def run_audit(module: Any, stack: ExitStack) -> Row:
    """The result of eks_audit_info. Raises ValidationError for options that are wrong."""
    params, now = module.params, time.time()
    name = params["cluster_name"]
    taken = {word for rule in RULES for word in (rule.id, rule.key, rule.name)}
    rules = [*RULES, *build_custom_rules(params["custom_rules"], SOURCES, taken)]
    chosen = select_rules(rules, params["rule_set"], params["families"], params["only"], params["skip"])
    exceptions = read_exceptions(params["exceptions"], rules, datetime.fromtimestamp(now, UTC).date())
    eks = get_client(module)
    raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
    refuse_missing_cluster(raw, name, eks.meta.region_name)
    opener = ApiOpener(stack, get_client(module, "sts"), name, eks.meta.region_name)
    snapshot = Snapshot(
        SOURCES,
        partial(get_client, module),
        raw,  # type: ignore[arg-type]
        opener.open if params["kubernetes"] else None,
        now,
        params["system_namespaces"],
    )
    evaluations = evaluate_all(chosen, snapshot)
    return build_result(raw, params["rule_set"], evaluations, exceptions, now)  # type: ignore[arg-type]
