# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Components as the options of the modules that install them: add-ons, identities and releases. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PLATFORM_TAG
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import build_managed_policy_arn
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import OCI
from ansible_collections.kumo.eks.plugins.module_utils.iam.well_known_policies import build_inline_document
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT, COMPONENTS, Component, Rights
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.module_utils.platform.values import build_values, merge_values

Options = dict[str, Any]
Row = dict[str, Any]

# The tag of what belongs to a component, beside the mark of what the collection created. Its value is the component's word.
TAG = PLATFORM_TAG
MARK = "kumo.eks platform: "  # the same as the description of a release, which has no tags
POD_IDENTITY, IRSA = "pod_identity", "irsa"


@dataclass(frozen=True)
class Settings:
    """What holds for all components of a task.

    Args:
        identity: how a component gets its role, unless it says so itself.
        repository: in place of the repositories of the charts, a mirror of them all.
        login: options of a release that sign in to the mirror.
    """

    identity: str = POD_IDENTITY
    repository: str = ""
    login: Row = field(default_factory=dict, repr=False)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Plan:
    """The lists of options of the modules, in the order of the task, and what a result says of each component."""

    agent: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    associations: list[Row] = field(default_factory=list)
    addons: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    components: list[Row] = field(default_factory=list)


def build_plan(components: list[Options], place: Place, settings: Settings) -> Plan:
    """The plan of components that are to be there.

    Args:
        components: their options, which were checked.
    """
    plan = Plan()
    words = {options["name"] for options in components}
    for options in components:
        _add_component(plan, options, words, place, settings)
    if plan.associations and not place.auto_mode:
        plan.agent = [build_agent(settings)]
    return plan


def build_agent(settings: Settings) -> Row:
    """The options of the EKS Pod Identity Agent."""
    return {"name": AGENT, "tags": {**settings.tags, TAG: POD_IDENTITY}}


def build_role_name(place: Place, namespace: str, rights: Rights) -> str:
    """The name of a component's role by IRSA."""
    return build_pod_role_name(place.cluster, Account(namespace, rights.service_account))


def _add_component(plan: Plan, options: Options, words: set[str], place: Place, settings: Settings) -> None:
    word = options["name"]
    component = COMPONENTS[word]
    namespace = options.get("namespace") or component.namespace
    identity = (options.get("identity") or settings.identity) if component.rights else "none"
    tags = {**settings.tags, TAG: word}
    role_arn = ""
    if component.rights and identity != "none":
        row = _build_identity(options, component.rights, namespace, place.partition)
        if identity == IRSA:
            name = build_role_name(place, namespace, component.rights)
            role_arn = f"arn:{place.partition}:iam::{place.account}:role/{name}"
            plan.identities.append({**row, "role_only": True, "tags": tags})
        else:
            plan.associations.append({**row, "tags": tags})
    if component.addon:
        # An empty role takes away one of IRSA; where the identity is managed elsewhere, the role is left as it is
        role = {} if identity == "none" else {"service_account_role_arn": role_arn}
        plan.addons.append({**_build_addon(options, component, tags), **role})
    else:
        account = component.rights.service_account if component.rights else ""
        own = build_values(word, place, words, account, identity, role_arn)
        plan.releases.append(_build_release(options, component, own, words, place, settings))
    plan.components.append(describe(word, namespace, identity))


def describe(word: str, namespace: str, identity: str) -> Row:
    """A component as results have it."""
    component = COMPONENTS[word]
    about = {"addon": component.addon} if component.addon else {"release": component.chart.name}
    return {"name": word, "namespace": namespace, "identity": identity, **about}


def _build_identity(options: Options, rights: Rights, namespace: str, partition: str) -> Row:
    """A service account with the policies of its role; a limited one as a separate document."""
    limits = {name: options[name] for name in rights.limits if options.get(name)}
    row: Row = {"namespace": namespace, "service_account": rights.service_account}
    if limits:
        name = rights.well_known[0]
        row |= {"inline_policies": {name: build_inline_document(name, partition, limits)}, "policy_arns": []}
    else:
        row["well_known_policies"] = list(rights.well_known)
    if rights.managed:
        row["policy_arns"] = [build_managed_policy_arn(name, partition) for name in rights.managed]
    return row


def _build_addon(options: Options, component: Component, tags: dict[str, str]) -> Row:
    """An add-on. Its version and settings are those of the task alone; EKS chooses the version otherwise."""
    row: Row = {"name": component.addon, "tags": tags, "resolve_conflicts": "OVERWRITE"}
    given = {"version": "version", "values": "configuration_values", "namespace": "namespace"}
    return {**row, **{key: options[option] for option, key in given.items() if option in options}}


def _build_release(
    options: Options, component: Component, own: Row, words: set[str], place: Place, settings: Settings
) -> Row:
    chart = component.chart
    row: Row = {
        "name": chart.name,
        "namespace": options.get("namespace") or component.namespace,
        "version": options.get("version") or chart.choose_version(place.version),
        "values": merge_values(own, options.get("values") or {}),
        "depends_on": [COMPONENTS[word].chart.name for word in component.depends_on if word in words],
        "description": MARK + options["name"],
        **_build_source(chart.name, options.get("repository") or settings.repository or chart.repository),
    }
    if not options.get("repository") and settings.repository:
        row |= settings.login
    return {**row, "secret_values": options["secret_values"]} if "secret_values" in options else row


def _build_source(chart: str, repository: str) -> Row:
    """Where the chart is: in a repository, or in a registry."""
    if repository.startswith(OCI):
        return {"chart": f"{repository.rstrip('/')}/{chart}"}
    return {"chart": chart, "repository": repository}
