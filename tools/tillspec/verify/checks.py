"""The table of checks: what each holds a server to, and where that is said. A check that is not here cannot find anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of checks, the columns of the matrix."""

    ACCEPTS = "accepts"
    BODY = "bodies"
    PARAMETERS = "parameters"
    WIRE = "wire"
    CREDENTIALS = "credentials"
    OWNERSHIP = "ownership"
    OBJECTS = "objects"
    IDEMPOTENCY = "idempotency"
    LIFECYCLE = "lifecycle"
    EXPIRY = "expiry"
    RESPONSES = "responses"
    MONEY = "money and rules"
    SECRETS = "secrets"
    IMAGES = "images"
    METHODS = "methods"
    SCENARIOS = "scenarios"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check holds a server to. `source` is the standard or the word of `x-behavior` that says so."""

    id: str
    kind: Kind
    summary: str
    source: str


CHECKS: dict[str, Check] = {}


def _checks(kind: Kind, *rows: tuple[str, str, str]) -> None:
    for identifier, summary, source in rows:
        assert identifier not in CHECKS, identifier
        CHECKS[identifier] = Check(identifier, kind, summary, source)


_checks(
    Kind.RESPONSES,
    ("answers", "every request gets a complete HTTP response in time", "RFC 9112"),
    ("status-declared", "the status is one that the operation declares", "OpenAPI 3.1, Responses Object"),
    ("no-crash", "no request makes the server fail with a 5xx", "RFC 9110, section 15.6"),
    ("media-type-declared", "the body has a media type that the response declares", "OpenAPI 3.1, Response Object, content"),
    ("body-schema", "the body is valid by its schema, formats among it", "OpenAPI 3.1, Media Type Object, schema"),
    ("body-json", "a body that is said to be JSON is JSON", "RFC 8259"),
    ("body-expected", "a response that declares a body has one, and one that must have none has none", "RFC 9110, section 6.4"),
    ("content-coded", "a body that is said to be compressed is", "RFC 9110, section 8.4"),
    (
        "header-required",
        "a header that the response declares as required is there, and so is no-store where it has a secret",
        "OpenAPI 3.1, Header Object, required; RFC 9111, section 5.2.2.5",
    ),
    ("header-schema", "a header's value is valid by its schema", "OpenAPI 3.1, Header Object, schema"),
)
_checks(
    Kind.ACCEPTS,
    ("valid-accepted", "a request that keeps the contract is accepted", "OpenAPI 3.1, Operation Object"),
    (
        "valid-edit-accepted",
        "a bound, an enum value, null and absence that the schema allows are accepted",
        "JSON Schema 2020-12",
    ),
)
_checks(
    Kind.BODY,
    ("invalid-body-refused", "a body that breaks one keyword of its schema is refused with a 4xx", "JSON Schema 2020-12"),
)
_checks(
    Kind.PARAMETERS,
    (
        "invalid-parameter-refused",
        "a parameter that breaks its schema, or is required and left out, is refused with a 4xx",
        "OpenAPI 3.1, Parameter Object",
    ),
)
_checks(
    Kind.WIRE,
    ("malformed-refused", "a body that is no text of its media type is refused with a 4xx", "RFC 8259"),
    ("media-type-refused", "a body of a media type that is not declared is refused with a 4xx", "RFC 9110, section 15.5.16"),
    ("framing-refused", "a message whose framing is wrong is refused, or the connection closed", "RFC 9112, section 6"),
    ("http-accepted", "a message that HTTP allows is accepted, however it is spelled and framed", "RFC 9110, RFC 9112"),
    ("answers-still", "after malformed messages a normal one is accepted as before", "RFC 9112, section 8"),
)
_checks(
    Kind.CREDENTIALS,
    ("credentials-required", "a request without credentials is refused", "OpenAPI 3.1, Security Requirement Object"),
    ("credentials-checked", "a credential that is not exactly a good one is refused", "OpenAPI 3.1, Security Requirement Object"),
    (
        "scope-required",
        "a credential without the scope that the operation asks for is refused",
        "OpenAPI 3.1, Security Requirement Object",
    ),
    (
        "credentials-location",
        "a credential counts only where its scheme says that it stands",
        "OpenAPI 3.1, Security Scheme Object",
    ),
    ("challenge", "a 401 names how to authenticate", "RFC 9110, section 11.6.1"),
)
_checks(
    Kind.OWNERSHIP,
    ("foreign-refused", "another tenant's object can be neither read nor changed", "x-behavior: owner, foreign"),
    ("foreign-untouched", "a refused request leaves another tenant's object as it was", "x-behavior: owner"),
    ("foreign-hidden", "another tenant's object gets the same answer as one that never was", "x-behavior: foreign, unknown"),
    ("foreign-listed", "a list has the tenant's own objects alone", "x-behavior: owner, lists"),
)
_checks(
    Kind.OBJECTS,
    ("unknown-refused", "an id that names nothing gets the declared answer", "x-behavior: unknown"),
    ("right-object", "the answer is about the object that the request names", "x-behavior: identifies"),
    ("read-after-write", "what was written is what is read", "x-behavior: creates, updates, same-as"),
    ("read-after-delete", "what was deleted is gone, for every operation", "x-behavior: deletes, unknown"),
    ("merge", "an update leaves, replaces and empties what the contract says", "x-behavior: merge"),
    ("link-followed", "every link of a response leads to a request that succeeds", "OpenAPI 3.1, Link Object"),
    ("listed", "what was made is listed, in the declared order", "x-behavior: lists"),
    ("refusal-changes-nothing", "a request that was refused has changed nothing", "RFC 9110, section 15.5"),
    ("among", "a value that must be one of an object's is refused where it is none", "x-behavior: among"),
)
_checks(
    Kind.IDEMPOTENCY,
    ("repeat-replayed", "a repeated request with its key gets the first answer again", "x-behavior: idempotency, repeat"),
    ("repeat-marked", "a replay says that it is one, and a first answer does not", "x-behavior: idempotency, replayed"),
    ("key-mismatch", "a key with another body is refused", "x-behavior: idempotency, mismatch"),
    ("key-raced", "requests with one key at once carry out one", "x-behavior: idempotency, running"),
    ("key-scope", "a key counts within its scope alone", "x-behavior: idempotency, scope"),
    ("key-kept", "which answers are kept under a key is as declared", "x-behavior: idempotency, keeps"),
    ("key-retention", "a key is kept as long as declared", "x-behavior: idempotency, retention"),
    ("repeat-inherent", "a repeated request leaves everything as the first one did", "x-behavior: idempotency, inherent"),
    (
        "repeat-separate",
        "requests with other keys, or without one, are other requests, and no two objects have one id",
        "x-behavior: idempotency, id",
    ),
    (
        "method-idempotent",
        "a repeated safe or idempotent method leaves everything as the first one did",
        "RFC 9110, section 9.2.2",
    ),
)
_checks(
    Kind.LIFECYCLE,
    ("initial-state", "a new object is in its initial state", "x-behavior: lifecycle, initial"),
    ("move-allowed", "a move that the lifecycle has can be made", "x-behavior: lifecycle, moves"),
    ("move-refused", "a move that the lifecycle has not is refused", "x-behavior: lifecycle, moves"),
    ("state-kept", "a state never goes back", "x-behavior: lifecycle"),
)
_checks(
    Kind.EXPIRY,
    ("expiry-shown", "the time of expiry that is shown is the declared one", "x-behavior: expires, after, at"),
    ("alive-until-expiry", "an object lives until it expires", "x-behavior: expires"),
    ("expired-answer", "an object that has expired gets the declared answer and state", "x-behavior: expires, expired"),
    ("gone-answer", "an object that is no longer kept gets the declared answer", "x-behavior: expires, kept, gone"),
)
_checks(
    Kind.MONEY,
    ("echo", "a value that repeats another one is the same", "x-behavior: same-as"),
    ("rule-kept", "a response keeps the rules of its objects", "x-behavior: rules"),
    ("total-kept", "a total of a response is the sum of its terms", "x-behavior: totals"),
    ("rule-enforced", "a request that breaks a rule is refused as declared", "x-behavior: rules"),
    ("total-enforced", "a request whose total is off by one is refused as declared", "x-behavior: totals"),
)
_checks(
    Kind.SECRETS,
    ("no-credential-echoed", "a response has no credential in it", "x-behavior: secret"),
    ("no-internals", "a response has no stack trace, query or path of the server in it", "OWASP API8:2023"),
    ("secret-in-errors", "an error repeats no secret of the request", "x-behavior: secret"),
    ("secret-entropy", "a secret has the declared entropy, and none is like another", "x-behavior: secret, bits"),
    ("token-claims", "a token has the declared claims, signed", "x-behavior: encodes, jwt; RFC 8725"),
    ("token-lifetime", "a token lives as long as declared", "x-behavior: secret, lifetime; RFC 7519, section 4.1.4"),
)
_checks(
    Kind.IMAGES,
    ("image-valid", "an image is of the type that it is said to be", "RFC 2046, section 4.2"),
    ("image-encodes", "a code holds the declared text", "x-behavior: encodes, qr"),
    ("image-same", "the same code comes in every form", "x-behavior: encodes, qr"),
    ("svg-inert", "an SVG has nothing active in it", "SVG 2, section 2.6"),
    ("image-size", "an image has the size that was asked for", "OpenAPI 3.1, Parameter Object"),
)
_checks(
    Kind.METHODS,
    ("method-refused", "a method that is not declared is refused with 405, 404 or 501", "RFC 9110, section 15.5.6"),
    ("allow-header", "a 405 says in `Allow` which methods there are", "RFC 9110, section 15.5.6"),
    ("head-like-get", "HEAD is GET without the body", "RFC 9110, section 9.3.2"),
    ("options-allowed", "OPTIONS fails not, and what it allows is what there is", "RFC 9110, section 9.3.7"),
    ("no-trace", "TRACE is not served", "RFC 9110, section 9.3.8"),
    ("unknown-path", "a path that is not declared gets 404", "RFC 9110, section 15.5.5"),
    ("not-modified", "a conditional request gets 304 while nothing changed, and not after", "RFC 9110, section 13"),
    ("negotiated", "the media type is the one that `Accept` prefers", "RFC 9110, section 12.5.1; x-behavior: negotiation"),
    ("latency", "an answer comes within the latency budget of the profile", "the profile"),
    (
        "rate-limit-told",
        "the headers of the rate limit agree with each other, and a 429 says when to try again",
        "x-behavior: rate-limit",
    ),
)
_checks(Kind.SCENARIOS, ("scenario", "a scenario of the contract runs to its end", "Arazzo 1.0.1"))
