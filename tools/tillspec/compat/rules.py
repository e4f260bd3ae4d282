"""All rules of compatibility in one table: an id, whom a change by it breaks, and what it is in a line.

A message is a *request* where the API receives it, and a *response* where it sends it; so what a webhook or a callback sends is a
response, and what its receiver answers is a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tillspec.compat.facets import FACETS


class Severity(StrEnum):
    """Breaking: who keeps to the old contract fails. A warning: somebody may. The gravest come first."""

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """Under which heading a reader of a changelog looks for it."""

    ADDED = "added"
    CHANGED = "changed"
    DEPRECATED = "deprecated"
    REMOVED = "removed"
    BEHAVIOR = "behaviour"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule finds; `family` is the part of the page that says more."""

    id: str
    severity: Severity
    kind: Kind
    summary: str
    family: str


_SEVERITIES = {"!": Severity.BREAKING, "?": Severity.WARNING, " ": Severity.INFO}
_KINDS = {"+": Kind.ADDED, "*": Kind.CHANGED, "~": Kind.DEPRECATED, "-": Kind.REMOVED, "b": Kind.BEHAVIOR}

# Each line: `!` breaking, `?` warning or nothing; `+` added, `*` changed, `~` deprecated, `-` removed, `b` behaviour; id; what.
_TABLE = {
    "operations": """
 + operation-added | An operation is new.
!- operation-removed | An operation is gone that was not deprecated before.
!- operation-removed-before-sunset | An operation is gone before the day that its sunset promised.
?- operation-removed-deprecated | A deprecated operation is gone; no sunset had said when.
 - operation-removed-after-sunset | An operation is gone after its sunset, as was promised.
?* operation-id-changed | An operationId is another, or gone: the wire is the same, names in generated code are not.
 + operation-id-added | An operation has an operationId that had none.
?* operation-tag-removed | An operation has left a tag: generated code and docs may keep it elsewhere.
 * operation-tag-added | An operation has a tag more.
?b surface-changed | An operation belongs to another surface, so that it is generated, documented and verified with others.
""",
    "deprecation": """
 ~ deprecation-added | Something is deprecated.
 * deprecation-removed | Something is deprecated no longer.
?~ deprecation-without-sunset | An operation is deprecated, and nothing says until when it works.
 ~ sunset-added | A day is named on which something ends.
!~ sunset-removed | The day on which something ends is no longer named, though it is still deprecated.
!~ sunset-moved-earlier | Something ends earlier than was promised.
 ~ sunset-moved-later | Something ends later than was said.
?~ sunset-unreadable | A sunset is no date.
""",
    "parameters": """
!+ parameter-required-added | A parameter is new and must be given.
 + parameter-optional-added | A parameter is new and may be given.
?- parameter-removed | A parameter is gone: who sends it is not heard, or refused.
!* parameter-became-required | A parameter must be given now.
 * parameter-became-optional | A parameter need not be given any more.
!* parameter-location-changed | A parameter stands elsewhere: in the query, a header, a cookie.
!* parameter-style-changed | A parameter is written in another way (style, explode, allowReserved).
!* parameter-content-changed | A parameter's text is a document of another media type, or no document any more.
!* parameter-empty-refused | An empty value of a parameter is no longer taken.
 * parameter-empty-allowed | An empty value of a parameter is taken.
""",
    "request bodies": """
!+ request-body-required-added | A body must be sent where there was none.
 + request-body-optional-added | A body may be sent where there was none.
!- request-body-removed | A body is no longer taken.
!* request-body-became-required | A body must be sent that could be left out.
 * request-body-became-optional | A body may be left out.
!- request-media-type-removed | A request is no longer taken in a media type.
 + request-media-type-added | A request is taken in one more media type.
!* request-encoding-changed | A part of a form is to be sent in another way.
!* request-example-refused | A request that the old contract shows as an example is refused by the new one.
?* example-no-longer-valid | An example stands as it was, and its schema no longer allows it.
""",
    "responses": """
!- response-success-removed | A success has gone that was declared.
?+ response-success-added | There is a success that was not declared before.
?- response-error-removed | An error is no longer declared.
 + response-error-added | An error is declared that was not.
!- response-media-type-removed | An answer is no longer given in a media type.
 + response-media-type-added | An answer is given in one more media type.
!* response-encoding-changed | A part of a form is sent in another way.
!- response-required-header-removed | A header that was always there is no longer declared.
?- response-optional-header-removed | A header is no longer declared that could be there.
 + response-header-added | A header is new.
!* response-header-became-optional | A header that was always there may be missing.
 * response-header-became-required | A header is always there.
!* response-header-content-changed | A header's text is written in another way (style, explode, content).
?- link-removed | A link is gone.
 + link-added | A link is new.
?* link-changed | A link leads elsewhere, or gives other values.
""",
    "properties": """
!+ request-required-property-added | A property is new and must be sent.
 + request-optional-property-added | A property is new and may be sent.
!- request-property-refused | A property is gone, and the object is closed: who sends it is refused.
?- request-property-removed | A property is gone; the object is open, so who sends it is likely not heard.
!* request-property-became-required | A property must be sent that could be left out.
 * request-property-became-optional | A property may be left out.
?* request-property-became-read-only | A property can no longer be sent.
 * request-property-became-writable | A property can be sent that could not (readOnly no more).
!* request-closed | Properties that are not declared are refused now.
 * request-opened | Properties that are not declared are taken now.
 + response-property-added | A property is new.
!+ response-closed-property-added | A property is new in an object that was closed: who held answers to the contract refuses it.
!- response-required-property-removed | A property is gone that was always there.
?- response-optional-property-removed | A property is gone that could be there.
!* response-property-became-optional | A property that was always there may be missing.
 * response-property-became-required | A property is always there.
!* response-property-became-write-only | A property is no longer shown.
 * response-property-became-readable | A property is shown that was not (writeOnly no more).
?* response-opened | An object that was closed may have properties that are not declared.
 * response-closed | An object has no properties but those that are declared.
""",
    "values": """
!* request-type-changed | What is sent must be of another JSON type.
!* response-type-changed | What is read is of another JSON type.
!- request-enum-value-removed | A value is no longer taken.
 + request-enum-value-added | One more value is taken.
 - response-enum-value-removed | A value is no longer given.
?+ response-enum-value-added | A value may be given that readers do not know.
!* request-format-changed | What is sent must be of another format.
!* response-format-changed | What is read is of another format.
?* request-pattern-changed | What is sent must match another pattern; whether it is stricter no machine can tell.
?* response-pattern-changed | What is read matches another pattern.
?* request-constraint-changed | A condition on what is sent is another (not, if, contains, dependentRequired, …).
?* response-constraint-changed | A condition on what is read is another (not, if, contains, dependentRequired, …).
!* request-default-changed | What is left out counts as another value than before.
?* request-default-added | What is left out counts as a value that is said now.
?* request-default-removed | What is left out no longer counts as the value that was said.
 * response-default-changed | The default that a response schema names is another.
!- extensible-enum-value-removed | A value is no longer among those that `x-extensible-enum` names.
 + extensible-enum-value-added | A value is new among those that `x-extensible-enum` names.
""",
    "unions": """
!- request-branch-removed | One of several forms is no longer taken (oneOf, anyOf).
 + request-branch-added | One more form is taken.
 - response-branch-removed | One of several forms is no longer given.
!+ response-branch-added | A form may be given that readers do not know.
?* request-union-unclear | Forms of what is sent differ, and cannot be told which became which: a person has to look.
?* response-union-unclear | Forms of what is read differ, and cannot be told which became which: a person has to look.
!* request-union-exclusive | What is sent must fit one form alone, and could fit several (anyOf became oneOf).
 * request-union-inclusive | What is sent may fit several forms (oneOf became anyOf).
 * response-union-exclusive | What is read fits one form alone (anyOf became oneOf).
?* response-union-inclusive | What is read may fit several forms (oneOf became anyOf).
!* discriminator-changed | Another property tells forms apart.
?* discriminator-removed | No property tells forms apart any more.
 * discriminator-added | A property tells forms apart.
!* discriminator-value-changed | A discriminator's value names another form.
!- request-discriminator-value-removed | A discriminator's value is no longer taken.
 + request-discriminator-value-added | A discriminator's value is taken that was not.
 - response-discriminator-value-removed | A discriminator's value is no longer given.
?+ response-discriminator-value-added | A discriminator's value may be given that readers do not know.
""",
    "security": """
!* security-required | A credential is asked for where none was.
?* security-dropped | No credential is asked for any more.
!- security-alternative-removed | One of the ways to authenticate is gone.
 + security-alternative-added | There is one more way to authenticate.
!* security-scope-added | A scope is asked for that was not.
 * security-scope-removed | A scope is no longer asked for.
!* security-scheme-changed | A credential is sent in another way, or is of another kind.
!* security-url-changed | Tokens are got from another URL.
!- security-flow-removed | An OAuth flow is gone.
 + security-flow-added | There is one more OAuth flow.
!- security-flow-scope-removed | A scope can no longer be asked for.
 + security-flow-scope-added | There is one more scope.
?* webhook-security-changed | A webhook shows its receiver other credentials.
""",
    "servers": """
!- server-removed | A server's URL is gone.
 + server-added | A server's URL is new.
!- server-variable-value-removed | A variable of a server's URL no longer takes a value.
?* server-variable-default-changed | A variable of a server's URL has another default.
""",
    "webhooks": """
!- webhook-removed | A webhook is gone: its receivers wait for what never comes.
 + webhook-added | A webhook is new.
!- callback-removed | A callback is gone: its receivers wait for what never comes.
 + callback-added | A callback is new.
!* callback-url-changed | A callback is sent to another place.
 + webhook-body-added | What is sent to receivers has a body that it had not.
!- webhook-body-removed | What is sent to receivers no longer has a body.
!* webhook-body-became-optional | What is sent to receivers may have no body.
 * webhook-body-became-required | What is sent to receivers always has a body.
!+ webhook-media-type-added | A body may be sent in a media type that receivers do not know, and they cannot choose.
 - webhook-media-type-removed | A body is no longer sent in a media type.
!- webhook-reply-removed | An answer is no longer taken from a receiver.
 + webhook-reply-added | One more answer is taken from a receiver.
""",
    "idempotency and limits": """
!b idempotency-dropped | A repeated request is no longer recognised: it is carried out twice.
 b idempotency-added | A repeated request is recognised.
!b idempotency-changed | Repeated requests are recognised or answered in another way.
!b idempotency-retention-shortened | A repeated request is recognised for a shorter time.
 b idempotency-retention-lengthened | A repeated request is recognised for longer.
?b rate-limit-added | Requests are counted that were not.
 b rate-limit-removed | Requests are counted no longer.
!b rate-limit-lowered | Fewer requests are allowed.
 b rate-limit-raised | More requests are allowed.
!b rate-limit-changed | Requests are counted for another, or the limit is told in another way.
""",
    "lifecycle and expiry": """
!b lifecycle-removed | The states of an object are no longer promised.
 b lifecycle-added | The states of an object are promised.
!b lifecycle-changed | A new object has another state, or another property shows it.
!b lifecycle-state-removed | A state is gone.
?b lifecycle-state-added | A state is new: who does not know it must keep it.
!b lifecycle-move-removed | An object can no longer go from one state to another.
?b lifecycle-move-added | An object can go from one state to another.
!b lifecycle-terminal-reopened | A state that was the end of it is so no longer.
!b moves-narrowed | An operation may be called in fewer states.
 b moves-widened | An operation may be called in more states.
!b moves-changed | An operation leads to another state, or answers otherwise where it may not be called.
!b expiry-added | Objects end by themselves that did not.
 b expiry-removed | Objects end by themselves no longer.
!b expiry-shortened | Objects end, or are forgotten, earlier.
 b expiry-lengthened | Objects live, or are kept, longer.
!b expiry-changed | Another property shows when an object ends, or it ends in another state.
""",
    "rules and money": """
!b request-rule-added | A condition holds across what is sent, or a sum that must add up.
 b request-rule-removed | A condition, or a sum, no longer holds across what is sent.
 b response-rule-added | A condition, or a sum, is promised across what is read.
!b response-rule-removed | A condition, or a sum, is no longer promised across what is read.
!b rule-answer-changed | Who breaks a condition gets another status or code.
!b money-changed | An amount is in another unit, has its currency elsewhere, or is rounded otherwise.
?b money-added | A number is said to be an amount in the minor unit.
!b echo-removed | A value no longer equals what was sent.
 b echo-added | A value equals what was sent.
!b echo-changed | A value equals something else, or only at first.
!b request-among-added | A value must be one that an object has.
 b request-among-removed | A value need not be one that an object has.
!b request-among-changed | A value must be one of others than before, or is refused otherwise.
""",
    "ownership and secrets": """
!b owner-changed | Somebody else may see and change an object.
!b object-changed | A schema shows another object, or another property names it.
?b secret-weakened | A secret has less entropy, lives longer, or is none any more: a risk.
 b secret-strengthened | A value is a secret, or a better one.
!b secret-shortened | A secret can be used for a shorter time, or once only.
!b encodes-changed | A code or a token carries something else.
""",
    "deliveries": """
!b signature-changed | Deliveries are signed otherwise: every receiver refuses them.
!b signature-removed | Deliveries are no longer signed.
 b signature-added | Deliveries are signed.
!b delivery-shortened | A receiver has less time, or is asked fewer times.
 b delivery-lengthened | A receiver has more time, or is asked more often.
!b delivery-changed | Other answers count as delivered, or another value names an event.
 b delivery-waits-changed | The waits between two tries are others.
!b tells-narrowed | A webhook is sent on fewer occasions.
?b tells-widened | A webhook is sent on more occasions.
""",
    "promises": """
!b behavior-withdrawn | A promise about behaviour is no longer made.
 b behavior-added | A promise about behaviour is new.
!b behavior-changed | A promise about behaviour is another.
""",
    "version": """
!* version-not-moved | The contract has changed, and info.version has not.
!* version-moved-too-little | info.version says that less has changed than has.
!* version-went-back | info.version is lower, or an earlier date, than it was.
""",
}


def _rules() -> dict[str, Rule]:
    lines = [(family, line) for family, text in _TABLE.items() for line in text.strip("\n").split("\n")]
    lines += [("values", line) for facet in FACETS for line in facet.lines()]
    found: dict[str, Rule] = {}
    for family, line in lines:
        head, _, summary = line[2:].partition(" | ")
        name = head.strip()
        if name in found:
            raise KeyError(f"{name} stands twice in the table of rules")
        found[name] = Rule(name, _SEVERITIES[line[0]], _KINDS[line[1]], summary, family)
    return found


RULES: dict[str, Rule] = _rules()
"""Every rule, by its id."""

FAMILIES = tuple(_TABLE)
"""The parts of the page of rules, in their order."""
