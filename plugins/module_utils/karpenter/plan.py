# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Karpenter as the options of the modules that make its parts, in the order of the task. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import (
    build_cluster_role_name,
    build_pod_role_name,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import OCI
from ansible_collections.kumo.eks.plugins.module_utils.events.interruption import build_queue_arn, build_queue_name
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.charts import KARPENTER, KARPENTER_CRD
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.policies import (
    ControllerRights,
    build_controller_policies,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT
from ansible_collections.kumo.eks.plugins.module_utils.platform.charts import Chart
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import (
    IRSA,
    MARK,
    POD_IDENTITY,
    TAG,
    Settings,
    build_agent,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.removal import Removal, add_agent
from ansible_collections.kumo.eks.plugins.module_utils.platform.values import (
    IDENTITY_ANNOTATION,
    ROLE_ANNOTATION,
    merge_values,
)

Row = dict[str, Any]
WORD = "karpenter"  # the value of TAG
PRESENT, ABSENT = "present", "absent"
PURPOSE = "karpenter_node"
LABEL = "karpenter-node"  # of the purpose, in a generated name
WHAT = {
    "eks_iam_role": "IAM role of the nodes",
    "eks_access_entry": "access entry of the nodes",
    "eks_interruption_queue": "interruption queue",
    "eks_addon": "EKS Pod Identity Agent",
    "eks_pod_identity": "pod identity association",
    "eks_irsa": "IAM role by IRSA",
    "eks_discovery_tags": "discovery tags",
    "eks_helm": "Helm releases",
    "eks_karpenter_nodes": "NodePools",
}


@dataclass(frozen=True)
class Step:
    """One run of a module.

    Args:
        args: its options beside cluster_name and the connection.
    """

    module: str
    args: Row

    @property
    def what(self) -> str:
        """For the message of a failure."""
        return WHAT[self.module]


@dataclass(frozen=True)
class KarpenterPlan:
    """The steps of a task.

    Args:
        options: those of eks_karpenter, which were checked.
        seen: what eks_karpenter's look answered.
    """

    options: Row
    place: Place
    seen: Row

    # names and ARNs

    @property
    def tags(self) -> Row:
        return {**(self.options.get("tags") or {}), TAG: WORD}

    @property
    def node_role(self) -> str:
        """The name of the nodes' role."""
        given = self.options.get("node_role_name")
        return given or build_cluster_role_name(self.place.cluster, self.place.region, LABEL)

    @property
    def node_role_arn(self) -> str:
        return f"arn:{self.place.partition}:iam::{self.place.account}:role/{self.node_role}"

    @property
    def queue_name(self) -> str:
        """The name of the queue; "" where there is none."""
        if not self.options["interruption_queue"]:
            return ""
        return self.options.get("queue_name") or build_queue_name(self.place.cluster)

    @property
    def account(self) -> Account:
        return Account(self.options["namespace"], self.options["service_account"])

    @property
    def identity(self) -> str:
        return self.options["identity"]

    # present

    def list_present_steps(self) -> Iterator[Step]:
        """AWS' parts first, then the release that works with them, then what it starts nodes by."""
        role: Row = {"purpose": PURPOSE, "tags": self.tags}
        for name, option in (("name", "node_role_name"), ("instance_profile",) * 2, ("permissions_boundary",) * 2):
            if self.options.get(option):
                role[name] = self.options[option]
        yield Step("eks_iam_role", {"iam_roles": [role]})
        entry = {"principal_arn": self.node_role_arn, "type": "EC2_LINUX", "tags": self.tags}
        yield Step("eks_access_entry", {"access_entries": [entry], "owned": True})
        if self.queue_name:
            yield Step("eks_interruption_queue", self._build_queue(PRESENT))
        agent = next((row for row in self.seen["addons"] if row["name"] == AGENT), None)
        if self.identity == POD_IDENTITY and not self.place.auto_mode and agent is None:
            about = Settings(tags=self.options.get("tags") or {})
            yield Step("eks_addon", {"addons": [build_agent(about)], "owned": True, **self._build_wait()})
        if self.identity == POD_IDENTITY:
            yield Step("eks_pod_identity", {"associations": [self._build_identity()]})
        elif self.identity == IRSA:
            own = {"role_only": self.options["create_service_account"], "create_namespace": True}
            yield Step("eks_irsa", {"identities": [{**self._build_identity(), **own}]})
        if self.options["discovery"]:
            given = {name: self.options[name] for name in ("subnets", "security_groups") if self.options.get(name)}
            yield Step("eks_discovery_tags", given)
        yield Step("eks_helm", {"releases": self._build_releases(), **self._build_helm()})
        yield from self._list_outdated_steps()
        if not self.queue_name:
            yield Step("eks_interruption_queue", self._build_queue(ABSENT))
        yield Step("eks_karpenter_nodes", self._build_nodes())

    def _list_outdated_steps(self) -> Iterator[Step]:
        """The role that the controller had in another way. It goes when the pods have been replaced."""
        for row in self.seen["roles"]:
            if row["identity"] != self.identity and self.identity != "none":
                yield self._build_identity_removal(row["identity"])

    def _build_queue(self, state: str) -> Row:
        name = self.options.get("queue_name")
        found = {"state": state, "adopt": self.options["adopt"], "tags": self.tags}
        return {**found, **({"queue_name": name} if name else {})}

    def _build_identity(self) -> Row:
        """The controller's service account, with a role that has the published policies."""
        place = self.place
        queue = (
            build_queue_arn(place.partition, place.region, place.account, self.queue_name) if self.queue_name else ""
        )
        rights = ControllerRights(
            place.cluster, place.region, place.partition, place.account, self.node_role_arn, queue
        )
        row = {"namespace": self.account.namespace, "service_account": self.account.name, "tags": self.tags}
        boundary = self.options.get("permissions_boundary")
        documents = {"inline_policies": build_controller_policies(rights), "policy_arns": []}
        return {**row, **documents, **({"permissions_boundary": boundary} if boundary else {})}

    def _build_wait(self) -> Row:
        return {"wait": True, "wait_timeout": self.options["wait_timeout"]}

    def _build_helm(self) -> Row:
        path = self.options.get("binary_path")
        return {
            **self._build_wait(),
            "create_namespace": True,
            "atomic": True,
            **({"binary_path": path} if path else {}),
        }

    def _build_releases(self) -> list[Row]:
        """The definitions, then the controller that needs them."""
        given = self.options.get("version")
        version = given or KARPENTER.choose_version(self.place.version)
        rows = [self._build_release(KARPENTER_CRD, version)] if self.options["crds"] else []
        release = self._build_release(KARPENTER, version)
        release |= {"values": merge_values(self._build_values(), self.options.get("values") or {})}
        release |= {"depends_on": [row["name"] for row in rows]}
        if rows:
            release["crds"] = "skip"
        if self.options.get("secret_values"):
            release["secret_values"] = self.options["secret_values"]
        return [*rows, release]

    def _build_release(self, chart: Chart, version: str) -> Row:
        mirror = self.options.get("chart_repository")
        repository = mirror or chart.repository
        oci = repository.startswith(OCI)
        source = (
            {"chart": f"{repository.rstrip('/')}/{chart.name}"}
            if oci
            else {"chart": chart.name, "repository": repository}
        )
        row = {
            "name": chart.name,
            "namespace": self.account.namespace,
            "version": version,
            "description": MARK + WORD,
            **source,
        }
        names = {
            "username": "chart_repository_username",
            "password": "chart_repository_password",
            "ecr_login": "ecr_login",
        }
        login = {name: self.options[option] for name, option in names.items() if self.options.get(option)}
        return {**row, **(login if mirror else {})}

    def _build_values(self) -> Row:
        """What the instructions of Karpenter set, and the service account."""
        annotations = {}
        if self.identity == IRSA:
            name = build_pod_role_name(self.place.cluster, self.account)
            annotations[ROLE_ANNOTATION] = f"arn:{self.place.partition}:iam::{self.place.account}:role/{name}"
        return {
            "settings": {"clusterName": self.place.cluster, "interruptionQueue": self.queue_name},
            "serviceAccount": {
                "create": self.options["create_service_account"],
                "name": self.account.name,
                "annotations": annotations,
            },
            "podAnnotations": {IDENTITY_ANNOTATION: self.identity},
        }

    def _build_nodes(self) -> Row:
        names = ("instance_profile", "node_classes", "node_pools", "tags", "purge", "wait_timeout")
        given = {name: self.options[name] for name in names if self.options.get(name) is not None}
        return {**given, "node_role": self.node_role}

    # absent

    def list_removal_steps(self) -> Iterator[Step]:
        """The nodes while Karpenter can end them, then Karpenter, and at last what it worked with."""
        yield Step("eks_karpenter_nodes", {"state": ABSENT, "wait_timeout": self.options["wait_timeout"]})
        release = {"namespace": self.account.namespace}
        releases = [
            {**release, "name": KARPENTER.name, "depends_on": [KARPENTER_CRD.name]},
            {**release, "name": KARPENTER_CRD.name},
        ]
        if not self.options["crds"]:
            releases = [{**release, "name": KARPENTER.name}]
        path = self.options.get("binary_path")
        yield Step(
            "eks_helm",
            {"releases": releases, "state": ABSENT, **self._build_wait(), **({"binary_path": path} if path else {})},
        )
        yield Step("eks_interruption_queue", {**self._build_queue(ABSENT)})
        if self.options["discovery"]:
            yield Step("eks_discovery_tags", {"state": ABSENT})
        kinds = {row["identity"] for row in self.seen["roles"]} | ({self.identity} - {"none"})
        for kind in sorted(kinds):
            yield self._build_identity_removal(kind)
        role: Row = {"purpose": PURPOSE}
        if self.options.get("node_role_name"):
            role["name"] = self.options["node_role_name"]
        yield Step("eks_iam_role", {"iam_roles": [role], "state": ABSENT})

    def build_agent_removal(self) -> tuple[list[Step], list[Row]]:
        """The agent, where it was installed for pods that are gone: the step, and why it is kept."""
        row = {"namespace": self.account.namespace, "service_account": self.account.name}
        removal = add_agent(Removal(associations=[row]), self.seen)
        steps = (
            [Step("eks_addon", {"addons": removal.agent, "state": ABSENT, **self._build_wait()})]
            if removal.agent
            else []
        )
        return steps, removal.kept

    def _build_identity_removal(self, kind: str) -> Step:
        row = {"namespace": self.account.namespace, "service_account": self.account.name}
        if kind == IRSA:
            return Step(
                "eks_irsa",
                {"identities": [{**row, "role_only": self.options["create_service_account"]}], "state": ABSENT},
            )
        return Step("eks_pod_identity", {"associations": [row], "state": ABSENT})
