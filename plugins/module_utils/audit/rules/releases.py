# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""H, I, J: Helm releases, what GitOps keeps in sync, Jobs, and CustomResourceDefinitions."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.objects import (
    find_condition,
    get_labels,
    get_place,
    get_spec,
    get_status,
    parse_moment,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    name_object,
    rule,
)

HELM = "helm.sh/release.v1"  # type of the Secrets in which Helm keeps releases
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
HOUR = 3600  # seconds
MANY_JOBS = 100


def list_latest(secrets: list[Row]) -> list[tuple[str, Row]]:
    """The newest revision of each Helm release, by the release's name."""
    found: dict[str, Row] = {}
    for row in secrets:
        labels = get_labels(row)
        if row.get("type") == HELM and labels.get("name") and str(labels.get("version")).isdigit():
            name = f"Helm release {get_place(row)[0]}/{labels['name']}"
            if name not in found or int(labels["version"]) > int(get_labels(found[name])["version"]):
                found[name] = row
    if not found:
        raise NotApplicable("Helm keeps no releases in Secrets of the cluster")
    return sorted(found.items())


@rule(
    "H07",
    MEDIUM,
    "No Helm release has failed",
    reads=("secrets",),
    why="What runs is neither the old nor the new version of the chart.",
    remedy="Deploy the release again, or roll it back.",
)
def failed_release(secrets: list[Row]) -> Hits:
    for name, row in list_latest(secrets):
        if get_labels(row).get("status") == "failed":
            yield name, f"revision {get_labels(row)['version']} has failed"


@rule(
    "H07b",
    MEDIUM,
    "No Helm release is stuck",
    reads=("secrets", "now"),
    why="Helm refuses the next upgrade: another operation is in progress.",
    remedy="See whether the operation still runs. Otherwise roll the release back.",
)
def stuck_release(secrets: list[Row], now: float) -> Hits:
    for name, row in list_latest(secrets):
        since, status = parse_moment(row["metadata"].get("creationTimestamp")), get_labels(row).get("status")
        if status in PENDING and since is not None and now - since > HOUR:
            yield (
                name,
                f"revision {get_labels(row)['version']} is {status} since {row['metadata']['creationTimestamp']}",
            )


@rule(
    "H08",
    MEDIUM,
    "Applications of Argo CD are in sync and healthy",
    reads=("argo_applications",),
    why="The cluster does not run what the repository says.",
    remedy="See the application's conditions, and synchronise it.",
    references=("AWS review Op6", "AWS review Op31"),
)
def argo_out_of_sync(argo_applications: list[Row]) -> Hits:
    if not argo_applications:
        raise NotApplicable("the cluster has no Applications of Argo CD")
    for row in argo_applications:
        status = get_status(row)
        sync = (status.get("sync") or {}).get("status")
        health = (status.get("health") or {}).get("status")
        if sync == "OutOfSync" or health in ("Degraded", "Missing"):
            yield name_object("Application", row), f"sync is {sync}, health {health}"


@rule(
    "H08b",
    MEDIUM,
    "Kustomizations of Flux are ready",
    reads=("kustomizations",),
    why="The cluster does not run what the repository says.",
    remedy="See the message, and correct the source.",
    references=("AWS review Op31",),
)
def flux_not_ready(kustomizations: list[Row]) -> Hits:
    if not kustomizations:
        raise NotApplicable("the cluster has no Kustomizations of Flux")
    for row in kustomizations:
        ready = find_condition(row, "Ready")
        if ready.get("status") == "False" and not get_spec(row).get("suspend"):
            yield name_object("Kustomization", row), str(ready.get("reason") or "Ready is False")


@rule(
    "H08c",
    LOW,
    "No Kustomization of Flux is suspended",
    reads=("kustomizations",),
    why="Changes of the repository do not arrive, and changes by hand stay.",
    remedy="Resume it.",
)
def flux_suspended(kustomizations: list[Row]) -> Hits:
    for row in kustomizations:
        if get_spec(row).get("suspend"):
            yield name_object("Kustomization", row), "suspend is true"


@rule(
    "J07",
    LOW,
    "No CustomResourceDefinition has stored objects of a version that it no longer serves",
    reads=("custom_resource_definitions",),
    why="The version cannot be removed from the definition: its next release fails to install.",
    remedy="Write all objects again, and remove the version from status.storedVersions.",
)
def stored_versions(custom_resource_definitions: list[Row]) -> Hits:
    for row in custom_resource_definitions:
        served = {one["name"] for one in row["spec"]["versions"] if one.get("served")}
        old = sorted(set(get_status(row).get("storedVersions") or []) - served)
        if old:
            yield name_object("CustomResourceDefinition", row), f"stored and not served: {', '.join(old)}"


@rule(
    "J07b",
    HIGH,
    "The Services of conversion webhooks exist",
    reads=("custom_resource_definitions", "services"),
    why="The API server cannot read objects of the kind. Namespaces with them cannot be deleted either.",
    remedy="Install the controller again, or remove the webhook from the definition.",
)
def conversion_webhook(custom_resource_definitions: list[Row], services: list[Row]) -> Hits:
    places = {get_place(row) for row in services}
    for row in custom_resource_definitions:
        hook = (row["spec"].get("conversion") or {}).get("webhook") or {}
        ref = (hook.get("clientConfig") or {}).get("service")
        if ref and (ref["namespace"], ref["name"]) not in places:
            yield (
                name_object("CustomResourceDefinition", row),
                f"Service {ref['namespace']}/{ref['name']} does not exist",
            )


@rule(
    "I15b",
    MEDIUM,
    "The last Job of each CronJob has succeeded",
    reads=("cron_jobs", "now"),
    why="What the CronJob is for does not happen.",
    remedy="See the logs of its Jobs.",
    references=("AWS review Op14",),
)
def cron_job_fails(cron_jobs: list[Row], now: float) -> Hits:
    for row in cron_jobs:
        status = get_status(row)
        last, good = parse_moment(status.get("lastScheduleTime")), parse_moment(status.get("lastSuccessfulTime"))
        if last is None or status.get("active") or get_spec(row).get("suspend"):
            continue
        if now - last > HOUR and (good is None or good < last):
            yield name_object("CronJob", row), f"last started at {status['lastScheduleTime']}, without success since"


@rule(
    "I15c",
    LOW,
    "Finished Jobs are deleted",
    reads=("jobs",),
    why="Finished Jobs and their pods fill etcd and every list of pods.",
    remedy="Set ttlSecondsAfterFinished.",
)
def finished_jobs(jobs: list[Row]) -> Hits:
    found: dict[str, int] = {}
    for row in jobs:
        owned = row["metadata"].get("ownerReferences")  # a CronJob keeps no more than its limits of history
        done = any(find_condition(row, kind).get("status") == "True" for kind in ("Complete", "Failed"))
        if done and not owned and get_spec(row).get("ttlSecondsAfterFinished") is None:
            found[get_place(row)[0]] = found.get(get_place(row)[0], 0) + 1
    for namespace, number in sorted(found.items()):
        if number >= MANY_JOBS:
            yield f"Namespace {namespace}", f"{number} finished Jobs without ttlSecondsAfterFinished"


@rule(
    "H09",
    INFO,
    "No certificate waits for approval",
    reads=("certificate_signing_requests", "now"),
    why="Whoever asked does not get its certificate: a kubelet cannot serve logs and exec.",
    remedy="Approve or delete the request.",
)
def pending_certificate(certificate_signing_requests: list[Row], now: float) -> Hits:
    for row in certificate_signing_requests:
        since = parse_moment(row["metadata"].get("creationTimestamp"))
        if not get_status(row).get("conditions") and since is not None and now - since > HOUR:
            yield name_object("CertificateSigningRequest", row), f"by {get_spec(row).get('signerName', '?')}"
