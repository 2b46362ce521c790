from itertools import pairwise

from pydantic import Field

from prunarium.families import Context, Past, SoftTokenMethod, joined


class AutoCompressor(SoftTokenMethod):
    """Read a prompt in segments, and write each into summary vectors that all later ones see in its place.

    Chevalier et al., Adapting Language Models to Compress Contexts, EMNLP 2023 (arXiv 2305.14788), section 3. The
    vectors are the hidden states of learned summary tokens behind each segment; those of all segments add up.
    """

    segment: int = Field(
        64, ge=1, strict=True, description="tokens of a segment at most; the prompt is cut into equal ones"
    )

    def summarise(self, context: Context, number: int) -> Past:
        segments = self._segments(context.count)
        ends = [number * end // segments for end in range(segments + 1)]
        summaries = context.embeddings[:, :0]
        for segment, (start, end) in zip(context.embeddings.tensor_split(segments, dim=1), pairwise(ends), strict=True):
            hidden, _ = context.read(joined(summaries, segment, self.soft(context, end - start)))
            summaries = joined(summaries, hidden[:, start - end :])
        _, past = context.read(summaries)
        return past

    def bounds(self, tokens: int) -> tuple[int, int]:
        """One vector for each segment at least."""
        return self._segments(tokens), self._segments(tokens) * self.vectors

    def _segments(self, tokens: int) -> int:
        return -(-tokens // self.segment)
