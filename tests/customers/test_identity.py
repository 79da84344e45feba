"""Exact keys: normalising, hashing, joining, and the veto of two customer numbers."""

from datetime import UTC, datetime

import pytest

from relintel.customers.identity import ExactKeys, Known
from relintel.customers.keys import (
    Key,
    asked_keys,
    key_hash,
    keys_of,
    natural_key,
    new_customer,
    normal_address,
)
from relintel.records import Message, Party

SECRET = bytes(32)


def message(author: Party, source: str = "mail", number: str = "1") -> Message:
    return Message(source, number, datetime(2025, 1, 1, tzinfo=UTC), author, "email", "hello")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ann@Example.ORG ", "ann@example.org"),
        ("<ann@example.org>", "ann@example.org"),
        ("a.nn+x@example.org", "a.nn+x@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("not an address", None),
        ("@example.org", None),
        ("ann@", None),
    ],
)
def test_addresses_are_normalised(written: str, normal: str | None) -> None:
    assert normal_address(written) == normal


def test_keys_stand_strongest_first_and_handles_carry_their_source() -> None:
    author = Party(name="Ann", address="Ann@example.org", handle="Ann", customer=" 0042 ")
    assert keys_of(message(author)) == (
        Key("customer", "0042"),
        Key("address", "ann@example.org"),
        Key("handle", "mail\0ann"),
    )


def test_a_source_that_forbids_joining_gives_its_own_handles_only() -> None:
    author = Party(address="ann@example.org", handle="ann", customer="42")
    assert keys_of(message(author, "reddit"), join=False) == (Key("handle", "reddit\0ann"),)


def test_an_author_without_any_name_is_known_by_the_message_alone() -> None:
    one, other = message(Party(), number="1"), message(Party(name="Ann"), number="2")
    assert keys_of(one) == (natural_key("mail", "1"),) == (Key("message", "mail/1"),)
    assert keys_of(one) != keys_of(other)


def test_the_same_handle_in_two_sources_is_two_people() -> None:
    one = keys_of(message(Party(handle="sam"), "forum"))
    other = keys_of(message(Party(handle="sam"), "slack"))
    assert set(one).isdisjoint(other)


def test_ids_and_hashes_need_the_secret_and_say_nothing() -> None:
    key = Key("address", "ann@example.org")
    assert new_customer(SECRET, key) == new_customer(SECRET, key)
    assert new_customer(SECRET, key) != new_customer(b"x" * 32, key)
    assert key_hash(SECRET, key) != key_hash(b"x" * 32, key)
    assert "ann" not in new_customer(SECRET, key) + key_hash(SECRET, key)


def test_what_a_person_types_is_looked_up_as_number_address_and_handle() -> None:
    keys = asked_keys("@Ann@Example.org", ["forum"])
    assert Key("handle", "forum\0ann@example.org") in keys
    assert Key("address", "ann@example.org") in asked_keys("Ann@Example.org", [])


NUMBER, OTHER = Key("customer", "1"), Key("customer", "2")
ADDRESS, HANDLE = Key("address", "a@example.org"), Key("handle", "f\0a")


def known(**owners: Known) -> dict[str, Known]:
    named = {"number": NUMBER, "other": OTHER, "address": ADDRESS, "handle": HANDLE}
    return {key_hash(SECRET, named[name]): owner for name, owner in owners.items()}


def test_unknown_keys_make_a_new_customer_who_owns_all_of_them() -> None:
    made = ExactKeys(SECRET).assign((NUMBER, ADDRESS), {})
    assert made.customer == new_customer(SECRET, NUMBER)
    assert made.keys == (NUMBER, ADDRESS)
    assert made.merges == ()


def test_one_known_key_brings_the_others_to_its_owner() -> None:
    made = ExactKeys(SECRET).assign((ADDRESS, HANDLE), known(handle=Known("c-1", False)))
    assert (made.customer, made.keys, made.merges) == ("c-1", (ADDRESS,), ())


def test_two_owners_without_conflict_are_merged_into_the_stronger_keys_owner() -> None:
    found = known(number=Known("c-1", True), address=Known("c-2", False))
    made = ExactKeys(SECRET).assign((NUMBER, ADDRESS), found)
    assert (made.customer, made.keys, made.merges) == ("c-1", (), ("c-2",))


def test_two_customer_numbers_veto_a_merge() -> None:
    found = known(number=Known("c-1", True), address=Known("c-2", True))
    made = ExactKeys(SECRET).assign((NUMBER, ADDRESS), found)
    assert (made.customer, made.merges) == ("c-1", ())


def test_a_new_number_beside_a_numbered_persons_address_is_a_new_person() -> None:
    made = ExactKeys(SECRET).assign((OTHER, ADDRESS), known(address=Known("c-1", True)))
    assert made.customer == new_customer(SECRET, OTHER)
    assert made.keys == (OTHER,)
    assert made.merges == ()


def test_a_new_number_beside_an_unnumbered_persons_address_is_theirs() -> None:
    made = ExactKeys(SECRET).assign((NUMBER, ADDRESS), known(address=Known("c-1", False)))
    assert (made.customer, made.keys) == ("c-1", (NUMBER,))
