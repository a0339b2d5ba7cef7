# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clusters in one run: the playbooks over the inventory of clusters."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from kumo_sandbox import Sandbox, ground

REGIONS = {"ap-northeast-1": "ac", "eu-west-1": "ab"}
ACCOUNT = "123456789012"
# One name is in both regions
DECLARED = {"one.ap-northeast-1": "one", "one.eu-west-1": "one", "two.eu-west-1": "two"}
CONFIRMED = {"eks_teardown_confirm": "one, two"}


@pytest.fixture
def declared(sandbox: Sandbox, tmp_path: Path, run_fleet: Callable[..., Any]) -> Path:
    """A folder with what a user declares: host names, and variables of a region's group. The network exists."""
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), sandbox.keys, strict=True))
    folder = tmp_path / "inventory"
    groups: dict[str, Any] = {}
    for region, zones in REGIONS.items():
        ec2 = boto3.client("ec2", region_name=region, endpoint_url=sandbox.endpoint, **keys)
        vpc = ground.create_vpc(ec2)
        subnets = {"private": ground.create_subnets(ec2, vpc, zones, region)}
        ground.open_way_out(ec2, vpc)
        variables = {
            "eks_region": region,
            "eks_network_subnets": subnets,
            "eks_cluster_version": "1.33",
            "eks_addons_list": [],
        }
        hosts = {host: {"eks_cluster_name": name} for host, name in DECLARED.items() if host.endswith(region)}
        groups[f"in_{region.replace('-', '_')}"] = {"hosts": hosts, "vars": variables}
    (folder / "declared.yml").write_text(yaml.safe_dump({"fleet": {"children": groups}}))
    return folder


@pytest.mark.extended
def test_a_fleet_from_its_first_run_to_its_end(sandbox, declared, run_fleet):
    counts, output = run_fleet("kumo.eks.site", "--forks", "3", eks_hosts="fleet", eks_serial=2)
    assert {host: row["failed"] for host, row in counts.items()} == dict.fromkeys(DECLARED, 0), output
    assert output.count("PLAY [Create or update an Amazon EKS cluster]") == 2  # two batches
    # From now on the inventory knows them, and what is declared for these hosts still counts
    (declared / "found.eks.yml").write_text(yaml.safe_dump({"plugin": "kumo.eks.eks", "regions": list(REGIONS)}))
    counts, output = run_fleet("kumo.eks.site", "--limit", "eks_region_eu_west_1", eks_hosts="eks_clusters")
    assert {host: (row["changed"], row["failed"]) for host, row in counts.items()} == dict.fromkeys(
        ["one.eu-west-1", "two.eu-west-1"], (0, 0)
    ), output
    counts, output = run_fleet("kumo.eks.cost", eks_hosts="eks_clusters", eks_cost_kubernetes=False)
    assert {host: row["failed"] for host, row in counts.items()} == dict.fromkeys([*DECLARED, "localhost"], 0), output
    assert re.search(r"Total of 3 clusters: .*USD a month", output), output
    counts, output = run_fleet(
        "kumo.eks.teardown", "--forks", "3", eks_hosts="eks_clusters:!two.eu-west-1", **CONFIRMED
    )
    assert {host: row["failed"] for host, row in counts.items()} == {"one.ap-northeast-1": 0, "one.eu-west-1": 0}, (
        output
    )
    assert list_clusters(sandbox) == [("eu-west-1", "two")]


def list_clusters(sandbox: Sandbox) -> list[tuple[str, str]]:
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), sandbox.keys, strict=True))
    clients = [boto3.client("eks", region_name=region, endpoint_url=sandbox.endpoint, **keys) for region in REGIONS]
    return [(eks.meta.region_name, name) for eks in clients for name in eks.list_clusters()["clusters"]]


def test_credentials_of_another_account_create_nothing(sandbox, declared, run_fleet):
    (declared / "wrong.yml").write_text(yaml.safe_dump({"fleet": {"vars": {"eks_account_id": "210987654321"}}}))
    so_far = len(sandbox.calls())
    for playbook in ("kumo.eks.site", "kumo.eks.teardown"):
        counts, output = run_fleet(playbook, "--limit", "two.eu-west-1", eks_hosts="fleet", **CONFIRMED)
        assert counts["two.eu-west-1"]["failed"] == 1, output
        flat = " ".join(output.split())
        assert (
            "eks_account_id: the credentials are of account 123456789012, and the cluster is in account 210987654321"
            in flat
        )
    assert {call["operation"] for call in sandbox.calls()[so_far:]} == {"GetCallerIdentity"}


def test_the_profile_of_a_host_signs_its_calls(sandbox, declared, run_fleet, tmp_path, monkeypatch):
    iam = sandbox.client("iam")
    arn = iam.create_user(UserName="other")["User"]["Arn"]
    keys = iam.create_access_key(UserName="other")["AccessKey"]
    (tmp_path / "credentials").write_text(
        f"[other]\naws_access_key_id = {keys['AccessKeyId']}\naws_secret_access_key = {keys['SecretAccessKey']}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    profile = {"eks_account_id": ACCOUNT, "eks_module_defaults": {"profile": "other"}}
    (declared / "accounts.yml").write_text(yaml.safe_dump({"fleet": {"vars": profile}}))
    so_far = len(sandbox.calls())
    counts, output = run_fleet("kumo.eks.site", "--check", "--limit", "two.eu-west-1", eks_hosts="fleet")
    assert counts["two.eu-west-1"]["failed"] == 0, output
    assert {call["principal"] for call in sandbox.calls()[so_far:]} == {arn}
