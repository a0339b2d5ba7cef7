# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a principal may do in a cluster, asked of its API server, until the answers are the expected ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnexpectedAccess, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import fill_username, get_account
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.access_review import (
    Answer,
    Subject,
    ask,
    format_question,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi

Question = dict[str, Any]
Row = dict[str, Any]
LONGEST_PAUSE = 3.0  # seconds between two looks


def build_subject(entry: dict[str, Any], session: str) -> Subject:
    """A principal as the API server sees it by its access entry."""
    account = get_account(entry["principalArn"])
    groups = entry.get("kubernetesGroups") or []
    return Subject(
        fill_username(entry["username"], session, account),
        tuple(fill_username(group, session, account) for group in groups),
    )


@dataclass
class Review:
    """Asks questions about one principal.

    Args:
        subject: whom they are about; None for the one who asks, by their own token.
        policies: names of the access policies that a SubjectAccessReview does not see.
    """

    api: KubernetesApi
    questions: list[Question]
    subject: Subject | None = None
    policies: tuple[str, ...] = ()

    def answer(self) -> list[Row]:
        """All questions with their answers."""
        return [self._build_row(question, ask(self.api, question, self.subject)) for question in self.questions]

    def _build_row(self, question: Question, answer: Answer) -> Row:
        # "you're forcing the use of Kubernetes RBAC authorization": https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html
        complete = answer.allowed or not self.policies
        asked = {key: value for key, value in question.items() if value is not None and key != "expected"}
        row = {**asked, "allowed": answer.allowed, "complete": complete, "reason": answer.reason, "known": answer.known}
        return row if question.get("expected") is None else {**row, "expected": question["expected"]}

    def answer_when_expected(self, wait_timeout: float) -> list[Row]:
        """The answers, asked again until they are the expected ones or the time is over: entries take effect some seconds later.

        Raises:
            EksError: they are others at the end. reviews among its facts has them.
        """
        rows: list[Row] = []

        def look() -> tuple[bool, list[Row], str]:
            rows[:] = self.answer()
            wrong = list(find_unexpected(rows, self.policies))
            return not wrong, rows, "; ".join(wrong)

        try:
            return poll(look, "The access review", Deadline(wait_timeout), longest_pause=LONGEST_PAUSE)
        except WaitTimedOut as error:
            raise UnexpectedAccess(f"{'; '.join(find_unexpected(rows, self.policies))}.", reviews=rows) from error


def find_unexpected(rows: list[Row], policies: tuple[str, ...]) -> Iterator[str]:
    """The answers that are not as expected, or that say nothing about it, in words."""
    for row in rows:
        expected = row.get("expected")
        words = format_question(row)
        if expected is True and not row["allowed"] and not row["complete"]:
            yield f"{words}: RBAC does not allow it, and a SubjectAccessReview does not see {', '.join(policies)}. Set assume_role=true"
        elif expected is True and not row["allowed"]:
            yield f"{words}: is not allowed" + (f" ({row['reason']})" if row["reason"] else "")
        elif expected is False and row["allowed"]:
            yield f"{words}: is allowed" + (f" ({row['reason']})" if row["reason"] else "")
        elif expected is False and not row["complete"]:
            yield f"{words}: is not proven, since a SubjectAccessReview does not see {', '.join(policies)}. Set assume_role=true"


def list_policies(entry: dict[str, Any]) -> tuple[str, ...]:
    """The names of the access policies of an entry."""
    return tuple(row["policyArn"].rpartition("/")[2] for row in entry["accessPolicies"])
