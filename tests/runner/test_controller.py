# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What configure.yml of the example project makes in AWX: with the modules of awx.awx, on a stand-in for AWX's API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import jinja2.sandbox
import pytest
import yaml
from dateutil.rrule import rrulestr
from support.awx_controller import TOKEN, Controller, list_answer_problems, list_survey_problems, run_controller
from support.warm import Commands

from kumo_sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "docs/examples/awx-project"
SECRET = "never-shown/0123456789"
# ansible 11 is the last one with awx.awx, in its last version
ENVIRONMENT = ["tools/environment.sh", "awx", sys.executable, "python-dateutil"]


@pytest.fixture(scope="module")
def awx_collections() -> str:
    """A folder of collections with awx.awx."""
    command = {**os.environ, "COLLECTIONS_OF": "ansible==11.13.0"}
    made = subprocess.run(["bash", *ENVIRONMENT], cwd=ROOT, env=command, capture_output=True, text=True, check=True)
    return f"{made.stdout.strip()}/collections"


def list_playbooks() -> list[str]:
    return sorted(path.name for path in PROJECT.glob("*.yml") if path.stem not in OTHERS)


OTHERS = ("configure", "ansible-navigator")  # not playbooks of jobs


def configure(program: Path, url: str, collections: str, home: Path) -> str:
    """Run configure.yml; its output."""
    variables = {
        "ANSIBLE_COLLECTIONS_PATH": collections,
        "ANSIBLE_HOME": str(home),
        "CONTROLLER_HOST": url,
        "CONTROLLER_OAUTH_TOKEN": TOKEN,
        "EKS_AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "EKS_AWS_SECRET_ACCESS_KEY": SECRET,
    }
    done = subprocess.run(
        [str(program), "-i", "localhost,", str(PROJECT / "configure.yml"), "-vvv"],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def configured(awx_collections: str, commands: Commands, tmp_path_factory: pytest.TempPathFactory):
    """The stand-in after configure.yml, with the outputs of two runs."""
    home = tmp_path_factory.mktemp("home")
    with run_controller([*list_playbooks(), "configure.yml"]) as (url, controller):
        first = configure(commands.playbook, url, awx_collections, home)
        controller.changes.clear()
        again = configure(commands.playbook, url, awx_collections, home)
        yield controller, first, again


def test_a_second_run_changes_nothing_and_no_run_shows_a_secret(configured: tuple[Controller, str, str]):
    controller, first, again = configured
    assert controller.changes == []
    # awx.awx compares an approval with fields of its node that AWX does not return, and says that it has changed.
    assert {line.split(")")[0] for line in again.splitlines() if line.startswith("changed: ")} == {
        "changed: [localhost] => (item=EKS: site, with approval",
        "changed: [localhost] => (item=EKS: upgrade in waves",
    }
    assert SECRET not in first + again and TOKEN not in first + again
    number = controller.find("credentials", "EKS: AWS")["id"]
    assert controller.secrets[number]["secret_key"] == SECRET


def test_each_playbook_has_a_template_and_a_survey(configured: tuple[Controller, str, str]):
    controller = configured[0]
    templates = {each["playbook"]: each for each in controller.objects["job_templates"].values()}
    assert sorted(templates) == list_playbooks()
    for playbook, template in templates.items():
        assert template["survey_enabled"] is True
        kept = controller.surveys["job_templates", template["id"]]
        assert kept == json.loads((PROJECT / f"surveys/{Path(playbook).stem}.json").read_text())
        for kind in ("credentials", "notification_templates_error"):
            assert controller.associated["job_templates", template["id"], kind]


def test_each_playbook_of_the_collection_is_in_the_project():
    imported = [
        play["import_playbook"] for name in list_playbooks() for play in read(name) if "import_playbook" in play
    ]
    own = {f"kumo.eks.{path.stem}" for path in (ROOT / "playbooks").glob("*.yml")}
    assert set(imported) == own


def read(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((PROJECT / name).read_text())


def test_drift_compares_with_what_site_declares():
    site, drift = (read(f"{name}.yml")[0]["vars"] for name in ("site", "drift"))
    assert drift == site | {"eks_drift_fail": True}
    questions = [json.loads((PROJECT / f"surveys/{name}.json").read_text())["spec"] for name in ("site", "drift")]
    assert questions[0] == questions[1]


@pytest.mark.parametrize("path", sorted(PROJECT.glob("surveys/**/*.json")), ids=lambda path: path.stem)
def test_awx_takes_the_survey(path: Path):
    spec = json.loads(path.read_text())
    assert list_survey_problems(spec) == []
    asked = {"confirm": "awx-cluster"} if path.stem == "teardown" else {}  # it has no default: each time it is typed in
    assert list_answer_problems(spec, asked) == []


def walk(controller: Controller, workflow: str) -> list[dict[str, Any]]:
    """The nodes of a workflow that has no branches, in their order."""
    number = controller.find("workflow_job_templates", workflow)["id"]
    nodes = controller.objects["workflow_job_template_nodes"]
    own = {key: node for key, node in nodes.items() if node["workflow_job_template"] == number}
    after = {key: controller.associated.get(("workflow_job_template_nodes", key, "success_nodes"), []) for key in own}
    [first] = set(own) - {each for ids in after.values() for each in ids}
    order = [first]
    while after[order[-1]]:
        [following] = after[order[-1]]
        order.append(following)
    assert len(order) == len(own)
    return [own[key] for key in order]


def describe(controller: Controller, node: dict[str, Any]) -> str:
    everything = {key: each for kept in controller.objects.values() for key, each in kept.items()}
    return f"{everything[node['unified_job_template']]['name']} {node.get('job_type', '')}".strip()


def test_the_workflows_wait_for_approvals(configured: tuple[Controller, str, str]):
    controller = configured[0]
    site = [describe(controller, node) for node in walk(controller, "EKS: site, with approval")]
    assert site == ["EKS: site check", "Approve the plan", "EKS: site run", "EKS: audit"]
    waves = walk(controller, "EKS: upgrade in waves")
    assert [describe(controller, node) for node in waves] == [
        "EKS: upgrade_fleet check",
        "Approve the upgrade of staging",
        "EKS: upgrade_fleet run",
        "Approve the upgrade of production",
        "EKS: upgrade_fleet run",
        "EKS: audit_fleet",
    ]
    last = [node["extra_data"].get("last_wave") for node in waves if "extra_data" in node]
    assert last == [None, "eks_tag_Environment_staging", "eks_tag_Environment_production"]


def test_a_workflow_asks_for_nothing_that_its_nodes_set(configured: tuple[Controller, str, str]):
    """Answers of a workflow take precedence over extra_data of nodes: awx/main/models/workflow.py, get_job_kwargs."""
    controller = configured[0]
    for workflow in controller.objects["workflow_job_templates"].values():
        survey = controller.surveys["workflow_job_templates", workflow["id"]]
        asked = {row["variable"] for row in survey["spec"]}
        nodes = walk(controller, workflow["name"])
        assert [node["identifier"] for node in nodes if asked & set(node.get("extra_data", {}))] == []
        missing = {row["variable"] for row in controller.read_survey(nodes[0]["unified_job_template"])["spec"]} - asked
        assert missing <= {"waves", "last_wave"}


def test_schedules_come_when_they_say(configured: tuple[Controller, str, str]):
    controller = configured[0]
    found = {}
    for each in controller.objects["schedules"].values():
        assert "TZID=Asia/Tokyo" in each["rrule"]
        rule = rrulestr(each["rrule"].replace(" ", "\n"))
        times = [time.strftime("%a %H:%M") for _number, time in zip(range(8), rule, strict=False)]
        found[each["name"]] = sorted(set(times))
    assert len(found.pop("EKS: drift, daily")) == 7
    assert found == {"EKS: audit, weekly": ["Mon 07:00"], "EKS: add-on updates, in their window": ["Tue 02:00"]}
    window = json.loads(controller.find("job_templates", "EKS: update_addons")["extra_vars"])["eks_maintenance_windows"]
    assert window == [{"days": ["Tue"], "start": "02:00", "duration": "3h", "timezone": "Asia/Tokyo"}]


def render(kind: dict[str, Any], inputs: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment that AWX gives a job by a credential: its injectors are Jinja2 with the inputs, and files of the job."""
    engine = jinja2.sandbox.ImmutableSandboxedEnvironment()
    injectors = kind["injectors"]
    path = folder / "config"
    path.write_text(engine.from_string(injectors["file"]["template.config"]).render(**inputs))
    names = {**inputs, "tower": {"filename": {"config": str(path)}}}
    return {key: engine.from_string(text).render(**names) for key, text in injectors["env"].items()}


def let_assume(sandbox: Sandbox, external_id: str) -> None:
    """Create the role, which wants the external ID if there is one."""
    principal = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    condition = {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}} if external_id else {}
    document = {"Version": "2012-10-17", "Statement": [principal | condition]}
    iam = sandbox.client("iam")
    iam.create_role(RoleName="eks-operations", AssumeRolePolicyDocument=json.dumps(document))


@pytest.mark.parametrize("external_id", ["", "Zm9v"])
def test_the_credential_gives_a_job_its_role(
    configured: tuple[Controller, str, str], sandbox: Sandbox, tmp_path: Path, monkeypatch, external_id: str
):
    kind = configured[0].find("credential_types", "EKS: role of AWS, assumed with keys")
    let_assume(sandbox, external_id)
    inputs = {
        "access_key": sandbox.env["AWS_ACCESS_KEY_ID"],
        "secret_key": sandbox.env["AWS_SECRET_ACCESS_KEY"],
        "role_arn": "arn:aws:iam::123456789012:role/eks-operations",
        "external_id": external_id,
        "region": "ap-northeast-1",
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, text in render(kind, inputs, tmp_path).items():
        monkeypatch.setenv(name, text)
    session = boto3.Session()
    assert session.region_name == "ap-northeast-1"
    profile = session._session.get_scoped_config()
    assert profile.get("external_id", "") == external_id
    who = session.client("sts", endpoint_url=sandbox.env["AWS_ENDPOINT_URL"]).get_caller_identity()
    assert who["Arn"].endswith("assumed-role/eks-operations/awx")


def test_the_pods_role_needs_no_key(configured: tuple[Controller, str, str], tmp_path: Path, monkeypatch):
    kind = configured[0].find("credential_types", "EKS: role of AWS, assumed by the pod")
    inputs = {"role_arn": "arn:aws:iam::123456789012:role/eks-operations", "region": "eu-west-1"}
    assert not any(row.get("secret") for row in kind["inputs"]["fields"])
    environment = render(kind, inputs, tmp_path)
    assert set(environment) == {"AWS_CONFIG_FILE", "AWS_PROFILE", "AWS_REGION"}
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    profile = boto3.Session()._session.get_scoped_config()
    assert profile["credential_source"] == "EcsContainer"
