# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workloads as the EKS Best Practices Guide wants them: a web server, a database, a job of each night and an agent on each node.

https://docs.aws.amazon.com/eks/latest/best-practices/application.html, pod-security.html, network-security.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.kubernetes import KINDS
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import CONFIG_MAP, NAMESPACE, SECRET, Kind

Row = dict[str, Any]
SHOP = "shop"
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "100Mi"},
    "limits": {"memory": "128Mi", "ephemeral-storage": "200Mi"},
}


def list_objects(image: str, nodes: int) -> list[tuple[Kind, Row]]:
    """The objects, each after those that it needs.

    Args:
        image: a repository of ECR, without a tag.
        nodes: how many nodes the cluster has; each gets a pod of the web server, so that none is without work.
    """
    return [*_list_namespace(), *_list_web(image, nodes), *_list_database(image), *_list_others(image)]


def name(text: str, **fields: Any) -> Row:
    return {"name": text, "namespace": SHOP, **fields}


def _list_namespace() -> list[tuple[Kind, Row]]:
    modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    policy = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    dns = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}
    return [
        (NAMESPACE, {"metadata": {"name": SHOP, "labels": modes}}),
        (KINDS["priority_classes"], {"metadata": {"name": "shop"}, "value": 1000, "description": "The shop."}),
        (
            KINDS["resource_quotas"],
            {"metadata": name("quota"), "spec": {"hard": {"requests.cpu": "20", "requests.memory": "40Gi"}}},
        ),
        (
            KINDS["limit_ranges"],
            {
                "metadata": name("limits"),
                "spec": {"limits": [{"type": "Container", "defaultRequest": RESOURCES["requests"]}]},
            },
        ),
        (KINDS["network_policies"], {"metadata": name("deny"), "spec": policy}),
        (
            KINDS["network_policies"],
            {"metadata": name("dns"), "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]}},
        ),
    ]


def _build_pod(app: str, image: str, **fields: Any) -> Row:
    """A template of pods that the standard "restricted" admits."""
    container = {
        "name": app,
        "image": f"{image}:1.4.2",
        "resources": RESOURCES,
        "securityContext": RESTRICTED,
        **fields.pop("container", {}),
    }
    spec = {
        "serviceAccountName": app,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": "shop",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        **fields,
    }
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def _build_account(app: str) -> tuple[Kind, Row]:
    return KINDS["service_accounts"], {"metadata": name(app), "automountServiceAccountToken": False}


def _spread(app: str, hosts: str = "ScheduleAnyway") -> list[Row]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": when,
            "labelSelector": {"matchLabels": {"app": app}},
        }
        for key, when in ((ZONE, "DoNotSchedule"), (HOST, hosts))
    ]


def _probe(path: str, **fields: Any) -> Row:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2, **fields}


def _list_web(image: str, replicas: int) -> list[tuple[Kind, Row]]:
    select = {"matchLabels": {"app": "web"}}
    container = {
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": _probe("/ready"),
        "livenessProbe": _probe("/live", failureThreshold=6),
        "startupProbe": _probe("/live", failureThreshold=30),
        "lifecycle": {"preStop": {"sleep": {"seconds": 15}}},
        "envFrom": [{"configMapRef": {"name": "web"}}],
        "volumeMounts": [
            {"name": "password", "mountPath": "/etc/password", "readOnly": True},
            {"name": "work", "mountPath": "/tmp"},
        ],
    }
    volumes = [
        {"name": "password", "secret": {"secretName": "web"}},
        {"name": "work", "emptyDir": {"sizeLimit": "50Mi"}},
    ]
    spread = _spread("web", hosts="DoNotSchedule")
    pod = _build_pod("web", image, container=container, volumes=volumes, topologySpreadConstraints=spread)
    pod["spec"]["terminationGracePeriodSeconds"] = 60
    rollout = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    allowed = {"podSelector": select, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 8080}]}]}
    backend = {"service": {"name": "web", "port": {"name": "http"}}}
    rules = [{"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return [
        _build_account("web"),
        (CONFIG_MAP, {"metadata": name("web"), "data": {"LANGUAGE": "ja"}, "immutable": True}),
        (SECRET, {"metadata": name("web"), "stringData": {"password": "not-a-real-one"}, "immutable": True}),
        (
            KINDS["deployments"],
            {
                "metadata": name("web"),
                "spec": {
                    "replicas": replicas,
                    "minReadySeconds": 10,
                    "revisionHistoryLimit": 5,
                    "strategy": rollout,
                    "selector": select,
                    "template": pod,
                },
            },
        ),
        (
            KINDS["pod_disruption_budgets"],
            {
                "metadata": name("web"),
                "spec": {"maxUnavailable": 1, "selector": select, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
            },
        ),
        (
            KINDS["services"],
            {
                "metadata": name("web"),
                "spec": {
                    "trafficDistribution": "PreferClose",
                    "selector": {"app": "web"},
                    "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
                },
            },
        ),
        (KINDS["network_policies"], {"metadata": name("web"), "spec": allowed}),
        (KINDS["ingresses"], {"metadata": name("web"), "spec": {"ingressClassName": "alb", "rules": rules}}),
        (
            KINDS["ingress_classes"],
            {"metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}},
        ),
    ]


def _list_database(image: str) -> list[tuple[Kind, Row]]:
    select = {"matchLabels": {"app": "db"}}
    ready = {"exec": {"command": ["/bin/ready"]}, "periodSeconds": 10, "timeoutSeconds": 5}
    live = {"exec": {"command": ["/bin/live"]}, "periodSeconds": 20, "timeoutSeconds": 5}
    container = {
        "ports": [{"name": "sql", "containerPort": 5432}],
        "readinessProbe": ready,
        "livenessProbe": {**live, "failureThreshold": 6},
        "startupProbe": {**live, "failureThreshold": 30},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = _build_pod("db", image, container=container, topologySpreadConstraints=_spread("db"))
    pod["spec"]["terminationGracePeriodSeconds"] = 120
    storage = {"accessModes": ["ReadWriteOncePod"], "resources": {"requests": {"storage": "10Gi"}}}
    claim = {"metadata": {"name": "data"}, "spec": {**storage, "storageClassName": "encrypted"}}
    return [
        _build_account("db"),
        (
            KINDS["storage_classes"],
            {
                "metadata": {"name": "encrypted"},
                "provisioner": "ebs.csi.aws.com",
                "parameters": {"type": "gp3", "encrypted": "true"},
                "volumeBindingMode": "WaitForFirstConsumer",
                "allowVolumeExpansion": True,
                "reclaimPolicy": "Retain",
            },
        ),
        *[_build_volume(number) for number in range(2)],
        (
            KINDS["services"],
            {
                "metadata": name("db"),
                "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"name": "sql", "port": 5432}]},
            },
        ),
        (
            KINDS["stateful_sets"],
            {
                "metadata": name("db"),
                "spec": {
                    "replicas": 2,
                    "serviceName": "db",
                    "minReadySeconds": 10,
                    "revisionHistoryLimit": 5,
                    "selector": select,
                    "template": pod,
                    "volumeClaimTemplates": [claim],
                },
            },
        ),
        (
            KINDS["pod_disruption_budgets"],
            {
                "metadata": name("db"),
                "spec": {"maxUnavailable": 1, "selector": select, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
            },
        ),
    ]


def _build_volume(number: int) -> tuple[Kind, Row]:
    """What the EBS CSI driver would make for the claim, in a zone of nodes."""
    zones = [{"key": ZONE, "operator": "In", "values": ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]}]
    return KINDS["persistent_volumes"], {
        "metadata": {"name": f"pvc-{number}"},
        "spec": {
            "accessModes": ["ReadWriteOncePod"],
            "capacity": {"storage": "10Gi"},
            "storageClassName": "encrypted",
            "persistentVolumeReclaimPolicy": "Retain",
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-0123456789abcdef{number}", "fsType": "ext4"},
            "claimRef": {"namespace": SHOP, "name": f"data-db-{number}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": zones}]}},
        },
    }


def _list_others(image: str) -> list[tuple[Kind, Row]]:
    agent = _build_pod("agent", image, container={"livenessProbe": {"exec": {"command": ["/bin/live"]}}})
    agent["spec"]["priorityClassName"] = "system-node-critical"
    agent["spec"]["tolerations"] = [{"operator": "Exists"}]
    agent["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["/bin/ready"]}}
    night = _build_pod("night", image, restartPolicy="Never")
    job = {"backoffLimit": 2, "activeDeadlineSeconds": 3600, "ttlSecondsAfterFinished": 86400, "template": night}
    return [
        (KINDS["csi_drivers"], {"metadata": {"name": "ebs.csi.aws.com"}, "spec": {"attachRequired": True}}),
        _build_account("agent"),
        (
            KINDS["daemon_sets"],
            {
                "metadata": name("agent"),
                "spec": {
                    "revisionHistoryLimit": 5,
                    "selector": {"matchLabels": {"app": "agent"}},
                    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
                    "template": agent,
                },
            },
        ),
        _build_account("night"),
        (
            KINDS["cron_jobs"],
            {
                "metadata": name("night"),
                "spec": {
                    "schedule": "0 18 * * *",
                    "timeZone": "Asia/Tokyo",
                    "concurrencyPolicy": "Forbid",
                    "startingDeadlineSeconds": 600,
                    "successfulJobsHistoryLimit": 3,
                    "failedJobsHistoryLimit": 3,
                    "jobTemplate": {"spec": job},
                },
            },
        ),
    ]
