# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kumo.eks does with each field of a ClusterConfig: its role variable, or why it is refused. Pure data.

A path names a field from the root, with ``[]`` for the items of a list and ``{}`` for the values of a mapping. A verdict on a path
holds for everything below it. A test holds the refusals against the options of the modules.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """Why a field is refused, what to do instead, and values that are accepted because they change nothing."""

    why: str
    remedy: str
    accepts: tuple[Any, ...] = ()


_NODES, _SELF_MANAGED = "managedNodeGroups[]", "nodeGroups[]"
_ACCOUNTS, _ASSOCIATIONS = "iam.serviceAccounts[]", "iam.podIdentityAssociations[]"

# A field that describes the file, not the cluster: checked, and then of no effect, as in eksctl.
DESCRIPTIVE: dict[str, str] = {
    "apiVersion": "the format of the file",
    "kind": "the format of the file",
    **{
        f"{nodes}.ssh.enableSsm": "nodes always have the permissions for AWS Systems Manager, as in eksctl"
        for nodes in (_NODES, _SELF_MANAGED)
    },
    "identityProviders[].type": "EKS has providers of the type oidc",
    "remoteNetworkConfig.iam.provider": "SSM, the default, or IRA, which caBundleCert is for",
    "capabilities[].deletePropagationPolicy": "EKS has RETAIN only",
    "iamIdentityMappings[].noDuplicateARNs": "a principal has one access entry",
    f"{_SELF_MANAGED}.asgMetricsCollection[].granularity": "EC2 Auto Scaling has one granularity, 1Minute",
    "metadata.annotations": "notes for readers of the file, which eksctl also ignores",
    "addons[].podIdentityAssociations[].namespace": "the namespace is the add-on's",
}

HONOURED: dict[str, str] = {
    "metadata.name": "eks_cluster_name",
    "metadata.region": "eks_region",
    "metadata.tags": "eks_tags",
    "metadata.version": "eks_cluster_version",
    "metadata.forceUpdateVersion": "eks_cluster_force",
    "metadata.rollbackConfig.timeoutMinutes": "eks_cluster_rollback_config.timeout_minutes",
    "kubeAPIServerConfig": "eks_cluster_kube_api_server_config",
    "kubeControllerManagerConfig": "eks_cluster_kube_controller_manager_config",
    "kubeSchedulerConfig": "eks_cluster_kube_scheduler_config",
    "outpost.controlPlaneOutpostARN": "eks_cluster_outpost_config.outpost_arns",
    "outpost.controlPlaneInstanceType": "eks_cluster_outpost_config.control_plane_instance_type",
    "outpost.controlPlanePlacement": "eks_cluster_outpost_config.control_plane_placement",
    "outpost.etcdInstanceType": "eks_cluster_outpost_config.etcd_instance_type",
    "outpost.etcdPlacement.spreadLevel": "eks_cluster_outpost_config.etcd_placement.spread_level",
    "availabilityZones": "eks_network_zones",
    "localZones": "eks_network_local_zones",
    "vpc.cidr": "eks_network_cidr",
    "vpc.hostnameType": "eks_network_hostname_type",
    "vpc.nat.gateway": "eks_network_nat_gateway",
    "privateCluster.skipEndpointCreation": "eks_network_endpoints",
    "privateCluster.additionalEndpointServices": "eks_network_endpoints",
    "vpc.subnets.public{}.id": "eks_network_subnets.public",
    "vpc.subnets.public{}.cidr": "eks_network_subnets",
    "vpc.subnets.public{}.az": "eks_nodegroups_list[].subnets",
    "vpc.subnets.private{}.id": "eks_network_subnets.private",
    "vpc.subnets.private{}.cidr": "eks_network_subnets",
    "vpc.subnets.private{}.az": "eks_nodegroups_list[].subnets",
    "vpc.clusterEndpoints.publicAccess": "eks_cluster_endpoint_public_access",
    "vpc.clusterEndpoints.privateAccess": "eks_cluster_endpoint_private_access",
    "vpc.publicAccessCIDRs": "eks_cluster_public_access_cidrs",
    "vpc.controlPlaneEgressMode": "eks_cluster_control_plane_egress_mode",
    "vpc.extraCIDRs": "eks_cluster_extra_cidrs",
    "vpc.extraIPv6CIDRs": "eks_cluster_extra_cidrs",
    "vpc.securityGroup": "eks_cluster_security_groups",
    "accessConfig.accessEntries[].principalARN": "eks_access_entries[].principal_arn",
    "accessConfig.accessEntries[].type": "eks_access_entries[].type",
    "accessConfig.accessEntries[].kubernetesGroups": "eks_access_entries[].kubernetes_groups",
    "accessConfig.accessEntries[].kubernetesUsername": "eks_access_entries[].username",
    "accessConfig.accessEntries[].accessPolicies[].policyARN": "eks_access_entries[].access_policies[].policy_arn",
    "accessConfig.accessEntries[].accessPolicies[].accessScope.type": (
        "eks_access_entries[].access_policies[].access_scope.type"
    ),
    "accessConfig.accessEntries[].accessPolicies[].accessScope.namespaces": (
        "eks_access_entries[].access_policies[].access_scope.namespaces"
    ),
    "iamIdentityMappings[].arn": "eks_access_entries[].principal_arn",
    "iamIdentityMappings[].username": "eks_access_entries[].username",
    "iamIdentityMappings[].groups": "eks_access_entries[].kubernetes_groups (system:masters: access_policies; nodes: type)",
    "identityProviders[].name": "eks_cluster_identity_providers[].name",
    "identityProviders[].issuerURL": "eks_cluster_identity_providers[].issuer_url",
    "identityProviders[].clientID": "eks_cluster_identity_providers[].client_id",
    "identityProviders[].usernameClaim": "eks_cluster_identity_providers[].username_claim",
    "identityProviders[].usernamePrefix": "eks_cluster_identity_providers[].username_prefix",
    "identityProviders[].groupsClaim": "eks_cluster_identity_providers[].groups_claim",
    "identityProviders[].groupsPrefix": "eks_cluster_identity_providers[].groups_prefix",
    "identityProviders[].requiredClaims": "eks_cluster_identity_providers[].required_claims",
    "identityProviders[].tags": "eks_cluster_identity_providers[].tags",
    "capabilities[].name": "eks_cluster_capabilities[].name",
    "capabilities[].type": "eks_cluster_capabilities[].type",
    "capabilities[].roleArn": "eks_cluster_capabilities[].role_arn",
    "capabilities[].attachPolicyARNs": "eks_cluster_capabilities[].policy_arns",
    "capabilities[].attachPolicy": "eks_cluster_capabilities[].inline_policies",
    "capabilities[].permissionsBoundary": "eks_cluster_capabilities[].permissions_boundary",
    "capabilities[].accessPolicies": "eks_cluster_capabilities[].access_policies",
    "capabilities[].configuration.argocd": "eks_cluster_capabilities[].argo_cd",
    "capabilities[].tags": "eks_cluster_capabilities[].tags",
    "vpc.controlPlaneSecurityGroupIDs": "eks_cluster_security_groups",
    "vpc.controlPlaneSubnetIDs": "eks_cluster_subnets",
    "vpc.controlPlaneOnPrivateSubnets": "eks_cluster_subnets, eks_cluster_subnet_kinds",
    "accessConfig.authenticationMode": "eks_cluster_access_config.authentication_mode",
    "accessConfig.bootstrapClusterCreatorAdminPermissions": (
        "eks_cluster_access_config.bootstrap_cluster_creator_admin_permissions"
    ),
    "autoModeConfig.enabled": (
        "eks_cluster_compute_config.enabled, eks_cluster_storage_config, eks_cluster_kubernetes_network_config, eks_addons_list"
    ),
    "autoModeConfig.nodePools": "eks_cluster_compute_config.node_pools",
    "autoModeConfig.nodeRoleARN": "eks_cluster_compute_config.node_role_arn",
    "cloudWatch.clusterLogging.enableTypes": "eks_cluster_logging",
    "cloudWatch.clusterLogging.logRetentionInDays": "eks_cluster_log_retention_days",
    "controlPlaneScalingConfig.tier": "eks_cluster_control_plane_scaling_config.tier",
    "iam.serviceRoleARN": "eks_cluster_role_arn",
    "iam.fargatePodExecutionRoleARN": "eks_fargate_profiles[].role_arn",
    "iam.withOIDC": "eks_irsa_oidc_provider",
    f"{_ACCOUNTS}.metadata.name": "eks_irsa_service_accounts[].name",
    f"{_ACCOUNTS}.metadata.namespace": "eks_irsa_service_accounts[].namespace",
    f"{_ACCOUNTS}.metadata.labels": "eks_irsa_service_accounts[].service_account_labels",
    f"{_ACCOUNTS}.metadata.annotations": "eks_irsa_service_accounts[].service_account_annotations",
    f"{_ACCOUNTS}.attachPolicy": "eks_irsa_service_accounts[].inline_policies",
    f"{_ACCOUNTS}.attachPolicyARNs": "eks_irsa_service_accounts[].policy_arns",
    f"{_ACCOUNTS}.attachRoleARN": "eks_irsa_service_accounts[].role_arn",
    f"{_ACCOUNTS}.wellKnownPolicies": "eks_irsa_service_accounts[].well_known_policies",
    f"{_ACCOUNTS}.permissionsBoundary": "eks_irsa_service_accounts[].permissions_boundary",
    f"{_ACCOUNTS}.roleName": "eks_irsa_service_accounts[].role_name",
    f"{_ACCOUNTS}.roleOnly": "eks_irsa_service_accounts[].role_only",
    f"{_ACCOUNTS}.subjectPattern": "eks_irsa_service_accounts[].name, allow_patterns",
    f"{_ACCOUNTS}.tags": "eks_irsa_service_accounts[].tags",
    f"{_ASSOCIATIONS}.namespace": "eks_irsa_pod_identity_associations[].namespace",
    f"{_ASSOCIATIONS}.serviceAccountName": "eks_irsa_pod_identity_associations[].service_account",
    f"{_ASSOCIATIONS}.createServiceAccount": "eks_irsa_pod_identity_associations[].create_service_account",
    f"{_ASSOCIATIONS}.roleARN": "eks_irsa_pod_identity_associations[].role_arn",
    f"{_ASSOCIATIONS}.targetRoleARN": "eks_irsa_pod_identity_associations[].target_role_arn",
    f"{_ASSOCIATIONS}.disableSessionTags": "eks_irsa_pod_identity_associations[].disable_session_tags",
    f"{_ASSOCIATIONS}.policy": "eks_irsa_pod_identity_associations[].session_policy",
    f"{_ASSOCIATIONS}.roleName": "eks_irsa_pod_identity_associations[].role_name",
    f"{_ASSOCIATIONS}.permissionPolicy": "eks_irsa_pod_identity_associations[].inline_policies",
    f"{_ASSOCIATIONS}.permissionPolicyName": "eks_irsa_pod_identity_associations[].inline_policies",
    f"{_ASSOCIATIONS}.permissionPolicyARNs": "eks_irsa_pod_identity_associations[].policy_arns",
    f"{_ASSOCIATIONS}.permissionsBoundaryARN": "eks_irsa_pod_identity_associations[].permissions_boundary",
    f"{_ASSOCIATIONS}.wellKnownPolicies": "eks_irsa_pod_identity_associations[].well_known_policies",
    f"{_ASSOCIATIONS}.tags": "eks_irsa_pod_identity_associations[].tags",
    "karpenter.version": "eks_karpenter_enabled, eks_karpenter_version",
    "karpenter.createServiceAccount": "eks_karpenter_create_service_account",
    "karpenter.defaultInstanceProfile": "eks_karpenter_instance_profile",
    "karpenter.withSpotInterruptionQueue": "eks_karpenter_interruption_queue",
    "kubernetesNetworkConfig.ipFamily": "eks_cluster_kubernetes_network_config.ip_family",
    "kubernetesNetworkConfig.serviceIPv4CIDR": "eks_cluster_kubernetes_network_config.service_ipv4_cidr",
    "remoteNetworkConfig.iam.roleARN": "eks_cluster_hybrid_node_role_arn",
    "remoteNetworkConfig.iam.caBundleCert": "eks_cluster_hybrid_node_ca_bundle",
    "remoteNetworkConfig.remoteNodeNetworks": "eks_cluster_remote_network_config.remote_node_networks",
    "remoteNetworkConfig.remotePodNetworks": "eks_cluster_remote_network_config.remote_pod_networks",
    "secretsEncryption.keyARN": "eks_cluster_encryption_config.key_arn",
    "upgradePolicy.supportType": "eks_cluster_upgrade_policy.support_type",
    "zonalShiftConfig.enabled": "eks_cluster_zonal_shift_config.enabled",
    f"{_NODES}.name": "eks_nodegroups_list[].name",
    f"{_NODES}.amiFamily": "eks_nodegroups_list[].ami_type (the architecture and the accelerator are the instance types')",
    f"{_NODES}.instanceType": "eks_nodegroups_list[].instance_types",
    f"{_NODES}.instanceTypes": "eks_nodegroups_list[].instance_types",
    f"{_NODES}.instanceSelector.vCPUs": "eks_nodegroups_list[].instance_selector.vcpus",
    f"{_NODES}.instanceSelector.memory": "eks_nodegroups_list[].instance_selector.memory",
    f"{_NODES}.instanceSelector.gpus": "eks_nodegroups_list[].instance_selector.gpus",
    f"{_NODES}.instanceSelector.neuron_devices": "eks_nodegroups_list[].instance_selector.neuron_devices",
    f"{_NODES}.instanceSelector.cpuArchitecture": "eks_nodegroups_list[].instance_selector.cpu_architecture",
    f"{_NODES}.instanceSelector.allow": "eks_nodegroups_list[].instance_selector.allow",
    f"{_NODES}.instanceSelector.deny": "eks_nodegroups_list[].instance_selector.deny",
    f"{_NODES}.spot": "eks_nodegroups_list[].capacity_type",
    f"{_NODES}.desiredCapacity": "eks_nodegroups_list[].scaling_config.desired_size",
    f"{_NODES}.minSize": "eks_nodegroups_list[].scaling_config.min_size",
    f"{_NODES}.maxSize": "eks_nodegroups_list[].scaling_config.max_size",
    f"{_NODES}.volumeSize": "eks_nodegroups_list[].template.volumes[].size",
    f"{_NODES}.volumeType": "eks_nodegroups_list[].template.volumes[].type",
    f"{_NODES}.volumeName": "eks_nodegroups_list[].template.volumes[].device_name",
    f"{_NODES}.volumeIOPS": "eks_nodegroups_list[].template.volumes[].iops",
    f"{_NODES}.volumeThroughput": "eks_nodegroups_list[].template.volumes[].throughput",
    f"{_NODES}.volumeEncrypted": "eks_nodegroups_list[].template.volumes[].encrypted",
    f"{_NODES}.volumeKmsKeyID": "eks_nodegroups_list[].template.volumes[].kms_key_id",
    f"{_NODES}.privateNetworking": "eks_nodegroups_list[].private_networking",
    f"{_NODES}.subnets": "eks_nodegroups_list[].subnets",
    f"{_NODES}.availabilityZones": "eks_nodegroups_list[].availability_zones (with vpc.subnets: subnets)",
    f"{_NODES}.labels": "eks_nodegroups_list[].labels",
    f"{_NODES}.taints": "eks_nodegroups_list[].taints",
    f"{_NODES}.tags": "eks_nodegroups_list[].tags",
    f"{_NODES}.updateConfig.maxUnavailable": "eks_nodegroups_list[].update_config.max_unavailable",
    f"{_NODES}.updateConfig.maxUnavailablePercentage": "eks_nodegroups_list[].update_config.max_unavailable_percentage",
    f"{_NODES}.nodeRepairConfig": "eks_nodegroups_list[].node_repair_config",
    f"{_NODES}.additionalVolumes": "eks_nodegroups_list[].template.volumes",
    f"{_NODES}.ami": "eks_nodegroups_list[].template.image_id",
    f"{_NODES}.bottlerocket": "eks_nodegroups_list[].template.bottlerocket_settings",
    f"{_NODES}.capacityReservation": "eks_nodegroups_list[].template.capacity_reservation",
    f"{_NODES}.disableIMDSv1": "eks_nodegroups_list[].template.metadata_options.http_tokens",
    f"{_NODES}.disablePodIMDS": "eks_nodegroups_list[].template.metadata_options.http_put_response_hop_limit",
    f"{_NODES}.ebsOptimized": "eks_nodegroups_list[].template.ebs_optimized",
    f"{_NODES}.efaEnabled": "eks_nodegroups_list[].template.efa",
    f"{_NODES}.enableDetailedMonitoring": "eks_nodegroups_list[].template.monitoring",
    f"{_NODES}.instanceName": "eks_nodegroups_list[].template.tags",
    f"{_NODES}.instancePrefix": "eks_nodegroups_list[].template.tags",
    f"{_NODES}.maxPodsPerNode": "eks_nodegroups_list[].template.node_config (Bottlerocket: bottlerocket_settings)",
    f"{_NODES}.overrideBootstrapCommand": "eks_nodegroups_list[].template.node_config (Amazon Linux 2: user_data)",
    f"{_NODES}.placement.groupName": "eks_nodegroups_list[].template.placement.group_name",
    f"{_NODES}.preBootstrapCommands": "eks_nodegroups_list[].template.user_data",
    f"{_NODES}.ssh.publicKeyName": "eks_nodegroups_list[].template.key_name",
    f"{_NODES}.ssh.publicKey": "eks_nodegroups_list[].template.public_key",
    f"{_NODES}.ssh.publicKeyPath": "eks_nodegroups_list[].template.public_key_path",
    f"{_NODES}.ssh.sourceSecurityGroupIds": "eks_nodegroups_list[].template.ssh_sources",
    f"{_NODES}.securityGroups.attachIDs": "eks_nodegroups_list[].template.security_groups",
    f"{_NODES}.launchTemplate.id": "eks_nodegroups_list[].launch_template.id",
    f"{_NODES}.launchTemplate.version": "eks_nodegroups_list[].launch_template.version",
    f"{_NODES}.releaseVersion": "eks_nodegroups_list[].release_version",
    f"{_NODES}.iam.instanceRoleARN": "eks_nodegroups_list[].node_role",
    f"{_NODES}.iam.attachPolicyARNs": "eks_nodegroups_list[].attach_policy_arns",
    f"{_NODES}.iam.withAddonPolicies": "eks_nodegroups_list[].addon_policies",
    "fargateProfiles[].name": "eks_fargate_profiles[].name",
    "fargateProfiles[].selectors": "eks_fargate_profiles[].selectors",
    "fargateProfiles[].subnets": "eks_fargate_profiles[].subnets",
    "fargateProfiles[].tags": "eks_fargate_profiles[].tags",
    "fargateProfiles[].podExecutionRoleARN": "eks_fargate_profiles[].role_arn",
    "addons[].name": "eks_addons_list[].name",
    "addons[].version": "eks_addons_list[].version",
    "addons[].configurationValues": "eks_addons_list[].configuration_values",
    "addons[].resolveConflicts": "eks_addons_list[].resolve_conflicts",
    "addons[].serviceAccountRoleARN": "eks_addons_list[].service_account_role_arn",
    "addons[].podIdentityAssociations[].serviceAccountName": (
        "eks_addons_list[].pod_identity_associations[].service_account"
    ),
    "addons[].podIdentityAssociations[].roleARN": "eks_addons_list[].pod_identity_associations[].role_arn",
    "addons[].podIdentityAssociations[].roleName": "eks_addons_iam_roles[].name",
    "addons[].podIdentityAssociations[].permissionPolicy": "eks_addons_iam_roles[].inline_policies",
    "addons[].podIdentityAssociations[].permissionPolicyName": "eks_addons_iam_roles[].inline_policies",
    "addons[].podIdentityAssociations[].permissionPolicyARNs": "eks_addons_iam_roles[].policy_arns",
    "addons[].podIdentityAssociations[].permissionsBoundaryARN": "eks_addons_iam_roles[].permissions_boundary",
    "addons[].namespaceConfig.namespace": "eks_addons_list[].namespace",
    "addons[].tags": "eks_addons_list[].tags",
    "addons[].useDefaultPodIdentityAssociations": "eks_addons_list[].identity",
    "addonsConfig.autoApplyPodIdentityAssociations": "eks_addons_list[].identity",
    "addonsConfig.disableDefaultAddons": "eks_addons_list, eks_cluster_bootstrap_self_managed_addons",
    "vpc.id": "eks_network_existing_vpc_id",
    "vpc.autoAllocateIPv6": "eks_network_ip_family",
    "privateCluster.enabled": (
        "eks_network_subnet_kinds, eks_network_endpoints, eks_network_nat_gateway, eks_cluster_endpoint_public_access"
    ),
    "autoModeConfig.permissionsBoundaryARN": "eks_cluster_auto_node_permissions_boundary",
    "iam.serviceRolePermissionsBoundary": "eks_cluster_permissions_boundary",
    "iam.vpcResourceControllerPolicy": "eks_cluster_role_policy_arns",
    "iam.fargatePodExecutionRolePermissionsBoundary": "eks_fargate_permissions_boundary",
    f"{_NODES}.iam.attachPolicy": "eks_nodegroups_list[].inline_policies",
    f"{_NODES}.iam.instanceRoleName": "eks_nodegroups_list[].node_role_name",
    f"{_NODES}.iam.instanceRolePermissionsBoundary": "eks_nodegroups_list[].permissions_boundary",
    f"{_NODES}.instanceMarketOptions": "eks_nodegroups_list[].capacity_type",
    f"{_NODES}.ssh.allow": "eks_nodegroups_list[].template.ssh_sources",
    "addons[].attachPolicy": "eks_irsa_service_accounts[].inline_policies",
    "addons[].attachPolicyARNs": "eks_irsa_service_accounts[].policy_arns",
    "addons[].wellKnownPolicies": "eks_irsa_service_accounts[].well_known_policies",
    "addons[].permissionsBoundary": "eks_irsa_service_accounts[].permissions_boundary",
}

# Fields of managed node groups that self-managed ones do not have, or have in another way
_OF_MANAGED = (
    "instanceTypes",
    "launchTemplate.id",
    "launchTemplate.version",
    "maxPodsPerNode",
    "nodeRepairConfig",
    "overrideBootstrapCommand",
    "releaseVersion",
    "spot",
    "updateConfig.maxUnavailablePercentage",
)
_GROUPS = "eks_self_managed_nodes_list[]"
HONOURED |= {
    path.replace(_NODES, _SELF_MANAGED): said.replace("eks_nodegroups_list[]", _GROUPS)
    for path, said in HONOURED.items()
    if path.startswith(_NODES) and path.removeprefix(f"{_NODES}.") not in _OF_MANAGED
}
HONOURED |= {
    f"{_SELF_MANAGED}.maxPodsPerNode": f"{_GROUPS}.template.node_config (Bottlerocket: bottlerocket_settings)",
    f"{_SELF_MANAGED}.clusterDNS": f"{_GROUPS}.template.node_config (Bottlerocket: bottlerocket_settings)",
    f"{_SELF_MANAGED}.kubeletExtraConfig": f"{_GROUPS}.template.node_config",
    f"{_SELF_MANAGED}.overrideBootstrapCommand": f"{_GROUPS}.template.node_config",
    f"{_SELF_MANAGED}.localZones": f"{_GROUPS}.local_zones",
    f"{_SELF_MANAGED}.outpostARN": f"{_GROUPS}.outpost_arn",
    f"{_SELF_MANAGED}.cpuCredits": f"{_GROUPS}.template.cpu_credits",
    f"{_SELF_MANAGED}.enclaveEnabled": f"{_GROUPS}.template.enclave",
    f"{_SELF_MANAGED}.securityGroups.withShared": f"{_GROUPS}.template.cluster_security_group",
    f"{_SELF_MANAGED}.securityGroups.withLocal": (
        f"{_GROUPS}.template.cluster_security_group, {_GROUPS}.template.ssh_sources"
    ),
    f"{_SELF_MANAGED}.iam.instanceProfileARN": f"{_GROUPS}.instance_profile",
    f"{_SELF_MANAGED}.instancesDistribution.instanceTypes": f"{_GROUPS}.instance_types",
    f"{_SELF_MANAGED}.instancesDistribution.maxPrice": f"{_GROUPS}.instances_distribution.spot_max_price",
    f"{_SELF_MANAGED}.instancesDistribution.onDemandBaseCapacity": (
        f"{_GROUPS}.instances_distribution.on_demand_base_capacity"
    ),
    f"{_SELF_MANAGED}.instancesDistribution.onDemandPercentageAboveBaseCapacity": (
        f"{_GROUPS}.instances_distribution.on_demand_percentage_above_base_capacity"
    ),
    f"{_SELF_MANAGED}.instancesDistribution.spotAllocationStrategy": (
        f"{_GROUPS}.instances_distribution.spot_allocation_strategy"
    ),
    f"{_SELF_MANAGED}.instancesDistribution.spotInstancePools": f"{_GROUPS}.instances_distribution.spot_instance_pools",
    f"{_SELF_MANAGED}.instancesDistribution.capacityRebalance": f"{_GROUPS}.capacity_rebalance",
    f"{_SELF_MANAGED}.propagateASGTags": f"{_GROUPS}.cluster_autoscaler",
    f"{_SELF_MANAGED}.asgSuspendProcesses": f"{_GROUPS}.suspended_processes",
    f"{_SELF_MANAGED}.asgMetricsCollection[].metrics": f"{_GROUPS}.enabled_metrics",
    f"{_SELF_MANAGED}.classicLoadBalancerNames": f"{_GROUPS}.load_balancer_names",
    f"{_SELF_MANAGED}.targetGroupARNs": f"{_GROUPS}.target_group_arns",
    f"{_SELF_MANAGED}.maxInstanceLifetime": f"{_GROUPS}.max_instance_lifetime",
}

_OWN_TEMPLATE = "set it in your own EC2 launch template, and name that in launchTemplate"
_ONLY_ARNS = Refusal(
    "eksctl does not take it for an association of an add-on", "use permissionPolicyARNs or permissionPolicy instead"
)
_OF_ASSOCIATION = Refusal("EKS takes a service account and a role for an association of an add-on", "remove it")

_BOTH = {
    "placement.spreadLevel": Refusal("it is for AWS Outposts", "remove it"),
}

REFUSED: dict[str, Refusal] = {
    "gitops": Refusal("Flux is not installed", "install its chart with eks_helm_releases"),
    "iamIdentityMappings[].account": Refusal(
        "an access entry is for one role or user, not for an account", "list the roles and users with their arn"
    ),
    "iamIdentityMappings[].serviceName": Refusal(
        "EKS accepts no access entries for the service-linked roles of services",
        "bind a role of RBAC to the service's user, as its documentation says, and remove it",
    ),
    "iamIdentityMappings[].namespace": Refusal("it belongs to serviceName, which is not supported", "remove it"),
    "kubernetesNetworkConfig.serviceIPv6CIDR": Refusal("EKS chooses the IPv6 block of services", "remove it"),
    "remoteNetworkConfig.vpcGatewayID": Refusal(
        "routes to another network are not created", "remove it, and create the routes yourself"
    ),
    f"{_ACCOUNTS}.status": Refusal("it is what eksctl reports, not a setting", "remove it"),
    # EtcdPlacementRequest has a spread level only
    "outpost.etcdPlacement.groupName": Refusal("EKS has no placement group for etcd", "set spreadLevel, or remove it"),
    "vpc.ipv6Cidr": Refusal(
        "the IPv6 block of the VPC is one of Amazon's", "remove it, or list your own subnets in vpc.subnets"
    ),
    "vpc.ipv6Pool": Refusal(
        "the IPv6 block of the VPC is one of Amazon's", "remove it, or list your own subnets in vpc.subnets"
    ),
    "vpc.sharedNodeSecurityGroup": Refusal("nodes share the cluster security group that EKS creates", "remove it"),
    "vpc.manageSharedNodeSecurityGroupRules": Refusal(
        "nodes share the cluster security group that EKS creates", "remove it", (True,)
    ),
    "fargateProfiles[].status": Refusal("it is what eksctl reports, not a setting", "remove it", ("",)),
    "addons[].owners": Refusal("add-ons are identified by their names", "remove it"),
    "addons[].publishers": Refusal("add-ons are identified by their names", "remove it"),
    "addons[].types": Refusal("add-ons are identified by their names", "remove it"),
    "addons[].podIdentityAssociations[].createServiceAccount": Refusal(
        "the add-on creates its service account", "remove it", (False,)
    ),
    # AddonPodIdentityAssociations of the EKS API has a service account and a role; eksctl drops the others without a word
    "addons[].podIdentityAssociations[].wellKnownPolicies": _ONLY_ARNS,
    "addons[].podIdentityAssociations[].tags": _ONLY_ARNS,
    "addons[].podIdentityAssociations[].policy": _OF_ASSOCIATION,
    "addons[].podIdentityAssociations[].targetRoleARN": _OF_ASSOCIATION,
    "addons[].podIdentityAssociations[].disableSessionTags": _OF_ASSOCIATION._replace(accepts=(False,)),
    f"{_NODES}.asgSuspendProcesses": Refusal("EKS owns the Auto Scaling group", "remove it"),
    # https://docs.aws.amazon.com/eks/latest/userguide/eks-outposts-self-managed-nodes.html; eksctl refuses it, too
    f"{_NODES}.outpostARN": Refusal("EKS has no managed node groups on AWS Outposts", "remove it"),
    **{f"{nodes}.{name}": said for nodes in (_NODES, _SELF_MANAGED) for name, said in _BOTH.items()},
    f"{_SELF_MANAGED}.containerRuntime": Refusal(
        "containerd is the one container runtime of the images of EKS", "remove it", ("containerd",)
    ),
    f"{_SELF_MANAGED}.updateConfig.maxUnavailablePercentage": Refusal(
        "self-managed nodes are replaced by their number", "use updateConfig.maxUnavailable"
    ),
    f"{_NODES}.propagateASGTags": Refusal("EKS owns the Auto Scaling group", "remove it", (False,)),
    f"{_NODES}.securityGroups.withShared": Refusal(
        "nodes use the cluster security group that EKS creates", _OWN_TEMPLATE, (True,)
    ),
    f"{_NODES}.securityGroups.withLocal": Refusal(
        "nodes use the cluster security group that EKS creates", _OWN_TEMPLATE, (False,)
    ),
    f"{_NODES}.iam.instanceProfileARN": Refusal("EKS creates the instance profile", "use iam.instanceRoleARN"),
}


def find_verdict(path: str) -> tuple[str, Any]:
    """("honoured", variable), ("refused", Refusal), ("descriptive", why), or ("inside", None) where fields below differ."""
    for length in range(len(parts := _list_prefixes(path)), 0, -1):
        prefix = parts[length - 1]
        if prefix in HONOURED:
            return "honoured", HONOURED[prefix]
        if prefix in DESCRIPTIVE:
            return "descriptive", DESCRIPTIVE[prefix]
        if prefix in REFUSED and not (prefix == path and _has_own_verdicts_below(path)):
            return "refused", REFUSED[prefix]
    return "inside", None


def _list_prefixes(path: str) -> list[str]:
    """ "a[].b" -> ["a", "a[]", "a[].b"]: the path and all above it, the shortest first."""
    found = [path[:i] for i, sign in enumerate(path) if i and sign in ".[{"]
    return [*found, path]


def _has_own_verdicts_below(path: str) -> bool:
    return any(known.startswith((f"{path}.", f"{path}[", f"{path}{{")) for known in (*HONOURED, *REFUSED))
