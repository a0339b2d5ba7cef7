# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ClusterConfig with what eksctl creates beside the cluster: roles of add-ons and nodes, SSH, zones. From nothing and back."""

from __future__ import annotations

import json

import pytest

FILE = """\
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: fields, region: ap-northeast-1, version: "1.33"}
availabilityZones: [ap-northeast-1a, ap-northeast-1c]
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
"""


@pytest.mark.extended
def test_a_file_with_roles_ssh_and_zones_comes_up_stays_and_goes(sandbox, play, account, tmp_path):
    path = tmp_path / "cluster.yaml"
    path.write_text(FILE)
    options, eks, iam = {"eks_cluster_config": str(path)}, sandbox.client("eks"), sandbox.client("iam")
    sandbox.client("ec2").create_key_pair(KeyName="k")
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

    play("kumo.eks.site", **options).assert_unchanged()
    play("kumo.eks.teardown", **options).assert_ok()
    assert account() == before
