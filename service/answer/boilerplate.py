"""Lines that stand in articles without being part of them: links to others, calls to sign up, share lines, credits."""

import re

_LINE = re.compile(
    r"""^(?:(?!©)[\W\d_])*(?:
    related(?:\s+(?:stor(?:y|ies)|articles?|reading|content|posts?|topics?|links?))?\s*:
    | (?:read|see|learn|find\s+out|discover)\s+(?:more|also|next)\b
    | also\s+read\b | (?:recommended|trending|most\s+(?:read|popular)|editor['’]s\s+picks?)\s*(?::|$)
    | source\s*:\s*https?:// | via\s*:\s*https?://
    | (?:sign|signing)\s+up\b(?!\s+for\s+(?:reactors?|power)) | subscribe\b | register\s+(?:now|here|today)\b
    | (?:inquire|click|tap|apply)\s+(?:here|now|to)\b
    | (?:join|follow|like|visit)\s+(?:us|our)\b | share\s+(?:this|on|via)\b
    | (?:get|receive)\s+(?:the|our)\s+(?:latest|newsletter|best)\b
    | (?:newsletter|advertisement|sponsored)\s*:?$ | copyright\s+(?:©|\d) | all\s+rights\s+reserved | ©
    | (?:photo|image|picture)(?:\s+credit)?\s*(?::|by\b|courtesy)
    | in\s+this\s+article\s*:?$ | also\s+in\b.{0,40}:\s*$ | table\s+of\s+contents\b
    | (?:we\s+use|this\s+(?:web)?site\s+uses|accept(?:\s+all)?)\s+cookies
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST = 200


def is_boilerplate(words: str) -> bool:
    """Say whether a sentence of an article is such a line. Long ones are sentences, however they begin."""
    return len(words) <= _LONGEST and bool(_LINE.match(words))
