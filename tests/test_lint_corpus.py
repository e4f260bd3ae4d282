"""Lint on other people's contracts: no crash, and every place is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tillspec.lint import lint

DOCUMENTS = [
    "acp-checkout", "acp-delegate-payment", "acp-webhook", "adyen-binlookup", "adyen-payout", "adyen-transfers", "box-2025",
    "museum",
    "oai-callback", "oai-link", "oai-petstore", "oai-petstore-exp", "oai-tictactoe", "oai-uspto", "oai-webhook",
    "openbanking-events", "openbanking-vrp", "oxide-gateway", "paypal-orders", "paypal-payments", "redocly-cafe", "redocly-pets",
    "resend", "spotify", "stripe", "swagger-petstore", "train-travel", "twilio-pricing", "ucp-shopping",
]  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_the_corpus(name: str, shared: Path) -> None:
    findings = lint(shared / f"{name}.json")
    places = [item.place.position for item in findings if item.place]
    assert [item.message for item in findings if item.code == "defect"] == []
    assert len(places) == len(findings)
    assert all(line > 1 for line, _ in places)


def test_the_list_is_the_corpus(shared: Path) -> None:
    assert sorted(DOCUMENTS) == sorted(path.stem for path in shared.glob("*.json"))


def test_a_true_finding_of_each_kind(shared: Path) -> None:
    """Mistakes that are in these documents, each looked up there by hand."""
    found = {
        (name, item.code, item.place.pointer)
        for name in ("acp-checkout", "oai-link", "train-travel")
        for item in lint(shared / f"{name}.json")
        if item.place
    }
    assert {
        ("acp-checkout", "component-unused", "/components/schemas/PaymentMethodObject"),
        ("acp-checkout", "example-invalid", "/components/schemas/GiftWrap/example/available"),
        ("acp-checkout", "response-closed", "/components/schemas/Order/additionalProperties"),
        ("oai-link", "link-expression", "/components/links/UserRepository/parameters/slug"),
        (
            "train-travel",
            "example-direction",
            "/paths/~1bookings~1{bookingId}~1payment/post/responses/200/content/application~1json/examples/Card/value/source/cvc",
        ),
        ("train-travel", "money-not-integer", "/components/schemas/BookingPayment/properties/amount"),
    } <= found
