"""References of antsibull-docs that lead to other collections or to Ansible's own pages, without asking the network where those are."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
PLUGIN = re.compile(r"ansible_collections\.(\w+)\.(\w+)\.(\w+?)(?:__.*|_requirements)?")
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "check_mode_dry": "playbook_guide/playbooks_checkmode.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "lookup_plugins": "plugins/lookup.html",
    "inventory_plugins": "plugins/inventory.html",
    "filter_plugins": "plugins/filter.html",
    "list_of_collections": "collections/index.html",
    "plugin_docs": "collections/all_plugins.html",
}


def find_address(label: str) -> str | None:
    """Where Ansible documents what has this label; None for what it does not."""
    found = PLUGIN.fullmatch(label)
    if found and found[1] != "kumo":
        return f"{ANSIBLE}/collections/{found[1]}/{found[2]}/{found[3]}.html"
    return f"{ANSIBLE}/{PAGES[label]}" if label in PAGES else None


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    label = node["reftarget"]
    address = find_address(label) if node["reftype"] == "ref" else None
    if node["reftype"] == "envvar" and label.startswith("ANSIBLE_"):
        address = f"{ANSIBLE}/{PAGES['ansible_configuration_settings']}#envvar-{label}"
    return nodes.reference("", "", content, internal=False, refuri=address) if address else None


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
