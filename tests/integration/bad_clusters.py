# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account with clusters of other kinds than that of bad_account.py, each with the faults that only its kind can have.

They are audited without Kubernetes. FAULTS has what is to be found of each.
"""

from __future__ import annotations

from typing import Any

from kumo_sandbox import Sandbox, ground

REGION = "ap-northeast-1"
SIZES = {"minSize": 3, "maxSize": 6, "desiredSize": 3}
FAULTS = {
    # Behind one NAT gateway, with access by aws-auth, nodes of the version before, and settings that go too far
    "routed": set(
        """
        authentication_mode cluster_tag_on_groups component_settings creator_admin custom_image endpoint_cidrs_wide gpu_image hop_limit
        instance_stopped key_rotation log_retention nat_gateway_zones no_night_schedule node_role_shared nodegroup_version s3_endpoint
        scaling_tier self_managed update_config
        """.split()
    ),
    # Auto Mode without a way out, in subnets that are full
    "isolated": set(
        """
        auto_mode_doubles control_plane_addresses egress_without_route endpoints_of_isolated_nodes key_disabled nodegroup_health
        nodegroup_status surge_addresses
        """.split()
    ),
    # For hybrid nodes, which could not join
    "hybrid": set("hybrid_endpoint hybrid_entry hybrid_routes".split()),
    # Of which everything but EKS' own things has been deleted
    "hollow": set("blackhole_routes cluster_role_exists node_role_exists".split()),
}


def make_clusters(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    roles = {
        "cluster": ground.create_role(iam, "cluster", "eks.amazonaws.com", ground.CLUSTER_POLICIES),
        "nodes": ground.create_role(iam, "nodes", "ec2.amazonaws.com", ground.NODE_POLICIES),
    }
    _make_routed(sandbox, roles)
    _make_isolated(sandbox, roles)
    _make_hybrid(sandbox, roles)
    _make_hollow(sandbox)


def _create_key(sandbox: Sandbox) -> tuple[str, list[dict[str, Any]]]:
    """A key of KMS, and the encryption of a cluster with it."""
    arn = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn, [{"resources": ["secrets"], "provider": {"keyArn": arn}}]


def _make_routed(sandbox: Sandbox, roles: dict[str, str]) -> None:
    ec2, eks, logs = sandbox.client("ec2"), sandbox.client("eks"), sandbox.client("logs")
    vpc = ground.create_vpc(ec2)
    subnets = ground.create_subnets(ec2, vpc)
    ground.open_way_out(ec2, vpc)
    _key, encryption = _create_key(sandbox)
    eks.create_cluster(
        name="routed",
        version="1.32",
        roleArn=roles["cluster"],
        encryptionConfig=encryption,
        accessConfig={"authenticationMode": "CONFIG_MAP"},
        controlPlaneScalingConfig={"tier": "tier-xl"},
        kubeApiServerConfig={"eventTtl": "2h"},
        resourcesVpcConfig={"subnetIds": subnets, "publicAccessCidrs": ["54.0.0.0/8"]},
        logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
    )
    logs.put_retention_policy(logGroupName="/aws/eks/routed/cluster", retentionInDays=7)
    words = {"clusterName": "routed", "nodeRole": roles["nodes"], "subnets": subnets, "scalingConfig": SIZES}
    for name in ("dev", "two", "three"):
        eks.create_nodegroup(**words, nodegroupName=name, updateConfig={"maxUnavailablePercentage": 50})
    template = _make_template(sandbox, vpc)
    eks.create_nodegroup(**words, nodegroupName="own", launchTemplate={"id": template, "version": "1"})
    eks.create_nodegroup(**words, nodegroupName="gpu", instanceTypes=["g4dn.xlarge"], amiType="AL2023_x86_64_STANDARD")
    eks.update_cluster_version(name="routed", version="1.33")
    _make_self_managed(sandbox, subnets, template)
    _stop_an_instance(sandbox)


def _make_template(sandbox: Sandbox, vpc: str) -> str:
    """A launch template with an image of the user's, the credentials of the node for pods, and two groups of the cluster."""
    ec2 = sandbox.client("ec2")
    tag = {"Key": "kubernetes.io/cluster/routed", "Value": "owned"}
    groups = [
        ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": [tag]}],
        )["GroupId"]
        for name in ("first", "second")
    ]
    data = {
        "ImageId": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "InstanceType": "m6i.large",
        "SecurityGroupIds": groups,
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
    }
    made = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
    return made["LaunchTemplate"]["LaunchTemplateId"]


def _make_self_managed(sandbox: Sandbox, subnets: list[str], template: str) -> None:
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="self",
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=",".join(subnets),
        Tags=[{"Key": "kubernetes.io/cluster/routed", "Value": "owned", "PropagateAtLaunch": True}],
    )


def _stop_an_instance(sandbox: Sandbox) -> None:
    ec2 = sandbox.client("ec2")
    wanted = [{"Name": "tag:kubernetes.io/cluster/routed", "Values": ["owned"]}]
    rows = ec2.describe_instances(Filters=wanted)["Reservations"]
    ec2.stop_instances(InstanceIds=[rows[0]["Instances"][0]["InstanceId"]])


def _make_isolated(sandbox: Sandbox, roles: dict[str, str]) -> None:
    ec2, eks = sandbox.client("ec2"), sandbox.client("eks")
    vpc = ground.create_vpc(ec2)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for block, zone in (("10.0.0.0/28", "a"), ("10.0.0.16/28", "c"))
    ]
    key, encryption = _create_key(sandbox)
    eks.create_cluster(
        name="isolated",
        roleArn=roles["cluster"],
        encryptionConfig=encryption,
        bootstrapSelfManagedAddons=False,
        accessConfig={"authenticationMode": "API"},
        computeConfig={"enabled": True, "nodePools": ["general-purpose"], "nodeRoleArn": roles["nodes"]},
        kubernetesNetworkConfig={"elasticLoadBalancing": {"enabled": True}},
        storageConfig={"blockStorage": {"enabled": True}},
        resourcesVpcConfig={"subnetIds": subnets, "controlPlaneEgressMode": "CUSTOMER_ROUTED"},
    )
    eks.describe_cluster(name="isolated")
    eks.create_addon(clusterName="isolated", addonName="eks-pod-identity-agent")
    eks.create_nodegroup(
        clusterName="isolated",
        nodegroupName="one",
        nodeRole=roles["nodes"],
        subnets=subnets,
        scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1},
    )
    sandbox.client("kms").disable_key(KeyId=key.rpartition("/")[2])
    for subnet in subnets:
        for _each in range(7):
            ec2.create_network_interface(SubnetId=subnet)


def _make_hybrid(sandbox: Sandbox, roles: dict[str, str]) -> None:
    ec2 = sandbox.client("ec2")
    subnets = ground.create_subnets(ec2, ground.create_vpc(ec2))
    sandbox.client("eks").create_cluster(
        name="hybrid",
        roleArn=roles["cluster"],
        accessConfig={"authenticationMode": "API"},
        remoteNetworkConfig={"remoteNodeNetworks": [{"cidrs": ["192.168.0.0/20"]}]},
        resourcesVpcConfig={"subnetIds": subnets, "endpointPublicAccess": True, "endpointPrivateAccess": True},
    )


def _make_hollow(sandbox: Sandbox) -> None:
    """The roles and the NAT gateway are deleted after the cluster has them."""
    ec2, eks, iam = sandbox.client("ec2"), sandbox.client("eks"), sandbox.client("iam")
    cluster = ground.create_role(iam, "hollow", "eks.amazonaws.com", ground.CLUSTER_POLICIES)
    nodes = ground.create_role(iam, "hollow-nodes", "ec2.amazonaws.com", ground.NODE_POLICIES)
    vpc = ground.create_vpc(ec2)
    subnets = ground.create_subnets(ec2, vpc)
    gateway = ground.open_way_out(ec2, vpc)
    eks.create_cluster(name="hollow", roleArn=cluster, resourcesVpcConfig={"subnetIds": subnets})
    eks.describe_cluster(name="hollow")
    sizes = {"minSize": 0, "maxSize": 1, "desiredSize": 0}
    eks.create_nodegroup(
        clusterName="hollow", nodegroupName="one", nodeRole=nodes, subnets=subnets, scalingConfig=sizes
    )
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    for name, policies in (("hollow", ground.CLUSTER_POLICIES), ("hollow-nodes", ground.NODE_POLICIES)):
        for policy in policies:
            iam.detach_role_policy(RoleName=name, PolicyArn=ground.POLICY.format(policy))
        for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
        iam.delete_role(RoleName=name)
