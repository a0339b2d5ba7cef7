# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ClusterConfig with what eksctl creates beside the cluster: roles of add-ons and nodes, self-managed nodes, SSH, zones, Local Zones, access,
an identity provider and a capability. From nothing and back."""

from __future__ import annotations

import base64
import json

import pytest

FILE = """\
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: fields, region: ap-northeast-1, version: "1.33"}
availabilityZones: [ap-northeast-1a, ap-northeast-1c]
localZones: [ap-northeast-1-tpe-1a]
iam: {withOIDC: true}
addons:
  - {name: vpc-cni, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}
  - {name: eks-pod-identity-agent}
  - name: aws-ebs-csi-driver
    podIdentityAssociations:
      - serviceAccountName: ebs-csi-controller-sa
        permissionPolicyARNs: ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
managedNodeGroups:
  - name: web
    privateNetworking: true
    availabilityZones: [ap-northeast-1c]
    ssh: {publicKeyName: k}
    iam:
      instanceRoleName: web-of-fields
      attachPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
nodeGroups:
  - name: own
    desiredCapacity: 1
    privateNetworking: true
    availabilityZones: [ap-northeast-1a]
    maxPodsPerNode: 20
    taints: {dedicated: "own:NoSchedule"}
    ssh: {publicKeyName: k}
    asgSuspendProcesses: [AZRebalance]
    asgMetricsCollection: [{granularity: 1Minute, metrics: [GroupMinSize]}]
    iam: {instanceRoleName: own-of-fields, withAddonPolicies: {ebs: true}}
  - {name: near, desiredCapacity: 1, minSize: 1, localZones: [ap-northeast-1-tpe-1a]}
accessConfig:
  accessEntries:
    - principalARN: PERSON
      accessPolicies: [{policyARN: AmazonEKSViewPolicy, accessScope: {type: cluster}}]
identityProviders:
  - {type: oidc, name: people, issuerURL: "https://id.example.com", clientID: kubernetes, usernameClaim: email}
capabilities:
  - name: ack
    type: ACK
    attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
    accessPolicies: [{policyARN: AmazonEKSViewPolicy, accessScope: {type: cluster}}]
cloudWatch: {clusterLogging: {enableTypes: [api], logRetentionInDays: 60}}
"""
TRUST = {"Version": "2012-10-17", "Statement": []}


def assert_own_nodes(sandbox):
    """The self-managed nodes of the file, in their zone, with SSH and what their Auto Scaling group has beside."""
    name = "fields.self-managed.own"
    asg, ec2 = sandbox.client("autoscaling"), sandbox.client("ec2")
    (group,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert [row["AvailabilityZone"] for row in group["Instances"]] == ["ap-northeast-1a"]
    assert [row["ProcessName"] for row in group["SuspendedProcesses"]] == ["AZRebalance"]
    assert [row["Metric"] for row in group["EnabledMetrics"]] == ["GroupMinSize"]
    answer = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Latest"])
    data = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    told = base64.b64decode(data["UserData"]).decode()
    assert '"maxPods": 20' in told and "dedicated=own:NoSchedule" in told
    (ssh,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{name}.ssh"]}])["SecurityGroups"]
    assert ssh["GroupId"] in data["SecurityGroupIds"] and data["KeyName"] == "k"


def assert_nodes_in_the_local_zone(sandbox):
    """Only the nodes of the group that names it are there, with public addresses."""
    asg, ec2 = sandbox.client("autoscaling"), sandbox.client("ec2")
    groups = asg.describe_auto_scaling_groups(AutoScalingGroupNames=["fields.self-managed.near"])["AutoScalingGroups"]
    assert [row["AvailabilityZone"] for row in groups[0]["Instances"]] == ["ap-northeast-1-tpe-1a"]
    (subnet,) = ec2.describe_subnets(SubnetIds=groups[0]["VPCZoneIdentifier"].split(","))["Subnets"]
    assert subnet["MapPublicIpOnLaunch"]
    place = sandbox.client("eks").describe_cluster(name="fields")["cluster"]["resourcesVpcConfig"]
    rows = ec2.describe_subnets(SubnetIds=place["subnetIds"])["Subnets"]
    assert {row["AvailabilityZone"] for row in rows} == {"ap-northeast-1a", "ap-northeast-1c"}


@pytest.mark.extended
def test_a_file_with_roles_ssh_and_zones_comes_up_stays_and_goes(sandbox, play, account, tmp_path):
    path = tmp_path / "cluster.yaml"
    options, eks, iam = {"eks_cluster_config": str(path)}, sandbox.client("eks"), sandbox.client("iam")
    person = iam.create_role(RoleName="person", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    path.write_text(FILE.replace("PERSON", person))
    sandbox.client("ec2").create_key_pair(KeyName="k")
    sandbox.client("ec2").modify_availability_zone_group(GroupName="ap-northeast-1-tpe-1", OptInStatus="opted-in")
    before = account()
    play("kumo.eks.site", "--check", "--diff", **options).assert_ok()
    assert account() == before
    play("kumo.eks.site", **options).assert_ok()

    cni = eks.describe_addon(clusterName="fields", addonName="vpc-cni")["addon"]
    assert cni["serviceAccountRoleArn"].endswith(":role/fields.kube-system.aws-node")
    trust = json.dumps(iam.get_role(RoleName="fields.kube-system.aws-node")["Role"]["AssumeRolePolicyDocument"])
    assert "system:serviceaccount:kube-system:aws-node" in trust
    (association,) = eks.list_pod_identity_associations(clusterName="fields")["associations"]
    assert association["serviceAccount"] == "ebs-csi-controller-sa"

    group = eks.describe_nodegroup(clusterName="fields", nodegroupName="web")["nodegroup"]
    assert group["nodeRole"].endswith(":role/web-of-fields")
    assert iam.list_role_policies(RoleName="web-of-fields")["PolicyNames"] == ["kumo-eks"]
    rows = sandbox.client("ec2").describe_subnets(SubnetIds=group["subnets"])["Subnets"]
    assert [row["AvailabilityZone"] for row in rows] == ["ap-northeast-1c"]

    assert_own_nodes(sandbox)
    assert_nodes_in_the_local_zone(sandbox)
    entries = eks.list_access_entries(clusterName="fields")["accessEntries"]
    assert {person, iam.get_role(RoleName="own-of-fields")["Role"]["Arn"]} < set(entries)
    (provider,) = eks.list_identity_provider_configs(clusterName="fields")["identityProviderConfigs"]
    named = {"clusterName": "fields", "identityProviderConfig": provider}
    oidc = eks.describe_identity_provider_config(**named)["identityProviderConfig"]["oidc"]
    assert (oidc["status"], oidc["usernameClaim"]) == ("ACTIVE", "email")
    capability = eks.describe_capability(clusterName="fields", capabilityName="ack")["capability"]
    assert capability["status"] == "ACTIVE" and capability["roleArn"].endswith("_capability.ack")
    policies = eks.list_associated_access_policies(clusterName="fields", principalArn=capability["roleArn"])
    assert "AmazonEKSViewPolicy" in str(policies["associatedAccessPolicies"])
    (logs,) = sandbox.client("logs").describe_log_groups()["logGroups"]
    assert logs["retentionInDays"] == 60

    play("kumo.eks.site", **options).assert_unchanged()
    play("kumo.eks.teardown", **options).assert_ok()
    assert account() == before
