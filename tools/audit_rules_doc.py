# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/audit-rules.md from the registry of rules and the catalog of sources.

Run it with the project's Python after a change of rules: .venv/bin/python tools/audit_rules_doc.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.kumo.eks.plugins.module_utils.audit.families import CUSTOM, FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import Rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.selection import BEST_PRACTICES, CIS, is_in_set
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.catalog import SOURCES
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import format_markdown_table

PAGE = Path(__file__).parents[1] / "docs" / "audit-rules.md"
HEAD = """\
# The rules of the audit

`kumo.eks.audit` and the module `eks_audit_info` evaluate {count} rules: {cis} in the set `cis`, {practices} in `best_practices`. The page
[7b. Audits](guide/07b-audits.md) shows how to use them. Options take the ID or the name of a rule. "See also" names checks of the same kind in other tools.
"""
SOURCES_HEAD = """
## What rules of your own can read

`custom_rules` name these sources in `reads`. Answers of AWS have the names of boto3, and objects of Kubernetes those of their manifests. Values of Secrets and
ConfigMaps and user data cannot be read.
"""


def build_page() -> str:
    """The whole page."""
    counts = {name: sum(is_in_set(rule, name) for rule in RULES) for name in (CIS, BEST_PRACTICES)}
    lines = [HEAD.format(count=len(RULES), cis=counts[CIS], practices=counts[BEST_PRACTICES])]
    for letter, name in FAMILIES.items():
        rules = [rule for rule in RULES if rule.family == letter]
        if rules:
            lines += [
                f"## {name}",
                "",
                *format_markdown_table(("ID", "Name", "Severity", "What is right", "See also"), map(build_row, rules)),
                "",
            ]
    lines += [SOURCES_HEAD.strip(), "", *format_markdown_table(("Source", "What it is"), list_sources()), ""]
    assert CUSTOM in FAMILIES
    return "\n".join(lines)


# Pages that rules refer to by their name
PAGES = {
    "EKS user guide": "https://docs.aws.amazon.com/eks/latest/userguide/{}.html",
    "EKS best practices": "https://docs.aws.amazon.com/eks/latest/best-practices/{}.html",
    "Karpenter compatibility matrix": "https://karpenter.sh/docs/upgrading/compatibility/",
}


def build_row(rule: Rule) -> tuple[str, ...]:
    return (rule.id, f"`{rule.name}`", rule.severity, rule.title, ", ".join(map(link_reference, rule.references)))


def link_reference(reference: str) -> str:
    """A reference to a page of AWS or Karpenter as a link, and that to a check of a tool as it is."""
    for title, address in PAGES.items():
        if reference.startswith(title):
            return f"[{reference}]({address.format(reference.removeprefix(title).strip())})"
    return reference


def list_sources() -> Iterator[tuple[str, str]]:
    for name, source in sorted(SOURCES.items()):
        if not source.is_private:
            yield f"`{name}`", re.sub(r"C\(([^()]*(?:\([^()]*\))?[^()]*)\)", r"`\1`", source.about)


if __name__ == "__main__":
    PAGE.write_text(build_page())
    print(f"{PAGE.name}: {len(RULES)} rules")
