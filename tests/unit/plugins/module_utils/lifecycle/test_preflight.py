# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_preflight's check: every problem of every role at once, by the name of its variable."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.account import AccountCheck
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import check_input, raise_report

ROLE = "arn:aws:iam::123456789012:role/my-app"
OWNER = "kumo.eks/ap-northeast-1/my-cluster"
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
GOOD = {
    "cluster_name": "my-cluster",
    "region": "ap-northeast-1",
    "network": {"cidr": "10.0.0.0/16"},
    "cluster": {
        "name": "my-cluster",
        "version": "1.34",
        "subnets": [],
        "public_access_cidrs": ["0.0.0.0/0"],
        "logging": None,
        "tags": {"Team": "a"},
    },
    "nodegroups": [
        {"name": "general", "instance_types": ["m5.large"], "scaling_config": {"min_size": 1, "max_size": "3"}},
        {"name": "spot", "capacity_type": "SPOT", "labels": {"node.kubernetes.io/kind": "spot"}, "version": "1.33"},
    ],
    "fargate_profiles": [{"name": "tasks", "selectors": [{"namespace": "tasks", "labels": {"a": "b*"}}]}],
    "addons": [{"name": "vpc-cni", "configuration_values": "{}"}, {"name": "coredns"}],
    "identities": [
        {"name": "my-app-sa", "policy_arns": [READ]},
        {"service_accounts": [{"name": "a"}], "role_name": "r"},
    ],
    "pod_identity_associations": [{"namespace": "n", "service_account": "s", "role_arn": ROLE}],
    "helm_releases": [{"name": "my-app", "chart": "./chart"}],
}


def check(**options):
    return check_input({"cluster_name": "my-cluster", **options})


def test_a_good_input_has_no_problem_and_is_read_as_the_modules_will():
    report = check_input(GOOD)
    assert (report.problems, report.warnings) == ([], [])
    assert report.read["nodegroups"][0]["scaling_config"] == {"min_size": 1, "max_size": 3}
    raise_report(report)


def test_nothing_given_is_nothing_wrong():
    assert check_input({}).problems == []


def test_all_problems_of_all_roles_are_reported_at_once():
    report = check(
        cluster={"version": 1.3, "verison": "1.34"},
        nodegroups=[{"name": "a", "instance_type": "m5.large"}, {"name": "a", "scaling_config": {"min_size": "x"}}],
        addons=[{}],
    )
    assert report.problems == [
        "eks_cluster_verison: unknown option. Did you mean eks_cluster_version?",
        "eks_cluster_version: '1.3' is not a Kubernetes version of EKS. Use a major and a minor number, like \"1.34\"."
        ' YAML reads an unquoted 1.30 as 1.3: put the version in quotes, like "1.30".',
        "eks_nodegroups_list[0].instance_type: unknown option. Did you mean instance_types?",
        "eks_nodegroups_list[1].scaling_config.min_size: 'x' is not a whole number.",
        "eks_nodegroups_list: names must be unique. Listed more than once: a.",
        "eks_addons_list[0].name: required option is missing.",
    ]
    with pytest.raises(ValidationError, match="6 problems in the input. Nothing was changed.\n- eks_cluster_verison"):
        raise_report(report)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cluster_name": "-a"}, "eks_cluster_name: '-a' is not a valid cluster name"),
        ({"region": "Tokyo"}, "eks_region: 'Tokyo' is not an AWS region"),
        ({"cluster": {"endpoint_public_access": False}}, "eks_cluster_endpoint_public_access, endpoint_private_access: EKS"),
        ({"cluster": {"public_access_cidrs": []}}, "eks_cluster_public_access_cidrs: an empty list does not close"),
        ({"cluster": {"public_access_cidrs": ["10.0.0.0/8"]}}, "eks_cluster_public_access_cidrs[0]: 10.0.0.0/8 holds private"),
        ({"cluster": {"public_access_cidrs": ["203.0.113.7"]}}, "'203.0.113.7' is not a CIDR block. Did you mean 203.0.113.7/32?"),
        ({"cluster": {"public_access_cidrs": ["203.0.113.7/24"]}}, "Did you mean 203.0.113.0/24?"),
        ({"cluster": {"subnets": ["subnet-1"]}}, "eks_cluster_subnets: EKS requires at least two subnets"),
        (
            {"cluster": {"compute_config": {"enabled": True}, "access_config": {"authentication_mode": "API"}}},
            "eks_cluster_compute_config.enabled: EKS Auto Mode requires",
        ),
        ({"cluster": {"compute_config": {"node_pools": ["system"]}}}, "require compute_config.node_role_arn"),
        ({"cluster": {"kubernetes_network_config": {"ip_family": "ipv6", "service_ipv4_cidr": "172.20.0.0/16"}}}, "of an IPv6 cluster"),
        ({"cluster": {"kubernetes_network_config": {"service_ipv4_cidr": "203.0.113.0/24"}}}, "within 10.0.0.0/8"),
        ({"cluster": {"kubernetes_network_config": {"service_ipv4_cidr": "10.0.0.0/16"}}, "network": {"cidr": "10.0.0.0/16"}}, "overlaps with"),
        ({"cluster": {"rollback_config": {"timeout_minutes": 60}}}, "eks_cluster_rollback_config.timeout_minutes: 60 is out of range"),
        ({"cluster": {"kube_api_server_config": {"event_ttl": "1h30m"}}}, "event_ttl: '1h30m' is not a duration"),
        ({"cluster": {"tags": {"aws:a": "b"}}}, "eks_cluster_tags: the prefix aws: is reserved by AWS"),
        ({"cluster": {"access_config": {"authentication_mode": "api"}}}, "Did you mean API?"),
        ({"cluster": {"role_arn": "my-role"}}, "eks_cluster_role_arn: 'my-role' is not the ARN of an IAM role"),
        ({"nodegroups": {"name": "a"}}, "eks_nodegroups_list: {'name': 'a'} is not a list"),
        ({"nodegroups": ["a"]}, "eks_nodegroups_list[0]: 'a' is not a mapping of options"),
        ({"nodegroups": [{"name": "a" * 64}]}, "is not a valid node group name. Use 1-63 letters"),
        ({"nodegroups": [{"name": "a", "labels": {"node-role.kubernetes.io/worker": "x"}}]}, "labels: node-role.kubernetes.io/worker has"),
        ({"nodegroups": [{"name": "a", "labels": {"eks.amazonaws.com/team": "x"}}]}, "has a reserved prefix"),
        ({"nodegroups": [{"name": "a", "ami_type": "AL2_x86_64"}], "cluster": {"version": "1.33"}}, "[0].ami_type: AL2_x86_64 ends with"),
        ({"nodegroups": [{"name": "a", "version": "1.35"}], "cluster": {"version": "1.34"}}, "nodes cannot be at 1.35 while the cluster is at 1.34"),
        ({"nodegroups": [{"name": "a", "scaling_config": {"max_size": 1}, "update_config": {"max_unavailable": 2}}]}, "2 is above scaling_config.max_size"),
        ({"nodegroups": [{"name": "a", "taints": [{"key": "a", "effect": "NoSchedule"}]}]}, "taints[0].effect: 'NoSchedule' is not allowed"),
        ({"nodegroups": [{"name": "a", "launch_template": {"version": "1"}}]}, "eks_nodegroups_list[0].launch_template: one of id, name is required"),
        ({"helm_releases": "a password"}, "eks_helm_releases: the value is not a list"),
        ({"helm_releases": ["a password"]}, "eks_helm_releases[0]: the value is not a mapping of options"),
        ({"helm_repositories": [{"name": "a", "url": "https://me:word@host"}]}, "eks_helm_repositories[0].url: the URL has a user or a password"),
        ({"helm_releases": [{"name": "a", "chart": "https://me@host/a.tgz"}]}, "eks_helm_releases[0].chart: the URL has a user or a password"),
        ({"fargate_profiles": [{"name": "a", "selectors": []}]}, "eks_fargate_profiles[0].selectors: 0 are given. EKS accepts 1-5"),
        ({"addons": [{"name": "a", "configuration_values": "{a: ["}]}, "eks_addons_list[0].configuration_values: the text is neither JSON nor YAML"),
        ({"addons": [{"name": "a", "config": {}}]}, "eks_addons_list[0].config: unknown option. Options are: configuration_values, identity, name"),
        ({"identities": ["a"]}, "eks_irsa_service_accounts[0]: 'a' is not a mapping of options"),
        ({"identities": [{"name": "b", "polcy": {}}]}, "eks_irsa_service_accounts[0].polcy: unknown option. Did you mean policy?"),
        ({"identities": [{"name": "a", "max_session_duration": "long"}]}, "eks_irsa_service_accounts[0].max_session_duration: 'long' is not a whole number"),
        ({"identities": [{"name": "a", "well_known_policies": ["dns"]}]}, "well_known_policies: ['dns'] is not allowed. Use auto_scaler"),
        ({"identities": [{"name": "A_b"}]}, "eks_irsa_service_accounts[0].service_account: 'A_b'"),
        ({"identities": [{"name": "a", "namespace": "team-*"}]}, "allow_patterns"),
        ({"identities": [{"name": "a", "role_arn": "my-app"}]}, "eks_irsa_service_accounts[0].role_arn: 'my-app'"),
        ({"identities": [{"name": "a"}, {"name": "a"}]}, "eks_irsa_service_accounts: service account default/a belongs to"),
        ({"identities": [{"policy": {"document": {}}, "name": "a"}]}, "eks_irsa_service_accounts[0].policy.name: required option is missing"),
        ({"pod_identity_associations": [{"namespace": "n"}]}, "eks_irsa_pod_identity_associations[0].service_account: required option is missing"),
        ({"pod_identity_associations": [{"namespace": "n", "service_account": "s"}] * 2}, "eks_irsa_pod_identity_associations: service account n/s belongs"),
    ],
)  # fmt: skip
def test_what_aws_or_kubernetes_refuses_is_named_with_its_variable(options, words):
    problems = check(**options).problems
    assert len(problems) == 1 and words in problems[0], problems


def test_each_problem_of_the_network_is_reported():
    problems = check(network={"cidr": "10.0.0.0/8", "zone_count": 1, "subnet_kinds": ["private"]}).problems
    assert [problem.split(":")[0] for problem in problems] == [
        "eks_network_cidr",
        "eks_network_zone_count",
        "eks_network_nat_gateway",
    ]


def test_a_node_group_is_judged_with_the_defaults_of_its_list():
    defaults = {"capacity_type": "SPOT", "instance_types": ["m7g.large"], "diskSize": 20}
    report = check(
        nodegroup_defaults=defaults, nodegroups=[{"name": "a"}, {"name": "b", "ami_type": "AL2023_x86_64_STANDARD"}]
    )
    assert report.read["nodegroups"][0]["capacity_type"] == "SPOT"
    unknown, unset, arm = report.problems
    assert unset.startswith("eks_nodegroups_list[0].ami_type: it is not set")
    assert unknown.startswith("eks_nodegroups_defaults.diskSize: unknown option.")
    assert arm.startswith("eks_nodegroups_list[1].") and "m7g.large" in arm


def test_a_role_in_both_lists_has_its_rights_once():
    accounts, pods = {"name": "a", "role_name": "r"}, {"namespace": "n", "service_account": "s", "role_name": "R"}
    other = check(
        identities=[{**accounts, "policy_arns": []}], pod_identity_associations=[{**pods, "policy_arns": [READ]}]
    )
    assert "n/s has role R with other policies than default/a in eks_irsa_service_accounts" in other.problems[0]
    for rights in ({}, {"policy_arns": [READ]}):
        report = check(identities=[{**accounts, **rights}], pod_identity_associations=[{**pods, "policy_arns": [READ]}])
        assert report.problems == []


def test_what_works_but_not_as_expected_is_a_warning():
    report = check(cluster={"public_access_cidrs": ["192.0.2.0/24"]}, nodegroups=[{"name": f"n{i}"} for i in range(31)])
    assert report.problems == []
    assert ["eks_cluster_public_access_cidrs" in line or "quota" in line for line in report.warnings] == [True, True]


def test_a_removal_reads_names_alone():
    rows = [{"name": "a", "capacity_type": "cheap", "disk": 1}]
    assert check(state="absent", nodegroups=rows, cluster={"version": 1.3}).problems == []
    assert check(state="absent", nodegroups=[{}]).problems == [
        "eks_nodegroups_list[0].name: required option is missing."
    ]


# the account


def deny(name):
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)


def missing(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "x")


@pytest.fixture
def clients():
    """eks, ec2 and iam of an account with nothing in it."""
    found = {name: Mock() for name in ("eks", "ec2", "iam")}
    found["eks"].meta.region_name = "ap-northeast-1"
    found["eks"].describe_cluster.side_effect = missing("ResourceNotFoundException")
    found["eks"].get_paginator.return_value.paginate.return_value = [{"clusterVersions": [{"clusterVersion": "1.34"}]}]
    found["ec2"].get_paginator.return_value.paginate.return_value = [
        {
            "Subnets": [{"SubnetId": "subnet-1", "AvailabilityZone": "a", "VpcId": "vpc-1"}],
            "SecurityGroups": [],
            "InstanceTypeOfferings": [],
        }
    ]
    found["iam"].get_role.side_effect = missing("NoSuchEntity")
    found["iam"].get_paginator.side_effect = missing("NoSuchEntity")
    return found


def look(clients, adopt=False, **options):
    account = AccountCheck(clients.get, "my-cluster", adopt)
    return account.find_problems(check(**options).read), account.denied


def test_what_is_named_and_does_not_exist_is_named_with_its_option(clients):
    problems, denied = look(
        clients,
        cluster={"version": "1.29", "subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1", "by-name"]},
        nodegroups=[{"name": "a", "node_role": ROLE}],
    )
    assert problems == [
        "eks_cluster_version: EKS does not offer 1.29. Versions are: 1.34.",
        "eks_cluster_subnets: subnet subnet-2 does not exist in this account and region.",
        "eks_cluster_security_groups: security group sg-1 does not exist in this account and region.",
        f"eks_nodegroups_list[0].node_role: IAM role {ROLE} does not exist.",
    ]
    assert denied == []


def test_a_role_that_the_same_input_creates_need_not_exist(clients):
    assert (
        look(clients, nodegroups=[{"name": "a", "node_role": ROLE}], identities=[{"name": "a", "role_name": "my-app"}])[
            0
        ]
        == []
    )


@pytest.mark.parametrize(
    ("tags", "adopt", "is_refused"), [({}, False, True), ({}, True, False), ({OWNER: "owned"}, False, False)]
)
def test_a_cluster_of_somebody_else_is_refused_before_a_network_is_built(clients, tags, adopt, is_refused):
    clients["eks"].describe_cluster.side_effect = None
    clients["eks"].describe_cluster.return_value = {
        "cluster": {"tags": tags, "version": "1.34", "resourcesVpcConfig": {}}
    }
    problems = look(clients, adopt, cluster={"version": "1.34"})[0]
    assert any("was not created by kumo.eks" in line for line in problems) is is_refused
    assert len(problems) == is_refused


def test_an_upgrade_over_several_versions_is_refused(clients):
    clients["eks"].describe_cluster.side_effect = None
    clients["eks"].describe_cluster.return_value = {
        "cluster": {"tags": {}, "version": "1.32", "resourcesVpcConfig": {}}
    }
    (problem,) = look(clients, True, cluster={"version": "1.34"})[0]
    assert (
        "eks_cluster_version: cluster my-cluster has version 1.32" in problem and 'Set version "1.33" first' in problem
    )


def test_an_upgrade_over_several_versions_is_told_where_the_play_makes_it(clients):
    clients["eks"].describe_cluster.side_effect = None
    clients["eks"].describe_cluster.return_value = {
        "cluster": {"tags": {}, "version": "1.32", "resourcesVpcConfig": {}}
    }
    for version, upgrade in (("1.34", {"from": "1.32", "to": "1.34"}), ("1.32", None)):
        account = AccountCheck(clients.get, "my-cluster", True, upgrades=True)
        problems = account.find_problems(check(cluster={"version": version}).read)
        assert (problems, account.upgrade) == ([], upgrade)
    account = AccountCheck(clients.get, "my-cluster", True, upgrades=True)
    problem, *_others = account.find_problems(check(cluster={"version": "1.31"}).read)
    assert "cannot be set to the older version 1.31" in problem and account.upgrade is None


def test_a_look_that_is_denied_is_named_and_passed(clients):
    clients["eks"].describe_cluster.side_effect = deny("DescribeCluster")
    clients["iam"].get_role.side_effect = deny("GetRole")
    problems, denied = look(clients, cluster={"version": "1.29", "role_arn": ROLE})
    assert problems == [] and denied == ["eks:DescribeCluster", "iam:GetRole"]


def test_the_role_of_auto_mode_that_the_same_input_creates_need_not_exist(clients):
    compute = {"enabled": True, "node_pools": ["system"], "node_role_arn": ROLE}
    cluster = {"compute_config": compute}
    assert look(clients, cluster=cluster, iam_roles=[{"purpose": "auto_mode_node"}])[0] == []
    (problem,) = look(clients, cluster=cluster)[0]
    assert problem == f"eks_cluster_compute_config.node_role_arn: IAM role {ROLE} does not exist."


def test_a_role_of_another_path_or_account_does_not_exist(clients):
    clients["iam"].get_role.side_effect = None
    clients["iam"].get_role.return_value = {"Role": {"Arn": ROLE.replace("role/", "role/teams/")}}
    (problem,) = look(clients, nodegroups=[{"name": "a", "node_role": ROLE}])[0]
    assert problem.endswith(f"IAM role {ROLE} does not exist. arn:aws:iam::123456789012:role/teams/my-app exists.")
    clients["iam"].get_role.return_value = {"Role": {"Arn": ROLE}}
    assert look(clients, nodegroups=[{"name": "a", "node_role": ROLE}])[0] == []


# the region


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"cluster": {"role_arn": ROLE}}, "eks_cluster_role_arn"),
        ({"nodegroups": [{"name": "a", "node_role": ROLE}]}, "eks_nodegroups_list[0].node_role"),
        ({"identities": [{"name": "a", "policy_arns": [READ]}]}, "eks_irsa_service_accounts[0].policy_arns[0]"),
        (
            {"identities": [{"name": "a", "policy": {"name": "p", "document": {"Statement": [{"Resource": READ}]}}}]},
            "eks_irsa_service_accounts[0].policy.document.Statement[0].Resource",
        ),
    ],
)
def test_an_arn_of_another_partition_is_refused(clients, options, option):
    clients["eks"].meta.region_name = "cn-north-1"
    problems = look(clients, **options)[0]
    assert problems[0].startswith(f"{option}: arn:aws:iam::")
    assert problems[0].endswith(
        "is of the partition aws, and cn-north-1 is in aws-cn. Use an ARN that begins with arn:aws-cn:."
    )


def test_tags_wildcards_and_values_of_releases_name_any_partition(clients):
    clients["eks"].meta.region_name = "us-gov-west-1"
    allowed = {"Statement": [{"Resource": "arn:*:s3:::bucket/*"}]}
    options = {
        "cluster": {"tags": {"from": ROLE}},
        "identities": [{"name": "a", "policy": {"name": "p", "document": allowed}}],
        "helm_releases": [{"name": "my-app", "chart": "./chart", "values": {"role": ROLE}}],
    }
    assert look(clients, **options)[0] == []


def test_fargate_is_refused_in_govcloud(clients):
    profiles = [{"name": "tasks", "selectors": [{"namespace": "tasks"}]}]
    assert look(clients, fargate_profiles=profiles)[0] == []
    clients["eks"].meta.region_name = "us-gov-west-1"
    (problem,) = look(clients, fargate_profiles=profiles)[0]
    assert problem.startswith("eks_fargate_profiles: Amazon EKS on Fargate is not available in us-gov-west-1.")
