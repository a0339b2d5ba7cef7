# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook and the ansible-navigator settings of the example project, by the schemas and parsers of ansible-rulebook and ansible-navigator.

Events of the folder events have the shapes that AWS publishes: of AWS Health (aws-health-events-eventbridge-schema.html of its user guide), of
EC2 Auto Scaling (ec2-auto-scaling-event-reference.html), and the envelope alone for EKS (events-ref-eks.html of EventBridge), whose details are
not published. The engine of ansible-rulebook needs Java: conditions are evaluated here, from what its parser makes of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "docs/examples/awx-project"
RULEBOOK = PROJECT / "rulebooks/eks_events.yml"
EVENTS = Path(__file__).with_name("events")
READ = """
import json, sys, yaml
from ansible_rulebook.validators import Validate
from ansible_rulebook.rules_parser import parse_rule_sets
from ansible_rulebook.json_generator import generate_dict_rulesets

rules = yaml.safe_load(open(sys.argv[1]))
Validate.rulebook(rules)
print(json.dumps(generate_dict_rulesets(parse_rule_sets(rules, {}), {})))
"""
PLAN, ADDON, NODES = (
    "Plan the upgrade when a version nears its end",
    "Audit when an add-on is degraded or could not be updated",
    "Audit when a node group gets no instances",
)
MATCHES = {
    "health_planned_lifecycle": PLAN,
    "addon_degraded": ADDON,
    "addon_update_failed": ADDON,
    "launch_unsuccessful": NODES,
}


def make_environment(name: str, requirement: str) -> Path:
    """The Python of an environment with a tool."""
    words = ["bash", "tools/environment.sh", name, sys.executable, requirement]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) / "bin/python"


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, Any]]:
    """The rules by name, as ansible-rulebook parses them."""
    python = make_environment("rulebook", "ansible-rulebook>=1.3,<2")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # it asks ansible-galaxy where the source is
    command = [str(python), "-c", READ, str(RULEBOOK)]
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True)
    [ruleset] = json.loads(done.stdout)
    return {row["Rule"]["name"]: row["Rule"] for row in ruleset["RuleSet"]["rules"]}


def read_event(name: str) -> dict[str, Any]:
    """An event as the source hands it on: aws_sqs_queue puts the message into body."""
    return {"body": json.loads((EVENTS / f"{name}.json").read_text()), "meta": {}}


def value_of(node: dict[str, Any], event: dict[str, Any]) -> Any:
    """A literal, or a field of the event; None if the event does not have it."""
    [(kind, text)] = node.items()
    if kind != "Event":
        return text
    found: Any = event
    for key in re.findall(r"""[\w-]+""", text):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def holds(node: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether a condition holds for an event."""
    [(kind, parts)] = node.items()
    if kind == "AllCondition":
        return all(holds(each, event) for each in parts)
    left, right = parts["lhs"], parts["rhs"]
    if kind == "AndExpression":
        return holds(left, event) and holds(right, event)
    if kind == "EqualsExpression":
        return value_of(left, event) == value_of(right, event)
    if kind == "ItemInListExpression":
        return value_of(left, event) in [value_of(each, event) for each in right]
    assert kind == "SearchMatchesExpression", kind
    words = right["SearchType"]
    assert words["kind"]["String"] == "match"
    return bool(re.match(words["pattern"]["String"], value_of(left, event) or ""))


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("*.json")))
def test_an_event_has_its_answer_or_none(rules: dict[str, dict[str, Any]], name: str):
    event = read_event(name)
    matching = [title for title, rule in rules.items() if holds(rule["condition"], event)]
    assert matching == ([MATCHES[name]] if name in MATCHES else [])


def test_each_rule_is_throttled_by_what_its_events_have(rules: dict[str, dict[str, Any]]):
    for name, title in MATCHES.items():
        groups = rules[title]["throttle"]["group_by_attributes"]
        assert [
            each for each in groups if value_of({"Event": each.removeprefix("event.")}, read_event(name)) is None
        ] == []


def test_answers_are_templates_of_the_project_that_change_nothing_at_once(rules: dict[str, dict[str, Any]]):
    folder = PROJECT / "controller"
    templates = yaml.safe_load((folder / "job_templates.yml").read_text())["controller_templates"]
    workflows = {
        row["name"]: row
        for row in yaml.load((folder / "workflows.yml").read_text(), yaml.SafeLoader)["controller_workflows"]
    }
    for rule in rules.values():
        for row in rule["actions"]:
            action = row["Action"]
            name = action["action_args"]["name"]
            if action["action"] == "run_workflow_template":
                first, second = workflows[name]["workflow_nodes"][:2]
                assert first["job_type"] == "check" and second["unified_job_template"]["type"] == "workflow_approval"
                continue
            assert action["action"] == "run_job_template" and name in {each["name"] for each in templates}
            assert name == "EKS: audit_fleet"
            survey = json.loads((PROJECT / "surveys/audit_fleet.json").read_text())["spec"]
            assert set(action["action_args"]["job_args"]["extra_vars"]) <= {each["variable"] for each in survey}


def test_the_queue_gets_what_rules_answer():
    """The event pattern of EventBridge has the types of the rules, and no other."""
    patterns = json.loads((PROJECT / "rulebooks/event_pattern.json").read_text())["$or"]
    text = RULEBOOK.read_text()
    for pattern in patterns:
        assert f'"{pattern["source"][0]}"' in text
    for name in (path.stem for path in EVENTS.glob("*.json")):
        body = read_event(name)["body"]
        sent = any(body["source"] in each["source"] and body["detail-type"] in each["detail-type"] for each in patterns)
        assert sent or name not in MATCHES, name


def test_ansible_navigator_takes_its_settings():
    python = make_environment("navigator", "ansible-navigator>=26.10,<27")
    find = "import ansible_navigator, pathlib; print(pathlib.Path(ansible_navigator.__file__).parent)"
    done = subprocess.run([str(python), "-c", find], capture_output=True, text=True, check=True)
    schema = json.loads((Path(done.stdout.strip()) / "data/settings-schema.partial.json").read_text())
    settings = yaml.safe_load((PROJECT / "ansible-navigator.yml").read_text())
    jsonschema.validate(settings, schema)
    wrong = {"ansible-navigator": {**settings["ansible-navigator"], "modus": "stdout"}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(wrong)), "the schema refuses nothing"
    assert (PROJECT / settings["ansible-navigator"]["ansible"]["inventory"]["entries"][0]).is_file()
    image = yaml.safe_load((PROJECT / "controller/settings.yml").read_text())["eks_image"]
    assert settings["ansible-navigator"]["execution-environment"]["image"] == image
