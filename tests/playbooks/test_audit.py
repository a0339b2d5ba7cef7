# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""audit.yml: reports in all formats, the threshold, the comparison with an earlier run, and remedies that are shown before they are applied."""

from __future__ import annotations

import json

import pytest

NAME, REGION = "my-cluster", "ap-northeast-1"
PLACE = {"eks_cluster_name": NAME, "eks_region": REGION, "eks_audit_kubernetes": False}
SAFE = ["deletion_protection", "endpoint_private", "control_plane_logs", "log_retention", "zonal_shift"]


@pytest.fixture
def cluster(sandbox, ground):
    sandbox.clock.set_speed("instant")
    place = {"subnetIds": ground["subnets"]}
    sandbox.client("eks").create_cluster(name=NAME, version="1.34", roleArn=ground["role"], resourcesVpcConfig=place)


def test_reports_and_threshold(cluster, play, tmp_path):
    files = {f"eks_audit_{kind}_file": f"audit.{kind}" for kind in ("json", "markdown", "html", "sarif", "junit")}
    found = play("kumo.eks.audit", **PLACE, **files, eks_audit_fail_on="high")
    found.assert_refused("of them high or more severe")
    data = json.loads((tmp_path / "audit.json").read_text())
    (one,) = data["clusters"]
    assert (data["format"], one["cluster_name"], one["host"]) == (1, NAME, "localhost") and "failed" not in one
    assert "endpoint_public" in {row["name"] for row in one["findings"]}
    assert json.loads((tmp_path / "audit.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "audit.junit").read_text().startswith("<?xml")
    assert (tmp_path / "audit.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "audit.html").stat().st_mode & 0o777 == 0o600
    exception = {"rule": "endpoint_public", "reason": "a test", "until": "2999-01-01"}
    options = {
        "eks_audit_previous_file": "audit.json",
        "eks_audit_only": ["endpoint_public"],
        "eks_audit_fail_on": "high",
    }
    again = play("kumo.eks.audit", **PLACE, **options, eks_audit_exceptions=[exception]).assert_ok()
    assert "0 new" in again.output and "1 still there" in again.output and "1 finding excepted" in again.output


def test_remedies(cluster, play, sandbox):
    eks = sandbox.client("eks")
    options = {"eks_audit_remediate": True, "eks_audit_only": SAFE}
    shown = play("kumo.eks.audit", "--check", "--diff", **PLACE, **options).assert_ok()
    assert shown.changed == 1 and "deletion_protection" in shown.output
    assert not eks.describe_cluster(name=NAME)["cluster"]["deletionProtection"]
    done = play(
        "kumo.eks.audit",
        **PLACE,
        **options,
        eks_audit_exceptions=[{"rule": "endpoint_private", "reason": "x", "until": "2999-01-01"}],
    )
    assert done.assert_ok().changed == 1
    raw = eks.describe_cluster(name=NAME)["cluster"]
    assert raw["deletionProtection"] and raw["logging"]["clusterLogging"][0]["enabled"]
    assert not raw["resourcesVpcConfig"]["endpointPrivateAccess"]  # it is excepted
    assert "zonal_shift" in done.output and "deletion_protection" not in done.output  # it was audited again
    assert "zonalShiftConfig" not in raw  # what is not safe is left to the user


def test_a_cluster_that_is_not_there(play, sandbox):
    found = play("kumo.eks.audit", **PLACE, eks_audit_fail_on="critical")
    found.assert_refused("cluster my-cluster does not exist", "not audited", "1 cluster was not audited")
    without = play("kumo.eks.audit", **PLACE)
    without.assert_refused(
        "1 cluster was not audited. Evaluate the rules: cluster_name: cluster my-cluster does not exist"
    )


def test_a_file_that_is_no_audit_is_refused_before_the_audit(play, sandbox, tmp_path):
    (tmp_path / "old.json").write_text("root:x:0:0")
    found = play("kumo.eks.audit", **PLACE, eks_audit_previous_file="old.json")
    found.assert_refused("old.json is not the JSON of an audit", "errors.md#invalid-option")
    assert "root:x" not in found.output and sandbox.calls() == []
