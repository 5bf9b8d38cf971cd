"""What a response takes back does not count; a check or a remark takes nothing back."""

from __future__ import annotations

import pytest

from assaygym.verifiers.extract import final_answer

CORRECTED = [
    ("\\boxed{5}. Wait, that's wrong. The answer is 7.", "7"),
    ("\\boxed{5}. Actually no, the answer is 7", "7"),
    ("$\\boxed{5}$. Hmm, I forgot one. So the answer is $7$.", "7"),
    ("\\boxed{5}\n\nWait, let me recheck: 3 + 4 = 7. So the answer is 7.", "7"),
    ("\\boxed{5}. No, it is 7.", "7"),
    ("\\boxed{5} is wrong, the answer is 7.", "7"),
    ("\\boxed{5}. Sorry, I made a mistake. The correct answer is $7$.", "7"),
    ("\\boxed{5}. That is incorrect. It should be 7.", "7"),
    ("\\boxed{5}. Correction: 7", "7"),
    (
        "\\boxed{200} at first.\nThen 10,255.\nFinal Answer: The final answer is $10,455$. I hope it is correct.",
        "10,455",
    ),
    ("\\boxed{5}. So $m+n = 7$.\nFinal answer: 7", "7"),
    ("The answer is 5. No, it is 6.", "6"),
    ("The answer is 5. Wait. The answer is 6", "6"),
    ("The answer is 5. Wait, no, that's wrong. It should be 6.", "6"),
    ("The answer is 5, no, 6.", "6"),
    ("The answer is 5, no wait, 6.", "6"),
    ("The answer is 5 — actually 6.", "6"),
    ("The answer is not 5 but 6.", "6"),
    ("Answer: 5\n\nHold on, I miscounted. Answer: 6", "6"),
    ("答案是5。不对，答案是6。", "6"),
]


@pytest.mark.parametrize(("text", "expected"), CORRECTED)
def test_a_correction_replaces_the_answer(text: str, expected: str) -> None:
    assert final_answer(text) == expected


STANDING = [
    ("So $2^3 = 8$ and $\\boxed{8}$ is the value. (Indeed $8 - 3 = 5$.)", "8"),
    ("\\boxed{8}\n\nLet me verify: 8 - 3 = 5, which is correct.", "8"),
    ("\\boxed{8}. Wait, is that right? 8 - 3 = 5. Yes, it is correct.", "8"),
    ("\\boxed{8}. Let me double-check. 3 + 5 = 8. The answer is correct.", "8"),
    ("\\boxed{8}\n\nNote that if $x$ were negative the answer would be 7.", "8"),
    ("\\boxed{8}\nThe answer is 6", "8"),
    ("\\boxed{8}\n\nThe answer is $8$. I apologize for the repetition. Here is the correct solution:", "8"),
    ("\\boxed{8}\n\nI hope this helps! Let me know if anything is wrong.", "8"),
    ("\\boxed{13}. $$-11213141\\equiv 13\\pmod {18}.$$", "13"),
    ("\\boxed{8}. For these values, $r$ reduces to 0 for any root.", "8"),
    ("\\boxed{8} is our answer.", "8"),
    ("\\boxed{8}\n\nThere are no other solutions.", "8"),
    ("The answer is 5. This is not the same as 6.", "5"),
    ("The answer is 5. There is no other.", "5"),
    ("The answer is 5. I hope it is correct.", "5"),
    ("The answer is 5. Let me check: 2 + 3 = 5. Correct.", "5"),
    ("Wait, that's wrong. The answer is 5.", "5"),
    ("The final answer is $28 \\%$. I hope it is correct. Note: The solution provided is incorrect.", r"28 \%"),
]


@pytest.mark.parametrize(("text", "expected"), STANDING)
def test_a_check_or_a_remark_changes_nothing(text: str, expected: str) -> None:
    assert final_answer(text) == expected


WITHDRAWN = [
    "\\boxed{5}. No wait, that is wrong.",
    "\\boxed{5}\n\nHmm, that's not right. I made a mistake.",
    "The answer is 5. Oops, that is wrong.",
]


@pytest.mark.parametrize("text", WITHDRAWN)
def test_an_answer_that_is_only_taken_back_is_none(text: str) -> None:
    assert final_answer(text) is None
