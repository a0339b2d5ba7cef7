# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads of EC2 and IAM trail their writes: what a creation has just returned may be not found for a few seconds.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import CATCH_UP, Deadline, poll

T = TypeVar("T")


def retry_until_known(send: Callable[[], T], what: str, *codes: str) -> T:
    """Send, and again for a while where the service does not know yet what was created a moment ago.

    Args:
        what: what is waited for, for the message.
        codes: the error codes that say so. Omitted, IAM's NoSuchEntity.
    """

    def observe() -> tuple[bool, Any, str]:
        is_known, answer = ask_once(send, codes or ("NoSuchEntity",))
        return is_known, answer, "" if is_known else str(answer)

    return poll(observe, what, Deadline(CATCH_UP))


def ask_once(ask: Callable[[], Any], codes: Iterable[str]) -> tuple[bool, Any]:
    """Whether the service knows what it is asked about, and its answer; its error where one of the codes says that it does not."""
    try:
        return True, ask()
    except Exception as error:
        if not has_code(error, *codes):
            raise
        return False, error
