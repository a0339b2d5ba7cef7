"""What add-ons are configured with: EKS' defaults, and what configuration values make of them.

https://docs.aws.amazon.com/eks/latest/userguide/vpc-add-on-self-managed.html (and for CoreDNS and kube-proxy),
https://github.com/aws/amazon-vpc-cni-k8s/blob/master/config/master/aws-k8s-cni.yaml
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from kumo_sandbox.kubernetes.api import Manifest

NAMESPACE = "kube-system"
CNI_ENV = {
    "ADDITIONAL_ENI_TAGS": "{}",
    "ANNOTATE_POD_IP": "false",
    "AWS_VPC_CNI_NODE_PORT_SUPPORT": "true",
    "AWS_VPC_ENI_MTU": "9001",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG",
    "AWS_VPC_K8S_CNI_LOG_FILE": "/host/var/log/aws-routed-eni/ipamd.log",
    "AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng",
    "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
    "AWS_VPC_K8S_PLUGIN_LOG_FILE": "/var/log/aws-routed-eni/plugin.log",
    "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": "DEBUG",
    "DISABLE_INTROSPECTION": "false",
    "DISABLE_METRICS": "false",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING": "false",
    "ENABLE_IPv4": "true",
    "ENABLE_IPv6": "false",
    "ENABLE_POD_ENI": "false",
    "ENABLE_PREFIX_DELEGATION": "false",
    "ENABLE_SUBNET_DISCOVERY": "true",
    "NETWORK_POLICY_ENFORCING_MODE": "standard",
    "WARM_ENI_TARGET": "1",
    "WARM_PREFIX_TARGET": "1",
}
COREFILE = """.:53 {
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
"""
PROXY: dict[str, Any] = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "bindAddress": "0.0.0.0",
    "clientConnection": {
        "acceptContentTypes": "",
        "burst": 10,
        "contentType": "application/vnd.kubernetes.protobuf",
        "kubeconfig": "/var/lib/kube-proxy/kubeconfig",
        "qps": 5,
    },
    "clusterCIDR": "",
    "configSyncPeriod": "15m0s",
    "conntrack": {
        "maxPerCore": 32768,
        "min": 131072,
        "tcpCloseWaitTimeout": "1h0m0s",
        "tcpEstablishedTimeout": "24h0m0s",
    },
    "enableProfiling": False,
    "healthzBindAddress": "0.0.0.0:10256",
    "hostnameOverride": "",
    "iptables": {"masqueradeAll": False, "masqueradeBit": 14, "minSyncPeriod": "0s", "syncPeriod": "30s"},
    "ipvs": {"excludeCIDRs": None, "minSyncPeriod": "0s", "scheduler": "", "syncPeriod": "30s"},
    "kind": "KubeProxyConfiguration",
    "metricsBindAddress": "0.0.0.0:10249",
    "mode": "iptables",
    "nodePortAddresses": None,
    "oomScoreAdj": -998,
    "portRange": "",
}
# Of the first container of a workload
SETTINGS: dict[str, Manifest] = {
    "aws-node": {"env": [{"name": name, "value": value} for name, value in CNI_ENV.items()]},
    "coredns": {"args": ["-conf", "/etc/coredns/Corefile"]},
    "kube-proxy": {
        "command": [
            "kube-proxy",
            "--v=2",
            "--config=/var/lib/kube-proxy-config/config",
            "--hostname-override=$(NODE_NAME)",
        ]
    },
}


def read_configuration(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {} if text else {}


def build_config_maps(addon: str, values: dict[str, Any]) -> Iterator[Manifest]:
    if addon == "coredns":
        yield _build_config_map("coredns", {"Corefile": values.get("corefile") or COREFILE})
    if addon == "kube-proxy":
        scheduler = {"scheduler": (values.get("ipvs") or {}).get("scheduler") or ""}
        config = {**PROXY, "mode": values.get("mode") or "iptables", "ipvs": {**PROXY["ipvs"], **scheduler}}
        yield _build_config_map("kube-proxy-config", {"config": yaml.safe_dump(config)})


def configure(addon: str, values: dict[str, Any], manifest: Manifest) -> Manifest:
    """A workload with what the configuration values say, for those of its settings that they can say."""
    own = values
    if manifest["metadata"]["name"].endswith(("-controller", "-node")) and addon.endswith("csi-driver"):
        own = values.get(manifest["metadata"]["name"].rpartition("-")[2]) or {}
    template = manifest["spec"]["template"]
    pod, container = template["spec"], template["spec"]["containers"][0]
    for key in ("tolerations", "nodeSelector", "affinity", "topologySpreadConstraints"):
        if own.get(key):
            pod[key] = own[key]
    if own.get("resources"):
        container["resources"] = own["resources"]
    if own.get("replicaCount") and manifest["kind"] == "Deployment":
        manifest["spec"]["replicas"] = own["replicaCount"]
    if own.get("env") and isinstance(own["env"], dict):
        env = {row["name"]: row for row in container.get("env", [])}
        env.update({name: {"name": name, "value": value} for name, value in own["env"].items()})
        container["env"] = list(env.values())
    for key, option in (("labels", "podLabels"), ("annotations", "podAnnotations")):
        if own.get(option):
            template["metadata"][key] = {**template["metadata"].get(key, {}), **own[option]}
    return manifest


def _build_config_map(name: str, data: dict[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": data,
    }
