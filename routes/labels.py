"""Labels to print (打印标签): sheets of scannable codes for certificates, packets and slots."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from anyio import to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.certificates import CertType
from domain.codes import code_of
from domain.roles import Operation
from papers.labels import MAX_LABELS, PER_SHEET, Label, label_sheets
from resolvers.context import Context
from resolvers.downloads import access_line
from routes.files import ContextOf
from schema.enums import chinese
from storage.finds import Sort
from storage.objects import content_disposition
from storage.records import Record

MAX_NAME = 100  # characters of an id, a packet, a vault, a cabinet, a slot
_BY_PLACE: Sort = (("vault", 1), ("cabinet", 1), ("slot", 1))


class _Wrong(Exception):
    """Why nothing is printed."""

    def __init__(self, code: str, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.code, self.status = code, status


def label_routes(context_of: ContextOf) -> list[Route]:
    """`GET /labels/{kind}`: a PDF in real size, 24 labels of 70 × 36 mm on A4.

    `/labels/certificates?id=…&id=…`, `/labels/packets?no=…&no=…`, and
    `/labels/slots?vault=V1&cabinet=A&from=001&to=024`, of which all but the vault may be left out.
    `skip` leaves the first places of a sheet empty that was used before.
    """

    async def labels(request: Request) -> Response:
        context = await context_of(request)
        kind, given = request.path_params["kind"], request.query_params
        try:
            skip = _skip(given)
            records = await _records(context, kind, given)
        except _Wrong as wrong:
            body = {"error": {"code": wrong.code, "message": str(wrong)}}
            return JSONResponse(body, status_code=wrong.status)
        await _log(context, records)
        printed = [_LABELS[kind](record) for record in records]
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": content_disposition(f"labels-{kind}.pdf"),
            "X-Content-Type-Options": "nosniff",
        }
        draw = partial(label_sheets, printed, title=f"labels-{kind}", skip=skip)
        sheets = await to_thread.run_sync(draw)
        return Response(sheets, headers=headers, media_type="application/pdf")

    return [Route("/labels/{kind:str}", labels, methods=["GET"])]


async def _log(context: Context, records: Sequence[Record]) -> None:
    """Written before a sheet goes out, a line for each thing on it (ARC-28)."""
    purpose = f"{len(records)} labels"
    entries = [
        access_line(
            context,
            object_id=record["_id"],
            object_version=record.get("version"),
            org_path=record["org_path"],
            action="PRINT_LABEL",
            purpose=purpose,
        )
        for record in records
    ]
    await context.stores.mongo.database["access_logs"].insert_many(entries)


async def _records(context: Context, kind: str, given: QueryParams) -> list[Record]:
    """What is to be labelled: all of it within reach, or nothing. Raises: _Wrong."""
    if kind not in _LABELS:
        raise _missing()
    if kind == "slots":
        query = _slots(given)
        found = await context.reader.find(kind, query, sort=_BY_PLACE, limit=MAX_LABELS + 1)
        wanted = 1
    else:
        name, field = _NAMED_BY[kind]
        named = list(dict.fromkeys(given.getlist(name)))
        if not 0 < len(named) <= MAX_LABELS or any(len(one) > MAX_NAME for one in named):
            raise _bad(f"Name what to label: `{name}`, up to {MAX_LABELS} times.")
        wanted = len(named)
        found = await context.reader.find(kind, {field: {"$in": named}}, limit=MAX_LABELS + 1)
        found.sort(key=lambda record: named.index(record[field]))
    if len(found) > MAX_LABELS:
        raise _bad(f"One request prints {MAX_LABELS} labels at most; name fewer.")
    if len(found) < wanted:
        raise _missing()
    if not all(context.actor.may(Operation.PRINT_LABELS, one["org_path"]) for one in found):
        raise _Wrong("FORBIDDEN", "You may not print these labels.", 403)
    return found


def _slots(given: QueryParams) -> Record:
    names = {name: given.get(name, "") for name in ("vault", "cabinet", "from", "to")}
    if not names["vault"] or any(len(name) > MAX_NAME for name in names.values()):
        raise _bad("Name the vault whose slots are to be labelled.")
    query: Record = {"vault": names["vault"]}
    if names["cabinet"]:
        query["cabinet"] = names["cabinet"]
    bounds = {"$gte": names["from"], "$lte": names["to"]}
    slot = {bound: name for bound, name in bounds.items() if name}
    return query | ({"slot": slot} if slot else {})


def _skip(given: QueryParams) -> int:
    text = given.get("skip", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < PER_SHEET):
        raise _bad(f"`skip` is 0 to {PER_SHEET - 1}.")
    return int(text)


def _certificate(record: Mapping[str, Any]) -> Label:
    place = record.get("place")
    lines = [chinese(CertType(record["cert_type"]))]
    if place is not None:
        lines += [_place(place), f"封包 {place['packet_no']}"]
    heading = record.get("cert_no") or "—"
    return Label(code=code_of(record["_id"]), heading=heading, lines=tuple(lines))


def _packet(record: Mapping[str, Any]) -> Label:
    heading = f"封包 {record['packet_no']}"
    return Label(code=code_of(record["_id"]), heading=heading, lines=(_place(record),))


def _slot(record: Mapping[str, Any]) -> Label:
    return Label(code=code_of(record["_id"]), heading=_place(record), lines=("库位",))


def _place(record: Mapping[str, Any]) -> str:
    return f"{record['vault']}/{record['cabinet']}/{record['slot']}"


def _missing() -> _Wrong:
    """Absent and out of reach look the same (INV-09)."""
    return _Wrong("NOT_FOUND", "There is no such thing within your reach.", 404)


def _bad(sentence: str) -> _Wrong:
    return _Wrong("BAD_USER_INPUT", sentence, 400)


# How a request names certificates and packets, and the field that is asked.
_NAMED_BY = MappingProxyType({"certificates": ("id", "_id"), "packets": ("no", "packet_no")})
# By the last part of the path, which is the name of the collection too.
_LABELS: Mapping[str, Callable[[Mapping[str, Any]], Label]] = MappingProxyType(
    {"certificates": _certificate, "packets": _packet, "slots": _slot}
)
