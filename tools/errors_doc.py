# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/errors.md from the kinds of failures in the code and what tools/errors.yml says of them.

Run it with the project's Python after a change of either: .venv/bin/python tools/errors_doc.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import ISSUE_CODES, KINDS
from ansible_collections.kumo.eks.plugins.module_utils.core.tables import format_markdown_table

ROOT = Path(__file__).parents[1]
PAGE, WORDS = ROOT / "docs" / "errors.md", ROOT / "tools" / "errors.yml"
HEAD = """\
# What went wrong

A task that fails says in its message what happened and what to do. Two fields of its result lead here: `error_kind` is one of the {kinds} kinds below, and
`help` the address of its section. They are shown with the result on the screen and in AWX. Filters, lookups and inventories, which have no result,
put the address at the end of the message.

```yaml use
- name: Upgrade, and report a closed gate
  block:
    - name: Upgrade the cluster
      kumo.eks.eks_upgrade:
        cluster_name: production
        kubernetes_version: "1.35"
  rescue:
    - name: Say which gate is closed
      ansible.builtin.fail:
        msg: "{{{{ ansible_failed_result.msg }}}}"
      when: ansible_failed_result.error_kind == "gate-closed"
```

A task on a list has the kind of the first item that failed, and each item in the result has its own. Kinds do not change between versions.
"""
ISSUES_HEAD = """\
## Issue codes of EKS

EKS gives a code for what is wrong with a cluster, node group, Fargate profile, add-on or capability, and for an update that failed. A failed wait
has the code in its message, and `help` leads to its section. `kumo.eks.eks_health_info` shows the present issues of a cluster.
"""


def read_words() -> dict[str, Any]:
    return yaml.safe_load(WORDS.read_text())


def build_page() -> str:
    """The whole page."""
    words = read_words()
    lines = [HEAD.format(kinds=len(KINDS))]
    for group, kinds in words["groups"].items():
        lines += [f"## {group}", ""]
        for kind in kinds:
            lines += build_section(kind, words["kinds"][kind])
    lines += [ISSUES_HEAD]
    for code in ISSUE_CODES:
        about = words["issues"][code]
        lines += [f"### {code}", "", f"{about['means']} {about['cure']}", ""]
    return "\n".join(lines)


def build_section(kind: str, about: dict[str, Any]) -> Iterator[str]:
    """A kind: its anchor is that of its heading."""
    yield from (f"### {kind.replace('-', ' ').capitalize()}", "", f"`{kind}`: {about['means']}", "")
    yield from (*format_markdown_table(("cause", "what to do"), about["rows"].items()), "")


if __name__ == "__main__":
    PAGE.write_text(build_page())
    print(f"{PAGE.name}: {len(KINDS)} kinds, {len(ISSUE_CODES)} issue codes")
