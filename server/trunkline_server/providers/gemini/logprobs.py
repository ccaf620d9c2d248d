"""Log probabilities of the tokens of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from trunkline.v1.content_pb2 import TokenLogprob

Json = dict[str, Any]


def decode(result: Json) -> list[TokenLogprob]:
    """The chosen tokens, each with the likeliest ones at its place. Ids of tokens have no place in the contract."""
    chosen, likeliest = result.get("chosenCandidates") or (), result.get("topCandidates") or ()
    found = []
    nothing: Json = {}
    for token, top in zip_longest(chosen, likeliest[: len(chosen)], fillvalue=nothing):
        each = _token(token)
        each.top.extend(_token(other) for other in top.get("candidates") or ())
        found.append(each)
    return found


def _token(token: Json) -> TokenLogprob:
    return TokenLogprob(token=token.get("token") or "", logprob=token.get("logProbability") or 0.0)


def share(tokens: Sequence[TokenLogprob], texts: Iterable[str]) -> list[list[TokenLogprob]]:
    """The tokens of each text, by its length; the last one has the rest."""
    shares: list[list[TokenLogprob]] = []
    rest = list(tokens)
    for text in texts:
        share: list[TokenLogprob] = []
        length = len(text)
        while rest and length > 0:
            share.append(rest.pop(0))
            length -= len(share[-1].token)
        shares.append(share)
    if shares:
        shares[-1] += rest
    return shares
