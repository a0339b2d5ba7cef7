"""What moto lacks beside AWS. Importing a file of this room installs its rules, once for the process.

Each rule is a function that a decorator of ``hooks`` puts before or around a method of moto. ``runtime`` has what the
rules need of the running sandbox: its agenda and its quotas. ``fidelity.md`` lists the rules with their sources.
"""

from __future__ import annotations

import os

# read by moto when it is imported, or when a backend is made
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "false")
