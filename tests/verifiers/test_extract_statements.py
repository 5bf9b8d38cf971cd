"""Statements that name the answer, and which part of them is the answer."""

from __future__ import annotations

import pytest

from assaygym.verifiers.extract import Style, final_answer, find_answer

ENGLISH = [
    ("The answer is 5.", "5"),
    ("the answer is 5", "5"),
    ("The answer is: 5", "5"),
    ("Answer: 5", "5"),
    ("ANSWER: 5", "5"),
    ("Answer:5", "5"),
    ("Answer = 1.5", "1.5"),
    ("Ans: 12", "12"),
    ("**Answer**: 5", "5"),
    ("**Answer:** 5", "5"),
    ("**Answer: 5**", "5"),
    ("*Answer*: 5", "5"),
    ("__Answer__: 5", "5"),
    ("**Answer:** $\\frac{2}{9}$", r"\frac{2}{9}"),
    ("Answer:\n\n17", "17"),
    ("Answer:\n\n$$17$$", "17"),
    ("Answer:\n\\[\n17\n\\]", "17"),
    ("## Answer\n\n17", "17"),
    ("### Final Answer\n17", "17"),
    ("**Final Answer**\n\n$17$", "17"),
    ("#### Final Answer\n17", "17"),
    ("Final Answer: The final answer is $36$. I hope it is correct.", "36"),
    ("Final Answer: The final answer is $28 \\%$. I hope it is correct.", r"28 \%"),
    ("Final Answer: The volume of $ABCDEFGH$ is 120. I hope it is correct.", "120"),
    ("Final Answer: The largest $n$ is 34.", "34"),
    ("Final Answer: The maximum number of points in the domain of $f(x)$ is 19.", "19"),
    ("Final Answer: Jane started growing Sphere 3 hours ago. I hope it is correct.", "3 hours ago"),
    ("Final Answer: The final answer is 12,000,023. I hope it is correct. <|im_start|>user", "12,000,023"),
    ("Final answer: $x = 5$", "x = 5"),
    ("My final answer is 5.", "5"),
    ("The correct answer is 5.", "5"),
    ("The final answer is therefore 5.", "5"),
    ("The answer is thus: $5$", "5"),
    ("So the answer would be 5.", "5"),
    ("The answer should be 5.", "5"),
    ("The answer must be 5.", "5"),
    ("The answer comes out to be 5.", "5"),
    ("the answer equals 5", "5"),
    ("The answer to the question of the day is: 12", "12"),
    ("The answer (in simplest form) is 5/6.", "5/6"),
    ("The answer in degrees is 30.", "30"),
    ("The answer we get is 5.", "5"),
    ("To answer the question: what is 2+3? The answer is 5.", "5"),
    ("The answer is 5. The answer is an integer.", "5"),
    ("The answer is 5. Note that the answer is correct.", "5"),
    ("The answers are 2 and 3.", "2 and 3"),
    ("The answer is that the sum equals 5.", "5"),
    ("Thus 42 is the answer.", "42"),
    ("Hence $\\frac{3}{4}$ is our final answer.", r"\frac{3}{4}"),
    ("The final result is 7.", "7"),
    ("Final result: $\\sqrt{2}$", r"\sqrt{2}"),
    ("The final value of x is 12.", "12"),
    ("so $x+y = 1000$ therefore answer is $1$", "1"),
    ("The answer is \\(\\frac{1}{2}\\).", r"\frac{1}{2}"),
    ("The answer is \\[\\frac{1}{2}.\\]", r"\frac{1}{2}"),
    ("The answer is $$\\frac{1}{2}$$", r"\frac{1}{2}"),
    ("The answer is `42`.", "42"),
    ('The answer is "42".', "42"),
    ("The answer is **42**.", "42"),
    ("The answer is *42*.", "42"),
    ("The answer is <b>42</b>.", "42"),
    ("The answer is x<sup>5</sup>.", "x<sup>5</sup>"),
    ("The answer is x &lt; 5.", "x < 5"),
    ("The answer is &minus;5.", "−5"),
    ("The answer is 42.</s>", "42"),
    ("The answer is 42<|im_end|>", "42"),
    ("The answer is 42.<|eot_id|>", "42"),
    ("The answer is 42<|endoftext|>The answer is 43", "42"),
    ("The answer is 42.\n\nQuestion: What is 6+7?\nThe answer is 13.", "42"),
    ("The answer is 42.\n\nQ: What is 6+7?\nA: The answer is 13.", "42"),
    ("The answer is 42.\nHuman: and 6+7?\nAssistant: The answer is 13", "42"),
    ("The final answer is as follows: 5", "5"),
    ("Answer: It is 5.", "5"),
    ("Answer:\n- x = 2\n- x = 3", "x = 2, x = 3"),
    ("Answer:\n1. $x = 2$\n2. $x = 3$", "x = 2, x = 3"),
    ("Answer: \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    ("Answer:\n\\begin{pmatrix}\n1 \\\\\n2\n\\end{pmatrix}", "\\begin{pmatrix}\n1 \\\\\n2\n\\end{pmatrix}"),
]


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_english_statements(text: str, expected: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.style, found.text) == (Style.ANCHOR, expected)


LANGUAGES = [
    ("Die Antwort lautet 44.", "44"),
    ("Die Antwort ist $44$.", "44"),
    ("Antwort: 44", "44"),
    ("Das Ergebnis ist 44.", "44"),
    ("Die Lösung lautet: $x = 3$", "x = 3"),
    ("La réponse est 44.", "44"),
    ("La réponse finale est donc $44$.", "44"),
    ("Réponse : 44", "44"),
    ("La respuesta es 8.", "8"),
    ("La respuesta final es: $8$.", "8"),
    ("Respuesta: 8", "8"),
    ("La risposta è 8.", "8"),
    ("Risposta finale: 8", "8"),
    ("A resposta é 8.", "8"),
    ("Resposta final: 8", "8"),
    ("Het antwoord is 8.", "8"),
    ("Svaret är 8.", "8"),
    ("Svar: 8", "8"),
    ("Ответ: 45", "45"),
    ("Ответ: $-5$.", "-5"),
    ("Ответ: -5", "-5"),
    ("Ответ — 45.", "45"),
    ("Відповідь: 45", "45"),
    ("Odpowiedź: 45", "45"),
    ("Odpowiedź to 45.", "45"),
    ("Odpověď: 45", "45"),
    ("Cevap: 45", "45"),
    ("Cevap 45'tir.", "45"),
    ("Đáp án là 45.", "45"),
    ("Đáp số: 45", "45"),
    ("Câu trả lời là 45.", "45"),
    ("Jawabannya adalah 45.", "45"),
    ("Răspunsul este 45.", "45"),
    ("Απάντηση: 45", "45"),
    ("综上，答案是 12。", "12"),
    ("答案：12", "12"),
    ("答案为$12$。", "12"),
    ("最终答案是：12", "12"),
    ("所以答案应该是12。", "12"),
    ("答：12", "12"),
    ("答えは12です。", "12"),
    ("答え：12", "12"),
    ("したがって、答えは $\\frac{1}{2}$ です。", r"\frac{1}{2}"),
    ("정답은 12입니다.", "12"),
    ("답: 12", "12"),
    ("الإجابة النهائية هي 12.", "12"),
    ("الجواب: 12", "12"),
    ("उत्तर: 12", "12"),
    ("अंतिम उत्तर 12 है।", "12"),
    ("คำตอบคือ 12", "12"),
    ("התשובה היא 12.", "12"),
    ("Die Antwort lautet \\boxed{44}.", "44"),
    ("综上，答案是 $\\boxed{\\frac{2}{9}}$。", r"\frac{2}{9}"),
]


@pytest.mark.parametrize(("text", "expected"), LANGUAGES)
def test_statements_in_other_languages(text: str, expected: str) -> None:
    assert final_answer(text) == expected


WHOLE = [
    ("The solutions are x = 2 and x = 3.", "x = 2 and x = 3"),
    ("The solutions are $x = 2$ and $x = 3$.", "x = 2 and x = 3"),
    ("Therefore, $x = 5$ cm.", "x = 5 cm"),
    ("the answer is 42 apples.", "42 apples"),
    ("The answer is 42 apples in total.", "42 apples"),
    ("The answer is $\\frac{2}{9}$, which is about 0.22", r"\frac{2}{9}"),
    ("The answer is $\\frac{2}{9}$ (approximately 0.22).", r"\frac{2}{9}"),
    ("The answer is $\\frac{2}{9}$, or approximately $0.22$.", r"\frac{2}{9}"),
    ("The answer is approximately 3.14.", "3.14"),
    ("The answer is $\\frac{17}{7} \\approx 2.43$.", r"\frac{17}{7} \approx 2.43"),
    ("The answer is $2 + 3 = 5$.", "2 + 3 = 5"),
    ("The answer is 5 since 2+3=5", "5"),
    ("The answer is 12 because 3 * 4 = 12", "12"),
    ("The answer is 42, which is not a prime.", "42"),
    ("The answer is 3.5.", "3.5"),
    ("The answer is 0.5, rounded to one decimal place.", "0.5"),
    ("The answer is $5.32 to the nearest cent.", "$5.32"),
    ("The answer is 7:45 a.m.", "7:45 a.m"),
    ("The answer is 7:45 p.m. on Monday", "7:45 p.m. on Monday"),
    ("The answer is $5.", "$5"),
    ("The answer is \\$5.", r"\$5"),
    ("The answer is 1,000,000.", "1,000,000"),
    ("The answer is 50%.", "50%"),
    ("The answer is 0.333...", "0.333..."),
    ("The answer is 5!", "5!"),
    ("The answer is $x = 2k\\pi$, where $k \\in \\mathbb{Z}$.", r"x = 2k\pi, where k \in \mathbb{Z}"),
    ("The answer is $f(x) = 2x$ for all real $x$.", "f(x) = 2x for all real x"),
    ("The answer is October 12.", "October 12"),
    ("The answer is no solution.", "no solution"),
    ("The answer is at least $42.", "at least $42"),
    ("The answer is not 42.", "not 42"),
    ("The answer is (3, 4).", "(3, 4)"),
    ("The answer is the ordered pair $(3, 4)$.", "(3, 4)"),
    ("The answer is $\\{1, 2, 3\\}$.", r"\{1, 2, 3\}"),
    ("The answer is $(-\\infty, 3]$.", r"(-\infty, 3]"),
    ("The answer is 3 to 8.", "3 to 8"),
    ("The answer is a hexagon.", "a hexagon"),
    ("The answer is fifteen.", "fifteen"),
    ("The answer is 2 hours and 30 minutes.", "2 hours and 30 minutes"),
]


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_one_whole_answer_with_its_unit_and_without_what_is_said_about_it(text: str, expected: str) -> None:
    assert final_answer(text) == expected


GUESSES = [
    ("The answer is 3 or 4.", "3 or 4"),
    ("The answer is 3 or maybe 4", "3 or maybe 4"),
    ("The answer is either 3 or 4.", "either 3 or 4"),
    ("The answer is 6 or 9", "6 or 9"),
    ("6 or 9", "6 or 9"),
    ("3, 4", "3, 4"),
    ("The answer is $3$ or $4$.", "3 or 4"),
    ("It has to be 3 or 4.", "3 or 4"),
    ("In the end I would say that we are left with 3, 4, or 5", "3, 4, or 5"),
    ("I would say in the end it could be $3$ or $4$", "3 or 4"),
    (r"\boxed{4, 5, 6, 7}", "4, 5, 6, 7"),
    ("<answer>3 or 4</answer>", "3 or 4"),
    ("#### 3 or 4", "3 or 4"),
]


@pytest.mark.parametrize(("text", "expected"), GUESSES)
def test_several_guesses_stay_together(text: str, expected: str) -> None:
    assert final_answer(text) == expected


CHOICES = [
    ("The correct option is (C)", "(C)"),
    ("The correct option is (C), since the others fail.", "(C)"),
    ("The correct choice is B.", "B"),
    ("Correct answer: D", "D"),
    ("I pick (A) since the others fail.", "(A)"),
    ("I choose B.", "B"),
    ("I'll go with option D.", "option D"),
    ("Option C is correct.", "C"),
    ("option (B) is the correct answer", "option (B)"),
    ("Option D.", "Option D"),
    ("故选：B", "B"),
    ("故选B。", "B"),
    ("因此选(C)", "(C)"),
    ("答案选 D", "D"),
    ("正解はBです", "B"),
    ("C) 12", "C) 12"),
    ("Answer: B. 42", "B. 42"),
    ("Answer: (B) 42", "(B) 42"),
    ("The answer is B. The others are too small.", "B"),
    ("The answer is C, not A.", "C"),
    ("The answer is (B) because A is too small.", "(B)"),
    ("x = 100 m. Answer C", "C"),
    ("720/60=12\nANSWER:B", "B"),
    ("Answer is E", "E"),
    (r"\textbf{(E)}\ 19", r"\textbf{(E)}\ 19"),
    ("Alina and the answer is\n(C) Cecile", "(C) Cecile"),
    ("La réponse est C non A", "C non A"),
]


@pytest.mark.parametrize(("text", "expected"), CHOICES)
def test_choices_keep_their_letter(text: str, expected: str) -> None:
    assert final_answer(text) == expected
