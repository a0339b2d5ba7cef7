# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters as others make them, by API calls alone: by hand, as eksctl by CloudFormation, and as terraform-aws-eks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kumo_sandbox import Sandbox, ground

NAME = "my-cluster"
POLICY = "arn:aws:iam::aws:policy/{}"
IMAGE = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id"


def create_role(iam: Any, name: str, service: str, policies: tuple[str, ...], path: str = "/", **tags: str) -> str:
    """The ARN of a new role with a path and tags."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document, Tags=rows)["Role"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=POLICY.format(policy))
    return role["Arn"]


def create_place(sandbox: Sandbox) -> dict[str, list[str]]:
    """A VPC with private subnets behind a NAT gateway and public ones, none of which has a tag."""
    ec2 = sandbox.client("ec2")
    vpc = ground.create_vpc(ec2)
    private = ground.create_subnets(ec2, vpc)
    ground.open_way_out(ec2, vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateways = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    gateway = ec2.describe_internet_gateways(Filters=gateways)["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    public = []
    for number, zone in enumerate("acd"):
        words = {"CidrBlock": f"10.0.{100 + number}.0/24", "AvailabilityZone": f"{sandbox.region}{zone}"}
        public.append(ec2.create_subnet(VpcId=vpc, **words)["Subnet"]["SubnetId"])
        ec2.modify_subnet_attribute(SubnetId=public[-1], MapPublicIpOnLaunch={"Value": True})
        ec2.associate_route_table(RouteTableId=table, SubnetId=public[-1])
    return {"public": public, "private": private, "vpc": [vpc]}


def create_template(ec2: Any, name: str, tags: dict[str, str], **data: Any) -> dict[str, str]:
    """A launch template, as a node group names it."""
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    words = {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": rows}]} if rows else {}
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **words)["LaunchTemplate"]
    return {"id": made["LaunchTemplateId"], "version": "1"}


def make_by_hand(sandbox: Sandbox) -> None:
    """Plain calls, with names of one's own: roles with paths, a node role that groups share, a template, no tags on subnets."""
    ec2, iam, eks, place = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks"), create_place(sandbox)
    role = create_role(iam, "control", "eks.amazonaws.com", ground.CLUSTER_POLICIES, "/platform/eks/")
    nodes = create_role(iam, "workers", "ec2.amazonaws.com", ground.NODE_POLICIES, "/platform/eks/")
    pods = create_role(iam, "pods", "eks-fargate-pods.amazonaws.com", ground.FARGATE_POLICIES, "/platform/")
    app = create_role(iam, "app", "pods.eks.amazonaws.com", (), "/apps/")
    group = ec2.create_security_group(GroupName="extra", Description="extra", VpcId=place["vpc"][0])["GroupId"]
    key = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    eks.create_cluster(
        name=NAME,
        version="1.33",
        roleArn=role,
        resourcesVpcConfig={
            "subnetIds": place["private"],
            "securityGroupIds": [group],
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["203.0.113.0/24", "198.51.100.0/24"],
        },
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        logging={"clusterLogging": [{"types": ["audit", "api"], "enabled": True}]},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
        upgradePolicy={"supportType": "STANDARD"},
        kubernetesNetworkConfig={"serviceIpv4Cidr": "172.20.0.0/16"},
        deletionProtection=True,
        tags={"Team": "platform", "Name": "the cluster: one, two"},
    )
    inside = {"clusterName": NAME}
    data = {"MetadataOptions": {"HttpTokens": "required"}, "UserData": "IyEvYmluL2Jhc2gKZWNobyBodW50ZXIyCg=="}
    template = create_template(ec2, "of-my-own", {}, InstanceType="m5.large", **data)
    eks.create_nodegroup(
        **inside,
        nodegroupName="plain",
        nodeRole=nodes,
        subnets=place["private"],
        scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 2},
        labels={"role": "general", "on": "yes"},
        taints=[{"key": "dedicated", "value": "x", "effect": "NO_SCHEDULE"}],
        instanceTypes=["m5.large", "m5a.large"],
        capacityType="SPOT",
        tags={"Team": "platform"},
    )
    eks.create_nodegroup(
        **inside,
        nodegroupName="with-template",
        nodeRole=nodes,
        subnets=place["public"][:2],
        launchTemplate=template,
        updateConfig={"maxUnavailablePercentage": 25},
    )
    eks.create_fargate_profile(
        **inside,
        fargateProfileName="batch",
        podExecutionRoleArn=pods,
        subnets=place["private"][:2],
        selectors=[{"namespace": "batch", "labels": {"run": "once"}}, {"namespace": "jobs"}],
    )
    values = {"tolerations": [{"key": "dedicated", "operator": "Exists"}]}
    agent = "eks-pod-identity-agent"
    eks.create_addon(**inside, addonName=agent)
    eks.create_addon(
        **inside, addonName="coredns", configurationValues=json.dumps(values), resolveConflicts="OVERWRITE"
    )
    cni = create_role(iam, "cni", "pods.eks.amazonaws.com", (), "/apps/")
    identities = [{"serviceAccount": "aws-node", "roleArn": cni}]
    eks.create_addon(**inside, addonName="vpc-cni", podIdentityAssociations=identities)
    eks.create_pod_identity_association(
        **inside, namespace="shop", serviceAccount="cart", roleArn=app, tags={"App": "cart"}
    )
    people = create_role(iam, "people", "ec2.amazonaws.com", (), "/people/")
    eks.create_access_entry(
        **inside, principalArn=people, kubernetesGroups=["viewers"], username="person:{{SessionName}}"
    )
    view = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    scope = {"type": "namespace", "namespaces": ["shop", "batch"]}
    eks.associate_access_policy(**inside, principalArn=people, policyArn=view, accessScope=scope)
    eks.associate_identity_provider_config(
        **inside,
        oidc={"identityProviderConfigName": "people", "issuerUrl": "https://id.example.com", "clientId": "kubernetes"},
    )


def add_tags_of_cloudformation(sandbox: Sandbox) -> None:
    """The tags that AWS alone may set: no call takes them."""
    cluster = sandbox.account.store.clusters[sandbox.region, NAME]
    for raw in (cluster.raw, *cluster.nodegroups.values()):
        raw["tags"] |= {
            "aws:cloudformation:stack-name": f"eksctl-{NAME}",
            "aws:cloudformation:logical-id": "ControlPlane",
        }


def make_as_eksctl(sandbox: Sandbox) -> None:
    """What CloudFormation makes of eksctl's stacks, with the tags of both."""
    ec2, iam, eks, place = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks"), create_place(sandbox)
    stack = f"eksctl-{NAME}-cluster"
    tags = {
        "alpha.eksctl.io/cluster-name": NAME,
        "alpha.eksctl.io/cluster-oidc-enabled": "true",
        "alpha.eksctl.io/eksctl-version": "0.215.0",
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name": NAME,
    }
    for subnets in (place["public"], place["private"]):
        ec2.create_tags(Resources=subnets, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    role = create_role(iam, f"{stack}-ServiceRole-a1B2", "eks.amazonaws.com", ground.CLUSTER_POLICIES, **tags)
    eks.create_cluster(
        name=NAME,
        version="1.33",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": [*place["public"], *place["private"]]},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True},
        tags={"Name": f"{stack}/ControlPlane", **tags},
        bootstrapSelfManagedAddons=False,
    )
    inside, group = {"clusterName": NAME}, "general"
    stack = f"eksctl-{NAME}-nodegroup-{group}"
    nodes = create_role(iam, f"{stack}-NodeInstanceRole-c3D4", "ec2.amazonaws.com", ground.NODE_POLICIES, **tags)
    of_group = {"alpha.eksctl.io/nodegroup-name": group, "alpha.eksctl.io/nodegroup-type": "managed"}
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 80, "VolumeType": "gp3"}}
    template = create_template(ec2, stack, {}, BlockDeviceMappings=[disk])
    eks.create_nodegroup(
        **inside,
        nodegroupName=group,
        nodeRole=nodes,
        subnets=place["public"],
        launchTemplate=template,
        instanceTypes=["m5.large"],
        scalingConfig={"minSize": 2, "maxSize": 2, "desiredSize": 2},
        labels={"alpha.eksctl.io/cluster-name": NAME, "alpha.eksctl.io/nodegroup-name": group},
        tags={**tags, **of_group},
    )
    create_auto_scaling_group(
        sandbox, place["public"], f"eksctl-{NAME}-nodegroup-own-NodeGroup-x1", nodes, of_own_group(tags)
    )
    for addon in ("coredns", "kube-proxy", "metrics-server", "vpc-cni"):
        eks.create_addon(**inside, addonName=addon)
    issuer = eks.describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]
    host = issuer.removeprefix("https://")
    same = {f"{host}:sub": "system:serviceaccount:shop:cart", f"{host}:aud": "sts.amazonaws.com"}
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": same},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    add_tags_of_cloudformation(sandbox)
    iam.create_role(RoleName=f"eksctl-{NAME}-addon-iamserviceaccount-Role1-e5F6", AssumeRolePolicyDocument=document)


def of_own_group(tags: dict[str, str]) -> dict[str, str]:
    """The tags of a nodeGroup of eksctl."""
    return {**tags, "alpha.eksctl.io/nodegroup-name": "own", "alpha.eksctl.io/nodegroup-type": "unmanaged"}


def create_auto_scaling_group(
    sandbox: Sandbox, subnets: list[str], name: str, role: str, tags: dict[str, str], types: list[str] | None = None
) -> None:
    """Self-managed nodes of somebody else, by the newest version of a launch template: of one type, or of a mix."""
    iam = sandbox.client("iam")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role.rpartition("/")[2])
    image = sandbox.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    arn = f"arn:aws:iam::123456789012:instance-profile/{name}"
    data = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "IamInstanceProfile": {"Arn": arn},
        "UserData": "IyEvYmluL3NoCg==",
    }
    spec = {"LaunchTemplateId": create_template(sandbox.client("ec2"), name, {}, **data)["id"], "Version": "$Latest"}
    mixed = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": spec,
            "Overrides": [{"InstanceType": one} for one in types or []],
        },
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0},
    }
    rows = [
        {
            "ResourceId": name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in {**tags, f"kubernetes.io/cluster/{NAME}": "owned"}.items()
    ]
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=3,
        VPCZoneIdentifier=",".join(subnets),
        Tags=rows,
        **({"MixedInstancesPolicy": mixed} if types else {"LaunchTemplate": spec}),
    )


def make_as_terraform(sandbox: Sandbox) -> None:
    """What terraform-aws-eks makes: name_prefix, the same tags on everything, entries by principal."""
    ec2, iam, eks, place = sandbox.client("ec2"), sandbox.client("iam"), sandbox.client("eks"), create_place(sandbox)
    tags = {"Environment": "prod", "ManagedBy": "terraform", "Terraform": "true"}
    role = create_role(
        iam, f"{NAME}-cluster-20250101000000000000000001", "eks.amazonaws.com", ground.CLUSTER_POLICIES, **tags
    )
    nodes = create_role(
        iam, "default-eks-node-group-2025010100000000000002", "ec2.amazonaws.com", ground.NODE_POLICIES, **tags
    )
    eks.create_cluster(
        name=NAME,
        version="1.33",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": place["private"], "endpointPublicAccess": True, "endpointPrivateAccess": True},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False},
        logging={"clusterLogging": [{"types": ["api", "audit", "authenticator"], "enabled": True}]},
        tags={**tags, "terraform-aws-modules": "eks"},
        bootstrapSelfManagedAddons=False,
    )
    inside = {"clusterName": NAME}
    template = create_template(
        ec2, "default-2025010100000000000000000003", tags, MetadataOptions={"HttpTokens": "required"}
    )
    eks.create_nodegroup(
        **inside,
        nodegroupName="default-2025010100000000000000000004",
        nodeRole=nodes,
        subnets=place["private"],
        launchTemplate=template,
        amiType="AL2023_x86_64_STANDARD",
        instanceTypes=["m6i.large"],
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
        updateConfig={"maxUnavailablePercentage": 33},
        tags={**tags, "Name": "default"},
    )
    own = "self-2025010100000000000000000005"
    create_auto_scaling_group(
        sandbox, place["private"], own, nodes, {**tags, "Name": "self"}, ["m6i.large", "m5.large"]
    )
    for addon in ("coredns", "kube-proxy", "vpc-cni"):
        eks.create_addon(**inside, addonName=addon, tags=tags)
    admins = create_role(iam, "admins", "ec2.amazonaws.com", ())
    eks.create_access_entry(**inside, principalArn=admins, tags=tags)
    admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.associate_access_policy(**inside, principalArn=admins, policyArn=admin, accessScope={"type": "cluster"})


MAKERS: dict[str, Callable[[Sandbox], None]] = {
    "by hand": make_by_hand,
    "eksctl": make_as_eksctl,
    "terraform": make_as_terraform,
}
