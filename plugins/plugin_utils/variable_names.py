# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that look like those of this collection, and are none: Ansible says nothing of a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path

PREFIX = "eks_"
NAME = re.compile(r"\beks_[a-z0-9_]+")
ROOT = Path(__file__).parents[2]
# Where a variable is used or made
FILES = ("playbooks/**/*.yml", "roles/*/*/*.yml", "plugins/inventory/*.py")
SIMILAR = 0.85  # of difflib, from which a name is taken for a slip; users have variables of their own


def find_misspelt(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable of a play that differs from one of this collection by little."""
    known = list_known()
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known:
            for meant in get_close_matches(name, known, n=1, cutoff=SIMILAR):
                yield f"{name}: no role or playbook of kumo.eks has this variable, so it is not used. Did you mean {meant}?"


@cache
def list_known() -> frozenset[str]:
    """The names in the playbooks and roles, and those that the inventory plugin gives its hosts."""
    texts = (path.read_text(encoding="utf-8") for pattern in FILES for path in ROOT.glob(pattern))
    return frozenset(name for text in texts for name in NAME.findall(text))
