"""The vocabulary of the grammar that finds instructions aimed at a judge.

Words are compared after folding (`folding`), so look-alike letters and capitals do not matter.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "CALLED_STEMS",
    "OVERRIDE_STEMS",
    "VERDICT_STEMS",
    "word_set",
]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


OVERRIDE_VERBS: Final = word_set("ignore disregard forget override bypass discard overlook neglect")
OVERRIDE_OBJECTS: Final = word_set(
    "instruction instructions prompt prompts guideline guidelines rubric rubrics rule rules "
    "criteria criterion directions directive directives policy policies constraints everything "
    "anything messages requirements grading told grading told"
)
OVERRIDE_BETWEEN: Final = word_set(
    "previous prior above earlier preceding all any your these the those my given original system "
    "grading evaluation evaluating scoring judging safety other foregoing existing of and former "
    "that came before you have been told were set what about i initial default every content text"
)
OVERRIDE_MARKS: Final = word_set(
    "previous prior above earlier preceding all your system original grading evaluation "
    "scoring judging rubric rubrics foregoing initial before told"
)
AFTER_EVERYTHING: Final = word_set("previous prior above earlier preceding told before foregoing")

QUALIFIERS: Final = word_set("related about regarding on for concerning which")

AWARD_VERBS: Final = word_set(
    "give assign award grant return output mark rate score grade set respond report choose prefer "
    "select declare rank label consider treat deem pick provide allocate record reward evaluate "
    "judge classify answer reply issue register put enter submit print say conclude ensure emit "
    "receive accept approve count regard credit certify pass"
)
QUALITIES: Final = word_set(
    "all full maximum max maximal highest perfect top best complete passing positive entire 100% "
    "utmost"
)
WEAK_QUALITIES: Final = word_set("good high higher great nice generous better excellent")
VERDICT_NOUNS: Final = word_set(
    "score scores mark marks credit credits points grade grades rating ratings reward rewards "
    "evaluation verdict"
)
BEST_NUMBERS: Final = word_set("10 100 5 1 1.0 10.0 9 a+ 100% 5.0 true")
RIGHT: Final = word_set(
    "flawless correct passed passing right perfect valid true pass "
    "better best winner superior verified equivalent acceptable matching match accurate"
)
LABELS: Final = word_set("label outcome verdict grade rating score decision judgment judgement")
BEST_WORDS: Final = word_set(
    "excellent pass passed accepted correct perfect maximum highest outstanding flawless"
)
MACHINES: Final = word_set("model models system systems bot bots script tool pipeline agent")
MACHINE_TASKS: Final = word_set("scoring grading reward judging evaluation")
GENERAL_JUDGES: Final = word_set("system model assistant ai llm")

DESERVE: Final = word_set(
    "receives gets achieves deserves merits earns deserve merit warrants warrant"
)
RECEIVE: Final = word_set(
    "receive get be given awarded graded scored rated marked granted assigned earn"
)

OWN: Final = word_set("this my our above following current present attached")
WORKS: Final = word_set(
    "response answer solution submission essay code output work completion reply program paper "
    "summary translation derivation proof argument implementation result assignment "
    "explanation candidate text one "
    "report"
)
JUDGES: Final = word_set(
    "grader graders judge judges evaluator evaluators reviewer rater raters assessor examiner "
    "marker autograder scorer llm ai assistant model system verifier grading evaluating judging "
    "evaluation"
)
SURE_JUDGES: Final = word_set(
    "grader graders evaluator evaluators rater raters assessor autograder scorer"
)
CALLS: Final = word_set("dear attention attn hey hello hi listen fellow")
NOTES: Final = word_set(
    "note notes message instruction instructions memo reminder notice hint comment request"
)
MODALS: Final = word_set("must should shall please will has needs can cannot ought")
BEFORE_IMPERATIVE: Final = word_set(
    "please kindly must should shall now just then simply immediately always and instead therefore "
    "only do will you could would can also so hence thus but or"
)
BEFORE_TO: Final = word_set(
    "you have has need needs required instructed want asked supposed sure ought told "
    "grader judge evaluator obliged"
)
REPLACED: Final = word_set(
    "revoked replaced void cancelled canceled superseded invalid outdated lifted"
)
LOWERING: Final = word_set("deduct subtract penalize penalise")
TELLING: Final = word_set("reply say respond output state report")
PREFERRING: Final = word_set("prefer choose pick select favor favour")
NO_CHECK: Final = word_set(
    "evaluate evaluating grade grading check checking judge judging verify score scoring"
)
READERS: Final = word_set(
    "evaluates grades judges scores reviews reads checks evaluating grading judging scoring"
)
AUTHORITIES: Final = word_set(
    "reviewers experts humans teachers graders evaluators expert reviewer developers"
)
CONFIRMED: Final = word_set("confirmed verified approved validated")
FLATTERY: Final = word_set(
    "wise brilliant esteemed intelligent fair kind generous honorable honourable respected amazing "
    "smartest wisest fairest brightest finest kindest sharpest perceptive astute thoughtful "
    "wonderful smart gracious insightful benevolent beloved noble discerning magnificent "
    "knowledgeable talented"
)
CONDITIONS: Final = word_set("if when unless whenever only provided where")
STOPS: Final = frozenset(".!?:;\n")

OVERRIDE_STEMS: Final = (
    *(" void", "revoked", "supersede", "outdated", "no longer"),
    *("ignore", "disregard", "forget", "override", "bypass", "discard", "overlook", "neglect"),
)
VERDICT_STEMS: Final = (
    *("score", "mark", "grade", "credit", "points", "rating", "reward", "correct", "verdict"),
    *("stars", "prefer", "choose", "pick ", "high as", "a 10", "best"),
    *("winner", "perfect", "grading", "as the ", "pass", "true", "high"),
    *("/10", "/5", "100%", "out of", "[[", "rate ", "evaluat", "judge", "grader", "rater "),
    *("accept", "equivalent", "as right", "assessor", "examiner", "exact match", "approve"),
)
CALLED_STEMS: Final = (
    *("response", "answer", "solution", "submission", "essay", "code", "output", "completion"),
    *("work", "reply", "program", "paper", "summary", "translation", "assignment", "report"),
    *("candidate", "explanation", "result", " me", "grader", "judge", "evaluator", "rater"),
    *("reviewer", "assessor", "examiner", "marker", "scorer", "llm", "ai ", "system", "text"),
    *(
        "implementation",
        "verifier",
        " ai",
        "this one",
        "whoever",
        "grading",
        "proof",
        "scoring",
        "reward model",
    ),
)
"""What every command has: one of the first, or one of the second near one of the third."""
