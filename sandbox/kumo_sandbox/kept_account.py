"""For tests: an account that is kept from one to the next, as long as none changes it. To build it takes longer than most of them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from kumo_sandbox.sandbox import Sandbox

Key = tuple[str, str]


class KeptAccount:
    """What fixtures have built in a sandbox's account, in their order."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._built: dict[Key, Any] = {}
        self._seen: Any = None
        self._test: Any = None

    def begin(self, request: pytest.FixtureRequest) -> None:
        """Give a test its account: empty, or as its fixtures left it for the last test if nothing was changed since."""
        self._test = request.node
        if self._built and self._is_wanted(request) and self._seen == self._look():
            self._sandbox.restore_settings()
            return
        self._built.clear()
        self._sandbox.reset()
        self._seen = self._look()

    def _is_wanted(self, request: pytest.FixtureRequest) -> bool:
        """Whether all that is built is of fixtures of this test: of its module, or of a conftest.py."""
        return all(
            name in request.fixturenames and (module == request.module.__name__ or module.split(".")[-1] == "conftest")
            for module, name in self._built
        )

    def build(self, request: pytest.FixtureRequest, work: Callable[[], Any]) -> Any:
        """What a fixture builds: by its work, or built for an earlier test. Its value is data.

        After a fixture that keeps nothing it is built for this test alone, as in a test that did not begin here.
        """
        if request.node is not self._test:
            return work()
        key = (work.__module__, request.fixturename)
        if key not in self._built:
            untouched = self._seen == self._look()
            value = work()
            if not untouched:
                return value
            self._built[key] = value
            self._seen = self._look()
        return copy.deepcopy(self._built[key])

    def _look(self) -> Any:
        """What differs after a change, through the API or by hand."""
        store = self._sandbox.store
        store.settle()
        return self._sandbox.recorder.changes, repr((store.clusters, store.registrations))
