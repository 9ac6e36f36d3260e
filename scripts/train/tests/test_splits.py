"""The split worked out by hand in test/fixtures/splits/, which the TypeScript half reads too."""

import json
from pathlib import Path

import pytest

from earn_train.data import read
from earn_train.events import items_of

FIXTURES = Path(__file__).parents[3] / "test" / "fixtures" / "splits"


@pytest.mark.parametrize("name", ["leave-one-out", "by-time", "with-types"])
def test_train_validation_and_test_are_as_worked_out_by_hand(name: str) -> None:
    data = read(FIXTURES / name)
    ids = [item["id"] for item in data.items]

    def cases(split: str) -> list[dict[str, object]]:
        return [
            {"user": user, "history": [ids[i] for i in items_of(history)], "target": ids[target]}
            for user, (history, target) in zip(data.case_users(split), data.held_out(split), strict=True)
        ]

    assert {
        "protocol": data.protocol,
        "train": {user: [ids[i] for i in h] for user, h in zip(data.users, data.train_items, strict=True)},
        "valid": cases("valid"),
        "test": cases("test"),
    } == json.loads((FIXTURES / name / "expected.json").read_text())
