# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules an audit has: rule_set, families, named and skipped ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.kumo.eks.plugins.module_utils.audit.families import CUSTOM, FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import INFO, PREFIX, Rule
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import suggest_name

ALL, CIS, BEST_PRACTICES = RULE_SETS = ("all", "cis", "best_practices")
CIS_REFERENCE = "CIS EKS "
# What a cluster costs, what is near a limit and what was left behind are not about how it is set up
NOT_PRACTICES = ("L", "M", "O")


def select_rules(
    rules: Iterable[Rule], rule_set: str, families: list[str], only: list[str], skip: list[str]
) -> list[Rule]:
    """The rules of an audit.

    Args:
        rule_set: one of RULE_SETS.
        families: names of FAMILIES; empty for all.
        only: IDs or names, empty for all. Those are taken whatever the rule_set.
        skip: IDs or names.

    Raises:
        ValidationError: no rule has one of the IDs or names, or none is left.
    """
    known = list(rules)
    wanted, unwanted = find_keys(known, only, "only"), find_keys(known, skip, "skip")
    if only:
        chosen = [rule for rule in known if rule.key in wanted]
    else:
        chosen = [rule for rule in known if is_in_set(rule, rule_set)]
    left = [rule for rule in chosen if rule.key not in unwanted and (not families or FAMILIES[rule.family] in families)]
    if not left:  # an audit without a rule would find nothing, as one of a cluster without faults
        raise ValidationError(
            f"skip: with {describe_choice(rule_set, families, only, skip)} no rule is left. Skip fewer, or choose more."
        )
    return left


def describe_choice(rule_set: str, families: list[str], only: list[str], skip: list[str]) -> str:
    """The options that choose rules, for a message."""
    lists = {"families": families, "only": only, "skip": skip}
    return ", ".join([f"rule_set={rule_set}", *(f"{name}={','.join(words)}" for name, words in lists.items() if words)])


def is_in_set(rule: Rule, rule_set: str) -> bool:
    """Whether a rule belongs to a set. Rules of users belong to all."""
    if rule.family == CUSTOM:
        return True
    if rule_set == CIS:
        return any(reference.startswith(CIS_REFERENCE) for reference in rule.references)
    if rule_set == BEST_PRACTICES:
        return rule.family not in NOT_PRACTICES and rule.severity != INFO
    return True


def find_keys(rules: list[Rule], wanted: list[str], option: str) -> set[str]:
    """The keys of rules by their IDs or names."""
    keys = {word: rule.key for rule in rules for word in (rule.id, rule.name, rule.key)}
    for word in wanted:
        if word not in keys:
            hint = suggest_name(word, [rule.name for rule in rules])
            raise ValidationError(
                f"{option}: {word!r} is not the ID or name of a rule, like {PREFIX}A05 or endpoint_public.{hint}"
            )
    return {keys[word] for word in wanted}
