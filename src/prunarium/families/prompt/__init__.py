"""Prompts: text in, text out, before any model reads it."""

from prunarium.families.prompt.classifier import Judged, TokenClassifier
from prunarium.families.prompt.encoder import SentenceEncoder
from prunarium.families.prompt.filling import Ranked
from prunarium.families.prompt.iterative import IterativeMethod
from prunarium.families.prompt.method import CompressedPrompt, Prompt, PromptMethod, RulePromptMethod
from prunarium.families.prompt.scorer import Scorer, Surprise
from prunarium.families.prompt.spans import spaced_text_of
from prunarium.families.prompt.splitting import paragraphs, phrases, sentences, terms
from prunarium.families.prompt.tokens import count_each

__all__ = [
    "CompressedPrompt",
    "IterativeMethod",
    "Judged",
    "Prompt",
    "PromptMethod",
    "Ranked",
    "RulePromptMethod",
    "Scorer",
    "SentenceEncoder",
    "Surprise",
    "TokenClassifier",
    "count_each",
    "paragraphs",
    "phrases",
    "sentences",
    "spaced_text_of",
    "terms",
]
