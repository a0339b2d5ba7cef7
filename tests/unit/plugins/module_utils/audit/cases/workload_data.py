# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object, build_pods

WEB = ["Deployment shop/web"]
READER = [{"kind": "ServiceAccount", "namespace": "shop", "name": "reader"}]


def pods(*rows):
    return {"workloads": list(rows)}


def image(name):
    return pods(build_pods(containers=[{"name": "app", "image": name}]))


def env(**fields):
    return pods(build_pods(containers=[{"name": "app", "env": [fields]}]))


def tokens(*bound, mount=None):
    row = build_pods(serviceAccountName="reader", **({} if mount is None else {"automountServiceAccountToken": mount}))
    binding = build_object("b", "shop", subjects=list(bound))
    return {
        "workloads": [row],
        "service_accounts": [build_object("reader", "shop")],
        "role_bindings": [binding],
        "cluster_role_bindings": [],
    }


def secret(kind):
    notes = {"annotations": {"kubernetes.io/service-account.name": "reader"}}
    return build_object("token", "shop", metadata=notes, type=kind, keys=["token"])


def aws_auth(text, mode="API_AND_CONFIG_MAP"):
    row = build_object("aws-auth", "kube-system", data={"mapRoles": text})
    return {"cluster": build_cluster(accessConfig={"authenticationMode": mode}), "config_map_contents": [row]}


def config(**data):
    return {"config_map_contents": [build_object("settings", "shop", data=data)], "system_namespaces": ["kube-system"]}


MASTERS, NODES = "- rolearn: a\n  groups: [system:masters]", "- rolearn: a\n  groups: [system:nodes]"
REF = {"secretKeyRef": {"name": "db", "key": "password"}}
CASES = {
    "default_account": Case(pods(build_pods()), WEB, pods(build_pods(serviceAccountName="web"))),
    "shared_account": Case(
        pods(build_pods(serviceAccountName="web"), build_pods(name="b", serviceAccountName="web")),
        ["ServiceAccount shop/web"],
        pods(build_pods(serviceAccountName="web"), build_pods(namespace="b", serviceAccountName="web")),
        ("Deployment shop/b",),
    ),
    "token_mounted": Case(tokens(), WEB, tokens(*READER)),
    "permanent_token": Case(
        {"secrets": [secret("kubernetes.io/service-account-token")]},
        ["Secret shop/token"],
        {"secrets": [secret("Opaque")]},
        ("reader",),
    ),
    "aws_auth_mappings": Case(aws_auth(MASTERS), ["ConfigMap kube-system/aws-auth"], aws_auth(NODES)),
    "secret_in_environment": Case(env(name="A", valueFrom=REF), WEB, env(name="A", value="b"), ("Secret db",)),
    "secret_value_in_environment": Case(
        env(name="DB_PASSWORD", value="correct-horse"),
        WEB,
        env(name="DB_PASSWORD_FILE", value="/run/secrets/db"),
        ("app DB_PASSWORD",),
    ),
    "secret_in_config_map": Case(
        config(url="postgres://shop:correct-horse@db/shop"),
        ["ConfigMap shop/settings"],
        config(url="postgres://db/shop", token_ttl="3600000000"),
        ("in url",),
    ),
    "no_secret_store": Case(
        {"all_workloads": [build_pods()], "secrets": [secret("Opaque")]},
        ["Secrets"],
        {"all_workloads": [build_pods(name="external-secrets")], "secrets": [secret("Opaque")]},
    ),
    "image_tag": Case(image("registry:5000/app"), WEB, image("registry:5000/app:1.2")),
    "image_registry": Case(image("nginx:1.27"), WEB, image("public.ecr.aws/nginx/nginx:1.27")),
}
