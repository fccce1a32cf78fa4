"""What many visitors are shown is asked once, and nobody waits for another's question."""

from threading import Event, Thread

from lienthong.steering.remembered import Remembered


def test_it_is_asked_once_a_while_for_each_thing() -> None:
    kept: Remembered[str] = Remembered(60.0)
    asked: list[str] = []
    for about in ("a", "b", "a", "b", "a"):
        assert kept.get(about, lambda about=about: asked.append(about) or about) == about  # type: ignore[misc,func-returns-value]
    assert asked == ["a", "b"]


def test_while_one_asks_anew_others_see_what_was_told_before() -> None:
    kept: Remembered[str] = Remembered(-1.0)  # nothing stays fresh
    assert kept.get("a", lambda: "old") == "old"
    begun, answered = Event(), Event()

    def slow() -> str:
        begun.set()
        assert answered.wait(10)
        return "new"

    asking = Thread(target=kept.get, args=("a", slow))
    asking.start()
    assert begun.wait(10)
    assert kept.get("a", lambda: "not asked") == "old"
    answered.set()
    asking.join()
    assert kept.get("a", lambda: "newest") == "newest"


def test_what_failed_is_asked_again() -> None:
    kept: Remembered[str] = Remembered(60.0)

    def fails() -> str:
        raise RuntimeError("no")

    for _ in range(2):
        try:
            kept.get("a", fails)
        except RuntimeError:
            continue
    assert kept.get("a", lambda: "well") == "well"
