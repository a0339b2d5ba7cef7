# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster

CLUSTER = {"cluster": build_cluster(version="1.31")}


def written(minor):
    row = {"kind": "FlowSchema", "namespace": "", "name": "mine", "api_version": "flowcontrol.apiserver.k8s.io/v1beta3"}
    return {**CLUSTER, "removed_api_managers": [{**row, "manager": "helm", "minor": minor}]}


def stored(minor):
    row = {"namespace": "shop", "name": "web", "api_version": "batch/v1beta1", "kind": "CronJob", "object": "night"}
    return {**CLUSTER, "removed_api_releases": [{**row, "minor": minor}]}


CASES = {
    "applied_by_removed_api": Case(bad=written(32), resources=["FlowSchema mine"], good=written(33), words=("helm",)),
    "released_by_removed_api": Case(
        bad=stored(32), resources=["Helm release shop/web"], good=stored(33), words=("CronJob night",)
    ),
    "removed_later": Case(
        bad={**written(33), **stored(33)},
        resources=["FlowSchema mine", "Helm release shop/web"],
        good={**written(32), **stored(32)},
    ),
}
