# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # amazon.aws.boto3 has the versions that the modules of amazon.aws need, and these modules need newer ones.
    DOCUMENTATION = r"""
options: {}
requirements:
  - python >= 3.11
  - boto3 >= 1.42.1
  - botocore >= 1.42.1
"""

    KUBERNETES = r"""
options: {}
requirements:
  - kubernetes >= 26.1.0, where the task uses the Kubernetes API of the cluster
"""

    HELM = r"""
options: {}
requirements:
  - Helm 3.14 or later, or Helm 4
  - PyYAML >= 6.0.1
"""
