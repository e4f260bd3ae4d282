"""`x-behavior` (spec/behavior.schema.json) to records. What is not of the published form is left out; the lint tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tillspec.api.delivery import delivery
from tillspec.api.durations import duration
from tillspec.runtime.behavior import (
    Among,
    Answer,
    Encodes,
    Expiry,
    Idempotency,
    Key,
    Lifecycle,
    Listing,
    Negotiation,
    ObjectBehavior,
    OperationBehavior,
    OutsideObject,
    Percent,
    PropertyBehavior,
    RateLimit,
    Rule,
    Secret,
    Signature,
    Telling,
    Term,
    Timestamp,
    Total,
    Transition,
)
from tillspec.runtime.cel_syntax import SyntaxFault, parse

KEY = "x-behavior"

_SCHEMES = ("hmac-sha1", "hmac-sha256", "hmac-sha512")


def operation_behavior(value: Any) -> OperationBehavior:
    """What an operation itself declares."""
    words = _words(value)
    return OperationBehavior(
        surface=_text(words, "surface"),
        creates=_text(words, "creates"),
        reads=_text(words, "reads"),
        lists=_listing(words.get("lists")),
        updates=_text(words, "updates"),
        deletes=_text(words, "deletes"),
        tells=_telling(words.get("tells")),
        signature=_signature(words.get("signature")),
        delivery=delivery(words.get("delivery")),
        identifies=_text(words, "identifies"),
        owner=cast("Any", _text(words, "owner")),
        merge=cast("Any", _text(words, "merge")),
        moves=_transition(words.get("moves")),
        idempotency=_idempotency(words.get("idempotency")),
        negotiation=_negotiation(words.get("negotiation")),
        expired=_answer(words.get("expired")),
        gone=_answer(words.get("gone")),
        foreign=_answer(words.get("foreign")),
        unknown=_answer(words.get("unknown")),
        rate_limit=_rate_limit(words.get("rate-limit")),
    )


def object_behavior(schema: Any) -> ObjectBehavior | None:
    """What an object schema and its own properties declare."""
    if not isinstance(schema, dict):
        return None
    words = _words(schema.get(KEY))
    properties = schema.get("properties")
    inner = {
        name: made
        for name, value in (properties.items() if isinstance(properties, dict) else ())
        if (made := property_behavior(value))
    }
    if not words and not inner:
        return None
    return ObjectBehavior(
        object=_text(words, "object"),
        id=_text(words, "id"),
        owner=cast("Any", _text(words, "owner")),
        lifecycle=_lifecycle(words.get("lifecycle")),
        expires=_expiry(words.get("expires")),
        totals=tuple(_total(total) for total in _list(words, "totals")),
        rules=tuple(_rule(rule) for rule in _list(words, "rules") if _is_expression(_text(rule, "rule"))),
        properties=inner,
    )


def property_behavior(schema: Any) -> PropertyBehavior | None:
    """What the schema of a value declares: of a property, a parameter or a header."""
    return _property(_words(schema.get(KEY))) if isinstance(schema, dict) else None


def outside_objects(document: Mapping[str, Any]) -> dict[str, OutsideObject]:
    """The objects that a document says are made outside its API."""
    declared = _words(_words(document.get(KEY)).get("objects"))
    return {
        name: OutsideObject(
            description=_text(_words(words), "description") or "", owner=cast("Any", _text(_words(words), "owner"))
        )
        for name, words in declared.items()
    }


def reads_strictly(document: Mapping[str, Any]) -> bool:
    """Whether a document says that bodies with what is no JSON (RFC 8259), or with a name twice, are refused."""
    return _words(document.get(KEY)).get("json") == "strict"


def credential(scheme: Any) -> Secret | None:
    """What a security scheme declares of its credentials."""
    secret = _words(_words(scheme).get(KEY)).get("secret")
    return _secret(secret) if isinstance(secret, dict) else None


def encoding(value: Any) -> Encodes | None:
    """What a media type declares that it encodes."""
    return _encodes(_words(value).get("encodes"))


def _words(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(words: Mapping[str, Any], name: str) -> str | None:
    value = words.get(name)
    return value if isinstance(value, str) else None


def _number(words: Mapping[str, Any], name: str) -> int | None:
    value = words.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _list(words: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = words.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(words: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = words.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _answer(value: Any) -> Answer | None:
    match value:
        case "success":
            return Answer()
        case int():
            return Answer(status=value)
        case {"status": int(status)}:
            code = value.get("code")
            code = code if isinstance(code, str | int) else None
            return Answer(status=status, code=code, at=_text(value, "at"), headers=_texts(value, "headers"))
        case _:
            return None


def _transition(value: Any) -> Transition | None:
    words = _words(value)
    to = _text(words, "to")
    sources = _texts(words, "from") if "from" in words else None
    if to is None:
        return None
    refused = {state: answer for state, given in _words(words.get("refused")).items() if (answer := _answer(given))}
    return Transition(to=to, sources=sources, otherwise=_answer(words.get("otherwise")), refused=refused)


def _listing(value: Any) -> Listing | None:
    words = _words(value)
    listed = _text(words, "object")
    return Listing(object=listed, at=_text(words, "at"), order=_text(words, "order"), by=_text(words, "by")) if listed else None


def _telling(value: Any) -> Telling | None:
    words = _words(value)
    told = _text(words, "object")
    return Telling(object=told, when=_texts(words, "when")) if told else None


def _signature(value: Any) -> Signature | None:
    words = _words(value)
    header, scheme, over = _text(words, "header"), words.get("scheme"), _text(words, "over")
    encoded, key, given = words.get("encoding"), _words(words.get("key")), _words(words.get("given"))
    known = scheme in _SCHEMES and encoded in ("hex", "base64") and key.get("as", "text") in ("text", "hex", "base64")
    if header is None or over is None or not known:
        return None
    return Signature(
        header=header,
        scheme=cast("Any", scheme),
        encoding=cast("Any", encoded),
        over=over,
        separator=_text(words, "separator"),
        prefix=_text(words, "prefix") or "",
        timestamp=_timestamp(_words(words.get("timestamp"))),
        key=Key(form=cast("Any", _text(key, "as") or "text"), prefix=_text(key, "prefix") or ""),
        given={name: text for name, text in given.items() if isinstance(text, str)},
    )


def _timestamp(words: Mapping[str, Any]) -> Timestamp | None:
    tolerance = duration(words.get("tolerance"))
    if tolerance is None:
        return None
    return Timestamp(
        header=_text(words, "header"),
        prefix=_text(words, "prefix"),
        unit=cast("Any", _text(words, "unit") or "epoch-seconds"),
        tolerance=tolerance,
    )


def _negotiation(value: Any) -> Negotiation | None:
    words = _words(value)
    preferred, otherwise = _text(words, "preferred"), words.get("otherwise")
    if preferred is None or not isinstance(otherwise, str | int):
        return None
    return Negotiation(preferred=preferred, otherwise=otherwise)


def _idempotency(value: Any) -> Any:
    if value in ("none", "inherent"):
        return value
    words = _words(value)
    header, retention = _text(words, "header"), duration(words.get("retention"))
    mismatch, running = _answer(words.get("mismatch")), _answer(words.get("running"))
    if header is None or retention is None or mismatch is None or running is None:
        return None
    return Idempotency(
        header=header,
        scope=_texts(words, "scope"),
        compare=cast("Any", _text(words, "compare") or "json"),
        replayed=_text(words, "replayed"),
        mismatch=mismatch,
        running=running,
        keeps=cast("Any", _text(words, "keeps") or "carried-out"),
        retention=retention,
    )


def _lifecycle(value: Any) -> Lifecycle | None:
    words = _words(value)
    field, initial, moves = _text(words, "field"), _text(words, "initial"), _words(words.get("moves"))
    if field is None or initial is None:
        return None
    return Lifecycle(field=field, initial=initial, moves={state: _texts(moves, state) for state in moves})


def _expiry(value: Any) -> Expiry | None:
    words = _words(value)
    after = words.get("after")
    fixed = duration(after)
    if after is None and "at" not in words:
        return None
    return Expiry(
        after=fixed,
        after_value=after if fixed is None and isinstance(after, str) else None,
        at=_text(words, "at"),
        state=_text(words, "state"),
        kept=duration(words.get("kept")),
        kept_forever=words.get("kept") == "forever",
    )


def _is_expression(text: str | None) -> bool:
    """Whether a text can be carried out as CEL as far as its syntax goes; one that cannot would spoil the model that has it."""
    try:
        parse(text or "true")
    except SyntaxFault:
        return False
    return True


def _rule(words: Mapping[str, Any]) -> Rule:
    return Rule(
        rule=_text(words, "rule") or "true",
        message=_text(words, "message") or "",
        at=_text(words, "at"),
        status=_number(words, "status"),
        code=_code(words),
    )


def _code(words: Mapping[str, Any]) -> str | int | None:
    code = words.get("code")
    return code if isinstance(code, str | int) and not isinstance(code, bool) else None


def _total(words: Mapping[str, Any]) -> Total:
    terms = tuple(
        Term(amount=_text(term, "amount") or "", times=_text(term, "times"), sign=cast("Any", _text(term, "sign") or "+"))
        for term in _list(words, "terms")
    )
    return Total(
        total=_text(words, "total") or "",
        terms=terms,
        when=_text(words, "when"),
        rounding=cast("Any", _text(words, "rounding")),
        status=_number(words, "status"),
        code=_code(words),
    )


def _property(words: Mapping[str, Any]) -> PropertyBehavior | None:
    money, percent, among, secret = (words.get(name) for name in ("money", "percent", "among", "secret"))
    made = PropertyBehavior(
        currency=_text(_words(money), "currency"),
        currency_of=_text(_words(money), "of"),
        percent=_percent(_words(percent)),
        same_as=_text(words, "same-as"),
        initially=words.get("initially") is True,
        among=_among(_words(among)),
        secret=_secret(secret) if isinstance(secret, dict) else None,
        encodes=_encodes(words.get("encodes")),
    )
    return made if made != PropertyBehavior() else None


def _percent(words: Mapping[str, Any]) -> Percent | None:
    of = _text(words, "of")
    return Percent(of=of, rounding=cast("Any", _text(words, "rounding"))) if of is not None else None


def _among(words: Mapping[str, Any]) -> Among | None:
    found, otherwise = _text(words, "object"), _answer(words.get("otherwise"))
    return Among(object=found, otherwise=otherwise, at=_text(words, "at")) if found and otherwise else None


def _secret(words: Mapping[str, Any]) -> Secret:
    return Secret(
        bits=_number(words, "bits"), lifetime=duration(words.get("lifetime")), single_use=words.get("single-use") is True
    )


def _encodes(value: Any) -> Encodes | None:
    words = _words(value)
    carrier = _text(words, "as")
    if carrier is None:
        return None
    return Encodes(
        carrier=cast("Any", carrier),
        text=_text(words, "text"),
        pattern=_text(words, "pattern"),
        contains=_texts(words, "contains"),
        claims=_texts(words, "claims"),
        secret=words.get("secret") is True,
    )


def _rate_limit(value: Any) -> RateLimit | None:
    words = _words(value)
    scope, reset, allows = _text(words, "scope"), _words(words.get("reset")), _words(words.get("allows"))
    if scope is None:
        return None
    return RateLimit(
        scope=cast("Any", scope),
        limit=_text(words, "limit"),
        remaining=_text(words, "remaining"),
        reset=_text(reset, "header"),
        reset_unit=cast("Any", _text(reset, "unit")),
        exceeded=_answer(words.get("exceeded")) or Answer(status=429),
        requests=_number(allows, "requests"),
        per=duration(allows.get("per")),
    )
