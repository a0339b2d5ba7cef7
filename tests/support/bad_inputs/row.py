# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the table: an input that a user writes by mistake, and what the refusal has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import Template
from typing import Any

MODULE, ROLE, CLUSTER_CONFIG, PLAYBOOK = "module", "role", "ClusterConfig", "playbook"
INVENTORY, LOOKUP = "inventory", "lookup"


@dataclass(frozen=True)
class BadInput:
    """One row.

    Args:
        kind: MODULE, ROLE, CLUSTER_CONFIG, PLAYBOOK, INVENTORY or LOOKUP.
        name: of the module, role or plugin; "ClusterConfig" for a file; for a playbook, the tasks that check its variables.
        about: the mistake, in a few words.
        option: the option's path as the message has to name it.
        value: the value given, or a part of it, as the message has to show it.
        remedy: what is allowed, or what to do.
        given: options of the module, variables of the roles, or fields of the file. "$word" is something of the account.
    """

    kind: str
    name: str
    about: str
    option: str
    value: str
    remedy: str
    given: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}: {self.about}"

    def find_unsaid(self, message: str, account: dict[str, Any]) -> list[str]:
        """What the message does not say."""
        flat = " ".join(message.split())
        return [text for text in (self.option, self.value, self.remedy) if fill(text, account) not in flat]


Make = Callable[..., BadInput]


def module(subject: str, /, **base: Any) -> Make:
    """Rows of one module: make(about, option, value, remedy, **options). ``base`` is what is right; None takes an option away."""
    return _build_maker(MODULE, subject, base)


def role(subject: str, /, **base: Any) -> Make:
    """Rows of one role, whose options are its variables."""
    return _build_maker(ROLE, subject, base)


def cluster_config(**base: Any) -> Make:
    """Rows of a ClusterConfig, whose options are its fields at the root."""
    return _build_maker(CLUSTER_CONFIG, CLUSTER_CONFIG, base)


def playbook(subject: str, /, **base: Any) -> Make:
    """Rows of the variables that some tasks of playbooks check."""
    return _build_maker(PLAYBOOK, subject, base)


def inventory(subject: str, /, **base: Any) -> Make:
    """Rows of an inventory plugin, whose options are in a file."""
    return _build_maker(INVENTORY, subject, base)


def lookup(subject: str, /, **base: Any) -> Make:
    """Rows of a lookup. _terms is what it looks up."""
    return _build_maker(LOOKUP, subject, base)


def _build_maker(kind: str, name: str, base: dict[str, Any]) -> Make:
    def make(about: str, option: str, value: str, remedy: str, /, **given: Any) -> BadInput:
        whole = {key: item for key, item in {**base, **given}.items() if item is not None}
        return BadInput(kind, name, about, option, value, remedy, whole)

    return make


def fill(value: Any, account: dict[str, Any]) -> Any:
    """The value with "$word" as what the account has of that name."""
    if isinstance(value, dict):
        return {key: fill(item, account) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, account) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    return account[value[1:]] if value[1:] in account else Template(value).safe_substitute(account)
