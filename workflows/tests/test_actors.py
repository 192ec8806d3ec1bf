"""Who acts, over which channel."""

from __future__ import annotations

import pytest

from workflows import Channel, SystemActor, acting
from workflows.actors import current_acting


class TestSystemActor:
    @pytest.mark.parametrize("name", ["", "Web2", "the timer", "timer;"])
    def test_is_named_by_a_plain_word(self, name: str) -> None:
        with pytest.raises(ValueError, match="a system actor is named by letters a–z and _"):
            SystemActor(name)


class TestActing:
    def test_is_over_with_its_block_also_after_an_error(self) -> None:
        with pytest.raises(RuntimeError), acting(by=SystemActor("test"), channel=Channel.API):
            raise RuntimeError
        assert (current_acting().by, current_acting().channel) == (None, Channel.COMMAND)

    def test_keeps_the_request_of_the_enclosing_block(self) -> None:
        with acting(channel=Channel.API, request_id="seven"), acting(channel=Channel.API) as inner:
            assert inner.request_id == "seven"

    def test_makes_a_request_of_its_own_where_there_is_none(self) -> None:
        with acting(channel=Channel.TIMER) as one:
            pass
        with acting(channel=Channel.TIMER) as other:
            pass
        assert len({one.request_id, other.request_id, ""}) == 3
