# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 5 of the guide, with the real Helm 3 and 4 and the real ingress-nginx."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from charts import NEVER_READY
from conftest import HELM_4

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
ANNOTATION = r'controller.service.annotations."service\.beta\.kubernetes\.io/aws-load-balancer-type"=nlb'


def test_ingress_nginx_as_in_the_guide(keep, kubernetes_sandbox):
    options = {
        "chart": "ingress-nginx",
        "repository": kubernetes_sandbox.chart_repository,
        "version": ">=4.11.0 <5.0.0",
        "set_values": ["controller.service.type=LoadBalancer", ANNOTATION],
        "wait": True,
    }
    planned = keep("ingress-nginx", check=True, **options)
    assert (planned["action"], planned["chart"]) == ("install", "ingress-nginx-4.11.0")
    assert "service.beta.kubernetes.io/aws-load-balancer-type: nlb" in planned["diff"]["after"]

    made = keep("ingress-nginx", **options)
    assert (made["action"], made["status"], made["revision"]) == ("install", "deployed", 1)
    assert made["diff"] == planned["diff"]
    again = keep("ingress-nginx", **options)
    assert (again["changed"], again["revision"]) == (False, 1)

    newer = keep("ingress-nginx", **options, values={"controller": {"replicaCount": 2}})
    assert (newer["action"], newer["reasons"], newer["revision"]) == ("upgrade", ["values", "manifests"], 2)
    back = keep("ingress-nginx", module="eks_helm_rollback", wait=True)
    assert (back["changed"], back["rolled_back_to"], back["revision"]) == (True, 1, 3)
    assert keep("ingress-nginx", **options)["changed"] is False
    assert keep("ingress-nginx", state="absent")["action"] == "uninstall"


def test_the_guides_chart_with_its_production_values(keep, programs, namespace):
    chart = str(EXAMPLES / "my-chart")
    options = {"chart": chart, "values_files": [str(EXAMPLES / "production-values.yaml")]}
    made = keep("my-app", **options, wait=True, wait_timeout=120)
    assert (made["status"], made["chart"]) == ("deployed", "my-chart-0.1.0")
    assert keep("my-app", **options)["changed"] is False
    changed = keep("my-app", check=True, **options, values={"image": {"tag": "v1.2.4"}})
    assert changed["reasons"] == ["values", "manifests"]
    assert "my-app:v1.2.4" in changed["diff"]["after"]
    assert keep("my-app", **options)["revision"] == 1
    found = keep("my-app", module="eks_helm_info", namespace=None)["releases"]
    assert [row["status"] for row in found if row["namespace"] == namespace] == ["deployed"]
    subprocess.run([programs["helm"], "lint", chart, "--strict"], check=True, capture_output=True)


def test_a_failed_upgrade_is_rolled_back_and_says_which_pods_were_to_blame(keep, chart):
    assert keep("web", chart=chart, wait=True)["revision"] == 1
    failed = keep("web", chart=chart, atomic=True, wait_timeout=6, values=NEVER_READY, fails=True)
    assert "It was rolled back: Rollback to 1, as revision 3. Not ready: pod web-controller-" in failed["msg"]
    assert failed["changed"] is True
    assert (failed["status"], failed["revision"]) == ("deployed", 3)
    assert keep("web", chart=chart, values={})["changed"] is False


def test_a_failed_installation_is_removed(keep, chart):
    failed = keep("web", chart=chart, atomic=True, wait_timeout=6, values=NEVER_READY, fails=True)
    assert "Nothing of the release is left. Not ready: pod web-controller-" in failed["msg"]
    assert keep("web", module="eks_helm_info")["releases"] == []


@pytest.mark.extended
@HELM_4
def test_a_failed_installation_without_atomic_stays_and_is_done_again(keep, chart):
    failed = keep("web", chart=chart, wait=True, wait_timeout=5, values=NEVER_READY, fails=True)
    assert "It is failed at revision 1. Not ready: pod web-controller-" in failed["msg"]
    seen = keep("web", module="eks_helm_info", status=["failed"])["releases"]
    assert [(row["name"], row["status"]) for row in seen] == [("web", "failed")]
    planned = keep("web", chart=chart, values=NEVER_READY, check=True)
    assert (planned["action"], planned["reasons"]) == ("upgrade", ["revision 1 is failed"])
    assert keep("web", chart=chart, values={}, wait=True)["status"] == "deployed"


@pytest.mark.extended
@HELM_4
def test_a_release_goes_with_or_without_its_history(keep, chart, kubectl, namespace):
    keep("web", chart=chart)
    assert keep("web", state="absent", keep_history=True)["action"] == "uninstall"
    assert keep("web", state="absent", keep_history=True)["changed"] is False
    assert keep("web", module="eks_helm_info", status=["uninstalled"])["releases"][0]["revision"] == 1
    again = keep("web", chart=chart)
    assert (again["action"], again["revision"]) == ("install", 2)

    kubectl("delete", "namespace", namespace)
    assert keep("web", state="absent")["changed"] is False
    assert keep("web", chart=chart)["revision"] == 1
    assert keep("web", state="absent", wait=True)["action"] == "uninstall"
    assert keep("web", module="eks_helm_info")["releases"] == []
