# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example project under AWX's engine: a private data directory, and its pipeline of transmit, worker and process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kumo_sandbox import Sandbox

PROJECT = Path(__file__).resolve().parents[2] / "docs/examples/awx-project"
RUNNER = Path(sys.executable).with_name("ansible-runner")
NAME = "awx-cluster"
HERE = {
    "hosts": "localhost",
    "waves": "localhost",
    "soak": "0",
    "eks_cluster_name": NAME,
    "eks_region": "ap-northeast-1",
}


def answers(survey: str = "survey.json") -> dict[str, str]:
    """A survey's defaults, as AWX hands them over: all of them texts."""
    return {row["variable"]: str(row["default"]) for row in json.loads((PROJECT / survey).read_text())["spec"]}


@pytest.fixture
def awx(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private data directory as AWX makes it: project, inventory, extra variables, and the AWS credential, which has no region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    keys = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name in keys:
        monkeypatch.delenv(name)
    folder = tmp_path / "private"
    shutil.copytree(PROJECT, folder / "project")
    for name, text in {
        "inventory/hosts": "localhost ansible_connection=local\n",
        "env/extravars": json.dumps(answers()),
        "env/envvars": json.dumps(
            {**{key: sandbox.env[key] for key in keys}, "ANSIBLE_HOME": str(tmp_path / "home"), "PATH": path_of_tools()}
        ),
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def path_of_tools() -> str:
    return f"{RUNNER.parent}:/usr/bin:/bin"


def run(folder: Path, playbook: str, check: bool = False) -> list[dict[str, Any]]:
    """Run a playbook of the project in the private data directory; the job's events."""
    job = ["--cmdline=--check"] if check else []
    done = subprocess.run(
        [str(RUNNER), "run", str(folder), "-p", playbook, "-i", playbook, "--quiet", *job],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "env" / "cmdline").unlink(missing_ok=True)  # ansible-runner keeps it for the next job
    found = events(folder / "artifacts" / playbook)
    assert done.returncode == 0, printed(found) + done.stdout + done.stderr
    return found


def events(artifacts: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    return sorted(found, key=lambda event: event["counter"])


def printed(found: list[dict[str, Any]]) -> str:
    return "\n".join(event["stdout"] for event in found)


def changed(found: list[dict[str, Any]]) -> int:
    stats = next(event for event in found if event["event"] == "playbook_on_stats")["event_data"]
    assert not stats["failures"] and not stats["dark"], printed(found)
    return stats["changed"].get("localhost", 0)


def test_the_surveys_cluster_comes_up_stays_as_it_is_and_goes(sandbox: Sandbox, awx: Path, tmp_path: Path):
    found = run(awx, "site.yml")
    assert changed(found) > 0
    assert f"[{NAME}] nodegroup general: ACTIVE" in printed(found)
    eks = sandbox.client("eks")
    assert eks.describe_cluster(name=NAME)["cluster"]["version"] == "1.34"
    sizes = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]["scalingConfig"]
    assert sizes == {"minSize": 1, "maxSize": 6, "desiredSize": 3}

    (folder_vars := awx / "env/extravars").write_text(
        json.dumps({**answers("cost-survey.json"), "kubernetes_api": "no"})
    )
    cost = printed(run(awx, "cost.yml"))
    assert "node group general, " in cost and "USD a month (730 hours a month" in cost
    folder_vars.write_text(json.dumps(answers()))

    again = through_the_pipeline(awx, tmp_path)
    assert changed(again) == 0, printed(again)

    own = json.loads((awx / "env/extravars").read_text())
    (awx / "env/extravars").write_text(json.dumps(answers("audit-survey.json")))
    audited = run(awx, "audit.yml")
    assert changed(audited) == 0 and "KUMO-A09" in printed(audited)
    (awx / "env/extravars").write_text(json.dumps(answers("update_addons-survey.json")))
    updated = run(awx, "update_addons.yml")
    assert changed(updated) == 0 and "Update | " not in printed(updated), printed(updated)
    (awx / "env/extravars").write_text(
        json.dumps({**answers("upgrade_fleet-survey.json"), **HERE, "eks_upgrade_wave_checks": ["version", "cluster"]})
    )
    through_waves = run(awx, "upgrade_fleet.yml")
    assert changed(through_waves) == 0 and "1 of 1 waves have passed." in printed(through_waves)
    folder_vars.write_text(
        json.dumps({**answers("update_addons_fleet-survey.json"), **HERE, "eks_upgrade_wave_checks": ["addons"]})
    )
    in_waves = run(awx, "update_addons_fleet.yml")
    assert changed(in_waves) == 0 and "1 of 1 waves have passed." in printed(in_waves)
    asked = {**answers("replace_nodegroup-survey.json"), "instance_types": "m6i.large, m5.large", "stop_at": "ready"}
    folder_vars.write_text(json.dumps(asked))
    assert "create node group general-2 with 3 nodes" in printed(run(awx, "replace_nodegroup.yml", check=True))
    folder_vars.write_text(json.dumps(answers("rollback-survey.json")))
    back = printed(run(awx, "rollback.yml", check=True))
    assert f"Rollback of cluster {NAME} from 1.34 to 1.33: " in back and "? insights unknown" in back, back
    (awx / "env/extravars").write_text(json.dumps(own))

    given = {**answers("teardown-survey.json"), "confirm": NAME}
    (awx / "env/extravars").write_text(json.dumps(given))
    assert changed(run(awx, "teardown.yml")) > 0
    assert eks.list_clusters()["clusters"] == []
    own = [{"Name": "is-default", "Values": ["false"]}]
    assert sandbox.client("ec2").describe_vpcs(Filters=own)["Vpcs"] == []


def through_the_pipeline(folder: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Run site.yml as AWX does it on its nodes: packed, run elsewhere, and the events sent back."""
    back, elsewhere = tmp_path / "back", tmp_path / "elsewhere"
    back.mkdir()
    words = [
        f"{RUNNER} transmit {folder} -p site.yml",
        f"{RUNNER} worker --private-data-dir {elsewhere}",
        f"{RUNNER} process {back}",
    ]
    command = ["bash", "-euo", "pipefail", "-c", " | ".join(words)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return events(back / "artifacts")


@pytest.mark.parametrize(
    ("survey", "playbook"),
    [
        ("survey", "site"),
        ("teardown-survey", "teardown"),
        ("cost-survey", "cost"),
        ("audit-survey", "audit"),
        ("upgrade_fleet-survey", "upgrade_fleet"),
        ("update_addons-survey", "update_addons"),
        ("update_addons_fleet-survey", "update_addons_fleet"),
        ("replace_nodegroup-survey", "replace_nodegroup"),
        ("rollback-survey", "rollback"),
        ("take_over_addons-survey", "take_over_addons"),
    ],
)
def test_the_surveys_choices_are_texts_and_its_variables_are_used(survey: str, playbook: str):
    spec = json.loads((PROJECT / f"{survey}.json").read_text())["spec"]
    assert [row["variable"] for row in spec if not isinstance(row["default"], str)] == []
    used = (PROJECT / f"{playbook}.yml").read_text()
    own = {"eks_cluster_name", "eks_region"}  # the roles read them
    assert [row["variable"] for row in spec if row["variable"] not in own and row["variable"] not in used] == []
