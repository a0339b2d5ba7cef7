# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs rules over a snapshot: a verdict for each rule, and a finding for each violation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.kumo.eks.plugins.module_utils.audit.families import FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    FAILED,
    NOT_APPLICABLE,
    PASSED,
    UNKNOWN,
    NotApplicable,
    Row,
    Rule,
    Undecided,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read

# What comes of an object that is not as its API describes it. It must not end an audit, and has not passed.
ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)
REASONS = 3  # of the sources that could not be read


@dataclass
class Evaluation:
    """What a rule came to.

    Args:
        hits: resource and evidence of each violation.
        reason: why it is unknown, does not apply, or may have missed something.
    """

    rule: Rule
    verdict: str
    hits: list[tuple[str, str]] = field(default_factory=list)
    reason: str = ""

    def build_row(self) -> Row:
        """The check as a part of the result."""
        return {
            "id": self.rule.id,
            "name": self.rule.name,
            "title": self.rule.title,
            "family": FAMILIES[self.rule.family],
            "severity": self.rule.severity,
            "verdict": self.verdict,
            "reason": self.reason,
            "references": list(self.rule.references),
        }


def evaluate_all(rules: Iterable[Rule], snapshot: Snapshot) -> list[Evaluation]:
    """Read what the rules need, side by side, and evaluate them."""
    chosen = list(rules)
    snapshot.prepare(name for rule in chosen for name in rule.reads)
    return [evaluate(rule, {name: snapshot.read(name) for name in rule.reads}) for rule in chosen]


def evaluate(rule: Rule, reads: dict[str, Read]) -> Evaluation:
    """The verdict of one rule.

    Args:
        reads: the values of its sources by their names.
    """
    problems = list(dict.fromkeys(read.problem for read in reads.values() if not read.is_known))
    if problems:
        return Evaluation(rule, UNKNOWN, reason="; ".join(problems[:REASONS]))
    hits: list[tuple[str, str]] = []
    try:
        for hit in rule.check(*[reads[name].value for name in rule.reads]):
            hits.append(hit)  # those before an exception count
    except NotApplicable as reason:
        return Evaluation(rule, FAILED if hits else NOT_APPLICABLE, hits, str(reason))
    except Undecided as reason:
        return Evaluation(rule, FAILED if hits else UNKNOWN, hits, str(reason))
    except ODD as error:
        reason = f"what was read is not as expected ({type(error).__name__}: {error})"
        return Evaluation(rule, FAILED if hits else UNKNOWN, hits, reason)
    return Evaluation(rule, FAILED if hits else PASSED, hits)
