# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the table of bad inputs as a user types them: site.yml with variables, and with a file."""

from __future__ import annotations

import json

import pytest
from support.bad_inputs.account import build_account
from support.bad_inputs.row import CLUSTER_CONFIG, BadInput, fill
from support.bad_inputs.table import ROWS

BY_ID = {row.id: row for row in ROWS}
CHOSEN = [
    "role eks_network: subnets of two VPCs",
    "role eks_nodegroups: a misspelt option",
    "role eks_addons: an add-on that EKS does not offer",
    "role eks_platform: an unknown component",
    "role eks_helm: a circle",
    "ClusterConfig ClusterConfig: self-managed nodes with the profile alone",
    "ClusterConfig ClusterConfig: an instance type that does not exist",
]
READING = ("Describe", "List", "Get", "AssumeRole")


@pytest.mark.extended
@pytest.mark.parametrize("row", [pytest.param(BY_ID[name], id=name) for name in CHOSEN])
def test_a_mistake_ends_the_play_before_anything_changes(row: BadInput, sandbox, play, tmp_path):
    sandbox.clock.set_speed("instant")  # the account is there from the start
    account = build_account(sandbox)
    given = fill(row.given, account)
    if row.kind == CLUSTER_CONFIG:
        path = tmp_path / "cluster-config.yaml"
        path.write_text(json.dumps(given))
        given = {"eks_cluster_config": str(path)}
    else:
        given = {"eks_cluster_name": "new", "eks_region": "ap-northeast-1", **given}
    sandbox.recorder.clear()
    run = play("kumo.eks.site", **given)
    assert run.recap["failed"] == 1 and run.changed == 0, run.output
    assert row.find_unsaid(run.output, account) == [], run.output
    assert "Traceback" not in run.output
    assert [call for call in sandbox.calls() if not str(call["operation"]).startswith(READING)] == []


@pytest.mark.parametrize("given", [{}, {"eks_cluster_name": " "}])
def test_a_playbook_without_a_cluster_says_how_to_name_it(sandbox, play, given):
    run = play("kumo.eks.audit", **given)
    run.assert_refused("eks_cluster_name: it is not set.", "-e eks_cluster_name=", "errors.md#")
    assert "is undefined" not in run.output and sandbox.calls() == []
