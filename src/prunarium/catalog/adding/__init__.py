"""New records, from what arXiv or Crossref says of a paper, or by hand."""
