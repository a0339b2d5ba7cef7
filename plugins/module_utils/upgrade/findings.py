# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a gate finds. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"


@dataclass(frozen=True)
class Finding:
    """What a gate finds.

    Args:
        evidence: what was read, in a clause each.
        remedy: what to do about it, where it did not pass.
        warnings: what does not close the gate.
    """

    verdict: str
    evidence: list[str]
    remedy: str = ""
    warnings: list[str] = field(default_factory=list)
