#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm
version_added: 0.1.0
short_description: Manage Helm releases in an Amazon EKS cluster
description:
  - Installs, upgrades and uninstalls releases. It needs AWS credentials, O(cluster_name) and O(region), and no kubeconfig.
  - Manages one release with O(name), or a list of releases in one task with O(releases).
  - The module determines changes with Helm's dry run against the API server of the cluster. A second run therefore changes nothing, and
    C(--check --diff) shows the manifests that would change. The values of Secrets are never shown.
  - A failed wait reports which pods are not ready, and why.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The release's name. One of O(name) and O(releases) is required.
    type: str
    aliases: [release_name]
  releases:
    description:
      - A list of releases, each with O(releases[].name) and any other option of a release.
      - Options next to the list, such as O(wait=true), are the defaults of its items. Options that describe one release, such as
        O(chart) and O(values), must be in the items.
      - Each release starts when the releases in its O(releases[].depends_on) are done. Others are installed concurrently, O(concurrency) at a
        time, in the order of the list.
      - A release that fails does not stop the others, except those that depend on it, which are skipped. The task fails when all are done, and names them.
      - With O(state=absent) all of them are removed, those that depend on others first and otherwise the last one first.
    type: list
    elements: dict
    suboptions:
      name:
        description: The release's name.
        type: str
        required: true
      depends_on:
        description:
          - Names of releases in the list that must be done before this one starts. A name that is in several namespaces means all of them.
          - A release is removed before the releases on which it depends.
        type: list
        elements: str
      namespace: &namespace
        description: The release's namespace. The default is V(default).
        type: str
      state: &state
        description:
          - Whether the release exists. The default is V(present).
          - With V(absent) there is nothing to do where the cluster does not exist or is being deleted.
        type: str
        choices: [present, absent]
      chart: &chart
        description:
          - The chart. V(repo/chart) is a chart of a repository that M(kumo.eks.eks_helm_repository) has added or O(repositories) names, a name together with
            O(repository) one of that URL. A path, the URL of an archive, and V(oci://registry/chart) are possible as well.
          - Paths are on the machine where the task runs. Begin them with V(./), V(/) or V(~).
          - Required with O(state=present).
        type: str
      repository: &repository
        description:
          - The URL of the repository of the chart. It is used for this task only, and not added to the repositories of the machine.
          - A URL with a user or a password is refused. Set O(username) and O(password).
        type: str
      version: &version
        description:
          - The chart's version, or a range of versions such as V(>=4.0.0 <5.0.0), of which the newest is taken. Quote it.
          - The default is the newest version, so the release may change at any run. Set it in production.
        type: str
      dependency_update: &dependency_update
        description: Whether to update the dependencies of a chart in a folder, in a copy of the folder. The default is V(false).
        type: bool
      username: &username
        description: The user at O(repository), or at the registry of O(chart).
        type: str
      password: &password
        description: The user's password. Helm reads it from its standard input.
        type: str
      pass_credentials: &pass_credentials
        description:
          - Whether the password is also sent to other hosts that the index of O(repository) names. The default is V(false).
          - Required where a repository with a password keeps its archives on another host. Anybody who can change the index then gets the password.
        type: bool
      ecr_login: &ecr_login
        description:
          - Whether to sign in to the registry with a password that Amazon ECR gives (GetAuthorizationToken) for the credentials of the task.
          - The default is V(true) if the registry is an Amazon ECR registry and O(username) is not set.
        type: bool
      plain_http: &plain_http
        description: Whether the registry is reached without TLS. For a registry on this machine. The default is V(false).
        type: bool
      values: &values
        description:
          - The release's values. They are merged over those of O(values_files).
          - If O(values), O(secret_values), O(values_files), O(set_values) and O(set_strings) are all omitted, a release keeps its values. If one of them
            is set, even to an empty value, they replace all values of the release.
          - They are hidden in the log of the module's invocation and in C(invocation). Their effect is shown in the diff, where texts are masked
            whose keys look like secrets (C(password), C(token), C(apiKey), ...). Set other secrets in O(secret_values).
        type: dict
      secret_values: &secret_values
        description:
          - Values that are secrets. They are merged over O(values), and each text in them is masked wherever it occurs in the result and the diff.
          - A secret that is removed from the task is shown in the diff of that run, unless its key looks like a secret. Rotate it, or set C(diff=false).
          - Helm reads them from a file (0600) that is removed with the task. The release itself keeps them in a Secret of its namespace.
        type: dict
      values_files: &values_files
        description:
          - Files with values, on the machine where the task runs. Later ones are merged over earlier ones.
          - Texts whose keys look like secrets are masked as in O(values).
        type: list
        elements: path
      set_values: &set_values
        description:
          - Values as C(--set) takes them, such as V(controller.service.type=LoadBalancer). They are merged over O(values) and
            O(secret_values). Escape a dot in a key with a backslash.
          - Helm reads texts from files (0600) that are removed with the task. Numbers, C(true), C(false) and C(null) are arguments,
            which the machine's list of processes shows while Helm runs.
          - A text whose key does not look like a secret is not masked in the diff. Set other secrets in O(secret_values).
        type: list
        elements: str
      set_strings: &set_strings
        description: Like O(set_values), as C(--set-string) takes them.
        type: list
        elements: str
      reuse_values: &reuse_values
        description:
          - Whether the values are merged over those that the release has, which in turn are merged over the chart's own
            (C(--reset-then-reuse-values)). A value that is removed from the task then stays in the release. The default is V(false).
        type: bool
      create_namespace: &create_namespace
        description: Whether to create the namespace where it is missing. The default is V(false).
        type: bool
      wait: &wait
        description: Whether to wait until the release's pods are ready, and with O(state=absent) until its objects are gone. The default is V(false).
        type: bool
      wait_for_jobs: &wait_for_jobs
        description: Whether to wait until the release's Jobs have completed, too. Implies O(wait). The default is V(false).
        type: bool
      wait_timeout: &wait_timeout
        description: The limit of each wait of Helm, in seconds, including hooks. It can exceed the lifetime of a token. The default is V(300).
        type: int
      atomic: &atomic
        description:
          - Whether a failed upgrade is rolled back and a failed installation removed. Implies O(wait). The default is V(false).
          - C(--rollback-on-failure) of Helm 4, C(--atomic) of Helm 3.
        type: bool
      recover: &recover
        description:
          - Whether to recover a release that an interrupted run left in V(pending-install), V(pending-upgrade), V(pending-rollback) or V(uninstalling),
            before continuing. Helm refuses to change such a release. RV(recovered) reports what was done. The default is V(false).
          - The release is rolled back to its last revision that worked. A first installation keeps the existing objects, and is continued with
            an upgrade, as Helm does after a failed installation. Its installation hooks are not run again. If the chart
            needs them, remove the release with O(state=absent) first.
          - An uninstallation is finished, and the release is installed again. With O(state=absent), it is finished without this option.
        type: bool
      recover_after: &recover_after
        description:
          - How many seconds a release must be pending before O(recover) recovers it. Another run may still be working on it, so use more than the duration
            of a run.
          - The default is twice O(wait_timeout), and at least 600.
        type: int
      compare: &compare
        description:
          - How the module decides that an upgrade is needed. V(manifests) compares all that Helm would send, V(inputs) the chart's version and the values.
          - With V(manifests), what renders differently each time does not count, such as a certificate or a password that the chart generates. Where the
            manifests differ and the chart uses a function that may cause that, it is rendered a second time with the same inputs. What
            differs between the two is left out of comparison and diff, and reported in RV(varying_paths). Other changes of
            the same object are found. A time with a coarser unit than seconds, such as a date, counts as a change when it has changed.
          - V(inputs) does not render a release whose inputs are the same. It does not find a template that was changed without a new version.
          - With V(manifests) Helm renders the chart, unless the result is certain without that, because chart and values are those of the stored release,
            the chart has no dependencies, and its templates use nothing that may differ (C(lookup), C(.Capabilities), random values, the time).
          - The default is V(manifests).
        type: str
        choices: [manifests, inputs]
      crds: &crds
        description:
          - With V(install) Helm creates missing CustomResourceDefinitions of the chart at installation, and never changes existing ones.
            V(skip) does not create them.
          - The default is V(install).
        type: str
        choices: [install, skip]
      disable_hook: &disable_hook
        description: Whether to skip the hooks of the chart. The default is V(false).
        type: bool
      take_ownership: &take_ownership
        description: Whether the release adopts existing objects that Helm does not manage. Requires Helm 3.17. The default is V(false).
        type: bool
      skip_schema_validation: &skip_schema_validation
        description: Whether values are not validated against the chart's schema. Requires Helm 3.16. The default is V(false).
        type: bool
      history_max: &history_max
        description: The number of revisions to keep, V(0) for all. By default Helm keeps 10.
        type: int
      description: &description
        description: A description of this revision, for the release's history.
        type: str
      keep_history: &keep_history
        description: Whether the history is kept when the release is uninstalled. The default is V(false).
        type: bool
  concurrency:
    description: How many releases of O(releases) run at once. With V(1) they follow one another as written.
    type: int
    default: 4
  folder:
    description:
      - The folder for relative paths of O(chart) and O(values_files). The default is the working directory of the task.
      - Set it if C(ansible-playbook) is started in another folder than that of the charts.
    type: path
  repositories:
    description:
      - Repositories that charts of the task may name, as in V(repo/chart), also where M(kumo.eks.eks_helm_repository) has not added them.
      - They are used for the task alone, and only where this machine has no repository of that name.
    type: list
    elements: dict
    suboptions:
      name:
        description: The repository's name.
        type: str
        required: true
      url:
        description: Its URL.
        type: str
      username:
        description: The user at the repository.
        type: str
      password:
        description: The user's password.
        type: str
      pass_credentials:
        description: Whether the password is also sent to other hosts that the index names.
        type: bool
      state:
        description: With V(absent) the repository is not used.
        type: str
        choices: [present, absent]
  namespace:
    <<: *namespace
    aliases: [release_namespace]
  state: *state
  chart:
    <<: *chart
    aliases: [chart_ref]
  repository:
    <<: *repository
    aliases: [chart_repo_url]
  version:
    <<: *version
    aliases: [chart_version]
  dependency_update: *dependency_update
  username: *username
  password: *password
  pass_credentials: *pass_credentials
  ecr_login: *ecr_login
  plain_http: *plain_http
  values:
    <<: *values
    aliases: [release_values]
  secret_values: *secret_values
  values_files: *values_files
  set_values:
    <<: *set_values
    aliases: [set]
  set_strings:
    <<: *set_strings
    aliases: [set_string]
  reuse_values: *reuse_values
  create_namespace: *create_namespace
  wait: *wait
  wait_for_jobs: *wait_for_jobs
  wait_timeout:
    <<: *wait_timeout
    aliases: [timeout]
  atomic: *atomic
  recover: *recover
  recover_after: *recover_after
  compare: *compare
  crds: *crds
  disable_hook: *disable_hook
  take_ownership: *take_ownership
  skip_schema_validation: *skip_schema_validation
  history_max: *history_max
  description: *description
  keep_history: *keep_history
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - kumo.eks.requirements.helm
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - Where the cluster does not exist yet, the manifests are rendered without it.
      - A release may use kinds that releases on which it depends define.
  diff_mode:
    support: full
    details: With O(releases) there is a diff for each release that changes.
  platform:
    platforms: posix
notes:
  - Helm gets a kubeconfig (0600, removed with the task) that holds no secret. Commands that may wait get their token from an exec credential of this
    collection, which creates a new one whenever Helm needs it, also in waits that exceed the 15 minutes for which a token is valid. Short commands share one
    token. The API server's certificate is verified.
  - AWS credentials that are set as options are passed to Helm in its environment. Neither they nor tokens are written to arguments, files, logs or the result.
  - Releases are read from the Secrets in which Helm stores them. This requires the permission to list Secrets, as does Helm itself.
  - The module uses the Helm library of C(kubernetes.core), but not M(kubernetes.core.helm) itself. That module takes one token for the whole
    task, as an option. A wait that is longer than the token's 15 minutes would then fail and leave the release pending. Without
    the plugin C(helm-diff) it also does not see what O(set_values) or a chart's template changes.
  - When the task is stopped (SIGTERM), so is Helm, which then marks the release failed. When the task is killed (SIGKILL), Helm
    is ended as well. The release then stays pending until O(recover) frees it. No file is left behind in either case.
seealso:
  - module: kubernetes.core.helm
  - module: kumo.eks.eks_helm_rollback
  - name: Deploy applications with Helm on Amazon EKS
    description: How Amazon EKS documents Helm.
    link: https://docs.aws.amazon.com/eks/latest/userguide/helm.html
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

- name: All releases of a cluster in one task, the application after what it needs
  kumo.eks.eks_helm:
    cluster_name: my-cluster
    region: ap-northeast-1
    create_namespace: true
    wait: true
    atomic: true
    releases:
      - name: ingress-nginx
        namespace: ingress-nginx
        chart: ingress-nginx
        repository: https://kubernetes.github.io/ingress-nginx
        version: 4.11.0
      - name: my-app
        namespace: production
        chart: ./my-chart
        values:
          replicaCount: 2
        secret_values:
          database: {password: "{{ lookup('ansible.builtin.env', 'DATABASE_PASSWORD') }}"}
        depends_on: [ingress-nginx]

- name: Uninstall a release
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
  returned: when O(name) is set
  type: str
  sample: upgrade
reasons:
  description: Why it was done.
  returned: when O(name) is set
  type: list
  elements: str
  sample: ["chart my-chart-1.2.3 -> my-chart-1.2.4", "manifests"]
varying_paths:
  description:
    - What of the manifests renders differently each time. It is not compared, and not shown in the diff.
    - An asterisk is the part of an object's name that differs. V((order\)) means that only the order of a list's items differs.
  returned: when there is such a difference
  type: list
  elements: str
  sample: ["Secret aws-load-balancer-tls: data[\"tls.crt\"]", "Job migrate-*: metadata.name"]
recovered:
  description: How a pending release was recovered, or would be in check mode.
  returned: when it was
  type: str
  sample: rolled back to revision 2, which was pending-upgrade since 1912 s
name:
  description: The release's name.
  returned: when O(name) is set
  type: str
  sample: my-app
namespace:
  description: Its namespace.
  returned: when O(name) is set
  type: str
  sample: production
chart:
  description: The chart's name and version.
  returned: when there is a release, or would be
  type: str
  sample: my-chart-1.2.4
app_version:
  description: The version of the application that the chart installs.
  returned: when there is a release, or would be
  type: str
  sample: v1.2.4
revision:
  description: The release's revision.
  returned: when there is a release
  type: int
  sample: 3
status:
  description: The status of the release in Helm.
  returned: when there is a release
  type: str
  sample: deployed
updated:
  description: When that revision was created.
  returned: when there is a release
  type: str
  sample: "2026-11-24T10:53:09.371221572Z"
description:
  description: Helm's description of that revision.
  returned: when there is a release
  type: str
  sample: Upgrade complete
releases:
  description: A result for each release, in the order of O(releases).
  returned: when O(releases) is set
  type: list
  elements: dict
  contains:
    name:
      description: The release's name.
      returned: always
      type: str
      sample: my-app
    namespace:
      description: Its namespace.
      returned: always
      type: str
      sample: production
    changed:
      description: Whether it was changed, also before it failed.
      returned: always
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      returned: always
      type: bool
      sample: false
    skipped:
      description: Whether it was skipped, because a release on which it depends failed.
      returned: when it was
      type: bool
      sample: true
    msg:
      description: Why it failed or was skipped.
      returned: when it failed or was skipped
      type: str
      sample: "not started: it depends on ingress-nginx, which failed or was skipped"
    action:
      description: See RV(action).
      returned: when it did not fail
      type: str
      sample: upgrade
    reasons:
      description: See RV(reasons).
      returned: when it did not fail
      type: list
      elements: str
      sample: ["values", "manifests"]
    varying_paths:
      description: See RV(varying_paths).
      returned: when there is such a difference
      type: list
      elements: str
      sample: ["Job migrate-*: metadata.name"]
    recovered:
      description: See RV(recovered).
      returned: when it was
      type: str
      sample: rolled back to revision 2, which was pending-upgrade since 1912 s
    chart:
      description: See RV(chart).
      returned: when there is a release, or would be
      type: str
      sample: my-chart-1.2.4
    app_version:
      description: See RV(app_version).
      returned: when there is a release, or would be
      type: str
      sample: v1.2.4
    revision:
      description: See RV(revision).
      returned: when there is a release
      type: int
      sample: 3
    status:
      description: See RV(status).
      returned: when there is a release
      type: str
      sample: deployed
    updated:
      description: See RV(updated).
      returned: when there is a release
      type: str
      sample: "2026-11-24T10:53:09.371221572Z"
    description:
      description: See RV(description).
      returned: when there is a release
      type: str
      sample: Upgrade complete
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import copy_first_help
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import HelmFailed, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    OWN_OPTIONS,
    build_helm_spec,
    build_list_item_spec,
    build_release_spec,
    build_repository_item_spec,
    find_repository_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.ecr import build_ecr_login
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import (
    describe_cluster,
    open_cluster_helm,
    open_local_helm,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import (
    mask_stored_values,
    mask_values_files,
    take_params,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.options import resolve_release, validate_release
from ansible_collections.kumo.eks.plugins.module_utils.helm.order import build_dependencies
from ansible_collections.kumo.eks.plugins.module_utils.helm.reconciler import (
    ReleaseReconciler,
    Session,
    plan_without_cluster,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.release_list import ReleaseListRunner, format_failures
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import ChartFetcher
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import ReleaseStore

Row = dict[str, Any]
MAX_CONCURRENCY = 16


def build_argument_spec() -> Row:
    return build_helm_spec(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", aliases=["release_name"]),
        releases=dict(type="list", elements="dict", options=build_list_item_spec(), no_log=True),
        concurrency=dict(type="int", default=4),
        folder=dict(type="path"),
        repositories=dict(type="list", elements="dict", options=build_repository_item_spec(), no_log=True),
        **build_release_spec(),
    )


def resolve_releases(params: Row) -> list[Row]:
    """The options of each release of the task.

    Raises:
        ValidationError: they contradict each other, or one another's.
    """
    if not 1 <= params["concurrency"] <= MAX_CONCURRENCY:
        raise ValidationError(f"concurrency: {params['concurrency']} is not valid. Use 1 to {MAX_CONCURRENCY}")
    if params["releases"] is None:
        releases = [resolve_release(params)]
    else:
        releases = [resolve_release(params, item) for item in params["releases"]]
    for number, row in enumerate(params["repositories"] or []):
        for problem in find_repository_problems(row):
            raise ValidationError(f"repositories[{number}].{problem}")
    for number, release in enumerate(releases):
        try:
            validate_release(release)
        except ValidationError as error:
            where = "" if params["releases"] is None else f"releases[{number}] ({release['name']}): "
            raise ValidationError(where + error.message, **error.facts) from error
    build_dependencies(releases)
    return releases


def is_removal_only(releases: list[Row]) -> bool:
    """Whether all releases should be removed."""
    return all(release["state"] == "absent" for release in releases)


def has_no_api(raw: Row | None, releases: list[Row], check_mode: bool) -> bool:
    """Whether the task is done without the cluster: it does not exist, has no endpoint yet, or takes its releases with it."""
    is_removal = is_removal_only(releases)
    if is_removal and raw is not None and raw["status"] == "DELETING":
        return True
    return (check_mode or is_removal) and (raw is None or not raw.get("endpoint"))


@contextmanager
def open_session(module: AnsibleAWSModule, params: Row, releases: list[Row]) -> Iterator[Session]:
    raw = describe_cluster(module, params["cluster_name"])
    rows = [row for row in params["repositories"] or [] if row["url"] and row["state"] != "absent"]
    mask = partial(mask_stored_values, module)
    settings = dict(check_mode=module.check_mode, shows_diff=module._diff, warn=module.warn, mask=mask)
    if has_no_api(raw, releases, module.check_mode):
        if is_removal_only(releases):  # the releases were deleted with the cluster; Helm is not needed to report that
            yield Session(None, None, **settings)
            return
        with open_local_helm(module) as helm:
            yield Session(helm, ChartFetcher(helm, build_ecr_login(module), rows), **settings)
        return
    with open_cluster_helm(module, params["cluster_name"], raw) as (helm, api):
        fetcher, store = ChartFetcher(helm, build_ecr_login(module), rows), ReleaseStore(helm, api)
        store.preload((release["namespace"], release["name"]) for release in releases)
        yield Session(helm, fetcher, **settings, api=api, store=store)


def reconcile(session: Session, release: Row) -> Row:
    if session.api is None:
        return plan_without_cluster(session, release)
    return ReleaseReconciler(session, release).run()


def reconcile_all(session: Session, releases: list[Row], concurrency: int) -> Row:
    """Reconcile the list; the task's result.

    Raises:
        EksError: releases failed.
    """
    stop = session.helm.stop if session.helm else lambda: None
    runner = ReleaseListRunner(releases, lambda row: reconcile(session, row), concurrency, stop)
    rows = runner.run()
    diffs = [row.pop("diff") for row in rows if "diff" in row]
    result = {"changed": any(row["changed"] for row in rows), "releases": rows, "diff": diffs}
    reason = format_failures(rows)
    if reason:
        raise HelmFailed(reason, **{**copy_first_help(rows), **result})
    return result


def run(module: AnsibleAWSModule, params: Row) -> Row:
    releases = resolve_releases(params)
    mask_values_files(module, releases)
    with open_session(module, params, releases) as session:
        if params["releases"] is None:
            return reconcile(session, releases[0])
        return reconcile_all(session, releases, params["concurrency"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=build_argument_spec(),
        required_one_of=[("name", "releases")],
        mutually_exclusive=[("releases", option) for option in OWN_OPTIONS],
        supports_check_mode=True,
    )
    params = take_params(module)
    subject = f"release {params['name']}" if params["name"] else f"the releases of cluster {params['cluster_name']}"
    with handle_failures(module, f"Could not manage {subject}"):
        result = run(module, params)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
