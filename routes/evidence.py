"""The evidence of a case to fetch (证据包下载), and the key that it is checked by."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.refusals import Refused
from domain.roles import Operation
from resolvers.context import Context, Stores
from resolvers.downloads import access_line
from resolvers.evidence import Evidence, evidence
from routes.files import MAX_PURPOSE, ContextOf
from schema.mutations import told
from storage.objects import content_disposition


def evidence_routes(context_of: ContextOf, stores: Stores) -> list[Route]:
    """`GET /evidence/cases/{case_id}?purpose=…` and, for everybody, `GET /evidence/key`."""

    async def key(_request: Request) -> Response:
        return JSONResponse({"algorithm": "Ed25519", "public_key": stores.notary.public_key})

    async def download(request: Request) -> Response:
        context = await context_of(request)
        purpose = request.query_params.get("purpose", "").strip()
        if not 0 < len(purpose) <= MAX_PURPOSE:
            sentence = f"Say what for: `purpose`, 1 to {MAX_PURPOSE} characters."
            return _wrong("BAD_USER_INPUT", sentence, 400)
        try:
            found = await evidence(context, request.path_params["case_id"])
        except Refused as refused:
            (first,) = told(refused.refusals[:1], chinese=context.chinese)
            return _wrong(refused.refusals[0].code.value, first["message"], 413)
        if found is None:
            return _wrong("NOT_FOUND", "There is no such case within your reach.", 404)
        if not context.actor.may(Operation.DOWNLOAD_FILE, found.case.org_path):
            await _log(context, found, action="DENIED", purpose=purpose)
            return _wrong("FORBIDDEN", "You may not fetch the evidence of this case.", 403)
        await _log(context, found, action="EXPORT", purpose=purpose)
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": content_disposition(f"evidence-{found.case.no}.zip"),
            "ETag": f'"{found.sha256}"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found.content, headers=headers, media_type="application/zip")

    return [
        Route("/evidence/key", key, methods=["GET"]),
        Route("/evidence/cases/{case_id}", download, methods=["GET"]),
    ]


async def _log(context: Context, found: Evidence, *, action: str, purpose: str) -> None:
    """Written before a byte goes out (ARC-28)."""
    case = found.case
    entry = access_line(
        context,
        object_id=case.id,
        object_version=case.version,
        org_path=case.org_path,
        action=action,
        purpose=purpose,
    )
    await context.stores.mongo.database["access_logs"].insert_one(entry)


def _wrong(code: str, sentence: str, status: int) -> Response:
    return JSONResponse({"error": {"code": code, "message": sentence}}, status_code=status)
