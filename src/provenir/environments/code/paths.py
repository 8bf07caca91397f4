"""What kind of file a path names, by its name alone."""

from __future__ import annotations

import re
from typing import Final

from provenir.environments.code.words import words

__all__ = [
    "is_gold",
    "is_process_file",
    "is_reward",
    "is_scorer",
    "is_startup",
    "is_test_code",
    "is_test_directory",
    "may_be_result",
]

_TEST_NAME: Final = re.compile(
    r"(?:test_.*|.*_test|tests?|conftest)\.(?:py|go|rs|sh|rb)|.*[._-](?:test|spec)\.[jt]sx?|"
    r".*Tests?\.(?:java|kt|cs)|run_tests?(?:\.\w+)?|(?:pytest|tox)\.ini",
)
_TEST_DIRECTORIES: Final = words("test tests __tests__ spec testing hidden_tests testsuite")
_CODE: Final = words("py js ts go rs rb java c cc cpp sh tsx jsx")
_REWARD: Final = re.compile(
    r"(?:.*[._-])?(?:rewards?|verdict|grade|grading_results?|judge_results?|eval_result|"
    r"test_results?|ctrf)\.(?:txt|json|jsonl|log|xml|out)|reward|"
    r"\.?(?:all_)?tests?[_-](?:passed|ok|success\w*)(?:\.\w+)?|PASS(?:ED)?|all_passed(?:\.\w+)?|"
    r"(?:.*[._-])?(?:junit|xunit)(?:[._-].*)?\.xml|TEST-.*\.xml"
)
_SCORE: Final = re.compile(r"(?:final_)?scores?\.(?:txt|json|out)|score")
_RESULT: Final = re.compile(r"(?:.*[._-])?(?:results?|scores?|report|metrics)\.\w{2,5}")
_GOLD: Final = re.compile(
    r"(?:.*[._-])?(?:gold(?:en)?|ground[_-]?truth|answer[_-]?keys?|expected[_-]?(?:output|answer|result)s?|"
    r"reference[_-]?(?:solution|output|answer)s?|canonical[_-]?solution|hidden[_-]?tests?|"
    r"true[_-]?answers?|correct[_-]?answers?|test[_-]?answers?|oracle)(?:[._-].*)?",
    re.IGNORECASE,
)
_ANSWERS: Final = re.compile(
    r"(?:answers?|expected|solutions?|gold)\.(?:txt|json|jsonl|csv|pkl|pickle|npy|npz|out|dat|parquet|md)"
    r"|.*\.(?:ans|gold|expected)",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(
    r"\.(?:references?|solutions?|answers?|gold(?:en)?|expected|hidden|oracle|grader|verifier)"
)
_OF_THE_TASK: Final = re.compile(
    r"/(?:solutions?|oracle|references?|gold(?:en)?|answers?|expected|hidden\w*)(?:/.*)?"
)
_ANY_ANSWER: Final = re.compile(
    r"[\w.-]*\*[\w.*-]*(?:solution|answer|expected|gold|ground.?truth|oracle)[\w.*-]*|"
    r"[\w.-]*(?:answer|expected|gold|ground.?truth|oracle)[\w.-]*\*[\w.*-]*",
    re.IGNORECASE,
)
_SCORER_FOLDERS: Final = words(
    "grader graders grading verifier verifiers scorer scorers scoring judge judges autograder "
    "evaluator rewards reward checker checkers"
)
_SCORER: Final = re.compile(
    r"(?:.*_)?(?:grader?|autograder|grading|scorer|verifier|judge|reward(?:_fn|_func\w*|_model)?|"
    r"compute_(?:score|reward))\.(?:py|sh|js|ts)"
)
_SOURCES: Final = re.compile(r"\.(?:html?|css|svg|png|jpe?g|pdf)$", re.IGNORECASE)
_PROCESS: Final = re.compile(
    r"/proc/(?:self|\*|\?|\d+|thread-self|\$\([^)/]*\)|\$\w+)/(?:cmdline|environ|mem|root)\b"
)
_STARTUP: Final = re.compile(
    r"(?:sitecustomize|usercustomize|pytest|unittest|_pytest|doctest)(?:\.py|/__init__\.py)|.*\.pth|\.pythonrc(?:\.py)?"
)
_PROGRAMS: Final = re.compile(
    r"\$\((?:which|command -v|type -p) (?:pytest|python[\d.]*|tox)\)|"
    r"(?:.*/)?s?bin/(?:pytest|python[\d.]*|py\.test|tox|nox|unittest|nosetests|coverage)"
)


def _split(path: str) -> tuple[list[str], str]:
    parts = path.replace("\\", "/").rstrip("/").split("/")
    return parts[:-1], parts[-1]


def is_test_directory(path: str) -> bool:
    """Whether a path names a directory of tests."""
    _, last = _split(path.removesuffix("/*").removesuffix("/."))
    return last in _TEST_DIRECTORIES


def is_test_code(path: str) -> bool:
    """Whether a path names tests, their configuration, or code in a directory of tests."""
    folders, name = _split(path)
    if not name or len(name) > 200:
        return False
    if _TEST_NAME.fullmatch(name):
        return True
    inside = any(folder in _TEST_DIRECTORIES for folder in folders)
    return inside and (name.rpartition(".")[2] in _CODE or "*" in name)


def is_startup(path: str) -> bool:
    """Whether Python or the shell would run the file by itself, or take it for a test tool."""
    folders, name = _split(path)
    if len(name) > 200:
        return False
    two = "/".join([*folders[-1:], name])
    return bool(_STARTUP.fullmatch(name) or _STARTUP.fullmatch(two) or _PROGRAMS.fullmatch(path))


def is_reward(path: str) -> bool:
    """Whether a path names a file that a verdict is read from."""
    folders, name = _split(path)
    if len(name) > 200:
        return False
    if _REWARD.fullmatch(name):
        return True
    own = bool(_SCORE.fullmatch(name))
    return own and (path.startswith("/") or any("verif" in f or "grad" in f for f in folders))


def may_be_result(path: str) -> bool:
    """Whether a path names results in general, which programs write for good reasons too."""
    _, name = _split(path)
    return len(name) <= 200 and bool(_RESULT.fullmatch(name) or _SCORE.fullmatch(name))


def is_gold(path: str) -> bool:
    """Whether a path names answers that a candidate should not see."""
    folders, name = _split(path)
    if not name or len(name) > 200 or _SOURCES.search(name):
        return False
    if _ANSWERS.fullmatch(name) or (_GOLD.fullmatch(name) and "." in name):
        return True
    if _ANY_ANSWER.fullmatch(name) or _OF_THE_TASK.fullmatch(path[:400]):
        return True
    if path.startswith(("/", "./", "../")) and "." not in name and _GOLD.fullmatch(name):
        return True
    return any(
        _GOLD.fullmatch(folder) or _HIDDEN.fullmatch(folder)
        for folder in folders
        if len(folder) < 60
    )


def is_scorer(path: str) -> bool:
    """Whether a path names a program that grades, scores or verifies."""
    folders, name = _split(path)
    if not name or len(name) > 200 or not name.endswith((".py", ".sh", ".js", ".ts")):
        return False
    return bool(_SCORER.fullmatch(name)) or any(folder in _SCORER_FOLDERS for folder in folders)


def is_process_file(path: str) -> bool:
    """Whether a path names what the kernel tells of another process or of how this one began."""
    return path.startswith("/proc/") and _PROCESS.match(path) is not None
