"""The log of one cluster's backend."""

from __future__ import annotations

import logging
from pathlib import Path


def build_logger(arn: str, folder: Path) -> logging.Logger:
    """Errors of a cluster go to sandbox.log in its folder.

    The logger is the cluster's own: one that is on its way out shares none with its successor of the same name.
    """
    log = logging.Logger(f"kumo_sandbox.kubernetes.{arn}")
    log.addHandler(logging.FileHandler(folder / "sandbox.log", delay=True))
    log.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return log
