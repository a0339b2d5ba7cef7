# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What controllers, EKS, eksctl and people leave in an account of a cluster, planted once of each kind."""

from __future__ import annotations

import json
from typing import Any

from support.certificates import CA_BUNDLE

REGION = "ap-northeast-1"


def to_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def mark(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": to_list(tags)}]


class Planter:
    """Plants what belongs to one cluster.

    Args:
        client: gives boto3's client of a service.
    """

    image = ""

    def __init__(self, client: Any, cluster: str, subnets: list[str]) -> None:
        self._client, self.cluster, self.subnets = client, cluster, subnets
        self.ec2 = client("ec2")
        self.vpc = self.ec2.describe_subnets(SubnetIds=subnets[:1])["Subnets"][0]["VpcId"]
        self.owned = {f"kubernetes.io/cluster/{cluster}": "owned"}
        self.of_balancers = {"elbv2.k8s.aws/cluster": cluster}

    def plant_classic_balancer(self) -> dict[str, str]:
        """As EKS' cloud controller makes it for a Service: with a security group of its own."""
        name = f"a{self.cluster.encode().hex()}"[:32]
        tags = {**self.owned, "kubernetes.io/service-name": "default/web"}
        group = self._create_group(f"k8s-elb-{name}", self.owned)
        listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstanceProtocol": "TCP", "InstancePort": 80}
        self._client("elb").create_load_balancer(
            LoadBalancerName=name,
            Listeners=[listener],
            SecurityGroups=[group],
            Subnets=self.subnets[:1],
            Tags=to_list(tags),
        )
        return {"load_balancer": name, "security_group": group}

    def plant_modern_balancer(self) -> dict[str, str]:
        """As the AWS Load Balancer Controller makes it for an Ingress, with its target group, and the groups that let it in."""
        elb, name = self._client("elbv2"), f"k8s-{self.cluster}-web"[:28]
        front = self._create_group(f"k8s-default-{self.cluster}", self.of_balancers)
        back = self._create_group(f"k8s-traffic-{self.cluster}", self.of_balancers)
        made = elb.create_load_balancer(
            Name=name, Subnets=self.subnets[:2], SecurityGroups=[front, back], Tags=to_list(self.of_balancers)
        )
        balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        made = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip", Tags=to_list(self.of_balancers)
        )
        target = made["TargetGroups"][0]["TargetGroupArn"]
        action = {"Type": "forward", "TargetGroupArn": target}
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
        return {"load_balancer": balancer, "target_group": target, "security_group": front, "back": back}

    def let_in(self, group: str, source: str) -> None:
        """The rule by which the controller lets a load balancer's traffic into a group of the nodes."""
        pair = {"GroupId": source, "Description": "elbv2.k8s.aws/targetGroupBinding=shared"}
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def plant_interface(self, group: str = "", **tags: str) -> str:
        """As the VPC CNI leaves it where a node ends too fast."""
        words: dict[str, Any] = {"SubnetId": self.subnets[0], "Description": "aws-K8S-i-0123456789abcdef0"}
        if group:
            words["Groups"] = [group]
        if tags:
            words["TagSpecifications"] = mark("network-interface", tags)
        return self.ec2.create_network_interface(**words)["NetworkInterface"]["NetworkInterfaceId"]

    def plant_volume(self, tags: dict[str, str] | None = None) -> str:
        """As the EBS CSI driver makes it for a claim, where it was told the cluster's name."""
        zone = self.ec2.describe_subnets(SubnetIds=self.subnets[:1])["Subnets"][0]["AvailabilityZone"]
        found = {"ebs.csi.aws.com/cluster": "true", "CSIVolumeName": "pvc-1", **(self.owned if tags is None else tags)}
        made = self.ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=mark("volume", found))
        return made["VolumeId"]

    def plant_snapshot(self, volume: str) -> str:
        tags = mark("snapshot", {"ebs.csi.aws.com/cluster": "true", **self.owned})
        return self.ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]

    def plant_instance(self) -> str:
        """A node of Karpenter that outlived its cluster."""
        tags = {**self.owned, "karpenter.sh/nodepool": "default", "eks:eks-cluster-name": self.cluster}
        made = self.ec2.run_instances(
            ImageId=self._find_image(),
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[0],
            TagSpecifications=mark("instance", tags),
        )
        return made["Instances"][0]["InstanceId"]

    def _find_image(self) -> str:
        """The same in each account of the sandbox; a look at all of them takes a second."""
        if not Planter.image:
            Planter.image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        return Planter.image

    def plant_template(self) -> str:
        made = self.ec2.create_launch_template(
            LaunchTemplateName=f"karpenter.k8s.aws/{self.cluster}",
            LaunchTemplateData={"InstanceType": "m5.large", "ImageId": self._find_image()},
            TagSpecifications=mark("launch-template", {"karpenter.k8s.aws/cluster": self.cluster}),
        )
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def plant_autoscaling_group(self) -> str:
        name = f"eks-{self.cluster}"
        template = self.plant_template()
        self._client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=0,
            VPCZoneIdentifier=self.subnets[0],
            LaunchTemplate={"LaunchTemplateId": template},
            Tags=[{"Key": "eks:cluster-name", "Value": self.cluster, "PropagateAtLaunch": True}],
        )
        return name

    def plant_rest(self) -> dict[str, str]:
        """One of each other kind."""
        iam, logs = self._client("iam"), self._client("logs")
        logs.create_log_group(logGroupName=f"/aws/eks/{self.cluster}/cluster")
        logs.create_log_group(logGroupName=f"/aws/containerinsights/{self.cluster}/application")
        key = self._client("kms").create_key()["KeyMetadata"]["KeyId"]
        self._client("kms").create_alias(AliasName=f"alias/eks/{self.cluster}", TargetKeyId=key)
        by_eksctl = to_list({"alpha.eksctl.io/cluster-name": self.cluster})
        by_kumo = to_list({f"kumo.eks/{REGION}/{self.cluster}": "owned"})
        issuer = f"oidc.eks.{REGION}.amazonaws.com/id/{self.cluster.encode().hex().upper()}"
        provider = iam.create_open_id_connect_provider(Url=f"https://{issuer}", ClientIDList=["x"], Tags=by_eksctl)
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = f"KarpenterNodeRole-{self.cluster}"
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
        nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
        policy = iam.create_policy(
            PolicyName=f"{self.cluster}-policy",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [nothing]}),
            Tags=by_kumo,
        )
        profile = f"{self.cluster}_1234567890"
        iam.create_instance_profile(
            InstanceProfileName=profile,
            Tags=to_list(
                {**self.owned, "karpenter.k8s.aws/ec2nodeclass": "default", "topology.kubernetes.io/region": REGION}
            ),
        )
        pair = self.ec2.create_key_pair(KeyName=f"eksctl-{self.cluster}-nodegroup-ng-1-aa:bb")["KeyPairId"]
        address = self.ec2.allocate_address(
            Domain="vpc", TagSpecifications=mark("elastic-ip", {f"kumo.eks/{REGION}/{self.cluster}": "owned"})
        )["AllocationId"]
        group = f"{self.cluster}-ml-efa"
        self.ec2.create_placement_group(
            GroupName=group,
            Strategy="cluster",
            TagSpecifications=mark("placement-group", {f"kumo.eks/{REGION}/{self.cluster}": "owned"}),
        )
        stack = f"eksctl-{self.cluster}-cluster"
        body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
        self._client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(body), Tags=by_eksctl)
        queue = self._client("sqs").create_queue(
            QueueName=self.cluster, tags={f"kumo.eks/{REGION}/{self.cluster}": "owned"}
        )["QueueUrl"]
        rule = f"{self.cluster}-health"
        pattern = json.dumps({"source": ["aws.health"]})
        self._client("events").put_rule(Name=rule, EventPattern=pattern, Tags=by_kumo)
        return {
            "log_group": f"/aws/eks/{self.cluster}/cluster",
            "insights": f"/aws/containerinsights/{self.cluster}/application",
            "kms_key": key,
            "oidc_provider": provider["OpenIDConnectProviderArn"],
            "iam_role": role,
            "iam_policy": policy["Policy"]["Arn"],
            "instance_profile": profile,
            "key_pair": pair,
            "address": address,
            "placement_group": group,
            "stack": stack,
            "queue": queue,
            "event_rule": rule,
            **self.plant_anywhere(),
            "dns_record": self._plant_record(),
        }

    def plant_anywhere(self) -> dict[str, str]:
        """As eks_roles_anywhere makes them for hybrid nodes."""
        client, name = self._client("rolesanywhere"), f"{self.cluster}-hybrid-nodes"
        tags = [{"key": f"kumo.eks/{REGION}/{self.cluster}", "value": "owned"}]
        source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": CA_BUNDLE}}
        anchor = client.create_trust_anchor(name=name, source=source, tags=tags)["trustAnchor"]
        profile = client.create_profile(name=name, roleArns=[f"arn:aws:iam::123456789012:role/{name}"], tags=tags)
        return {
            "trust_anchor": anchor["trustAnchorId"],
            "roles_anywhere_profile": profile["profile"]["profileId"],
        }

    def _plant_record(self) -> str:
        route53 = self._client("route53")
        zone = route53.create_hosted_zone(Name=f"{self.cluster}.example.com", CallerReference=self.cluster)
        place = zone["HostedZone"]["Id"].rpartition("/")[2]
        text = f'"heritage=external-dns,external-dns/owner={self.cluster},external-dns/resource=service/default/web"'
        name = f"web.{self.cluster}.example.com."
        record = {"Name": name, "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": text}]}
        route53.change_resource_record_sets(
            HostedZoneId=place, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )
        return f"{place}/{name}/TXT"

    def _create_group(self, name: str, tags: dict[str, str]) -> str:
        made = self.ec2.create_security_group(
            GroupName=name, Description="x", VpcId=self.vpc, TagSpecifications=mark("security-group", tags)
        )
        return made["GroupId"]
