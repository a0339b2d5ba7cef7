# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that IAM denies: those that only serve a check are passed over with a warning, the others say what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ansible.module_utils.common.warnings import warn

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error, has_code, is_denied

T = TypeVar("T")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# What EKS says of calls that it makes in the caller's name is no AccessDeniedException.
# https://github.com/terraform-aws-modules/terraform-aws-eks/issues/823
MISSING = re.compile(r"missing permissions for '([\w-]+:\w+)'")
# https://github.com/aws-samples/terraform-eks-code/issues/13
LAUNCH, LAUNCH_ACTIONS = (
    "not authorized to launch instances with this launch template",
    "ec2:RunInstances, ec2:CreateTags",
)
SERVICES = {"UnauthorizedOperation": "ec2", "Client.UnauthorizedOperation": "ec2", "AccessDeniedException": "eks"}
EXPLICIT, BOUNDARY = "with an explicit deny", "permissions boundary"


def look_if_allowed(look: Callable[[], T], default: T, action: str, lost: str) -> T:
    """The answer of a look that the work can do without.

    Args:
        default: the answer where the look is denied.
        action: the IAM action of the look, like "eks:DescribeClusterVersions".
        lost: what is lost without it, for the warning: "it was not checked whether ...".
    """
    try:
        return look()
    except Exception as error:
        if not is_denied(error):
            raise
        warn_denied(error, action, lost)
        return default


def find_if_allowed(look: Callable[[], Iterable[str]], lost: str) -> list[str]:
    """The problems that a look finds; none, and a warning, where one of its calls is denied."""
    return read_if_allowed(lambda: list(look()), [], lambda action, error: warn_denied(error, action, lost))


def read_if_allowed(read: Callable[[], T], default: T, note: Callable[[str, Exception], None]) -> T:
    """What is read; the default where one of its calls is denied.

    Args:
        note: takes the IAM action that the caller lacks, and the error.
    """
    try:
        return read()
    except Exception as error:
        action = find_denied_action(error)
        if not action:
            raise
        note(action, error)
        return default


def warn_denied(error: Exception, action: str, lost: str) -> None:
    """Warn that a look was denied. The same text is shown once for a task."""
    warn(f"{action} is denied, so {lost}. AWS said: {format_aws_error(error)}")


def find_denied_action(error: Exception) -> str:
    """The IAM action that the caller lacks; "" for an exception that is no denial."""
    text = str(error)
    found = ACTION.search(text) or MISSING.search(text)
    if found:
        return found[1]
    if LAUNCH in text:
        return LAUNCH_ACTIONS
    if not is_denied(error):
        return ""
    # EC2 and older regions may not name the action; the operation has its name
    service = next((name for code, name in SERVICES.items() if has_code(error, code)), "iam")
    return f"{service}:{_get_operation(error)}"


def _get_operation(error: Any) -> str:
    return getattr(error, "operation_name", "*")


def explain_denial(error: Exception) -> str:
    """What to do about a denied call, in a sentence; "" for an exception that is no denial."""
    action = find_denied_action(error)
    if not action:
        return ""
    if EXPLICIT in str(error):
        return f"A policy denies {action} to the caller explicitly. Remove the denial, or run as another user or role."
    if BOUNDARY in str(error):
        return f"The caller's permissions boundary does not allow {action}. Add it, or run as another user or role."
    return f"Add {action} to an IAM policy of the caller. docs/iam-policy.json of kumo.eks has what site.yml and teardown.yml call."
