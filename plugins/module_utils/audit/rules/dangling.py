# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""N: references of Kubernetes objects to others that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    name_object,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select

Reference = tuple[str, str, str]  # kind, name, key


def list_references(workload: Row) -> Iterator[Reference]:
    """The Secrets and ConfigMaps that pods need to start, and their keys. Optional ones are left out."""
    pod = workload["pod"]
    for one in list_containers(workload):
        for env in one.get("env") or []:
            source = env.get("valueFrom") or {}
            yield from _read(source.get("secretKeyRef"), "Secret")
            yield from _read(source.get("configMapKeyRef"), "ConfigMap")
        for env in one.get("envFrom") or []:
            yield from _read(env.get("secretRef"), "Secret")
            yield from _read(env.get("configMapRef"), "ConfigMap")
    for volume in pod.get("volumes") or []:
        yield from _read_volume(volume.get("secret"), "Secret", "secretName")
        yield from _read_volume(volume.get("configMap"), "ConfigMap", "name")
        for source in (volume.get("projected") or {}).get("sources") or []:
            yield from _read_volume(source.get("secret"), "Secret", "name")
            yield from _read_volume(source.get("configMap"), "ConfigMap", "name")


def _read(ref: Row | None, kind: str) -> Iterator[Reference]:
    if ref and not ref.get("optional") and ref.get("name"):
        yield kind, ref["name"], ref.get("key") or ""


def _read_volume(volume: Row | None, kind: str, field: str) -> Iterator[Reference]:
    if not volume or volume.get("optional") or not volume.get(field):
        return
    items = volume.get("items") or []
    for one in items:
        yield kind, volume[field], one["key"]
    if not items:
        yield kind, volume[field], ""


@rule(
    "N01",
    HIGH,
    "The Secrets and ConfigMaps of workloads exist",
    reads=("workloads", "secrets", "config_maps"),
    why="Pods cannot start. Those that run do not notice until they are moved.",
    remedy="Create the object, or correct the name or key.",
    references=("Popeye POP-400", "Popeye POP-401"),
)
def missing_references(workloads: list[Row], secrets: list[Row], config_maps: list[Row]) -> Hits:
    known = {
        (kind, row["metadata"]["namespace"], row["metadata"]["name"]): row["keys"]
        for kind, rows in (("Secret", secrets), ("ConfigMap", config_maps))
        for row in rows
    }
    for workload in workloads:
        lost = []
        for kind, name, key in dict.fromkeys(list_references(workload)):
            keys = known.get((kind, workload["namespace"], name))
            if keys is None:
                lost.append(f"{kind} {name} does not exist")
            elif key and key not in keys:
                lost.append(f"{kind} {name} has no key {key}")
        if lost:
            yield name_workload(workload), "; ".join(dict.fromkeys(lost))


@rule(
    "N01b",
    HIGH,
    "The service accounts of workloads exist",
    reads=("workloads", "service_accounts"),
    why="The API server refuses new pods of the workload.",
    remedy="Create the service account, or correct its name.",
    references=("Popeye POP-307",),
)
def missing_account(workloads: list[Row], service_accounts: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in service_accounts}
    for workload in workloads:
        name = workload["pod"].get("serviceAccountName") or "default"
        if (workload["namespace"], name) not in known:
            yield name_workload(workload), f"service account {name} does not exist"


@rule(
    "N01c",
    MEDIUM,
    "The pull secrets of workloads and service accounts exist",
    reads=("workloads", "service_accounts", "secrets"),
    why="Images of private registries cannot be pulled on the next node.",
    remedy="Create the Secret, or remove its name.",
    references=("Popeye POP-305",),
)
def missing_pull_secret(workloads: list[Row], service_accounts: list[Row], secrets: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in secrets}
    rows = [(name_workload(one), one["namespace"], one["pod"].get("imagePullSecrets")) for one in workloads]
    rows += [
        (name_object("ServiceAccount", one), one["metadata"]["namespace"], one.get("imagePullSecrets"))
        for one in service_accounts
    ]
    for name, namespace, wanted in rows:
        lost = [one["name"] for one in wanted or [] if one.get("name") and (namespace, one["name"]) not in known]
        if lost:
            yield name, f"imagePullSecrets {', '.join(lost)} does not exist"


@rule(
    "N02",
    MEDIUM,
    "Services have ready pods",
    reads=("services", "endpoint_slices"),
    why="Connections to the Service are refused.",
    remedy="Compare the selector with the labels of the pods, and see whether these are ready.",
    references=("Popeye POP-1100",),
)
def service_without_endpoints(services: list[Row], endpoint_slices: list[Row]) -> Hits:
    ready = {
        (row["metadata"]["namespace"], (row["metadata"].get("labels") or {}).get("kubernetes.io/service-name"))
        for row in endpoint_slices
        for one in row.get("endpoints") or []
        if (one.get("conditions") or {}).get("ready") is not False
    }
    for row in services:
        about, spec = row["metadata"], row.get("spec") or {}
        if (
            spec.get("selector")
            and spec.get("type") != "ExternalName"
            and (about["namespace"], about["name"]) not in ready
        ):
            yield name_object("Service", row), f"no ready endpoint for {spec['selector']}"


@rule(
    "N02b",
    MEDIUM,
    "The ports of Services are ports of their pods",
    reads=("services", "all_workloads"),
    why="A named port that no container has leads nowhere.",
    remedy="Correct targetPort, or name the port in the container.",
    references=("Popeye POP-1106",),
)
def service_port(services: list[Row], all_workloads: list[Row]) -> Hits:
    for row in services:
        selector, namespace = (row.get("spec") or {}).get("selector"), row["metadata"]["namespace"]
        if not selector:
            continue
        own = [
            one
            for one in all_workloads
            if one["namespace"] == namespace and select({"matchLabels": selector}, one["labels"])
        ]
        names = {
            port.get("name")
            for one in own
            for container in list_containers(one)
            for port in container.get("ports") or []
        }
        wanted = [one.get("targetPort") for one in row["spec"].get("ports") or []]
        lost = [one for one in wanted if isinstance(one, str) and not one.isdigit() and one not in names]
        if own and lost:
            yield name_object("Service", row), f"targetPort {', '.join(lost)} is a port of no container"


@rule(
    "N02c",
    HIGH,
    "Ingresses lead to Services that exist",
    reads=("ingresses", "services"),
    why="Requests to this path are answered with 503 or 404.",
    remedy="Correct the name or port of the Service, or remove the path.",
    references=("Popeye POP-1401",),
)
def ingress_backend(ingresses: list[Row], services: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]): row for row in services}
    for row in ingresses:
        lost = []
        for backend in list_backends(row):
            name = backend["name"]
            if name.startswith("ssl-redirect") or (backend.get("port") or {}).get("name") == "use-annotation":
                continue  # actions of the AWS Load Balancer Controller
            service = known.get((row["metadata"]["namespace"], name))
            if service is None:
                lost.append(f"Service {name} does not exist")
            elif not _has_port(service, backend.get("port") or {}):
                lost.append(f"Service {name} has no port {backend.get('port')}")
        if lost:
            yield name_object("Ingress", row), "; ".join(dict.fromkeys(lost))


def list_backends(ingress: Row) -> Iterator[Row]:
    spec = ingress.get("spec") or {}
    paths = [path for one in spec.get("rules") or [] for path in (one.get("http") or {}).get("paths") or []]
    for backend in [spec.get("defaultBackend"), *(one.get("backend") for one in paths)]:
        if backend and backend.get("service"):
            yield backend["service"]


def _has_port(service: Row, port: Row) -> bool:
    rows = (service.get("spec") or {}).get("ports") or []
    return any(
        one.get("name") == port.get("name") if port.get("name") else one["port"] == port.get("number") for one in rows
    )


@rule(
    "N02d",
    MEDIUM,
    "The certificates of Ingresses exist",
    reads=("ingresses", "secrets"),
    why="The controller serves its default certificate, which browsers refuse.",
    remedy="Create the Secret, for example with cert-manager.",
)
def ingress_certificate(ingresses: list[Row], secrets: list[Row]) -> Hits:
    known = {(row["metadata"]["namespace"], row["metadata"]["name"]) for row in secrets}
    for row in ingresses:
        names = [one["secretName"] for one in (row.get("spec") or {}).get("tls") or [] if one.get("secretName")]
        lost = [name for name in names if (row["metadata"]["namespace"], name) not in known]
        if lost:
            yield name_object("Ingress", row), f"Secret {', '.join(lost)} does not exist"


@rule(
    "N04",
    HIGH,
    "PersistentVolumeClaims are bound",
    reads=("persistent_volume_claims", "storage_classes"),
    why="Pods with the claim stay pending.",
    remedy="See the events of the claim: its StorageClass, the CSI driver and its IAM role.",
    references=("Popeye POP-1003", "Popeye POP-1004"),
)
def unbound_claim(persistent_volume_claims: list[Row], storage_classes: list[Row]) -> Hits:
    waiting = {
        row["metadata"]["name"] for row in storage_classes if row.get("volumeBindingMode") == "WaitForFirstConsumer"
    }
    known = {row["metadata"]["name"] for row in storage_classes}
    for row in persistent_volume_claims:
        phase, name = (row.get("status") or {}).get("phase"), (row.get("spec") or {}).get("storageClassName")
        if phase == "Lost":
            yield name_object("PersistentVolumeClaim", row), "its volume is lost"
        elif phase == "Pending" and name and name not in known:
            yield name_object("PersistentVolumeClaim", row), f"StorageClass {name} does not exist"
        elif phase == "Pending" and name not in waiting:
            yield name_object("PersistentVolumeClaim", row), f"pending, StorageClass {name or 'none'}"


@rule(
    "N04b",
    LOW,
    "PersistentVolumes are in use",
    reads=("persistent_volumes",),
    why="A volume that was released and is retained costs as before.",
    remedy="Delete the PersistentVolume and its EBS volume, after a snapshot.",
    references=("Popeye POP-1000", "Popeye POP-1002"),
)
def unused_volume(persistent_volumes: list[Row]) -> Hits:
    for row in persistent_volumes:
        phase = (row.get("status") or {}).get("phase")
        if phase in ("Released", "Failed", "Available"):
            yield name_object("PersistentVolume", row), f"phase is {phase}"


@rule(
    "L04c",
    LOW,
    "PersistentVolumeClaims are used by pods",
    reads=("persistent_volume_claims", "all_workloads", "stateful_sets"),
    why="A volume that no pod mounts costs as much as one in use.",
    remedy="Delete the claim, after a snapshot.",
    references=("Popeye POP-400",),
)
def unused_claim(persistent_volume_claims: list[Row], all_workloads: list[Row], stateful_sets: list[Row]) -> Hits:
    used = {
        (row["namespace"], one["persistentVolumeClaim"]["claimName"])
        for row in all_workloads
        for one in row["pod"].get("volumes") or []
        if one.get("persistentVolumeClaim")
    }
    made = [
        (row["metadata"]["namespace"], f"{one['metadata']['name']}-{row['metadata']['name']}-")
        for row in stateful_sets
        for one in (row.get("spec") or {}).get("volumeClaimTemplates") or []
    ]
    for row in persistent_volume_claims:
        space, name = row["metadata"]["namespace"], row["metadata"]["name"]
        of_set = any(space == other and name.startswith(prefix) for other, prefix in made)
        if (space, name) not in used and not of_set and not row["metadata"].get("ownerReferences"):
            yield name_object("PersistentVolumeClaim", row), "no workload mounts it"
