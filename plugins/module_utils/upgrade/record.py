# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that change a cluster step by step have in common: whose cluster it is, and the record of a run."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, format_failure
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import add_facts
from ansible_collections.kumo.eks.plugins.module_utils.core.times import format_time
from ansible_collections.kumo.eks.plugins.module_utils.eks.cluster import ClusterResource
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.gates import Verdict
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.report import build_record
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.runner import Upgrade
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.window import WAITING


def check_owner(module: AnsibleAWSModule) -> None:
    """Refuse a cluster of somebody else."""
    eks, name = get_client(module), module.params["cluster_name"]
    owner = build_owner_key(eks.meta.region_name, name) if module.params["owned"] else ""
    resource = ClusterResource(eks, name, owner, module.params["adopt"])
    raw = resource.describe() if owner else None
    if raw is not None:
        resource.adjust(raw, {})


def build_facts(module: AnsibleAWSModule, upgrade: Upgrade, began: float, result: str) -> dict[str, Any]:
    """What was done, and its record.

    Args:
        began: POSIX seconds.
        result: a word, or the message of the failure.
    """
    facts = upgrade.build_facts()
    last = [row["after"] for row in facts["done"] if row["kind"] == "control_plane"]
    record = {
        "cluster_name": module.params["cluster_name"],
        "region": get_client(module).meta.region_name,
        "caller": get_client(module, "sts").get_caller_identity()["Arn"],
        "began": format_time(began),
        "ended": format_time(time.time()),
        "from_version": upgrade.started_at,
        "version": last[-1] if last else upgrade.started_at,
        "kubernetes_version": module.params.get("kubernetes_version") or upgrade.started_at,
        "rollback": bool(module.params.get("rollback")),
        "result": result,
        "overrides": upgrade.overrides,
        "gates": facts["gates"],
        "done": facts["done"],
        WAITING: upgrade.waiting,
    }
    return {**facts, "record": record, "record_markdown": build_record(record, upgrade.title)}


def run_and_record(module: AnsibleAWSModule, upgrade: Upgrade) -> tuple[tuple[Plan, list[Verdict]], dict[str, Any]]:
    """Go through the plan. Returns what is left of it, and what was done. A failure has what was done as its facts."""
    began = time.time()
    try:
        left = upgrade.run()
    except Exception as error:
        add_facts(error, build_facts(module, upgrade, began, format_failure(error)))
        raise
    word = WAITING if upgrade.waiting else "done" if upgrade.done else "nothing to do"
    return left, build_facts(module, upgrade, began, word)
