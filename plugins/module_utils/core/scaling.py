# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes of a group of nodes that exists. Pure."""

from __future__ import annotations


def merge_scaling(now: dict[str, int], asked: dict[str, int], enforce: bool) -> dict[str, int]:
    """The sizes with those asked for over them. An autoscaler owns the desired size: it is only moved into new limits.

    Args:
        now, asked: min_size, max_size and desired_size.
        enforce: whether the desired size that is asked for is set.
    """
    sizes = {**now, **asked}
    if enforce and "desired_size" in asked:
        return sizes
    return {**sizes, "desired_size": min(max(now["desired_size"], sizes["min_size"]), sizes["max_size"])}
