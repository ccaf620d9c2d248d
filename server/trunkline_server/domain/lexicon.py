"""Words that tell how difficult a request is, in eleven languages, for domain/complexity.py.

A word stands for all that begin with its first six letters; a shorter one for itself. Chinese and Japanese do not part
their words: theirs are looked for anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# What counts of a word.
STEM = 6

_REASONING = """
    prove proof derive derivation theorem lemma rigorous rigorously justify justification argue argument arguments
    argues critically critical evaluate assess analyse analyze analysis optimise optimize optimal optimality minimise
    minimize algorithm complexity invariant invariants consistency consistent hypothesis hypotheses falsifiable
    confounders identify design architecture architect strategy strategic implement implementation concurrency
    concurrent distributed deterministic discuss refute steelman reconcile sensitivity counterarguments causal
    evidence mechanism mechanisms flaw convergent converge converges consider considering trade-off trade-offs
    tradeoffs diagnosis determine develop generalise verify
    refactor debug reproduce rational asymptotic unique guarantees semantics lock-free thread-safe
    vulnerability ambiguity paradox conclude assumptions risks reasoning step-by-step
    beweise beweis leite herleiten begründe begründung bewerte bewertung kritisch analysiere entwirf entwerfe erarbeite
    architektur strategie implementiere diskutiere prüfe algorithmus verallgemeinere risiken garantien
    démontre démontrer prouve justifie analyse évalue évaluer critique conçois élabore discute stratégie implémente
    rigoureusement défends compromis objections
    demuestra demostrar deriva analiza evalúa críticamente crítica diseña elabora justifica estrategia arquitectura
    implementa contrasta identificar riesgos
    dimostra dimostrare analizza criticamente valuta progetta implementa confronta caratterizza
    demonstre analise projete discuta avalie arquitetura compromissos
    analyseer kritisch bespreek weeg bewijs
    udowodnij przeanalizuj krytycznie oceń wywnioskuj dowody
    докажи докажите проанализируй сравни оцени обобщи обоснуй
"""
_MAKING = """
    write draft explain describe compare comparing plan create suggest summarise summarize rewrite invent generate
    function script component endpoint program query regex unittest tests email letter story poem essay article
    table outline pros cons differences difference advice prepare improve why works
    recommend propose review formulate investigate consequences interpret
    schreibe schreib verfasse erkläre erklär vergleiche plane fasse erstelle unterschied funktion
    écris écrire rédige explique compare propose résume différence fonctionne avantages inconvénients réécrire
    escribe redacta explica compara organiza resume diferencia función ventajas mejorar
    scrivi spiega prepara confronta funzione
    escreva explique compare desvantagens
    schrijf leg uitleggen
    napisz wyjaśnij
    напиши объясни расскажи
"""
_LOOKING_UP = """
    translate translation spell spelling grammar punctuation capital synonym antonym opposite convert extract classify
    label positive negative sentiment spam define hello hi thanks thank bye good name list sort alphabetical count
    round joke headline subject yes no ok okay please birthday sentence uppercase copy language timer lights colour
    übersetze heißt rechtschreibung korrigiere hauptstadt hallo danke dank guten positiv negativ nenne höflicher
    traduis capitale synonyme bonjour merci corrige positif négatif combien quelle fautes futur
    traduce capital hola gracias corrige ortografía positivo negativo extrae cuál cuántos quién
    traduci ciao grazie correggi positiva negativa qual chi quanto
    traduza olá obrigado bom extraia qual quantos
    vertaal hoofdstad wat
    przetłumacz jaka stolicą
    переведи столица какая где
"""
_BINDING = """
    must without exactly least most each every only under within including unless except whether while between across
    given ohne mindestens jede jeder jedes trotz sans chaque entre selon compte sin cada según considerando senza ogni
    sem cada zonder każdy bez без каждый каждого
"""
_ASKING = """
    who when where what which whose how is are does do wer wann wo was welche wie ist qui quand où quel quelle combien
    quién cuándo dónde cuál qué cuántos cuánto chi quando dove qual quanto quem onde wie wanneer kto kiedy gdzie jaka
    кто когда где какая сколько
"""

# What a word says, by its stem.
REASONING, MAKING, LOOKING_UP, BINDING = range(4)

# Chinese and Japanese.
_PHRASES = {
    REASONING: "证明 推导 分析 评估 设计 论证 批判 架构 算法 推理 讨论 假设 一步一步 "
    "証明 設計 論証 論じ 比較しながら 複数の",
    MAKING: "写一 解释 比较 安排 帮我 函数 書いて 説明 計画 要約 関数",
    LOOKING_UP: "翻译 首都 多少 正面 负面 提取 你好 何ですか 何日 英語に こんにちは ありがとう",
    BINDING: "必须 每个 至少 考虑 满足 すべて ただし について",
}


def _stems(kinds: Iterable[tuple[int, str]]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for kind, words in kinds:
        for word in words.split():
            found.setdefault(word[:STEM], kind)
    return found


STEMS = _stems([(REASONING, _REASONING), (MAKING, _MAKING), (LOOKING_UP, _LOOKING_UP), (BINDING, _BINDING)])
# Words that a question for a fact begins with.
ASKING = frozenset(_ASKING.split())
PHRASES = {phrase: kind for kind, phrases in _PHRASES.items() for phrase in phrases.split()}
# Any of them, the longest first.
PHRASE = re.compile("|".join(sorted(PHRASES, key=len, reverse=True)))
