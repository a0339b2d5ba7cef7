# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which parts of components a task takes away: all of a component that leaves, and what a change of one left behind. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT, COMPONENTS
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import IRSA, POD_IDENTITY, Plan

Row = dict[str, Any]


@dataclass
class Removal:
    """The lists of names that the modules take with state=absent, in the order of the task.

    Args:
        agent: the add-on of the agent, where nothing needs it any more.
        kept: what remains, and why.
    """

    releases: list[Row] = field(default_factory=list)
    addons: list[Row] = field(default_factory=list)
    associations: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    agent: list[Row] = field(default_factory=list)
    kept: list[Row] = field(default_factory=list)


def find_unlisted(seen: Row, words: set[str]) -> list[str]:
    """The components that the cluster has by this task's hand, and that are not in its list."""
    rows = [*seen["addons"], *seen["releases"], *seen["roles"]]
    return sorted({row["component"] for row in rows} & set(COMPONENTS) - words)


def build_outdated_identities(plan: Plan, seen: Row) -> Removal:
    """Roles of components in the list that get theirs in another way now, or in another namespace.

    An association takes precedence over a role by IRSA, so it would go on with the old role.
    """
    words = {row["name"] for row in plan.components}
    wanted = {(row["namespace"], row["service_account"], POD_IDENTITY) for row in plan.associations}
    wanted |= {(row["namespace"], row["service_account"], IRSA) for row in plan.identities}
    outdated = [
        row
        for row in seen["roles"]
        if row["component"] in words and (row["namespace"], row["service_account"], row["identity"]) not in wanted
    ]
    return Removal(**_sort_roles(outdated))


def build_removal(leaving: set[str], plan: Plan | None, seen: Row) -> Removal:
    """The removal of components.

    Args:
        leaving: their words.
        plan: as the task declares them, where it does: they may not have been created with a tag.
    """
    declared = plan or Plan()
    releases = _merge(_name(seen["releases"], leaving, "namespace"), declared.releases, ("name", "namespace"))
    addons = _merge(_name(seen["addons"], leaving), declared.addons, ("name",))
    roles = _sort_roles([row for row in seen["roles"] if row["component"] in leaving])
    accounts = ("namespace", "service_account")
    return Removal(
        _order(releases),
        addons,
        _merge(roles["associations"], declared.associations, accounts),
        _merge(roles["identities"], declared.identities, accounts, role_only=True),
    )


def add_agent(removal: Removal, seen: Row) -> Removal:
    """The removal with the agent that was installed for components, if no association is left that needs it."""
    if not any(row["name"] == AGENT and row["component"] == POD_IDENTITY for row in seen["addons"]):
        return removal
    leaving = {(row["namespace"], row["service_account"]) for row in removal.associations}
    others = [row for row in seen["accounts"] if (row["namespace"], row["service_account"]) not in leaving]
    if others:
        names = ", ".join(sorted(f"{row['namespace']}/{row['service_account']}" for row in others))
        removal.kept.append({"kind": "add-on", "name": AGENT, "why": f"pod identity associations use it: {names}"})
    else:
        removal.agent = [{"name": AGENT}]
    return removal


def _sort_roles(roles: list[Row]) -> dict[str, list[Row]]:
    """Roles as items of the two modules."""
    found: dict[str, list[Row]] = {"associations": [], "identities": []}
    for row in roles:
        item = {"namespace": row["namespace"], "service_account": row["service_account"]}
        if row["identity"] == IRSA:
            found["identities"].append({**item, "role_only": True})
        else:
            found["associations"].append(item)
    return found


def _name(rows: list[Row], words: set[str], *keys: str) -> list[Row]:
    return [{key: row[key] for key in ("name", *keys)} for row in rows if row["component"] in words]


def _merge(found: list[Row], declared: list[Row], keys: tuple[str, ...], **more: Any) -> list[Row]:
    """Both lists, each item once and with these keys alone."""
    rows = [{key: row[key] for key in keys} for row in [*found, *declared]]
    return [{**dict(row), **more} for row in dict.fromkeys(tuple(row.items()) for row in rows)]


def _order(releases: list[Row]) -> list[Row]:
    """Releases with what each depends on among them, so that they go in reverse order."""
    present = {row["name"] for row in releases}
    by_name = {component.chart.name: component for component in COMPONENTS.values() if component.chart}
    found = []
    for row in releases:
        needs = [COMPONENTS[word].chart.name for word in by_name[row["name"]].depends_on]
        found.append({**row, "depends_on": [name for name in needs if name in present]})
    return found


def list_leftovers(seen: Row, words: set[str]) -> list[Row]:
    """Components that are not listed any more, as a result names them."""
    where = {row["component"]: row["name"] for row in [*seen["addons"], *seen["releases"]] if row["component"]}
    return [{"name": word, "installed": where.get(word, "")} for word in find_unlisted(seen, words)]
