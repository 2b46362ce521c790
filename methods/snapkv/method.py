from prunarium.families import ObservingMethod


class SnapKV(ObservingMethod):
    """Keep the entries that the end of the prompt attends to, with their neighbours, and that end itself.

    Li et al., SnapKV: LLM Knows What You are Looking for Before Generation, NeurIPS 2024 (arXiv 2404.14469), section 4
    and listing 1. Words after the prompt all stay.
    """
