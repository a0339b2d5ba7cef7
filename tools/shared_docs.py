# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes documentation that modules share into each of them, between two comments that name it.

The words are in shared_docs.yml beside this file. Of what EKS returns, structure and types are those of botocore's model, and a
member of the API without words there ends the run with its path. Other options and results are written as they stand there.

Run it with the project's Python after a change of shared_docs.yml, or of botocore: .venv/bin/python tools/shared_docs.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

ROOT = Path(__file__).parents[1]
WORDS = ROOT / "tools" / "shared_docs.yml"
MODULES = ROOT / "plugins" / "modules"
API_SHAPES = (
    "Cluster",
    "Nodegroup",
    "FargateProfile",
    "Addon",
    "ClusterVersionInformation",
    "AddonInfo",
    "Insight",
    "Update",
    "OidcIdentityProviderConfig",
    "Capability",
    "CertificateAuthority",
    "PodIdentityAssociation",
    "InsightSummary",
)
PLACE = re.compile(
    r"^(?P<indent> *)# (?P<name>\w+): written by tools/shared_docs\.py, from here\n(?P<rows>.*?)^ *# to here\.\n",
    re.MULTILINE | re.DOTALL,
)
TYPES = {
    "string": "str",
    "timestamp": "str",
    "integer": "int",
    "long": "int",
    "boolean": "bool",
    "map": "dict",
    "double": "float",
}


class Dumper(yaml.SafeDumper):
    """YAML as people write it: lists of values in one line, sentences in one each."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _write_list(dumper: yaml.Dumper, rows: list[Any]) -> yaml.Node:
    short = not any(isinstance(one, dict) for one in rows) and not any(" " in str(one) for one in rows)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", rows, flow_style=short)


Dumper.add_representer(list, _write_list)


def build_contains(shape: Any, words: dict[str, Any], path: str = "") -> dict[str, Any]:
    """The documentation of a structure's members, as RETURN has it below ``contains``."""
    found = {}
    for key, member in shape.members.items():
        name = convert_name(key)
        path_of_member = f"{path}.{name}".lstrip(".")
        said = _find_words(words, path_of_member, f"{shape.name}.{name}")
        found[name] = build_result(member, words, path_of_member, said)
    return found


def build_result(shape: Any, words: dict[str, Any], path: str, said: dict[str, Any]) -> dict[str, Any]:
    """The documentation of one member, and of everything below it."""
    inner = shape.member if shape.type_name == "list" else shape
    found = {"description": said["description"], "returned": said["returned"]}
    found["type"] = "list" if shape.type_name == "list" else TYPES.get(shape.type_name, "dict")
    if shape.type_name == "list":
        found["elements"] = TYPES.get(inner.type_name, "dict")
    if inner.type_name == "structure" and inner.members:
        return {**found, "contains": build_contains(inner, words, path)}
    return {**found, "sample": said["sample"]}


def _find_words(words: dict[str, Any], path: str, of_shape: str) -> dict[str, Any]:
    """The words for a member by its path, or by its structure's name where that is in several places."""
    said = words.get(path) or words.get(of_shape)
    if said is None:
        raise SystemExit(f"{WORDS.name} does not describe {path}, which EKS' API returns")
    return {"returned": "when EKS returns it", **said}


def convert_name(key: str) -> str:
    """A member's name as modules return it."""
    return next(iter(camel_dict_to_snake_dict({key: 1})))


def format_rows(rows: dict[str, Any], indent: str) -> str:
    """The lines between the two comments."""
    text = yaml.dump(rows, Dumper=Dumper, sort_keys=False, width=134 - len(indent), allow_unicode=True)
    return "".join(f"{indent}{line}\n" for line in text.splitlines())


def build_blocks() -> dict[str, dict[str, Any]]:
    """The documentation that modules share, by its name."""
    model = botocore.session.get_session().get_service_model("eks")
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {
        name: build_contains(model.shape_for(name), rows) if name in API_SHAPES else rows
        for name, rows in words.items()
    }


def write_blocks(source: str, blocks: dict[str, dict[str, Any]]) -> str:
    """A module's source with the rows in all places that name them."""

    def write(place: re.Match[str]) -> str:
        rows = format_rows(blocks[place["name"]], place["indent"])
        return place[0].replace(place["rows"], rows) if place["rows"] else place[0].replace("\n", f"\n{rows}", 1)

    return PLACE.sub(write, source)


def build_sources() -> dict[Path, str]:
    """The modules as they are to be, those that share documentation."""
    blocks, found, used = build_blocks(), {}, set()
    for path in sorted(MODULES.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        names = {place["name"] for place in PLACE.finditer(source)}
        if names:
            found[path], used = write_blocks(source, blocks), used | names
    if set(blocks) - used:
        raise SystemExit(f"no module has a place for {', '.join(sorted(set(blocks) - used))}")
    return found


if __name__ == "__main__":
    for file, text in build_sources().items():
        file.write_text(text, encoding="utf-8")
