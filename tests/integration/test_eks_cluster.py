# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_cluster against the sandbox: the twelve steps, what is refused, and faults."""

from __future__ import annotations

import re

import pytest
from support.bad_inputs.row import fill

NAME = "my-cluster"
NODE_ROLE = "arn:aws:iam::123456789012:role/eksAutoNodeRole"
OWNER = "kumo.eks/ap-northeast-1/my-cluster"
ENTRIES = {"authentication_mode": "API_AND_CONFIG_MAP"}
NETWORKS = {"remote_node_networks": [{"cidrs": ["172.16.0.0/16"]}]}
AUTO = {
    "compute_config": {"enabled": True, "node_pools": ["system"], "node_role_arn": NODE_ROLE},
    "storage_config": {"block_storage": {"enabled": True}},
    "kubernetes_network_config": {"elastic_load_balancing": {"enabled": True}},
}


@pytest.fixture
def cluster(run_module, ground):
    """eks_cluster on this ground: cluster(version="1.34", check=True)."""

    def run(check=False, **options):
        return run_module("eks_cluster", {"name": NAME, **options}, check=check)

    run.base = {"role_arn": ground["role"], "subnets": ground["subnets"], "security_groups": [ground["group"]]}
    return run


@pytest.fixture
def standing(request, cluster, kept_account):
    """A cluster that is ACTIVE at 1.33."""
    result = kept_account.build(request, lambda: cluster(**cluster.base, version="1.33", wait=True))
    assert not result["failed"], result
    return cluster


def sent(sandbox):
    """The EKS operations that were called, without the ones that only look."""
    names = [call["operation"] for call in sandbox.calls("eks")]
    return [name for name in names if not name.startswith(("Describe", "List"))]


def list_rules(sandbox):
    """The blocks of the cluster security group from which something is allowed, with who made the rule."""
    group = sandbox.client("eks").describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    (row,) = sandbox.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ranges = [
        source for one in row["IpPermissions"] for source in (*one.get("IpRanges", []), *one.get("Ipv6Ranges", []))
    ]
    return {source.get("CidrIp") or source["CidrIpv6"]: source.get("Description") for source in ranges}, group


def test_networks_outside_of_the_vpc_reach_the_api_server(sandbox, standing):
    _before, group = list_rules(sandbox)
    own = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    sandbox.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[own])
    cidrs = ["10.9.0.0/16", "2001:db8::/32"]
    planned = standing(check=True, extra_cidrs=cidrs)
    assert planned["changed"] and set(list_rules(sandbox)[0]) == {"192.0.2.0/24"}
    made = standing(extra_cidrs=cidrs)
    assert made["changed"] and made["diff"] == planned["diff"]
    assert list_rules(sandbox)[0] == {"192.0.2.0/24": None, **dict.fromkeys(cidrs, "kumo.eks extra_cidrs")}
    assert not standing(extra_cidrs=cidrs)["changed"] and not standing()["changed"]
    assert standing(extra_cidrs=["10.9.0.0/16"])["diff"]["before"]["extra_cidrs"] == cidrs
    assert standing(extra_cidrs=[])["changed"] and set(list_rules(sandbox)[0]) == {"192.0.2.0/24"}
    refused = standing(extra_cidrs=["10.9.0.1/16"])
    assert refused["failed"] and "extra_cidrs[0]: '10.9.0.1/16' is not a CIDR block" in refused["msg"]


def test_rules_of_a_new_cluster_come_when_it_is_active(sandbox, cluster):
    task = {**cluster.base, "version": "1.33", "extra_cidrs": ["10.9.0.0/16"]}
    planned = cluster(check=True, **task)
    assert planned["diff"]["after"]["extra_cidrs"] == ["10.9.0.0/16"]
    assert cluster(**task, wait=True)["changed"] and set(list_rules(sandbox)[0]) == {"10.9.0.0/16"}


def test_twelve_steps(sandbox, cluster):
    made = {**cluster.base, "version": "1.33", "tags": {"Environment": "production"}, "wait": True}
    planned = cluster(check=True, **made)
    assert planned["changed"] and planned["version"] == "1.33" and sent(sandbox) == []
    created = cluster(**made)
    assert created["changed"] and created["status"] == "ACTIVE" and created["tags"] == {"Environment": "production"}
    assert planned["diff"]["after"] == {
        k: v for k, v in created["diff"]["after"].items() if k in planned["diff"]["after"]
    }
    assert not cluster(check=True, **made)["changed"]
    sandbox.recorder.clear()
    assert not cluster(**made)["changed"]
    assert [call["operation"] for call in sandbox.calls("eks")] == ["DescribeClusterVersions", "DescribeCluster"]

    modified = {**made, "logging": ["audit"], "tags": {"Team": "a"}, "endpoint_private_access": True, "version": "1.34"}
    modified["log_retention_days"] = 30
    planned = cluster(check=True, **modified)
    assert planned["changed"] and sent(sandbox) == []
    changed = cluster(**modified)
    assert changed["changed"] and changed["version"] == "1.34" and changed["tags"] == {"Team": "a"}
    assert planned["diff"] == changed["diff"] and changed["diff"]["after"]["log_retention_days"] == 30
    (group,) = sandbox.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (f"/aws/eks/{NAME}/cluster", 30)
    assert [update["type"] for update in changed["updates"]] == [
        "EndpointAccessUpdate",
        "LoggingUpdate",
        "VersionUpdate",
    ]
    assert not cluster(check=True, **modified)["changed"]
    assert not cluster(**modified)["changed"]
    modified["log_retention_days"] = 0
    assert cluster(check=True, **modified)["changed"] and cluster(**modified)["changed"]
    assert not cluster(**modified)["changed"]
    assert "retentionInDays" not in sandbox.client("logs").describe_log_groups()["logGroups"][0]

    planned = cluster(check=True, state="absent")
    assert planned["changed"] and sandbox.client("eks").list_clusters()["clusters"] == [NAME]
    assert cluster(state="absent", wait=True)["changed"]
    assert sandbox.client("eks").list_clusters()["clusters"] == []
    assert not cluster(check=True, state="absent")["changed"]
    assert not cluster(state="absent")["changed"]


@pytest.mark.parametrize(
    "options",
    [
        {"logging": []},
        {"logging": ["api", "scheduler"]},
        {"endpoint_public_access": False, "endpoint_private_access": True},
        {"public_access_cidrs": ["192.0.2.0/24", "198.51.100.0/24"]},
        {"security_groups": []},
        {"access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}},
        {"upgrade_policy": {"support_type": "STANDARD"}},
        {"zonal_shift_config": {"enabled": True}},
        {"deletion_protection": True},
        {"control_plane_scaling_config": {"tier": "tier-xl"}},
        {"encryption_config": {"key_arn": "$key"}},
        {"remote_network_config": NETWORKS, "access_config": ENTRIES},
        {**AUTO, "access_config": ENTRIES},
    ],
    ids=lambda options: next(iter(options)),
)
def test_each_option_changes_in_place_and_only_once(standing, ground, options):
    options = fill(options, ground)
    standing(logging=["audit"], wait=True)
    first = standing(**options, wait=True)
    assert first["changed"] and not first["failed"], first
    assert not standing(**options, wait=True)["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"version": 1.4}, "in quotes"),
        ({"version": "1.35"}, 'one minor version at a time.*"1.34" first'),
        ({"version": "1.32"}, "cannot be set to the older version 1.32"),
        ({"version": "1.3"}, "in quotes"),
        ({"version": 1.3}, 'put the version in quotes, like "1.30"'),
        ({"version": 1.29}, "has version 1.33 and cannot be set to the older version 1.29"),
        ({"version": "latest"}, "'latest' is not a Kubernetes version of EKS"),
        ({"version": "1.32"}, "roll back to .1.32.: .*rollback=true"),
        ({"version": "1.31", "rollback": True}, "cannot be set to the older version 1.31"),
        ({"name": "-a"}, "name: '-a' is not a valid cluster name. Use 1-100 letters"),
        ({"name": "a" * 101}, "is not a valid cluster name"),
        ({"name": "a b"}, "is not a valid cluster name"),
        ({"subnets": ["subnet-1"]}, "subnets: EKS requires at least two"),
        ({"security_groups": [f"sg-{n}" for n in range(6)]}, "security_groups: 6 are given. EKS accepts at most 5"),
        ({"endpoint_public_access": False}, "requires at least one of them. Set endpoint_private_access=true"),
        ({"compute_config": {"enabled": True}}, "These are not true: storage_config.block_storage.enabled, kubern"),
        ({"outpost_config": {"outpost_arns": ["a"], "control_plane_instance_type": "m5.large"}}, "outpost_config is"),
        ({"tags": {f"tag-{n}": "" for n in range(51)}}, "tags: 51 tags are given. EKS accepts at most 50"),
        ({"tags": {"a": "b" * 257}}, "is too long, or has no key"),
        ({"logging": ["apis"]}, "value of logging must be one or more of: api, audit"),
        ({"role_arn": "arn:aws:iam::123456789012:role/other"}, "role_arn is 'arn:.*Omit the option"),
        ({"kubernetes_network_config": {"ip_family": "ipv6"}}, "ip_family: .* has 'ipv4', and EKS cannot change it"),
    ],
)
def test_what_eks_cannot_do_is_refused_before_anything_is_sent(sandbox, standing, options, words):
    sandbox.recorder.clear()
    result = standing(**options)
    assert result["failed"] and sent(sandbox) == []
    assert re.search(words, result["msg"]), result["msg"]


def test_a_version_that_eks_does_not_offer_is_refused_with_those_it_does(sandbox, cluster):
    sandbox.settings.refuse_unsupported = True
    try:
        result = cluster(**cluster.base, version="1.29")
    finally:
        sandbox.settings.refuse_unsupported = False
    assert result["failed"] and "does not offer 1.29" in result["msg"] and "1.34" in result["msg"]
    assert sent(sandbox) == []


def test_an_upgrade_to_a_version_that_eks_does_not_offer_yet_is_refused(sandbox, standing):
    for version in ("1.34", "1.35", "1.36"):
        assert standing(version=version, wait=True)["changed"]
    sandbox.recorder.clear()
    result = standing(version="1.37")
    assert result["failed"] and "does not offer 1.37" in result["msg"] and sent(sandbox) == []


def test_a_creation_without_what_it_needs_names_it(cluster):
    result = cluster(version="1.34")
    assert result["failed"] and "role_arn, subnets" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"version": "1.3"}, "in quotes"),
        ({"version": "1.99"}, "EKS does not offer 1.99. Versions are: 1.29, 1.30"),
        ({"endpoint_public_access": False}, "requires at least one of them"),
        (
            {"kubernetes_network_config": {"elastic_load_balancing": {"enabled": True}}},
            "These are not true: compute_config",
        ),
    ],
)
def test_a_creation_that_eks_would_not_take_is_refused_in_check_mode_too(sandbox, cluster, options, words):
    for check in (True, False):
        result = cluster(check=check, **{**cluster.base, **options})
        assert result["failed"] and re.search(words, result["msg"]), result["msg"]
    assert sent(sandbox) == []


def test_subnets_are_in_the_zones_of_the_cluster(sandbox, standing, ground):
    sandbox.recorder.clear()
    for check in (True, False):
        refused = standing(subnets=ground["subnets"][:2], check=check)
        assert (
            refused["failed"]
            and "was created in the zones ap-northeast-1a, ap-northeast-1c, ap-northeast-1d" in refused["msg"]
        )
    assert sent(sandbox) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"remote_network_config": NETWORKS},
            "remote_network_config: hybrid nodes need access_config.authentication_mode",
        ),
        (AUTO, "access_config.authentication_mode: EKS Auto Mode requires API or API_AND_CONFIG_MAP"),
    ],
    ids=["remote networks", "auto mode"],
)
def test_what_needs_access_entries_is_refused_without_them(sandbox, standing, options, message):
    """By the mode that the cluster has, where the task does not name one."""
    sandbox.recorder.clear()
    for check in (True, False):
        refused = standing(**options, check=check)
        assert refused["failed"] and message in refused["msg"], refused
    assert sent(sandbox) == []
    assert standing(**options, access_config=ENTRIES, wait=True)["changed"]


def test_an_upgrade_waits_for_node_groups_that_are_behind(sandbox, standing, ground):
    eks = sandbox.client("eks")
    group = {"clusterName": NAME, "nodegroupName": "old"}
    eks.create_nodegroup(subnets=ground["subnets"], nodeRole=ground["node_role"], **group)
    eks.describe_nodegroup(**group)
    assert standing(version="1.34", wait=True)["changed"]
    sandbox.recorder.clear()
    for check in (True, False):
        refused = standing(version="1.35", check=check)
        assert refused["failed"] and "are at 1.34. Update first: old (1.33)." in refused["msg"], refused["msg"]
    assert sent(sandbox) == []
    eks.update_nodegroup_version(**group, version="1.34")
    eks.describe_nodegroup(**group)
    assert standing(version="1.35", wait=True)["version"] == "1.35"


def test_an_upgrade_is_rolled_back_within_its_days_and_only_when_asked_for(sandbox, standing):
    assert standing(version="1.34", wait=True)["version"] == "1.34"
    planned = standing(version="1.33", rollback=True, check=True)
    result = standing(version="1.33", rollback=True, rollback_config={"timeout_minutes": 120}, wait=True)
    assert planned["diff"] == result["diff"] and result["version"] == "1.33"
    assert [update["type"] for update in result["updates"]] == ["VersionRollback"]
    assert not standing(version="1.33", rollback=True)["changed"]
    late = standing(version="1.32", rollback=True)
    assert late["failed"] and "from 1.33 to 1.32" in late["msg"]


def test_an_authentication_mode_does_not_skip_a_step_and_does_not_go_back(sandbox, standing):
    refused = standing(access_config={"authentication_mode": "API"})
    assert refused["failed"] and "cannot go to API in one step. Use API_AND_CONFIG_MAP first" in refused["msg"]
    assert standing(access_config={"authentication_mode": "API_AND_CONFIG_MAP"}, wait=True)["changed"]
    sandbox.recorder.clear()
    result = standing(access_config={"authentication_mode": "CONFIG_MAP"})
    assert result["failed"] and "is at API_AND_CONFIG_MAP and cannot go back to CONFIG_MAP" in result["msg"]
    assert sent(sandbox) == []


def test_egress_that_has_left_eks_hands_does_not_come_back(sandbox, standing):
    assert standing(control_plane_egress_mode="CUSTOMER_ROUTED", wait=True)["changed"]
    sandbox.recorder.clear()
    result = standing(control_plane_egress_mode="AWS_MANAGED")
    assert result["failed"] and "cannot change it back to AWS_MANAGED" in result["msg"] and sent(sandbox) == []


def test_a_nested_option_keeps_the_keys_that_are_left_out(standing):
    ports = {"min_port": 30000, "max_port": 30100}
    standing(kube_api_server_config={"event_ttl": "30m", "service_node_port_range": ports}, wait=True)
    result = standing(kube_api_server_config={"event_ttl": "2h"}, wait=True)
    assert result["kube_api_server_config"] == {"event_ttl": "2h", "service_node_port_range": ports}
    networks = NETWORKS
    standing(remote_network_config=networks, access_config=ENTRIES, wait=True)
    pods = {"remote_pod_networks": [{"cidrs": ["172.17.0.0/16"]}]}
    assert standing(remote_network_config=pods, wait=True)["remote_network_config"] == {**networks, **pods}
    nothing = {"remote_node_networks": [], "remote_pod_networks": []}
    assert standing(remote_network_config=nothing, wait=True)["remote_network_config"] == nothing
    assert not standing(remote_network_config=nothing)["changed"]


def test_auto_mode_keeps_what_is_left_out_of_it(standing):
    standing(**AUTO, access_config=ENTRIES, wait=True)
    pools = ["system", "general-purpose"]
    result = standing(compute_config={"node_pools": pools}, wait=True)
    assert result["compute_config"] == {"enabled": True, "node_pools": pools, "node_role_arn": NODE_ROLE}
    assert result["storage_config"] == {"block_storage": {"enabled": True}}
    other = standing(compute_config={"node_role_arn": NODE_ROLE + "2"})
    assert other["failed"] and "compute_config.node_role_arn: cluster my-cluster has" in other["msg"]


@pytest.mark.parametrize("mode", ["API", "API_AND_CONFIG_MAP"])
def test_what_eks_takes_at_creation_only_is_sent_once_and_never_compared(sandbox, cluster, mode):
    access = {"authentication_mode": mode, "bootstrap_cluster_creator_admin_permissions": False}
    words = {**cluster.base, "access_config": access, "bootstrap_self_managed_addons": False}
    assert cluster(**words, wait=True)["changed"]
    sandbox.recorder.clear()
    for other in (False, True):
        access["bootstrap_cluster_creator_admin_permissions"] = other
        assert not cluster(**words)["changed"] and not cluster(check=True, **words)["changed"]
    assert sent(sandbox) == []


def test_a_creator_without_rights_needs_access_entries(sandbox, cluster):
    access = {"bootstrap_cluster_creator_admin_permissions": False}
    result = cluster(check=True, **cluster.base, access_config=access)
    assert result["failed"] and "Set access_config.authentication_mode to API" in result["msg"]


def test_cidr_blocks_of_a_public_endpoint_that_is_off_are_no_change(sandbox, standing):
    closed = {"endpoint_public_access": False, "endpoint_private_access": True, "public_access_cidrs": ["192.0.2.0/24"]}
    assert standing(**closed, wait=True)["changed"]
    sandbox.recorder.clear()
    assert not standing(**closed)["changed"] and sent(sandbox) == []


def test_the_mark_of_ownership_comes_with_the_creation_and_stays(sandbox, cluster):
    made = cluster(**cluster.base, owned=True, tags={"Team": "a"}, wait=True)
    assert made["tags"] == {"Team": "a", OWNER: "owned"}
    assert not cluster(**cluster.base, owned=True, tags={"Team": "a"})["changed"]
    assert cluster(**cluster.base, owned=True, tags={})["tags"] == {OWNER: "owned"}
    assert cluster(state="absent", owned=True, check=True)["changed"]


def test_a_cluster_of_somebody_else_is_neither_changed_nor_deleted_unless_adopted(sandbox, standing):
    sandbox.recorder.clear()
    for words in ({"logging": ["api"]}, {}, {"state": "absent"}):
        for check in (True, False):
            result = standing(owned=True, check=check, **words)
            assert result["failed"] and "was not created by kumo.eks" in result["msg"] and "adopt=true" in result["msg"]
    assert sent(sandbox) == []
    assert not standing(owned=True, adopt=True)["changed"]
    assert standing(owned=True, adopt=True, state="absent", wait=True)["changed"]


def test_security_groups_may_be_given_by_name(cluster, ground):
    result = cluster(**{**cluster.base, "security_groups": ["extra"]}, wait=True)
    assert result["resources_vpc_config"]["security_group_ids"] == [ground["group"]]


def test_tags_keep_their_keys_and_stay_when_not_purged(standing):
    standing(tags={"CostCenter": "a"})
    result = standing(tags={"kubernetes.io/Owner": "b"}, purge_tags=False)
    assert result["tags"] == {"CostCenter": "a", "kubernetes.io/Owner": "b"}


def test_a_deletion_names_what_is_attached_in_check_mode_too(sandbox, standing, ground):
    sandbox.client("eks").create_nodegroup(
        clusterName=NAME, nodegroupName="general", nodeRole=ground["node_role"], subnets=ground["subnets"]
    )
    for check in (True, False):
        result = standing(state="absent", check=check)
        assert result["failed"] and "while it has node groups: general" in result["msg"]
    planned = standing(state="absent", check=True, planned_removals={"nodegroups": ["general"]})
    assert planned["changed"]


def test_a_protected_cluster_is_not_deleted(sandbox, standing):
    standing(deletion_protection=True, wait=True)
    sandbox.recorder.clear()
    for check in (True, False):
        result = standing(state="absent", check=check)
        assert result["failed"] and "deletion_protection=false" in result["msg"]
    assert sent(sandbox) == []


def test_a_creation_that_fails_says_why(sandbox, cluster):
    sandbox.add_fault(
        kind="fail_creation", operation="CreateCluster", code="Ec2SubnetNotFound", message="no such subnet"
    )
    result = cluster(**cluster.base, wait=True)
    assert result["failed"] and "FAILED: Ec2SubnetNotFound: no such subnet" in result["msg"]


def test_an_update_that_fails_says_why(sandbox, standing):
    sandbox.add_fault(kind="fail_update", code="IpNotAvailable", message="no free address")
    result = standing(version="1.34", wait=True)
    assert result["failed"] and "ended Failed: IpNotAvailable: no free address" in result["msg"]


@pytest.mark.parametrize("kind", ["throttle", "error5xx", "drop"])
def test_faults_of_the_service_are_ridden_out(sandbox, cluster, kind):
    for operation in ("DescribeCluster", "CreateCluster", "DescribeClusterVersions"):
        sandbox.add_fault(kind=kind, operation=operation)
    result = cluster(**cluster.base, version="1.34", wait=True)
    assert result["changed"] and result["status"] == "ACTIVE"
    assert len(sandbox.store.clusters) == 1


SUPPORT = "Cluster my-cluster: Kubernetes 1.33 is in extended support since 2026-07-29, which costs 0.50 USD an hour"


def list_support(result):
    return [text for text in result.get("warnings", []) if " support" in text]


def test_a_version_in_extended_support_is_said_where_it_is_declared(sandbox, standing):
    for check in (True, False):
        (text,) = list_support(standing(check=check, version="1.33"))
        assert text.startswith(SUPPORT) and "until 2027-07-29" in text
    assert list_support(standing()) == []
    policy = {"support_type": "STANDARD"}
    (text,) = list_support(standing(check=True, version="1.33", upgrade_policy=policy))
    assert "EKS upgrades the cluster by itself" in text and "USD" not in text
    sandbox.client("eks").update_cluster_config(name=NAME, upgradePolicy={"supportType": "STANDARD"})
    assert list_support(standing(version="1.33")) == [text]


def test_a_new_cluster_in_extended_support_is_said_before_it_exists(cluster):
    (text,) = list_support(cluster(check=True, **cluster.base, version="1.33"))
    assert text.startswith(SUPPORT)


def test_info_lists_what_there_is(standing, run_module):
    assert [c["name"] for c in run_module("eks_cluster_info", {})["clusters"]] == [NAME]
    assert run_module("eks_cluster_info", {"name": NAME})["clusters"][0]["version"] == "1.33"
    assert run_module("eks_cluster_info", {"name": "missing"})["clusters"] == []
