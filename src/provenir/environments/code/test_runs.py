"""Lines that run tests, in scripts, configuration and workflows, and what takes their teeth out."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["hides_failure", "is_run_configuration", "leaves_tests_out", "runs_tests"]

_RUNS: Final = re.compile(
    r"\b(?:pytest|py\.test|tox|nox|nosetests|unittest|ctest|jest|vitest|mocha|rspec|phpunit|"
    r"doctest)\b|\b(?:npm|yarn|pnpm|bun|go|cargo|make|mvn|gradlew?|dotnet|rake|mix|swift|deno|bazel|"
    r"just|poetry|hatch|manage\.py) (?:run )?test|\brun_?tests?\b|\btests?\.sh\b",
)
_OPTIONS: Final = re.compile(
    r"--deselect\b|--collect-only\b|--co\b|--ignore(?:-glob)?[ =]['\"]?[\w./*-]*test|"
    r"(?<![\w-])-k[ =]?['\"]?(?:['\"] )?not\b|--exit-zero\b|--passWithNoTests\b|"
    r"(?<![\w-])-p[ =]?no:(?:python|terminal|assertion|unittest|main|runner|junitxml)\b|"
    r"--(?:testPathIgnorePatterns|exclude)[ =]\S*test|-DskipTests\b|-Dmaven\.test\.skip"
    r"(?!=false)|(?<![\w-])-x test\b|--suppress-no-test-exit-code\b"
)
_UNHEEDED: Final = re.compile(
    r"\|\|\s*(?:true\b|:(?:\s|$)|exit 0\b|/bin/true\b|echo\b)|;\s*(?:true|exit 0|:)\s*['\"]?\s*$|"
    r"(?<![|&])\|\s*(?:cat|tee\b[^|]*|true)\s*;\s*(?:true|exit 0)|&&\s*exit 0\s*;\s*exit 0"
)
_TOLERATED: Final = re.compile(
    r"\b(?:continue-on-error|allow_failure|ignore_errors?|failure-ignore|continueOnError|"
    r"ignoreFailures|soft_fail|ignore_outcome|testFailureIgnore)\b['\">]?\s*[:=>]?\s*['\"]?true\b",
    re.IGNORECASE,
)
_CONFIGURATION: Final = re.compile(
    r"(?:.*/)?(?:\.github/workflows/[^/]+|\.gitlab-ci\.ya?ml|\.circleci/[^/]+|\.travis\.ya?ml|"
    r"azure-pipelines\.ya?ml|Jenkinsfile|Makefile|makefile|GNUmakefile|justfile|tox\.ini|noxfile\.py|"
    r"pytest\.ini|\.pytest\.ini|setup\.cfg|pyproject\.toml|package\.json|Taskfile\.ya?ml|"
    r"jest\.config\.\w+|vitest\.config\.\w+|pom\.xml|build\.gradle(?:\.kts)?|run_?tests?(?:\.\w+)?|"
    r"tests?\.sh|\.buildkite/[^/]+|bitbucket-pipelines\.yml|Dockerfile|entrypoint\.sh)"
)


def runs_tests(text: str) -> bool:
    """Whether a line runs tests."""
    return _RUNS.search(text[:1000]) is not None


def leaves_tests_out(text: str) -> bool:
    """Whether options of a test tool leave tests out, or let it succeed without any."""
    return _OPTIONS.search(text[:2000]) is not None


def hides_failure(line: str) -> bool:
    """Whether a line goes on as if nothing had failed, or is allowed to fail."""
    text = line[:1000].rstrip()
    return _UNHEEDED.search(text) is not None or _TOLERATED.search(text) is not None


def is_run_configuration(path: str) -> bool:
    """Whether a file says how tests are run: a workflow, a makefile, settings of a test tool."""
    return len(path) < 300 and _CONFIGURATION.fullmatch(path) is not None
