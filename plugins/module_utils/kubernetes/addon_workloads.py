# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workloads in kube-system of the add-ons that every cluster has from the beginning, also where EKS does not manage them. Pure data."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import DAEMON_SET, DEPLOYMENT

WORKLOADS = {
    "vpc-cni": (DAEMON_SET, "aws-node"),
    "kube-proxy": (DAEMON_SET, "kube-proxy"),
    "coredns": (DEPLOYMENT, "coredns"),
}
