# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to become of software that is taken over: its version, what is kept, what is lost, and what stands against it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.json_schema import problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import parse_numbers
from ansible_collections.kumo.eks.plugins.module_utils.takeover.field_managers import list_installers, list_managers
from ansible_collections.kumo.eks.plugins.module_utils.takeover.settings import (
    Observed,
    Setting,
    find_main,
    is_in_kube_system,
    list_settings,
    merge,
)
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import NAMESPACE, Software

Row = dict[str, Any]
ROLE = "eks.amazonaws.com/role-arn"
TAG = re.compile(r"v\d+\.\d+\.\d+(-minimal)?(-eksbuild\.\d+)?")
# Who puts an object back as soon as somebody else changes it, by the label or annotation that it leaves
GITOPS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
}


@dataclass
class Plan:
    """The take-over of one add-on.

    Args:
        image: of the software now.
        managed_by: eks, helm, argocd, flux or kubectl.
        managers: the field managers that installed it.
        release: namespace and name of its Helm release.
        installed: its version now, "" where the image does not say.
        version: of the add-on that takes its place.
        kept: as configuration values.
        settings: the same with where each comes from.
        lost: what the configuration of the add-on cannot express.
        role_arn: by IRSA.
        association: of EKS Pod Identity, which stays.
        replaced: workloads that are deleted before the add-on is created.
        why: what stands against it; empty where nothing does.
    """

    name: str
    image: str = ""
    managed_by: str = ""
    managers: list[str] = field(default_factory=list)
    release: tuple[str, str] | None = None
    installed: str = ""
    version: str = ""
    kept: Row = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    role_arn: str = ""
    association: str = ""
    replaced: list[str] = field(default_factory=list)
    why: str = ""

    def build_row(self) -> Row:
        """The plan for a result."""
        release = "/".join(self.release) if self.release else None
        keys = ("name", "image", "managed_by", "lost", "why")
        return {
            **{key: getattr(self, key) for key in keys},
            "field_managers": self.managers,
            "release": release,
            "installed_version": self.installed or None,
            "version": self.version or None,
            "configuration_values": self.kept,
            "kept": [setting.origin for setting in self.settings],
            "service_account_role_arn": self.role_arn or None,
            "pod_identity_association": self.association or None,
            "replaced": self.replaced,
        }


def describe_software(software: Software, observed: Observed) -> Plan:
    """What is in the cluster, and who manages it."""
    plan = Plan(software.name)
    for part in software.parts:
        workload = observed.workloads.get(part.name)
        main = workload and find_main(part, workload)
        if not workload or not main:
            continue
        plan.image = plan.image or main.get("image", "")
        plan.managers = plan.managers or list_installers(list_managers(workload))
        plan.managed_by = plan.managed_by or find_owner(workload)
    plan.installed = read_version(plan.image)
    plan.role_arn = ((observed.account or {}).get("metadata", {}).get("annotations") or {}).get(ROLE, "")
    return plan


def find_owner(workload: Row) -> str:
    """Who manages a workload, by what its tool leaves on it."""
    about = workload["metadata"]
    marks = {**(about.get("labels") or {}), **(about.get("annotations") or {})}
    gitops = next((name for key, name in GITOPS.items() if key in marks), "")
    if gitops:
        return gitops.lower().replace(" ", "")
    if marks.get("app.kubernetes.io/managed-by") == "Helm" and marks.get("meta.helm.sh/release-name"):
        return "helm"
    image = workload["spec"]["template"]["spec"]["containers"][0].get("image", "")
    return "eks" if "-eksbuild." in image else "kubectl"


def read_version(image: str) -> str:
    """The version in an image's tag, like v1.20.4-eksbuild.1; the tags of kube-proxy have one more word in it."""
    match = TAG.search(image.rpartition(":")[2])
    return match[0].replace("-minimal", "") if match else ""


def choose_version(installed: str, versions: list[str], default: str) -> str:
    """The compatible version that changes least and is not older; "" where all are older.

    Args:
        versions: the compatible ones.
        default: what EKS would install, for software that does not say its version.
    """
    if not installed or not versions:
        return default
    if installed in versions:
        return installed
    now = parse_numbers(installed)
    same = [one for one in versions if parse_numbers(one)[:3] == now[:3]]
    if len(now) == 3 and same:  # without a build, as the projects tag their images
        return max(same, key=parse_numbers)
    newer = [one for one in versions if parse_numbers(one) > now]
    return min(newer, key=parse_numbers) if newer else ""


def plan_settings(plan: Plan, software: Software, observed: Observed, schema: Row) -> None:
    """Sort the settings into what the schema of the version has a place for, and the rest."""
    for setting in list_settings(software, observed):
        if setting.path and not problems(merge([setting]), schema):
            plan.settings.append(setting)
        else:
            plan.lost.append(setting.origin)
    plan.kept = merge(plan.settings)
    together = problems(plan.kept, schema) if plan.kept else []
    if together:
        plan.why = f"its settings do not fit together as configuration values: {'; '.join(together)}"


def plan_workloads(plan: Plan, software: Software, observed: Observed) -> None:
    """What stands against the take-over, and which workloads have to make room for it."""
    if plan.managed_by in ("argocd", "flux"):
        name = {"argocd": "Argo CD", "flux": "Flux"}[plan.managed_by]
        plan.why = (
            f"{name} manages it, and would change it back. Let {name} release it first, without deleting its objects"
        )
        return
    elsewhere = [row for row in observed.workloads.values() if not is_in_kube_system(row)]
    if elsewhere:
        plan.why = f"it runs in namespace {elsewhere[0]['metadata']['namespace']}, and EKS installs it in {NAMESPACE}"
        return
    for part in software.parts:
        workload = observed.workloads.get(part.name)
        selector = workload and workload["spec"]["selector"]
        if not workload or selector == {"matchLabels": part.selector}:
            continue
        title = f"{part.kind.kind} {part.name}"
        if not software.replaceable:
            plan.why = (
                f"{title} selects its pods by other labels than EKS' own, which nobody can change later. It would have to be deleted"
                " first, with an outage"
            )
            return
        plan.replaced.append(title)
