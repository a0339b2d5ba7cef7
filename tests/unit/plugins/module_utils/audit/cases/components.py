# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object, build_pods

METRICS = "v1beta1.metrics.k8s.io"


def api_service(available, name=METRICS):
    row = build_object(name, spec={"service": {}}, status={"conditions": [{"type": "Available", "status": available}]})
    return {"api_services": [row]}


def scaler(*names, **fields):
    return {
        "cluster": build_cluster(),
        "all_workloads": [build_pods(name=name) for name in names],
        "node_pools": [],
        **fields,
    }


def version(image):
    row = build_pods(name="cluster-autoscaler", containers=[{"name": "app", "image": image}])
    return {"cluster": build_cluster(), "all_workloads": [row]}


def coredns(*places):
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    labels = {"labels": {"k8s-app": "kube-dns"}}
    rows = [
        build_object(f"c{n}", "kube-system", metadata=labels, spec={"nodeName": place}, status=ready)
        for n, place in enumerate(places)
    ]
    return {"cluster": build_cluster(), "pods": rows}


def proxy(mode):
    row = build_object("kube-proxy-config", "kube-system", data={"config": f'kind: x\nmode: "{mode}"\n'})
    return {"config_map_contents": [row]}


def image(name):
    return {"all_workloads": [build_pods(containers=[{"name": "app", "image": name}])]}


def services(kind, number=1):
    rows = [build_object(f"s{n}", "shop", spec={"type": kind, "ports": [{"nodePort": 30080}]}) for n in range(number)]
    return {"services": rows}


def storage(**fields):
    return {
        "storage_classes": [
            build_object(
                "gp",
                metadata=fields.pop("metadata", {}),
                provisioner=fields.pop("provisioner", "ebs.csi.aws.com"),
                **fields,
            )
        ]
    }


DEFAULT = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
GP = ["StorageClass gp"]
CA = "registry.k8s.io/autoscaling/cluster-autoscaler:v1."
CASES = {
    "metrics_server": Case({"api_services": []}, [f"APIService {METRICS}"], api_service("True")),
    "api_service_down": Case(api_service("False"), [f"APIService {METRICS}"], api_service("True")),
    "no_node_autoscaler": Case(scaler("web"), ["Cluster my-cluster"], scaler("aws-cluster-autoscaler")),
    "autoscaler_version": Case(version(f"{CA}29.1"), ["Deployment shop/cluster-autoscaler"], version(f"{CA}33.0")),
    "node_pool_limits": Case(
        {"node_pools": [build_object("default", spec={})]},
        ["NodePool default"],
        {"node_pools": [build_object("default", spec={"limits": {"cpu": "100"}})]},
    ),
    "node_class_image": Case(
        {"ec2_node_classes": [build_object("default", spec={"amiSelectorTerms": [{"alias": "al2023@latest"}]})]},
        ["EC2NodeClass default"],
        {"ec2_node_classes": [build_object("default", spec={"amiSelectorTerms": [{"alias": "al2023@v20261101"}]})]},
    ),
    "coredns_replicas": Case(coredns("a", "a"), ["Deployment kube-system/coredns"], coredns("a", "b")),
    "kube_proxy_mode": Case(proxy("ipvs"), ["ConfigMap kube-system/kube-proxy-config"], proxy("iptables")),
    "ingress_nginx": Case(
        image("registry.k8s.io/ingress-nginx/controller:v1.11"),
        ["Deployment shop/web"],
        image("nginx/nginx-ingress:5.0"),
    ),
    "node_port": Case(
        {**services("NodePort"), "system_namespaces": []},
        ["Service shop/s0"],
        {**services("ClusterIP"), "system_namespaces": []},
        ("30080",),
    ),
    "many_load_balancers": Case(services("LoadBalancer", 6), ["Services"], services("LoadBalancer", 5)),
    "cluster_size": Case({"nodes": [{}] * 4000, "pods": []}, ["Cluster"], {"nodes": [{}], "pods": []}),
    "storage_class_plain": Case(
        {**storage(), "ebs_encryption_by_default": False},
        GP,
        {**storage(parameters={"encrypted": "true"}), "ebs_encryption_by_default": False},
    ),
    "immediate_binding": Case(storage(), GP, storage(volumeBindingMode="WaitForFirstConsumer")),
    "in_tree_provisioner": Case(
        storage(metadata=DEFAULT, provisioner="kubernetes.io/aws-ebs"), GP, storage(metadata=DEFAULT)
    ),
}
