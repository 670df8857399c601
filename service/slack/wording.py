"""The bot's own messages."""

from index.errors import FootnoteError, IndexEmpty, QuestionError, TookTooLong
from service.auth.fair_queue import Busy

HELP = (
    "Ask me a question about the articles, and I answer with exact quotations and where they come from. Mention me in a "
    "channel, write to me directly, or go on in a thread where I have answered; there I know what was said before. With "
    "/ask, only you see the answer. When I find no answer, I say so. In a thread of a channel I do not reply to thanks, and "
    "not to what is said to others."
)
GREETING = "Ask me something about the articles. I answer with exact quotations, and say so when I find no answer."
LOOKING = "Looking through the articles…"
TOO_MANY = "I have more questions than I can take on just now. Please ask again in a minute."
GAVE_UP = "I tried several times to answer this and could not. Please ask again later."
FAILED = "Something went wrong while I was answering, so there is no answer. Please ask again; the log of Footnote says what."
NOT_READY = "I cannot answer at the moment: something is wrong with my articles. The log of Footnote says what."
SEARCHING = "is searching for {}…"
PUT_OFF = "I am being restarted and could not answer this yet. The answer comes here when I am back."
NO_PLACE = (
    "I cannot write in that channel or thread any more, so your question there has no answer. Ask me here instead."
)
CANNOT_SHARE = "I cannot write in this channel. Invite me with /invite, then ask again and share that."
CANNOT_BRING = "I cannot write in the channel of the people who help. Please tell those who look after Footnote."
BROUGHT = "Your question is in the channel <#{}> now, where people see it."
NOT_ALLOWED = "Only those whom FOOTNOTE_SLACK_ADMINS names can change what I do in a channel."
NOT_HERE = "Use this in a channel: what is set counts there."
BROUGHT_BEFORE = "This question was brought to a person before."
WANTED = "<@{}> would like a person to answer{}: {}"
NOT_INSTALLED = "I am not installed in this workspace any more. Ask those who look after Footnote to install me again."
NOT_THERE = "This question is too old for that. Please ask it again."
DIFFER = "Sources differ"
UNVERIFIED = "Not verified: the sources do not clearly say this."
MORE_DOUBTS = "There is more in the answer."
NOT_SHOWN = "This answer is not kept any more, or you may not read all of its articles now."
THANKS = "Thank you for saying so."
STALE = (
    "Words that my answer to “{}” quotes have changed in their article since, or are gone. Ask again, and I answer from the "
    "articles of today."
)
NOT_RATED = "This answer is not kept any more, so nothing can be said of it."


def told(error: BaseException) -> str:
    """Return the message for an error that a person in Slack sees. Details for the operator are in the log."""
    match error:
        case QuestionError():
            return str(error)
        case IndexEmpty():
            return "Nothing has been indexed yet, so there is nothing that I could answer from."
        case TookTooLong():
            return "This took so long that I stopped. Please ask again, or ask for less at once."
        case Busy():
            return TOO_MANY
        case FootnoteError():
            return NOT_READY
        case _:
            return FAILED
