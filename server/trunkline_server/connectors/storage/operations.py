"""What each tool of object storage does: its parameters, the store's operation, and what callers see of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

from trunkline_server.connectors.storage.client import Client
from trunkline_server.connectors.storage.configuration import Shape
from trunkline_server.connectors.storage.failures import over_cap
from trunkline_server.connectors.storage.keys import key_problem, shown, text_problem
from trunkline_server.connectors.storage.port import Ask, Body, Stat, Writing
from trunkline_server.connectors.storage.sealing import Seal
from trunkline_server.connectors.storage.tools import MOST_LISTED
from trunkline_server.connectors.storage.uploads import Upload
from trunkline_server.domain.connectors import ToolAnswer, ToolCall, ToolInput
from trunkline_server.domain.schemas import invalid_parameters

_JSON = "application/json"
# Azure asks for the blocks of each blob.
_MOST_UPLOADS = 100


class Task:
    """One call: its client, and what its parameters mean."""

    def __init__(self, client: Client, shape: Shape, call: ToolCall) -> None:
        self.client = client
        self.store = shape.store
        self.shape = shape
        self.call = call
        self.parameters = call.parameters

    @property
    def key(self) -> str:
        """The caller's key."""
        return str(self.parameters["key"])

    @property
    def whole_key(self) -> str:
        """The key as the store has it."""
        return self.shape.prefix + self.key

    def seal(self, purpose: str, *scope: str) -> Seal:
        """Seals for one purpose of this tenant, integration and bucket."""
        shape, call = self.shape, self.call
        place = (shape.store.connector.name, shape.bucket, shape.prefix)
        return Seal(call.secret, purpose, call.tenant_id, shape.integration_id, *place, *scope)

    def opened(self, seal: Seal, field: str) -> str:
        """What a parameter's token holds. Raises INVALID_PARAMETERS for one that is not of this integration."""
        token = self.parameters.get(field, "")
        try:
            return seal.open(token) if token else ""
        except ValueError:
            why = "is no token of this integration, key and credential"
            raise invalid_parameters([(f"parameters_json.{field}", why)]) from None

    def writing(self, content_type: str) -> Writing:
        """What is written, and on which condition."""
        found = self.parameters
        return Writing(
            self.whole_key,
            found.get("content_type", content_type),
            found.get("metadata", {}),
            "if_none_match" in found,
            found.get("if_match", ""),
        )


Operation: TypeAlias = Callable[[Task], Awaitable[Mapping[str, Any]]]


async def _list(task: Task) -> Mapping[str, Any]:
    found, shape = task.parameters, task.shape
    seal = task.seal("objects", found.get("prefix", ""), found.get("delimiter", ""))
    token = task.opened(seal, "page_token")
    prefix, most = shape.prefix + found.get("prefix", ""), found.get("page_size", MOST_LISTED)
    page = await task.client.run(task.store.list_objects(prefix, found.get("delimiter", ""), most, token))
    # The prefix may be an object itself, as folders that some tools make: it has no key that callers could name.
    objects = [_seen(one, shape.prefix) for one in page.objects if len(one.key) > len(shape.prefix)]
    following = {"next_page_token": seal.close(page.following)} if page.following else {}
    return {"objects": objects, "prefixes": shown(page.prefixes, shape.prefix), **following}


async def _stat(task: Task) -> Mapping[str, Any]:
    return _seen(await task.client.run(task.store.stat(task.whole_key), task.key), task.shape.prefix)


async def _put(task: Task) -> Mapping[str, Any]:
    """The unary form."""
    found = task.parameters
    if ("text" in found) == ("base64" in found) or "resume_token" in found:
        why = "one of `text` and `base64` is required, without resume_token; or stream the content"
        raise invalid_parameters([("parameters_json.text", why)])
    try:
        content = found["text"].encode() if "text" in found else base64.b64decode(found["base64"], validate=True)
    except (binascii.Error, ValueError):
        raise invalid_parameters([("parameters_json.base64", "is not base64")]) from None
    if len(content) > task.shape.most_bytes:
        raise over_cap(task.shape.most_bytes)
    what = task.writing("text/plain; charset=utf-8" if "text" in found else "application/octet-stream")
    await task.client.agree(what.key, what.absent, what.etag, task.key)
    body = Body([content], hashlib.new(task.store.digest, content, usedforsecurity=False).digest())
    written = await task.client.run(task.store.put(what, body), task.key)
    told = {"size": len(content), "etag": written.etag, "sha256": hashlib.sha256(content).hexdigest()}
    return told | ({"version_id": written.version_id} if written.version_id else {})


async def _copy(task: Task) -> Mapping[str, Any]:
    """As the source is now: a change in between fails the copy."""
    name = task.parameters["source"]
    source = await task.client.run(task.store.stat(task.shape.prefix + name), name)
    if source.size > task.shape.most_bytes:
        raise over_cap(task.shape.most_bytes)
    written = await task.client.run(task.store.copy(source, task.whole_key), name)
    told = {"size": source.size, "etag": written.etag}
    return told | ({"version_id": written.version_id} if written.version_id else {})


async def _delete(task: Task) -> Mapping[str, Any]:
    etag = task.parameters.get("if_match", "")
    await task.client.agree(task.whole_key, False, etag, task.key)
    steps = task.store.delete(task.whole_key, etag)
    return {"deleted": await task.client.run(steps, task.key)}


async def _list_uploads(task: Task) -> Mapping[str, Any]:
    found, shape = task.parameters, task.shape
    seal = task.seal("uploads", found.get("prefix", ""))
    token = task.opened(seal, "page_token")
    most = min(found.get("page_size", _MOST_UPLOADS), _MOST_UPLOADS)
    page = await task.client.run(task.store.list_uploads(shape.prefix + found.get("prefix", ""), most, token))
    uploads = []
    for one in page.uploads:
        if len(one.key) > len(shape.prefix) and one.key.startswith(shape.prefix):
            key = one.key.removeprefix(shape.prefix)
            told = {"key": key, "resume_token": task.seal("upload", key).close(one.upload_id), "begun": one.begun}
            uploads.append({name: value for name, value in told.items() if value})
    return {"uploads": uploads} | ({"next_page_token": seal.close(page.following)} if page.following else {})


async def _abort(task: Task) -> Mapping[str, Any]:
    upload_id = task.opened(task.seal("upload", task.key), "resume_token")
    return {"aborted": await task.client.run(task.store.abort(task.whole_key, upload_id), task.key)}


async def _presign_get(task: Task) -> Mapping[str, Any]:
    return _presigned(task, "GET")


async def _presign_put(task: Task) -> Mapping[str, Any]:
    return _presigned(task, "PUT")


def _presigned(task: Task, method: str) -> Mapping[str, Any]:
    """Nothing is asked of the store: whether the object exists shows when the URL is used."""
    most = task.shape.presign_seconds
    seconds, now = task.parameters.get("expires_seconds", most), time.time()
    if seconds > most:
        raise invalid_parameters([("parameters_json.expires_seconds", f"must be at most {most}")])
    ask = task.store.writing(Writing(task.whole_key, task.parameters.get("content_type", "")))
    if method == "GET":
        ask = Ask("GET", ask.path)
    found = task.store.presign(ask, task.call.secret, now, seconds)
    end = datetime.fromtimestamp(int(now) + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"url": found.url, "method": method, "headers": dict(found.headers), "expire_time": end}


# By the name of the tool; get_object is in reads.py.
OPERATIONS: Mapping[str, Operation] = {
    "list_objects": _list,
    "stat_object": _stat,
    "put_object": _put,
    "copy_object": _copy,
    "delete_object": _delete,
    "list_uploads": _list_uploads,
    "abort_upload": _abort,
    "presign_get": _presign_get,
    "presign_put": _presign_put,
}


def upload(task: Task, given: ToolInput) -> Upload:
    """The streamed form of put_object. Raises INVALID_PARAMETERS."""
    if both := [name for name in ("text", "base64") if name in task.parameters]:
        raise invalid_parameters([(f"parameters_json.{both[0]}", "is for ExecuteTool; a stream brings its content")])
    seal = task.seal("upload", task.key)
    limits = (task.shape.most_bytes, task.shape.part_bytes)
    what = task.writing("application/octet-stream")
    return Upload(task.client, what, task.key, given, limits, seal.close, task.opened(seal, "resume_token"))


def check(shape: Shape, parameters: Mapping[str, Any]) -> None:
    """Keys and prefixes. Raises INVALID_PARAMETERS."""
    named = {name: parameters[name] for name in ("key", "source") if name in parameters}
    found = [(name, key_problem(text, shape.prefix)) for name, text in named.items()]
    found += [(name, text_problem(parameters.get(name, ""))) for name in ("prefix", "delimiter")]
    if wrong := [(f"parameters_json.{name}", problem) for name, problem in found if problem]:
        raise invalid_parameters(wrong)
    if "if_none_match" in parameters and "if_match" in parameters:
        raise invalid_parameters([("parameters_json.if_match", "must not come with if_none_match")])


def _seen(stat: Stat, prefix: str) -> dict[str, Any]:
    """An object as callers see it; what the store does not tell is left out."""
    found = {
        "key": stat.key.removeprefix(prefix),
        "size": stat.size,
        "etag": stat.etag,
        "content_type": stat.content_type,
        "last_modified": stat.modified,
        "storage_class": stat.storage_class,
        "version_id": stat.version_id,
        "content_encoding": stat.content_encoding,
        "metadata": dict(stat.metadata),
    }
    return {name: value for name, value in found.items() if value not in ("", {})}


def answer(found: Mapping[str, Any], more: bool | None = None) -> ToolAnswer:
    """A result as JSON; of a page, whether another one follows."""
    return ToolAnswer(200, _JSON, json=orjson.dumps(found), more=more)
