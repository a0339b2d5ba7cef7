"""Which node groups come up and which end CREATE_FAILED, by the rights and routes that their nodes have."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from kumo_sandbox import durations, ground

NOT_JOINED, UNHEALTHY = "Instances failed to join the kubernetes cluster", "Unhealthy nodes in the kubernetes cluster"
REGISTRY, WORKER, CNI = "AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"
PRIVATE = {"endpointPrivateAccess": True, "endpointPublicAccess": False}


@pytest.fixture
def ec2(sandbox):
    return sandbox.client("ec2")


@pytest.fixture
def iam(sandbox):
    return sandbox.client("iam")


@pytest.fixture
def made(sandbox, eks):
    """Create a node group and tell how it ended: "ACTIVE", or the code and the message of its issue."""

    def make(**options):
        eks.create_nodegroup(**options)
        sandbox.clock.advance(durations.NODES_JOIN)
        names = {key: options[key] for key in ("clusterName", "nodegroupName")}
        found = eks.describe_nodegroup(**names)["nodegroup"]
        if found["status"] != "CREATE_FAILED":
            return found["status"]
        (issue,) = found["health"]["issues"]
        return issue["code"], issue["message"]

    return make


@pytest.fixture
def main_table(ec2, account):
    return ground.find_main_table(ec2, account["vpc"])


@pytest.fixture
def change(sandbox, eks, cluster):
    """Change the endpoints of the cluster."""

    def call(**config):
        eks.update_cluster_config(name=cluster, resourcesVpcConfig=config)
        sandbox.clock.advance(durations.CLUSTER_CONFIG_UPDATE)
        eks.describe_cluster(name=cluster)

    return call


def drop_default_route(ec2, table):
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")


def read_nat_address(ec2):
    (nat,) = ec2.describe_nat_gateways()["NatGateways"]
    return nat["NatGatewayAddresses"][0]["PublicIp"]


# rights


@pytest.mark.parametrize(
    ("policy", "issue"),
    [
        (WORKER, ("NodeCreationFailure", NOT_JOINED)),
        (REGISTRY, ("NodeCreationFailure", UNHEALTHY)),
        (CNI, ("NodeCreationFailure", UNHEALTHY)),
    ],
)
def test_nodes_require_rights(iam, group, made, policy, issue):
    iam.detach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(policy))
    assert made(**group) == issue


def test_policies_of_the_users_own_do_as_well(iam, account, group, made):
    actions = ["ec2:*", "eks:Describe*", "ecr:*"]
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}}
    arn = ground.create_role(iam, "own", "ec2.amazonaws.com")
    iam.put_role_policy(RoleName="own", PolicyName="p", PolicyDocument=json.dumps(document))
    assert made(**{**group, "nodeRole": account["node"], "nodegroupName": "m"}) == "ACTIVE"
    assert made(**{**group, "nodeRole": arn}) == "ACTIVE"


def test_a_denial_and_a_boundary_count(sandbox, iam, group, made):
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecr:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="node", PolicyName="no", PolicyDocument=json.dumps(deny))
    assert made(**group) == ("NodeCreationFailure", UNHEALTHY)
    iam.delete_role_policy(RoleName="node", PolicyName="no")
    iam.put_role_permissions_boundary(RoleName="node", PermissionsBoundary=ground.POLICY.format("AmazonS3FullAccess"))
    assert made(**{**group, "nodegroupName": "m"}) == ("NodeCreationFailure", NOT_JOINED)


def test_the_cni_gets_its_rights_by_irsa(sandbox, eks, iam, group, made):
    iam.detach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(CNI))
    issuer = eks.describe_cluster(name="c")["cluster"]["identity"]["oidc"]["issuer"]
    name = issuer.removeprefix("https://")
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    wanted = {f"{name}:sub": "system:serviceaccount:kube-system:aws-node", f"{name}:aud": "sts.amazonaws.com"}
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": wanted},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="cni", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    eks.create_addon(clusterName="c", addonName="vpc-cni", serviceAccountRoleArn=arn)
    assert made(**group) == ("NodeCreationFailure", UNHEALTHY)
    iam.attach_role_policy(RoleName="cni", PolicyArn=ground.POLICY.format(CNI))
    assert made(**{**group, "nodegroupName": "m"}) == "ACTIVE"


def test_the_cni_gets_its_rights_by_pod_identity_with_its_agent(sandbox, eks, iam, group, made):
    iam.detach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(CNI))
    arn = ground.create_role(iam, "cni", "pods.eks.amazonaws.com", [CNI])
    sandbox.clock.advance(durations.IAM_PROPAGATION)
    eks.create_addon(
        clusterName="c", addonName="vpc-cni", podIdentityAssociations=[{"serviceAccount": "aws-node", "roleArn": arn}]
    )
    assert made(**group) == ("NodeCreationFailure", UNHEALTHY)
    eks.create_addon(clusterName="c", addonName="eks-pod-identity-agent")
    assert made(**{**group, "nodegroupName": "m"}) == "ACTIVE"


def test_rights_that_come_while_nodes_are_waited_for(sandbox, eks, iam, group):
    iam.detach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(CNI))
    eks.create_nodegroup(**group)
    names = {"clusterName": "c", "nodegroupName": "n"}
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    assert eks.describe_nodegroup(**names)["nodegroup"]["status"] == "CREATING"
    iam.attach_role_policy(RoleName="node", PolicyArn=ground.POLICY.format(CNI))
    sandbox.clock.advance(durations.NODES_LOOK)
    assert eks.describe_nodegroup(**names)["nodegroup"]["status"] == "ACTIVE"


def test_a_role_that_goes_while_nodes_are_launched(sandbox, eks, iam, group):
    eks.create_nodegroup(**group)
    for row in iam.list_attached_role_policies(RoleName="node")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="node", PolicyArn=row["PolicyArn"])
    iam.delete_role(RoleName="node")
    sandbox.clock.advance(durations.NODEGROUP_CREATE)
    found = eks.describe_nodegroup(clusterName="c", nodegroupName="n")["nodegroup"]
    assert found["health"]["issues"][0]["code"] == "IamNodeRoleNotFound"


def test_a_group_without_nodes_requires_nothing(ec2, group, made, main_table):
    drop_default_route(ec2, main_table)
    sizes = {"minSize": 0, "maxSize": 1, "desiredSize": 0}
    assert made(**group, scalingConfig=sizes) == "ACTIVE"


# routes


@pytest.mark.parametrize("config", [{}, {"endpointPrivateAccess": True}])
def test_nodes_require_a_way_out(ec2, group, made, main_table, change, config):
    drop_default_route(ec2, main_table)
    if config:
        change(**config)
    assert made(**group) == ("NodeCreationFailure", NOT_JOINED)


@pytest.mark.parametrize("services", [("ec2", "ecr.api", "ecr.dkr"), ("ec2", "ecr.api", "ecr.dkr", "s3")])
def test_endpoints_and_the_private_endpoint_of_the_cluster_do_as_well(
    sandbox, ec2, account, group, made, main_table, change, services
):
    drop_default_route(ec2, main_table)
    change(**PRIVATE)
    for service in services:
        place = {"VpcId": account["vpc"], "ServiceName": f"com.amazonaws.ap-northeast-1.{service}"}
        if service == "s3":
            ec2.create_vpc_endpoint(VpcEndpointType="Gateway", RouteTableIds=[main_table], **place)
        else:
            ec2.create_vpc_endpoint(VpcEndpointType="Interface", SubnetIds=account["subnets"], **place)
    sandbox.clock.advance(durations.VPC_ENDPOINT)
    assert made(**group) == ("ACTIVE" if "s3" in services else ("NodeCreationFailure", NOT_JOINED))


def test_the_public_endpoint_lets_the_nat_gateway_in_or_not(ec2, group, made, change):
    change(publicAccessCidrs=["198.51.100.0/24"])
    assert made(**group) == ("NodeCreationFailure", NOT_JOINED)
    change(publicAccessCidrs=["198.51.100.0/24", f"{read_nat_address(ec2)}/32"])
    assert made(**{**group, "nodegroupName": "m"}) == "ACTIVE"
    change(publicAccessCidrs=["198.51.100.0/24"], endpointPrivateAccess=True)
    assert made(**{**group, "nodegroupName": "o"}) == "ACTIVE"


def test_public_subnets_give_addresses(ec2, account, group, made, main_table):
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway["InternetGatewayId"]}
    ec2.replace_route(RouteTableId=main_table, **route)
    code, message = made(**group)
    assert code == "Ec2SubnetInvalidConfiguration" and "does not automatically assign public IP addresses" in message
    data = {"NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}]}
    ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)
    assert made(**{**group, "nodegroupName": "m"}, launchTemplate={"name": "mine"}) == "ACTIVE"
    for subnet in account["subnets"]:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert made(**{**group, "nodegroupName": "o"}) == "ACTIVE"


def test_a_vpc_without_dns_host_names(ec2, account, group, made):
    ec2.modify_vpc_attribute(VpcId=account["vpc"], EnableDnsHostnames={"Value": False})
    assert made(**group) == ("NodeCreationFailure", NOT_JOINED)


def test_a_subnet_that_is_full(ec2, account, group, made):
    small = ec2.create_subnet(VpcId=account["vpc"], CidrBlock="10.0.254.0/28")["Subnet"]["SubnetId"]
    sizes = {"minSize": 1, "maxSize": 20, "desiredSize": 20}
    code, _message = made(**{**group, "subnets": [small]}, scalingConfig=sizes)
    assert code == "InsufficientFreeAddresses"


# instance types


def test_a_zone_without_the_instance_type(eks, account, group, made):
    with pytest.raises(
        ClientError, match=r"InvalidRequestException.*\(a1.large\).*\(ap-northeast-1c\).*ap-northeast-1d"
    ):
        eks.create_nodegroup(**group, instanceTypes=["a1.large"], amiType="AL2023_ARM_64_STANDARD")
    types = ["a1.large", "m6g.large"]
    assert made(**group, instanceTypes=types, amiType="AL2023_ARM_64_STANDARD") == "ACTIVE"


def test_a_cluster_placement_group_is_in_one_zone(ec2, cluster, account, made):
    ec2.create_placement_group(GroupName="together", Strategy="cluster")
    data = {"Placement": {"GroupName": "together"}}
    ec2.create_launch_template(LaunchTemplateName="together", LaunchTemplateData=data)
    options = {
        "clusterName": cluster,
        "nodeRole": account["node"],
        "launchTemplate": {"name": "together"},
    }
    code, message = made(**options, nodegroupName="wide", subnets=account["subnets"])
    assert code == "AsgInstanceLaunchFailures" and "in one Availability Zone" in message
    assert made(**options, nodegroupName="narrow", subnets=account["subnets"][:1]) == "ACTIVE"
    with pytest.raises(ClientError, match="InvalidPlacementGroup.InUse"):
        ec2.delete_placement_group(GroupName="together")
