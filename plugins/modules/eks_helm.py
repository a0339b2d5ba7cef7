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
    description: Whether the release is there.
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
        before going on. Helm refuses to touch such a one.
      - It is rolled back to its last revision that worked. A first installation, and a deletion, are removed. RV(recovered) says what was done.
    type: bool
    default: false
  recover_after:
    description: How many seconds a release has to be pending before O(recover) frees it. Somebody may be at work.
    type: int
    default: 600
  compare:
    description:
      - What tells that an upgrade is needed. V(manifests) compares all that Helm would send, V(inputs) the chart's version and the values.
      - V(inputs) is for charts that render differently each time, such as those that make up a password.
    type: str
    choices: [manifests, inputs]
    default: manifests
  crds:
    description:
      - V(install) leaves the chart's CRDs to Helm, which creates missing ones at an installation and never changes one. V(skip) leaves them out.
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
notes:
  - Helm gets a kubeconfig (0600, gone after the task) that has no secret in it. The token comes from an exec credential of this collection,
    which mints one whenever Helm needs it, also in waits that are longer than the 15 minutes a token is good for. The API server's
    certificate is verified.
  - Credentials that are given as options reach Helm by its environment. Neither they nor a token are in an argument, a file, a log or the result.
  - It is built on C(kubernetes.core)'s Helm library, and does not run M(kubernetes.core.helm) itself. That one takes a token as an option, good for 15
    minutes and no more, and it does not see changes that O(set_values) or a chart's template makes.
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
  sample: rolled back to revision 2 from revision 3, which was pending-upgrade since 912 s
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

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws import AnsibleAWSModule, client, failures
from ansible_collections.kumo.eks.plugins.module_utils.errors import Refused
from ansible_collections.kumo.eks.plugins.module_utils.helm import HelmError, cluster_helm, helm_options, local_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm_chart import SOURCE_OPTIONS, check_source, fetch
from ansible_collections.kumo.eks.plugins.module_utils.helm_ecr import ecr_password
from ansible_collections.kumo.eks.plugins.module_utils.helm_release import (
    VALUE_OPTIONS,
    WAIT_OPTIONS,
    Plan,
    Release,
    Work,
    crd_args,
    failed,
    template,
    way_back,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm_watch import PodWatch
from ansible_collections.kumo.eks.plugins.module_utils.resources.base import found_or_none


def argument_spec() -> dict[str, Any]:
    return helm_options(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True, aliases=["release_name"]),
        namespace=dict(type="str", default="default", aliases=["release_namespace"]),
        state=dict(type="str", choices=["present", "absent"], default="present"),
        create_namespace=dict(type="bool", default=False),
        atomic=dict(type="bool", default=False),
        recover=dict(type="bool", default=False),
        recover_after=dict(type="int", default=600),
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
    if params["state"] == "present":
        check_source(params)
    if params["wait_timeout"] <= 0:
        raise Refused(f"wait_timeout: {params['wait_timeout']} is no time; give seconds, 1 or more")
    return {**params, "wait": params["wait"] or params["wait_for_jobs"]}


def without_cluster(module: AnsibleAWSModule, params: dict[str, Any]) -> dict[str, Any]:
    """The plan for a cluster that is not there yet: the chart, rendered without it."""
    if params["state"] == "absent":
        return {"changed": False, "action": "none", "reasons": [], **named(params)}
    with local_helm(module) as helm:
        unknown = missing_repository(helm, params["chart"])
        if unknown:
            return without_chart(module, params, unknown)
        chart = fetch(helm, params, ecr_password(module))
        plan = Plan("install", [f"installs {chart.title}"], "", template(helm, params, chart, *crd_args(params)))
    return result_of(plan, params, {"chart": chart.title, "app_version": chart.app_version})


def missing_repository(helm: Any, chart: str) -> str | None:
    """The repository of a plan's chart that an earlier task would have added."""
    repository, slash, name = chart.partition("/")
    if not slash or "/" in name or "://" in chart or repository in (".", "", "~"):
        return None
    try:
        known = [row["name"] for row in helm.json("repo", "list")]
    except HelmError:  # how Helm says that there is none
        known = []
    return None if repository in known else repository


def without_chart(module: AnsibleAWSModule, params: dict[str, Any], unknown: str) -> dict[str, Any]:
    """The plan where the chart's repository would have been added by now."""
    module.warn(
        f"repository {unknown} is not known on this machine; the plan assumes that it will be, and shows no manifests"
    )
    return {"changed": True, "action": "install", "reasons": [f"installs {params['chart']}"], **named(params)}


def named(params: dict[str, Any]) -> dict[str, Any]:
    return {key: params[key] for key in ("name", "namespace")}


def result_of(plan: Plan, params: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    changed = plan.action != "none"
    result = {"changed": changed, "action": plan.action, "reasons": plan.reasons, **named(params), **facts}
    return {**result, "diff": plan.diff(params["namespace"], params["name"])} if plan.before or plan.after else result


class Keeper:
    """Brings one release to what the task asks for."""

    def __init__(self, module: AnsibleAWSModule, params: dict[str, Any], helm: Any, pods: PodWatch) -> None:
        self._module, self._params, self._helm, self._pods = module, params, helm, pods
        self._work = Work(helm, params, pods.look)
        self._check = module.check_mode
        self._stuck = False  # check mode leaves a pending release pending

    def run(self) -> dict[str, Any]:
        current = self._work.find()
        recovered = self._work.check_stuck(current)
        if recovered and not self._check:
            self._work.recover(current)
            self._module.warn(f"recover: {recovered}")
            current = self._work.find()
        elif recovered:
            good = way_back(current)
            current = self._work.find(good) if good else None
            self._stuck = True
        act = self._present if self._params["state"] == "present" else self._absent
        result = act(current)
        return {**result, "changed": True, "recovered": recovered} if recovered else result

    def _present(self, current: Release | None) -> dict[str, Any]:
        unknown = missing_repository(self._helm, self._params["chart"]) if self._check else None
        if unknown:
            return without_chart(self._module, self._params, unknown)
        chart = fetch(self._helm, self._params, ecr_password(self._module))
        plan = self._work.plan(chart, current, render=self._check, stuck=self._stuck)
        if plan.action == "none":
            return result_of(plan, self._params, current.facts())
        if self._check:
            return result_of(plan, self._params, {"chart": chart.title, "app_version": chart.app_version})
        after = self._tried(lambda: self._work.apply(chart), current)
        done = Plan(plan.action, plan.reasons, plan.before, after.manifest)
        return result_of(done, self._params, after.facts())

    def _absent(self, current: Release | None) -> dict[str, Any]:
        if current is None or (current.status == "uninstalled" and self._params["keep_history"]):
            return result_of(Plan("none", []), self._params, {})
        if not self._check:
            self._tried(self._work.uninstall, current)
        gone = Plan("uninstall", [f"uninstalls {current.chart}"], current.manifest, "")
        return result_of(gone, self._params, {"chart": current.chart, "app_version": current.app_version})

    def _tried(self, act: Callable[[], Any], before: Release | None) -> Any:
        """Do it; a failure says what became of the release and which pods were to blame."""
        self._pods.follow(
            lambda: self._helm.run("get", "manifest", self._work.name, "--namespace", self._work.namespace)
        )
        try:
            return act()
        except HelmError as error:
            pods = self._pods.last_words()
            raise failed(error, before, self._work.find(), pods, self._params["atomic"]) from error


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    params = read(module.params)
    name = params["cluster_name"]
    if module.check_mode or params["state"] == "absent":
        raw = found_or_none(client(module).describe_cluster, "cluster", name=name)
        if raw is None or not raw.get("endpoint"):
            return without_cluster(module, params)
    with cluster_helm(module, name) as (helm, api):
        return Keeper(module, params, helm, PodWatch(api, params["namespace"])).run()


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(), required_if=[("state", "present", ["chart"])], supports_check_mode=True
    )
    with failures(module, f"Could not keep release {module.params['name']}"):
        result = run(module)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
