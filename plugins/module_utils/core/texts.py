# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts in a value, which are masked where the value is a secret. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def collect_texts(value: Any) -> Iterator[str]:
    """The texts and numbers in a value, as Ansible masks them."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from collect_texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from collect_texts(item)
    elif value is not None and not isinstance(value, bool) and str(value):
        yield str(value)
