# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

WEB = ["Deployment shop/web"]


def references(key="password", **fields):
    ref = {"secretKeyRef": {"name": "db", "key": key, **fields}}
    row = build_pods(
        containers=[{"name": "app", "env": [{"name": "A", "valueFrom": ref}]}],
        volumes=[{"name": "c", "configMap": {"name": "settings"}}],
    )
    return {
        "workloads": [row],
        "secrets": [build_object("db", "shop", keys=["password"])],
        "config_maps": [build_object("settings", "shop", keys=[])],
    }


def pull(*known):
    row = build_pods(imagePullSecrets=[{"name": "registry"}])
    return {"workloads": [row], "service_accounts": [], "secrets": [build_object(name, "shop") for name in known]}


def service(ready=True, port="http", kind="ClusterIP"):
    row = build_object(
        "web",
        "shop",
        spec={"type": kind, "selector": {"app": "web"}, "ports": [{"port": 80, "name": "http", "targetPort": port}]},
    )
    labels = {"labels": {"kubernetes.io/service-name": "web"}}
    slices = [build_object("web-1", "shop", metadata=labels, endpoints=[{"conditions": {"ready": ready}}])]
    pods = build_pods(containers=[{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]}])
    return {"services": [row], "endpoint_slices": slices, "all_workloads": [pods]}


def pick(values, *names):
    return {name: values[name] for name in names}


def ingress(number=80, **fields):
    backend = {"service": {"name": "web", "port": {"number": number}}}
    spec = {"rules": [{"http": {"paths": [{"backend": backend}]}}], "tls": [{"secretName": "web-tls"}]}
    return {"ingresses": [build_object("web", "shop", spec=spec)], **fields}


def claim(phase, name="gp3", **fields):
    row = build_object("data", "shop", spec={"storageClassName": name}, status={"phase": phase}, **fields)
    classes = [build_object("gp3", volumeBindingMode="WaitForFirstConsumer")]
    return {"persistent_volume_claims": [row], "storage_classes": classes}


def volume(phase):
    return {"persistent_volumes": [build_object("pv-1", status={"phase": phase})]}


def mounted(*names):
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": name}} for name in names]
    row = build_object("data", "shop")
    return {"persistent_volume_claims": [row], "all_workloads": [build_pods(volumes=volumes)], "stateful_sets": []}


CLAIM = ["PersistentVolumeClaim shop/data"]
CASES = {
    "missing_references": Case(references("user"), WEB, references(), ("Secret db has no key user",)),
    "missing_account": Case(
        {"workloads": [build_pods(serviceAccountName="web")], "service_accounts": [build_object("default", "shop")]},
        WEB,
        {"workloads": [build_pods()], "service_accounts": [build_object("default", "shop")]},
    ),
    "missing_pull_secret": Case(pull(), WEB, pull("registry")),
    "service_without_endpoints": Case(
        pick(service(False), "services", "endpoint_slices"),
        ["Service shop/web"],
        pick(service(), "services", "endpoint_slices"),
    ),
    "service_port": Case(
        pick(service(port="metrics"), "services", "all_workloads"),
        ["Service shop/web"],
        pick(service(), "services", "all_workloads"),
        ("metrics",),
    ),
    "ingress_backend": Case(
        ingress(8080, services=service()["services"]),
        ["Ingress shop/web"],
        ingress(services=service()["services"]),
        ("no port",),
    ),
    "ingress_certificate": Case(
        ingress(secrets=[]), ["Ingress shop/web"], ingress(secrets=[build_object("web-tls", "shop")])
    ),
    "unbound_claim": Case(claim("Pending", "gp9"), CLAIM, claim("Pending"), ("StorageClass gp9 does not exist",)),
    "unused_volume": Case(volume("Released"), ["PersistentVolume pv-1"], volume("Bound")),
    "unused_claim": Case(mounted("other"), CLAIM, mounted("data")),
}
