# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the nodes of a replaced node group are drained: the options and their rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems

Row = dict[str, Any]
LEAST = {"max_parallel": 1, "pause": 0, "timeout": 1}


def build_drain_spec() -> Row:
    """The option drain."""
    return dict(
        type="dict",
        default={},
        options=dict(
            max_parallel=dict(type="int", default=1),
            pause=dict(type="int", default=0),
            timeout=dict(type="int", default=3600),
        ),
    )


def find_drain_problems(name: str, drain: Row | None) -> Iterator[str]:
    """Numbers out of their range; ``name`` is what the option is called."""
    for option, least in LEAST.items():
        yield from find_range_problems(f"{name}.{option}", (drain or {}).get(option), least)
