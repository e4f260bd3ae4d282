"""What requests gave to objects, and when it is forgotten."""

from __future__ import annotations

from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.memory import Memory


def test_a_server_that_is_as_new_may_give_the_same_ids_again() -> None:
    memory = Memory()
    memory.written["Session", "1"] = [Exchange(Call("create", "POST", "/sessions", value={"a": 1}), Answer(201))]
    memory.moved.add("1")
    memory.forget()
    assert not memory.written
    assert not memory.moved
