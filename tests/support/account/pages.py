# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the listings of all services share."""

from __future__ import annotations

from typing import Any

Listing = dict[str, list[Any]]
# States of what AWS still shows and has deleted, or deletes by itself.
GONE = ("deleted", "deleting", "terminated", "shutting-down", "pendingdeletion")


def list_rows(client: Any, operation: str, member: str, **words: Any) -> list[Any]:
    """The rows of all pages of an answer."""
    if not client.can_paginate(operation):
        return getattr(client, operation)(**words)[member]
    return [row for page in client.get_paginator(operation).paginate(**words) for row in page[member]]
