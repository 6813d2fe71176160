"""A kind of the feed about the book: what the core system answers to its entries (CUS-21)."""

from collections.abc import Sequence

from domain.alerts import Alert, AlertKind
from domain.book import (
    Posting,
    PostingAnswer,
    PostingStatus,
    answer_refusals,
    answered,
    as_booked,
)
from domain.certificates import TitleCertificate
from domain.refusals import refuse_if
from domain.roles import Role
from domain.watch import SubjectKind
from resolvers.imports import Kind, Known, LineStatus
from schema.imports import PostingAnswerLine
from storage.records import new_id


async def _read_answers(known: Known, lines: Sequence[PostingAnswerLine]) -> None:
    await known.read(Posting, [line.serial for line in lines])
    told = [known.get(Posting, line.serial) for line in lines]
    papers = sorted({posting.certificate_id for posting in told if posting is not None})
    for paper in await known.decision.find(TitleCertificate, {"_id": {"$in": papers}}):
        known.found[TitleCertificate, paper.id] = paper
    await known.read_lists("entries", Posting, "certificate_id", papers)
    await known.read(Alert, [_alert_no(line.serial) for line in lines], field_name="no")


def _take_answer(known: Known, line: PostingAnswerLine) -> tuple[LineStatus, str]:
    posting = known.need(Posting, line.serial, "serial")
    answer = PostingAnswer(**line.model_dump(exclude={"serial"}))
    refuse_if(answer_refusals(posting, answer))
    after = answered(posting, answer)
    if after == posting:
        return LineStatus.UNCHANGED, posting.id
    known.keep(after)
    certificate = known.need(TitleCertificate, posting.certificate_id, "serial")
    entries = known.listed("entries", certificate.id)
    booked = as_booked(certificate, entries)
    if booked != certificate:
        known.keep(booked)
    if after.status is PostingStatus.POSTING_FAILED:
        _tell(known, after, certificate)
    return LineStatus.UPDATED, posting.id


def _tell(known: Known, posting: Posting, certificate: TitleCertificate) -> None:
    """The supervisor hears once of each serial that was refused."""
    number = _alert_no(posting.serial)
    if known.get(Alert, number) is not None:
        return
    rules = known.rules
    days = rules.policy.number("book.settle_wd")
    known.found[Alert, number] = known.decision.add(
        Alert(
            id=new_id(Alert),
            no=number,
            kind=AlertKind.BOOK,
            subject_kind=SubjectKind.CERTIFICATE,
            subject=certificate.id,
            reason=f"The core system refused entry {posting.serial}: retry or reverse it.",
            due_on=rules.calendar.wd(known.today, days),
            raised_on=known.today,
            roles=(Role.VAULT_SUPERVISOR,),
            org_code=certificate.org_code,
            org_path=certificate.org_path,
        )
    )


def _alert_no(serial: str) -> str:
    return f"{serial}-FAILED"


POSTING_KINDS = {"PostingAnswer": Kind(read=_read_answers, take=_take_answer)}
