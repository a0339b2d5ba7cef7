# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object

NOW = 1_790_000_000.0  # 2026-09-21
OLD, LATER = "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"
RELEASE = ["Helm release shop/web"]


def release(status, version=1, since=OLD):
    labels = {"labels": {"name": "web", "version": str(version), "status": status}, "creationTimestamp": since}
    return build_object(f"sh.helm.release.v1.web.v{version}", "shop", metadata=labels, type="helm.sh/release.v1")


def application(sync, health):
    return {
        "argo_applications": [
            build_object("web", "argocd", status={"sync": {"status": sync}, "health": {"status": health}})
        ]
    }


def kustomization(status="True", suspend=False):
    conditions = {"conditions": [{"type": "Ready", "status": status, "reason": "BuildFailed"}]}
    return {"kustomizations": [build_object("web", "flux-system", spec={"suspend": suspend}, status=conditions)]}


def definition(stored=("v1",), conversion=None):
    versions = [{"name": "v1", "served": True}, {"name": "v1beta1", "served": False}]
    row = build_object("things.example.org", spec={"versions": versions, "conversion": conversion or {}})
    return {"custom_resource_definitions": [{**row, "status": {"storedVersions": list(stored)}}]}


HOOK = {"webhook": {"clientConfig": {"service": {"namespace": "things", "name": "hook"}}}}


def cron(**status):
    return {"cron_jobs": [build_object("night", "shop", spec={}, status=status)], "now": NOW}


def jobs(number, **spec):
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    return {"jobs": [build_object(f"job-{index}", "shop", spec=spec, status=done) for index in range(number)]}


def request(status):
    about = {"creationTimestamp": OLD}
    rows = [build_object("csr-1", metadata=about, spec={"signerName": "kubernetes.io/kubelet-serving"}, status=status)]
    return {"certificate_signing_requests": rows, "now": NOW}


CASES = {
    "failed_release": Case(
        bad={"secrets": [release("deployed"), release("failed", 2)]},
        resources=RELEASE,
        good={"secrets": [release("failed"), release("deployed", 2)]},
    ),
    "stuck_release": Case(
        bad={"secrets": [release("deployed", 9), release("pending-upgrade", 10)], "now": NOW},
        resources=RELEASE,
        good={"secrets": [release("pending-upgrade", since="2026-09-21T14:13:00Z")], "now": NOW},
    ),
    "argo_out_of_sync": Case(
        bad=application("OutOfSync", "Healthy"),
        resources=["Application argocd/web"],
        good=application("Synced", "Healthy"),
    ),
    "flux_not_ready": Case(
        bad=kustomization("False"), resources=["Kustomization flux-system/web"], good=kustomization("False", True)
    ),
    "flux_suspended": Case(
        bad=kustomization(suspend=True), resources=["Kustomization flux-system/web"], good=kustomization()
    ),
    "stored_versions": Case(
        bad=definition(("v1beta1", "v1")),
        resources=["CustomResourceDefinition things.example.org"],
        good=definition(),
    ),
    "conversion_webhook": Case(
        bad={**definition(conversion=HOOK), "services": []},
        resources=["CustomResourceDefinition things.example.org"],
        good={**definition(conversion=HOOK), "services": [build_object("hook", "things")]},
    ),
    "cron_job_fails": Case(
        bad=cron(lastScheduleTime=LATER, lastSuccessfulTime=OLD),
        resources=["CronJob shop/night"],
        good=cron(lastScheduleTime=OLD, lastSuccessfulTime=LATER),
    ),
    "finished_jobs": Case(bad=jobs(100), resources=["Namespace shop"], good=jobs(100, ttlSecondsAfterFinished=60)),
    "pending_certificate": Case(
        bad=request({}),
        resources=["CertificateSigningRequest csr-1"],
        good=request({"conditions": [{"type": "Approved", "status": "True"}]}),
    ),
}
