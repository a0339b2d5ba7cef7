# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies in docs are enough: the examples come up and go for a user who has these documents and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.clock import SPEED
from support.least_rights import CLUSTER_POLICY, DOCS, IDENTITIES_POLICY, create_user, list_denied, read_policy

from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended

GUIDE = {"eks_cluster_config": str(DOCS / "examples/cluster-config.yaml")}
IDENTITIES = f"@{DOCS / 'examples/identities.yaml'}"
LONGEST_POLICY = (
    6144  # characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
)


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    with Sandbox(speed=SPEED, kubernetes=True, enforce_iam=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing: Sandbox) -> Sandbox:
    standing.reset()
    return standing


@pytest.fixture
def become(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """become("iam-policy.json", ...) makes playbooks run as a user with these policies of docs."""

    def give(*names: str) -> None:
        for variable, value in create_user(sandbox, *names).items():
            monkeypatch.setenv(variable, value)

    return give


def list_left(sandbox: Sandbox) -> list[str]:
    """What of the cluster is left: a role that could not be judged is kept, and a teardown is green all the same."""
    ec2, iam = sandbox.client("ec2"), sandbox.client("iam")
    names = [row["RoleName"] for row in iam.list_roles()["Roles"]]
    names += [row["PolicyName"] for row in iam.list_policies(Scope="Local")["Policies"]]
    names += [row["LaunchTemplateName"] for row in ec2.describe_launch_templates()["LaunchTemplates"]]
    names += sandbox.client("eks").list_clusters()["clusters"]
    vpcs = [row["VpcId"] for row in ec2.describe_vpcs()["Vpcs"] if not row["IsDefault"]]
    return [name for name in names if "my-cluster" in name or "my-app" in name] + vpcs


def test_the_guides_cluster_comes_up_and_goes_with_its_policy(sandbox, become, play):
    become(CLUSTER_POLICY)
    play("kumo.eks.site", "--check", "--diff", **GUIDE).assert_ok()
    play("kumo.eks.site", **GUIDE).assert_ok()
    play("kumo.eks.site", **GUIDE).assert_unchanged()
    play("kumo.eks.teardown", **GUIDE).assert_ok()
    assert list_denied(sandbox.calls()) == []
    assert {row["principal"] for row in sandbox.calls() if row["operation"] == "CreateVpc"} == {
        "arn:aws:iam::123456789012:user/runner"
    }
    assert list_left(sandbox) == []


def test_identities_come_up_and_go_with_both_policies(sandbox, become, play):
    issuer = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/NEIGHBOUR"
    sandbox.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    become(CLUSTER_POLICY, IDENTITIES_POLICY)
    play("kumo.eks.site", "-e", IDENTITIES).assert_ok()
    play("kumo.eks.site", "-e", IDENTITIES).assert_unchanged()
    play("kumo.eks.teardown", "-e", IDENTITIES).assert_ok()
    assert list_denied(sandbox.calls()) == []
    assert list_left(sandbox) == []


@pytest.mark.parametrize("name", [CLUSTER_POLICY, IDENTITIES_POLICY])
def test_a_policy_is_as_short_as_iam_takes(name):
    assert len(read_policy(name)) <= LONGEST_POLICY
