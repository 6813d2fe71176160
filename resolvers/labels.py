"""Queries by what stands on a paper: a scanned code, a certificate's number, a receipt's number."""

from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from domain.certificates import LegalState, normalised
from domain.codes import MAX_CODE_LENGTH, id_of
from resolvers.context import Info
from schema.fields import asked
from schema.nodes import Node
from schema.receipts import Receipt
from storage.questions import One
from storage.records import COLLECTION_OF_PREFIX


@strawberry.type
class LabelQueries:
    """What is it that I hold in my hand?"""

    @strawberry.field(
        description="The certificate, packet or slot behind a scanned code or a certificate's"
        " number; null where there is none within reach (扫码查询)."
    )
    async def lookup(
        self,
        info: Info,
        code: Annotated[
            str,
            strawberry.argument(
                description="As scanned, as typed from the label, or a number as printed."
            ),
        ],
    ) -> Node | None:
        """A code names one record. A number may stand on papers of two issuers; then none is
        picked, for the wrong one would be believed."""
        if len(code) > MAX_CODE_LENGTH:
            return None
        reader = info.context.reader
        id = id_of(code)
        if id is not None:
            collection = COLLECTION_OF_PREFIX[id.partition("_")[0]]
            return await reader.one(collection, {"_id": id})  # type: ignore[return-value]
        query = {
            "cert_no_norm": normalised(code),
            "legal_state": {"$ne": LegalState.VOID.value},
        }
        found: list[Any] = await reader.find("certificates", query, limit=2)
        if len(found) > 1:
            raise GraphQLError(
                "Several certificates have this number; scan the label, or filter `certificates`.",
                extensions={"code": "BAD_USER_INPUT"},
            )
        return found[0] if found else None

    @asked("A receipt by its number (回单).")
    def receipt(
        self, info: Info, no: Annotated[str, strawberry.argument(description="Its number.")]
    ) -> Receipt | None:
        """A receipt."""
        return One(collection="receipts", query={"no": no})  # type: ignore[return-value]
