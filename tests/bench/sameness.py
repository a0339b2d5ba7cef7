# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two playbooks made the same, by the listings of their accounts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from place import Place

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.account.comparison import compare, normalize
from support.account.listing import leave_out_remains, list_account

# What tells who made a thing, and what each names in its way: tags, descriptions, and which default a policy document spells out.
SIGNATURES = ("Tags", "tags", "TagSet", "Description", "AssumeRolePolicyDocument")


def check_same(ours: Place, theirs: Place) -> None:
    """End the bench where one account has what the other does not have."""
    listings = [normalize(_drop(leave_out_remains(list_account(place.client)))) for place in (ours, theirs)]
    lines = compare(*listings)
    if lines:
        raise SystemExit("the two playbooks did not make the same (first: kumo.eks):\n" + "\n".join(lines))


def _drop(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop(word) for key, word in value.items() if key not in SIGNATURES}
    return [_drop(word) for word in value] if isinstance(value, list) else value
