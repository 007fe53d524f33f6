"""What is asked for stays, turn after turn; what is not is forgotten at the second."""

from kscan.parse.recent import Recent


def test_what_is_asked_for_stays() -> None:
    kept: Recent[str, int] = Recent()
    kept["asked"] = kept["not asked"] = 1
    for _ in range(3):
        kept.turn()
        assert not kept.is_lately("asked")
        assert kept.get("asked") == 1
        assert kept.is_lately("asked")
    assert kept.get("not asked") is None


def test_one_turn_forgets_nothing() -> None:
    kept: Recent[str, int] = Recent()
    kept["set"] = 1
    kept.turn()
    kept["other"] = 2
    assert (kept.get("set"), kept.get("other"), kept.get("never")) == (1, 2, None)


def test_a_new_value_takes_the_place_of_an_older() -> None:
    kept: Recent[str, int] = Recent()
    kept["set"] = 1
    kept.turn()
    kept["set"] = 2
    assert kept.get("set") == 2
    kept.turn()
    kept.turn()
    assert kept.get("set") is None
