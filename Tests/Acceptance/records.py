"""The store from outside: what is in it, whatever holds it."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Iterator, Union

from aws_double import AWSDouble

Attributes = dict[str, str]


class SQLite:
    """The store as a file."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "store.sqlite"
        self.env = {"STORE_URL": f"sqlite:{self.path}"}

    def all(self) -> Iterator[tuple[str, str, Attributes]]:
        """Partitions, sort keys and attributes, in the order of the keys. An expired record is absent."""
        with sqlite3.connect(self.path, timeout=30) as store:
            now = int(time.time() * 1000)
            query = "SELECT partition, sort, attributes FROM records WHERE expires IS NULL OR expires > ?"
            for partition, sort, attributes in sorted(store.execute(query, (now,))):
                yield partition, sort, json.loads(attributes)

    def put(self, partition: str, sort: str, attributes: Attributes) -> None:
        with sqlite3.connect(self.path, timeout=30) as store:
            row = (partition, sort, json.dumps(attributes))
            store.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, random() & 0xffffffff, NULL)", row)

    def remove(self, partition: str, sort: str) -> None:
        with sqlite3.connect(self.path, timeout=30) as store:
            store.execute("DELETE FROM records WHERE partition = ? AND sort = ?", (partition, sort))

    def forget(self) -> None:
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()


class DynamoDB:
    """The store as a table."""

    def __init__(self, aws: AWSDouble, table: str) -> None:
        self.table = table
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

    def put(self, partition: str, sort: str, attributes: Attributes) -> None:
        item = {
            "partition": {"S": partition},
            "sort": {"S": sort},
            "attributes": {"M": {name: {"S": value} for name, value in attributes.items()}},
            "revision": {"N": str(time.time_ns())},
        }
        self.client.put_item(TableName=self.table, Item=item)

    def remove(self, partition: str, sort: str) -> None:
        self.client.delete_item(TableName=self.table, Key={"partition": {"S": partition}, "sort": {"S": sort}})

    def forget(self) -> None:
        for partition, sort, _ in list(self.all()):
            self.remove(partition, sort)


class Records:
    """What tests want to know of a store."""

    def __init__(self, backend: Union[SQLite, DynamoDB]) -> None:
        self.backend = backend
        self.env = backend.env
        self.put = backend.put
        self.remove = backend.remove
        self.forget = backend.forget

    def of(self, partition: str) -> list[Attributes]:
        return [attributes for name, _, attributes in self.backend.all() if name == partition]

    def keys(self, partition: str) -> list[str]:
        return [sort for name, sort, _ in self.backend.all() if name == partition]

    def partitions(self) -> list[str]:
        return [partition for partition, _, _ in self.backend.all()]
