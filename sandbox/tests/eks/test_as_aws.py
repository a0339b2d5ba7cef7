"""What EKS refuses, leaves out and fills in, as fidelity.md lists it."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations, ground

POD_ACTIONS = ["sts:AssumeRole", "sts:TagSession"]


@pytest.fixture
def words(account):
    """A cluster that EKS takes."""
    return {"name": "c", "roleArn": account["cluster"], "resourcesVpcConfig": {"subnetIds": account["subnets"]}}


@pytest.fixture
def made(sandbox, eks):
    """Create a node group and look at it when its creation has ended."""

    def make(**options):
        eks.create_nodegroup(**options)
        sandbox.clock.advance(durations.NODEGROUP_CREATE)
        names = {key: options[key] for key in ("clusterName", "nodegroupName")}
        return eks.describe_nodegroup(**names)["nodegroup"]

    return make


@pytest.fixture
def settle(sandbox, eks):
    """Wait out an update of the cluster and look at it."""

    def wait():
        sandbox.clock.advance(durations.CLUSTER_VERSION_UPDATE)
        return eks.describe_cluster(name="c")["cluster"]

    return wait


def refuse(code, text):
    return pytest.raises(ClientError, match=f"{code}.*{text}")


ENTRIES = {"authenticationMode": "API"}


def build_trust(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


# clusters


def test_answers_have_no_bootstrap_permissions(eks, account, cluster):
    assert eks.describe_cluster(name="c")["cluster"]["accessConfig"] == {"authenticationMode": "CONFIG_MAP"}


def test_what_eks_makes_is_not_there_while_creating(sandbox, eks, words):
    for answer in (eks.create_cluster(**words), eks.describe_cluster(name="c")):
        assert "identity" not in answer["cluster"] and "endpoint" not in answer["cluster"]
        assert "clusterSecurityGroupId" not in answer["cluster"]["resourcesVpcConfig"]
        assert answer["cluster"]["certificateAuthority"] == {}
    sandbox.clock.advance(durations.CLUSTER_CREATE)
    found = eks.describe_cluster(name="c")["cluster"]
    assert found["identity"]["oidc"]["issuer"] and found["resourcesVpcConfig"]["clusterSecurityGroupId"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"accessConfig": {"bootstrapClusterCreatorAdminPermissions": False}},
            "must be true if cluster authentication",
        ),
        ({"remoteNetworkConfig": {"remoteNodeNetworks": [{"cidrs": ["10.9.0.0/16"]}]}}, "API, API_AND_CONFIG_MAP"),
        (
            {"computeConfig": {"enabled": True, "nodePools": ["system"]}, "accessConfig": ENTRIES},
            "nodePool list cannot be populated",
        ),
        ({"computeConfig": {"enabled": True}}, "API, API_AND_CONFIG_MAP"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6", "serviceIpv4Cidr": "10.100.0.0/16"}}, "ipFamily is ipv6"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, "must have IPv6 CIDR blocks"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "8.8.0.0/16"}}, "between /24 and /12"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/28"}}, "between /24 and /12"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.64.0/20"}}, "overlaps"),
        ({"tags": {"aws:a": "b"}}, "reserved"),
        ({"tags": {f"k{number}": "" for number in range(51)}}, "at most 50 tags"),
    ],
)
def test_clusters_that_do_not_go(eks, words, options, text):
    with refuse("InvalidParameterException", text):
        eks.create_cluster(**words, **options)
    assert eks.list_clusters()["clusters"] == []


def test_auto_mode_wants_no_bootstrapped_add_ons(eks, words, account):
    auto = {
        "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": account["node"]},
        "storageConfig": {"blockStorage": {"enabled": True}},
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
        "accessConfig": {"authenticationMode": "API"},
    }
    with refuse("InvalidParameterException", "bootstrapSelfManagedAddons must be set to false"):
        eks.create_cluster(**words, **auto, bootstrapSelfManagedAddons=True)
    eks.create_cluster(**words, **auto, bootstrapSelfManagedAddons=False)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"endpointPublicAccess": False}, "cannot both be disabled"),
        ({"publicAccessCidrs": ["10.0.0.0/8", "192.0.2.0/24"]}, r"invalid in publicAccessCidrs: \[10.0.0.0/8\]"),
        ({"publicAccessCidrs": ["203.0.113.7"]}, "203.0.113.7"),
        ({"publicAccessCidrs": ["203.0.113.7/24"]}, "203.0.113.7/24"),
        ({"securityGroupIds": [f"sg-{number}" for number in range(6)]}, "at most 5 security groups"),
    ],
)
def test_endpoints_and_groups_that_do_not_go(eks, words, config, text):
    with refuse("InvalidParameterException", text):
        eks.create_cluster(**{**words, "resourcesVpcConfig": {**words["resourcesVpcConfig"], **config}})


def test_security_groups_are_of_the_clusters_vpc(sandbox, eks, words):
    ec2 = sandbox.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=other)["GroupId"]
    with refuse("InvalidParameterException", "are not in the same VPC as the subnets"):
        eks.create_cluster(
            **{**words, "resourcesVpcConfig": {**words["resourcesVpcConfig"], "securityGroupIds": [group]}}
        )


def test_the_key_of_a_cluster_is_a_symmetric_one_of_its_region(sandbox, eks, words):
    kms = sandbox.client("kms")
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    good = kms.create_key()["KeyMetadata"]["Arn"]
    for arn in (signing, good.replace("ap-northeast-1", "us-east-1"), f"{good[:-1]}x"):
        with refuse("InvalidParameterException", arn):
            eks.create_cluster(**words, encryptionConfig=encrypt(arn))
    assert eks.create_cluster(**words, encryptionConfig=encrypt(good))["cluster"]["encryptionConfig"] == encrypt(good)


def encrypt(arn: str) -> list[dict]:
    return [{"resources": ["secrets"], "provider": {"keyArn": arn}}]


def test_subnets_are_in_two_zones(eks, account, words):
    with refuse("InvalidParameterException", "at least two different AZs"):
        eks.create_cluster(**{**words, "resourcesVpcConfig": {"subnetIds": account["subnets"][:1]}})


def test_auto_mode_has_all_of_its_parts(eks, account, words):
    compute = {"enabled": True, "nodePools": ["system"], "nodeRoleArn": account["node"]}
    with refuse("InvalidParameterException", "all either fully enabled or fully disabled"):
        eks.create_cluster(**words, computeConfig=compute, accessConfig=ENTRIES)


def test_services_have_other_addresses_than_the_vpc(sandbox, eks, account, words):
    assert eks.create_cluster(**words)["cluster"]["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.20.0.0/16"
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="172.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"172.20.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]
        for n, zone in enumerate("ac")
    ]
    place = {"subnetIds": [subnet["SubnetId"] for subnet in subnets]}
    found = eks.create_cluster(name="d", roleArn=account["cluster"], resourcesVpcConfig=place)["cluster"]
    assert found["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"


def test_zones_without_eks(sandbox, account):
    keys = {"aws_access_key_id": sandbox.keys[0], "aws_secret_access_key": sandbox.keys[1]}
    place = {"region_name": "us-east-1", "endpoint_url": sandbox.endpoint, **keys}
    ec2, eks = (boto3.client(service, **place) for service in ("ec2", "eks"))
    zones = {row["ZoneId"]: row["ZoneName"] for row in ec2.describe_availability_zones()["AvailabilityZones"]}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zones[zone])["Subnet"]["SubnetId"]
        for n, zone in enumerate(("use1-az1", "use1-az3"))
    ]
    with refuse("UnsupportedAvailabilityZoneException", "does not currently have sufficient capacity"):
        eks.create_cluster(name="c", roleArn=account["cluster"], resourcesVpcConfig={"subnetIds": subnets})


def test_local_zones(sandbox, eks, account, cluster):
    ec2 = sandbox.client("ec2")
    ec2.modify_availability_zone_group(GroupName="ap-northeast-1-tpe-1", OptInStatus="opted-in")
    zone = "ap-northeast-1-tpe-1a"
    words = {"VpcId": account["vpc"], "CidrBlock": "10.0.77.0/24", "AvailabilityZone": zone}
    subnet = ec2.create_subnet(**words)["Subnet"]["SubnetId"]
    inside, text = {"clusterName": cluster, "subnets": [subnet]}, "cannot be created in Local Zones"
    with refuse("InvalidParameterException", text):
        place = {"subnetIds": [*account["subnets"], subnet]}
        eks.create_cluster(name="d", roleArn=account["cluster"], resourcesVpcConfig=place)
    with refuse("InvalidParameterException", text):
        eks.create_nodegroup(**inside, nodegroupName="n", nodeRole=account["node"])
    with refuse("InvalidParameterException", text):
        selectors = [{"namespace": "n"}]
        eks.create_fargate_profile(
            **inside, fargateProfileName="p", podExecutionRoleArn=account["pod"], selectors=selectors
        )


def test_updates_that_change_nothing(eks, cluster):
    endpoint = (
        r"endpointPrivateAccess: false , endpointPublicAccess: true, and Public Endpoint Restrictions: \[0.0.0.0/0\]"
    )
    cases = [
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, "update from CONFIG_MAP to CONFIG_MAP"),
        ({"accessConfig": {"authenticationMode": "API"}}, "update from CONFIG_MAP to API"),
        ({"resourcesVpcConfig": {"endpointPublicAccess": True}}, endpoint),
        ({"logging": {"clusterLogging": [{"types": ["api"], "enabled": False}]}}, "for the logging config provided"),
    ]
    for options, text in cases:
        with refuse("InvalidParameterException", text):
            eks.update_cluster_config(name="c", **options)


def test_a_closed_public_endpoint_has_no_cidr_blocks(eks, cluster, settle):
    closed = {"endpointPublicAccess": False, "endpointPrivateAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]}
    eks.update_cluster_config(name="c", resourcesVpcConfig=closed)
    assert settle()["resourcesVpcConfig"]["publicAccessCidrs"] == []
    eks.update_cluster_config(name="c", resourcesVpcConfig={"endpointPublicAccess": True})
    assert settle()["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/0"]


def test_the_node_role_of_auto_mode_stays(eks, account, cluster, settle):
    auto = {
        "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": account["node"]},
        "storageConfig": {"blockStorage": {"enabled": True}},
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
    }
    eks.update_cluster_config(name="c", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    settle()
    eks.update_cluster_config(name="c", **auto)
    settle()
    auto["computeConfig"]["nodeRoleArn"] += "2"
    with refuse("InvalidParameterException", "cannot be changed"):
        eks.update_cluster_config(name="c", **auto)


def test_what_needs_access_entries_needs_them_later_too(eks, cluster):
    """The cluster is in CONFIG_MAP mode."""
    networks = {"remoteNodeNetworks": [{"cidrs": ["172.16.0.0/16"]}]}
    auto = {"computeConfig": {"enabled": True}, "storageConfig": {"blockStorage": {"enabled": True}}}
    for change in ({"remoteNetworkConfig": networks}, auto):
        with refuse("InvalidParameterException", r"one of \[API, API_AND_CONFIG_MAP\]"):
            eks.update_cluster_config(name="c", **change)


def test_a_cluster_keeps_its_zones(eks, account, cluster):
    with refuse("InvalidParameterException", "exact set of AZs"):
        eks.update_cluster_config(name="c", resourcesVpcConfig={"subnetIds": account["subnets"][1:]})


def test_node_groups_come_along_before_the_next_version(sandbox, eks, cluster, group, made, settle):
    made(**group)
    eks.update_cluster_version(name="c", version="1.34")
    settle()
    with refuse(
        "InvalidRequestException", "Nodegroups n must be updated to match cluster version 1.34 before updating"
    ):
        eks.update_cluster_version(name="c", version="1.35")
    eks.update_nodegroup_version(clusterName="c", nodegroupName="n", version="1.34")
    settle()
    eks.update_cluster_version(name="c", version="1.35")


def test_quotas_of_clusters_and_what_they_have(sandbox, eks, account, cluster, group, words):
    sandbox.quotas.change({"clusters": 1, "nodegroups": 1, "nodes": 2, "public_access_cidrs": 1})
    sandbox.quotas.change({"pod_identity_associations": 0})
    with refuse("ResourceLimitExceededException", "pod identity associations"):
        pod = {"namespace": "n", "serviceAccount": "s", "roleArn": account["pod"]}
        eks.create_pod_identity_association(clusterName=cluster, **pod)
    with refuse("ResourceLimitExceededException", "number of clusters is 1"):
        eks.create_cluster(**{**words, "name": "d"})
    with refuse("ResourceLimitExceededException", "CIDR blocks"):
        cidrs = {"publicAccessCidrs": ["192.0.2.0/24", "198.51.100.0/24"]}
        eks.update_cluster_config(name="c", resourcesVpcConfig=cidrs)
    sizes = {"minSize": 1, "maxSize": 3, "desiredSize": 1}
    with refuse("ResourceLimitExceededException", "number of nodes of a managed node group is 2"):
        eks.create_nodegroup(**group, scalingConfig=sizes)
    eks.create_nodegroup(**group)
    with refuse("ResourceLimitExceededException", "managed node groups of a cluster is 1"):
        eks.create_nodegroup(**{**group, "nodegroupName": "m"})


# roles


@pytest.mark.parametrize(
    "trust",
    [
        {"Principal": {"Service": "not-eks.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:TagSession"},
        {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        {
            "Principal": {"Service": "eks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
        },
    ],
)
def test_a_trust_policy_is_judged_exactly(sandbox, eks, words, trust):
    role = sandbox.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=build_trust(**trust))["Role"]["Arn"]
    with refuse("InvalidParameterException", "could not be assumed because it does not exist or the trusted entity"):
        eks.create_cluster(**{**words, "roleArn": role})


def test_a_denial_counts_and_the_whole_arn_does(sandbox, eks, words):
    allow = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, {**allow, "Effect": "Deny"}]})
    iam = sandbox.client("iam")
    denied = iam.create_role(RoleName="denied", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    inside = iam.create_role(RoleName="inside", Path="/team/", AssumeRolePolicyDocument=build_trust(**allow))
    iam.attach_role_policy(RoleName="inside", PolicyArn=ground.POLICY.format(*ground.CLUSTER_POLICIES))
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    for arn in (denied, inside["Role"]["Arn"].replace("/team/", "/")):
        with refuse("InvalidParameterException", "could not be assumed"):
            eks.create_cluster(**{**words, "roleArn": arn})
    eks.create_cluster(**{**words, "roleArn": inside["Role"]["Arn"]})


def test_each_service_refuses_a_role_in_its_own_words(eks, account, group, cluster):
    place = {"clusterName": cluster, "subnets": account["subnets"], "selectors": [{"namespace": "a"}]}
    pod = {"clusterName": cluster, "namespace": "n", "serviceAccount": "s"}
    with refuse("InvalidParameterException", r"service principals \[ec2.amazonaws.com\] were not found"):
        eks.create_nodegroup(**{**group, "nodeRole": account["pod"]})
    with refuse("InvalidParameterException", "Misconfigured PodExecutionRole Trust Policy"):
        eks.create_fargate_profile(fargateProfileName="f", podExecutionRoleArn=account["node"], **place)
    with refuse("InvalidParameterException", "Trust policy of the role provided is invalid"):
        eks.create_pod_identity_association(**pod, roleArn=account["pod"])
    with refuse("InvalidParameterException", "Role provided in the request does not exist"):
        eks.create_pod_identity_association(**pod, roleArn=account["pod"] + "2")


def test_pod_identity_asks_for_tag_session(sandbox, eks, cluster):
    iam, pod = sandbox.client("iam"), {"clusterName": cluster, "namespace": "n", "serviceAccount": "s"}
    trust = {"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=build_trust(**trust))["Role"]["Arn"]
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    with refuse("InvalidParameterException", "Trust policy of the role provided is invalid"):
        eks.create_pod_identity_association(**pod, roleArn=arn)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=build_trust(**{**trust, "Action": POD_ACTIONS}))
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    eks.create_pod_identity_association(**pod, roleArn=arn)


# node groups


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"amiType": "AL2_x86_64"}, "AMI Type AL2_x86_64 is only supported for kubernetes versions 1.32 or earlier"),
        (
            {"instanceTypes": ["t4g.small"]},
            r"\[t4g.small\] is not a valid instance type for requested amiType AL2023_x86",
        ),
        ({"amiType": "BOTTLEROCKET_ARM_64"}, r"\[t3.medium\] is not a valid instance type"),
        ({"scalingConfig": {"minSize": 1, "maxSize": 2}}, "scalingConfig needs desiredSize"),
        ({"labels": {"eks.amazonaws.com/team": "a"}}, "Label cannot contain reserved prefixes"),
        ({"version": "1.32"}, "must be that of its cluster"),
        ({"updateConfig": {"maxUnavailable": 101}}, "maxUnavailable 101"),
        ({"taints": [{"key": f"k{n}", "effect": "NO_EXECUTE"} for n in range(51)]}, "at most 50 taints"),
        ({"launchTemplate": {"id": "lt-1", "name": "a"}}, "Either provide launch template ID or launch template name"),
        ({"launchTemplate": {"version": "1"}}, "Either provide launch template ID or launch template name"),
    ],
)
def test_node_groups_that_do_not_go(eks, group, options, text):
    with refuse("InvalidParameterException", text):
        eks.create_nodegroup(**group, **options)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == []


def test_an_instance_type_that_does_not_exist(group, made):
    found = made(**group, instanceTypes=["m5.large", "m5.lrge"])
    (issue,) = found["health"]["issues"]
    assert (found["status"], issue["code"]) == ("CREATE_FAILED", "Ec2InstanceTypeDoesNotExist")
    assert issue["resourceIds"] == ["m5.lrge"]


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("node-role.kubernetes.io/worker", "CREATE_FAILED"),
        ("team.k8s.io/a", "CREATE_FAILED"),
        ("node.kubernetes.io/team", "ACTIVE"),
        ("example.com/team", "ACTIVE"),
    ],
)
def test_labels_with_which_no_kubelet_starts(group, made, label, status):
    found = made(**group, labels={label: "a"})
    assert found["status"] == status
    assert [issue["code"] for issue in found["health"]["issues"]] == ["NodeCreationFailure"] * (status != "ACTIVE")


@pytest.fixture
def dual_stack(sandbox, account, words):
    """Subnets with IPv6 blocks and an IPv6 cluster that is ACTIVE in them."""
    ec2 = sandbox.client("ec2")
    vpc = ground.create_vpc(ec2, "10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    ground.open_way_out(ec2, vpc, "10.1.255.0/28")
    sandbox.clock.advance(durations.CIDR_BLOCK)
    (row,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    block = row["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("00::/56", "")
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.1.{n}.0/24",
            Ipv6CidrBlock=f"{block}0{n}::/64",
            AvailabilityZone=f"ap-northeast-1{zone}",
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    network = {"ipFamily": "ipv6"}
    place = {"resourcesVpcConfig": {"subnetIds": subnets}, "kubernetesNetworkConfig": network}
    sandbox.client("eks").create_cluster(**{**words, **place})
    sandbox.clock.advance(durations.CLUSTER_CREATE)
    return subnets


def test_an_ipv6_cluster_is_open_to_both_families_and_needs_subnets_that_assign_addresses(
    sandbox, eks, account, dual_stack, made
):
    found = eks.describe_cluster(name="c")["cluster"]
    assert found["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/0", "::/0"]
    assert "serviceIpv4Cidr" not in found["kubernetesNetworkConfig"]
    group = {"clusterName": "c", "nodegroupName": "n", "nodeRole": account["node"], "subnets": dual_stack}
    (issue,) = made(**group)["health"]["issues"]
    assert (issue["code"], issue["resourceIds"]) == ("Ec2SubnetMissingIpv6Assignment", dual_stack)
    for subnet in dual_stack:
        sandbox.client("ec2").modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    statement = {"Effect": "Allow", "Action": "ec2:AssignIpv6Addresses", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sandbox.client("iam").put_role_policy(RoleName="node", PolicyName="ipv6", PolicyDocument=document)
    assert made(**{**group, "nodegroupName": "m"})["status"] == "ACTIVE"


def test_defaults_of_windows(group, made):
    assert made(**group, amiType="WINDOWS_CORE_2022_x86_64")["diskSize"] == 50
    assert made(**{**group, "nodegroupName": "linux"})["diskSize"] == 20


def test_instance_types_keep_their_order(group, made):
    types = ["m5.large", "c5.large", "m5a.large"]
    assert made(**group, instanceTypes=types)["instanceTypes"] == types


def test_remote_access_is_open_to_everybody_or_to_groups(sandbox, eks, account, group, made):
    ec2 = sandbox.client("ec2")
    with refuse("InvalidParameterException", "KeyPair k not found"):
        eks.create_nodegroup(**group, remoteAccess={"ec2SshKey": "k"})
    ec2.create_key_pair(KeyName="k")

    def read_rule(found):
        (answer,) = ec2.describe_security_groups(GroupIds=[found["resources"]["remoteAccessSecurityGroup"]])[
            "SecurityGroups"
        ]
        return answer["IpPermissions"][0]

    rule = read_rule(made(**group, remoteAccess={"ec2SshKey": "k"}))
    assert (rule["FromPort"], rule["IpRanges"]) == (22, [{"CidrIp": "0.0.0.0/0"}])
    bastion = ec2.create_security_group(GroupName="b", Description="b", VpcId=account["vpc"])["GroupId"]
    access = {"ec2SshKey": "k", "sourceSecurityGroups": [bastion]}
    rule = read_rule(made(**{**group, "nodegroupName": "m"}, remoteAccess=access))
    assert rule["IpRanges"] == [] and rule["UserIdGroupPairs"][0]["GroupId"] == bastion


def test_a_remote_access_group_in_use_keeps_its_node_group(sandbox, eks, account, group, made):
    ec2, names = sandbox.client("ec2"), {"clusterName": "c", "nodegroupName": "n"}
    ec2.create_key_pair(KeyName="k")
    own = made(**group, remoteAccess={"ec2SshKey": "k"})["resources"]["remoteAccessSecurityGroup"]
    interface = ec2.create_network_interface(SubnetId=account["subnets"][0], Groups=[own])["NetworkInterface"]
    eks.delete_nodegroup(**names)
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    found = eks.describe_nodegroup(**names)["nodegroup"]
    assert (found["status"], found["health"]["issues"][0]["code"]) == (
        "DELETE_FAILED",
        "Ec2SecurityGroupDeletionFailure",
    )
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    eks.delete_nodegroup(**names)
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == []


def test_nodes_and_pods_on_fargate_have_access_entries(sandbox, eks, account, words):
    eks.create_cluster(**words, accessConfig={"authenticationMode": "API"})
    sandbox.clock.advance(durations.CLUSTER_CREATE)
    node = {"clusterName": "c", "nodegroupName": "n", "nodeRole": account["node"], "subnets": account["subnets"]}
    eks.create_nodegroup(**node)
    place = {"clusterName": "c", "subnets": account["subnets"], "selectors": [{"namespace": "a"}]}
    eks.create_fargate_profile(fargateProfileName="f", podExecutionRoleArn=account["pod"], **place)
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    for role, kind in ((account["node"], "EC2_LINUX"), (account["pod"], "FARGATE_LINUX")):
        assert eks.describe_access_entry(clusterName="c", principalArn=role)["accessEntry"]["type"] == kind
    eks.delete_nodegroup(clusterName="c", nodegroupName="n")
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == []
    assert account["node"] in eks.list_access_entries(clusterName="c")["accessEntries"]  # it stays


def test_eks_does_not_know_a_new_role_at_once(sandbox, eks, words):
    new = ground.create_role(sandbox.client("iam"), "new", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    with refuse("InvalidParameterException", "could not be assumed"):
        eks.create_cluster(**{**words, "roleArn": new})
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    assert eks.create_cluster(**{**words, "roleArn": new})["cluster"]["status"] == "CREATING"


def test_the_entry_of_an_older_role_gives_a_new_one_no_access(sandbox, eks, account, words):
    eks.create_cluster(**words, accessConfig={"authenticationMode": "API"})
    sandbox.clock.advance(durations.CLUSTER_CREATE)
    iam, node = sandbox.client("iam"), {"clusterName": "c", "nodeRole": account["node"], "subnets": account["subnets"]}
    eks.create_nodegroup(nodegroupName="n", **node)
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    eks.delete_nodegroup(clusterName="c", nodegroupName="n")  # its instance profile would keep the role
    sandbox.clock.advance(durations.NODEGROUP_DELETE)
    eks.list_nodegroups(clusterName="c")
    name = account["node"].rpartition("/")[2]
    for row in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=row["PolicyArn"])
    iam.delete_role(RoleName=name)
    ground.create_role(iam, name, "ec2.amazonaws.com", ground.NODE_POLICIES)
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    eks.create_nodegroup(nodegroupName="m", **node)
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    group = eks.describe_nodegroup(clusterName="c", nodegroupName="m")["nodegroup"]
    assert (group["status"], group["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "NodeCreationFailure")
    eks.delete_access_entry(clusterName="c", principalArn=account["node"])
    eks.create_nodegroup(nodegroupName="o", **node)
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    assert eks.describe_nodegroup(clusterName="c", nodegroupName="o")["nodegroup"]["status"] == "ACTIVE"


def test_entries_of_nodes_come_when_a_cluster_leaves_config_map(eks, account, cluster, group, made, settle):
    made(**group)
    eks.update_cluster_config(name="c", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    settle()
    assert account["node"] in eks.list_access_entries(clusterName="c")["accessEntries"]


def test_the_main_route_table_makes_a_subnet_public(sandbox, eks, account, cluster):
    ec2 = sandbox.client("ec2")
    here = [{"Name": "attachment.vpc-id", "Values": [account["vpc"]]}]
    (gateway,) = ec2.describe_internet_gateways(Filters=here)["InternetGateways"]
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway["InternetGatewayId"]}
    ec2.replace_route(RouteTableId=ground.find_main_table(ec2, account["vpc"]), **route)
    profile = {"podExecutionRoleArn": account["pod"], "subnets": account["subnets"], "selectors": [{"namespace": "a"}]}
    with refuse("InvalidParameterException", "not a private subnet"):
        eks.create_fargate_profile(clusterName=cluster, fargateProfileName="f", **profile)


# add-ons


def test_an_add_on_in_transition_is_in_use(eks, cluster):
    eks.create_addon(clusterName=cluster, addonName="vpc-cni")
    with refuse("ResourceInUseException", "cannot be updated as it is currently in CREATING state") as caught:
        eks.update_addon(clusterName=cluster, addonName="vpc-cni")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_an_add_on_tells_that_its_update_failed(sandbox, eks, cluster):
    names = {"clusterName": cluster, "addonName": "vpc-cni"}
    eks.create_addon(**names)
    sandbox.clock.advance(durations.ADDON + 2)
    eks.describe_addon(**names)
    sandbox.add_fault(kind="fail_update", code="ConfigurationConflict")
    eks.update_addon(**names)
    sandbox.clock.advance(durations.ADDON)
    assert eks.describe_addon(**names)["addon"]["status"] == "UPDATE_FAILED"
    eks.update_addon(**names)
    sandbox.clock.advance(durations.ADDON + 2)
    assert eks.describe_addon(**names)["addon"]["status"] != "UPDATE_FAILED"


def test_an_update_of_an_add_on_without_a_role_takes_the_role_away(sandbox, eks, account, cluster):
    names, role = {"clusterName": cluster, "addonName": "vpc-cni"}, account["pod"]
    eks.create_addon(**names, serviceAccountRoleArn=role)
    sandbox.clock.advance(durations.ADDON + 2)
    assert eks.describe_addon(**names)["addon"]["serviceAccountRoleArn"] == role
    eks.update_addon(**names, serviceAccountRoleArn=role, resolveConflicts="OVERWRITE")
    sandbox.clock.advance(durations.ADDON + 2)
    assert eks.describe_addon(**names)["addon"]["serviceAccountRoleArn"] == role
    eks.update_addon(**names, resolveConflicts="OVERWRITE")
    sandbox.clock.advance(durations.ADDON + 2)
    assert "serviceAccountRoleArn" not in eks.describe_addon(**names)["addon"]


# tags


def test_tags_that_do_not_go(eks, cluster):
    arn = eks.describe_cluster(name="c")["cluster"]["arn"]
    eks.tag_resource(resourceArn=arn, tags={f"k{number}": "" for number in range(50)})
    for tags in ({"more": ""}, {"aws:a": "b"}):
        with refuse("BadRequestException", ""):
            eks.tag_resource(resourceArn=arn, tags=tags)
    eks.tag_resource(resourceArn=arn, tags={"k1": "again"})
