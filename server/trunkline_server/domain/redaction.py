"""Secrets and personal data are masked here, wherever text that is not our own leaves: what upstreams say, findings of
checks, logs, audit details. Never applied to results.

`redact` is for foreign text: it masks long runs of characters too. `redact_own` is for our own, whose ids and digests
stay readable. Both cost some 40 µs for a message, and stand on no ordinary path.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import orjson

if TYPE_CHECKING:
    # Logging stands on this module, and starts before anything else is loaded.
    from trunkline_server.domain.errors import TrunklineError

MASK = "***"
# Shorter ones would mask ordinary words.
_LEAST_SECRET = 4
# Well-known tokens, named secrets, credentials in addresses, private keys. Hyphens end no token: `sk-proj-…`.
_KEYS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|whsec|shpat|dop_v1|npm|tl|xox[a-z]|xapp|glpat|ntn|gh[a-z]|github_pat|secret)"
    r"[-_][-_A-Za-z0-9.*]{8,}"
    r"|\b(?:hf|fw|key|tok)[-_](?=[-_A-Za-z0-9.*]*\d)[-_A-Za-z0-9.*]{4,}"
    r"|\b(?:AKIA|ASIA|AIza|eyJ|ya29\.|hv[sb]\.)[-_A-Za-z0-9.*]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|(?<=://)[^\s/@:]{0,256}:[^\s/@]{1,256}(?=@)"
    r"|(?i:(?<=bearer )|(?<=basic ))\S{6,}"
    r"|(?i:(?<=password)|(?<=passwd)|(?<=api key)|(?<=api_key)|(?<=api-key)|(?<=apikey)|(?<=token)|(?<=secret))"
    r"[\"']?\s?[:=]\s?[\"']?[^\s\"',;&]{4,}"
)
# Hyphens break: ids of resources stay readable.
# Ids of requests are long, too, and what a provider's support asks for.
_LONG = re.compile(r"\breq_[A-Za-z0-9]{16,40}\b|([A-Za-z0-9+/=_]{32,}|[A-Za-z0-9_-]{40,})")
# In the text of an exception, where paths and names of functions are long too.
_LONG_MIXED = re.compile(r"(?<![\w/])(?=[A-Za-z+=_]{0,64}\d)(?=[\d+=_]{0,64}[A-Za-z])[A-Za-z0-9+=_]{32,}(?![\w/])")
_MAIL = re.compile(r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
# Payment cards (ISO/IEC 7812: 13 to 19 digits, the last by Luhn) of the networks in use, by their first digits.
_CARD = re.compile(r"(?<![\d.])(?:3[0-9]|4\d|5[0-9]|2[2-7]|6\d)(?:[ -]?\d){11,17}(?!\d)")
# ISO 13616: country, two check digits, up to 30 characters; spaces after each fourth.
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
# E.164 with its plus, in any grouping; and the North American form.
_PHONE = re.compile(r"(?<![\w+])\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)|(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])")


def redact(text: str, *secrets: str, hidden: Iterable[str] = ()) -> str:
    """Foreign text without the secrets, in any form in which they may be echoed, without the values `hidden`, without
    what looks like a secret, and without mail addresses, payment cards, phone numbers and IBANs."""
    return _personal(_LONG.sub(_mask_long, _KEYS.sub(MASK, conceal(text, *secrets, hidden=hidden))))


def _mask_long(found: re.Match[str]) -> str:
    return MASK if found[1] else found[0]


def redact_own(text: str) -> str:
    """Our own text: as `redact`, but ids and digests stay."""
    return _personal(_KEYS.sub(MASK, text))


def redact_trace(text: str) -> str:
    """The text of an exception with its traceback: as `redact`, but paths and names stay."""
    return _personal(_LONG_MIXED.sub(MASK, _KEYS.sub(MASK, text)))


def conceal(text: str, *secrets: str, hidden: Iterable[str] = ()) -> str:
    """The text without these secrets and values, alone."""
    forms = {form for secret in secrets for form in _forms(secret)}
    # As they may stand in a query string or a form, too.
    forms |= {form for value in hidden for form in (value, quote(value, safe=""), quote_plus(value))}
    # Longest first, so that no part of a longer form stays.
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def conceal_in(error: TrunklineError, secret: str) -> None:
    """Mask the secret of the system that failed in what it said."""
    if secret:
        error.message = conceal(error.message, secret)
        error.metadata = {name: conceal(value, secret) for name, value in error.metadata.items()}


def _forms(secret: str) -> set[str]:
    """The secret, and what it is made of, as an upstream may echo it."""
    if not secret:
        return set()
    parts = [secret, secret.partition(":")[2]]
    if secret.lstrip().startswith("{"):
        try:
            content = orjson.loads(secret)
        except orjson.JSONDecodeError:
            content = {}
        parts += [value for value in content.values() if isinstance(value, str)]
    long = [part for part in parts if len(part) >= _LEAST_SECRET]
    forms = {form for part in long for form in (part, quote(part, safe=""), quote(part, safe=":"))}
    return forms | {base64.b64encode(secret.encode()).decode()}


def _personal(text: str) -> str:
    if "@" in text:
        text = _MAIL.sub(MASK, text)
    text = _IBAN.sub(_where(_is_iban), text)
    text = _CARD.sub(_where(_is_card), text)
    return _PHONE.sub(MASK, text)


def _where(true: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    return lambda found: MASK if true(found[0]) else found[0]


def _is_card(text: str) -> bool:
    """By Luhn (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """By modulo 97 (ISO/IEC 7064, MOD 97-10): the first four characters last, letters as 10 to 35."""
    bare = text.replace(" ", "")
    return 15 <= len(bare) <= 34 and int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1
