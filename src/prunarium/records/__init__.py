"""Pydantic models of every YAML and JSON file of the project. No file is read or written here."""

from prunarium.records.base import Record
from prunarium.records.card import Card, Family, OfficialCode
from prunarium.records.distinct import DistinctPair, DistinctPapers
from prunarium.records.lists import PaperList, PaperLists
from prunarium.records.paper import CodeLink, Identifiers, Links, Mention, Paper, VenueReference
from prunarium.records.score import (
    Cost,
    Environment,
    Interval,
    MeasuredScore,
    Quality,
    ReportedScore,
    ReportedScores,
    Speed,
)
from prunarium.records.taxonomy import Taxonomy, Term
from prunarium.records.venue import Venue, Venues

__all__ = [
    "Card",
    "CodeLink",
    "Cost",
    "DistinctPair",
    "DistinctPapers",
    "Environment",
    "Family",
    "Identifiers",
    "Interval",
    "Links",
    "MeasuredScore",
    "Mention",
    "OfficialCode",
    "Paper",
    "PaperList",
    "PaperLists",
    "Quality",
    "Record",
    "ReportedScore",
    "ReportedScores",
    "Speed",
    "Taxonomy",
    "Term",
    "Venue",
    "VenueReference",
    "Venues",
]
