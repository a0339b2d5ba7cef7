# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a module ends: one resource with flat keys, or a row for each item of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer
from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, format_failure
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import copy_first_help
from ansible_collections.kumo.eks.plugins.module_utils.core.health import describe_trouble
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome

Row = dict[str, Any]
# Resources with a health status in EKS: what they are called, by the key of the resource or the list in a result
WITH_HEALTH = {
    "cluster": "cluster",
    "nodegroup": "node group",
    "nodegroups": "node group",
    "fargate_profile": "Fargate profile",
    "fargate_profiles": "Fargate profile",
    "addon": "add-on",
    "addons": "add-on",
    "capability": "capability",
}
NAMES = ("nodegroupName", "fargateProfileName", "addonName", "capabilityName", "name")


def build_result(outcome: Outcome) -> Row:
    """The flat result of one outcome: changed, the updates it started, and the resource in snake case."""
    return {
        **convert_answer(outcome.raw or {}),
        "changed": outcome.changed,
        "updates": outcome.updates,
        **_tell(outcome),
    }


def build_plain_result(outcome: Outcome) -> Row:
    """The result of an outcome that is in the user's spelling already: policy documents keep their keys."""
    return {**outcome.raw, "changed": outcome.changed, **_tell(outcome)}


def _tell(outcome: Outcome) -> Row:
    """Of a replacement, the options of the old one."""
    return {"replaced": outcome.before} if outcome.replaced else {}


def build_rows(results: list[ItemResult], build: Callable[[Outcome], Row] = build_result) -> list[Row]:
    """A result for each item: of its outcome, or why it failed."""
    return [_build_row(item, build) for item in results]


def _build_row(item: ItemResult, build: Callable[[Outcome], Row]) -> Row:
    if item.outcome is None:
        reason = format_failure(item.error)
        return {"changed": False, **build_error_facts(item.error), "name": item.name, "failed": True, "msg": reason}
    return {**build(item.outcome), "name": item.name, "failed": False}


def exit_with(module: AnsibleAWSModule, outcome: Outcome, key: str) -> None:
    """End a task on one resource: flat keys, the resource again under ``key``, and the diff."""
    result = {**build_result(outcome), **warn_of_trouble(module, key, [outcome])}
    result[key] = convert_answer(outcome.raw or {})
    module.exit_json(**result, diff={"before": outcome.before, "after": outcome.after})


def warn_of_trouble(module: AnsibleAWSModule, key: str | None, outcomes: Iterable[Outcome]) -> Row:
    """Say what is wrong with resources that a task leaves as they are, or changes without a wait.

    Returns:
        The fact ``unhealthy``: a sentence for each, with EKS' own codes and texts. Nothing for what has no health.
    """
    if key not in WITH_HEALTH:
        return {}
    rows = [outcome.raw for outcome in outcomes if outcome.raw]
    texts = [describe_trouble(f"{WITH_HEALTH[key]} {_find_name(raw)}", raw) for raw in rows]
    unhealthy = [text for text in texts if text]
    for text in unhealthy:
        module.warn(text)
    return {"unhealthy": unhealthy}


def _find_name(raw: Row) -> str:
    return next((raw[name] for name in NAMES if raw.get(name)), "")


def exit_with_list(module: AnsibleAWSModule, results: list[ItemResult], key: str) -> None:
    """End a task on a list. It fails after all items are done, when one of them failed."""
    rows = build_rows(results)
    exit_with_rows(module, results, rows, {"changed": any(row["changed"] for row in rows)}, key)


def exit_with_rows(
    module: AnsibleAWSModule, results: list[ItemResult], rows: list[Row], facts: Row, key: str | None
) -> None:
    """End a task with rows that are built already.

    Args:
        facts: results of the task as a whole. The diffs of the items are added to its ``diff``.
        key: the name of the list in the result, None for a task on one item.
    """
    diff = facts.pop("diff", {"before": {}, "after": {}})
    for item in results:
        if item.outcome:
            diff["before"][item.name], diff["after"][item.name] = item.outcome.before, item.outcome.after
    facts |= warn_of_trouble(module, key, [item.outcome for item in results if item.outcome])
    failed = [f"{row['name']}: {row['msg']}" for row in rows if row["failed"]]
    if key is None and failed:
        module.fail_json(msg=rows[0]["msg"], diff=diff, **copy_first_help(rows), **facts)
    if key is None:
        single = {name: value for name, value in rows[0].items() if name not in ("name", "failed")}
        module.exit_json(**{**single, **facts}, diff=diff)
    if failed:
        reason = f"{len(failed)} of {len(rows)} failed: " + " | ".join(failed)
        module.fail_json(msg=reason, diff=diff, **copy_first_help(rows), **{key: rows}, **facts)
    module.exit_json(diff=diff, **{key: rows}, **facts)
