"""What a question asks about a thing (who founded it, what it costs), and whether a text tells that of anything.

Where an article is about the thing and tells nothing of the kind, it does not answer, however similar the words are.
Only relations that people ask for often are listed; of others nothing is said.
"""

import re

from service.answer.text.terms import stem_set

_RELATIONS: tuple[tuple[str, str], ...] = (
    # How questions put it, and how texts that may answer do: beginnings of words, wide on purpose.
    (
        r"found(?:ed|er|ers|ing)|invent(?:ed|or)",
        "found(?:ed|er|ing)|establish|start(?:ed|s)?\\b|creat|invent|set up|launch|beg[au]n|form(?:ed|ation)|born|built"
        "|pioneer|develop|father of|introduc|first|origin|discover|patent",
    ),
    (
        r"ceo|chief executive|who (?:runs|leads|heads|chairs)|boss of|in charge of",
        "ceo|chief|executive|boss|head|led|lead|president|director|run|ran|chair|manag|founder|governor|minister|command"
        "|preside|captain|rule|king|queen|serv|elected|appoint",
    ),
    (r"cfo|chief financial officer|finance (?:chief|director|head)", "cfo|financ|treasur"),
    (r"cto|chief technology officer|technology chief", "cto|technolog|technical"),
    (r"coo|chief operating officer", "coo|operat"),
    (r"(?:deputy|vice)[- ](?:president|chair\w*|director|head|mayor|ceo)", "deput|vice"),
    (r"spokes(?:man|woman|person)", "spoke|press"),
    (
        r"(?:tele)?phone number|fax number|number (?:can|do|should|to) .*(?:call|ring)|phone extension",
        r"(?:tele)?phon|tel\b|ext(?:ension)?\b|hotline|call|ring|\+?\d[\d ()/-]{5,}",
    ),
    (r"e-?mail address", r"\S+@\S|e-?mail|mail"),
    (
        r"successor|succeeds?|who (?:will )?(?:replaces?|takes? over)",
        "succe|replac|took over|takes? over|follow|next|new|bec[ao]m|after",
    ),
    (
        r"owns|owned|belongs?|stake|ownership|does \w+ own",
        "own|belong|stake|share|hold|held|acqui|buy|bought|subsidiar|parent|percent|part of|member|purchas|sold|propert"
        "|possess",
    ),
    (
        r"revenues?|sales|turnover|income|profits?|earns?|earned|earnings|salary",
        "revenue|sales|turnover|turn(?:s|ed)? over|income|profit|earn|salar|wage|gross|made|paid|pay|receiv",
    ),
    (r"valuation|valued|worth", "valu|worth|capitali[sz]|pric|cost"),
    (
        r"employ\w*|staff|workers|headcount|hires?",
        "employ|staff|work|people|job|hir|team|headcount|men|labou?r|serv",
    ),
    (
        r"(?:how many|number of) (?:\w+ )?(?:users|customers|subscribers|visitors)",
        "user|customer|subscri|visit|us(?:ed|es|ing)|people|attend|guest|buyer|client",
    ),
    (
        r"releas\w+|c[oa]mes? out",
        "releas|launch|availab|publish|c[oa]mes? out|introduc|unveil|debut|ship|premier|air|out|issu"
        "|film|movie|single|track|album|song|episode",
    ),
    (r"headquarter\w*|head office", "headquarter|office|based|seat|locat"),
    (r"board", "board|director|seat"),
    (r"share price|stock price|shares", "share|stock"),
    (r"penalt(?:y|ies)|fined?|sanction\w*", "penalt|fine[ds]?|sanction|forfeit|punish"),
    (
        r"approv\w+|permission",
        "approv|clear(?:ed|s)|licen[cs]|allow|authori[sz]|permi|sign(?:ed|s)|accept|pass(?:ed|es)|ratif|agree[ds]\\b",
    ),
    (
        r"inquiry|investigat\w+|probe|lawsuit|sue[sd]?",
        "inquir|investigat|prob|lawsuit|su(?:e|ed|es|it)|court|scrutin|case|judge|trial",
    ),
    (
        r"pull(?:ed)? out|withdr[ae]w\w*|f[ae]ll through|dropped out|cancell?ed",
        "pull|withdr|f[ae]ll through|drop|g[ai]ve\\w* up|cancel|end(?:ed|s)?|stop|abandon|left|leav",
    ),
    (
        r"manufactur\w+|built|construct\w+",
        "manufactur|produc|ma[kd]e|buil|construct|develop|design|erect|own|custom|complet|start|beg[au]n|open|found",
    ),
    (r"charges?|fees?|interest", "charg|fee|pay|paid|cost|pric|interest|rate"),
    (
        r"costs?|price|expensive",
        r"cost|pric|expens|pay|paid|spen[dt]|worth|charg|sold|buy|bought|budget|[$€£]\s?\d|dollars|million|billion",
    ),
    (
        r"did .+ (?:say|tell|comment)|said|statement|comment\w*",
        "sa[iy]|told|tell|announc|wr[io]t|according|stat(?:ed|es|ement)|explain|describ|call|claim|argu|th[io]|believ"
        '|accus|declar|["“]',
    ),
    (r"die[ds]?|death|killed", "die[ds]?|dying|death|dead|kill|murder|execut|passed away|assassin|deceas"),
    (r"marr(?:y|ies|ied)|wife|husband|weds?", "marr|wife|husband|wed|spous|couple|engag"),
)
_COMPILED = tuple(
    (re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), re.compile(rf"(?<!\w)(?:{told})", re.IGNORECASE))
    for asked, told in _RELATIONS
)


_ROLE = (
    r"(?i:ceo|chief executive|head|boss|chair(?:man|woman)?|president|director|founder|owner|mayor|minister|manager"
    r"|editor|coach|author)"
)
_OWNER = r"[A-Z][\w.&-]*(?: [A-Z][\w.&-]*)*"
_ROLES = re.compile(
    rf"\b(?P<owner>{_OWNER})(?:['’]s|['’]) (?:[\w-]+ ){{0,2}}?(?P<role>{_ROLE})\b"
    rf"|\b(?P<role_of>{_ROLE}) of (?:the )?(?P<of>{_OWNER})"
)
# A longer question also tells of things, in the same words: about "a report on the revenue of …" nothing is asked of revenue.
_WORDS_OF_A_PLAIN_QUESTION = 20


def untold(question: str, text: str) -> bool:
    """Say whether a plain question asks for a relation of the list that the text tells of nothing."""
    if len(question.split()) > _WORDS_OF_A_PLAIN_QUESTION:
        return False
    return _of_another(question, text) or any(a.search(question) and not told.search(text) for a, told in _COMPILED)


def _of_another(question: str, text: str) -> bool:
    """Say whether the role that is asked about is told of something else: of "Apple's CEO" where Amazon's is asked for."""
    asked, told = _roles(question), _roles(text)
    others = [owner for role, owner in told if any(role == other for other, _ in asked)]
    return bool(others) and not any(stem_set(owner) & stem_set(text) for _, owner in asked)


def _roles(text: str) -> list[tuple[str, str]]:
    """Return the roles that a text names, each with what it is a role in."""
    return [
        ((match["role"] or match["role_of"]).lower(), match["owner"] or match["of"]) for match in _ROLES.finditer(text)
    ]
