# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is run in this process gives the result that the same module gives in a process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.in_process import read_warning, run_module

SECRET = "a word that nobody may read"
MODULE = f"""
import datetime
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import CarefulModule as AnsibleModule

def main():
    spec = {{"password": {{"no_log": True}}, "end": {{"default": "well"}}, "tags": {{"type": "dict"}}}}
    module = AnsibleModule(spec, supports_check_mode=True)
    for name in ("password", "tags"):
        if module.params[name]:
            module.warn(f"{{name}} is {{module.params[name]}}")
    facts = {{
        "said": f"by {SECRET}, twice: {SECRET}",
        "names": {{"one"}},
        "pair": (1, None),
        "made": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "tags": module.params["tags"],
        "check": module.check_mode,
    }}
    if module.params["end"] == "badly":
        module.fail_json(msg=f"refused {SECRET}", **facts)
    if module.params["end"] == "unwritable":
        module.exit_json(made=object())
    if module.params["end"] != "silent":
        module.exit_json(changed=True, **facts)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of the collection by its name "example"; its file."""
    path = tmp_path / "example.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("example", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    monkeypatch.setitem(sys.modules, "ansible_collections.kumo.eks.plugins.modules.example", loaded)
    return path


@pytest.mark.parametrize(("end", "check"), [("well", False), ("well", True), ("badly", False)])
def test_a_result_is_that_of_a_process(example: Path, end: str, check: bool):
    args = {"password": SECRET, "end": end, "tags": {"größe": "5 m²", "名前": "ä ö"}}
    internal = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_inject_invocation": True}
    text = json.dumps({"ANSIBLE_MODULE_ARGS": {**args, **internal}})
    done = subprocess.run([sys.executable, str(example)], input=text, capture_output=True, text=True, check=False)
    by_process = {"failed": False, **json.loads(done.stdout)}
    by_process["warnings"] = [read_warning(row) for row in by_process["warnings"]]
    result = run_module("example", args, check)
    assert result == by_process
    assert SECRET not in json.dumps(result) and result["tags"] == args["tags"]
    assert (result["failed"], result["names"], result["pair"]) == (end == "badly", ["one"], [1, None])
    assert result["warnings"] == ["password is ********", f"tags is {args['tags']}"]


def test_warnings_are_those_of_the_run(example: Path):
    for tags in ({"first": "run"}, {"second": "run"}):
        assert run_module("example", {"tags": tags})["warnings"] == [f"tags is {tags}"]


def test_what_is_no_json_is_an_error(example: Path):
    with pytest.raises(TypeError):
        run_module("example", {"end": "unwritable"})


def test_a_module_without_a_result_is_an_error(example: Path):
    with pytest.raises(AssertionError, match="example ended with None and 0 results"):
        run_module("example", {"end": "silent"})
