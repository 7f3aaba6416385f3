"""Mixed load for SOAK_SECONDS: nobody gets a wrong answer, and what it took is given back."""

import json

from soak import soak


def test_nothing_wrong_is_answered_and_nothing_is_left_behind_by_mixed_load_and_restarts(engine, seconds):
    figures, wrong = soak(engine, seconds)
    print(json.dumps(figures, indent=1))
    assert not wrong, "\n".join(wrong)
