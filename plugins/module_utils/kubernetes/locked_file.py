# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that other programs write, too: locked as kubectl locks it, and replaced in one step."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import LocalFileError

MODE = 0o600
LOCK_TIMEOUT = 30.0  # seconds; a writer is done in less than one
LOCK_PAUSE = 0.05


def read_text(path: str) -> str | None:
    """A file's text, None where there is none.

    Raises:
        EksError: it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise LocalFileError(f"path: {path} is not text in UTF-8. Nothing was written.") from None
    except OSError as error:
        raise LocalFileError(f"path: {path} cannot be read: {error.strerror}") from None


def get_mode(path: str) -> int | None:
    """A file's permissions, None where there is none."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        return None


def write_text(path: str, text: str) -> None:
    """Put a file in place in one step, with mode 0600 from its first moment.

    Raises:
        EksError: it cannot be written.
    """
    draft = ""
    try:
        # In the same folder: a rename replaces a file in one step only within a file system.
        handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner(path, draft)
        os.replace(draft, path)
    except OSError as error:
        if draft:
            os.unlink(draft)
        raise LocalFileError(f"path: {path} cannot be written: {error.strerror}") from None


def _keep_owner(path: str, draft: str) -> None:
    """Let a file that a user owns stay theirs when root writes it."""
    if os.geteuid() == 0 and os.path.exists(path):
        before = os.stat(path)
        os.chown(draft, before.st_uid, before.st_gid)


@contextmanager
def lock_file(path: str) -> Iterator[None]:
    """Hold the lock that kubectl takes before it changes a kubeconfig: a file beside it that must be new.

    https://github.com/kubernetes/client-go/blob/master/tools/clientcmd/loader.go (lockFile). kubectl itself does not wait
    for the lock. Its own writes are over at once.

    Raises:
        EksError: somebody else holds it for too long.
    """
    lock, until = f"{path}.lock", time.monotonic() + LOCK_TIMEOUT
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        while not _take_lock(lock):
            if time.monotonic() >= until:
                raise LocalFileError(
                    f"path: {lock} exists for more than {LOCK_TIMEOUT:.0f} s: another program is changing the file, or"
                    " was killed while it did. Remove it if nothing else is at work."
                )
            time.sleep(LOCK_PAUSE)
    except OSError as error:
        raise LocalFileError(f"path: {path} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        with suppress(FileNotFoundError):  # somebody took it for a stale one
            os.unlink(lock)


def _take_lock(lock: str) -> bool:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
    except FileExistsError:
        return False
    return True
