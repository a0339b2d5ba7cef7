# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of eksctl, as site.yml reads them."""

from __future__ import annotations

from typing import Any

from support.bad_inputs.row import BadInput, cluster_config

META = {"name": "new", "region": "ap-northeast-1"}
bad = cluster_config(apiVersion="eksctl.io/v1alpha5", kind="ClusterConfig", metadata=META)
SUBNETS = {"private": {"a": {"id": "$subnet"}, "c": {"id": "subnet-2"}}}


def group(about: str, option: str, value: str, remedy: str, /, **fields: Any) -> BadInput:
    """A row about the one node group of the file."""
    return bad(about, option, value, remedy, managedNodeGroups=[{"name": "web", **fields}])


def profile(about: str, option: str, value: str, remedy: str, /, **fields: Any) -> BadInput:
    """A row about the one Fargate profile of the file."""
    return bad(
        about, option, value, remedy, fargateProfiles=[{"name": "web", "selectors": [{"namespace": "shop"}], **fields}]
    )


def account(about: str, option: str, value: str, remedy: str, /, **fields: Any) -> BadInput:
    """A row about the one service account of the file."""
    row = {"metadata": {"name": "web", "namespace": "shop"}, "wellKnownPolicies": {"externalDNS": True}, **fields}
    return bad(about, option, value, remedy, iam={"withOIDC": True, "serviceAccounts": [row]})


ROWS = [
    bad(
        "another version of the format",
        "apiVersion",
        "'eksctl.io/v1beta1'",
        "eksctl.io/v1alpha5",
        apiVersion="eksctl.io/v1beta1",
    ),
    bad("another kind", "kind", "'Cluster'", "ClusterConfig", kind="Cluster"),
    bad("no metadata", "metadata", "is missing", "metadata", metadata=None),
    bad("no region", "metadata.region", "is missing", "region", metadata={"name": "new"}),
    bad(
        "a name with a space",
        "metadata.name",
        "'my cluster'",
        "Use up to 100 letters",
        metadata={**META, "name": "my cluster"},
    ),
    bad(
        "a city for a region",
        "metadata.region",
        "'tokyo'",
        "Use one like ap-northeast-1",
        metadata={**META, "region": "tokyo"},
    ),
    bad("a version without quotes", "metadata.version", "1.3", 'version: "1.30"', metadata={**META, "version": 1.3}),
    bad(
        "a version that EKS does not offer",
        "eks_cluster_version",
        "1.99",
        "Versions are:",
        metadata={**META, "version": "1.99"},
    ),
    bad(
        "a misspelt field", "managedNodegroups", "unknown field", "Did you mean managedNodeGroups", managedNodegroups=[]
    ),
    bad("a field of another level", "vpc.region", "unknown field", "vpc.region", vpc={"region": "x"}),
    bad(
        "self-managed nodes of an image that ended",
        "nodeGroups[0].amiFamily",
        "AmazonLinux2",
        "Use AmazonLinux2023",
        nodeGroups=[{"name": "old", "amiFamily": "AmazonLinux2"}],
    ),
    bad(
        "self-managed nodes with an unknown process",
        "suspended_processes",
        "Rebalance",
        "AZRebalance",
        nodeGroups=[{"name": "own", "asgSuspendProcesses": ["Rebalance"]}],
    ),
    bad(
        "self-managed nodes with the profile alone",
        "nodeGroups[0].iam.instanceProfileARN",
        "needs the role",
        "Set iam.instanceRoleARN",
        nodeGroups=[{"name": "own", "iam": {"instanceProfileARN": "arn:aws:iam::123456789012:instance-profile/x"}}],
    ),
    bad(
        "two identity providers",
        "identityProviders",
        "2 are given",
        "one OIDC identity provider",
        identityProviders=[
            {"type": "oidc", "name": name, "issuerURL": "https://id.example.com", "clientID": "x"} for name in "ab"
        ],
    ),
    bad(
        "a provider without https",
        "eks_cluster_identity_providers[0].issuer_url",
        "'http://id.example.com'",
        "begins with https://",
        identityProviders=[{"type": "oidc", "name": "a", "issuerURL": "http://id.example.com", "clientID": "x"}],
    ),
    bad(
        "an unknown capability",
        "capabilities[0].type",
        "'FLUX'",
        "ACK, KRO, ARGOCD",
        capabilities=[{"name": "a", "type": "FLUX"}],
    ),
    bad(
        "Argo CD without IAM Identity Center",
        "capabilities[0].configuration.argocd.awsIdc.idcInstanceArn",
        "is missing",
        "IAM Identity Center",
        capabilities=[{"name": "a", "type": "ARGOCD"}],
    ),
    bad("a block without its prefix", "vpc.cidr", "'10.0.0.0'", "Did you mean 10.0.0.0/32", vpc={"cidr": "10.0.0.0"}),
    bad("a block that is too large", "vpc.cidr", "10.0.0.0/8", "a /16 to a /28", vpc={"cidr": "10.0.0.0/8"}),
    bad(
        "no endpoint",
        "vpc.clusterEndpoints",
        "not be reachable",
        "Set publicAccess or privateAccess",
        vpc={"clusterEndpoints": {"publicAccess": False}},
    ),
    bad(
        "private addresses",
        "vpc.publicAccessCIDRs[0]",
        "192.168.0.0/16",
        "Use public addresses",
        vpc={"publicAccessCIDRs": ["192.168.0.0/16"]},
    ),
    bad(
        "an unknown NAT",
        "vpc.nat.gateway",
        "'PerZone'",
        "HighlyAvailable, Single, Disable",
        vpc={"nat": {"gateway": "PerZone"}},
    ),
    bad(
        "one subnet",
        "vpc.subnets",
        "$subnet",
        "at least two subnets",
        vpc={"subnets": {"private": {"a": {"id": "$subnet"}}}},
    ),
    bad(
        "a subnet that does not exist",
        "eks_network_subnets.private",
        "subnet-2",
        "does not exist",
        vpc={"subnets": SUBNETS},
    ),
    bad(
        "a cidr that the VPC of the subnets does not have",
        "eks_network_cidr",
        "10.99.0.0/16 is no block of",
        "Remove eks_network_cidr",
        vpc={"cidr": "10.99.0.0/16", "subnets": {"private": {"a": {"id": "$subnet"}, "c": {"id": "$third_subnet"}}}},
    ),
    bad(
        "a cidr with host bits",
        "vpc.cidr",
        "'10.0.0.1/16' is not a CIDR block",
        "Did you mean 10.0.0.0/16",
        vpc={"cidr": "10.0.0.1/16"},
    ),
    bad("one zone", "availabilityZones", "ap-northeast-1a", "at least 2 zones", availabilityZones=["ap-northeast-1a"]),
    bad(
        "an unknown log type",
        "cloudWatch.clusterLogging.enableTypes[0]",
        "'kubelet'",
        "api, audit",
        cloudWatch={"clusterLogging": {"enableTypes": ["kubelet"]}},
    ),
    bad(
        "a retention that CloudWatch Logs does not have",
        "cloudWatch.clusterLogging.logRetentionInDays",
        "61 is not valid",
        "30, 60, 90",
        cloudWatch={"clusterLogging": {"enableTypes": ["api"], "logRetentionInDays": 61}},
    ),
    bad(
        "a key that is none",
        "secretsEncryption.keyARN",
        "'alias/eks'",
        "arn:aws:kms",
        secretsEncryption={"keyARN": "alias/eks"},
    ),
    bad(
        "auto mode's pools without it",
        "autoModeConfig.nodePools",
        "has no effect",
        "autoModeConfig.enabled",
        autoModeConfig={"nodePools": ["system"]},
    ),
    bad(
        "an unknown node pool",
        "autoModeConfig.nodePools",
        "gpu",
        "general-purpose",
        autoModeConfig={"enabled": True, "nodePools": ["gpu"]},
    ),
    bad(
        "an unknown support type",
        "upgradePolicy.supportType",
        "'LTS'",
        "STANDARD, EXTENDED",
        upgradePolicy={"supportType": "LTS"},
    ),
    bad(
        "service addresses that are public",
        "serviceIPv4CIDR",
        "8.8.0.0/16",
        "within 10.0.0.0/8",
        kubernetesNetworkConfig={"serviceIPv4CIDR": "8.8.0.0/16"},
    ),
    bad("text for a list", "managedNodeGroups", "'web'", "a list", managedNodeGroups="web"),
    bad("an item that is empty", "managedNodeGroups[0]", "None", "an item", managedNodeGroups=[None]),
    bad(
        "a name twice",
        "managedNodeGroups[1].name",
        "'web'",
        "Names must be unique",
        managedNodeGroups=[{"name": "web"}, {"name": "web"}],
    ),
    group(
        "EFA in two zones",
        "managedNodeGroups[0].availabilityZones",
        "eu-west-1a, eu-west-1b",
        "name one",
        efaEnabled=True,
        availabilityZones=["eu-west-1a", "eu-west-1b"],
    ),
    group("a minimum above the maximum", "managedNodeGroups[0]", "minSize 5", "ascending order", minSize=5, maxSize=2),
    group(
        "a size in words", "managedNodeGroups[0].desiredCapacity", "'three'", "a whole number", desiredCapacity="three"
    ),
    group(
        "two spellings of types",
        "managedNodeGroups[0].instanceType",
        "instanceTypes",
        "Use one of them",
        instanceType="m5.large",
        instanceTypes=["m5.large"],
    ),
    group(
        "two architectures",
        "managedNodeGroups[0].amiFamily",
        "m7g.large",
        "architecture",
        instanceTypes=["m5.large", "m7g.large"],
    ),
    group("an unknown family", "managedNodeGroups[0].amiFamily", "'Debian12'", "AmazonLinux2023", amiFamily="Debian12"),
    group("an instance type that does not exist", "instance", "m9x.huge", "ap-northeast-1", instanceType="m9x.huge"),
    group(
        "an effect of the API",
        "managedNodeGroups[0].taints[0].effect",
        "'NO_SCHEDULE'",
        "NoSchedule",
        taints=[{"key": "gpu", "effect": "NO_SCHEDULE"}],
    ),
    group("a number as a label", "managedNodeGroups[0].labels.tier", "1", 'in quotes: "1"', labels={"tier": 1}),
    group(
        "a reserved label",
        "labels",
        "eks.amazonaws.com/pool",
        "Use node.kubernetes.io/",
        labels={"eks.amazonaws.com/pool": "x"},
    ),
    group(
        "a volume beside a launch template",
        "managedNodeGroups[0].volumeSize",
        "launchTemplate",
        "Set it in the template",
        volumeSize=100,
        launchTemplate={"id": "lt-1"},
    ),
    group(
        "throughput of gp2",
        "managedNodeGroups[0].volumeThroughput",
        "gp2",
        "gp3",
        volumeType="gp2",
        volumeThroughput=250,
    ),
    group(
        "SSH sources without a key",
        "managedNodeGroups[0].ssh.sourceSecurityGroupIds",
        "no effect",
        "Set publicKeyName, publicKey or publicKeyPath",
        ssh={"sourceSecurityGroupIds": ["sg-1"]},
    ),
    group(
        "two keys",
        "managedNodeGroups[0].ssh.publicKeyPath",
        "publicKeyName",
        "A group has one key",
        ssh={"publicKeyName": "k", "publicKeyPath": "~/.ssh/id.pub"},
    ),
    group(
        "a private key for the public one",
        "managedNodeGroups[0].ssh.publicKey",
        "not the public key",
        "begins with ssh-rsa or ssh-ed25519",
        ssh={"publicKey": "-----BEGIN OPENSSH PRIVATE KEY-----"},
    ),
    group(
        "an instance type beside a selector",
        "managedNodeGroups[0].instanceType",
        "instanceSelector",
        "Use one of them",
        instanceType="m5.large",
        instanceSelector={"vCPUs": 2},
    ),
    group(
        "a memory that is no size",
        "managedNodeGroups[0].instanceSelector.memory",
        "'much'",
        "Use one like 4GiB",
        instanceSelector={"vCPUs": 2, "memory": "much"},
    ),
    group(
        "a selector for an image of another architecture",
        "managedNodeGroups[0].amiFamily",
        "arm64",
        "Families that fit",
        amiFamily="WindowsServer2022CoreContainer",
        instanceSelector={"vCPUs": 2, "cpuArchitecture": "arm64"},
    ),
    group(
        "a market without a reservation",
        "managedNodeGroups[0].instanceMarketOptions",
        "needs",
        "capacityReservation",
        instanceMarketOptions={"marketType": "capacity-block"},
    ),
    bad(
        "a mix in a Capacity Block",
        "nodeGroups[0].instancesDistribution",
        "one instance type",
        "Use instanceType",
        nodeGroups=[
            {
                "name": "a",
                "instanceMarketOptions": {"marketType": "capacity-block"},
                "capacityReservation": {"capacityReservationTarget": {"capacityReservationID": "cr-1"}},
                "instancesDistribution": {"instanceTypes": ["p5.48xlarge"]},
            }
        ],
    ),
    bad("a VPC without its subnets", "vpc.id", "needs", "List them in vpc.subnets", vpc={"id": "vpc-1"}),
    bad(
        "public nodes in a private cluster",
        "managedNodeGroups[0].privateNetworking",
        "must be true",
        "privateCluster.enabled",
        privateCluster={"enabled": True},
        managedNodeGroups=[{"name": "web"}],
    ),
    bad(
        "policies of an add-on without the OIDC provider",
        "addons[0].attachPolicyARNs",
        "OIDC provider",
        "Set iam.withOIDC to true",
        addons=[{"name": "vpc-cni", "attachPolicyARNs": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}],
    ),
    bad(
        "a zone that the network does not have",
        "managedNodeGroups[0].availabilityZones[0]",
        "'ap-northeast-1d'",
        "Add it there",
        availabilityZones=["ap-northeast-1a", "ap-northeast-1c"],
        managedNodeGroups=[{"name": "web", "availabilityZones": ["ap-northeast-1d"]}],
    ),
    group(
        "a subnet that is not in the file", "managedNodeGroups[0].subnets[0]", "'mine'", "vpc.subnets", subnets=["mine"]
    ),
    group(
        "both limits of an update",
        "managedNodeGroups[0].updateConfig",
        "maxUnavailablePercentage",
        "use one of",
        updateConfig={"maxUnavailable": 1, "maxUnavailablePercentage": 10},
    ),
    group(
        "a role and its policies",
        "managedNodeGroups[0].iam.attachPolicyARNs",
        "instanceRoleARN",
        "Set it in that role",
        iam={"instanceRoleARN": "$node_role", "attachPolicyARNs": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
    ),
    group(
        "scripts of Bottlerocket",
        "managedNodeGroups[0].preBootstrapCommands",
        "Bottlerocket does not run scripts",
        "Use bottlerocket.settings",
        amiFamily="Bottlerocket",
        preBootstrapCommands=["echo"],
    ),
    profile("no selectors", "fargateProfiles[0].selectors", "is empty", "Use at least one", selectors=[]),
    profile(
        "six selectors",
        "selectors",
        "6 are given",
        "EKS accepts 1-5",
        selectors=[{"namespace": f"n{n}"} for n in range(6)],
    ),
    profile(
        "a selector without a namespace",
        "fargateProfiles[0].selectors[0].namespace",
        "is missing",
        "namespace",
        selectors=[{"labels": {"a": "b"}}],
    ),
    bad(
        "an add-on that EKS does not offer", "name", "'core-dns'", "Did you mean coredns", addons=[{"name": "core-dns"}]
    ),
    bad(
        "an add-on with two roles",
        "addons[0].serviceAccountRoleARN",
        "podIdentityAssociations",
        "cannot be combined",
        addons=[
            {
                "name": "vpc-cni",
                "serviceAccountRoleARN": "$app_role",
                "podIdentityAssociations": [{"serviceAccountName": "aws-node", "roleARN": "$app_role"}],
            }
        ],
    ),
    bad(
        "an add-on's own policy without the provider",
        "addons[0].attachPolicyARNs",
        "OIDC provider",
        "Set iam.withOIDC to true",
        addons=[{"name": "vpc-cni", "attachPolicyARNs": ["x"]}],
    ),
    bad(
        "an unknown way of conflicts",
        "addons[0].resolveConflicts",
        "'force'",
        "none, overwrite, preserve",
        addons=[{"name": "vpc-cni", "resolveConflicts": "force"}],
    ),
    bad(
        "accounts without the provider",
        "iam.serviceAccounts",
        "OIDC provider",
        "Set iam.withOIDC to true",
        iam={"serviceAccounts": [{"metadata": {"name": "web"}, "wellKnownPolicies": {"externalDNS": True}}]},
    ),
    account(
        "no rights", "iam.serviceAccounts[0]", "grants no permissions", "Set attachPolicyARNs", wellKnownPolicies={}
    ),
    account(
        "a pod role and its policies",
        "iam.serviceAccounts[0].attachRoleARN",
        "wellKnownPolicies",
        "managed elsewhere",
        attachRoleARN="$app_role",
    ),
    account(
        "a policy that is none",
        "iam.serviceAccounts[0].attachPolicy",
        "is not a policy document",
        "Version and Statement",
        attachPolicy={"Action": "s3:*"},
    ),
    account(
        "a policy by name",
        "policy_arns",
        "'ReadOnlyAccess'",
        "Use one like arn:aws:iam",
        attachPolicyARNs=["ReadOnlyAccess"],
    ),
    bad(
        "associations without the agent",
        "iam.podIdentityAssociations",
        "EKS Pod Identity Agent",
        "Add eks-pod-identity-agent",
        iam={"podIdentityAssociations": [{"namespace": "shop", "serviceAccountName": "web", "roleARN": "$app_role"}]},
    ),
    bad("a tag of AWS", "tags", "aws:team", "aws:", metadata={**META, "tags": {"aws:team": "x"}}),
    bad(
        "a tag without quotes",
        "metadata.tags.cost-center",
        "42",
        'in quotes: "42"',
        metadata={**META, "tags": {"cost-center": 42}},
    ),
]
