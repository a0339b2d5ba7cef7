# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""audit.yml and cost.yml over an inventory: one cluster is read, one is not reached, and one may not be read. The reports say which is which."""

from __future__ import annotations

import json

import pytest
import yaml

pytestmark = pytest.mark.extended
REGION = "ap-northeast-1"
READ, LOST, CLOSED = "read.tokyo", "lost.tokyo", "closed.tokyo"


@pytest.fixture
def inventory(sandbox, ground, tmp_path):
    sandbox.clock.set_speed("instant")
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    for host in (READ, LOST, CLOSED):
        name = host.partition(".")[0]
        eks.create_cluster(
            name=name, version="1.34", roleArn=ground["role"], resourcesVpcConfig={"subnetIds": ground["subnets"]}
        )
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    defaults = {
        LOST: {"endpoint_url": "http://127.0.0.1:9"},
        CLOSED: {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]},
    }
    hosts = {
        host: {
            "eks_cluster_name": host.partition(".")[0],
            "eks_region": REGION,
            "eks_module_defaults": defaults.get(host, {}),
        }
        for host in (READ, LOST, CLOSED)
    }
    folder = tmp_path / "inventory"
    folder.mkdir(exist_ok=True)  # run_fleet makes it, too
    (folder / "fleet.yml").write_text(yaml.safe_dump({"fleet": {"hosts": hosts}}))
    sandbox.set_enforce_iam(True)
    yield
    sandbox.set_enforce_iam(False)


def test_an_audit_says_what_was_not_looked_at(run_fleet, inventory, tmp_path):
    files = {"eks_audit_json_file": "audit.json", "eks_audit_sarif_file": "audit.sarif"}
    counts, output = run_fleet("kumo.eks.audit", eks_hosts="fleet", **files)
    rows = {row["host"]: row for row in json.loads((tmp_path / "audit.json").read_text())["clusters"]}
    assert set(rows) == {READ, LOST, CLOSED}
    assert rows[READ]["findings"] and not rows[READ]["error"]
    for host, words in ((LOST, "127.0.0.1:9"), (CLOSED, "eks:DescribeCluster")):
        assert words in rows[host]["error"], rows[host]["error"]
        assert rows[host]["findings"] == [] == rows[host]["checks"]
    # The sandbox has no Kubernetes here: what only its API says is unknown, and has not passed
    unknown = [row for row in rows[READ]["checks"] if row["verdict"] == "unknown"]
    assert "privileged_container" in {row["name"] for row in unknown} and all(row["reason"] for row in unknown)
    flat = " ".join(output.split())
    assert f"findings in read ({REGION})" in flat and "2 clusters were not audited" in flat
    assert counts["localhost"]["failed"] == 1
    counts, output = run_fleet("kumo.eks.audit", eks_hosts="fleet", eks_audit_fail_on="critical")
    assert counts["localhost"]["failed"] == 1 and "2 clusters were not audited" in output


def test_costs_are_a_lower_limit(run_fleet, inventory, tmp_path):
    counts, output = run_fleet("kumo.eks.cost", eks_hosts="fleet", eks_cost_json_file="cost.json")
    rows = {row["host"]: row for row in json.loads((tmp_path / "cost.json").read_text())}
    assert rows[READ]["total"]["monthly"] > 0 and not rows[READ]["error"]
    assert "127.0.0.1:9" in rows[LOST]["error"] and "eks:DescribeCluster" in rows[CLOSED]["error"]
    assert "total" not in rows[LOST] and "total" not in rows[CLOSED]
    flat = " ".join(output.split())
    assert "Total of 1 cluster: at least" in flat
    assert f"{LOST} could not be priced" in flat and f"{CLOSED} could not be priced" in flat
    assert counts["localhost"]["failed"] == 1  # the last task, so that a schedule notices
