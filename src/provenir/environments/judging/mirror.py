"""Stand-ins for the classes and objects of the other side.

For each class of the other side there is a class here with the same name and the same bases, so
that ``isinstance``, ``except`` and ``issubclass`` mean what they say; its instances hold a number
and nothing else, and whatever is done to one is asked of the side where the object lives. A class
that derives from a plain type is that plain type here, with the value that the other side gave.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "PREDICATES",
    "Asks",
    "Link",
    "MirrorObject",
    "MirrorType",
    "is_method_name",
    "link_of",
    "make_class",
    "make_object",
    "method_names",
    "note_name",
]

_LINK: Final = "_provenir_link"
PREDICATES: Final = frozenset(
    name
    for name in (*dir(str), *dir(set))
    if name.startswith("is") or name in {"startswith", "endswith"}
)
"""Methods of plain types that answer yes or no about a value that is handed to them."""


class Asks(Protocol):
    """What a mirror asks of its peer."""

    def ask(self, op: str, target: Any, name: str = "", /, *args: Any, **kwargs: Any) -> Any:
        """Have the other side do something with an object of its own, and return what came back."""

    def operate(self, name: str, target: Any, /, *args: Any, **kwargs: Any) -> Any:
        """As `ask`, for a special method; rules of this side come first."""

    def method(self, target: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """As `ask`, for a method; rules of this side come first."""

    def attribute(self, target: Any, name: str) -> Any:
        """As `ask`, for an attribute; rules of this side come first."""

    def derive(self, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        """Make a class of this side's methods on the other side; return its mirror."""


class Link:
    """Which object of the other side a mirror stands for.

    Attributes:
        asks: The peer to ask.
        number: Its number there.
        origin: ``made`` by a call of a class that this side named, ``given`` by the other side, or
            ``derived``: what an operation of a given object with a plain value came to. Of a class,
            ``made`` says that this side named it; see `note_name`.
        arguments: What it was made with.
    """

    __slots__ = ("arguments", "asks", "number", "origin")

    def __init__(self, asks: Asks, number: int) -> None:
        self.asks = asks
        self.number = number
        self.origin = "given"
        self.arguments: tuple[Any, ...] = ()


def link_of(value: Any) -> Link:
    """The link of a mirror, whether object or class."""
    if isinstance(value, MirrorType):
        found: Link = type.__getattribute__(value, _LINK)
    else:
        found = object.__getattribute__(value, _LINK)
    return found


def note_name(value: Any, name: str) -> None:
    """Note that this side called something of the other side by a name.

    A class that is called as a class is called, with a capital, makes objects on this side's
    order. One behind a function's name is the other side's idea.
    """
    if isinstance(value, MirrorType) and name[:1].isupper():
        link_of(value).origin = "made"


class MirrorType(type):
    """The class of mirrored classes."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], link: Any = None
    ) -> Any:
        """Make a mirrored class; without a link, a subclass written on this side of one."""
        if link is None and namespace.get("__module__") != __name__:
            asks = next(link_of(b).asks for b in bases if isinstance(b, MirrorType))
            return asks.derive(name, bases, namespace)
        made = super().__new__(mcs, name, bases, namespace)
        type.__setattr__(made, _LINK, link)
        return made

    def __init__(cls, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __call__(cls, /, *args: Any, **kwargs: Any) -> Any:
        """Make an object on the other side."""
        link = link_of(cls)
        made = link.asks.ask("call", cls, "", *args, **kwargs)
        if isinstance(type(made), MirrorType):
            told = link_of(made)
            told.arguments = (*args, kwargs) if kwargs else args
            told.origin = link.origin
        return made

    def __getattr__(cls, name: str) -> Any:
        value = link_of(cls).asks.ask("get", cls, name)
        if link_of(cls).origin == "made":
            note_name(value, name)
        return value

    def __setattr__(cls, name: str, value: Any) -> None:
        link_of(cls).asks.ask("set", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        link_of(cls).asks.ask("del", cls, name)

    def __iter__(cls) -> Any:
        return iter(link_of(cls).asks.ask("op", cls, "__iter__"))

    def __len__(cls) -> int:
        return int(link_of(cls).asks.ask("op", cls, "__len__"))

    def __bool__(cls) -> bool:
        return True

    def __contains__(cls, item: Any) -> bool:
        return bool(link_of(cls).asks.ask("op", cls, "__contains__", item))

    def __getitem__(cls, key: Any) -> Any:
        return link_of(cls).asks.ask("op", cls, "__getitem__", key)

    def __repr__(cls) -> str:
        return str(link_of(cls).asks.ask("op", cls, "__repr__"))

    def __dir__(cls) -> Any:
        return link_of(cls).asks.ask("op", cls, "__dir__")


class MirrorObject(metaclass=MirrorType):
    """Base of mirrored objects: attributes are asked of the other side."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return link_of(self).asks.attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(self, BaseException) and name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            link_of(self).asks.ask("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        link_of(self).asks.ask("del", self, name)

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        pass


def _special(name: str) -> Callable[..., Any]:
    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return link_of(self).asks.operate(name, self, *args, **kwargs)

    method.__name__ = name
    return method


def _forwarder(name: str, owner: Callable[[], type]) -> Callable[..., Any]:
    """A method that a subclass written on this side reaches through ``super()``."""

    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        asks = link_of(self).asks
        nearest = next(c for c in type(self).__mro__ if name in c.__dict__)
        if nearest is owner():
            plain = None if link_of(type(self)).origin == "made" else _plain_predicate(self, name)
            if plain is not None:
                return plain(*args, **kwargs)
            return asks.method(self, name, *args, **kwargs)
        return asks.ask("method", owner(), name, self, *args, **kwargs)

    method.__name__ = name
    return method


def _plain_predicate(value: Any, name: str) -> Any:
    """What a text or a set itself answers, on the value that was given; None for anything else."""
    if name not in PREDICATES:
        return None
    plain = [cls for cls in type(value).__mro__ if not isinstance(cls, MirrorType)]
    found = next((vars(cls)[name] for cls in plain if name in vars(cls)), None)
    return None if found is None else found.__get__(value)


def _vars(self: Any) -> Any:
    return link_of(self).asks.ask("get", self, "__dict__")


def make_class(link: Link, description: Mapping[str, Any], bases: Sequence[type]) -> type:
    """Build the mirror of a class.

    Args:
        link: Where the class lives.
        description: As `peer.Peer` sends it.
        bases: Its bases on this side: mirrors, and plain types that both sides have.
    """
    made: list[type] = []
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": description["q"],
        "__doc__": description["doc"],
        "__dict__": property(_vars),
    }
    namespace |= {name: _forwarder(name, lambda: made[0]) for name in description["f"]}
    namespace |= {name: _special(name) for name in description["d"]}
    if "__eq__" in namespace and "__hash__" not in namespace:
        namespace["__hash__"] = None
    usable = [base for base in bases if base is not object]
    if not any(isinstance(base, MirrorType) for base in usable):
        usable.insert(0, MirrorObject)
    create = MirrorType.__new__
    try:
        mirror = create(MirrorType, description["n"], tuple(usable), namespace, link)
    except TypeError:
        # Bases whose layouts or orders do not agree here, such as two kinds of exception.
        plain = next((base for base in usable if not isinstance(base, MirrorType)), object)
        rest = (MirrorObject,) if plain is object else (MirrorObject, plain)
        mirror = create(MirrorType, description["n"], rest, namespace, link)
    type.__setattr__(mirror, "__module__", description["m"])
    made.append(mirror)
    return mirror  # type: ignore[no-any-return]


def make_object(link: Link, cls: type, plain: Any = None) -> Any:
    """Build the mirror of an object: a value where its class derives from a plain type."""
    create: Any = cls.__new__
    if issubclass(cls, BaseException):
        made = create(cls, *(plain or ()))
    else:
        made = create(cls) if plain is None else create(cls, plain)
    object.__setattr__(made, _LINK, link)
    return made


def method_names(cls: type) -> list[str]:
    """The plain methods that a class itself defines."""
    return sorted(
        name
        for name, value in cls.__dict__.items()
        if isinstance(value, types.FunctionType) and is_method_name(name)
    )


def is_method_name(name: Any) -> bool:
    """Whether a name may be that of an ordinary method; special ones have rules of their own."""
    return isinstance(name, str) and (name == "__init__" or not name.startswith("__"))
