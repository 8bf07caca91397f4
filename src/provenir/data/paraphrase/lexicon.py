"""The words that the comparison of rephrasings knows: English, small, and written out here.

Four tables. *Function words* tell nothing about what is asked. *Concepts* are groups of words that
people put for one another in questions, tasks and instructions; a group is one feature. *Poles* are
words that turn a question into its opposite. *Number words* and *units* belong to
`provenir.data.paraphrase.quantities`. A change of any table changes scores, so the version in the
name of the default embedder and that of the rule `paraphrase` (`eval.contamination.embedding`) go
up with it.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ASKED",
    "CONCEPTS",
    "FUNCTION_WORDS",
    "NUMBER_WORDS",
    "ORDINALS",
    "POLES",
    "UNITS",
]

_FUNCTION_WORDS: Final = """
    a about above after again all also although am an and any are as at be because been before being
    below both but by can could did do does doing done down each either else every few for from
    further had has have having he her here hers him his how however i if in into is it its itself
    just let may me might mine more most much must my no nor not now of off on once one only onto or
    other our ours out over own per please shall she should so some such than that the their theirs
    them then there these they this those through thus to too under until up upon us very was we
    were what when where whether which while who whom whose why will with within would yet you your
"""

FUNCTION_WORDS: Final = frozenset(_FUNCTION_WORDS.split())
"""Closed classes of English words: they carry syntax, not what a question is about."""

CONCEPTS: Final = """
    buy bought purchase purchased acquire shop
    sell sold sale vend
    pay paid spend spent cost price charge fee expense
    earn earned income wage salary make made
    give gave given hand donate present pass
    get got receive received obtain
    take took taken remove subtract discard drop
    keep kept retain save saved
    leave left remain remaining remainder leftover
    eat ate eaten consume devour
    drink drank drunk sip
    use used utilise utilize employ
    begin began begun start initial originally commence
    end finish final stop complete
    build built construct create produce generate craft bake
    write wrote written implement code define author compose
    return output yield
    print show display
    compute calculate determine find found work evaluate figure
    tell told state report say said name mention
    explain describe outline clarify elaborate
    list enumerate itemise itemize
    compare contrast
    translate render
    summarise summarize summary condense shorten brief
    rewrite rephrase reword paraphrase
    total altogether combined sum overall aggregate entire whole
    number count quantity amount many
    difference gap
    product multiply multiplied times
    divide divided split share shared distribute evenly equally
    average mean
    double twice twofold doubled
    triple thrice threefold tripled
    half halve halved halves
    add added plus append join concatenate
    more additional extra further another
    increase rise rose grow grew grown climb
    decrease fall fell reduce lower decline shrink
    large big great huge
    largest biggest greatest maximum max highest
    smallest least minimum min lowest tiniest
    long length
    tall height high
    wide width
    weigh weight heavy mass
    fast quick rapid speed velocity
    walk walked stroll hike
    drive drove driven ride rode car automobile vehicle
    travel journey trip go went gone cover covered
    bus coach
    bicycle bike cycle
    child kid children youngster
    boy lad
    girl lass
    man men gentleman
    woman women lady
    person people human individual
    friend pal buddy companion
    father dad
    mother mom mum
    parent
    sibling brother sister
    student pupil learner schoolchild
    teacher instructor
    doctor physician
    worker employee staff
    boss manager
    farmer grower
    store shop supermarket market
    house home
    town city village
    street road
    country nation land
    box crate carton case container
    bag sack
    basket hamper
    bottle flask
    jar pot
    candy sweet
    cookie biscuit
    apple fruit orange
    book novel
    page sheet
    picture photo photograph image
    ticket pass
    film movie
    pen pencil
    money cash dollar
    day daily
    week weekly
    month monthly
    year yearly annual annually
    morning dawn
    evening night
    today
    old age aged older
    young younger
    author writer wrote penned
    painter artist painted
    invent inventor invented devise
    discover discovered discoverer
    capital
    ocean sea
    river stream
    mountain peak
    animal creature beast
    bird fowl
    disease illness sickness
    cause reason lead
    effect consequence result outcome impact
    benefit advantage pro upside
    drawback disadvantage con downside
    important significant key main chief principal primary
    difference differ distinguish
    function method routine procedure
    argument parameter input given accept receive
    list array sequence
    string text
    character char letter symbol
    integer int number
    dictionary dict map mapping
    element item entry member
    index position location
    sort sorted order arrange arranged
    reverse reversed backwards backward flip inverted
    unique distinct duplicate deduplicate repeated
    check test verify whether boolean true
    contain include hold appear occur
    convert transform turn change
    filter select choose pick
    palindrome
    prime
    divisor factor divisible
    empty blank
    vowel
    word term
    line row
    column field
    file document
    delete erase eliminate strip
    replace substitute swap
    short brief concise
    email mail message
    poem verse
    story tale narrative
    recipe dish meal
    idea suggestion proposal
    tip advice recommendation
    plan schedule
    formal polite professional
    correct fix mend repair
    mistake error fault
    study research
    job occupation profession
    war conflict
    happen occur take place
    near close
    far distant distance
    full fill filled
    rate
    perimeter
    area
    volume
    probability chance likelihood odds
    equal same identical
    need require necessary
    want wish
    like enjoy
    read
    born birth
    die died death
    planet
    metal
    liquid fluid
    boil
    freeze frozen
    temperature heat hot
    energy power
    water
"""
"""One group a line; a word that stands in two groups belongs to the first."""

POLES: Final = """
    largest biggest greatest maximum max highest most / smallest least minimum min lowest fewest
    longest tallest / shortest
    oldest eldest / youngest newest
    first / last final
    before prior precede / after following follow
    even / odd
    ascending increasing / descending decreasing
    uppercase upper capitalise capitalize / lowercase lower
    prefix start begin startswith / suffix end endswith
    add insert append / remove delete drop discard
    encode encrypt compress serialise serialize / decode decrypt decompress deserialise deserialize
    positive / negative
    advantage benefit upside pro / disadvantage drawback downside con
    north northern / south southern
    east eastern / west western
    hot hottest / cold coldest
    fastest quickest / slowest
    push enqueue / pop dequeue
    row horizontal / column vertical
    vowel / consonant
    import / export
    numerator / denominator
    union / intersection
    acid / base alkali
    left remain remaining remainder / used spent
    profit gain / loss
    win won / lose lost
    male / female
"""
"""Words of one pole, a slash, words of the other. A text that holds both takes no side."""

_PEOPLE: Final = (
    "author writer poet painter artist composer musician scientist inventor explorer player person "
    "man woman leader president king queen"
).replace(" ", "|")

ASKED: Final[dict[str, str]] = {
    "person": rf"who|whom|whose|(?:which|what|name the) (?:\w+ )?(?:{_PEOPLE})",
    "time": r"when|(?:which|what) (?:day|date|month|year|decade|century|time)|(?:date|year) of",
    "place": r"where|(?:which|what|name the) (?:country|nation|city|town|state|continent|place)",
    "quantity": r"how (?:many|much|long|far|high|tall|old|fast|deep|big|large|wide)|total"
    r"|(?:number|amount|count|sum|quantity) of",
    "share": r"percentage|fraction|probability|chance|likel(?:y|ihood)|ratio|odds",
    "reason": r"why|reasons?|causes?|what makes",
    "manner": r"how (?:to|do|does|did|can|should|is|are|a)|steps?|step by step|method",
}
"""What a question asks for → how that is said, as alternatives of a regular expression."""

_UNITS_AND_TEENS: Final = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"

NUMBER_WORDS: Final[dict[str, float]] = {
    **{word: float(value) for value, word in enumerate(_UNITS_AND_TEENS.split())},
    **{word: 10.0 * value for value, word in enumerate(_TENS.split(), start=2)},
}
"""Cardinal numbers below one hundred that are one word."""

ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
"""What follows the digits of an ordinal: ``3rd`` is a place in an order, not an amount."""

UNITS: Final[dict[str, tuple[str, float]]] = {
    word: (kind, scale)
    for kind, scale, words in (
        ("time", 1, "second seconds sec secs s"),
        ("time", 60, "minute minutes min mins"),
        ("time", 3_600, "hour hours hr hrs h"),
        ("time", 86_400, "day days"),
        ("time", 604_800, "week weeks fortnight"),
        ("year", 1, "month months"),
        ("year", 12, "year years yr yrs"),
        ("money", 1, "dollar dollars usd buck bucks euro euros eur pound pounds gbp"),
        ("money", 0.01, "cent cents penny pennies pence"),
        ("length", 0.001, "millimeter millimeters millimetre millimetres mm"),
        ("length", 0.01, "centimeter centimeters centimetre centimetres cm"),
        ("length", 1, "meter meters metre metres m"),
        ("length", 1_000, "kilometer kilometers kilometre kilometres km kms"),
        ("length", 0.0254, "inch inches"),
        ("length", 0.3048, "foot feet ft"),
        ("length", 0.9144, "yard yards yd"),
        ("length", 1_609.344, "mile miles"),
        ("mass", 0.001, "milligram milligrams mg"),
        ("mass", 1, "gram grams gramme grammes g"),
        ("mass", 1_000, "kilogram kilograms kilo kilos kg kgs"),
        ("mass", 1_000_000, "tonne tonnes"),
        ("volume", 1, "milliliter milliliters millilitre millilitres ml"),
        ("volume", 1_000, "liter liters litre litres"),
    )
    for word in words.split()
}
"""Unit → what it measures, and how many of the base unit (s, month, money, m, g, ml) it is.

Pounds are taken for money: the mass is rarer in questions, and a weight in pounds still compares
with a weight in pounds.
"""
