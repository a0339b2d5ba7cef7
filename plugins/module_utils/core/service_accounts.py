# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of a Kubernetes service account, as one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """A service account, or with wildcards a pattern of them."""

    namespace: str
    name: str

    @property
    def is_pattern(self) -> bool:
        return any(sign in self.namespace + self.name for sign in "*?")

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
