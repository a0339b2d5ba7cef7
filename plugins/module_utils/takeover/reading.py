# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the add-ons of a cluster that EKS does not manage, and plans what would become of each."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    DEFAULT,
    MOST_RECENT,
    AddonCatalog,
    parse_numbers,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import (
    choose_version as find_version,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import describe_associations
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release, build_release, decode_release
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import (
    CONFIG_MAP,
    POD,
    POD_DISRUPTION_BUDGET,
    SECRET,
    SERVICE_ACCOUNT,
)
from ansible_collections.kumo.eks.plugins.module_utils.takeover.plan import (
    Plan,
    choose_version,
    describe_software,
    plan_settings,
    plan_workloads,
    read_version,
)
from ansible_collections.kumo.eks.plugins.module_utils.takeover.settings import Observed
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import BY_NAME, NAMESPACE, Software

Row = dict[str, Any]
RELEASE_NAME, RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
CHARTS = {"aws-ebs-csi-driver", "aws-vpc-cni", "coredns", "kube-proxy"}  # with nothing in them but the add-on
FARGATE_PROFILE = "eks.amazonaws.com/fargate-profile"  # a label of pods on Fargate
UNFINISHED = "CREATE_FAILED"  # an add-on that EKS could not create manages nothing


class TakeoverReader:
    """Reads one cluster.

    Args:
        eks: boto3's client.
        api: the cluster's Kubernetes API.
        versions: the versions that the task names, by add-on.
    """

    def __init__(
        self, eks: Any, api: KubernetesApi, cluster: str, catalog: AddonCatalog, versions: dict[str, str] | None = None
    ) -> None:
        self._eks, self._api, self._cluster, self._catalog = eks, api, cluster, catalog
        self._versions = versions or {}

    def list_managed(self, names: list[str]) -> dict[str, Row]:
        """The add-ons among these that EKS manages, as DescribeAddon answers them."""
        there = set(list_names(self._eks, "list_addons", "addons", self._cluster)) & set(names)
        found = {name: self._describe(name) for name in sorted(there)}
        return {name: raw for name, raw in found.items() if raw and raw["status"] != UNFINISHED}

    def _describe(self, name: str) -> Row | None:
        return describe_or_none(self._eks.describe_addon, "addon", clusterName=self._cluster, addonName=name)

    def plan(self, name: str) -> Plan | None:
        """The take-over of one add-on; None where the cluster has nothing of it."""
        software = BY_NAME[name]
        release = self.find_release(software)
        observed = self._observe(software, release)
        if not observed.workloads and release is None:
            return None
        plan = describe_software(software, observed)
        if release is not None:
            plan.release, plan.managed_by = (release.namespace, release.name), plan.managed_by or "helm"
            plan.installed = plan.installed or read_version(f":v{release.app_version.removeprefix('v')}")
        plan_workloads(plan, software, observed)
        self._plan_release(plan, release)
        self._plan_version(plan)
        if plan.version:
            plan_settings(plan, software, observed, self._catalog.describe_schema(name, plan.version))
        self._plan_identity(plan, software, observed)
        return plan

    # reading

    def _observe(self, software: Software, release: Release | None) -> Observed:
        workloads = {part.name: self._find_workload(part.kind, part.name) for part in software.parts}
        config_maps = {name: self._api.get(CONFIG_MAP, name, NAMESPACE) for name in software.config_maps}
        budgets = list(self._api.list(POD_DISRUPTION_BUDGET, NAMESPACE)) if software.name == "coredns" else []
        there = {name: row for name, row in workloads.items() if row}
        return Observed(
            there,
            {name: row for name, row in config_maps.items() if row},
            tuple(budgets),
            self._find_account(software, there),
            release.values if release is not None and release_chart(release) == software.chart else None,
            software.name == "coredns" and self._is_dns_on_fargate(),
        )

    def _is_dns_on_fargate(self) -> bool:
        pods = self._api.list(POD, NAMESPACE, label_selector="k8s-app=kube-dns")
        return any(FARGATE_PROFILE in (pod["metadata"].get("labels") or {}) for pod in pods)

    def _find_workload(self, kind: Any, name: str) -> Row | None:
        found = self._api.get(kind, name, NAMESPACE)
        if found is not None:
            return found
        return next(iter(self._api.list(kind, field_selector=f"metadata.name={name}")), None)

    def _find_account(self, software: Software, workloads: dict[str, Row]) -> Row | None:
        """The service account of the first workload, whatever it is called; the add-on's own where there is no workload."""
        if not software.account:
            return None
        first = workloads.get(software.parts[0].name)
        namespace = first["metadata"].get("namespace", NAMESPACE) if first else NAMESPACE
        name = (first and first["spec"]["template"]["spec"].get("serviceAccountName")) or software.account
        return self._api.get(SERVICE_ACCOUNT, name, namespace)

    def find_release(self, software: Software) -> Release | None:
        """The Helm release that installed it, as long as Helm has a record of it."""
        for kind, name in [
            *((part.kind, part.name) for part in software.parts),
            *([(SERVICE_ACCOUNT, software.account)] if software.account else []),
        ]:
            found = self._api.get(kind, name, NAMESPACE)
            marks = ((found or {}).get("metadata") or {}).get("annotations") or {}
            if RELEASE_NAME in marks:
                return self._read_release(marks.get(RELEASE_NAMESPACE, NAMESPACE), marks[RELEASE_NAME])
        return None

    def _read_release(self, namespace: str, name: str) -> Release | None:
        rows = self.list_records(namespace, name)
        return build_release(decode_release(rows[-1])) if rows else None

    def list_records(self, namespace: str, name: str) -> list[Row]:
        """The Secrets in which Helm has the revisions of a release, oldest first."""
        rows = list(self._api.list(SECRET, namespace, label_selector=f"owner=helm,name={name}"))
        return sorted(rows, key=lambda row: int(row["metadata"]["labels"]["version"]))

    # planning

    def _plan_release(self, plan: Plan, release: Release | None) -> None:
        if plan.why:
            return
        if plan.managed_by == "helm" and release is None:
            plan.why = (
                "Helm installed it, and there is no record of its release in Secrets. Uninstall the release first"
            )
        elif release is not None and not is_alone(release):
            plan.why = (
                f"it is part of the Helm release {release.name} of the chart {release.chart}, which has more in it"
            )
        elif release is not None and release.status != "deployed":
            plan.why = f"its Helm release {release.name} is {release.status}"
        if plan.replaced and release is None:
            plan.why = (
                f"{', '.join(plan.replaced)}: the labels that select its pods are not EKS' own, and cannot be changed"
            )

    def _plan_version(self, plan: Plan) -> None:
        kubernetes = self._catalog.describe_cluster_version() or ""
        rows = self._catalog.list_compatible(plan.name, kubernetes)
        wanted = self._versions.get(plan.name)
        versions = [row["version"] for row in rows]
        if wanted:
            plan.version = find_version(rows, wanted, plan.name, kubernetes)
        else:
            default = find_version(rows, DEFAULT, plan.name, kubernetes)
            plan.version = choose_version(plan.installed, versions, default)
        newest = find_version(rows, MOST_RECENT, plan.name, kubernetes)
        if plan.why:
            return
        if not plan.version:
            plan.why = f"it has version {plan.installed}, and the newest add-on for Kubernetes {kubernetes} is {newest}"
        elif wanted and is_older(plan.version, plan.installed):
            plan.why = f"it has version {plan.installed}, and {plan.version} is older"

    def _plan_identity(self, plan: Plan, software: Software, observed: Observed) -> None:
        if not software.account:
            return
        about = (observed.account or {}).get("metadata") or {"name": software.account, "namespace": NAMESPACE}
        names = {"namespace": about["namespace"], "serviceAccount": about["name"]}
        rows = describe_associations(self._eks, self._cluster, names)
        plan.association = rows[0]["associationId"] if rows else ""
        has_rights = bool(plan.role_arn or plan.association)
        if not plan.why and has_rights and about["name"] != software.account:
            plan.why = f"its role is that of the service account {about['name']}, and the add-on uses {software.account}. Give that one the role first"


def release_chart(release: Release) -> str:
    """The name of a release's chart, without the version."""
    return (release.package.get("metadata") or {}).get("name", "")


def is_alone(release: Release) -> bool:
    """Whether a release has nothing in it but the software of one add-on."""
    subcharts = (release.package.get("metadata") or {}).get("dependencies")
    return release_chart(release) in CHARTS and not subcharts


def is_older(version: str, installed: str) -> bool:
    """Whether a version is older than another one, as far as both say: a tag may have no build."""
    if not installed:
        return False
    now = parse_numbers(installed)
    return parse_numbers(version)[: len(now)] < now


def check_names(names: list[str], option: str) -> None:
    """Refuse names of add-ons that cannot be taken over."""
    for name in names:
        if name not in BY_NAME:
            raise ValidationError(f"{option}: {name!r} cannot be taken over. Use {', '.join(BY_NAME)}.")
