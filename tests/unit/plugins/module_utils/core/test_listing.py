# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first


def test_what_is_left_out_is_counted():
    assert format_first([]) == "" and format_first(["a", "b"]) == "a, b"
    assert format_first(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert format_first(["a", "b", "c"], 2, "; ") == "a; b and 1 more"
