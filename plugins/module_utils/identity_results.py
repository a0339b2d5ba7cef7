# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a task on identities ends: flat for one, a row for each of a list. Documents and keys of tags stay as they are."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, failure_words
from ansible_collections.kumo.eks.plugins.module_utils.errors import facts_of
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import ItemResult


def item_rows(results: list[ItemResult]) -> list[dict[str, Any]]:
    """A result for each item: its outcome's ``raw``, or why it failed."""
    return [_row(item) for item in results]


def _row(item: ItemResult) -> dict[str, Any]:
    if item.outcome is None:
        failed = {"name": item.name, "failed": True, "msg": failure_words(item.error)}
        return {"changed": False, **facts_of(item.error), **failed}
    return {**item.outcome.raw, "name": item.name, "changed": item.outcome.changed, "failed": False}


def leave(
    module: AnsibleAWSModule,
    results: list[ItemResult],
    rows: list[dict[str, Any]],
    facts: dict[str, Any],
    key: str | None,
) -> None:
    """End the task.

    Args:
        facts: of the task as a whole; its diff gets the items' beside what it has.
        key: the list's name in the result, None for one item alone.
    """
    diff = facts.pop("diff", {"before": {}, "after": {}})
    for item in results:
        if item.outcome:
            diff["before"][item.name], diff["after"][item.name] = item.outcome.before, item.outcome.after
    failed = [f"{row['name']}: {row['msg']}" for row in rows if row["failed"]]
    if key is None and failed:
        module.fail_json(msg=rows[0]["msg"], diff=diff, **facts)
    if key is None:
        alone = {name: value for name, value in rows[0].items() if name not in ("name", "failed")}
        module.exit_json(**{**alone, **facts}, diff=diff)
    if failed:
        words = f"{len(failed)} of {len(rows)} failed: " + " | ".join(failed)
        module.fail_json(msg=words, diff=diff, **{key: rows}, **facts)
    module.exit_json(diff=diff, **{key: rows}, **facts)
