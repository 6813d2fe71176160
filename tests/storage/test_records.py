"""Records as entities: one that is not as its class says is named, and nothing in it told."""

import pytest

from domain.parties import Customer
from storage.errors import Unreadable
from storage.records import from_record


def test_an_unreadable_record_says_where_and_never_what():
    record = {"_id": "cust_1", "no": "C1", "name": "张三", "id_no": {"secret": "440101"}}
    with pytest.raises(Unreadable) as told:
        from_record(Customer, record)
    assert str(told.value).startswith("Customer cust_1: ")
    assert "name" not in str(told.value)  # that one can be read
    assert "张三" not in str(told.value)
    assert "440101" not in repr(told.value)
    assert told.value.__suppress_context__
