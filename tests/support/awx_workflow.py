# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of the example project, node by node, each with the variables that AWX 24.6.1 gives its job.

The variables are those of awx/main/models/workflow.py (get_job_kwargs) and awx/main/models/mixins.py (_update_unified_job_kwargs): variables of the
template, defaults of its survey, answers of the node, what nodes before it handed on by set_stats, and above all the answers to the survey of the
workflow. Which node is next is that of awx/main/scheduler/dag_workflow.py, for nodes with one parent: success_nodes after a job that succeeded or an
approval, failure_nodes after a job that failed or a denial, and always_nodes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml

from .awx_controller import list_answer_problems, read_default

PROJECT = Path(__file__).resolve().parents[2] / "docs/examples/awx-project"


@dataclass
class Job:
    """What a node is to run: the playbook of its template, whether in check mode, the name of its inventory, and its extra variables."""

    node: str
    playbook: str
    check: bool
    inventory: str
    variables: dict[str, Any]


@dataclass
class Ended:
    """How a job ended: whether it succeeded, what it handed on with set_stats, and what it printed."""

    succeeded: bool
    artifacts: dict[str, Any] = field(default_factory=dict)
    output: str = ""


@dataclass
class Walk:
    """What became of a workflow: the nodes in their order, each with its state, and how its jobs ended."""

    states: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    succeeded: bool = True


def read_objects(name: str) -> dict[str, Any]:
    """A file of controller/, with settings.yml in its templates."""
    settings = yaml.safe_load((PROJECT / "controller/settings.yml").read_text())
    engine = jinja2.Environment(keep_trailing_newline=True, autoescape=False)
    names = {**settings, "playbook_dir": str(PROJECT), "lookup": lambda _plugin, path: Path(path).read_text()}
    engine.filters["from_json"] = json.loads

    def render(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: render(each) for key, each in value.items()}
        if isinstance(value, list):
            return [render(each) for each in value]
        if not (isinstance(value, str) and "{{" in value):
            return value
        whole = value.strip().removeprefix("{{").removesuffix("}}")
        return (
            engine.compile_expression(whole)(**names)
            if "{{" not in whole
            else engine.from_string(value).render(**names)
        )

    return render(yaml.safe_load((PROJECT / f"controller/{name}.yml").read_text()))


def read_workflow(name: str) -> dict[str, Any]:
    return next(row for row in read_objects("workflows")["controller_workflows"] if row["name"] == name)


def read_defaults(spec: dict[str, Any]) -> dict[str, Any]:
    """The answers of a survey that nobody changed."""
    return {row["variable"]: read_default(row) for row in spec["spec"]}


def walk_workflow(
    name: str,
    answers: dict[str, Any],
    run: Callable[[Job], Ended],
    approve: Callable[[str], bool],
) -> Walk:
    """Walk a workflow as AWX does.

    Args:
        answers: those of its survey that differ from the defaults.
        run: runs a job.
        approve: whether the approval of a node is given, by its identifier.
    """
    workflow = read_workflow(name)
    asked = {**read_defaults(workflow["survey_spec"]), **answers}
    assert list_answer_problems(workflow["survey_spec"], asked) == []
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    walk, handed_on = Walk(dict.fromkeys(nodes, "not run")), {}
    waiting = list(list_roots(nodes))
    while waiting:
        node = nodes[waiting.pop(0)]
        ended = Ended(approve(node["identifier"])) if is_approval(node) else run(build_job(node, asked, handed_on))
        handed_on |= ended.artifacts
        record(walk, node, ended)
        waiting += list_next(node, ended.succeeded)
    return walk


def list_roots(nodes: dict[str, Any]) -> Iterator[str]:
    """The nodes that follow no other one. None has two parents, so that none has to wait for several."""
    children = [
        each["identifier"] for node in nodes.values() for rows in node.get("related", {}).values() for each in rows
    ]
    assert len(children) == len(set(children)) and set(children) < set(nodes)
    yield from (name for name in nodes if name not in children)


def is_approval(node: dict[str, Any]) -> bool:
    return node["unified_job_template"]["type"] == "workflow_approval"


def record(walk: Walk, node: dict[str, Any], ended: Ended) -> None:
    """A node that failed fails the workflow, unless another one handles that."""
    words = ("approved", "denied") if is_approval(node) else ("successful", "failed")
    walk.states[node["identifier"]] = words[not ended.succeeded]
    walk.ended[node["identifier"]] = ended
    handled = {"failure_nodes", "always_nodes"} & set(node.get("related", {}))
    walk.succeeded = walk.succeeded and (ended.succeeded or bool(handled))


def list_next(node: dict[str, Any], succeeded: bool) -> list[str]:
    related = node.get("related", {})
    rows = related.get("success_nodes" if succeeded else "failure_nodes", []) + related.get("always_nodes", [])
    return [row["identifier"] for row in rows]


def build_job(node: dict[str, Any], asked: dict[str, Any], handed_on: dict[str, Any]) -> Job:
    """The job of a node.

    Args:
        asked: the answers to the survey of the workflow. AWX gives all of them to each job, whether its own survey has the question or not.
        handed_on: what earlier jobs handed on.
    """
    templates = read_objects("job_templates")["controller_templates"]
    template = next(row for row in templates if row["name"] == node["unified_job_template"]["name"])
    own = node.get("extra_data", {})
    assert list_answer_problems(template["survey_spec"], own) == []
    assert "job_type" not in node or template["ask_job_type_on_launch"]
    defaults = read_defaults(template["survey_spec"])
    variables = {**template.get("extra_vars", {}), **defaults, **own, **handed_on, **asked}
    check = node.get("job_type", "run") == "check"
    return Job(node["identifier"], template["playbook"], check, template["inventory"], variables)
