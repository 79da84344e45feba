"""Related public tasks, turned into partly labelled examples for a first pass."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from relintel.training.data import Example, public_rows

_POLARITY: Final = {"POS": "positive", "NEG": "negative", "NEU": "neutral"}

_LIKED: Final = frozenset(
    "admiration approval gratitude love joy excitement optimism pride".split()
)
_DISLIKED: Final = frozenset("anger annoyance disappointment disapproval disgust sadness".split())

CFPB_CODES: Final = {
    "Incorrect information on your report": "contract_account",
    "Incorrect information on credit report": "contract_account",
    "Problem with a credit reporting company's investigation into an existing problem": "redress",
    "Problem with a company's investigation into an existing problem": "redress",
    "Attempts to collect debt not owed": "billing",
    "Cont'd attempts collect debt not owed": "billing",
    "Improper use of your report": "privacy_fraud",
    "Trouble during payment process": "billing",
    "Problem when making payments": "billing",
    "Communication tactics": "information",
    "False statements or representation": "information",
    "Took or threatened to take negative or legal action": "information",
    "Problem with fraud alerts or security freezes": "privacy_fraud",
    "Fraud or scam": "privacy_fraud",
    "Problem with a purchase shown on your statement": "billing",
    "Unable to get your credit report or credit score": "access",
    "Fees or interest": "price",
    "Charged fees or interest you didn't expect": "price",
    "Unexpected or other fees": "price",
    "Closing an account": "contract_account",
    "Closing your account": "contract_account",
    "Managing an account": "contract_account",
    "Advertising and marketing, including promotional offers": "information",
    "Dealing with your lender or servicer": "staff",
    "Trouble using your card": "access",
}
"""The CFPB database's own issue names onto complaint codes, where one code clearly fits."""

BANKING_CODES: Final = {
    "access": "declined_cash_withdrawal beneficiary_not_allowed pin_blocked",
    "billing": "transaction_charged_twice extra_charge_on_statement wrong_amount_of_cash_received "
    "card_payment_wrong_exchange_rate wrong_exchange_rate_for_cash_withdrawal "
    "declined_card_payment declined_transfer failed_transfer top_up_failed top_up_reverted "
    "reverted_card_payment? balance_not_updated_after_bank_transfer "
    "balance_not_updated_after_cheque_or_cash_deposit",
    "delivery": "card_arrival",
    "none": "activate_my_card age_limit apple_pay_or_google_pay atm_support automatic_top_up "
    "card_about_to_expire card_acceptance change_pin country_support disposable_card_limits "
    "edit_personal_details exchange_rate exchange_via_app fiat_currency_support "
    "get_disposable_virtual_card getting_spare_card getting_virtual_card order_physical_card "
    "receiving_money supported_cards_and_currencies top_up_by_bank_transfer_charge "
    "top_up_by_card_charge top_up_limits transfer_into_account transfer_timing "
    "verify_my_identity visa_or_mastercard",
    "price": "card_payment_fee_charged cash_withdrawal_charge transfer_fee_charged",
    "privacy_fraud": "compromised_card card_payment_not_recognised "
    "cash_withdrawal_not_recognised direct_debit_payment_not_recognised",
    "quality": "card_not_working contactless_not_working virtual_card_not_working",
    "redress": "Refund_not_showing_up",
}
"""Banking77's intents behind complaint codes, where nearly all messages of an intent fit the code;
`none` holds plain questions and requests."""


LIMITS: Final = {
    "goemotions": 7000,
    "mams_atsa": 4300,
    "newsmtsc": 5000,
    "dmaste_amazon": 2500,
    "cfpb_complaints": 3000,
    "banking77": 3500,
    "isarcasm_en": 3000,
    "xed_emotions": 6000,
    "asap_zh_sample": 300,
}
"""Records taken from each related set."""


def related(
    mirror: Path, *, seed: int, never: Collection[tuple[str, str]] = frozenset()
) -> list[Example]:
    """Sample the related sets, each up to its limit in `LIMITS`, without the records in `never`.

    MAMS and NewsMTSC tell the sentiment toward a named target; DMASTE a review's polarity where all
    its aspects agree; GoEmotions and XED (five other languages) sentiment where their emotions
    point one way; the ASAP sample its stars; iSarcasm sarcasm; CFPB the issue complained of;
    Banking77 what is asked, which tells complaints from questions.
    """
    readers: dict[str, Callable[[Path], Iterator[Example]]] = {
        "goemotions": _goemotions,
        "mams_atsa": _mams,
        "newsmtsc": _newsmtsc,
        "dmaste_amazon": _dmaste,
        "cfpb_complaints": _cfpb,
        "banking77": _banking,
        "isarcasm_en": _isarcasm,
        "xed_emotions": _xed,
        "asap_zh_sample": _asap,
    }
    random = np.random.default_rng(seed)
    chosen: list[Example] = []
    for name, reader in readers.items():
        found = [e for e in reader(mirror) if (e.group, e.id) not in never]
        keep = random.permutation(len(found))[: LIMITS[name]]
        chosen.extend(found[i] for i in sorted(keep))
    return chosen


def _train(mirror: Path, source: str) -> Iterator[dict[str, Any]]:
    return (row for row in public_rows(mirror, source) if row["split"] in {"train", "all"})


def _mams(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "mams_atsa"):
        aspects = listed(row["aspects"])
        aspect = aspects[sum(map(ord, row["id"])) % len(aspects)]
        yield _partial(row, "mams_atsa", aspect["term"], aspect["polarity"])


def _newsmtsc(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "newsmtsc"):
        yield _partial(row, "newsmtsc", row["target"], row["label"])


def _dmaste(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "dmaste_amazon"):
        polarities = set(listed(row["polarities"]))
        if len(polarities) == 1:
            yield _partial(
                row, "dmaste_amazon", "the product reviewed", _POLARITY[polarities.pop()]
            )


def _goemotions(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "goemotions"):
        emotions = set(listed(row["labels"]))
        liked, disliked = emotions & _LIKED, emotions & _DISLIKED
        if bool(liked) != bool(disliked):
            yield _partial(row, "goemotions", None, "positive" if liked else "negative")
        elif emotions == {"neutral"}:
            yield _partial(row, "goemotions", None, "neutral")


def _cfpb(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "cfpb_complaints"):
        if code := CFPB_CODES.get(row["issue"] or ""):
            yield Example(
                id=row["id"],
                group="cfpb_complaints",
                language="en",
                text=row["text"],
                brand=row["company"],
                complaint=code,
                weight=0.5,
            )


def _banking(mirror: Path) -> Iterator[Example]:
    codes = {intent: code for code, intents in BANKING_CODES.items() for intent in intents.split()}
    for row in _train(mirror, "banking77"):
        if code := codes.get(row["label"]):
            yield Example(
                id=str(row["id"]),
                group="banking77",
                language="en",
                text=row["text"],
                brand=None,
                complaint=code,
                weight=0.5,
            )


def _isarcasm(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "isarcasm_en"):
        yield Example(
            id=str(row["id"]),
            group="isarcasm_en",
            language="en",
            text=row["text"],
            brand=None,
            flags=("sarcasm",) if row["label"] == "sarcastic" else (),
            flags_known=frozenset({"sarcasm"}),
            weight=0.5,
        )


def _xed(mirror: Path) -> Iterator[Example]:
    for row in _train(mirror, "xed_emotions"):
        emotions = set(listed(row["label"]))
        liked, disliked = emotions & {"joy", "trust"}, emotions & {"anger", "disgust", "sadness"}
        language = row["lang"].partition("-")[0]
        if language != "en" and bool(liked) != bool(disliked):
            sentiment = "positive" if liked else "negative"
            yield replace(_partial(row, "xed_emotions", None, sentiment), language=language)


def _asap(mirror: Path) -> Iterator[Example]:
    for row in public_rows(mirror, "asap_zh_sample"):
        stars = float(row["label"])
        sentiment = "positive" if stars >= 4 else "neutral" if stars >= 3 else "negative"
        yield replace(_partial(row, "asap_zh_sample", None, sentiment), language="zh")


def _partial(row: dict[str, Any], group: str, target: str | None, sentiment: str) -> Example:
    return Example(
        id=str(row["id"]),
        group=group,
        language="en",
        text=row["text"],
        brand=target,
        sentiment=sentiment,
        weight=0.5,
    )


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - either form
    """Return a list that a public set holds as a list or as its Python notation."""
    return list(ast.literal_eval(value)) if isinstance(value, str) else list(value)
