# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read, or why it could not be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOT_ASKED = "it was not asked for"


@dataclass
class Read:
    """An answer, or why there is none."""

    value: Any = None
    problem: str = NOT_ASKED

    @property
    def is_known(self) -> bool:
        return not self.problem
