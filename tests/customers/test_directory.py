"""What one message of a batch tells is known to those after it."""

from relintel.customers.directory import Directory
from relintel.customers.identity import Known


def test_fresh_keys_are_their_customers() -> None:
    directory = Directory({"a": Known("c-1", False)})
    directory.learn("c-1", ["b"], numbered=False)
    directory.learn("c-2", ["c"], numbered=False)
    one, two = Known("c-1", False), Known("c-2", False)
    assert directory.known == {"a": one, "b": one, "c": two}


def test_a_number_counts_for_all_keys_of_its_customer() -> None:
    directory = Directory({"a": Known("c-1", False), "z": Known("c-9", False)})
    directory.learn("c-1", ["n"], numbered=True)
    directory.learn("c-1", ["b"], numbered=False)
    assert directory.known == {**dict.fromkeys("anb", Known("c-1", True)), "z": Known("c-9", False)}


def test_who_is_merged_brings_keys_and_number_along() -> None:
    directory = Directory({"a": Known("c-1", False), "b": Known("c-2", True)})
    directory.learn("c-1", [], numbered=False, merged=["c-2"])
    directory.learn("c-3", ["c"], numbered=False, merged=["c-1"])
    assert directory.known == dict.fromkeys("abc", Known("c-3", True))


def test_what_the_store_told_stays_as_it_was() -> None:
    told = {"a": Known("c-1", False)}
    Directory(told).learn("c-1", ["b"], numbered=True)
    assert told == {"a": Known("c-1", False)}
