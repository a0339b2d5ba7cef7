# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of eks_platform: plans on the controller, so that values pass no other module than eks_helm and eks_addon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.arguments import read_arguments
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.platform.options import (
    build_platform_spec,
    find_platform_problems,
    read_components,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import Settings, build_plan
from ansible_collections.kumo.eks.plugins.module_utils.platform.removal import (
    add_agent,
    build_outdated_identities,
    build_removal,
    find_unlisted,
    list_leftovers,
)
from ansible_collections.kumo.eks.plugins.module_utils.platform.steps import (
    PRESENT,
    Step,
    list_present_steps,
    list_removal_steps,
)
from ansible_collections.kumo.eks.plugins.plugin_utils.composed import ComposedModule
from ansible_collections.kumo.eks.plugins.plugin_utils.steps import StepFailed

Result = dict[str, Any]
LISTS = ("addons", "associations", "identities", "releases")


class ActionModule(ComposedModule):
    """Looks at the cluster by the module of the same name, and runs the modules that the components need."""

    lists = LISTS

    def build_own_spec(self) -> dict[str, Any]:
        return build_platform_spec()

    def ensure(self) -> None:
        params = self._read_options()
        components = read_components(params["components"], "components")
        words = {options["name"] for options in components}
        seen = self._look(params, components)
        place = Place(**seen["place"])
        if not place.exists and params["kubernetes_version"]:
            place = Place(**{**seen["place"], "version": params["kubernetes_version"]})
        plan = build_plan(components, place, _read_settings(params))
        unlisted = set(find_unlisted(seen, words))
        leaving = unlisted if params["purge"] else set()
        self._done.update(components=plan.components, unlisted=list_leftovers(seen, words))
        if params["state"] == PRESENT:
            self._run_steps(list_present_steps(plan, build_outdated_identities(plan, seen), seen), params)
            if not leaving:
                return
            removal = build_removal(leaving, None, seen)
            removal = removal if plan.associations else add_agent(removal, seen)
        else:
            removal = add_agent(build_removal(words | leaving, plan, seen), seen)
        self._done["kept"] += removal.kept
        self._run_steps(list_removal_steps(removal), params)

    def _read_options(self) -> Result:
        """The task's options, checked before anything is looked at."""
        spec = {**build_platform_spec(), "components": dict(type="raw", required=True)}
        names = {name for option, row in spec.items() for name in (option, *row.get("aliases", []))}
        given = {name: value for name, value in self._task.args.items() if name in names}
        found, problems = read_arguments(spec, given, "")
        if problems:
            raise ValidationError(" ".join(problems))
        params = {name: found.get(name) for name in spec}
        problems = list(find_platform_problems(params))
        if problems:
            raise ValidationError(" ".join(problems))
        if params["kubernetes_version"]:
            parse_minor(params["kubernetes_version"], "kubernetes_version")
        return params

    def _look(self, params: Result, components: list[Result]) -> Result:
        """What there is. The module refuses options that it does not know, so it gets those of the connection, too."""
        named = [{key: row[key] for key in ("name", "namespace") if key in row} for row in components]
        args = {"cluster_name": params["cluster_name"], "components": named, "purge": params["purge"]}
        answer = self.execute("eks_platform", args)
        if answer.get("failed"):
            raise StepFailed(answer)
        return answer

    def _run_steps(self, steps: Iterable[Step], params: Result) -> None:
        for step in steps:
            if step.rows:
                self._run_step(step, params)

    def _run_step(self, step: Step, params: Result) -> None:
        args = {"cluster_name": params["cluster_name"], step.option: step.rows, "state": step.state}
        if step.module in ("eks_addon", "eks_helm"):
            args |= {"wait": True, "wait_timeout": params["wait_timeout"]}
        if step.module == "eks_addon" and step.state == PRESENT:
            args["owned"] = True
        if step.module == "eks_helm":
            args |= {"create_namespace": True, "atomic": True}
            args |= {"binary_path": params["binary_path"]} if params["binary_path"] else {}
        answer = self.execute(step.module, args)
        self.add(answer, step.option)
        if answer.get("failed"):
            raise StepFailed({**answer, "msg": f"Platform, {step.what}: {answer.get('msg')}"})


def _read_settings(params: Result) -> Settings:
    login = {
        "username": params["chart_repository_username"],
        "password": params["chart_repository_password"],
        "ecr_login": params["ecr_login"] or None,
    }
    return Settings(
        params["identity"],
        params["chart_repository"] or "",
        {name: value for name, value in login.items() if value is not None},
        params["tags"] or {},
    )
