"""What a contract declares of behaviour (`x-behavior`), in sentences of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tillspec.docs.text import code
from tillspec.docs.words import count, duration, listed
from tillspec.runtime.behavior import (
    Among,
    Answer,
    Delivery,
    Encodes,
    Expiry,
    Idempotency,
    Lifecycle,
    ObjectBehavior,
    OperationBehavior,
    PropertyBehavior,
    RateLimit,
    Secret,
    Total,
    Transition,
)

_KEEPS = {
    "success": "the answers of requests that succeeded",
    "carried-out": "the answers of requests that were accepted and carried out; after a refusal the key is free",
    "everything": "all answers, refusals too",
}
_OWNERS = {
    "credential": "belongs to the credential that made it: another credential gets what an unknown id gets",
    "bearer": "is open to whoever holds its id",
    "nobody": "belongs to nobody",
}
_ROUNDING = {"half-up": "half up", "half-even": "half to even", "down": "down"}


@dataclass(frozen=True, slots=True)
class Told:
    """A matter of behaviour: its heading, the anchor it has, and what is so, each point a text of Markdown."""

    title: str
    anchor: str
    points: tuple[str, ...]


def of_operation(declared: OperationBehavior) -> Iterator[Told]:
    """What is declared of an operation, matter by matter."""
    matters = (
        ("What it works on", "behavior-object", _object(declared)),
        ("Retries", "behavior-idempotency", _retries(declared)),
        ("States", "behavior-moves", _moves(declared.moves) if declared.moves else ()),
        ("Objects that are not there", "behavior-absence", _absent(declared)),
        ("Limits", "behavior-rate-limit", _limited(declared.rate_limit) if declared.rate_limit else ()),
        ("Content", "behavior-content", _content(declared)),
    )
    for title, anchor, points in matters:
        if told := tuple(points):
            yield Told(title, anchor, told)


def of_object(declared: ObjectBehavior) -> Iterator[Told]:
    """What is declared of an object, but for its lifecycle, which is drawn."""
    name = code(declared.object) if declared.object else "The object"
    matters = (
        ("Ownership", "ownership", (f"{name} {_OWNERS[declared.owner]}.",) if declared.owner else ()),
        ("Expiry", "expiry", _expiry(declared.expires) if declared.expires else ()),
        ("Money", "money", [_total(total) for total in declared.totals]),
        ("Rules", "rules", _rules(declared)),
    )
    for title, anchor, points in matters:
        if told := tuple(points):
            yield Told(title, anchor, told)


def of_value(declared: PropertyBehavior) -> Iterator[str]:
    """What is declared of one value, each in a phrase."""
    if declared.currency or declared.currency_of:
        where = f"at {code(declared.currency)}" if declared.currency else f"of {code(declared.currency_of or '')}"
        yield f"money in the minor unit of the currency {where}"
    if declared.percent is not None:
        rounding = f", rounded {_ROUNDING[declared.percent.rounding]}" if declared.percent.rounding else ""
        yield f"percent of the amount at {code(declared.percent.of)}{rounding}"
    if declared.same_as is not None:
        until = ", until something else changes it" if declared.initially else ""
        yield f"the same as {code(declared.same_as)}{until}"
    if declared.among is not None:
        yield _among(declared.among)
    if declared.secret is not None:
        yield _secret(declared.secret)
    if declared.encodes is not None:
        yield _encodes(declared.encodes)


def lifecycle(declared: Lifecycle) -> tuple[str, ...]:
    """The states of an object and their moves, a sentence each."""
    told = [f"It begins as {code(declared.initial)}; {code(declared.field)} shows its state."]
    told += [
        f"From {code(state)} it may go to {listed(list(map(code, targets)), 'or')}."
        for state in declared.states
        if (targets := declared.moves.get(state))
    ]
    ends = [code(state) for state in declared.states if declared.is_terminal(state)]
    if ends:
        told.append(f"{listed(ends)} {'is' if len(ends) == 1 else 'are'} final.")
    return tuple(told)


def owned(owner: str | None) -> str:
    """Whose an object is, as the end of a sentence; empty where it is not said."""
    return _OWNERS[owner] if owner else ""


def answer(given: Answer) -> str:
    """What a request gets: a status, and its code."""
    if given.status is None:
        return "a success"
    told = f"{given.status}" + (f" with the code {code(str(given.code))}" if given.code is not None else "")
    return told + (f" and the header {listed([code(name) for name in given.headers])}" if given.headers else "")


def deliveries(declared: Delivery) -> tuple[str, ...]:
    """How a webhook is delivered, in sentences."""
    counted, ends = listed(list(declared.delivered), "or"), listed(list(declared.ends), "or")
    told = [f"Answer {counted} within {duration(declared.timeout)}. Anything else, or nothing, is followed by another try."]
    if declared.retries:
        waits = _waits(declared)
        tries = count(len(declared.retries), "further try")
        told.append(
            f"There are {tries}, after waits of {waits}, each counted from the end of the try before. Then it is given up."
        )
    else:
        told.append("There is one try alone.")
    if ends:
        told.append(f"After {ends} it is given up at once.")
    if declared.event_id:
        told.append(
            f"Repetitions of one delivery share {code(declared.event_id)}, and nothing else has it: drop what you have seen."
        )
    return tuple(told)


def _waits(declared: Delivery) -> str:
    """The waits in a row; of many the first eight, and the last."""
    told = [duration(wait) for wait in declared.retries]
    return ", ".join(told) if len(told) <= 9 else f"{', '.join(told[:8])} and so on up to {told[-1]}"


def _object(declared: OperationBehavior) -> Iterator[str]:
    verbs = (("creates", "Makes"), ("reads", "Reads"), ("updates", "Changes"), ("deletes", "Deletes"))
    for word, verb in verbs:
        if name := getattr(declared, word):
            yield f"{verb} {_article(name)} {code(name)}."
    if declared.merge:
        deep = (
            "members of objects in it are merged as well"
            if declared.merge == "deep"
            else "an object in it replaces the whole one"
        )
        yield f"What is given changes, what is left out stays; {deep}."
    if declared.lists is not None:
        by = f" of the {code(declared.lists.by)} that the request names" if declared.lists.by else ""
        order = f", in the order {code(declared.lists.order)}" if declared.lists.order else ""
        yield f"Lists {code(declared.lists.object)}{by}{order}."
    if declared.tells is not None:
        when = f" when it is {listed([code(word) for word in declared.tells.when], 'or')}" if declared.tells.when else ""
        yield f"Tells of {_article(declared.tells.object)} {code(declared.tells.object)}{when}."
    if declared.identifies:
        yield f"The object is named by {code(declared.identifies)}."
    if declared.owner:
        yield f"It {_OWNERS[declared.owner]}."
    yield from (f"{code(name)}: {'; '.join(of_value(one))}." for name, one in declared.parameters.items())


def _retries(declared: OperationBehavior) -> Iterator[str]:
    match declared.idempotency:
        case "none":
            yield "A repeated request is carried out again."
        case "inherent":
            yield "A repeated request leaves everything as the first one did, so it is safe to send it again."
        case Idempotency() as keyed:
            yield from _keyed(keyed)
        case None:
            pass


def _keyed(keyed: Idempotency) -> Iterator[str]:
    scope = listed([f"one {word}" for word in keyed.scope])
    header, same = code(keyed.header), "as JSON values" if keyed.compare == "json" else "byte for byte"
    yield f"With the header {header} a repeated request is safe. A key is one and the same within {scope}."
    replayed = f", and {code(keyed.replayed)}: true" if keyed.replayed else ""
    yield f"The same key and the same body: the first answer again, byte for byte{replayed}. Bodies are compared {same}."
    yield f"The same key and another body: {answer(keyed.mismatch)}."
    yield f"A key whose first request is still running: {answer(keyed.running)}."
    yield f"Kept for {duration(keyed.retention)} are {_KEEPS[keyed.keeps]}."


def _moves(moves: Transition) -> Iterator[str]:
    if moves.sources is None:
        yield f"Moves the object to {code(moves.to)}, whatever state it is in."
    else:
        yield f"Moves the object to {code(moves.to)} from {listed([code(state) for state in moves.sources], 'or')}."
    if moves.otherwise is not None:
        yield f"In any other state: {answer(moves.otherwise)}."
    yield from (f"In the state {code(state)}: {answer(given)}." for state, given in moves.refused.items())


def _absent(declared: OperationBehavior) -> Iterator[str]:
    cases: tuple[tuple[str, Answer | None], ...] = (
        ("An id that is not known", declared.unknown), ("Another credential's object", declared.foreign),
        ("An object that has expired", declared.expired), ("An object that is no longer kept", declared.gone),
    )  # fmt: skip
    if declared.unknown is not None and declared.unknown == declared.foreign:
        cases = (("An id that is not known, and another credential's object alike", declared.unknown), *cases[2:])
    yield from (f"{case}: {answer(given)}." for case, given in cases if given is not None)


def _limited(limit: RateLimit) -> Iterator[str]:
    allowed = (
        f" About {count(limit.requests, 'request')} are allowed in {duration(limit.per)}." if limit.requests and limit.per else ""
    )
    yield f"Requests are counted for each {limit.scope}.{allowed} One too many gets {answer(limit.exceeded)}."
    names = [(limit.limit, "the limit"), (limit.remaining, "what remains"), (limit.reset, "when the window ends")]
    if told := [f"{code(name)} tells {what}" for name, what in names if name]:
        unit = {"epoch-seconds": " (in seconds since 1970)", "seconds": " (in seconds from now)", None: ""}[limit.reset_unit]
        yield f"{listed(told)}{unit}."


def _content(declared: OperationBehavior) -> Iterator[str]:
    if declared.negotiation is not None:
        other = declared.negotiation.otherwise
        refused = f"{code(other)} is sent all the same" if isinstance(other, str) else f"the answer is {other}"
        yield f"Where `Accept` leaves it open, {code(declared.negotiation.preferred)} is sent; where it allows none, {refused}."
    yield from (f"{code(media)}: {_encodes(one)}." for media, one in declared.encodes.items())
    yield from (f"The header {code(name)}: {'; '.join(of_value(one))}." for name, one in declared.headers.items())


def _expiry(declared: Expiry) -> Iterator[str]:
    where = f"; {code(declared.at)} tells when" if declared.at else ""
    if declared.after is not None:
        yield f"It ends by itself {duration(declared.after)} after it was made{where}."
    elif declared.after_value:
        yield f"It ends by itself as many seconds after it was made as {code(declared.after_value)} says{where}."
    if declared.state:
        yield f"Then it goes to {code(declared.state)}."
    if declared.kept is not None:
        yield f"It can be read for another {duration(declared.kept)}, and is gone after that."
    elif declared.kept_forever:
        yield "It can be read for ever."


def _total(total: Total) -> str:
    terms = []
    for index, term in enumerate(total.terms):
        sign = "" if index == 0 and term.sign == "+" else f"{'−' if term.sign == '-' else '+'} "
        terms.append(f"{sign}{code(term.amount)}" + (f" × {code(term.times)}" if term.times else ""))
    told = f"{code(total.total)} = sum of {' '.join(terms)}"
    if total.rounding:
        told += f", rounded {_ROUNDING[total.rounding]}"
    if total.when:
        told += f", where {code(total.when)}"
    return f"{told}{_refused(total.status, total.code)}."


def _rules(declared: ObjectBehavior) -> Iterator[str]:
    for rule in declared.rules:
        where = f" (at {code(rule.at)})" if rule.at else ""
        yield f"{_begun(rule.message)}{where}{_refused(rule.status, rule.code)}."


def _begun(message: str) -> str:
    """A message as the begin of a sentence; the name of a field keeps its case."""
    first = message.partition(" ")[0]
    return message[:1].upper() + message[1:] if first.isalpha() and first.islower() else message


def _refused(status: int | None, name: str | int | None) -> str:
    return f"; else {answer(Answer(status=status, code=name))}" if status is not None else ""


def _among(among: Among) -> str:
    where = f"one of those at {code(among.at)} of a {code(among.object)}" if among.at else f"the name of a {code(among.object)}"
    return f"{where}; anything else gets {answer(among.otherwise)}"


def _secret(secret: Secret) -> str:
    facts = [f"at least {secret.bits} bits of entropy"] if secret.bits else []
    facts += [f"valid for {duration(secret.lifetime)}"] if secret.lifetime else []
    facts += ["can be used once"] if secret.single_use else []
    return f"**secret**: whoever has it can use it, so keep it out of logs and caches{''.join(f'; {fact}' for fact in facts)}"


def _encodes(encodes: Encodes) -> str:
    what = {"qr": "a QR code", "jwt": "a JSON Web Token"}[encodes.carrier]
    facts = [f"holds {code(encodes.text)}"] if encodes.text else []
    facts += [f"matches {code(encodes.pattern)}"] if encodes.pattern else []
    facts += [f"contains {listed([code(one) for one in encodes.contains])}"] if encodes.contains else []
    facts += [f"has the claims {listed([code(one) for one in encodes.claims])}"] if encodes.claims else []
    return f"{what}{f' that {listed(facts)}' if facts else ''}" + ("; it is a secret" if encodes.secret else "")


def _article(name: str) -> str:
    return "an" if name[:1].lower() in tuple("aeio") else "a"


Objects = Mapping[str, ObjectBehavior]
"""What is declared of objects, by the object's name."""
