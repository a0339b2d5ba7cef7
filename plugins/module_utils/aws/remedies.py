# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about an error of AWS that has nothing to do with the resource: a call that is denied, a session that has ended."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import explain_denial

# EKS, EC2, and IAM with most others: https://github.com/aws/aws-sdk-go/pull/253
EXPIRED = ("ExpiredTokenException", "RequestExpired", "ExpiredToken")


def is_expired(error: Exception) -> bool:
    """Whether the session of the credentials has ended."""
    return has_code(error, *EXPIRED)


def explain_remedy(error: Exception) -> str:
    """A sentence; "" where the error says all there is."""
    if is_expired(error):
        return "The session of the credentials has ended. Renew the credentials and run the task again: it continues where it stopped."
    return explain_denial(error)
