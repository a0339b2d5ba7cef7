# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of those who run playbooks: they are named by the variable, before the work."""

from __future__ import annotations

NAME = "my-cluster"


def test_a_report_that_cannot_be_written_is_refused_before_the_audit(sandbox, play, tmp_path):
    files = {"eks_audit_json_file": "audit.json", "eks_audit_html_file": "reports/audit.html"}
    sandbox.recorder.clear()
    refused = play("kumo.eks.audit", eks_cluster_name=NAME, **files)
    refused.assert_refused(
        f"eks_audit_html_file: reports/audit.html cannot be written, because {tmp_path}/reports does not exist"
    )
    assert sandbox.calls() == [] and not (tmp_path / "audit.json").exists()


def test_a_record_that_cannot_be_written_is_refused_before_the_upgrade(sandbox, play_role, tmp_path):
    options = {
        "eks_upgrade_cluster_name": NAME,
        "eks_upgrade_version": "1.33",
        "eks_upgrade_record_path": "no/record.json",
    }
    sandbox.recorder.clear()
    play_role("eks_upgrade", **options).assert_refused(
        f"eks_upgrade_record_path: no/record.json cannot be written, because {tmp_path}/no"
    )
    assert sandbox.calls() == []


def test_a_misspelt_variable_and_a_pattern_without_hosts(play):
    found = play("kumo.eks.audit", eks_cluster_nam=NAME, eks_hosts="localhost")
    found.assert_refused(
        "eks_cluster_nam: no role or playbook of kumo.eks has this variable", "Did you mean eks_cluster_name?"
    )
    play("kumo.eks.cost", eks_hosts="nobody").assert_refused("eks_hosts matches no host of the inventory")
