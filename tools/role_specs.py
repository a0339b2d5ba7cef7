# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes into each role's meta/argument_specs.yml what the modules say of its variables, and a spec for each entry point.

By hand there: the entry point main, with each variable's type and default, and the description of variables that are no option of
a module. From the modules: the options of items, and of variables that are an option of a module. With tasks_from, Ansible
validates the entry point of that name only, so each public tasks file gets one.

Run it with the project's Python after a change of a module's options or of a role's variables: .venv/bin/python tools/role_specs.py
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ROLES = ROOT / "roles"
MODULES = "ansible_collections.kumo.eks.plugins.modules."

# Role: the variable that is a list, and the module's option whose items are those of the list; "" for the options of the module
# itself, beside which items may have options of the role's own, which stay as they are in the file.
ITEMS = {
    "eks_access": {"eks_access_entries": ("eks_access_entry", "access_entries")},
    "eks_addons": {
        "eks_addons_list": ("eks_addon", "addons"),
        "eks_addons_iam_roles": ("eks_iam_role", "iam_roles"),
    },
    "eks_nodegroups": {"eks_nodegroups_list": ("eks_nodegroup", "nodegroups")},
    "eks_self_managed_nodes": {"eks_self_managed_nodes_list": ("eks_self_managed_nodes", "self_managed_nodegroups")},
    "eks_cluster": {
        "eks_cluster_identity_providers": ("eks_identity_provider", ""),
        "eks_cluster_capabilities": ("eks_capability", ""),
    },
    "eks_fargate": {"eks_fargate_profiles": ("eks_fargate_profile", "profiles")},
    "eks_helm": {
        "eks_helm_releases": ("eks_helm", "releases"),
        "eks_helm_repositories": ("eks_helm_repository", "repositories"),
    },
    "eks_irsa": {
        "eks_irsa_service_accounts": ("eks_irsa", "identities"),
        "eks_irsa_pod_identity_associations": ("eks_pod_identity", "associations"),
    },
}
# Role: the module whose options are variables of the role, with its prefix.
PREFIXED = {"eks_cluster": "eks_cluster", "eks_network": "eks_network"}
# Variables of a role that are named like an option of that module, and mean the role's own.
OWN = {"name", "state", "tags", "version", "wait", "wait_timeout", "region"}

OF_THE_TASK = {"cluster_name", "wait", "wait_timeout"}  # of a module, and not of an item

# The public tasks files of a role, and what an entry point's spec says where its role says nothing else.
ENTRY_POINTS = {
    "preflight": "Check the variables, and change nothing",
    "iam": "Create or update the IAM roles alone",
    "present": "Create or update, without waiting",
    "wait": "Wait for what was started",
    "absent": "Delete",
    "extensions": "Associate the OIDC identity provider, and create or update the capabilities",
    "extensions_wait": "Wait for the identity provider and the capabilities",
    "service_accounts": "Create or update service accounts with their IAM roles (IRSA)",
    "migrate": "Create access entries for the mappings of the ConfigMap aws-auth",
    "addons": "Update the managed add-ons at the version that the cluster has",
    "runbook": "Write the runbook, and change nothing",
    "upgrade": "Upgrade the cluster if the version is newer, and nothing else",
    "associations": "Create or update EKS Pod Identity associations with their IAM roles",
}
CHECKED_BY_PREFLIGHT = ("preflight", "wait", "absent")  # these take any items: eks_preflight's messages say more
TRAITS = ("type", "elements", "required", "choices", "default", "no_log")
SECRETS = {"password", "secret_values", "values", "set_values", "set_strings"}  # options of items with no_log
NO_ALIASES = {"resource_tags"}  # from community.aws' modules, not for items of the roles


class Dumper(yaml.SafeDumper):
    """YAML as the other files of the roles have it: lists indented, and an anchor for what is there twice."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _write_text(dumper: yaml.Dumper, text: str) -> yaml.Node:
    """Templates in double quotes, as people write them."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "{{" in text else None)


Dumper.add_representer(str, _write_text)


def build_specs(role: str, specs: dict[str, Any]) -> dict[str, Any]:
    """The content of a role's argument_specs.yml, from what is in it now."""
    now = specs["argument_specs"]
    options = {name: _fill(role, name, row) for name, row in now["main"]["options"].items()}
    loose = {name: _loosen(role, name, row) for name, row in options.items()}
    found = {"main": {**now["main"], "options": options}}
    for name, title in ENTRY_POINTS.items():
        if (ROLES / role / "tasks" / f"{name}.yml").exists():
            title = now.get(name, {}).get("short_description", title)
            found[name] = {
                "short_description": title,
                "description": [f"{title}."],
                "options": loose if name in CHECKED_BY_PREFLIGHT else options,
            }
    return {"argument_specs": found}


def list_generated(role: str) -> dict[str, tuple[str, str]]:
    """The variables of a role whose spec is a module's: (module, option)."""
    found = dict(ITEMS.get(role, {}))
    module = PREFIXED.get(role)
    if module:
        found |= {f"{role}_{option}": (module, option) for option in read_options(module) if option not in OWN}
    return found


def read_options(module: str) -> dict[str, Any]:
    """The documented options of a module."""
    return yaml.safe_load(importlib.import_module(MODULES + module).DOCUMENTATION)["options"]


def build_option(row: dict[str, Any]) -> dict[str, Any]:
    """A module's option as a role's spec has it."""
    lines = row["description"] if isinstance(row["description"], list) else [row["description"]]
    lines = [convert_markup(line) for line in lines]
    found = {trait: row[trait] for trait in TRAITS if trait in row}
    found = {"type": found.pop("type"), "description": lines if len(lines) > 1 else lines[0], **found}
    if "suboptions" in row:
        rows = sorted(row["suboptions"].items(), key=lambda pair: not pair[1].get("required"))
        found["options"] = {key: one for name, inner in rows for key, one in _build_item_option(name, inner)}
    return found


def _build_item_option(name: str, row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An item's option, and each alias of it, which a role's spec cannot say: then neither name is required by itself."""
    found = build_option(row)
    if name in SECRETS:
        found["no_log"] = True  # the documentation of a module cannot say so
    aliases = [alias for alias in row.get("aliases", []) if alias not in NO_ALIASES]
    if aliases:
        found.pop("required", None)
    yield name, found
    for alias in aliases:
        yield alias, {"type": found["type"], "description": f"Another name of C({name})."}


def convert_markup(text: str) -> str:
    """References to a module's options as code: a role has variables, and no option of that name."""
    return re.sub(r"\b(?:O|RV)\((?:[\w.]+#module:)?([^)]*)\)", r"C(\1)", text)


def _fill(role: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """One variable: a list's items, or the whole option, by the module."""
    if name in ITEMS.get(role, {}):
        module, option = ITEMS[role][name]
        if not option:
            return {**row, "options": {**row.get("options", {}), **_build_items_of(module)}}
        return {**row, "options": build_option(read_options(module)[option])["options"]}
    if name in list_generated(role):
        module, option = list_generated(role)[name]
        found = build_option(read_options(module)[option])
        # A variable that is not set is null, and Ansible holds null against choices. eks_preflight checks them.
        kept = {key: value for key, value in found.items() if key not in ("default", "required", "choices")}
        return {**kept, **({"default": row["default"]} if "default" in row else {})}
    return row


def _build_items_of(module: str) -> dict[str, Any]:
    """The options of a module for the items of a list of which it manages one at a time."""
    given = {name: row for name, row in read_options(module).items() if name not in OF_THE_TASK}
    return build_option({"type": "dict", "description": "", "suboptions": given})["options"]


def _loosen(role: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """A variable without what eks_preflight checks of it, with better messages."""
    if name not in list_generated(role):
        return row
    kept = {key: value for key, value in row.items() if key not in ("options", "choices")}
    return {**kept, "elements": "raw"} if row.get("elements") == "dict" else kept


def format_specs(specs: dict[str, Any]) -> str:
    """The file's text."""
    return "---\n" + yaml.dump(specs, Dumper=Dumper, sort_keys=False, width=120, allow_unicode=True)


def list_roles() -> list[str]:
    """The roles whose input eks_preflight checks."""
    return sorted(path.parents[1].name for path in ROLES.glob("*/tasks/preflight.yml"))


def read_specs(role: str) -> dict[str, Any]:
    """What is in the file now."""
    return yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    for each in list_roles():
        path = ROLES / each / "meta" / "argument_specs.yml"
        path.write_text(format_specs(build_specs(each, read_specs(each))), encoding="utf-8")
