"""Which statements may be sent: one at a time, and on tools that read only what reads.

The first of three walls; the others are the database's own read-only transaction and role, and its extended protocol,
which takes one statement. It judges the tokens of the dialect, so that comments, strings and quoted names hide nothing,
and what it does not know it refuses. Words are compared as they stand: a column that is called like one is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlglot import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from trunkline_server.connectors.sql.functions import FUNCTIONS, Effect

MAX_BYTES = 64 * 1024
# Longer texts are judged anew each time: what is kept stays small.
_KEPT_LENGTH = 8 * 1024
_READS = frozenset(("SELECT", "WITH", "VALUES", "TABLE"))
_WRITES = _READS | frozenset(
    ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT")
)
# Nowhere in a statement that reads: data-modifying CTEs, SELECT … INTO, row locks.
_NEVER_READ = frozenset(("INSERT", "UPDATE", "DELETE", "MERGE", "INTO"))
# `INSERT('a', 1, 2, 'b')` and `REPLACE(…)` are functions of strings, and a column may be called `t.update`.
_FUNCTIONS_TOO = _NEVER_READ - {"INTO"}
_STRINGS = frozenset(
    getattr(TokenType, name)
    for name in (
        *("STRING", "NATIONAL_STRING", "BYTE_STRING", "RAW_STRING", "HEREDOC_STRING", "UNICODE_STRING"),
        *("BIT_STRING", "HEX_STRING"),
    )
)
_WORD = re.compile(r"[^\W\d][\w$#]*")
_SHOWN = re.compile(r"[A-Za-z_][\w. ]*")
_EXPLAIN_OPTIONS = frozenset(
    ("FORMAT", "COSTS", "VERBOSE", "SETTINGS", "GENERIC_PLAN", "BUFFERS", "WAL", "TIMING", "SUMMARY", "MEMORY")
)
# Names with escapes in them hide what they name.
_ESCAPED_NAME = re.compile(r'(?i)u&\s*"')


@dataclass(frozen=True, slots=True)
class Rules:
    """What is peculiar to a dialect. `placeholder` finds placeholders, whose numbers are its group, if it has one.
    `executed` are comments that the database executes. `parsed`: statements need no separator there, so that only a
    parser tells where one ends. `never` are further words that no reading statement has."""

    placeholder: re.Pattern[str]
    first: frozenset[str] = frozenset()
    executed: re.Pattern[str] | None = None
    parsed: bool = False
    never: frozenset[str] = frozenset()


_T_SQL = (
    "EXEC EXECUTE CREATE ALTER DROP TRUNCATE GRANT REVOKE DENY BACKUP RESTORE SHUTDOWN KILL DBCC WAITFOR USE SET "
    "DECLARE BEGIN COMMIT ROLLBACK BULK RECONFIGURE READTEXT WRITETEXT UPDATETEXT PRINT RAISERROR GOTO WHILE IF"
)
_FORMAT = re.compile(r"%s")
_RULES: Mapping[str, Rules] = {
    "postgres": Rules(re.compile(r"\$(\d+)"), frozenset(("SHOW", "EXPLAIN"))),
    "mysql": Rules(
        _FORMAT,
        frozenset(("SHOW", "EXPLAIN", "DESCRIBE", "DESC")),
        executed=re.compile(r"/\*(?:!|M!)", re.IGNORECASE),
        never=frozenset(("LOCK",)),
    ),
    "tsql": Rules(_FORMAT, parsed=True, never=frozenset(_T_SQL.split())),
    "oracle": Rules(re.compile(r":(\d+)")),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """`problem` says why a statement may not be sent, without a word of it; empty: it may. `first` is its first word,
    `placeholders` how many parameters it takes."""

    problem: str = ""
    first: str = ""
    placeholders: int = 0


@dataclass(slots=True)
class _Text:
    """The tokens of a statement, as words where they are some."""

    sql: str
    tokens: Sequence[Token]
    words: Sequence[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = [_word(token) for token in self.tokens]

    def following(self, number: int) -> str:
        return self.tokens[number + 1].text if number + 1 < len(self.tokens) else ""

    def after_dot(self, number: int) -> bool:
        return number > 0 and self.tokens[number - 1].token_type is TokenType.DOT


def known(sql: str) -> bool:
    """Whether judging it takes next to no time."""
    return len(sql) <= _KEPT_LENGTH


def judge(sql: str, parser: str, writes: bool) -> Judged:
    """What is to be said of a statement of a dialect, by sqlglot's name of it. `writes`: on a tool that may write."""
    if len(sql) > _KEPT_LENGTH:
        return _judge(sql, parser, writes)
    return _kept(sql, parser, writes)


@lru_cache(maxsize=2048)
def _kept(sql: str, parser: str, writes: bool) -> Judged:
    return _judge(sql, parser, writes)


def _judge(sql: str, parser: str, writes: bool) -> Judged:
    rules = _RULES[parser]
    if len(sql.encode(errors="replace")) > MAX_BYTES:
        return Judged(f"must be at most {MAX_BYTES} bytes")
    if "\0" in sql:
        return Judged("must not hold a NUL character")
    if rules.executed and rules.executed.search(sql):
        return Judged("must not hold comments that the database executes")
    if _ESCAPED_NAME.search(sql):
        return Judged('must not hold names with Unicode escapes (U&"…")')
    try:
        tokens = Dialect.get_or_raise(parser).tokenize(sql)
    except (SqlglotError, RecursionError):
        return Judged("cannot be read: is a quote, a comment or a bracket left open?")
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens = tokens[:-1]
    if not tokens:
        return Judged("must hold a statement")
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        return Judged("must be one statement; send others in calls of their own")
    text = _Text(sql, tokens)
    first = next((word for word in text.words if word), "")
    problem = _first_problem(text, first, rules, parser, writes) or _functions_problem(text, parser, writes)
    if not problem and not writes:
        problem = _reading_problem(text, rules)
    if not problem and rules.parsed:
        # To the parser a placeholder is none.
        problem = _parsed_problem(rules.placeholder.sub("1", sql), parser)
    return Judged(problem, first, _placeholders(text, rules))


def _first_problem(text: _Text, first: str, rules: Rules, parser: str, writes: bool) -> str:
    """By what the statement begins with; brackets may stand before a query."""
    begins = text.words[0] or (first if text.tokens[0].token_type is TokenType.L_PAREN else "")
    if begins == "EXPLAIN" and begins in rules.first:
        return _explain_problem(text, parser)
    if begins == "SHOW" and begins in rules.first:
        rest = text.sql[text.tokens[0].end + 1 :].strip().rstrip(";").strip()
        return "" if parser != "postgres" or _SHOWN.fullmatch(rest) else "may show one setting, or all"
    allowed = (_WRITES if writes else _READS) | rules.first
    if begins in allowed:
        return ""
    if begins in _WRITES:
        return "must only read: this tool takes no statement that writes"
    return (
        "must be a query, or a statement that changes data or tables; transactions, settings, locks, procedures and "
        "copies are not for callers"
        if writes
        else "must be a query: SELECT, WITH … SELECT, VALUES or TABLE"
    )


def _explain_problem(text: _Text, parser: str) -> str:
    """Of `EXPLAIN [VERBOSE | (options)] query`, whose rest is one token."""
    rest = text.sql[text.tokens[0].end + 1 :]
    try:
        tokens = Dialect.get_or_raise(parser).tokenize(rest)
    except (SqlglotError, RecursionError):
        return "cannot be read: is a quote, a comment or a bracket left open?"
    words = [_word(token) for token in tokens]
    if any(word in ("ANALYZE", "ANALYSE") for word in words):
        return "must not execute what it explains: leave ANALYZE out"
    begin = 1 if words[:1] == ["VERBOSE"] else 0
    if words[1:2] and words[1] in _EXPLAIN_OPTIONS and tokens[0].token_type is TokenType.L_PAREN:
        ends = [number for number, token in enumerate(tokens) if token.token_type is TokenType.R_PAREN]
        begin = ends[0] + 1 if ends else len(tokens)
    if begin >= len(tokens):
        return "must explain a query"
    explained = rest[tokens[begin].start :]
    if _word(tokens[begin]) in ("EXPLAIN", "SHOW"):
        return "must explain a query"
    return _judge(explained, parser, False).problem


def _reading_problem(text: _Text, rules: Rules) -> str:
    for number, word in enumerate(text.words):
        if word in rules.never or (word in _NEVER_READ and not (word in _FUNCTIONS_TOO and _plain(text, number))):
            return (
                "must only read: no INSERT, UPDATE, DELETE, MERGE or INTO within, and no locks; "
                "quote columns that are called so"
            )
        if word == "FOR" and _word_at(text, number + 1) in ("UPDATE", "SHARE", "NO", "KEY"):
            return "must not lock rows: leave FOR UPDATE and FOR SHARE out"
    return ""


def _plain(text: _Text, number: int) -> bool:
    """Whether a word is a function's or column's name here."""
    return text.following(number) == "(" or text.after_dot(number)


def _functions_problem(text: _Text, parser: str, writes: bool) -> str:
    effects = FUNCTIONS.get(parser)
    if effects is None:
        return ""
    for name in _called(text):
        effect = effects.of(name)
        if effect is not None and (not writes or effect is not Effect.WRITES):
            return f"must not call functions that {effect.value}"
    return ""


def _called(text: _Text) -> Iterator[str]:
    for number, token in enumerate(text.tokens):
        if text.following(number) == "(" and token.token_type not in _STRINGS:
            yield token.text.lower()


def _parsed_problem(sql: str, parser: str) -> str:
    try:
        found = [one for one in Dialect.get_or_raise(parser).parse(sql) if one is not None]
    except (ParseError, SqlglotError, RecursionError):
        return "is not understood, so that it may be more than one statement"
    return "" if len(found) == 1 else "must be one statement; send others in calls of their own"


def _placeholders(text: _Text, rules: Rules) -> int:
    bare, end = [], -1
    for token in text.tokens:
        if token.token_type in _STRINGS or token.token_type is TokenType.IDENTIFIER:
            continue
        if token.start > end + 1:
            bare.append(" ")
        bare.append(text.sql[token.start : token.end + 1])
        end = token.end
    found = rules.placeholder.findall("".join(bare))
    if rules.placeholder.groups == 0:
        return len(found)
    return max((int(number) for number in found if len(number) <= 5), default=0)


def _word_at(text: _Text, number: int) -> str:
    return text.words[number] if number < len(text.words) else ""


def _word(token: Token) -> str:
    """The word in upper case, the first of several; empty for what is none, or quoted."""
    if token.token_type in _STRINGS or token.token_type is TokenType.IDENTIFIER:
        return ""
    found = _WORD.match(token.text)
    return found[0].upper() if found else ""
