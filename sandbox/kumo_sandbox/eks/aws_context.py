"""AWS beside EKS: what EC2, IAM and Auto Scaling of the same sandbox (moto) know, called by boto3.

Its calls carry a mark in the user agent, so that they are neither recorded nor hit by faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from kumo_sandbox.eks.errors import InvalidParameter, InvalidRequest
from kumo_sandbox.eks.launch_templates import build_metadata_options
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT, MARK, get_iam_backend

if TYPE_CHECKING:
    from moto.ec2.models.instances import Instance


class AwsContext:
    """
    Args:
        endpoint: of the sandbox.
        keys: ID and secret of the administrator's access key.
        home: the region of IAM.
        connect: takes a new client and returns it, connected.
    """

    def __init__(
        self, endpoint: str, keys: tuple[str, str], home: str, connect: Callable[[Any], Any] = lambda client: client
    ) -> None:
        # The sandbox calls itself: no profile of the shell that it was started from is meant.
        core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        words = {"aws_access_key_id": keys[0], "aws_secret_access_key": keys[1], "botocore_session": core}
        session = boto3.session.Session(**words)

        @cache
        def client(service: str, region: str) -> Any:
            config = Config(user_agent_extra=MARK, retries={"max_attempts": 2}, max_pool_connections=20)
            return connect(session.client(service, region_name=region, endpoint_url=endpoint, config=config))

        self.client = client
        self._home = home  # IAM is one for all regions of its partition

    def load(self, region: str) -> None:
        """Let moto load its machine images and policies, and botocore its models, before anybody waits for them."""
        self.client("ec2", region).describe_vpcs()
        self.client("iam", region).list_account_aliases()

    def describe_subnets(self, region: str, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The subnets (VpcId, AvailabilityZone, CidrBlock); raises InvalidParameterException for unknown ones."""
        try:
            return self.client("ec2", region).describe_subnets(SubnetIds=list(ids))["Subnets"]
        except ClientError as error:
            raise InvalidParameter(f"The subnet ID is not valid: {error.response['Error']['Message']}") from error

    def check_security_groups(self, region: str, ids: Iterable[str], vpc_id: str) -> None:
        """They exist in the VPC; https://github.com/pulumi/pulumi-eks/issues/517 has EKS' words."""
        wanted = list(ids)
        if not wanted:
            return
        try:
            rows = self.client("ec2", region).describe_security_groups(GroupIds=wanted)["SecurityGroups"]
        except ClientError as error:
            raise InvalidParameter(f"Security group(s) not found: {error.response['Error']['Message']}") from error
        others = [row["GroupId"] for row in rows if row["VpcId"] != vpc_id]
        if others:
            raise InvalidParameter(
                f"Security group(s) [{', '.join(others)}] are not in the same VPC as the subnets. Please specify a security group"
                f" that is associated with the VPC: {vpc_id}."
            )

    def check_key(self, region: str, encryption: list[dict[str, Any]]) -> None:
        """The KMS key of a cluster is a symmetric one of its region: EncryptionConfig and Provider in EKS' model."""
        for row in encryption:
            arn = row["provider"]["keyArn"]
            try:
                key = self.client("kms", region).describe_key(KeyId=arn)["KeyMetadata"]
            except ClientError as error:
                raise InvalidParameter(f"KMS key {arn} is not found in {region}") from error
            if (
                key["KeySpec"] != "SYMMETRIC_DEFAULT"
                or key.get("KeyUsage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT"
                or f":{region}:" not in arn
            ):
                raise InvalidParameter(f"KMS key {arn} is not a symmetric key in {region}")

    def list_vpc_blocks(self, region: str, vpc_id: str) -> list[str]:
        """The VPC's IPv4 blocks."""
        (vpc,) = self.client("ec2", region).describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
        return [row["CidrBlock"] for row in vpc["CidrBlockAssociationSet"]]

    def find_known_role(self, arn: str, now: float) -> dict[str, Any] | None:
        """The role with this ARN as EKS knows it (moto_fixes/iam/propagation.py), None where there is none or not yet."""
        found = self.find_role(arn)
        if found is None:
            return None
        role = get_iam_backend(find_partition(self._home).name).get_role(found["RoleName"])
        if now < getattr(role, "known_at", 0.0):
            return None
        if now < getattr(role, "trust_known_at", 0.0):
            return {**found, "AssumeRolePolicyDocument": json.loads(role.trust_before)}
        return found

    def find_role(self, arn: str) -> dict[str, Any] | None:
        """The role with this ARN as IAM describes it, None where there is none."""
        try:
            role = self.client("iam", self._home).get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
        except ClientError:
            return None
        return role if role["Arn"] == arn else None

    def has_principal(self, arn: str, now: float) -> bool:
        """Whether EKS knows a role or a user with this ARN. Those of other accounts, and the account itself, are not looked up."""
        kind = arn.rpartition(":")[2].partition("/")[0]
        if kind == "role" and f":{ACCOUNT}:" in arn:
            return self.find_known_role(arn, now) is not None
        if kind == "user" and f":{ACCOUNT}:" in arn:
            rows = self.client("iam", self._home).list_users()["Users"]
            return any(row["Arn"] == arn for row in rows)
        return True

    def create_cluster_security_group(self, region: str, vpc_id: str, cluster: str) -> str:
        ec2 = self.client("ec2", region)
        tags = [
            {"Key": "Name", "Value": f"eks-cluster-sg-{cluster}"},
            {"Key": f"kubernetes.io/cluster/{cluster}", "Value": "owned"},
            {"Key": "aws:eks:cluster-name", "Value": cluster},
        ]
        group = ec2.create_security_group(
            GroupName=f"eks-cluster-sg-{cluster}-{abs(hash((region, vpc_id, cluster))) % 10**9}",
            Description="EKS created security group applied to ENI that is attached to EKS Control Plane master nodes,"
            " as well as any managed workloads.",
            VpcId=vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags[:2]}],
        )
        return group["GroupId"]

    def delete_security_group(self, region: str, group_id: str) -> None:
        try:
            self.client("ec2", region).delete_security_group(GroupId=group_id)
        except ClientError:
            pass  # still referred to: EKS leaves it behind, too

    def describe_launch_template(self, region: str, template: dict[str, Any]) -> dict[str, Any]:
        """The template's id, name, version as EKS answers them, and its data; raises InvalidRequestException."""
        words = (
            {"LaunchTemplateId": template["id"]} if template.get("id") else {"LaunchTemplateName": template.get("name")}
        )
        version = template.get("version") or "$Default"
        try:
            found = self.client("ec2", region).describe_launch_template_versions(Versions=[version], **words)
            row = found["LaunchTemplateVersions"][0]
        except (ClientError, IndexError) as error:
            raise InvalidRequest(f"Launch template or version not found: {template}") from error
        return {
            "reference": {
                "id": row["LaunchTemplateId"],
                "name": row["LaunchTemplateName"],
                "version": str(row["VersionNumber"]),
            },
            "data": row["LaunchTemplateData"],
        }

    def start_instances(self, region: str, nodegroup: dict[str, Any], image: str) -> None:
        """An Auto Scaling group with its instances, as EKS makes one behind a node group, of this image or its template's."""
        name = nodegroup["resources"]["autoScalingGroups"][0]["name"]
        tags = {
            "eks:cluster-name": nodegroup["clusterName"],
            "eks:nodegroup-name": nodegroup["nodegroupName"],
            f"kubernetes.io/cluster/{nodegroup['clusterName']}": "owned",
        }
        template = self._create_own_template(region, nodegroup, tags, image)
        scaling = nodegroup["scalingConfig"]
        self.client("autoscaling", region).create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": template, "Version": "$Latest"},
            MinSize=scaling["minSize"],
            MaxSize=scaling["maxSize"],
            DesiredCapacity=scaling["desiredSize"],
            VPCZoneIdentifier=",".join(nodegroup["subnets"]),
            Tags=[{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in tags.items()],
        )

    def _create_own_template(self, region: str, nodegroup: dict[str, Any], tags: dict[str, str], image: str) -> str:
        """EKS' own launch template behind a node group; its name is eks-UUID."""
        name = name_own_template(nodegroup)
        rows = [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("kubernetes.io/")]
        self.client("ec2", region).create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData=self._build_own_data(region, nodegroup, image),
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": rows}],
        )
        return name

    def update_own_template(self, region: str, nodegroup: dict[str, Any], image: str) -> None:
        """The next version of EKS' own launch template, which the Auto Scaling group uses from now on."""
        self.client("ec2", region).create_launch_template_version(
            LaunchTemplateName=name_own_template(nodegroup),
            LaunchTemplateData=self._build_own_data(region, nodegroup, image),
        )

    def _build_own_data(self, region: str, nodegroup: dict[str, Any], image: str) -> dict[str, Any]:
        """What the user's template says, with EKS' image where it names none."""
        data: dict[str, Any] = {"MetadataOptions": build_metadata_options(nodegroup.get("amiType") or "")}
        if nodegroup.get("launchTemplate"):
            data = self.describe_launch_template(region, nodegroup["launchTemplate"])["data"]
        types = nodegroup.get("instanceTypes") or [data.get("InstanceType") or "t3.medium"]
        return {"ImageId": image, **data, "InstanceType": types[0]}

    def scale(self, region: str, nodegroup: dict[str, Any]) -> None:
        scaling = nodegroup["scalingConfig"]
        self.client("autoscaling", region).update_auto_scaling_group(
            AutoScalingGroupName=nodegroup["resources"]["autoScalingGroups"][0]["name"],
            MinSize=scaling["minSize"],
            MaxSize=scaling["maxSize"],
            DesiredCapacity=scaling["desiredSize"],
        )

    def update_warm_pool(self, region: str, nodegroup: dict[str, Any]) -> None:
        """Give the Auto Scaling group the warm pool of the node group, or take it away."""
        config, client = nodegroup["warmPoolConfig"], self.client("autoscaling", region)
        name = nodegroup["resources"]["autoScalingGroups"][0]["name"]
        if not config["enabled"]:
            try:
                client.delete_warm_pool(AutoScalingGroupName=name, ForceDelete=True)
            except ClientError:
                pass  # it had none
            return
        words: dict[str, Any] = {"MinSize": config["minSize"], "PoolState": config["poolState"].title()}
        if "maxGroupPreparedCapacity" in config:
            words["MaxGroupPreparedCapacity"] = config["maxGroupPreparedCapacity"]
        reuse = {"ReuseOnScaleIn": config["reuseOnScaleIn"]}
        client.put_warm_pool(AutoScalingGroupName=name, InstanceReusePolicy=reuse, **words)

    def stop_instances(self, region: str, nodegroup: dict[str, Any]) -> None:
        name = nodegroup["resources"]["autoScalingGroups"][0]["name"]
        try:
            self.client("autoscaling", region).delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
            self.client("ec2", region).delete_launch_template(LaunchTemplateName=name_own_template(nodegroup))
        except ClientError:
            pass  # a node group whose creation failed has none

    def give_groups(self, region: str, nodegroup: dict[str, Any], cluster_group: str) -> None:
        """Nodes have the security groups of their launch template, without any the cluster's own."""
        from moto.ec2.models import ec2_backends

        data: dict[str, Any] = {"MetadataOptions": build_metadata_options(nodegroup.get("amiType") or "")}
        if nodegroup.get("launchTemplate"):
            data = self.describe_launch_template(region, nodegroup["launchTemplate"])["data"]
        own = nodegroup["resources"].get("remoteAccessSecurityGroup")
        names = data.get("SecurityGroupIds") or [cluster_group, *([own] if own else [])]
        groups = [ec2_backends[ACCOUNT][region].get_security_group_from_id(name) for name in names]
        for instance in self.list_instances(region, nodegroup):
            for interface in instance.nics.values():
                interface._group_set = [group for group in groups if group]

    def list_instances(self, region: str, nodegroup: dict[str, Any]) -> list[Instance]:
        """The node group's running instances, read where moto keeps them: this is asked at every connection to a cluster."""
        from moto.autoscaling.models import autoscaling_backends

        name = nodegroup["resources"]["autoScalingGroups"][0]["name"]
        group = autoscaling_backends[ACCOUNT][region].autoscaling_groups.get(name)
        found = [state.instance for state in group.instance_states] if group else []
        return [instance for instance in found if instance.state == "running"]

    def is_running(self, region: str, instance_id: str) -> bool:
        """Whether an instance runs, read where moto keeps it."""
        from moto.ec2.models import ec2_backends

        rows = ec2_backends[ACCOUNT][region].reservations.values()
        return any(each.id == instance_id and each.state == "running" for row in rows for each in row.instances)


def name_own_template(nodegroup: dict[str, Any]) -> str:
    """eks-UUID, with the UUID of the node group's ARN."""
    return f"eks-{nodegroup['nodegroupArn'].rpartition('/')[2]}"
