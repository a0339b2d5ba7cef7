# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that users write by mistake, as a table, and how each is put in."""

from __future__ import annotations

from support.bad_inputs import (
    access,
    cluster,
    day_two,
    files,
    fleets,
    identities,
    karpenter,
    nodegroup,
    operations,
    others,
    parts,
    platform,
    plugins,
    roles,
    self_managed,
    takeover,
    waves,
)
from support.bad_inputs.row import BadInput

ROWS: list[BadInput] = [
    *cluster.ROWS,
    *nodegroup.ROWS,
    *parts.ROWS,
    *identities.ROWS,
    *others.ROWS,
    *operations.ROWS,
    *roles.ROWS,
    *access.ROWS,
    *files.ROWS,
    *self_managed.ROWS,
    *platform.ROWS,
    *karpenter.ROWS,
    *takeover.ROWS,
    *plugins.PLAYBOOKS,
    *fleets.ROWS,
    *waves.ROWS,
    *day_two.ROWS,
]
