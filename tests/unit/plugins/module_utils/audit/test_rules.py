# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each rule finds what it is for, and nothing where all is well. The table of rules holds together."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from case import Case

from ansible_collections.kumo.eks.plugins.module_utils.audit.families import FAMILIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.registry import FAMILY_FILES, RULES
from ansible_collections.kumo.eks.plugins.module_utils.audit.remedies import build_task, build_task_text
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import SEVERITIES
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.catalog import SOURCES

ROOT = Path(__file__).parents[5]
HERE = Path(__file__).parent
RULE_FILES = Path(next(iter(FAMILY_FILES)).__file__).parent.glob("*.py")
# How each tool names its checks, and AWS its pages
REFERENCES = (
    r"AWS review [A-Z][A-Za-z]{0,3}\d+[a-z]?",
    r"CIS EKS \d\.\d\.\d+",
    r"Checkov CKV_AWS_\d+",
    r"EKS best practices [a-z-]+",
    r"EKS insights [A-Za-z -]+",
    r"EKS user guide [a-z-]+",
    r"Karpenter compatibility matrix",
    r"Kubescape C-\d{4}",
    r"Polaris [a-zA-Z]+",
    r"Popeye POP-\d{3,4}",
    r"Prowler [a-z0-9_]+",
    r"Security Hub EKS\.\d+",
    r"Trivy (AWS|KSV)-\d{4,5}",
    r"eksup (AWS|EKS|K8S)\d{3}",
    r"hardeneks [a-z_]+",
    r"kubent( deprecated-future)?",
    r"pluto( detect-helm)?",
)


def load_cases() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for path in sorted((HERE / "cases").glob("*.py")):
        more = getattr(importlib.import_module(f"cases.{path.stem}"), "CASES", {})
        assert not set(found) & set(more)
        found |= more
    return found


CASES = load_cases()


def run(rule, values):
    assert set(values) == set(rule.reads)
    return list(rule.check(*[values[name] for name in rule.reads]))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_what_it_is_for(rule):
    case = CASES[rule.name]
    found = run(rule, case.bad)
    assert [resource for resource, _evidence in found] == case.resources and case.resources
    assert all(isinstance(evidence, str) and evidence for _resource, evidence in found)
    assert [word for word in case.words if word not in " ".join(evidence for _resource, evidence in found)] == []
    assert run(rule, case.good) == []


def test_an_entry_of_an_acl_that_denies_first_counts():
    (rule,) = [rule for rule in RULES if rule.name == "network_acl_answers"]
    values = importlib.import_module("cases.security_groups").denied_first()
    assert [resource for resource, _evidence in run(rule, values)] == ["Network ACL acl-1"]
    values["network_acls"][0]["Entries"][1]["RuleNumber"] = 200
    assert run(rule, values) == []


def test_each_case_has_its_rule_and_each_file_is_registered():
    assert set(CASES) == {rule.name for rule in RULES}
    files = {Path(one.__file__).name for one in FAMILY_FILES}
    assert files == {path.name for path in RULE_FILES} - {"__init__.py"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_words_of_a_rule(rule):
    assert re.fullmatch(r"[A-P]\d{2}[a-z]?", rule.key) and rule.family in FAMILIES
    assert rule.severity in SEVERITIES and rule.reads and set(rule.reads) <= set(SOURCES)
    assert not rule.title.endswith(".") and rule.why.endswith(".") and rule.remedy.endswith(".")
    unknown = [one for one in rule.references if not any(re.fullmatch(form, one) for form in REFERENCES)]
    assert unknown == [] and len(set(rule.references)) == len(rule.references)


def test_ids_and_names_are_given_once():
    for field in ("key", "name"):
        values = [getattr(rule, field) for rule in RULES]
        assert sorted(set(values)) == sorted(values)


def read_options(module: str) -> dict:
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text()
    documentation = re.search(r'DOCUMENTATION = r"""\n(.*?)"""', text, re.DOTALL)[1]
    return {"region": {}, **yaml.safe_load(documentation)["options"]}


def find_unknown(options, given, path=""):
    """The options of a task that its module does not have."""
    for name, value in given.items():
        known = options.get(name)
        if known is None:
            yield path + name
            continue
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if isinstance(row, dict) and known.get("suboptions"):
                yield from find_unknown(known["suboptions"], row, f"{path}{name}.")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.task], ids=lambda rule: rule.name)
def test_the_task_of_a_rule_has_options_that_its_module_has(rule):
    module, given = rule.task
    assert list(find_unknown(read_options(module), given)) == []
    place = {"cluster": "my-cluster", "region": "eu-west-1", "arn": "arn", "version": "1.33", "next_version": "1.34"}
    text = build_task_text(rule, "Node group general", place)
    assert not re.search(r"\{\w+\}", text), text
    assert yaml.safe_load(text) == [build_task(rule, "Node group general", place)]


def test_the_page_of_rules_is_what_the_registry_says():
    spec = importlib.util.spec_from_file_location("audit_rules_doc", ROOT / "tools/audit_rules_doc.py")
    doc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(doc)
    page = (ROOT / "docs/audit-rules.md").read_text(encoding="utf-8")
    assert page == doc.build_page(), "run .venv/bin/python tools/audit_rules_doc.py"
