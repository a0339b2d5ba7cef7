# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/cluster-config.md from the table of fields and verdicts of the filter kumo.eks.cluster_config.

Run it with the project's Python after a change of the tables: .venv/bin/python tools/cluster_config_doc.py
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import CHOICES, list_paths
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.verdicts import find_verdict

PAGE = Path(__file__).parents[1] / "docs" / "cluster-config.md"

HEAD = """\
# ClusterConfig files

`ansible-playbook kumo.eks.site -e eks_cluster_config=cluster-config.yaml` creates or updates the cluster of an eksctl
[ClusterConfig](https://eksctl.io/usage/schema/) file, and `kumo.eks.teardown` deletes it. The filter
`kumo.eks.cluster_config` converts the file to role variables. See [an example](examples/cluster-config.yaml).

Every field is either supported or refused. The error names the path of a refused field, the reason, and what to use instead. Fields that
eksctl does not know are refused with the name that was probably meant, and duplicate keys with both lines. All problems of a file
are reported at once, before anything is created.

## Defaults

If a file has no value, the default of eksctl applies, not that of the role:

- The VPC is 192.168.0.0/16 in three zones (two in us-east-1) with one NAT gateway (`Single`).
- Nodes are in the public subnets. With `privateNetworking: true` they are in the private subnets.
- A node group, managed or not, has two m5.large nodes with Amazon Linux 2023 and a gp3 volume of 80 GiB. An omitted size is derived from the
  others. With `launchTemplate`, the template sets instance type, image and volume.
- `amiFamily` and the instance types determine the AMI type. Graviton, NVIDIA and Neuron instances have their own AMI types.
- `accessConfig.authenticationMode` is `API_AND_CONFIG_MAP`. The default of EKS is `CONFIG_MAP`, which does not support access entries.
- The cluster is created without the unmanaged add-ons of EKS. The add-ons vpc-cni, kube-proxy, coredns and metrics-server are installed
  in addition to those of the file, unless `addonsConfig.disableDefaultAddons` is true. An EKS Auto Mode cluster gets metrics-server
  alone. In China, AWS GovCloud (US) and isolated regions, metrics-server is not a default. `version: latest` is `most_recent`.
- The IAM role of the cluster has the policy AmazonEKSVPCResourceController, unless `iam.vpcResourceControllerPolicy` is false.
- With `iam.withOIDC`, the add-ons vpc-cni, aws-ebs-csi-driver and aws-efs-csi-driver get IAM roles by IRSA with the policies that they need,
  unless the file gives them a role.
- In EKS Auto Mode, the control plane uses the private subnets of a VPC that is created.
- Spot Instances of `instancesDistribution` are allocated by `lowest-price`, the default of EC2 Auto Scaling.
- With a group that has Windows nodes, the add-on vpc-cni assigns addresses to their pods (`enableWindowsIpam`). eksctl writes the same into the
  ConfigMap amazon-vpc-cni.
- A key below `ssh` opens SSH unless `ssh.allow` is false: to `ssh.sourceSecurityGroupIds`, to the VPC with `privateNetworking`, else to everybody.
  `ssh.allow` without a key imports `~/.ssh/id_rsa.pub`.
- With `remoteNetworkConfig`, an IAM role for hybrid activations of AWS Systems Manager, or with `iam.provider: IRA` a trust anchor, a role and a
  profile of IAM Roles Anywhere, and the access entry of the role are created, unless `iam.roleARN` names a role. Rules of the cluster
  security group let the remote networks and `vpc.extraCIDRs` reach the API server.
- `privateCluster.enabled` creates private subnets alone, with VPC endpoints for ec2, ecr.api, ecr.dkr, s3 and sts, and the API server
  has its private endpoint alone.

Differences from eksctl:

- `iamIdentityMappings` become access entries, not rows of the ConfigMap aws-auth. A mapping that no access entry can replace is refused.
- `iam.attachPolicyARNs` of a node group are attached in addition to the policies that nodes need. They do not replace them. Nodes have
  AmazonEKS_CNI_Policy also with `iam.withOIDC`, and AmazonEC2ContainerRegistryReadOnly instead of AmazonEC2ContainerRegistryPullOnly.
- Without `metadata.version` EKS chooses its default version, and eksctl may choose another one. Without `availabilityZones` kumo.eks takes the
  first zones of the region by their names, and eksctl takes zones at random.
- With `launchTemplate` and without `amiFamily` EKS chooses the AMI type. eksctl takes Amazon Linux 2023 unless the template has an image.
- The policies of EKS Auto Mode are attached only if it is enabled. `iam.serviceRoleARN` and `autoModeConfig.nodeRoleARN` name roles of your own.
- `nodeGroups` become self-managed nodes of the role eks_self_managed_nodes. Their Auto Scaling groups have the tags of the Cluster Autoscaler, with
  labels and taints, if `iam.withAddonPolicies.autoScaler` or `propagateASGTags` is true. `updateConfig.maxUnavailable` counts when nodes of an
  older launch template are replaced. With `iam.instanceRoleARN` and without `iam.instanceProfileARN`, the instance profile is the one with the name of
  the role, which must exist.
- Nodes use the cluster security group that EKS creates. The security groups of eksctl for control plane and nodes are not created.
- The endpoint of the API server is private from the start with `privateCluster.enabled`. eksctl makes it private at the end. Run the
  playbook where it reaches the VPC if it manages service accounts or Helm releases.
- The trust policy of an add-on's role names the add-on's service account. eksctl trusts all service accounts of the cluster, so the
  policies of an add-on whose service account is not known are refused.
- The default name of an IAM role of a service account consists of cluster, namespace and service account. There is no
  CloudFormation stack. Inline policies without a name are called `kumo-eks`.
- `vpc.subnets` names existing subnets by their `id`. `vpc.id` is compared with their VPC, and `vpc.cidr` with its blocks. The `cidr` of a
  subnet and `vpc.nat` describe what exists. Nothing is changed.
- `instanceSelector` is answered when a group is created, by the zones of its subnets, and its instance types stay as long as it exists. Beside
  a list of instance types it is not used, and eksctl compares the two. `neuron_devices` counts Trainium, too. The AMI type follows from
  `gpus` and `neuron_devices`; where they are omitted it is one without accelerators.
- `ssh.publicKeyPath` is a file, and not the name of an EC2 key pair. The key pair that is imported is called CLUSTER.NODEGROUP.DIGEST.
- `efaEnabled` gives nodes a security group for EFA on every version of Kubernetes, and eksctl gives managed nodes none from Kubernetes 1.33 on.
  Self-managed nodes with `capacityReservation` get no placement group, as managed ones in eksctl. The EFA device plugin is not installed.
  Install its chart, aws-efa-k8s-device-plugin of https://aws.github.io/eks-charts, with `eks_helm_releases`. Instance types with several
  network cards need `privateNetworking: true`.
- With `remoteNetworkConfig`, the hybrid activation itself is not created, as by eksctl. It is a secret of one day, made with
  `aws ssm create-activation`. With `iam.provider: IRA` the role is as AWS' guide has it: a session must be called as the certificate (CN), and
  the role has no permissions for AWS Systems Manager.

## Every field

If a field is refused, all fields inside it are refused. A refused field is accepted with a value that changes nothing: empty, null, or
the value that the table names.

| Field | Type | Role variable |
|---|---|---|
"""


def build_page() -> str:
    """The page's text."""
    return HEAD + "".join(_build_row(path, kind) for path, kind in list_paths() if find_verdict(path)[0] != "inside")


def _build_row(path: str, kind: str) -> str:
    return f"| `{path}` | {_format_type(kind)} | {_format_verdict(path)} |\n"


def _format_type(kind: str) -> str:
    name = kind.strip("[]{}")
    words = "one of " + ", ".join(CHOICES[name]) if name in CHOICES else name
    return {"[": f"list of {words}", "{": f"mapping to {words}"}.get(kind[0], words).replace("*", "\\*")


def _format_verdict(path: str) -> str:
    state, said = find_verdict(path)
    if state == "honoured":
        return f"`{said}`"
    if state == "descriptive":
        return said
    accepted = "".join(
        f" `{str(value).lower() if isinstance(value, bool) else value}` is accepted." for value in said.accepts
    )
    return f"refused: {said.why}. {said.remedy[0].upper()}{said.remedy[1:]}.{accepted}"


if __name__ == "__main__":
    PAGE.write_text(build_page(), encoding="utf-8")
