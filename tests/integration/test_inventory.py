# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of clusters, against a sandbox with clusters in several regions."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.utils.display import Display
from support.bad_inputs import plugins
from support.bad_inputs.row import BadInput
from support.plugins import find_collections

from kumo_sandbox import Sandbox, ground

REGIONS = ("ap-northeast-1", "eu-west-1", "us-east-1")
DISABLED = "me-south-1"
COUNT = 20
HEAD = {"plugin": "kumo.eks.eks", "regions": list(REGIONS)}
CONSTRUCTED = {
    "keyed_groups": [{"key": "eks_cluster_info.tags.Team | default('')", "prefix": "team", "default_value": "none"}],
    "groups": {"even": "eks_cluster_info.tags.Number | int % 2 == 0"},
    "compose": {"endpoint": "eks_cluster_info.endpoint", "label": "eks_cluster_name ~ '/' ~ eks_region"},
}


@pytest.fixture(scope="module", autouse=True)
def loaders() -> Iterator[None]:
    with find_collections():
        yield


class Fleet:
    """Clusters in an account of the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.role = ground.create_role(
            sandbox.client("iam"), "eksClusterRole", "eks.amazonaws.com", ground.CLUSTER_POLICIES
        )
        self._subnets: dict[str, list[str]] = {}

    def client(self, service: str, region: str) -> Any:
        keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), self.sandbox.keys, strict=True))
        return boto3.client(service, region_name=region, endpoint_url=self.sandbox.endpoint, **keys)

    def subnets(self, region: str) -> list[str]:
        if region not in self._subnets:
            ec2 = self.client("ec2", region)
            vpc = ground.create_vpc(ec2)
            self._subnets[region] = ground.create_subnets(ec2, vpc, "ac", region)
            ground.open_way_out(ec2, vpc)
        return self._subnets[region]

    def create(self, name: str, region: str, version: str = "1.33", **tags: str) -> None:
        place = {"subnetIds": self.subnets(region)}
        self.client("eks", region).create_cluster(
            name=name, version=version, roleArn=self.role, resourcesVpcConfig=place, tags=tags
        )

    def count_calls(self, act: Callable[[], Any]) -> tuple[Any, Counter[str]]:
        so_far = len(self.sandbox.calls())
        answer = act()
        return answer, Counter(call["operation"] for call in self.sandbox.calls()[so_far:])


@pytest.fixture
def fleet(sandbox: Sandbox) -> Fleet:
    return Fleet(sandbox)


@pytest.fixture
def twenty(fleet: Fleet) -> Fleet:
    """Twenty clusters in three regions, of two versions; every third one belongs to a team."""
    for number in range(COUNT):
        team = {} if number % 3 else {"Team": "core"}
        version = "1.34" if number % 2 else "1.33"
        fleet.create(f"cluster-{number}", REGIONS[number % 3], version, Number=str(number), **team)
    return fleet


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, message, *_more, **_options: seen.append(str(message)))
    return seen


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., InventoryData]:
    """read(regions=[...]) -> the inventory of a configuration file with these options beside HEAD's."""

    def run(**options: Any) -> InventoryData:
        path = tmp_path / "my.eks.yml"
        path.write_text(yaml.safe_dump({**HEAD, **options}))
        plugin = inventory_loader.get("kumo.eks.eks")
        assert plugin.verify_file(str(path))
        inventory = InventoryData()
        plugin.parse(inventory, DataLoader(), str(path))
        if options.get("cache"):
            plugin.update_cache_if_changed()
        inventory.reconcile_inventory()
        return inventory

    return run


def list_hosts(inventory: InventoryData, group: str) -> list[str]:
    return sorted(host.name for host in inventory.groups[group].get_hosts())


def test_twenty_clusters_in_three_regions(twenty, read, tmp_path):
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    inventory, calls = twenty.count_calls(lambda: read(**cache, **CONSTRUCTED))
    assert calls == {"ListClusters": 3, "DescribeCluster": COUNT, "DescribeClusterVersions": 1}
    names = {f"cluster-{number}.{REGIONS[number % 3]}" for number in range(COUNT)}
    assert set(list_hosts(inventory, "eks_clusters")) == names
    assert {
        host for region in REGIONS for host in list_hosts(inventory, f"eks_region_{region.replace('-', '_')}")
    } == names
    assert list_hosts(inventory, "eks_region_eu_west_1") == sorted(name for name in names if "eu-west-1" in name)
    assert len(list_hosts(inventory, "eks_version_1_33")) == len(list_hosts(inventory, "eks_version_1_34")) == 10
    rows = twenty.client("eks", REGIONS[0]).describe_cluster_versions()["clusterVersions"]
    extended = [row["clusterVersion"] for row in rows if row["versionStatus"] == "EXTENDED_SUPPORT"]
    old = [
        host
        for version in ("1.33", "1.34")
        if version in extended
        for host in list_hosts(inventory, f"eks_version_{version.replace('.', '_')}")
    ]
    assert list_hosts(inventory, "eks_extended_support") == sorted(old) != []
    assert list_hosts(inventory, "eks_tag_Team_core") == list_hosts(inventory, "team_core")
    assert len(list_hosts(inventory, "team_core")) == 7 and len(list_hosts(inventory, "team_none")) == 13
    assert len(list_hosts(inventory, "even")) == 10
    host = inventory.get_host("cluster-1.eu-west-1").vars
    assert (host["eks_cluster_name"], host["eks_region"], host["eks_account_id"]) == (
        "cluster-1",
        "eu-west-1",
        "123456789012",
    )
    assert (host["ansible_connection"], host["label"]) == ("local", "cluster-1/eu-west-1")
    assert host["eks_cluster_info"]["arn"] == "arn:aws:eks:eu-west-1:123456789012:cluster/cluster-1"
    assert host["endpoint"] == host["eks_cluster_info"]["endpoint"]
    assert host["eks_support_status"] == ("extended_support" if "1.34" in extended else "standard_support")
    assert host["eks_version_info"]["cluster_version"] == "1.34"
    assert "eks_nodegroup_info" not in host and "eks_module_defaults" not in host
    # A second run calls nothing. Groups are made of what is cached, so that their options count at once
    again, calls = twenty.count_calls(
        lambda: read(**cache, groups={"odd": "eks_cluster_info.tags.Number | int % 2 == 1"})
    )
    assert calls == {}
    assert set(list_hosts(again, "eks_clusters")) == names and len(list_hosts(again, "odd")) == 10
    stored = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert "cluster-7" in stored and not any(key in stored for key in twenty.sandbox.keys)


def test_ansible_inventory_lists_it(fleet, tmp_path):
    """As a user calls it, and as AWX does."""
    fleet.create("one", "eu-west-1", Team="{{ 1 + 1 }}")
    path = tmp_path / "my.eks.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "nodes": True}))
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(path), "--list", "--export"]
    env = {**os.environ, "ANSIBLE_HOME": str(tmp_path), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert listed["eks_clusters"]["hosts"] == listed["eks_region_eu_west_1"]["hosts"] == ["one.eu-west-1"]
    assert set(listed["all"]["children"]) >= {"eks_clusters", "eks_region_eu_west_1", "eks_version_1_33"}
    variables = listed["_meta"]["hostvars"]["one.eu-west-1"]
    assert variables["eks_cluster_name"] == "one"
    # Texts of others are never templates; that is all that is marked, as AWX takes plain texts
    assert variables["eks_cluster_info"]["tags"] == {"Team": {"__ansible_unsafe": "{{ 1 + 1 }}"}}


def test_one_name_in_two_regions(fleet, read):
    fleet.create("same", "eu-west-1")
    fleet.create("same", "us-east-1")
    inventory = read()
    assert list_hosts(inventory, "eks_clusters") == ["same.eu-west-1", "same.us-east-1"]
    assert inventory.get_host("same.us-east-1").vars["eks_region"] == "us-east-1"
    assert list_hosts(read(hostname="eks_region ~ '-' ~ eks_cluster_name"), "eks_clusters") == [
        "eu-west-1-same",
        "us-east-1-same",
    ]
    with pytest.raises(
        AnsibleError, match="hostname: clusters .*eu-west-1.* and .*us-east-1.* would both be the host same"
    ):
        read(hostname="eks_cluster_name")


@pytest.fixture
def limited(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """limited(statement, ...): from now on the environment's user may do what the statements allow, and nothing else."""

    def become(*statements: dict[str, Any]) -> None:
        iam = fleet.sandbox.client("iam")
        iam.create_user(UserName="reader")
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Resource": "*", **row} for row in statements],
        }
        iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=json.dumps(document))
        keys = iam.create_access_key(UserName="reader")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        fleet.sandbox.set_enforce_iam(True)

    return become


def test_a_region_that_is_denied_is_named(fleet, read, limited, warnings):
    for region in REGIONS:
        fleet.create("one", region)
    only = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}
    limited({"Action": ["eks:ListClusters", "eks:DescribeCluster"], "Condition": only})
    assert list_hosts(read(), "eks_clusters") == ["one.eu-west-1", "one.us-east-1"]
    denied = [text for text in warnings if text.startswith("region ap-northeast-1: eks:ListClusters is denied.")]
    assert len(denied) == 1 and denied[0].endswith("Its clusters are missing.")
    assert any(
        "support status of Kubernetes versions is unknown, as eks:DescribeClusterVersions is denied" in text
        for text in warnings
    )
    with pytest.raises(AnsibleError, match="region ap-northeast-1: eks:ListClusters is denied"):
        read(unreadable="fail")
    with pytest.raises(AnsibleError, match="The EKS clusters cannot be read: AccessDeniedException"):
        read(regions=["ap-northeast-1"])  # an empty inventory would be taken for an empty account


def test_a_cluster_that_is_denied_is_named(fleet, read, limited, warnings):
    fleet.create("open", "eu-west-1")
    fleet.create("closed", "eu-west-1")
    limited(
        {"Action": ["eks:ListClusters", "eks:DescribeClusterVersions"]},
        {"Action": "eks:DescribeCluster", "Resource": "arn:aws:eks:*:*:cluster/open"},
    )
    assert list_hosts(read(regions=["eu-west-1"]), "eks_clusters") == ["open.eu-west-1"]
    assert [text for text in warnings if "cluster closed is missing, as eks:DescribeCluster is denied" in text]


def test_a_region_that_is_not_enabled_is_named_also_from_the_cache(fleet, read, warnings, tmp_path):
    fleet.create("one", "eu-west-1")
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    for number in (1, 2):
        assert list_hosts(read(regions=["eu-west-1", DISABLED], **cache), "eks_clusters") == ["one.eu-west-1"]
        assert (
            len([text for text in warnings if f"region {DISABLED}: EKS does not accept the credentials" in text])
            == number
        )


def test_all_regions_are_those_of_the_account(fleet, read, limited, warnings):
    fleet.create("one", "sa-east-1")
    inventory, calls = fleet.count_calls(lambda: read(regions=["all"]))
    assert list_hosts(inventory, "eks_clusters") == ["one.sa-east-1"]
    assert calls["DescribeRegions"] == 1 and calls["ListClusters"] > 10 and warnings == []
    limited({"Action": "eks:*"})
    assert list_hosts(read(regions=["all"]), "eks_clusters") == ["one.sa-east-1"]
    assert warnings[0].startswith("The enabled regions are unknown") and "ec2:DescribeRegions is denied" in warnings[0]
    assert any(DISABLED in text for text in warnings[1:])


def test_throttled_calls_are_repeated(fleet, read):
    for number in range(3):
        fleet.create(f"cluster-{number}", "eu-west-1")
    fleet.sandbox.add_fault(kind="throttle", service="eks", operation="*", every=2, count=5)
    assert len(list_hosts(read(), "eks_clusters")) == 3


def test_accounts_are_profiles_and_roles(fleet, read, monkeypatch, tmp_path, warnings):
    fleet.create("one", "eu-west-1")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = fleet.sandbox.client("iam").create_role(RoleName="inventory", AssumeRolePolicyDocument=document)["Role"][
        "Arn"
    ]
    key, secret = fleet.sandbox.keys
    (tmp_path / "credentials").write_text(f"[main]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    so_far = len(fleet.sandbox.calls())
    inventory = read(
        accounts=[{"profile": "main"}, {"profile": "main", "assume_role_arn": role, "external_id": "my-company"}]
    )
    callers = {call["principal"] for call in fleet.sandbox.calls()[so_far:] if call["operation"] == "ListClusters"}
    assert len(callers) == 2 and any("assumed-role/inventory/kumo-eks" in caller for caller in callers)
    # Both see the cluster, and it is one host
    assert list_hosts(inventory, "eks_clusters") == ["one.eu-west-1.123456789012"]
    variables = inventory.get_host("one.eu-west-1.123456789012").vars
    assert variables["eks_module_defaults"] == {"profile": "main"}
    by_role = read(accounts=[{"assume_role_arn": role}])
    assert "eks_module_defaults" not in by_role.get_host("one.eu-west-1.123456789012").vars
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    by_profile = read(profile="main")
    assert by_profile.get_host("one.eu-west-1").vars["eks_module_defaults"] == {"profile": "main"}
    with pytest.raises(AnsibleError, match=r"profile: The config profile \(nobody\) could not be found"):
        read(accounts=[{"profile": "nobody"}])


def list_examples() -> list[dict[str, Any]]:
    """The inventories of the plugin's examples and of docs/fleets.md."""
    plugin = inventory_loader.get("kumo.eks.eks")
    page = (Path(__file__).parents[2] / "docs/fleets.md").read_text()
    blocks = re.findall(r"^```yaml use\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    texts = [sys.modules[type(plugin).__module__].EXAMPLES, *blocks]
    found = [document for text in texts for document in yaml.safe_load_all(text) if isinstance(document, dict)]
    return [document for document in found if "plugin" in document]


def test_the_examples_are_inventories(fleet, read, monkeypatch, tmp_path):
    fleet.create("one", "ap-northeast-1", Environment="production")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    fleet.sandbox.client("iam").create_role(RoleName="inventory", AssumeRolePolicyDocument=document)
    key, secret = fleet.sandbox.keys
    keys = f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    (tmp_path / "credentials").write_text(f"[production]\n{keys}[staging]\n{keys}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("HOME", str(tmp_path))
    examples = list_examples()
    assert len(examples) == 5
    for number, example in enumerate(examples):
        cache = {"cache_connection": str(tmp_path / f"cache-{number}")} if example.get("cache") else {}
        inventory = read(**{**example, **cache})
        assert len(list_hosts(inventory, "eks_clusters")) == 1, example
        assert ("env_production" in inventory.groups) == ("keyed_groups" in example)


def test_node_groups_and_nodes_on_request(fleet, read):
    fleet.create("one", "eu-west-1")
    fleet.create("two", "eu-west-1")
    iam = fleet.sandbox.client("iam")
    node_role = ground.create_role(iam, "eksNodeRole", "ec2.amazonaws.com", ground.NODE_POLICIES)
    eks = fleet.client("eks", "eu-west-1")
    eks.create_nodegroup(
        clusterName="one",
        nodegroupName="workers",
        nodeRole=node_role,
        subnets=fleet.subnets("eu-west-1"),
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
    )
    inventory, calls = fleet.count_calls(lambda: read(regions=["eu-west-1"], nodegroups=True, nodes=True))
    assert calls == {
        "ListClusters": 1,
        "DescribeCluster": 2,
        "DescribeClusterVersions": 1,
        "ListNodegroups": 2,
        "DescribeNodegroup": 1,
        "DescribeInstances": 1,
    }
    groups = inventory.get_host("one.eu-west-1").vars["eks_nodegroup_info"]
    assert [group["nodegroup_name"] for group in groups] == ["workers"]
    assert inventory.get_host("two.eu-west-1").vars["eks_nodegroup_info"] == []
    nodes = list_hosts(inventory, "eks_nodes")
    assert len(nodes) == 2 and list_hosts(inventory, "eks_nodes_of_one_eu_west_1") == nodes
    node = inventory.get_host(nodes[0]).vars
    assert (node["eks_node_info"]["cluster_name"], node["eks_node_info"]["nodegroup_name"]) == ("one", "workers")
    assert node["ansible_host"] == node["eks_node_info"]["private_ip_address"]
    assert not {"eks_cluster_name", "eks_region"} & set(node)
    assert set(list_hosts(inventory, "eks_clusters")).isdisjoint(nodes)


WRONG = (
    ({"group_by": ["vpc"]}, "Invalid value ['vpc'] for config 'group_by'"),
    ({"unreadable": "ignore"}, "Invalid value 'ignore' for config 'unreadable'"),
    ({"hostname": "eks_cluster_info.tags"}, "hostname: eks_cluster_info.tags is {} for one. It must be text."),
    ({"hostname": "1 +"}, "hostname: 1 + is not valid for one"),
    ({"strict": True, "compose": {"x": "nothing.there"}}, "Could not set x for host one.eu-west-1"),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in plugins.INVENTORY])
def test_a_mistake_in_the_file_is_refused_without_a_call(row: BadInput, sandbox, read):
    so_far = len(sandbox.calls())
    with pytest.raises(AnsibleError) as refused:
        read(**row.given)
    assert row.find_unsaid(str(refused.value), {}) == [] and sandbox.calls()[so_far:] == [], refused.value


def test_wrong_values_and_expressions_are_refused(fleet, read):
    fleet.create("one", "eu-west-1")
    for options, message in WRONG:
        with pytest.raises(AnsibleError) as refused:
            read(**options)
        assert message in str(refused.value)


def test_a_region_is_required(fleet, read, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AnsibleError, match="regions: is required, as neither region, the environment"):
        read(regions=None)


def test_the_region_of_the_environment_is_the_default(fleet, read):
    fleet.create("one", "ap-northeast-1")
    inventory, calls = fleet.count_calls(lambda: read(regions=None))
    assert list_hosts(inventory, "eks_clusters") == ["one.ap-northeast-1"] and calls["ListClusters"] == 1


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("eks.yml", True), ("prod.eks.yaml", True), ("eks.ini", False), ("aws_ec2.yml", False)],
)
def test_the_name_of_the_file_decides(tmp_path, name, is_ours):
    path = tmp_path / name
    path.write_text("plugin: kumo.eks.eks\n")
    assert inventory_loader.get("kumo.eks.eks").verify_file(str(path)) is is_ours
