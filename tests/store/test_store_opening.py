from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from relintel.errors import StoreBusy, StoreError
from relintel.store import Store, opening
from tests.store.store_rows import arrival, commit, message

KEY = "ab" * 32


def run(folder, *statements):
    with closing(sqlite3.connect(folder / "store.sqlite3", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_new_folder_is_a_private_store(tmp_path):
    folder = tmp_path / "deep" / "shop.relintel"
    with Store.open(folder) as store:
        assert store.counts()["messages"] == 0
        assert len(store.key) == 32
    assert sorted(path.name for path in folder.iterdir()) == ["key", "store.sqlite3"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_content_and_key_outlive_closing(folder):
    with Store.open(folder) as store:
        commit(store, arrival(), cursor={"offset": 7})
        key = store.key
    with Store.open(folder) as store:
        assert store.key == key
        assert store.cursor("mail", "s") == {"offset": 7}
        assert store.message(1).message == message()


def test_a_folder_that_holds_only_settings_becomes_a_store(tmp_path):
    (tmp_path / "relintel.toml").write_text("")
    (tmp_path / ".draft-killed").write_text("")
    Store.open(tmp_path).close()
    assert (tmp_path / "store.sqlite3").exists()


def test_threads_that_create_one_store_agree(tmp_path):
    keys, failures = [], []

    def create():
        try:
            with Store.open(tmp_path / "s") as store:
                commit(store, arrival(threading.current_thread().name))
                keys.append(store.key)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(keys)) == 1
    with Store.open(tmp_path / "s") as store:
        assert store.counts()["messages"] == 6


def _file(folder):
    folder.touch()


def _other_files(folder):
    folder.mkdir()
    (folder / "holiday.jpg").touch()


def _text_file(folder):
    folder.mkdir()
    (folder / "key").write_text(KEY)
    (folder / "store.sqlite3").write_text("This is no database. " * 100)


def _empty_database(folder):
    folder.mkdir()
    (folder / "key").write_text(KEY)
    (folder / "store.sqlite3").touch()


def _foreign_database(folder):
    _empty_database(folder)
    run(folder, "CREATE TABLE meta (name, value)", "CREATE TABLE recipes (name)")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_file, "is a file"),
        (_other_files, "holds other files"),
        (_text_file, "not a database"),
        (_empty_database, "not a relintel store"),
        (_foreign_database, "not a relintel store"),
    ],
)
def test_what_is_not_a_store_is_left_alone(tmp_path, make, says):
    folder = tmp_path / "thing"
    make(folder)
    before = _bytes(folder)
    with pytest.raises(StoreError, match=says) as caught:
        Store.open(folder)
    assert caught.value.remedy
    assert _bytes(folder) == before


def _bytes(place):
    files = place.iterdir() if place.is_dir() else [place]
    return {path.name: path.read_bytes() for path in files}


def test_a_newer_schema_is_refused(folder):
    run(folder, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer relintel") as caught:
        Store.open(folder)
    assert "--upgrade" in caught.value.remedy


def test_an_older_schema_is_migrated(folder, monkeypatch):
    monkeypatch.setattr(opening, "REVISION", "0002")
    upgraded = []
    monkeypatch.setattr("relintel.store.migrate.upgrade", upgraded.append)
    with Store.open(folder) as store:
        assert len(upgraded) == 1
        assert store.counts()["messages"] == 0


def test_a_damaged_database_is_an_error_that_tells_what_to_do(folder):
    with Store.open(folder) as store:
        commit(store, *(arrival(f"m{i}", body="secret words " * 200) for i in range(50)))
    path = folder / "store.sqlite3"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * len(data[8192:])
    path.write_bytes(data)

    def use():
        with Store.open(folder) as store:
            list(store.export_rows())

    with pytest.raises(StoreError, match="Restore a copy") as caught:
        use()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31, "ключ"])
def test_a_key_that_is_none_is_refused(folder, text):
    (folder / "key").write_text(text)
    with pytest.raises(StoreError, match="is not a key") as caught:
        Store.open(folder)
    assert not text or text not in str(caught.value).removeprefix(str(folder))


def test_a_lost_key_is_not_drawn_again(folder):
    (folder / "key").unlink()
    with pytest.raises(StoreError, match="key is missing"):
        Store.open(folder)
    assert not (folder / "key").exists()


def test_the_key_of_the_environment_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("RELINTEL_KEY", KEY.upper() + "\n")
    with Store.open(tmp_path / "s") as store:
        assert store.key == bytes.fromhex(KEY)
    assert not (tmp_path / "s" / "key").exists()
    monkeypatch.setenv("RELINTEL_KEY", "cd" * 32)
    with pytest.raises(StoreError, match="made with another key") as caught:
        Store.open(tmp_path / "s")
    assert "cdcd" not in str(caught.value)


def test_a_second_writer_is_told_to_wait(folder, store):
    with Store.open(folder, busy_timeout=0.05) as other, store._writing():
        assert other.counts()["messages"] == 0
        with pytest.raises(StoreBusy, match="another process is writing"):
            commit(other, arrival())
    with Store.open(folder) as other:
        assert commit(other, arrival()).created == 1


def _journal_mode(folder):
    with closing(sqlite3.connect(folder / "store.sqlite3")) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


def test_a_copy_by_vacuum_lets_readers_and_a_writer_work_side_by_side_again(folder, tmp_path):
    copy = tmp_path / "copy.relintel"
    copy.mkdir()
    run(folder, f"VACUUM INTO '{copy / 'store.sqlite3'}'")
    (copy / "key").write_bytes((folder / "key").read_bytes())
    assert _journal_mode(copy) == "delete"
    with Store.open(copy) as store, store._writing():
        assert _journal_mode(copy) == "wal"
        with Store.open(copy, busy_timeout=0.05) as other:
            assert other.counts()["messages"] == 0


def test_what_works_side_by_side_already_is_not_written(folder):
    before = (folder / "store.sqlite3").read_bytes(), (folder / "store.sqlite3").stat().st_mtime_ns
    Store.open(folder).close()
    after = (folder / "store.sqlite3").read_bytes(), (folder / "store.sqlite3").stat().st_mtime_ns
    assert after == before


def test_a_copy_that_is_being_read_is_opened_as_it_is(folder):
    run(folder, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(folder / "store.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        with Store.open(folder, busy_timeout=0.05) as store:
            assert store.counts()["messages"] == 0
    assert _journal_mode(folder) == "delete"
    Store.open(folder).close()
    assert _journal_mode(folder) == "wal"


def test_an_error_within_a_batch_changes_nothing(store):
    with pytest.raises(ValueError, match="without a zone"):
        commit(store, arrival("a"), arrival("b", sent_at=message().sent_at.replace(tzinfo=None)))
    assert store.counts()["messages"] == 0


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.counts()
