"""What a type of event means for lists."""

import numpy as np

from earn_train.events import TYPE_STRIDE, Events

BUY, RETURN, DISLIKE, VIEW = (TYPE_STRIDE * kind for kind in (1, 2, 3, 4))
TYPES = ["buy", "return", "dislike", "view"]


def test_only_some_types_hide_a_return_takes_it_back_and_a_dislike_stays() -> None:
    events = Events(TYPES, "buy", ["buy"], ["return"], ["dislike"])
    history = np.array([1 + BUY, 2 + VIEW, 3 + BUY, 1 + RETURN, 4 + DISLIKE, 4 + RETURN, 1 + VIEW])
    assert sorted(events.hidden(history).tolist()) == [3, 4]
    assert sorted(events.hidden(np.append(history, 1 + BUY)).tolist()) == [1, 3, 4]
    assert events.targets(history).tolist() == [True, False, True, False, False, False, False]
    assert events.target_index == 1


def test_without_a_target_all_but_negative_events_are_targets_and_hide() -> None:
    events = Events(TYPES, remove=["return"], forbid=["dislike"])
    history = np.array([1 + BUY, 2 + VIEW, 3, 4 + DISLIKE, 2 + RETURN])
    assert events.targets(history).tolist() == [True, True, True, False, False]
    assert sorted(events.hidden(history).tolist()) == [1, 3, 4]


def test_without_types_a_token_is_its_item() -> None:
    history = np.array([3, 1, 2])
    assert Events().hidden(history).tolist() == [3, 1, 2]
    assert Events().targets(history).all()


def test_a_history_is_without_what_was_taken_back_whole_or_step_by_step() -> None:
    events = Events(TYPES, "buy", None, ["return"], ["dislike"])
    history = np.array([1 + BUY, 2 + VIEW, 1 + VIEW, 1 + RETURN, 3 + BUY, 3 + DISLIKE, 1 + BUY])
    whole = history[events.standing(history)]
    assert whole.tolist() == [2 + VIEW, 1 + BUY]
    grown = history[:0]
    for token in history:
        grown = np.append(grown, token)
        grown = grown[events.standing(grown)]
    assert grown.tolist() == whole.tolist()


def test_a_return_takes_nothing_from_other_users() -> None:
    events = Events(TYPES, remove=["return"])
    tokens, owner = np.array([1 + BUY, 1 + BUY, 2 + BUY, 1 + RETURN]), np.array([0, 1, 1, 1])
    assert events.standing(tokens, owner).tolist() == [True, False, True, False]
