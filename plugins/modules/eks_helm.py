#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm
version_added: 0.1.0
short_description: Keep a Helm release in an Amazon EKS cluster
description:
  - Installs, upgrades and uninstalls a release. O(cluster_name) and O(region) are all the credentials it needs.
  - What would change is found out by Helm's own dry run at the cluster's API server. So a second run changes nothing, and
    C(--check --diff) shows the manifests that would change. The values of Secrets are never shown.
  - A failed wait says which pods are not ready, and why.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The release's name.
    type: str
    required: true
    aliases: [release_name]
  namespace:
    description: The release's namespace.
    type: str
    default: default
    aliases: [release_namespace]
  state:
    description: Whether the release is there. With V(absent) there is nothing to do where the cluster is gone or being deleted.
    type: str
    choices: [present, absent]
    default: present
  chart:
    description:
      - The chart. V(repo/chart) is a chart of a repository that M(kumo.eks.eks_helm_repository) has added, a name together with
        O(repository) one of that URL. A path, the URL of an archive, and V(oci://registry/chart) are taken as well.
      - Paths are on the machine where the task runs. Begin them with V(./), V(/) or V(~).
      - Needed where O(state=present).
    type: str
    aliases: [chart_ref]
  repository:
    description: The URL of the repository the chart is in. Nothing is added to this machine's repositories.
    type: str
    aliases: [chart_repo_url]
  version:
    description:
      - The chart's version, or a range of them such as V(>=4.0.0 <5.0.0). The newest that fits is taken. Write it with quotes.
      - Left out, it is the newest one, so a release follows the repository.
    type: str
    aliases: [chart_version]
  dependency_update:
    description: Whether to bring the dependencies of a chart in a folder up to date. That is done in a copy of the folder.
    type: bool
    default: false
  username:
    description: The user at O(repository), or at the registry of O(chart).
    type: str
  password:
    description: The user's password. Helm reads it from its standard input.
    type: str
  ecr_login:
    description:
      - Whether to sign in to the registry with a password that Amazon ECR gives (GetAuthorizationToken) for the credentials of the task.
      - Left out, that is done where the registry is of Amazon ECR and O(username) is not given.
    type: bool
  plain_http:
    description: Whether the registry is spoken to without TLS. For a registry on this machine.
    type: bool
    default: false
  values:
    description:
      - The release's values. They lie over those of O(values_files).
      - Where O(values), O(values_files), O(set_values) and O(set_strings) are all left out, a release keeps its values. Where one is
        given, even empty, they are all the values it has.
    type: dict
    aliases: [release_values]
  values_files:
    description: Files with values, on the machine where the task runs. Later ones lie over earlier ones.
    type: list
    elements: path
  set_values:
    description:
      - Values as C(--set) takes them, such as V(controller.service.type=LoadBalancer). They lie over O(values). A dot in a key has a backslash.
      - They are seen in the machine's list of processes while Helm runs. Put secrets into O(values).
    type: list
    elements: str
    aliases: [set]
  set_strings:
    description: Like O(set_values), as C(--set-string) takes them.
    type: list
    elements: str
    aliases: [set_string]
  reuse_values:
    description:
      - Whether the values lie over those that the release has, which in turn lie over the chart's own
        (C(--reset-then-reuse-values)). A value that is taken out of the task then stays in the release.
    type: bool
    default: false
  create_namespace:
    description: Whether to create the namespace where it is missing.
    type: bool
    default: false
  wait:
    description: Whether to wait until the release's pods are ready, and with O(state=absent) until its objects are gone.
    type: bool
    default: false
  wait_for_jobs:
    description: Whether to wait until the release's Jobs have completed, too. Implies O(wait).
    type: bool
    default: false
  wait_timeout:
    description: How long Helm waits for one thing, in seconds. Hooks count, too. May be longer than a token is good for.
    type: int
    default: 300
    aliases: [timeout]
  atomic:
    description:
      - Whether a failed upgrade is rolled back and a failed installation removed. Implies O(wait).
      - C(--rollback-on-failure) of Helm 4, C(--atomic) of Helm 3.
    type: bool
    default: false
  recover:
    description:
      - Whether to free a release that a broken run left in V(pending-install), V(pending-upgrade), V(pending-rollback) or V(uninstalling),
        before going on. Helm refuses to touch such a one. RV(recovered) says what was done.
      - It is rolled back to its last revision that worked. A first installation keeps what it has created, and goes on with
        an upgrade, as Helm itself goes on after an installation that failed. Its installation hooks are not run again. Where it
        needs them, remove the release with O(state=absent) first.
      - An uninstallation is finished, and the release installed anew.
    type: bool
    default: false
  recover_after:
    description:
      - How many seconds a release has to be pending before O(recover) frees it. Somebody may be at work, so make it longer than a run takes.
      - Left out, it is twice O(wait_timeout), and at least 600.
    type: int
  compare:
    description:
      - What tells that an upgrade is needed. V(manifests) compares all that Helm would send, V(inputs) the chart's version and the values.
      - V(inputs) is for charts that render differently each time, such as those that make up a password.
    type: str
    choices: [manifests, inputs]
    default: manifests
  crds:
    description:
      - V(install) leaves the chart's CustomResourceDefinitions to Helm, which creates missing ones at an installation and never
        changes one. V(skip) leaves them out.
    type: str
    choices: [install, skip]
    default: install
  disable_hook:
    description: Whether to leave out the chart's hooks.
    type: bool
    default: false
  take_ownership:
    description: Whether the release takes over objects that are there and are not Helm's. Needs Helm 3.17.
    type: bool
    default: false
  skip_schema_validation:
    description: Whether values are not checked against the chart's schema. Needs Helm 3.16.
    type: bool
    default: false
  history_max:
    description: How many revisions are kept, V(0) for all. Left out, Helm keeps 10.
    type: int
  description:
    description: A description of this revision, for the release's history.
    type: str
  keep_history:
    description: Whether the history stays when the release is uninstalled.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. Left out, the first one on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Where the cluster is not there yet, the manifests are rendered without it.
  diff_mode:
    support: full
  platform:
    platforms: posix
requirements:
  - Helm 3.14 or later, or Helm 4
  - PyYAML
  - kubernetes >= 26.1.0
notes:
  - Helm gets a kubeconfig (0600, gone after the task) that has no secret in it. The token comes from an exec credential of this collection,
    which mints one whenever Helm needs it, also in waits that are longer than the 15 minutes a token is good for. The API server's
    certificate is verified.
  - Credentials that are given as options reach Helm by its environment. Neither they nor a token are in an argument, a file, a log or the result.
  - It is built on the Helm library of C(kubernetes.core), and does not run M(kubernetes.core.helm) itself. That one takes one token for the whole
    task, as an option. A wait that is longer than the token's 15 minutes would then fail and leave the release pending. Without
    the plugin C(helm-diff) it also does not see what O(set_values) or a chart's template changes.
  - When the task is told to stop (SIGTERM), so is Helm, which then marks the release failed. When it is killed outright, Helm
    is ended as well. The release then stays pending until O(recover) frees it. No file stays behind either way.
seealso:
  - module: kubernetes.core.helm
  - module: kumo.eks.eks_helm_rollback
"""

EXAMPLES = r"""
- name: NGINX Ingress Controller behind a Network Load Balancer
  kumo.eks.eks_helm:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: ingress-nginx
    namespace: ingress-nginx
    create_namespace: true
    chart: ingress-nginx
    repository: https://kubernetes.github.io/ingress-nginx
    version: ">=4.11.0 <5.0.0"
    set_values:
      - controller.service.type=LoadBalancer
      - controller.service.annotations."service\.beta\.kubernetes\.io/aws-load-balancer-type"=nlb

- name: An application from a chart on this machine, rolled back where its pods do not become ready
  kumo.eks.eks_helm:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    create_namespace: true
    chart: ./my-chart
    values_files: [production-values.yaml]
    values:
      image: {tag: v1.2.4}
    atomic: true

- name: A chart from Amazon ECR
  kumo.eks.eks_helm:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    chart: oci://123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/my-chart
    version: "1.2.3"

- name: Uninstall it
  kumo.eks.eks_helm:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    state: absent
"""

RETURN = r"""
action:
  description: What was done, or would be in check mode. One of install, upgrade, uninstall and none.
  returned: success
  type: str
  sample: upgrade
reasons:
  description: Why it was done.
  returned: success
  type: list
  elements: str
  sample: ["chart my-chart-1.2.3 -> my-chart-1.2.4", "manifests"]
recovered:
  description: How a pending release was freed, or would be in check mode.
  returned: when it was
  type: str
  sample: rolled back to revision 2, which was pending-upgrade since 1912 s
name:
  description: The release's name.
  returned: success
  type: str
  sample: my-app
namespace:
  description: Its namespace.
  returned: success
  type: str
  sample: production
chart:
  description: The chart's name and version.
  returned: when there is a release, or would be
  type: str
  sample: my-chart-1.2.4
app_version:
  description: The version of what the chart brings.
  returned: when there is a release, or would be
  type: str
  sample: v1.2.4
revision:
  description: The release's revision.
  returned: when there is a release
  type: int
  sample: 3
status:
  description: The release's status as Helm spells it.
  returned: when there is a release
  type: str
  sample: deployed
updated:
  description: When that revision was made.
  returned: when there is a release
  type: str
  sample: "2026-11-24T10:53:09.371221572Z"
description:
  description: What Helm says about that revision.
  returned: when there is a release
  type: str
  sample: Upgrade complete
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import SOURCE_OPTIONS, check_source, fetch, is_path
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import (
    Helm,
    HelmError,
    cluster_helm,
    helm_options,
    local_helm,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.ecr import build_ecr_login
from ansible_collections.kumo.eks.plugins.module_utils.helm.manifest import join_manifests
from ansible_collections.kumo.eks.plugins.module_utils.helm.pod_watch import PodWatch
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import (
    VALUE_OPTIONS,
    WAIT_OPTIONS,
    Plan,
    Release,
    ReleaseOperations,
    check_release,
    crd_args,
    failed,
    find_rollback_target,
    template,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi


def argument_spec() -> dict[str, Any]:
    return helm_options(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True, aliases=["release_name"]),
        namespace=dict(type="str", default="default", aliases=["release_namespace"]),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        create_namespace=dict(type="bool", default=False),
        atomic=dict(type="bool", default=False),
        recover=dict(type="bool", default=False),
        recover_after=dict(type="int"),
        compare=dict(type="str", choices=["manifests", "inputs"], default="manifests"),
        crds=dict(type="str", choices=["install", "skip"], default="install"),
        take_ownership=dict(type="bool", default=False),
        skip_schema_validation=dict(type="bool", default=False),
        history_max=dict(type="int"),
        description=dict(type="str"),
        keep_history=dict(type="bool", default=False),
        **SOURCE_OPTIONS,
        **VALUE_OPTIONS,
        **WAIT_OPTIONS,
    )


def read(params: dict[str, Any]) -> dict[str, Any]:
    """The options as they are meant.

    Raises:
        Refused: they contradict each other.
    """
    check_release(params)
    if params["state"] == "present":
        check_source(params)
    return {**params, "wait": params["wait"] or params["wait_for_jobs"]}


def without_cluster(module: AnsibleAWSModule, params: dict[str, Any]) -> dict[str, Any]:
    """The plan for a cluster that is not there yet: the chart, rendered without it."""
    if params["state"] == "absent":
        return {"changed": False, "action": "none", "reasons": [], **named(params)}
    with local_helm(module) as helm:
        unknown = missing_repository(helm, params)
        if unknown:
            return without_chart(module, params, None, unknown)
        chart = fetch(helm, params, build_ecr_login(module))
        plan = Plan("install", [f"installs {chart.title}"], "", template(helm, params, chart, *crd_args(params)))
    return result_of(module, plan, params, {"chart": chart.title, "app_version": chart.app_version})


def missing_repository(helm: Any, params: dict[str, Any]) -> str | None:
    """The repository of a plan's chart that an earlier task would have added."""
    repository, slash, dummy = params["chart"].partition("/")
    if not slash or "://" in params["chart"] or is_path(params):
        return None
    try:
        known = [row["name"] for row in helm.json("repo", "list")]
    except HelmError:  # how Helm says that there is none
        known = []
    return None if repository in known else repository


def without_chart(
    module: AnsibleAWSModule, params: dict[str, Any], current: Release | None, unknown: str
) -> dict[str, Any]:
    """The plan where the chart's repository would have been added by now."""
    module.warn(
        f"repository {unknown} is not known on this machine; the plan assumes that it will be, and shows no manifests"
    )
    action = "install" if is_gone(current) else "upgrade"
    return {"changed": True, "action": action, "reasons": [f"{action}s {params['chart']}"], **named(params)}


def is_gone(release: Release | None) -> bool:
    return release is None or release.status == "uninstalled"


def named(params: dict[str, Any]) -> dict[str, Any]:
    return {key: params[key] for key in ("name", "namespace")}


def result_of(module: AnsibleAWSModule, plan: Plan, params: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    changed = plan.action != "none"
    result = {"changed": changed, "action": plan.action, "reasons": plan.list_reasons, **named(params), **facts}
    return {**result, "diff": plan.diff(params["namespace"], params["name"])} if changed and module._diff else result


class ReleaseReconciler:
    """Brings one release to what the task asks for."""

    def __init__(self, module: AnsibleAWSModule, params: dict[str, Any], helm: Helm, api: KubernetesApi) -> None:
        self._module, self._params, self._helm = module, params, helm
        self._pods = PodWatch(api, params["namespace"])
        self._work = ReleaseOperations(helm, api, params, self._pods.look)
        self._check = module.check_mode
        self._stuck = False  # check mode leaves a pending release pending

    def run(self) -> dict[str, Any]:
        current = self._work.find()
        recovered = self._work.check_stuck(current)
        if recovered and self._params["state"] == "absent" and current.status in ("pending-install", "uninstalling"):
            return self._absent(current)  # which frees it as well
        if recovered and not self._check:
            self._work.recover(current)
            self._module.warn(f"recover: {recovered}")
            current = self._work.find()
        elif recovered:
            good = find_rollback_target(current)
            current = replace(self._work.find(good), status="deployed") if good else None
            self._stuck = True
        act = self._present if self._params["state"] == "present" else self._absent
        result = act(current)
        return {**result, "changed": True, "recovered": recovered} if recovered else result

    def _present(self, current: Release | None) -> dict[str, Any]:
        unknown = missing_repository(self._helm, self._params) if self._check else None
        if unknown:
            return without_chart(self._module, self._params, current, unknown)
        chart = fetch(self._helm, self._params, build_ecr_login(self._module))
        more = self._namespace() if is_gone(current) else []
        plan = self._work.plan(chart, current, render=self._check, stuck=self._stuck)
        plan = replace(plan, list_reasons=plan.list_reasons + more)
        if plan.action == "none":
            return self._result(plan, current.facts())
        if self._check:
            return self._result(plan, {"chart": chart.title, "app_version": chart.app_version})
        new = self._work.missing_definitions(chart) if self._module._diff and is_gone(current) else []
        after = self._tried(lambda: self._work.apply(chart), current)
        text = join_manifests(self._work.text_of(after.manifest, after.hooks), *(json.dumps(row) for row in new))
        return self._result(replace(plan, after=text), after.facts())

    def _namespace(self) -> list[str]:
        """What is done about the namespace of a first installation, in words.

        Raises:
            Refused: it is missing, and nobody creates it.
        """
        if not self._work.namespace_is_missing():
            return []
        name = self._params["namespace"]
        if self._params["create_namespace"]:
            return [f"creates namespace {name}"]
        words = f"namespace: there is no namespace {name}, and create_namespace is not true"
        if not self._check:
            raise ValidationError(words)
        self._module.warn(f"{words}; the plan assumes that an earlier task makes it")
        return []

    def _absent(self, current: Release | None) -> dict[str, Any]:
        if current is None or (current.status == "uninstalled" and self._params["keep_history"]):
            return self._result(Plan("none", []), {})
        if not self._check:
            self._tried(self._work.uninstall, current)
        before = "" if is_gone(current) else current.manifest
        gone = Plan("uninstall", [f"uninstalls {current.chart}"], before, "")
        return self._result(gone, {"chart": current.chart, "app_version": current.app_version})

    def _result(self, plan: Plan, facts: dict[str, Any]) -> dict[str, Any]:
        return result_of(self._module, plan, self._params, facts)

    def _tried(self, act: Callable[[], Any], before: Release | None) -> Any:
        """Do it; a failure says what became of the release and which pods were to blame."""
        self._pods.follow(self._work.latest_manifest)
        try:
            return act()
        except HelmError as error:
            pods = self._pods.last_words()
            raise failed(error, before, self._work.find(), pods, self._params["atomic"]) from error


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    params = read(module.params)
    name = params["cluster_name"]
    if module.check_mode or params["state"] == "absent":
        raw = describe_or_none(get_client(module).describe_cluster, "cluster", name=name)
        # a cluster that is being deleted takes its releases along
        going = params["state"] == "absent" and raw is not None and raw["status"] == "DELETING"
        if raw is None or going or not raw.get("endpoint"):
            return without_cluster(module, params)
    with cluster_helm(module, name) as (helm, api):
        return ReleaseReconciler(module, params, helm, api).run()


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(), required_if=[("state", "present", ["chart"])], supports_check_mode=True
    )
    with handle_failures(module, f"Could not keep release {module.params['name']}"):
        result = run(module)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
