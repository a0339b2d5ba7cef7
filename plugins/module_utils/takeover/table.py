# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The add-ons that are found and taken over where nobody manages them but the cluster's owner, and EKS' defaults for them. Pure data.

https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html and the pages of each add-on; the schemas that
DescribeAddonConfiguration answers have some of the defaults, too, and those come first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.addon_workloads import WORKLOADS
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import DAEMON_SET, DEPLOYMENT, Kind

Row = dict[str, Any]
NAMESPACE = "kube-system"  # where EKS installs all of them
LINUX = {
    "key": "kubernetes.io/os",
    "operator": "In",
    "values": ["linux"],
}
ARCHITECTURES = {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}
COMPUTE = {"key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate", "hybrid", "auto"]}


@dataclass(frozen=True)
class Part:
    """A workload of an add-on.

    Args:
        selector: the labels that EKS' own selects its pods by. Kubernetes does not let anybody change them later.
        container: the one that runs the add-on's software.
        prefix: where the configuration values of the add-on have this part's settings.
        resources: the defaults that EKS has used for the container.
        tolerations: the defaults of the pods; the same for the next ones.
    """

    kind: Kind
    name: str
    selector: dict[str, str]
    container: str
    prefix: tuple[str, ...] = ()
    resources: tuple[Row, ...] = ()
    tolerations: tuple[list[Row], ...] = ()
    priority: tuple[str, ...] = ()
    containers: frozenset[str] = frozenset()  # names that EKS' own pods have, init containers included
    replicas: int = 0


@dataclass(frozen=True)
class Software:
    """An add-on as it is in a cluster.

    Args:
        account: the service account that may have an IAM role; none where its pods need no rights of AWS.
        replaceable: whether its workloads may be deleted and created again without an outage of the cluster.
        chart: the Helm chart whose values have the names of the add-on's configuration.
    """

    name: str
    parts: tuple[Part, ...]
    account: str = ""
    replaceable: bool = False
    chart: str = ""
    config_maps: tuple[str, ...] = field(default=())


ALL = [{"operator": "Exists"}]
CRITICAL = {"key": "CriticalAddonsOnly", "operator": "Exists"}
CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
MASTER = {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"}
NO_EXECUTE = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
SIDECARS = frozenset(
    ("csi-provisioner", "csi-attacher", "csi-snapshotter", "csi-resizer", "liveness-probe", "node-driver-registrar")
)
TABLE = (
    Software(
        "vpc-cni",
        (
            Part(
                *WORKLOADS["vpc-cni"],
                {"k8s-app": "aws-node"},
                "aws-node",
                resources=({"requests": {"cpu": "25m"}}, {"requests": {"cpu": "50m"}}, {"requests": {"cpu": "10m"}}),
                tolerations=(ALL,),
                priority=("system-node-critical",),
                containers=frozenset(("aws-node", "aws-eks-nodeagent", "aws-vpc-cni-init")),
            ),
        ),
        account="aws-node",
        config_maps=("amazon-vpc-cni",),
    ),
    Software(
        "kube-proxy",
        (
            Part(
                *WORKLOADS["kube-proxy"],
                {"k8s-app": "kube-proxy"},
                "kube-proxy",
                resources=({"requests": {"cpu": "100m"}},),
                tolerations=(ALL,),
                priority=("system-node-critical",),
                containers=frozenset(("kube-proxy",)),
            ),
        ),
        config_maps=("kube-proxy-config",),
    ),
    Software(
        "coredns",
        (
            Part(
                *WORKLOADS["coredns"],
                {"eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns"},
                "coredns",
                resources=(
                    {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
                    {"requests": {"cpu": "100m", "memory": "70Mi"}},
                ),
                tolerations=([CRITICAL, CONTROL_PLANE], [MASTER, CRITICAL], [CRITICAL, MASTER, CONTROL_PLANE]),
                priority=("system-cluster-critical",),
                containers=frozenset(("coredns",)),
                replicas=2,
            ),
        ),
        config_maps=("coredns",),
    ),
    Software(
        "aws-ebs-csi-driver",
        (
            Part(
                DEPLOYMENT,
                "ebs-csi-controller",
                {"app": "ebs-csi-controller", "app.kubernetes.io/name": "aws-ebs-csi-driver"},
                "ebs-plugin",
                ("controller",),
                resources=({"limits": {"memory": "256Mi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},),
                tolerations=([CRITICAL, NO_EXECUTE], [CRITICAL, CONTROL_PLANE]),
                priority=("system-cluster-critical",),
                containers=frozenset(("ebs-plugin", "ebs-csi-controller")) | SIDECARS,
                replicas=2,
            ),
            Part(
                DAEMON_SET,
                "ebs-csi-node",
                {"app": "ebs-csi-node", "app.kubernetes.io/name": "aws-ebs-csi-driver"},
                "ebs-plugin",
                ("node",),
                resources=({"limits": {"memory": "256Mi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},),
                tolerations=(ALL,),
                priority=("system-node-critical",),
                containers=frozenset(("ebs-plugin", "ebs-csi-node")) | SIDECARS,
            ),
        ),
        account="ebs-csi-controller-sa",
        replaceable=True,
        chart="aws-ebs-csi-driver",
    ),
)
BY_NAME = {software.name: software for software in TABLE}
NAMES = tuple(BY_NAME)

# The environment of aws-node: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/config/master/aws-k8s-cni.yaml
CNI_ENV: dict[str, tuple[str, ...]] = {
    "ADDITIONAL_ENI_TAGS": ("{}",),
    "ANNOTATE_POD_IP": ("false",),
    "AWS_VPC_CNI_NODE_PORT_SUPPORT": ("true",),
    "AWS_VPC_ENI_MTU": ("9001",),
    "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER": ("false",),
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": ("false",),
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": ("false",),
    "AWS_VPC_K8S_CNI_LOGLEVEL": ("DEBUG",),
    "AWS_VPC_K8S_CNI_LOG_FILE": ("/host/var/log/aws-routed-eni/ipamd.log",),
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": ("prng",),
    "AWS_VPC_K8S_CNI_VETHPREFIX": ("eni",),
    "AWS_VPC_K8S_PLUGIN_LOG_FILE": ("/var/log/aws-routed-eni/plugin.log",),
    "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": ("DEBUG",),
    "DISABLE_INTROSPECTION": ("false",),
    "DISABLE_METRICS": ("false",),
    "DISABLE_NETWORK_RESOURCE_PROVISIONING": ("false",),
    "DISABLE_TCP_EARLY_DEMUX": ("false",),
    "ENABLE_IMDS_ONLY_MODE": ("false",),
    "ENABLE_MULTI_NIC": ("false",),
    "ENABLE_POD_ENI": ("false",),
    "ENABLE_PREFIX_DELEGATION": ("false",),
    "ENABLE_SUBNET_DISCOVERY": ("true",),
    "NETWORK_POLICY_ENFORCING_MODE": ("standard",),
    "WARM_ENI_TARGET": ("1",),
    "WARM_PREFIX_TARGET": ("1",),
}
# What EKS sets by the cluster itself, its IP family included
CNI_ENV_OF_CLUSTER = frozenset(
    ("CLUSTER_ENDPOINT", "CLUSTER_NAME", "ENABLE_IPv4", "ENABLE_IPv6", "VPC_CNI_VERSION", "VPC_ID")
)
# Keys of the ConfigMap amazon-vpc-cni, as the configuration values call them
CNI_CONFIG = {
    "enable-network-policy-controller": "enableNetworkPolicy",
    "enable-windows-ipam": "enableWindowsIpam",
    "enable-windows-prefix-delegation": "enableWindowsPrefixDelegation",
    "minimum-ip-target": "minimumWindowsIPTarget",
    "warm-ip-target": "warmWindowsIPTarget",
    "warm-prefix-target": "warmWindowsPrefixTarget",
    "branch-eni-cooldown": "branchENICooldown",
}
CNI_CONFIG_DEFAULTS = {
    "enable-network-policy-controller": ("false",),
    "enable-windows-ipam": ("false",),
    "enable-windows-prefix-delegation": ("false",),
    "minimum-ip-target": ("3",),
    "warm-ip-target": ("1",),
    "warm-prefix-target": ("0",),
    "branch-eni-cooldown": ("60",),
}
COREFILES = (
    """
.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
""",
    """
.:53 {
    errors
    health
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
""",
)
DNS_ARGS = (["-conf", "/etc/coredns/Corefile"],)
SPREAD = (
    [],
    [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
)
DNS_BUDGET = {"maxUnavailable": 1}
PROXY_COMMAND = frozenset(
    (
        "kube-proxy",
        "--v=2",
        "--config=/var/lib/kube-proxy-config/config",
        "--hostname-override=$(NODE_NAME)",
    )
)
# KubeProxyConfiguration as EKS writes it, by the paths of its values; IPv4 first, then IPv6
PROXY_CONFIG: dict[str, tuple[Any, ...]] = {
    "bindAddress": ("0.0.0.0", "::"),
    "clientConnection.acceptContentTypes": ("",),
    "clientConnection.burst": (10,),
    "clientConnection.contentType": ("application/vnd.kubernetes.protobuf",),
    "clientConnection.kubeconfig": ("/var/lib/kube-proxy/kubeconfig",),
    "clientConnection.qps": (5,),
    "clusterCIDR": ("",),
    "configSyncPeriod": ("15m0s",),
    "conntrack.max": (0, None),
    "conntrack.maxPerCore": (32768,),
    "conntrack.min": (131072,),
    "conntrack.tcpCloseWaitTimeout": ("1h0m0s",),
    "conntrack.tcpEstablishedTimeout": ("24h0m0s",),
    "enableProfiling": (False,),
    "healthzBindAddress": ("0.0.0.0:10256", "[::]:10256"),
    "hostnameOverride": ("",),
    "iptables.masqueradeAll": (False,),
    "iptables.masqueradeBit": (14,),
    "iptables.minSyncPeriod": ("0s",),
    "iptables.syncPeriod": ("30s",),
    "ipvs.excludeCIDRs": (None, []),
    "ipvs.minSyncPeriod": ("0s",),
    "ipvs.syncPeriod": ("30s",),
    "metricsBindAddress": ("0.0.0.0:10249", "[::]:10249", "127.0.0.1:10249"),
    "nodePortAddresses": (None, []),
    "oomScoreAdj": (-998,),
    "portRange": ("",),
    "featureGates": ({}, None),
    "apiVersion": ("kubeproxy.config.k8s.io/v1alpha1",),
    "kind": ("KubeProxyConfiguration",),
}
