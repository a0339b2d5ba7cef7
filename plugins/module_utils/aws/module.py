# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module class, and the one exception boundary of every module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    import botocore
except ImportError:
    pass  # Handled by AnsibleAWSModule

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule, aws_argument_spec

from ansible_collections.kumo.eks.plugins.module_utils.aws.remedies import explain_remedy
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, get_facts

__all__ = ["AnsibleAWSModule", "build_connection_spec", "format_failure", "handle_failures"]


@contextmanager
def handle_failures(module: AnsibleAWSModule, action: str) -> Iterator[None]:
    """Turn an exception into the failure of the task.

    Args:
        action: what the module could not do, like "Could not manage cluster my-cluster".
    """
    try:
        yield
    except EksError as error:
        module.fail_json(msg=error.message, **error.facts)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        remedy = explain_remedy(error)
        module.fail_json_aws(error, msg=f"{action}. {remedy.rstrip('.')}" if remedy else action, **get_facts(error))


def format_failure(error: Exception) -> str:
    """The failure of one item of a list, in a line."""
    if isinstance(error, EksError):
        return error.message
    remedy = explain_remedy(error)
    return f"{type(error).__name__}: {error}" + (f". {remedy}" if remedy else "")


def build_connection_spec() -> dict[str, Any]:
    """The options of the connection to AWS, which every module has."""
    return aws_argument_spec()
