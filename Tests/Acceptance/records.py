"""The store from outside: what is in it, whatever holds it."""

import hashlib
import json
import sqlite3
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator, Optional, Union

from aws_double import AWSDouble
from firestore_double import Database, written
from google_double import GoogleDouble

Attributes = dict[str, str]


class SQLite:
    """The store as a file."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "store.sqlite"
        self.env = {"STORE_URL": f"sqlite:{self.path}"}

    def all(self) -> Iterator[tuple[str, str, Attributes]]:
        """Partitions, sort keys and attributes, in the order of the keys. An expired record is absent, and so is the
        counter by which the store orders what is appended."""
        with sqlite3.connect(self.path, timeout=30) as store:
            now = int(time.time() * 1000)
            query = "SELECT partition, sort, attributes FROM records WHERE partition != 'arrivals'"
            query += " AND (expires IS NULL OR expires > ?)"
            for partition, sort, attributes in sorted(store.execute(query, (now,))):
                yield partition, sort, json.loads(attributes)

    def put(self, partition: str, sort: str, attributes: Attributes, expires: Optional[int] = None) -> None:
        with sqlite3.connect(self.path, timeout=30) as store:
            row = (partition, sort, json.dumps(attributes), expires)
            store.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, random() & 0xffffffff, ?)", row)

    def spoil(self, partition: str, sort: str) -> None:
        """Puts something into a record that none of us would write."""
        with sqlite3.connect(self.path, timeout=30) as store:
            where = "WHERE partition = ? AND sort = ?"
            store.execute(f"UPDATE records SET attributes = '[\"spoiled\"]' {where}", (partition, sort))

    def text(self) -> str:
        with sqlite3.connect(self.path, timeout=30) as store:
            return json.dumps(store.execute("SELECT * FROM records").fetchall())

    def expiries(self) -> list[int]:
        with sqlite3.connect(self.path, timeout=30) as store:
            return [expires for (expires,) in store.execute("SELECT expires FROM records WHERE expires IS NOT NULL")]

    def remove(self, partition: str, sort: str) -> None:
        with sqlite3.connect(self.path, timeout=30) as store:
            store.execute("DELETE FROM records WHERE partition = ? AND sort = ?", (partition, sort))

    def forget(self) -> None:
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()


class DynamoDB:
    """The store as a table."""

    def __init__(self, aws: AWSDouble, table: str) -> None:
        self.aws, self.table = aws, table
        self.client = aws.client("dynamodb")
        self.env = aws.env | {"STORE_URL": f"dynamodb:{table}"}

    def all(self) -> Iterator[tuple[str, str, Attributes]]:
        items = [item for page in self._pages() for item in page["Items"]]
        now = time.time() * 1000
        for item in sorted(items, key=lambda item: (item["partition"]["S"], item["sort"]["S"])):
            if float(item.get("expiresAt", {"N": "inf"})["N"]) > now:
                attributes = {name: value["S"] for name, value in item["attributes"]["M"].items()}
                yield item["partition"]["S"], item["sort"]["S"], attributes

    def _pages(self) -> Iterator[dict]:
        return iter(self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True))

    def text(self) -> str:
        return json.dumps([item for page in self._pages() for item in page["Items"]])

    def expiries(self) -> list[int]:
        items = [item for page in self._pages() for item in page["Items"]]
        return [int(item["expiresAt"]["N"]) for item in items if "expiresAt" in item]

    def put(self, partition: str, sort: str, attributes: Attributes, expires: Optional[int] = None) -> None:
        item = {
            "partition": {"S": partition},
            "sort": {"S": sort},
            "attributes": {"M": {name: {"S": value} for name, value in attributes.items()}},
            "revision": {"N": str(time.time_ns())},
        }
        if expires is not None:
            item |= {"expires": {"N": str(expires // 1000 + 1)}, "expiresAt": {"N": str(expires)}}
        self.client.put_item(TableName=self.table, Item=item)

    def spoil(self, partition: str, sort: str) -> None:
        item = {"partition": {"S": partition}, "sort": {"S": sort}, "attributes": {"S": "spoiled"}}
        self.client.put_item(TableName=self.table, Item=item)

    def remove(self, partition: str, sort: str) -> None:
        self.client.delete_item(TableName=self.table, Key={"partition": {"S": partition}, "sort": {"S": sort}})

    def forget(self) -> None:
        for partition, sort, _ in list(self.all()):
            self.remove(partition, sort)


def firestore_key(fields: dict) -> tuple[str, str]:
    return fields["partition"]["stringValue"], fields["sort"]["stringValue"]


class Firestore:
    """The store as a database of its own."""

    def __init__(self, double: GoogleDouble) -> None:
        name = f"test-{uuid.uuid4()}"
        self.double = double
        self.path = f"projects/partner-test/databases/{name}"
        self.env = double.env | {"STORE_URL": f"firestore:partner-test/{name}"}

    @property
    def database(self) -> Database:
        return self.double.database(self.path)

    def fields(self) -> list[dict[str, dict[str, str]]]:
        with self.double.lock:
            return [document["fields"] for document in self.database.documents.values()]

    def all(self) -> Iterator[tuple[str, str, Attributes]]:
        now = time.time() * 1000
        for fields in sorted(self.fields(), key=firestore_key):
            if float(fields.get("expiresAt", {"integerValue": "inf"})["integerValue"]) > now:
                yield *firestore_key(fields), json.loads(fields["attributes"]["stringValue"])

    def put(self, partition: str, sort: str, attributes: Attributes, expires: Optional[int] = None) -> None:
        fields = {
            "partition": {"stringValue": partition},
            "sort": {"stringValue": sort},
            "attributes": {"stringValue": json.dumps(attributes)},
            "revision": {"integerValue": str(time.time_ns())},
        }
        if expires is not None:
            moment = datetime.fromtimestamp(expires / 1000, timezone.utc)
            fields |= {"expires": {"timestampValue": written(moment)}, "expiresAt": {"integerValue": str(expires)}}
        self._commit({"update": {"name": self._name(partition, sort), "fields": fields}})

    def spoil(self, partition: str, sort: str) -> None:
        fields = {"partition": {"stringValue": partition}, "sort": {"stringValue": sort}}
        fields["attributes"] = {"stringValue": "spoiled"}
        self._commit({"update": {"name": self._name(partition, sort), "fields": fields}})

    def remove(self, partition: str, sort: str) -> None:
        self._commit({"delete": self._name(partition, sort)})

    def _commit(self, write: dict) -> None:
        with self.double.lock:
            self.database.commit({"writes": [write]})

    def _name(self, partition: str, sort: str) -> str:
        first, second = (hashlib.sha256(part.encode()).hexdigest() for part in (partition, sort))
        return f"{self.path}/documents/partitions/{first}/records/{second}"

    def forget(self) -> None:
        with self.double.lock:
            self.database.documents.clear()

    def text(self) -> str:
        return json.dumps(self.fields())

    def expiries(self) -> list[int]:
        return [int(fields["expiresAt"]["integerValue"]) for fields in self.fields() if "expiresAt" in fields]


class Records:
    """What tests want to know of a store."""

    def __init__(self, backend: Union[SQLite, DynamoDB, Firestore]) -> None:
        self.backend = backend
        self.env = backend.env
        self.all = backend.all
        self.put = backend.put
        self.remove = backend.remove
        self.spoil = backend.spoil
        self.forget = backend.forget
        # All that it holds, as one text, and when what does not stay expires, in milliseconds.
        self.text = backend.text
        self.expiries = backend.expiries

    def of(self, partition: str) -> list[Attributes]:
        return [attributes for name, _, attributes in self.backend.all() if name == partition]

    def keys(self, partition: str) -> list[str]:
        return [sort for name, sort, _ in self.backend.all() if name == partition]

    def partitions(self) -> list[str]:
        return [partition for partition, _, _ in self.backend.all()]

    def ends(self) -> list[int]:
        """When what is there now goes, in milliseconds, the first to go first; without what stays."""
        now = time.time() * 1000
        return sorted(expires for expires in self.expiries() if expires > now)

    def expire_all(self) -> None:
        """Moves the records' time to the last millisecond that is over."""
        now = int(time.time() * 1000)
        for partition, sort, attributes in list(self.backend.all()):
            self.put(partition, sort, attributes, now)
