# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of an add-on with a field that was changed in the cluster, on a real Kubernetes API server."""

from __future__ import annotations

import pytest
from test_addon_takeover import CLUSTER, SYSTEM, build_cluster, eventually

from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import poll_for
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesError, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import DAEMON_SET
from kumo_sandbox import Sandbox

pytestmark = pytest.mark.extended
OLD, NEW = "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1"
NAME = "WARM_ENI_TARGET"
FIELD = f'DaemonSet.apps aws-node - .spec.template.spec.containers[name="aws-node"].env[name="{NAME}"].value'


@pytest.fixture(scope="module")
def standing():
    with Sandbox(speed="instant", kubernetes=True) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        build_cluster(sandbox)
        yield sandbox


@pytest.fixture(scope="module")
def api(standing):
    def answers():
        try:
            return found.get_version()
        except KubernetesError:
            return None

    with open_cluster_api(standing.client("eks"), standing.client("sts"), CLUSTER) as found:
        eventually(answers)
        yield found


def read(api):
    """Version and value of the field; nothing where the DaemonSet is not there."""
    found = api.get(DAEMON_SET, "aws-node", SYSTEM)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    env = {row["name"]: row.get("value") for row in container["env"]}
    return container["image"].rpartition(":")[2], env.get(NAME)


def wait_until(api, version, value):
    """The sandbox's control plane follows what EKS answers a moment later."""
    assert poll_for(lambda: ((found := read(api)) == (version, value), found), 30) == (version, value)


def is_applied(api):
    managers = api.get(DAEMON_SET, "aws-node", SYSTEM)["metadata"]["managedFields"]
    return any((row["manager"], row["operation"]) == ("eks", "Apply") for row in managers)


def change(api, value):
    containers = [{"name": "aws-node", "env": [{"name": NAME, "value": value}]}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    api.patch(DAEMON_SET, "aws-node", body, SYSTEM, "application/strategic-merge-patch+json")


def test_a_changed_field_is_refused_kept_and_written_over(standing, api, run_module):
    words = {"cluster_name": CLUSTER, "name": "vpc-cni", "wait": True, "wait_timeout": 60}
    made = run_module("eks_addon", {**words, "version": OLD, "resolve_conflicts": "OVERWRITE"})
    assert not made["failed"], made
    eventually(lambda: is_applied(api))  # EKS installed the same with the cluster
    change(api, "3")

    refused = run_module("eks_addon", {**words, "version": NEW})
    assert refused["failed"] and "ended Failed: ConfigurationConflict: Conflicts found" in refused["msg"], refused
    assert FIELD in refused["msg"] and "Set resolve_conflicts=PRESERVE to keep what they have" in refused["msg"]
    assert read(api) == (OLD, "3")
    later = run_module("eks_addon", {"cluster_name": CLUSTER, "name": "vpc-cni"}, check=True)
    assert later["changed"]  # it is UPDATE_FAILED, and is updated again

    values = {"configuration_values": {"env": {"WARM_IP_TARGET": "2"}}}
    kept = run_module("eks_addon", {**words, **values, "resolve_conflicts": "PRESERVE"})
    assert not kept["failed"] and kept["status"] == "ACTIVE", kept
    updated = run_module("eks_addon_update", {"cluster_name": CLUSTER, "version": "most_recent", "adopt": True})
    assert not updated["failed"] and [row["after"] for row in updated["done"]] == [NEW], updated
    wait_until(api, NEW, "3")

    over = run_module("eks_addon", {**words, "configuration_values": {}, "resolve_conflicts": "OVERWRITE"})
    assert not over["failed"], over
    wait_until(api, NEW, "1")
    assert not run_module("eks_addon", {**words, **values})["failed"]  # nothing is in conflict any more
