# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to amazon.aws and boto3: the only file that imports amazon.aws' utilities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code, is_boto3_error_message
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError, facts_of
from ansible_collections.kumo.eks.plugins.module_utils.reconciler import ItemResult, Outcome

__all__ = [
    "AnsibleAWSModule",
    "client",
    "error_words",
    "exit_with",
    "exit_with_list",
    "failures",
    "has_code",
    "has_message",
    "snake",
]

# botocore's standard mode retries throttling of every spelling, 5xx and dropped connections, with jitter.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
RETRIES = {"mode": "standard", "max_attempts": 12}


def client(module: AnsibleAWSModule, service: str = "eks", **words: Any) -> Any:
    """A boto3 client with the task's connection options (and these over them) that rides out throttling and server errors."""
    return module.client(service, config=Config(retries=RETRIES), **words)


def has_code(error: Exception, *codes: str) -> bool:
    """Whether the exception is AWS' answer with one of these codes."""
    return isinstance(error, is_boto3_error_code(list(codes), e=error))


def has_message(error: Exception, text: str) -> bool:
    """Whether the exception is AWS' answer and its message holds the text."""
    return isinstance(error, is_boto3_error_message(text, e=error))


def error_words(error: Exception) -> str | None:
    """ "Code: message" of AWS' answer, None where the exception is none."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return None
    said = error.response.get("Error", {})
    return f"{said.get('Code')}: {said.get('Message')}"


def snake(raw: dict[str, Any]) -> dict[str, Any]:
    """The API's answer in snake case; keys of tags and labels are the user's and stay as they are."""
    return camel_dict_to_snake_dict(raw, ignore_list=["tags", "labels"])


@contextmanager
def failures(module: AnsibleAWSModule, doing: str) -> Iterator[None]:
    """The one exception boundary of a module: what fails inside becomes the task's failure, in words."""
    try:
        yield
    except EksError as error:
        module.fail_json(msg=error.message, **error.facts)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        module.fail_json_aws(error, msg=doing, **facts_of(error))


def failure_words(error: Exception) -> str:
    """One item's failure in a line."""
    return error.message if isinstance(error, EksError) else f"{type(error).__name__}: {error}"


def as_result(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a flat result: changed, the updates it started, and the resource in snake case."""
    return {**snake(outcome.raw or {}), "changed": outcome.changed, "updates": outcome.updates}


def exit_with(module: AnsibleAWSModule, outcome: Outcome, key: str) -> None:
    """End a task on one resource: flat keys, the resource again under its own key, and the diff."""
    result = as_result(outcome)
    result[key] = snake(outcome.raw or {})
    module.exit_json(**result, diff={"before": outcome.before, "after": outcome.after})


def exit_with_list(module: AnsibleAWSModule, results: list[ItemResult], key: str) -> None:
    """End a task on a list: a result for each item; fails, after all are through, when one failed."""
    rows, failed, before, after = [], [], {}, {}
    for item in results:
        if item.outcome is None:
            words = failure_words(item.error)
            failed.append(f"{item.name}: {words}")
            rows.append({"changed": False, **facts_of(item.error), "name": item.name, "failed": True, "msg": words})
            continue
        rows.append({**as_result(item.outcome), "name": item.name, "failed": False})
        before[item.name], after[item.name] = item.outcome.before, item.outcome.after
    facts = {key: rows, "changed": any(row["changed"] for row in rows), "diff": {"before": before, "after": after}}
    if failed:
        module.fail_json(msg=f"{len(failed)} of {len(rows)} failed: " + " | ".join(failed), **facts)
    module.exit_json(**facts)
