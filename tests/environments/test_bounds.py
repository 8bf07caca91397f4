"""Short programs whose constants would grow without end: each is done before it has grown."""

from __future__ import annotations

import pytest

from provenir.environments.code.folding import Unknown, bounded, fold_method, fold_operator, weight
from provenir.environments.code.limits import MAX_FOLDED
from provenir.environments.code_analysis import analyse

GROWING = {
    "doubled": "a = 'x'\n" + "a = a + a\n" * 500 + "exec(a)",
    "doubled and run": "a = 'x'\n" + "a = a + a\nexec(a)\n" * 200,
    "filled in": "a = '%s%s'\n" + "a = a % (a, a)\n" * 40 + "exec(a)",
    "formatted": "a = '{0}{0}'\n" + "a = a.format(a)\n" * 40 + "exec(a)",
    "replaced": "a = 'xx'\n" + "a = a.replace('x', 'xx')\n" * 60 + "exec(a)",
    "translated": "a = 'x' * 60000\nexec(a.translate({120: a}))",
    "joined": "a = 'xx'\n" + "a = a.join([a] * 50)\n" * 10 + "exec(a)",
    "a list of lists": "a = [1]\n" + "a = [a, a, a]\n" * 60 + "exec(str(a))",
    "a list of texts": "a = 'x' * 60000\nb = [a] * 60000\nexec(str(b))",
    "summed lists": "exec(bytes(sum([[1], [2]] * 30000, [])))",
    "a power": "a = 10 ** 10\n" + "a = a ** a\n" * 5 + "exec(str(a))",
    "a far range": "exec(''.join(chr(i) for i in range(10 ** 9)))",
    "a wide field": "exec('{:>1000000000}'.format('x'))\nexec('%1000000000d' % 1)",
    "a deep literal": "import ast\nexec(ast.literal_eval('-' * 60000 + '1'))",
    "names in a ring": "a = b\nb = a\n" * 3000 + "a.exit(0)",
}


@pytest.mark.parametrize("program", GROWING.values(), ids=GROWING)
def test_it_ends(program: str) -> None:
    assert analyse(program) == analyse(program)


def test_what_is_nested_counts() -> None:
    text = "x" * 1000
    assert weight(text) == 1001
    assert weight([text, [text]]) >= 2000
    assert weight({text: text}) >= 2000
    with pytest.raises(Unknown):
        bounded([text] * (MAX_FOLDED // 1000 + 1))
    assert bounded(text) == text


def test_a_computed_text_is_never_longer_than_the_bound() -> None:
    long = "%s" * (MAX_FOLDED // 4)
    with pytest.raises(Unknown):
        fold_operator("Mod", long, ("y" * 100,) * (MAX_FOLDED // 4))
    with pytest.raises(Unknown):
        fold_method("x" * 300, "translate", [{120: "y" * 300}])
    assert fold_method("abc", "replace", ["b", "xx"]) == "axxc"
    assert fold_operator("Mod", "_%s", "exit") == "_exit"
