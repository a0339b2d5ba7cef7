# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the documentation of results that a module and its info module share into both, between two comments of their RETURN.

Structure and types are those of botocore's model of EKS; descriptions, samples and when a value is returned are in results.yml
beside this file. A member of the API without words there ends the run with its path.

Run it with the project's Python after a change of results.yml, or of botocore: .venv/bin/python tools/results.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import yaml
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

ROOT = Path(__file__).parents[1]
WORDS = ROOT / "tools" / "results.yml"
MODULES = ROOT / "plugins" / "modules"
# The API's shape: the modules that return it, each with the key of its RETURN.
SHAPES = {
    "Cluster": {"eks_cluster": "cluster", "eks_cluster_info": "clusters"},
    "Nodegroup": {"eks_nodegroup": "nodegroup", "eks_nodegroup_info": "nodegroups"},
    "FargateProfile": {"eks_fargate_profile": "fargate_profile", "eks_fargate_profile_info": "fargate_profiles"},
    "Addon": {"eks_addon": "addon", "eks_addon_info": "addons"},
}
BEGIN = "    # Written by tools/results.py, from here"
END = "    # to here."
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
    """YAML as people write it: lists of values in one line."""


def _write_list(dumper: yaml.Dumper, rows: list[Any]) -> yaml.Node:
    return dumper.represent_sequence(
        "tag:yaml.org,2002:seq", rows, flow_style=not any(isinstance(one, dict) for one in rows)
    )


Dumper.add_representer(list, _write_list)


def build_contains(shape: Any, words: dict[str, Any], path: str = "") -> dict[str, Any]:
    """The documentation of a structure's members, as RETURN has it below ``contains``."""
    return {
        name: build_result(member, words, f"{path}.{name}".lstrip("."))
        for name, member in ((convert_name(key), member) for key, member in shape.members.items())
    }


def build_result(shape: Any, words: dict[str, Any], path: str) -> dict[str, Any]:
    """The documentation of one member, and of everything below it."""
    said = _find_words(words, path)
    inner = shape.member if shape.type_name == "list" else shape
    found = {"description": said["description"], "returned": said["returned"]}
    found["type"] = "list" if shape.type_name == "list" else TYPES.get(shape.type_name, "dict")
    if shape.type_name == "list":
        found["elements"] = TYPES.get(inner.type_name, "dict")
    if inner.type_name == "structure" and inner.members:
        return {**found, "contains": build_contains(inner, words, path)}
    return {**found, "sample": said["sample"]}


def _find_words(words: dict[str, Any], path: str) -> dict[str, Any]:
    if path not in words:
        raise SystemExit(f"{WORDS.name} does not describe {path}, which EKS' API returns")
    return {"returned": "when EKS returns it", **words[path]}


def convert_name(key: str) -> str:
    """A member's name as modules return it."""
    return next(iter(camel_dict_to_snake_dict({key: 1})))


def format_contains(contains: dict[str, Any]) -> str:
    """The lines between the two comments."""
    text = yaml.dump(contains, Dumper=Dumper, sort_keys=False, width=130, allow_unicode=True)
    return "".join(f"    {line}\n" for line in text.splitlines())


def write_results(source: str, key: str, lines: str) -> str:
    """A module's source with these lines in the RETURN of this key."""
    start = source.find(BEGIN, source.find(f"\n{key}:\n", source.index('RETURN = r"""')))
    end = source.find(END, start)
    if start < 0 or end < 0:
        raise SystemExit(
            f"there is no place for {key}: its RETURN needs the lines {BEGIN.strip()!r} and {END.strip()!r}"
        )
    return source[: start + len(BEGIN) + 1] + lines + source[end:]


def build_sources() -> dict[Path, str]:
    """The modules as they are to be."""
    model, words = (
        botocore.session.get_session().get_service_model("eks"),
        yaml.safe_load(WORDS.read_text(encoding="utf-8")),
    )
    found = {}
    for name, modules in SHAPES.items():
        lines = format_contains(build_contains(model.shape_for(name), words[name]))
        for module, key in modules.items():
            path = MODULES / f"{module}.py"
            found[path] = write_results(path.read_text(encoding="utf-8"), key, lines)
    return found


if __name__ == "__main__":
    for file, text in build_sources().items():
        file.write_text(text, encoding="utf-8")
