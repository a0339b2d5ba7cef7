# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of make chaos: site.yml and teardown.yml are killed at a point each that a fixed seed draws, and converge."""

from __future__ import annotations

import pytest
from chaos.declarations import ACCOUNT
from chaos.kills import Killer, run_undisturbed
from chaos.place import Place, see_late
from chaos.points import PLAYBOOKS, Point, draw_points, list_points

pytestmark = pytest.mark.extended
SEED = 7


def test_killed_playbooks_converge(sandbox, commands, tmp_path):
    with see_late(sandbox):
        place = Place(sandbox, commands, tmp_path, ACCOUNT)
        undisturbed = run_undisturbed(place)
        killer = Killer(place, undisturbed)
        for playbook in PLAYBOOKS:
            (point,) = draw_points(list_points(playbook, undisturbed.counts[playbook]), 1, SEED)
            assert isinstance(point, Point) and killer.try_point(point), point
