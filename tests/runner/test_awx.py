# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example project under AWX's engine: a private data directory, and its pipeline of transmit, worker and process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.runner_jobs import PROJECT, RUNNER, answers, events, printed, run

from kumo_sandbox import Sandbox

NAME = "awx-cluster"
HERE = {
    "hosts": "localhost",
    "waves": "localhost",
    "soak": "0",
    "eks_cluster_name": NAME,
    "eks_region": "ap-northeast-1",
}


def answer(folder: Path, playbook: str, **others: Any) -> None:
    """Answer the survey of a playbook by its defaults and others."""
    (folder / "env/extravars").write_text(json.dumps({**answers(playbook), **others}))


def changed(found: list[dict[str, Any]]) -> int:
    stats = next(event for event in found if event["event"] == "playbook_on_stats")["event_data"]
    assert not stats["failures"] and not stats["dark"], printed(found)
    return stats["changed"].get("localhost", 0)


def test_the_surveys_cluster_comes_up_stays_as_it_is_and_goes(sandbox: Sandbox, awx: Path, tmp_path: Path):
    found = run(awx, "site.yml")
    assert changed(found) > 0
    assert f"[{NAME}] nodegroup general: ACTIVE" in printed(found)
    eks = sandbox.client("eks")
    assert eks.describe_cluster(name=NAME)["cluster"]["version"] == "1.35"
    sizes = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]["scalingConfig"]
    assert sizes == {"minSize": 1, "maxSize": 6, "desiredSize": 3}

    (folder_vars := awx / "env/extravars").write_text(json.dumps({**answers("cost"), "kubernetes_api": "no"}))
    cost = printed(run(awx, "cost.yml"))
    assert "node group general, " in cost and "USD a month (730 hours a month" in cost
    folder_vars.write_text(json.dumps(answers()))

    again = through_the_pipeline(awx, tmp_path)
    assert changed(again) == 0, printed(again)

    own = json.loads((awx / "env/extravars").read_text())
    answer(awx, "audit")
    audited = run(awx, "audit.yml")
    assert changed(audited) == 0 and "KUMO-A09" in printed(audited)
    look_at_it_in_other_ways(awx)
    (awx / "env/extravars").write_text(json.dumps(answers("update_addons")))
    updated = run(awx, "update_addons.yml")
    assert changed(updated) == 0 and "Update | " not in printed(updated), printed(updated)
    (awx / "env/extravars").write_text(
        json.dumps({**answers("upgrade_fleet"), **HERE, "eks_upgrade_wave_checks": ["version", "cluster"]})
    )
    through_waves = run(awx, "upgrade_fleet.yml")
    assert changed(through_waves) == 0 and "1 of 1 wave has passed." in printed(through_waves)
    folder_vars.write_text(
        json.dumps({**answers("update_addons_fleet"), **HERE, "eks_upgrade_wave_checks": ["addons"]})
    )
    in_waves = run(awx, "update_addons_fleet.yml")
    assert changed(in_waves) == 0 and "1 of 1 wave has passed." in printed(in_waves)
    asked = {**answers("replace_nodegroup"), "instance_types": "m6i.large, m5.large", "stop_at": "ready"}
    folder_vars.write_text(json.dumps(asked))
    assert "create node group general-2 with 3 nodes" in printed(run(awx, "replace_nodegroup.yml", check=True))
    folder_vars.write_text(json.dumps(answers("rollback")))
    back = printed(run(awx, "rollback.yml", check=True))
    assert f"Rollback of cluster {NAME} from 1.35 to 1.34: " in back and "? insights unknown" in back, back
    (awx / "env/extravars").write_text(json.dumps(own))

    given = {**answers("teardown"), "confirm": NAME}
    (awx / "env/extravars").write_text(json.dumps(given))
    assert changed(run(awx, "teardown.yml")) > 0
    assert eks.list_clusters()["clusters"] == []
    own = [{"Name": "is-default", "Values": ["false"]}]
    assert sandbox.client("ec2").describe_vpcs(Filters=own)["Vpcs"] == []


def look_at_it_in_other_ways(awx: Path) -> None:
    """The jobs that read the cluster of site.yml, or plan."""
    answer(awx, "audit_fleet", hosts="localhost", eks_cluster_name=NAME, eks_region=HERE["eks_region"])
    assert "KUMO-A09" in printed(run(awx, "audit_fleet.yml"))
    answer(awx, "drift")
    drift = run(awx, "drift.yml")
    assert changed(drift) == 0
    answer(awx, "export")
    written = printed(run(awx, "export.yml"))
    assert f"eks_cluster_name: {NAME}" in written and "kind: ClusterConfig" in written
    answer(awx, "upgrade", version="1.36")
    assert f"Upgrade of cluster {NAME} from 1.35 to 1.36: " in printed(run(awx, "upgrade.yml", check=True))
    answer(awx, "migrate_pod_identity")
    assert "Nothing gets a role by IRSA." in printed(run(awx, "migrate_pod_identity.yml", check=True))


@pytest.mark.parametrize("playbook", ["take_over_addons", "migrate_aws_auth"])
def test_what_is_in_a_cluster_that_does_not_exist_is_refused(sandbox: Sandbox, awx: Path, playbook: str):
    answer(awx, playbook)
    assert NAME in printed(run(awx, f"{playbook}.yml", fails=True))


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


PLAYBOOKS = sorted(path.stem for path in (PROJECT / "surveys").glob("*.json"))


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_the_variables_of_a_survey_are_used(playbook: str):
    used = (PROJECT / f"{playbook}.yml").read_text()
    own = {"eks_cluster_name", "eks_region"}  # the roles read them
    assert [name for name in answers(playbook) if name not in own and name not in used] == []
