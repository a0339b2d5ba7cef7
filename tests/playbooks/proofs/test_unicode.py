# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Letters of all languages and spaces, in tags, in a ClusterConfig, and in the names of folders and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support import clock

pytestmark = pytest.mark.extended
CONFIG = Path(__file__).parents[3] / "docs/examples/cluster-config.yaml"
NAME = "my-cluster"
TAGS = {"Größe": "5 mü @ groß", "部署 名": "プラットフォーム", "Coût/équipe": "à payer: +10 EUR"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "Größe 名前 (eins)"
    path.mkdir()
    return path


@pytest.fixture
def guide(folder: Path) -> dict[str, str]:
    """The guide's file with these tags, beside the kubeconfig that site.yml writes."""
    config = yaml.safe_load(CONFIG.read_text())
    config["metadata"]["tags"] = TAGS
    config["managedNodeGroups"] = [{**group, "tags": TAGS} for group in config["managedNodeGroups"][:1]]
    path = folder / "клас тер.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return {"eks_cluster_config": str(path), "eks_cluster_kubeconfig": str(folder / "kube config ü")}


def test_tags_and_paths_come_through(sandbox, play, account, guide):
    before = account()
    play("kumo.eks.site", "--check", "--diff", **guide).assert_ok()
    play("kumo.eks.site", **guide).assert_ok()
    eks, ec2, iam = (sandbox.client(name) for name in ("eks", "ec2", "iam"))
    cluster = eks.describe_cluster(name=NAME)["cluster"]
    group = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general-purpose")["nodegroup"]
    own = [{"Name": "tag-key", "Values": [f"kumo.eks/{sandbox.region}/{NAME}"]}]
    found = {
        "cluster": cluster["tags"],
        "node group": group["tags"],
        "VPC": {row["Key"]: row["Value"] for row in ec2.describe_vpcs(Filters=own)["Vpcs"][0]["Tags"]},
        "role": {
            row["Key"]: row["Value"]
            for row in iam.list_role_tags(RoleName=cluster["roleArn"].rpartition("/")[2])["Tags"]
        },
    }
    assert {kind: {key: tags.get(key) for key in TAGS} for kind, tags in found.items()} == dict.fromkeys(found, TAGS)
    assert NAME in Path(guide["eks_cluster_kubeconfig"]).read_text(encoding="utf-8")
    play("kumo.eks.site", **guide).assert_unchanged()

    eks.tag_resource(resourceArn=cluster["arn"], tags={"Größe": "klein"})
    clock.settle(sandbox)
    plan = play("kumo.eks.site", "--check", "--diff", **guide).assert_ok()
    # Ansible prints a diff as JSON, with escapes for all but ASCII; the plan at the end is ours.
    lines = [line.strip(" ,") for line in plan.output.splitlines() if "klein" in line or "5 m" in line]
    wanted = [
        f"{sign}        {json.dumps('Größe')}: {json.dumps(text)}"
        for sign, text in (("-", "klein"), ("+", TAGS["Größe"]))
    ]
    assert lines == [*wanted, f"tags.Größe: klein -> {TAGS['Größe']}"], plan.output
    play("kumo.eks.site", **guide).assert_ok()
    play("kumo.eks.teardown", **guide).assert_ok()
    assert account() == before
