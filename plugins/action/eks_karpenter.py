# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of eks_karpenter: plans on the controller, so that values pass no other module than eks_helm."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.options import (
    build_karpenter_spec,
    find_karpenter_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.plan import PRESENT, KarpenterPlan, Step
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.plugin_utils.composed import ComposedModule
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import StepFailed

Result = dict[str, Any]
# The parts of the result that are a module's own
LISTS = {"eks_helm": ("releases",), "eks_karpenter_nodes": ("unlisted",)}


class ActionModule(ComposedModule):
    """Looks at the cluster by the module of the same name, and runs the modules that make Karpenter's parts."""

    lists = ("releases", "unlisted")

    def build_own_spec(self) -> dict[str, Any]:
        return build_karpenter_spec()

    def ensure(self) -> None:
        options = self._read_options()
        seen = self._look(options)
        place = Place(**seen["place"])
        if not place.exists and options.get("kubernetes_version"):
            place = Place(**{**seen["place"], "version": options["kubernetes_version"]})
        plan = KarpenterPlan(options, place, seen)
        self._done.update(
            node_role_name=plan.node_role,
            node_role_arn=plan.node_role_arn,
            queue_name=plan.queue_name,
            namespace=plan.account.namespace,
            service_account=plan.account.name,
            identity=plan.identity,
        )
        if options["state"] == PRESENT:
            for step in plan.list_present_steps():
                self._run_step(step)
            return
        for step in plan.list_removal_steps():
            self._run_step(step)
        steps, kept = plan.build_agent_removal()
        self._done["kept"] += kept
        for step in steps:
            self._run_step(step)

    def _read_options(self) -> Result:
        """The task's options, checked before anything is looked at."""
        spec = self.build_own_spec()
        names = {name for option, row in spec.items() for name in (option, *row.get("aliases", []))}
        given = {name: value for name, value in self._task.args.items() if name in names}
        found, problems = read_arguments(spec, given, "")
        if not problems:
            problems = list(find_karpenter_problems(found))
        if problems:
            raise ValidationError(" ".join(problems), problems=problems)
        if found.get("kubernetes_version"):
            parse_minor(found["kubernetes_version"], "kubernetes_version")
        # Without those that are not set; a null among the values of a chart is the user's
        return {name: value for name, value in found.items() if value is not None}

    def _look(self, options: Result) -> Result:
        """What there is of Karpenter's parts."""
        names = ("cluster_name", "namespace", "service_account")
        answer = self.execute("eks_karpenter", {name: options[name] for name in names})
        if answer.get("failed"):
            raise StepFailed(answer)
        return answer

    def _run_step(self, step: Step) -> None:
        answer = self.execute(step.module, {"cluster_name": self._task.args["cluster_name"], **step.args})
        self.add(answer, *LISTS.get(step.module, ()))
        if answer.get("failed"):
            raise StepFailed({**answer, "msg": f"Karpenter, {step.what}: {answer.get('msg')}"})
