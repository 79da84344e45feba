"""Who wrote a message is decided once, and who was forgotten stays so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relintel.batch.ingest import Ingest, Origin
from relintel.customers.identity import ExactKeys
from relintel.customers.keys import Key, key_hash, natural_key
from relintel.records import Checkpoint, CollectReport, Message, Party
from relintel.store import Store

ANN = Party(name="Ann", address="ann@example.org")
CARE = Party(name="Care", address="care@acme.example")


def message(name: str, author: Party = ANN, source: str = "mail", **fields: object) -> Message:
    sent_at = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=len(name))
    return Message(source, name, sent_at, author, "email", "hello", **fields)


def answer(name: str, *recipients: Party, source: str = "mail") -> Message:
    return message(name, CARE, source, direction="outbound", recipients=recipients)


def ingest(store: Store, *items: object, join: bool = True, identity=None) -> CollectReport:
    identity = identity or ExactKeys(store.key)
    origin = Origin("test", "s", join)
    return Ingest(store, identity, origin, lambda stage, done, total: None).run(items)


def customers(store: Store) -> dict[str, str | None]:
    rows = [row for row in store.export_rows() if row["kind"] == "message"]
    return {row["external_id"]: row["customer"] for row in rows}


def forget(store: Store, name: str) -> None:
    customer = customers(store)[name]
    assert customer is not None
    store.forget(customer, lambda *key: key_hash(store.key, natural_key(*key)), scrub=False)


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "shop.relintel") as opened:
        yield opened


class Interrupted(ExactKeys):
    """Decides only after another engine had its chance to bind the same keys."""

    def __init__(self, secret: bytes, other: threading.Thread) -> None:
        super().__init__(secret)
        self._other = other

    def assign(self, keys, known):
        if not self._other.ident:
            self._other.start()
            self._other.join(0.5)
        return super().assign(keys, known)


def test_two_engines_that_meet_a_person_at_once_make_one_customer(store: Store) -> None:
    address, number = Party(address="a@example.org"), Party(address="a@example.org", customer="7")

    def meanwhile() -> None:
        with Store.open(store.folder) as other:
            ingest(other, message("theirs", number))

    thread = threading.Thread(target=meanwhile)
    ingest(store, message("ours", address), identity=Interrupted(store.key, thread))
    thread.join()
    told = customers(store)
    assert told["ours"] == told["theirs"]
    assert store.counts()["customers"] == 1


def test_answers_to_the_forgotten_do_not_come_back(store: Store) -> None:
    handle = Party(handle="Ann")
    mails = [
        message("ask", Party(address="ann@example.org", handle="ann"), thread="t"),
        message("in their thread", CARE, direction="outbound", thread="t"),
        answer("to their address", Party(address="ANN@example.org")),
        answer("to several", Party(address="bob@example.org"), handle),
        answer("to somebody else", Party(address="bob@example.org")),
        answer("to a namesake elsewhere", handle, source="forum"),
        message("their friend's", Party(handle="cy"), recipients=(ANN,)),
    ]
    ingest(store, *mails)
    forget(store, "ask")
    again = ingest(store, *mails)
    assert again.reasons == {"forgotten": 4}
    assert (again.read, again.created, again.unchanged, again.skipped) == (3, 0, 3, 4)
    assert not {"ask", "in their thread"} & customers(store).keys()
    new = ingest(store, answer("a new one", ANN), message("a new ask", ANN))
    assert new.reasons == {"forgotten": 2}


@pytest.mark.parametrize("joined", [True, False])
def test_the_forgotten_stay_so_in_a_source_that_joins_nobody(store: Store, joined: bool) -> None:
    ingest(store, message("one", ANN))
    forget(store, "one")
    assert ingest(store, message("one", ANN), join=joined).reasons == {"forgotten": 1}
    assert store.counts()["messages"] == 0


@pytest.mark.parametrize("between", [[], [Checkpoint({})]])
def test_a_refused_message_tells_nothing_of_others(store: Store, between: list) -> None:
    ingest(store, message("gone", Party(customer="7")))
    before = customers(store)["gone"]
    forget(store, "gone")
    seen = Party(customer="7", address="x@example.org", handle="y")
    report = ingest(
        store,
        message("refused", seen),
        *between,
        message("x", Party(address="x@example.org")),
        message("y", Party(handle="y")),
    )
    assert report.reasons == {"forgotten": 1}
    told = customers(store)
    assert len({before, told["x"], told["y"]}) == 3


def test_a_namesake_is_not_refused(store: Store) -> None:
    forum = message("f", Party(handle="ann"), source="forum")
    slack = message("s", Party(handle="ann"), source="slack")
    ingest(store, forum, slack)
    forget(store, "f")
    assert ingest(store, forum, slack).reasons == {"forgotten": 1}
    bound = key_hash(store.key, Key("handle", "slack\0ann"))
    assert store.customers_of([bound]) == {bound: customers(store)["s"]}


def test_a_cursor_is_committed_with_what_it_covers(store: Store) -> None:
    report = ingest(store, message("a"), Checkpoint({"at": 1}), message("b"))
    assert (report.created, store.cursor("test", "s")) == (2, {"at": 1})


parties = st.builds(
    Party,
    address=st.sampled_from([None, "a@x.org", "b@x.org", "c@x.org"]),
    handle=st.sampled_from([None, "a", "b", "c"]),
    customer=st.sampled_from([None, "1", "2", "3"]),
)


@settings(max_examples=25)
@given(st.lists(st.tuples(parties, st.booleans()), min_size=1, max_size=12))
def test_how_a_stream_is_cut_into_batches_changes_nothing(tmp_path_factory, people) -> None:
    told = []
    for cuts in ([cut for _, cut in people], [True] * len(people), [False] * len(people)):
        items: list[object] = []
        for number, ((author, _), cut) in enumerate(zip(people, cuts, strict=True)):
            items += [message(f"m{number}", author), *([Checkpoint({})] if cut else [])]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELINTEL_KEY", "ab" * 32)
            with Store.open(tmp_path_factory.mktemp("cut") / "s") as store:
                ingest(store, *items)
                told.append(list(store.export_rows()))
    assert told[0] == told[1] == told[2]
