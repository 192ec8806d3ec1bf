"""Why the bugs cannot be planted.

- :class:`MutantsError`: any of them
    - :class:`HeadIncomplete`: a patch does not say what it is
    - :class:`PatchDoesNotApply`: the code has changed under a patch
    - :class:`BaselineFails`: the tests fail with nothing planted, or cannot be run
"""

from __future__ import annotations

__all__ = ["BaselineFails", "HeadIncomplete", "MutantsError", "PatchDoesNotApply"]


class MutantsError(Exception):
    """The bugs cannot be planted; the message says why and what to do."""


class HeadIncomplete(MutantsError):
    """The head of a patch lacks something, or holds what nobody reads."""


class PatchDoesNotApply(MutantsError):
    """The code is not any more what a patch changes: plant the bug anew, in the code as it is."""


class BaselineFails(MutantsError):
    """With nothing planted a test fails or none runs: then a failure says nothing."""
