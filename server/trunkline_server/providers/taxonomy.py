"""What can go wrong at a provider and what helps: one table of kinds, and the signs by which an answer is of a kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline_server.domain.errors import Reason, ReasonValue


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error. `said` follows the provider's name in messages. What helps is what the table of
    domain/strategies.py has for the reason; `fallback` and `retry` are for kinds of which more is known."""

    reason: ReasonValue
    said: str
    fallback: bool | None = None
    retry: bool | None = None


RATE_LIMITED = Kind(Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, "is limiting the rate")
OVERLOADED = Kind(Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, "is overloaded")
QUOTA_GONE = Kind(Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED, "has no quota or credit left")
TOO_LARGE = Kind(Reason.ERROR_REASON_UPSTREAM_REJECTED, "finds the request too large for its rate limit", fallback=True)
CONTEXT_TOO_LONG = Kind(Reason.ERROR_REASON_CONTEXT_TOO_LONG, "finds the input longer than the model's context window")
CONTENT_FILTERED = Kind(Reason.ERROR_REASON_CONTENT_FILTERED, "refused the content for safety")
BAD_KEY = Kind(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, "refused the integration's credential")
NOT_FOUND = Kind(Reason.ERROR_REASON_UPSTREAM_REJECTED, "does not know the model or the path", fallback=True)
NOT_HERE = Kind(Reason.ERROR_REASON_UPSTREAM_REJECTED, "does not serve this account or this place", fallback=True)
BAD_REQUEST = Kind(Reason.ERROR_REASON_UPSTREAM_REJECTED, "refused the request")
TIMED_OUT = Kind(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "ran out of time")
SERVER_FAULT = Kind(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "failed")
TRUNCATED = Kind(Reason.ERROR_REASON_STREAM_TRUNCATED, "ended its stream without the end mark")
MALFORMED = Kind(Reason.ERROR_REASON_UPSTREAM_MALFORMED, "gave an answer that cannot be understood")
UNEXPECTED = Kind(Reason.ERROR_REASON_UPSTREAM_MALFORMED, "answered with an unexpected status", retry=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """An error is of `kind` where every condition that is set holds; `codes` match its code or its type."""

    kind: Kind
    statuses: frozenset[int] | range | None = None
    codes: frozenset[str] | None = None
    text: re.Pattern[str] | None = None

    def applies(self, status: int, names: frozenset[str], message: str) -> bool:
        """Whether an error with this status, code and type, and message shows the sign."""
        return (
            (self.statuses is None or status in self.statuses)
            and (self.codes is None or not self.codes.isdisjoint(names))
            and (self.text is None or self.text.search(message) is not None)
        )


def kind_of(status: int, names: frozenset[str], message: str) -> Kind:
    """The kind of an error."""
    return next(sign.kind for sign in SIGNS if sign.applies(status, names, message))


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_CLIENT = range(400, 500)
# The first sign that applies decides. Texts serve where a provider has no code: Anthropic, Cohere, Bedrock, Gemini.
SIGNS = (
    Sign(
        QUOTA_GONE,
        codes=frozenset(
            {
                *("insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "insufficient_balance"),
                *("insufficient_credits", "quota_exceeded", "billing_error", "ServiceQuotaExceededException"),
            }
        ),
    ),
    Sign(QUOTA_GONE, statuses=frozenset({402})),
    Sign(
        QUOTA_GONE,
        statuses=frozenset({400, 403, 429}),
        text=_any("credit balance is too low", "reached your specified API usage limits", "API calls / month"),
    ),
    Sign(QUOTA_GONE, codes=frozenset({"ThrottlingException", "throttlingException"}), text=_any("per day")),
    Sign(TOO_LARGE, statuses=frozenset({413, 429}), text=_any("request too large", "tokens must be reduced")),
    Sign(
        CONTEXT_TOO_LONG,
        statuses=_CLIENT,
        codes=frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}),
    ),
    Sign(
        CONTEXT_TOO_LONG,
        statuses=frozenset({400, 413, 422}),
        text=_any(
            "maximum context length",
            "context window",
            "context size",
            "context length",
            "exceed context limit",
            "prompt is too long",
            "input is too long",
            "too many input tokens",
            "input tokens? exceed",
            "input token count (?:is|.*exceeds)",
            # Cohere; too many tokens to write are not a prompt that is too long.
            "too many tokens: (?!max tokens)",
        ),
    ),
    Sign(
        CONTENT_FILTERED,
        statuses=_CLIENT,
        codes=frozenset(
            {
                *("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"),
                *("invalid_prompt", "image_content_policy_violation"),
            }
        ),
    ),
    Sign(CONTENT_FILTERED, text=_any("blocked by content filtering policy")),
    Sign(BAD_KEY, statuses=frozenset({401, 403})),
    # Google answers 400 to a bad key.
    Sign(BAD_KEY, statuses=frozenset({400}), codes=frozenset({"API_KEY_INVALID"})),
    Sign(NOT_FOUND, statuses=frozenset({404, 405, 501})),
    Sign(NOT_HERE, statuses=frozenset({400}), codes=frozenset({"FAILED_PRECONDITION"})),
    Sign(NOT_FOUND, statuses=_CLIENT, codes=frozenset({"model_not_found", "invalid_model", "model_not_supported"})),
    Sign(NOT_FOUND, statuses=frozenset({400}), text=_any("model identifier is invalid", "on-demand throughput isn")),
    Sign(RATE_LIMITED, statuses=frozenset({429})),
    # 498 is Groq's word for capacity.
    Sign(OVERLOADED, statuses=frozenset({498, 529})),
    Sign(TIMED_OUT, statuses=frozenset({408, 504, 524})),
    # A model of Bedrock failed; Cohere broke off the call.
    Sign(SERVER_FAULT, statuses=frozenset({424, 499})),
    Sign(SERVER_FAULT, statuses=range(500, 1000)),
    Sign(BAD_REQUEST, statuses=_CLIENT),
    Sign(UNEXPECTED),
)
