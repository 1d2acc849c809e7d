"""Firestore's documents as the reference of its REST API has them.

Stricter than Google where Google is lenient: what it does not know it refuses.
"""

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Iterable, Optional

DATABASE = re.compile(r"projects/[a-z][a-z0-9.:-]{5,62}/databases/(\(default\)|[a-z][a-z0-9-]{3,62})")
LARGEST_DOCUMENT = 1_048_576


class Refusal(Exception):
    """An error's status; the message is for whoever mends the test."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def invalid(message: str) -> Refusal:
    return Refusal("INVALID_ARGUMENT", message)


def checked(value: Any, required: Iterable[str], optional: Iterable[str] = ()) -> dict:
    """An object with these members and no others."""
    if not isinstance(value, dict):
        raise invalid(f"no object: {value!r}")
    if unknown := set(value) - set(required) - set(optional):
        raise invalid(f"Invalid JSON payload received. Unknown name {sorted(unknown)}: Cannot find field.")
    if missing := set(required) - set(value):
        raise invalid(f"missing: {sorted(missing)}")
    return value


def instant(text: Any) -> datetime:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", text):
        raise invalid(f"no timestamp: {text!r}")
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def written(time: datetime) -> str:
    """With 0, 3 or 6 digits, as Google's JSON has it."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    if not time.microsecond:
        return text + "Z"
    return text + (f".{time.microsecond:06}"[:4] if time.microsecond % 1000 == 0 else f".{time.microsecond:06}") + "Z"


def check_value(value: Any) -> None:
    """Of the typed values those that a record needs."""
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid(f"not one typed value: {value!r}")
    ((kind, content),) = value.items()
    if kind == "stringValue" and isinstance(content, str):
        return
    if kind == "integerValue" and isinstance(content, str) and re.fullmatch(r"-?\d{1,19}", content):
        if abs(int(content)) < 1 << 63:
            return
    if kind == "timestampValue" and instant(content):
        return
    raise invalid(f"no {kind}: {content!r}")


def check_document(document: Any) -> tuple[str, dict]:
    name, fields = checked(document, ["name"], ["fields"])["name"], document.get("fields", {})
    for field, value in fields.items():
        if not field or re.fullmatch("__.*__", field) or len(field.encode()) > 1500:
            raise invalid(f"a field may not be called {field!r}")
        check_value(value)
    if len(json.dumps(fields, ensure_ascii=False).encode()) > LARGEST_DOCUMENT:
        raise invalid("a document is larger than 1 MiB")
    return name, fields


def string(value: Any) -> str:
    check_value(value)
    if "stringValue" not in value:
        raise invalid(f"no string: {value!r}")
    return value["stringValue"]


def path(name: str) -> list[bytes]:
    """By which names are ordered: one part after the other, by their bytes."""
    return [part.encode() for part in name.split("/")]


class Database:
    """Documents by name: fields, and when they were made and written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.documents: dict[str, dict] = {}
        self.last = datetime.fromtimestamp(0, timezone.utc)

    def now(self) -> datetime:
        """Every commit has a microsecond of its own."""
        self.last = max(datetime.now(timezone.utc), self.last + timedelta(microseconds=1))
        return self.last

    def check_name(self, name: Any) -> str:
        prefix = f"{self.path}/documents/"
        if not isinstance(name, str) or not name.startswith(prefix):
            raise invalid(f"no document of this database: {name!r}")
        parts = name[len(prefix) :].split("/")
        ids = all(part and part not in (".", "..") and not re.fullmatch("__.*__", part) for part in parts)
        if len(parts) % 2 or not ids or any(len(part.encode()) > 1500 for part in parts):
            raise invalid(f"no document's name: {name!r}")
        return name

    def batch_get(self, body: dict) -> list:
        answers = []
        for name in checked(body, ["documents"])["documents"]:
            document = self.documents.get(self.check_name(name))
            answers.append({"found": document} if document else {"missing": name})
        read = written(self.now())
        # "The documents may be in any order."
        return [{**answer, "readTime": read} for answer in reversed(answers)]

    def run_query(self, parent: str, body: dict) -> list:
        query = checked(checked(body, ["structuredQuery"])["structuredQuery"], ["from", "orderBy"], ["limit", "startAt"])
        (source,) = query["from"]
        (order,) = query["orderBy"]
        field = checked(checked(order, ["field", "direction"])["field"], ["fieldPath"])["fieldPath"]
        if order["direction"] != "ASCENDING":
            raise invalid("only ascending here")
        checked(source, ["collectionId"], ["allDescendants"])
        finding = self.of_group if source.get("allDescendants") else self.of_collection
        found = finding(parent, source, field)
        found.sort(key=lambda entry: entry[0])
        if start := query.get("startAt"):
            (value,) = checked(start, ["values"], ["before"])["values"]
            position = self.reference(value, source) if field == "__name__" else string(value).encode()
            found = [entry for entry in found if entry[0] > position or (start.get("before") and entry[0] == position)]
        limit = query.get("limit", len(found))
        if type(limit) is not int or limit < 0:
            raise invalid("limit is no number")
        read = written(self.now())
        answers = [{"document": document, "readTime": read} for _, document in found[:limit]]
        return answers or [{"readTime": read}]

    def of_collection(self, parent: str, source: dict, field: str) -> list[tuple[Any, dict]]:
        """One collection's documents, by a field: its index is made by itself. Who lacks the field is not in it."""
        if field == "__name__":
            raise invalid("a collection is listed by a field here")
        below = self.check_name(parent) + f"/{source['collectionId']}/"
        return [
            (document["fields"][field]["stringValue"].encode(), document)
            for name, document in self.documents.items()
            if name.startswith(below) and "/" not in name[len(below) :] and field in document["fields"]
        ]

    def of_group(self, parent: str, source: dict, field: str) -> list[tuple[Any, dict]]:
        """All collections of one id, whatever document they are below. Names have an order of their own; a field would
        need an index whose scope is the collection group, which nobody has made."""
        if source["allDescendants"] is not True:
            raise invalid("allDescendants is no boolean")
        if parent != f"{self.path}/documents":
            raise invalid("a collection group is asked of the whole database here")
        if field != "__name__":
            raise Refusal("FAILED_PRECONDITION", f"The query requires a COLLECTION_GROUP_ASC index for {field}")
        return [
            (path(name), document)
            for name, document in self.documents.items()
            if name.split("/")[-2] == source["collectionId"]
        ]

    def reference(self, value: Any, source: dict) -> list[bytes]:
        """A cursor by name: the whole name of a document of the group, which need not be there."""
        if not isinstance(value, dict) or list(value) != ["referenceValue"]:
            raise invalid(f"no reference to a document: {value!r}")
        name = self.check_name(value["referenceValue"])
        if name.split("/")[-2] != source["collectionId"]:
            raise invalid(f"a document that the query cannot find: {name}")
        return path(name)

    def commit(self, body: dict) -> dict:
        writes = checked(body, ["writes"])["writes"]
        if not isinstance(writes, list) or len(writes) > 500:
            raise invalid("not 0 to 500 writes")
        changes: dict[str, Optional[dict]] = {}
        for write in writes:
            checked(write, [], ["update", "delete", "currentDocument"])
            if ("update" in write) == ("delete" in write):
                raise invalid("a write is either an update or a delete")
            name, fields = check_document(write["update"]) if "update" in write else (write["delete"], None)
            if self.check_name(name) in changes:
                raise invalid("two writes of one document")
            if "currentDocument" in write:
                self.demand(write["currentDocument"], self.documents.get(name))
            changes[name] = fields
        now = written(self.now())
        for name, fields in changes.items():
            before = self.documents.pop(name, None)
            if fields is not None:
                made = before["createTime"] if before else now
                self.documents[name] = {"name": name, "fields": fields, "createTime": made, "updateTime": now}
        results = [{} if fields is None else {"updateTime": now} for fields in changes.values()]
        return {"writeResults": results, "commitTime": now}

    @staticmethod
    def demand(precondition: Any, document: Optional[dict]) -> None:
        checked(precondition, [], ["exists", "updateTime"])
        if len(precondition) != 1:
            raise invalid("not one precondition")
        if "updateTime" in precondition:
            expected = instant(precondition["updateTime"])
            if not document or instant(document["updateTime"]) != expected:
                raise Refusal("FAILED_PRECONDITION", "the stored version does not match the required base version")
        elif precondition["exists"] is True and not document:
            raise Refusal("NOT_FOUND", "No document to update")
        elif precondition["exists"] is False and document:
            raise Refusal("ALREADY_EXISTS", "Document already exists")
