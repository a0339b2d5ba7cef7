# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rule of the audit: what it reads, its words, and a pure function that finds violations. Pure.

How to add a rule

1. Choose the file of its family in ``audit/rules/`` (a new family is added to ``audit/families.py`` and ``audit/registry.py``), and a number that
   is free: an ID is never given to another rule. Rules about the same check have a letter behind the number: ``A05``, ``A05b``.
2. Write a generator, decorated with ``rule``. Its name is the rule's name, in words that say what is wrong or looked at. Its arguments are the
   values of the sources in ``reads``, in that order: ``audit/sources/`` has all sources, and their docstrings the shape of each.

       @rule(
           "A09",
           MEDIUM,
           "Deletion protection is on",                # what is right
           reads=("cluster",),
           why="A cluster without it can be deleted by a single call.",
           remedy="Set deletion_protection.",
           task=("eks_cluster", {"name": "{cluster}", "deletion_protection": True}),
           references=("Prowler eks_cluster_deletion_protection_enabled",),
       )
       def deletion_protection(cluster: Row) -> Hits:
           if not cluster.get("deletionProtection"):
               yield name_cluster(cluster), "deletionProtection is false"

   It yields a resource and its evidence for each violation. Nothing yielded: the check has passed. It raises ``NotApplicable`` where there is
   nothing to look at, and ``Undecided`` where what was read does not tell: a check that cannot look has not passed.
   Where a source cannot be read, the function is not called, and the verdict is unknown.
   Evidence names what was read, and never a value of a ConfigMap, a Secret, an environment variable or user data.
   An object of Kubernetes is named by ``name_object(kind, row)``: ``Deployment shop/web``.
3. Add a case to ``tests/unit/plugins/module_utils/audit/cases/``: by the rule's name what its function is given in a bad case, the resources
   expected of it, and what it is given in a good case. A test fails for a rule without a case.
   ``tests/integration/test_audit_of_a_bad_cluster.py`` plants it in a real cluster, or has a row that says why it cannot.
4. ``tools/audit_rules_doc.py`` writes the list of rules in the guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CRITICAL, HIGH, MEDIUM, LOW, INFO = SEVERITIES = ("critical", "high", "medium", "low", "info")
PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = VERDICTS = ("passed", "failed", "unknown", "not_applicable")
PREFIX = "KUMO-"

Row = dict[str, Any]
Hits = Iterator[tuple[str, str]]
Task = tuple[str, Row]


class NotApplicable(Exception):
    """There is nothing that the rule could look at; the message says what."""


class Undecided(Exception):
    """What was read does not tell; the message says why."""


@dataclass(frozen=True)
class Rule:
    """A rule.

    Args:
        key: its ID without the prefix, the letter of its family first.
        name: its speaking name.
        title: what is right, in a short clause.
        reads: names of the sources that ``check`` takes.
        check: yields (resource, evidence) for each violation.
        why: what a violation leads to.
        remedy: what to do about it.
        task: a module of this collection and its options. ``{cluster}``, ``{region}`` and ``{name}`` (the last word of the resource) are filled in.
        references: checks of the same kind, as "TOOL ID", and pages of AWS, as "EKS user guide PAGE" and "EKS best practices PAGE".
    """

    key: str
    name: str
    severity: str
    title: str
    reads: tuple[str, ...]
    check: Callable[..., Hits] = field(repr=False)
    why: str
    remedy: str
    task: Task | None = None
    references: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return PREFIX + self.key

    @property
    def family(self) -> str:
        """The letter of its family."""
        return self.key[0]


def rule(
    key: str,
    severity: str,
    title: str,
    *,
    reads: tuple[str, ...],
    why: str,
    remedy: str,
    task: Task | None = None,
    references: tuple[str, ...] = (),
) -> Callable[[Callable[..., Hits]], Rule]:
    """Make a rule of a generator: see the top of this file."""

    def build(check: Callable[..., Hits]) -> Rule:
        return Rule(key, check.__name__, severity, title, reads, check, why, remedy, task, references)

    return build


def name_cluster(cluster: Row) -> str:
    """The cluster as the resource of a finding."""
    return f"Cluster {cluster['name']}"


def name_object(kind: str, row: Row) -> str:
    """An object of Kubernetes as the resource of a finding: "Deployment shop/web", "Node ip-10-0-0-1"."""
    about = row["metadata"]
    return f"{kind} {about['namespace']}/{about['name']}" if about.get("namespace") else f"{kind} {about['name']}"
