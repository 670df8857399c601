"""An assistant that answers from memory, for tests of the page: a few articles, what is asked of them, and what was kept."""

import threading
from collections.abc import Generator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from index.deadline import check_deadline
from index.errors import ArticleDeleted, ArticleUnknown, IndexEmpty, NotInHistory
from index.records import Access, Span
from service.auth.askers import Asker
from service.history.feedback import ReviewFilter
from service.history.store import Through
from service.schemas.api import (
    AboutWire,
    ApprovalWire,
    ArticleResponse,
    ArticlesResponse,
    ArticleSummary,
    AskEvent,
    AskRequest,
    AskResponse,
    CitationWire,
    CollectionsResponse,
    CollectionWire,
    DisagreementWire,
    HighlightWire,
    HitsEvent,
    HitWire,
    NearestPassageWire,
    NearestWire,
    PreferencesWire,
    PublishersResponse,
    PublisherWire,
    Rating,
    SearchRequest,
    SentenceWire,
    ValueWire,
)
from service.schemas.approving import ApprovedResponse, ApprovedRow, ApproveRequest
from service.schemas.conflicts import ConflictsRequest, ConflictsResponse
from service.schemas.explaining import ExplainResponse, HitRead, Outcome, SearchRead, SentenceRead, WeightedMeasure
from service.schemas.gaps import Gap, GapsResponse
from service.schemas.history import (
    ConversationResponse,
    ConversationsResponse,
    ConversationSummary,
    FeedbackRequest,
    FeedbackWire,
    KeptAnswer,
    ReviewResponse,
    ReviewRow,
    StaleCitation,
    StaleResponse,
    StaleRow,
    StoredAnswerResponse,
)
from service.schemas.quality import DayOfQuality, LevelWire, MeasureWire, QualityResponse
from service.schemas.usage import ArticleUse, AskerUse, DayOfUse, Outcomes, UsageResponse
from tests.fake_assistant import FakeAssistant, answer, streamed

MORNING = datetime(2026, 4, 24, 7, 30, tzinfo=UTC)
PATIENCE = 30_000  # milliseconds that an expectation, or an assistant that is told to pause, waits at most


WEATHER = """# Rain over 🌧️ Hamburg 🎉

It was **very** wet. 😀😀 “The Elbe rose by *two metres* overnight,” the harbour office said.

- 🚢 The ferries stopped at noon.
- The tunnel stayed open.

## What it cost

The flood cost €12 million, the senate estimates. Insurers
speak of `€9 million`; see [their report](https://insurers.example/report).

> No one was hurt.

| place | metres |
|-------|--------|
| Elbe  | 2      |

```
pegel = 6.45
```

1. First, the sand was cleared away.
"""
FILLER = "\n".join(
    f"Paragraph {number}. Nothing of note happened on this day, which went on for long.\n" for number in range(80)
)
HOSTILE = """<script>window.harmed = true</script> The <img src=x onerror="window.harmed = true"> is harmless.

[press me](javascript:window.harmed=true) & <b>do</b>."""


def article(
    article_id: str, text: str, *, title: str = "", format: str = "text", current: bool = True
) -> ArticleResponse:
    return ArticleResponse.model_validate(
        {
            "id": article_id,
            "version": "sha256:1",
            "title": title or article_id,
            "publisher": "The Herald",
            "published": date(2026, 4, 24),
            "url": "https://www.herald.example/rain",
            "authors": ["A. Writer"],
            "language": "en",
            "format": format,
            "text": text,
            "current": current,
        }
    )


def fact(article_id: str, title: str) -> ArticleResponse:
    return article(article_id, f"{title}. Nothing else is known of it.", title=title)


ARTICLES = {
    made.id: made
    for made in [
        article("rain/Hamburg #1?", WEATHER, title="Rain over 🌧️ Hamburg 🎉", format="markdown"),
        article("long", FILLER + "The bell rang 🔔 at nine.\n" + FILLER, title="A long year"),
        article("hostile/<b>", HOSTILE, title="<img src=x onerror='window.harmed = true'>", format="markdown"),
        article("dots/../up", "Reached by no tidied path."),
        article("old", "An older wording.", title="A changed article", current=False),
        *[fact(f"more/{number:02}", f"A shorter piece, number {number}") for number in range(1, 61)],
    ]
}


def cite(number: int, article_id: str, quote: str, *, url: str | None = None, answers: str = "") -> CitationWire:
    made = ARTICLES[article_id]
    start = made.text.index(quote)
    at = start + quote.index(answers)
    return CitationWire(
        number=number,
        article_id=article_id,
        article_version=made.version,
        title=made.title,
        publisher=made.publisher,
        published=made.published,
        url=url,
        passage_id=f"p{number}",
        quote=quote,
        start=start,
        end=start + len(quote),
        page=3 if number == 1 else None,
        score=0.9,
        highlight=HighlightWire(start=at, end=at + len(answers)) if answers else None,
    )


def sentence(text: str, *citations: int, verified: bool = True) -> SentenceWire:
    support = "verified" if verified else "unverified"
    return SentenceWire.model_validate({"text": text, "start": 0, "end": 0, "citations": citations, "support": support})


def code(text: str, *citations: int) -> SentenceWire:
    return sentence(text, *citations).model_copy(update={"form": "code"})


def told(question: str, **fields: Any) -> AskResponse:
    """Return an answer with these fields."""
    return answer(question, **({"status": "answered", "text": "", "confidence": 0.9} | fields))


BELL = "The bell rang 🔔 at nine."
RISE = "“The Elbe rose by *two metres* overnight,” the harbour office said.\n\n- 🚢 The ferries stopped at noon."
COST = "The flood cost €12 million, the senate estimates."
BELL_AT = ARTICLES["long"].text.index(BELL)
INSURED = "Insurers\nspeak of `€9 million`"
ANSWERS = {
    made.question: made
    for made in [
        told(
            "What did the flood cost?",
            short_answer="€12 million",
            sentences=[
                sentence("The flood cost €12 million, the senate estimates.", 1),
                sentence("The Elbe had risen by two metres overnight, and the ferries stopped at noon.", 2, 3),
                sentence("The insurers will pay within the year.", verified=False),
            ],
            citations=[
                cite(1, "rain/Hamburg #1?", COST, url="https://www.herald.example/rain"),
                cite(2, "rain/Hamburg #1?", RISE, url="javascript:window.harmed=true"),
                cite(3, "long", BELL, answers="at nine"),
                cite(4, "rain/Hamburg #1?", INSURED),
            ],
            disagreements=[
                DisagreementWire(
                    about="Cost of the flood",
                    values=[
                        ValueWire(value="€12 million", citations=[1]),
                        ValueWire(value="€9 million", citations=[4]),
                    ],
                )
            ],
            answerer="qwen3-8b",
            degraded="The reranker was left out, for it took too long.",
        ),
        told("Who rang?", sentences=[sentence(BELL, 1)], citations=[cite(1, "long", BELL)]),
        told(
            "Is it harmless?",
            sentences=[sentence("<b>It</b> is <script>window.harmed = true</script> harmless.", 1)],
            citations=[cite(1, "hostile/<b>", '<img src=x onerror="window.harmed = true"> is harmless.')],
        ),
        told(
            "What is the meaning of life?",
            status="no_answer",
            confidence=0.1,
            text="I found no answer to this.",
            nearest=[
                NearestPassageWire(
                    article_id="long",
                    article_version=ARTICLES["long"].version,
                    title="A long year",
                    passage_id="long-0",
                    quote=BELL,
                    start=BELL_AT,
                    end=BELL_AT + len(BELL),
                    marks=[HighlightWire(start=BELL_AT + at, end=BELL_AT + at + 4) for at in (4, 19)],
                ),
                NearestPassageWire(article_id="old", title="An older one"),
            ],
        ),
        told(
            "What can you do?",
            status="about",
            confidence=0,
            text="I am Footnote. You may read 3 articles.",
            about=AboutWire(
                small_talk="about",
                articles=3,
                examples=[NearestWire(article_id="long", title="A long year")],
                publishers=["The Herald"],
                publishers_total=1,
                questions=["Who rang?", "What did the flood cost?"],
            ),
        ),
        told(
            "How is the level set?",
            sentences=[sentence("Set it like this:", 1), code("pegel = 6.45\n    # in metres, " + "x" * 80, 2)],
            citations=[cite(1, "long", BELL), cite(2, "rain/Hamburg #1?", "pegel = 6.45")],
        ),
        told(
            "How is the kettle left?",
            sentences=[
                sentence("You press the red button.", 1),
                sentence("Do these things:\n1. Press the button.\n2. Open the drain.", 2).model_copy(
                    update={"form": "quote"}
                ),
            ],
            citations=[cite(1, "long", BELL), cite(2, "rain/Hamburg #1?", COST)],
            answerer="qwen3-8b",
        ),
        told("Slowly?", sentences=[sentence("At last.", 1)], citations=[cite(1, "old", "older wording")]),
        told(
            "And then?",
            completed_question="What did the people of Hamburg do after the flood?",
            preferences=PreferencesWire(published_after=date(2026, 3, 1)),
            sentences=[sentence("First, the sand was cleared away.", 1)],
            citations=[cite(1, "rain/Hamburg #1?", "First, the sand was cleared away.")],
        ),
    ]
}


def hit(cited: CitationWire) -> HitWire:
    """Return the passage that a citation is of."""
    shared = cited.model_dump(exclude={"number", "quote", "page", "highlight", "scan"})
    return HitWire(**shared, text=cited.quote, dense=0.7, lexical=8.0)


def used(days: int) -> UsageResponse:
    """Return the use of so many days: each has one answer more than the day before, every third a refusal."""
    first = MORNING.date() - timedelta(days=days - 1)
    outcomes = [
        Outcomes(answered=number, no_answer=int(number % 3 == 0), failed=int(number == 5)) for number in range(days)
    ]
    return UsageResponse(
        first=first,
        last=MORNING.date(),
        questions=Outcomes(
            answered=sum(day.answered for day in outcomes),
            no_answer=sum(day.no_answer for day in outcomes),
            failed=1,
        ),
        per_day=[
            DayOfUse(day=first + timedelta(days=number), **outcome.model_dump())
            for number, outcome in enumerate(outcomes)
        ],
        kept=20,
        degraded=1,
        median_ms=38.4,
        p95_ms=1_240.0,
        rated_up=3,
        rated_down=1,
        most_cited=[
            ArticleUse(article_id="long", title="A long year", answers=14),
            ArticleUse(article_id="hostile/<b>", title=ARTICLES["hostile/<b>"].title, answers=1),
        ],
        not_cited_total=63,
        not_cited=[NearestWire(article_id=f"more/{n:02}", title=f"A shorter piece, number {n}") for n in range(1, 11)],
        askers_total=12,
        askers=[AskerUse(asker=f"key:{name}", questions=9 - n) for n, name in enumerate(["al", "bo", "<i>cy</i>"])],
    )


def measured(days: int) -> QualityResponse:
    """Return the quality of so many days: from the fourth last on, fewer sentences are supported."""
    first = MORNING.date() - timedelta(days=days)
    by_day = [
        DayOfQuality(day=first + timedelta(days=number), n=40, mean=0.98 if number < days - 4 else 0.8)
        for number in range(days)
    ]
    supported = [
        LevelWire(first=first, n=40 * (days - 4), mean=0.98, low=0.97, high=0.99),
        LevelWire(first=by_day[-4].day, n=160, mean=0.8, low=0.74, high=0.86),
    ]
    rated = [LevelWire(first=first, n=4, mean=0.75, low=0.1, high=1.0)]
    return QualityResponse(
        first=first,
        last=by_day[-1].day,
        share=0.1,
        scored=40 * days,
        measures=[
            MeasureWire(name="supported", days=by_day, levels=supported),
            MeasureWire(name="rated_good", days=[DayOfQuality(day=first, n=4, mean=0.75)], levels=rated),
        ],
    )


class PageApprovals:
    """The approved answers of the assistant below, which remembers what was asked of it. `refusal` is raised by `approve`."""

    def __init__(self, assistant: "PageAssistant") -> None:
        self.assistant = assistant
        self.requests: list[ApproveRequest] = []
        self.rows: list[ApprovedRow] = []
        self.refusal: Exception | None = None

    def approve(self, answer_id: str, request: ApproveRequest, asker: Asker) -> AskResponse:
        self.requests.append(request)
        if self.refusal:
            raise self.refusal
        signed = self.assistant.approved(answer_id)
        self.rows.append(
            ApprovedRow(
                answer=signed,
                wordings=[signed.question, *request.wordings],
                approved_by="key:bo",
                approved=MORNING,
                given=2,
                in_use=not self.rows,
            )
        )
        return signed

    def listed(self, asker: Asker) -> ApprovedResponse:
        return ApprovedResponse(rows=self.rows)

    def withdraw(self, answer_id: str) -> None:
        self.rows = [row for row in self.rows if row.answer.id != answer_id]


def explanation(whole: AskResponse) -> ExplainResponse:
    """Return why this was answered, or refused: from a hit for each citation, the first of which was read."""
    hits = [
        HitRead(
            rank=rank,
            hit=hit(cited),
            preference=0.3 if rank == 2 else 0.0,
            read=rank == 1,
            quoted=rank == 1,
            sentences=[
                SentenceRead(
                    text=cited.quote,
                    start=cited.start,
                    end=cited.end,
                    reader=2.5,
                    probability=0.97,
                    short_answer="€12 million",
                    quoted=True,
                ),
                SentenceRead(
                    text="<b>No</b> one was hurt.",
                    start=0,
                    end=9,
                    reader=-4.25,
                    probability=0.01,
                    short_answer=None,
                    quoted=False,
                ),
            ]
            if rank == 1
            else [],
        )
        for rank, cited in enumerate(whole.citations, start=1)
    ]
    measures = [
        WeightedMeasure(name="intercept", value=1, weight=-3.05),
        WeightedMeasure(name="cosine", value=0.8, weight=5.51),
    ]
    search = SearchRead(
        text=whole.question,
        chosen=True,
        confidence=whole.confidence,
        measures=measures if hits else [],
        hits_total=50 if hits else 0,
        hits=hits,
    )
    outcome: Outcome = "answered" if whole.status == "answered" else "nothing_found"
    return ExplainResponse(outcome=outcome, threshold=0.3, language=None, answer=whole, searches=[search])


class PageAssistant(FakeAssistant):
    """Answers the questions above, and remembers how it was asked. `empty` has nothing indexed.

    `records_history` keeps what it answered, `own` calls that the reader's own, `withheld` leaves so many of it out.
    `stale_citations` are what has changed of all that it answered.
    `paced` waits before each event of an answer until `go` lets it on; `breaking` is raised in place of the last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[AskRequest] = []
        self.empty = False
        self.paced = False
        self.breaking: Exception | None = None
        self.records_history = True
        self.own = True
        self.withheld = 0
        self.deleted: set[str] = set()
        self.answers: list[AskResponse] = []
        self.shared: set[str] = set()
        self.said: list[tuple[str, Rating, str | None]] = []
        self.stale_citations: list[StaleCitation] = []
        self.searched: list[ConflictsRequest] = []
        self.conflict_parts: list[ConflictsResponse | Exception] = []
        self._approvals = PageApprovals(self)
        self._steps = threading.Semaphore(0)

    @property
    def approvals(self) -> PageApprovals:
        return self._approvals

    def approved(self, answer_id: str) -> KeptAnswer:
        """Have an answer approved, wherever it is shown from now on."""
        signed = self._kept(answer_id).model_copy(update={"approved": ApprovalWire(by="key:bo", at=MORNING)})
        self.answers = [signed if kept.id == answer_id else kept for kept in self.answers]
        return self._marked(signed)

    def conflicts(self, request: ConflictsRequest, access: Access) -> ConflictsResponse:
        """Find the next of `conflict_parts`, or raise it. One is waited for, as a long search is, until `go` lets it on."""
        self.searched.append(request)
        part = self.conflict_parts.pop(0)
        if isinstance(part, Exception):
            raise part
        while self.paced and not self._steps.acquire(timeout=0.1):
            check_deadline()
        return part

    def go(self, steps: int = 1) -> None:
        """Let this many events out."""
        self._steps.release(steps)

    def ask_events(
        self, request: AskRequest, asker: Asker, *, through: Through = "api"
    ) -> Generator[AskEvent, None, None]:
        self.asked.append(request)
        if self.empty:
            raise IndexEmpty("Nothing is indexed yet. Run footnote index PATH.")
        if self.error:
            raise self.error
        if request.conversation_id:
            self._summary(request.conversation_id)
        whole = self._keep(ANSWERS[request.question], request.conversation_id)
        _, *rest = streamed(whole)
        understood = {"completed_question": whole.completed_question, "preferences": whole.preferences}
        found = HitsEvent(id=whole.id, hits=[hit(cited) for cited in whole.citations], **understood)
        for event in [found, *rest]:
            self._pause()
            if self.breaking and isinstance(event, AskResponse):
                raise self.breaking
            yield event

    def _pause(self) -> None:
        if self.paced:
            self._steps.acquire(timeout=PATIENCE / 1000)

    def _keep(self, answered: AskResponse, conversation_id: str | None) -> AskResponse:
        if not self.records_history:
            return answered
        number = len(self.answers) + 1
        named = {"id": f"ans_{number}", "conversation_id": conversation_id or f"conv_{number}"}
        self.answers.append(answered.model_copy(update=named))
        return self.answers[-1]

    def _conversation(self, conversation_id: str | None) -> list[AskResponse]:
        return [kept for kept in self.answers if kept.conversation_id == conversation_id]

    def _summary(self, conversation_id: str) -> ConversationSummary:
        kept = self._conversation(conversation_id)
        if not kept:
            raise NotInHistory("This conversation is not kept, or is not yours.")
        return ConversationSummary(
            id=conversation_id, title=kept[0].question, created=MORNING, updated=MORNING, questions=len(kept)
        )

    def _kept(self, answer_id: str) -> AskResponse:
        for kept in self.answers:
            if kept.id == answer_id:
                return kept
        raise NotInHistory("This answer is not kept, or is not shared with you.")

    def conversations(self, asker: Asker, *, after: str | None, limit: int) -> ConversationsResponse:
        ids = list(dict.fromkeys(str(kept.conversation_id) for kept in reversed(self.answers)))
        listed = [self._summary(conversation_id) for conversation_id in ids]
        return ConversationsResponse(conversations=listed, total=len(listed), next_after=None)

    def conversation(self, conversation_id: str, asker: Asker) -> ConversationResponse:
        summary = self._summary(conversation_id).model_dump()
        answers = [self._marked(kept) for kept in self._conversation(conversation_id)]
        return ConversationResponse(**summary, answers=answers, withheld=self.withheld)

    def delete_conversation(self, conversation_id: str, asker: Asker) -> None:
        self._summary(conversation_id)
        self.answers = [kept for kept in self.answers if kept.conversation_id != conversation_id]

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse:
        kept = self._marked(self._kept(answer_id)).model_dump()
        return StoredAnswerResponse(**kept, asked=MORNING, own=self.own, shared=answer_id in self.shared, rating=None)

    def delete_answer(self, answer_id: str, asker: Asker) -> None:
        self.answers.remove(self._kept(answer_id))

    def share(self, answer_id: str, asker: Asker, *, shared: bool) -> None:
        self._kept(answer_id)
        (self.shared.add if shared else self.shared.discard)(answer_id)

    def rate(self, request: FeedbackRequest, asker: Asker) -> None:
        self._kept(request.answer_id)
        self.said.append((request.answer_id, request.rating, request.comment))

    def review(self, asker: Asker, review_filter: ReviewFilter, *, after: str | None, limit: int) -> ReviewResponse:
        rows = [self._row(kept) for kept in reversed(self.answers) if review_filter.status in (None, kept.status)]
        rated = [
            row
            for row in rows
            if review_filter.rating is None or review_filter.rating in {said.rating for said in row.feedback}
        ]
        start = int(after or 0)
        shown = rated[start : start + limit]
        return ReviewResponse(rows=shown, next_after=str(start + limit) if len(rated) > start + limit else None)

    def _row(self, kept: AskResponse) -> ReviewRow:
        feedback = [
            FeedbackWire(asker="key:bo", rating=rating, comment=comment, given=MORNING)
            for answer_id, rating, comment in self.said
            if answer_id == kept.id
        ]
        return ReviewRow(
            answer=self._marked(kept), asker="key:al", asked=MORNING, through="page", settings={}, feedback=feedback
        )

    def stale(self, asker: Asker, *, after: str | None, limit: int) -> StaleResponse:
        deleted = StaleRow(
            answer_id="ans_gone",
            question="Who left?",
            answer=None,
            asker="key:al",
            asked=MORNING,
            since=MORNING,
            reads=1,
        )
        rows = [
            StaleRow(
                answer_id=kept.id,
                question=kept.question,
                answer=self._marked(kept),
                asker="key:al",
                asked=MORNING,
                since=MORNING,
                reads=3,
            )
            for kept in self.answers
            if self.stale_citations
        ]
        return StaleResponse(rows=[*rows, deleted] if rows else [], next_after=None)

    def _marked(self, kept: AskResponse) -> KeptAnswer:
        return KeptAnswer(**kept.model_dump(), stale=self.stale_citations)

    def gaps(self, asker: Asker) -> GapsResponse:
        refused = [kept for kept in self.answers if kept.status == "no_answer"]
        found = [
            Gap(
                questions=[kept.question, "<b>Why</b> are we here?"],
                asked=3,
                refused=2,
                rated_down=1,
                latest=MORNING,
                answer_ids=[kept.id],
                nearest=kept.nearest,
            )
            for kept in refused
        ]
        return GapsResponse(gaps=found, questions=3 * len(found), left_out=len(found))

    def explain(self, request: SearchRequest, access: Access) -> ExplainResponse:
        if self.error:
            raise self.error
        return explanation(ANSWERS[request.question])

    def usage(self, asker: Asker, *, days: int) -> UsageResponse:
        if self.error:
            raise self.error
        return used(days)

    def quality(self, *, days: int) -> QualityResponse:
        if self.error:
            raise self.error
        return measured(days)

    def articles(
        self, access: Access, *, after: str | None, limit: int, titled: str = "", collection: str | None = None
    ) -> ArticlesResponse:
        there = [made for made in ARTICLES.values() if made.id not in self.deleted]
        named = [
            made.id
            for made in there
            if titled.lower() in made.title.lower() and (collection is None or made.id.startswith("more/0"))
        ]
        ids = [] if self.empty else sorted(named)
        left = [article_id for article_id in ids if after is None or article_id > after]
        page = [
            ArticleSummary.model_validate(ARTICLES[article_id].model_dump(include=set(ArticleSummary.model_fields)))
            for article_id in left[:limit]
        ]
        return ArticlesResponse(
            articles=page, total=len(ids), next_after=left[limit - 1] if len(left) > limit else None
        )

    def delete(self, article_ids: Sequence[str]) -> None:
        if self.error:
            raise self.error
        self.deleted |= set(article_ids)

    def article(
        self, article_id: str, access: Access, version: str | None, stretch: Span | None = None
    ) -> ArticleResponse:
        if article_id == "gone":
            raise ArticleDeleted("The article gone was deleted on 24 April 2026.")
        if article_id not in ARTICLES:
            raise ArticleUnknown(f"There is no article {article_id}.")
        return ARTICLES[article_id]

    def collections(self, access: Access) -> CollectionsResponse:
        named = [CollectionWire(name=name, articles=2) for name in ("handbook", "<b>leave</b>")]
        return CollectionsResponse(collections=named, scopes=["hr"])

    def questions_to_try(self, access: Access) -> tuple[str, ...]:
        return () if self.empty else ("Who rang?", "What did the flood cost?", "<b>Why</b> are we here?")

    def publishers(self, access: Access) -> PublishersResponse:
        named = [("The Courier", 1), ("The Herald", 64), ("<b>The Gazette</b>", 2)]
        publishers = [PublisherWire(name=name, articles=articles) for name, articles in named]
        return PublishersResponse(publishers=publishers, earliest=date(2024, 1, 5), latest=date(2026, 4, 24))
