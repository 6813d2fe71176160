"""Each reason why the embedded servers do not start is one sentence, and nothing stays running."""

import sys

import pytest

from storage.embedded import CannotStart, Embedded
from storage.embedded.children import program
from storage.embedded.folder import Folder
from storage.embedded.mongod import Mongod
from storage.embedded.ports import free_ports
from storage.embedded.weed import PORTS, Weed
from tests.storage.embedding import assert_nothing_runs, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize(
    ("parameters", "sentence"), [({"noSuchParameter": "1"}, "MongoDB did not start: .*noSuchPar")]
)
def test_a_mongod_that_refuses_is_quoted(tmp_path, parameters, sentence):
    with pytest.raises(CannotStart, match=sentence):
        Embedded(tmp_path, mongod_parameters=parameters).start(lambda _: None)
    assert_nothing_runs(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "data").touch()
    with pytest.raises(CannotStart, match=r"The data folder .*data cannot be used: .*\."):
        Embedded(tmp_path / "data").start(lambda _: None)


def test_damaged_secrets_are_named(tmp_path):
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(CannotStart, match=r"secrets\.json is damaged\."):
        Embedded(tmp_path).start(lambda _: None)
    assert_nothing_runs(tmp_path)


def test_other_secrets_do_not_open_old_data(tmp_path):
    with running(Embedded(tmp_path)):
        pass
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(CannotStart, match=r"secrets\.json does not open the MongoDB data"):
        Embedded(tmp_path).start(lambda _: None)
    assert_nothing_runs(tmp_path)


def test_a_store_that_refuses_is_quoted_and_mongodb_is_ended(tmp_path):
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "vol_dir.uuid").mkdir()  # where it wants to write a file
    with pytest.raises(CannotStart, match=r"The S3 store did not start: .*vol_dir\.uuid"):
        Embedded(tmp_path).start(lambda _: None)
    assert_nothing_runs(tmp_path)


def test_a_store_that_is_late_is_given_up(tmp_path):
    folder = Folder(tmp_path)
    folder.take()
    ports = free_ports(("mongo", *PORTS), {})
    mongod = Mongod(folder, port=ports["mongo"])
    weed = Weed(folder, ports=ports, mongod=mongod, patience_s=0.01)
    with pytest.raises(CannotStart, match=r"The S3 store did not answer within 0\.01 seconds\."):
        weed.start()
    weed.stop()
    folder.give_back()
    assert_nothing_runs(tmp_path)


def test_a_missing_program_is_named(tmp_path):
    with pytest.raises(CannotStart, match=r"MongoDB cannot be started .*mongod is missing"):
        program(tmp_path, "mongod", called="MongoDB")
