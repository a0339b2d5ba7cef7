"""What EKS makes and asks for around a cluster: instance profiles, log groups, principals, software of add-ons."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations, ground


def refuse(code, text=""):
    return pytest.raises(ClientError, match=f"{code}.*{text}")


@pytest.fixture
def settled(sandbox, eks, cluster):
    """Create an add-on and tell how that ended."""

    def create(name, **options):
        eks.create_addon(clusterName=cluster, addonName=name, **options)
        sandbox.clock.advance(durations.ADDON)
        return eks.describe_addon(clusterName=cluster, addonName=name)["addon"]

    return create


def find_other_version(eks, name):
    """A version of the add-on that EKS does not bootstrap."""
    (row,) = eks.describe_addon_versions(addonName=name, kubernetesVersion="1.33")["addons"]
    return next(one["addonVersion"] for one in row["addonVersions"] if not one["compatibilities"][0]["defaultVersion"])


# clusters


def test_a_cluster_asks_for_no_policy_by_its_name(sandbox, eks, account):
    iam, words = sandbox.client("iam"), {"name": "c", "resourcesVpcConfig": {"subnetIds": account["subnets"]}}
    arn = ground.create_role(iam, "bare", "eks.amazonaws.com")
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    with refuse("InvalidParameterException", "IAM role's policy must include the `ec2:DescribeSubnets` action"):
        eks.create_cluster(**words, roleArn=arn)
    statement = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="bare", PolicyName="own", PolicyDocument=document)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    assert eks.create_cluster(**words, roleArn=arn)["cluster"]["status"] == "CREATING"


@pytest.mark.parametrize("operation", ["describe_cluster", "delete_cluster"])
def test_there_are_two_ways_to_say_that_there_is_no_cluster(sandbox, eks, account, operation):
    sandbox.faults.add(kind="client_exception")
    for code in ("ClientException", "ResourceNotFoundException"):
        with refuse(code, "No cluster found for name: none"):
            getattr(eks, operation)(name="none")


# node groups


def test_a_node_group_has_an_instance_profile_that_goes_with_it(sandbox, eks, account, cluster):
    iam, names = sandbox.client("iam"), {"clusterName": cluster, "nodegroupName": "n"}
    made = eks.create_nodegroup(**names, nodeRole=account["node"], subnets=account["subnets"])["nodegroup"]
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    assert eks.describe_nodegroup(**names)["nodegroup"]["status"] == "ACTIVE"
    (profile,) = iam.list_instance_profiles_for_role(RoleName="node")["InstanceProfiles"]
    assert profile["InstanceProfileName"] == "eks-" + made["nodegroupArn"].rpartition("/")[2]
    for policy in ground.NODE_POLICIES:
        iam.detach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(policy))
    with refuse("DeleteConflict"):
        iam.delete_role(RoleName="node")
    eks.delete_nodegroup(**names)
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    assert eks.list_nodegroups(clusterName=cluster)["nodegroups"] == []
    iam.delete_role(RoleName="node")


# log groups


def list_log_groups(sandbox):
    return [row["logGroupName"] for row in sandbox.client("logs").describe_log_groups()["logGroups"]]


def test_the_log_group_of_a_cluster_comes_with_its_logs_and_stays(sandbox, eks, cluster):
    assert list_log_groups(sandbox) == []
    eks.update_cluster_config(name=cluster, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    sandbox.clock.advance(durations.CLUSTER_CONFIG_UPDATE)
    eks.describe_cluster(name=cluster)
    assert list_log_groups(sandbox) == ["/aws/eks/c/cluster"]
    eks.delete_cluster(name=cluster)
    sandbox.clock.advance(durations.CLUSTER_DELETE)
    assert eks.list_clusters()["clusters"] == []
    assert list_log_groups(sandbox) == ["/aws/eks/c/cluster"]


# add-ons


def test_an_add_on_conflicts_with_what_was_bootstrapped(eks, settled):
    found = settled("coredns", addonVersion=find_other_version(eks, "coredns"))
    (issue,) = found["health"]["issues"]
    assert (found["status"], issue["code"]) == ("CREATE_FAILED", "ConfigurationConflict")
    assert "Conflicts found when trying to apply" in issue["message"]
    assert settled("kube-proxy")["status"] != "CREATE_FAILED"  # the same version, with the same fields
    other = find_other_version(eks, "vpc-cni")
    assert settled("vpc-cni", addonVersion=other, resolveConflicts="OVERWRITE")["status"] == "ACTIVE"


def test_a_new_add_on_preserves_nothing(eks, cluster):
    with refuse("InvalidParameterException", "preserve is not supported for operation CreateAddon"):
        eks.create_addon(clusterName=cluster, addonName="coredns", resolveConflicts="PRESERVE")


def test_an_add_on_that_is_being_deleted_is_deleted_once_more(sandbox, eks, cluster, settled):
    settled("coredns")
    for _number in range(2):
        assert eks.delete_addon(clusterName=cluster, addonName="coredns")["addon"]["status"] == "DELETING"
        sandbox.clock.advance(durations.ADDON / 2)
    assert eks.list_addons(clusterName=cluster)["addons"] == []
    settled("coredns")
    sandbox.clock.advance(durations.ADDON)
    assert eks.list_addons(clusterName=cluster)["addons"] == ["coredns"]


def test_software_that_an_add_on_leaves_behind(sandbox, eks, cluster, settled):
    arn = eks.describe_cluster(name=cluster)["cluster"]["arn"]
    settled("eks-pod-identity-agent")
    for preserve in (True, False):
        eks.delete_addon(clusterName=cluster, addonName="eks-pod-identity-agent", preserve=preserve)
        sandbox.clock.advance(durations.ADDON)
        assert eks.list_addons(clusterName=cluster)["addons"] == []
        assert [addon.name for addon in sandbox.view(arn).addons] == ["eks-pod-identity-agent"] * preserve
        settled("eks-pod-identity-agent", resolveConflicts="OVERWRITE")
