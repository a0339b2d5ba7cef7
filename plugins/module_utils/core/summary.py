# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary of a run as a table, from the registered results of its tasks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.field_changes import (
    CHANGE,
    CREATE,
    REMOVE,
    REPLACE,
    choose_action,
    format_value,
    list_field_changes,
)

Result = dict[str, Any]
Reached = dict[tuple[str, str], Result]  # rows of eks_wait, by kind and name
# Status of an item in check mode: it does not exist yet, or is to be changed.
PLANNED = "planned"
# Status of what is left of an earlier list, and the details.
UNLISTED, NO_LIST = "unlisted", "created for the cluster, and in no list. purge deletes it"


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Args:
        action: create, change, replace or remove; empty for what stays.
        fields: of what is changed, or replaced: field, before, after.
    """

    kind: str
    name: str
    status: str
    details: str
    changed: bool
    action: str = ""
    fields: list[Result] = field(default_factory=list)


def describe_cluster(row: Result) -> str:
    return f"Kubernetes {row.get('version') or 'of the default version'} {row.get('endpoint') or ''}".rstrip()


def describe_nodegroup(row: Result) -> str:
    size = row.get("scaling_config") or {}
    nodes = (
        f"{format_count(size['desired_size'], 'node')} ({size['min_size']} to {size['max_size']})"
        if "desired_size" in size
        else ""
    )
    return ", ".join(
        filter(None, (nodes, " ".join([row.get("capacity_type") or "", *(row.get("instance_types") or [])]).strip()))
    )


def describe_self_managed_nodes(row: Result) -> str:
    """The sizes and types. Who was asked is said, because EKS knows nothing of these nodes."""
    share = (row.get("instances_distribution") or {}).get("on_demand_percentage_above_base_capacity")
    capacity = {100: "ON_DEMAND", 0: "SPOT"}.get(share, f"{share} % ON_DEMAND" if share is not None else "")
    said = {"nodes": "Ready in the cluster", "instances": "in service, nodes not looked at"}.get(
        row.get("waited_for") or ""
    )
    return ", ".join(filter(None, (describe_nodegroup({**row, "capacity_type": capacity}), said)))


def describe_fargate_profile(row: Result) -> str:
    return "namespaces " + " ".join(selector["namespace"] for selector in row.get("selectors") or [])


def describe_addon(row: Result) -> str:
    return row.get("addon_version") or ""


def describe_identity_provider(row: Result) -> str:
    return row.get("issuer_url") or ""


def describe_capability(row: Result) -> str:
    return row.get("type") or ""


def describe_identity(row: Result) -> str:
    return row.get("role_arn") or ""


def describe_association(row: Result) -> str:
    return f"{(row.get('association') or {}).get('role_arn') or row.get('role_arn') or ''} by pod identity"


def describe_release(row: Result) -> str:
    return ", ".join(filter(None, (row.get("chart"), f"revision {row['revision']}" if row.get("revision") else "")))


def describe_iam_role(row: Result) -> str:
    return row.get("arn") or ""


def describe_network(row: Result) -> str:
    gateways = len(row.get("nat_gateways") or [])
    subnets, zones = (format_count(len(row.get(f"{key}s") or []), key) for key in ("subnet", "zone"))
    return f"{subnets} in {zones}, {format_count(gateways, 'NAT gateway')}"


# Key of a list in a result, what a line calls the kind, the kind of eks_wait, and the details.
KINDS: tuple[tuple[str, str, str, Callable[[Result], str]], ...] = (
    ("iam_roles", "IAM role", "", describe_iam_role),
    ("nodegroups", "node group", "nodegroup", describe_nodegroup),
    ("self_managed_nodegroups", "self-managed nodes", "self_managed_nodes", describe_self_managed_nodes),
    ("fargate_profiles", "Fargate profile", "fargate_profile", describe_fargate_profile),
    ("addons", "add-on", "addon", describe_addon),
    ("identity_providers", "identity provider", "", describe_identity_provider),
    ("capabilities", "capability", "", describe_capability),
    ("identities", "service account", "", describe_identity),
    ("associations", "service account", "", describe_association),
    ("releases", "release", "", describe_release),
)
OF_RELEASES = {"install": CREATE, "upgrade": CHANGE, "rollback": CHANGE, "uninstall": REMOVE}  # what eks_helm does
# Two tasks of a play work on the same: one starts it, the other one waits for it.
TWICE = ("self_managed_nodegroups", "identity_providers", "capabilities")
# What a task in a loop manages one at a time: the key of the resource in its result, the list that it is an item of, and the key of its name.
LOOPED = (
    ("identity_provider", "identity_providers", "identity_provider_config_name"),
    ("capability", "capabilities", "capability_name"),
)


def build_summary_spec() -> dict[str, Any]:
    """The options of eks_summary."""
    return dict(
        results=dict(type="list", elements="dict", required=True),
        notes=dict(type="list", elements="str", default=[]),
    )


def build_summary(results: list[Result], notes: list[str], planned: bool) -> Result:
    """The result of eks_summary: the text, and the rows of its table."""
    lines = build_lines(results, planned)
    plan = format_plan([*lines, *_build_parts(results)]) if planned else []
    text = [*format_table(lines), *plan, format_changes(lines, planned), *_format_behind(results), *notes]
    return {"changed": False, "lines": text, "resources": [asdict(line) for line in [*lines, *_build_parts(results)]]}


def build_lines(results: list[Result], planned: bool = False) -> list[Line]:
    """The lines of the table: network, cluster, and the items of every list.

    Args:
        results: registered results of modules of this collection. A result of eks_wait gives the statuses that its
            resources have reached, and the cluster's endpoint. Results of skipped tasks are ignored.
        planned: the results are those of check mode.
    """
    results = [one for result in results for one in _unroll(result)]
    reached = {(row["kind"], row["name"]): row for result in results for row in _list(result, "resources")}
    items = [*_build_items(results, reached, planned), *_build_unlisted(results)]
    return [*_build_singles(results, reached, planned), *items]


def _build_unlisted(results: list[Result]) -> Iterator[Line]:
    """What was created for the cluster and no list names, unless the task deletes it, so that it is an item of its result."""
    for key, kind, _wait_kind, _describe in KINDS:
        for result in results:
            names = [row["name"] for row in _list(result, key)]
            for one in result.get("unlisted") or [] if isinstance(result.get(key), list) else []:
                if isinstance(one, str) and one not in names:
                    yield Line(kind, one, UNLISTED, NO_LIST, False)


def _unroll(result: Result) -> list[Result]:
    """The results of a task in a loop as those of tasks that manage lists; others as they are."""
    if not isinstance(result.get("results"), list):
        return [result]
    found = []
    for one in result["results"]:
        for key, rows, name in LOOPED:
            row = one.get(key)
            if isinstance(row, dict) and row:
                item = {
                    **row,
                    "name": row.get(name),
                    "changed": bool(one.get("changed")),
                    "replaced": one.get("replaced"),
                }
                diff = {side: {item["name"]: value} for side, value in (one.get("diff") or {}).items()}
                found.append({rows: [item], "diff": diff})
    return found


def _merge_networks(results: list[Result]) -> list[Result]:
    """The results with one of the network: a first task starts it, a second one completes it."""
    networks = [result for result in results if isinstance(result.get("network"), dict)]
    if len(networks) < 2:
        return results
    changed = any(result.get("changed") for result in networks)
    return [{**networks[-1], "changed": changed}, *(result for result in results if result not in networks)]


def _build_singles(results: list[Result], reached: Reached, planned: bool) -> Iterator[Line]:
    for result in _merge_networks(results):
        network, cluster = result.get("network"), result.get("cluster")
        if isinstance(network, dict) and network:
            status = (
                PLANNED if planned and result.get("changed") else "ready" if result.get("ready", True) else "pending"
            )
            yield Line(
                "network",
                network.get("vpc_id") or "new VPC",
                status,
                describe_network(network),
                bool(result.get("changed")),
            )
        if isinstance(cluster, dict) and cluster:
            cluster = {**cluster, **reached.get(("cluster", cluster["name"]), {})}
            status = PLANNED if planned and result.get("changed") else cluster.get("status", "")
            changed = bool(result.get("changed"))
            plan = _plan(result, None, cluster, changed)
            yield Line("cluster", cluster["name"], status, describe_cluster(cluster), changed, *plan)

        if "done" in result or "steps" in result:
            yield _build_upgrade(result, planned)


def _build_upgrade(result: Result, planned: bool) -> Line:
    """What eks_upgrade has done, or would do."""
    rows = [row for row in result.get("steps" if planned else "done") or [] if row["by"] == "kumo.eks"]
    before = next((row["before"] for row in rows if row["kind"] == "control_plane"), result.get("version"))
    changed = bool(result.get("changed"))
    fields = [
        {"field": f"{row['kind']} {row['name']}".rstrip(), "before": row["before"], "after": row["after"]}
        for row in rows
    ]
    details = f"Kubernetes {before} -> {result.get('kubernetes_version')} in {format_count(len(rows), 'step')}"
    status = PLANNED if planned and changed else "done"
    return Line("upgrade", result["cluster_name"], status, details, changed, CHANGE if changed else "", fields)


def _format_behind(results: list[Result]) -> list[str]:
    """What has an older Kubernetes version than the cluster, from what the tasks have found anyway."""
    cluster = next((row["cluster"] for row in results if isinstance(row.get("cluster"), dict) and row["cluster"]), {})
    wanted = _read_minor(cluster.get("version"))
    if not wanted:
        return []
    rows = [(f"node group {row['name']}", row.get("version")) for one in results for row in _list(one, "nodegroups")]
    rows += [
        ("add-on kube-proxy", row.get("addon_version"))
        for one in results
        for row in _list(one, "addons")
        if row["name"] == "kube-proxy"
    ]
    behind = [f"{name} ({version})" for name, version in rows if _read_minor(version) and _read_minor(version) < wanted]
    last = {row["name"]: row for one in results for row in _list(one, "self_managed_nodegroups")}
    for name, row in last.items():
        outdated = sum(bool(one.get("outdated")) for one in row.get("instances") or [])
        minor = _read_minor(row.get("kubernetes_version"))
        if (minor and minor < wanted) or outdated:
            what = [row["kubernetes_version"]] if minor else []
            what += [f"{format_count(outdated, 'instance', 'is', 'are')} outdated"] if outdated else []
            behind.append(f"self-managed nodes {name} ({', '.join(what)})")
    if not behind:
        return []
    return [f"Behind Kubernetes {cluster['version']}: {', '.join(behind)}. kumo.eks.upgrade brings them up."]


def _read_minor(version: str | None) -> int:
    """The minor number of 1.33, or of v1.33.5-eksbuild.2; 0 for none."""
    parts = str(version or "").lstrip("v").split(".")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def _build_items(results: list[Result], reached: Reached, planned: bool) -> Iterator[Line]:
    for key, kind, wait_kind, describe in KINDS:
        rows = [row for result in results for row in _list(result, key)]
        for row in _merge_rows(rows) if key in TWICE else rows:
            changed = bool(row.get("changed"))
            status = reached.get((wait_kind, row["name"]), row).get("status") or ""
            name = f"{row['namespace']}/{row['name']}" if key == "releases" and row.get("namespace") else row["name"]
            plan = _plan(_find_result(results, key, row["name"]), row["name"], row, changed)
            yield Line(kind, name, PLANNED if planned and changed else status, describe(row), changed, *plan)


def _find_result(results: list[Result], key: str, name: str) -> Result:
    """The result that has an item: of several, one that changes it."""
    found = [(one, row) for one in results for row in _list(one, key) if row["name"] == name]
    return next((one for one, row in found if row.get("changed")), {})


def _plan(result: Result, name: str | None, row: Result, changed: bool) -> tuple[str, list[Result]]:
    """What is done to a resource, and its fields that differ, by the diff of its result.

    Args:
        name: of the item of a list; None for a result of one resource.
    """
    if not changed:
        return "", []
    if row.get("action") in OF_RELEASES:
        return OF_RELEASES[row["action"]], []  # the diff is a text, of all manifests
    before, after = _read_diff(result, name)
    action = choose_action(before, after, bool(row.get("replaced")))
    return action, list_field_changes(before, after) if action in (CHANGE, REPLACE) else []


def _read_diff(result: Result, name: str | None) -> tuple[Any, Any]:
    """The two sides of a diff; of an item, what they have under its name. A task of several steps has a list of diffs."""
    diff = result.get("diff")
    rows = [(row.get("before"), row.get("after")) for row in (diff if isinstance(diff, list) else [diff]) if row]
    if name is None:
        return rows[0] if rows else (None, None)
    named = [tuple(side.get(name) if isinstance(side, dict) else None for side in row) for row in rows]
    return next((row for row in named if row != (None, None)), (None, None))  # type: ignore[return-value]


def _build_parts(results: list[Result]) -> list[Line]:
    """The parts of a network, the OIDC provider, and an IAM role that is no item of a list: only a diff contains them."""
    lines: dict[tuple[str, str], Line] = {}
    for result in results:
        diff = result.get("diff")
        if not isinstance(diff, dict) or not result.get("changed"):
            continue
        before, after = diff.get("before") or {}, diff.get("after") or {}
        for kind, name, title in _list_parts(result, sorted({*before, *after})):
            sides = before.get(name), after.get(name)
            if sides[0] != sides[1]:
                action = choose_action(*sides, False)
                fields = list_field_changes(*sides) if action == CHANGE else []
                lines.setdefault((kind, name), Line(kind, title, "", "", True, action, fields))
    return list(lines.values())


def _list_parts(result: Result, names: list[str]) -> list[tuple[str, str, str]]:
    """Kind, key in the diff, and title of the parts of a result."""
    if isinstance(result.get("network"), dict):
        return [("network", name, name) for name in names]
    if "oidc_provider" in result:
        return [("OIDC provider", "oidc_provider", "of the cluster")]
    if result.get("iam_role_name") and "iam_roles" not in result:
        return [("IAM role", result["iam_role_name"], result["iam_role_name"])]
    return []


def _merge_rows(rows: list[Result]) -> list[Result]:
    """One row for each name: a first task starts a group, and a second one waits for it."""
    found: dict[str, Result] = {}
    for row in rows:
        before = found.get(row["name"], {})
        found[row["name"]] = {**row, "changed": bool(before.get("changed") or row.get("changed"))}
    return list(found.values())


def _list(result: Result, key: str) -> list[Result]:
    rows = result.get(key)
    return [row for row in rows if isinstance(row, dict) and not row.get("failed")] if isinstance(rows, list) else []


def format_table(lines: list[Line]) -> list[str]:
    """The lines as text in columns. One that was changed begins with an asterisk."""
    cells = [("* " if line.changed else "  ", line.kind, line.name, line.status, line.details) for line in lines]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(1, 4)]
    return [
        (
            row[0] + "  ".join(text.ljust(width) for text, width in zip(row[1:4], widths, strict=True)) + "  " + row[4]
        ).rstrip()
        for row in cells
    ]


SIGNS = {CREATE: "+", CHANGE: "~", REPLACE: "!", REMOVE: "-"}


def format_plan(lines: list[Line]) -> list[str]:
    """What is to be created, changed, replaced and removed, with the fields that differ, as text."""
    rows = [line for line in lines if line.action]
    found: list[str] = []
    for action in SIGNS:
        for line in (one for one in rows if one.action == action):
            found.append(f"{SIGNS[action]} {action:<7}  {line.kind} {line.name}")
            found += [
                f"             {row['field']}: {format_value(row['before'])} -> {format_value(row['after'])}"
                for row in line.fields
            ]
    return ["Plan:", *found] if found else []


def format_changes(lines: list[Line], planned: bool = False) -> str:
    """What was changed, by name."""
    names = [f"{line.kind} {line.name}" for line in lines if line.changed]
    if not names:
        return "Nothing to change." if planned else "Nothing was changed."
    return ("To be changed: " if planned else "Changed: ") + ", ".join(names) + "."
