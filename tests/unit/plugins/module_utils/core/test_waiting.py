# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking again for a while: the last value is the answer, whether it is the one that was hoped for or not."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core import waiting


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.001)


def test_it_ends_with_the_first_value_that_is_good():
    values = iter([1, 2, 3])

    def look():
        value = next(values)
        return value == 2, value

    assert waiting.poll_for(look, 60) == 2


def test_it_ends_with_the_last_value_where_none_is_good():
    seen = []

    def look():
        seen.append(len(seen))
        return False, seen[-1]

    assert waiting.poll_for(look, 0.02) == seen[-1] > 0


def test_an_exception_ends_it():
    def look():
        raise KeyError("gone")

    with pytest.raises(KeyError):
        waiting.poll_for(look, 60)
