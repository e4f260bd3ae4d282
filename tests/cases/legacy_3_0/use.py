"""What OpenAPI 3.0 says in its own words: null where it is allowed, open bounds, and fields of a base."""

from __future__ import annotations

import datetime
import json
from typing import Any

from legacy_3_0_api import models
from legacy_3_0_api._runtime.scalars import LENIENT
from pydantic import MISSING, ValidationError

LEAST: dict[str, Any] = {"number": "4711", "owner": {"name": "Ada"}, "closed_at": None, "rate": 0.5}


def takes(**changes: Any) -> bool:
    """Whether a server takes the least account with these changes."""
    wanted = {name: value for name, value in (LEAST | changes).items() if value is not MISSING}
    try:
        models.SavingsAccount.model_validate_json(json.dumps(wanted), strict=True)
    except ValidationError:
        return False
    return True


account = models.SavingsAccount.model_validate(LEAST)
assert (account.balance, account.nickname, account.closed_at) == (0, MISSING, None)
assert account.model_dump(exclude_unset=True) == LEAST

assert takes(nickname=None)
assert takes(guardian=None)
assert takes(guardian={"name": "Bob"})
assert takes(currency=None)
assert takes(currency="CHF")
assert takes(closed_at="2017-10-01T12:00:00Z")
assert takes(rate=10)
assert takes(balance=2**63 - 1)

assert not takes(closed_at=MISSING)
assert not takes(owner=None)
assert not takes(owner=MISSING)
assert not takes(balance=None)
assert not takes(balance=2**63)
assert not takes(rate=0)
assert not takes(rate=10.5)
assert not takes(rate="1")
assert not takes(rate=True)
assert not takes(balance="5")
assert not takes(balance=True)
assert not takes(number=4711)
assert not takes(currency="USD")
assert not takes(closed_at="2017-10-01")
assert not takes(guardian={})

grown = models.SavingsAccount.model_validate_json(json.dumps(LEAST | {"currency": "USD"}), context=LENIENT)
assert grown.currency == models.UnknownValue("USD"), "a client does not break when an enum grows"
assert isinstance(grown.currency, models.UnknownValue)

asked = models.SavingsAccountRequest.model_validate_json(
    '{"owner": {"name": "Ada"}, "closed_at": null, "rate": 1, "number": "1"}'
)
assert not hasattr(models.SavingsAccountRequest, "number"), "what the server alone sets is no field of a request"
assert json.loads(asked.model_dump_json())["number"] == "1", "it is kept all the same"

closed = models.SavingsAccount.model_validate(LEAST | {"closed_at": datetime.datetime(2017, 10, 1, tzinfo=datetime.UTC)})
assert closed.model_dump(mode="json", exclude_unset=True)["closed_at"] == "2017-10-01T00:00:00Z"
