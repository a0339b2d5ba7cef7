# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object

NODE, PROXY = ["DaemonSet kube-system/aws-node"], ["DaemonSet kube-system/kube-proxy"]
CONFIGS = [build_object("zone-a")]


def agent(name="aws-node", image="eks/image:v1.33.0-eksbuild.1", ready=3, **environment):
    env = [{"name": key, "value": value} for key, value in environment.items()]
    pod = {"containers": [{"name": name, "image": image, "env": env}]}
    status = {"desiredNumberScheduled": 3, "numberReady": ready}
    return {"daemon_sets": [build_object(name, "kube-system", spec={"template": {"spec": pod}}, status=status)]}


def custom(value, configs):
    return {**agent(AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG=value), "eni_configs": configs}


def proxy(version):
    return {**agent("kube-proxy", f"eks/kube-proxy:{version}-eksbuild.1"), "cluster": build_cluster(version="1.33")}


def corefile(text):
    return {"config_map_contents": [build_object("coredns", "kube-system", data={"Corefile": text})]}


def condition(kind, status):
    return [{"type": kind, "status": status, "reason": "NotFound"}]


def gateway(status):
    return {"gateways": [build_object("front", "shop", status={"conditions": condition("Programmed", status)})]}


def route(status):
    parents = {"parents": [{"conditions": condition("ResolvedRefs", status)}]}
    return {"http_routes": [build_object("front", "shop", status=parents)]}


CASES = {
    "network_agent": Case(bad=agent(ready=2), resources=NODE, good=agent(), words=("2 of 3",)),
    "custom_networking": Case(bad=custom("true", []), resources=NODE, good=custom("true", CONFIGS)),
    "unused_eni_configs": Case(
        bad=custom("false", CONFIGS), resources=["ENIConfig zone-a"], good=custom("true", CONFIGS)
    ),
    "kube_proxy_skew": Case(bad=proxy("v1.30.9"), resources=PROXY, good=proxy("v1.31.0")),
    "coredns_lameduck": Case(
        bad=corefile(".:53 { health }"),
        resources=["ConfigMap kube-system/coredns"],
        good=corefile(".:53 { health { lameduck 5s } }"),
    ),
    "gateway_not_programmed": Case(bad=gateway("False"), resources=["Gateway shop/front"], good=gateway("True")),
    "route_not_accepted": Case(bad=route("False"), resources=["HTTPRoute shop/front"], good=route("True")),
}
