"""Pydantic models of every YAML and JSON file of the project. No file is read or written here."""

from prunarium.records.base import Record
from prunarium.records.card import Card, Family, OfficialCode
from prunarium.records.distinct import DistinctPair, DistinctPapers
from prunarium.records.lists import PaperList, PaperLists
from prunarium.records.paper import CodeLink, Identifiers, Links, Mention, Paper, VenueReference
from prunarium.records.reported import (
    Counterpart,
    PrintedTiming,
    ReportedElsewhere,
    ReportedOutside,
    ReportedScore,
    ReportedScores,
)
from prunarium.records.score import (
    BUDGET_TOLERANCE,
    Cache,
    Cost,
    Decode,
    DeviceKind,
    Environment,
    Foretelling,
    Interval,
    MeasuredScore,
    Metric,
    Precision,
    Quality,
    Scalar,
    Speed,
)
from prunarium.records.taxonomy import Taxonomy, Term
from prunarium.records.token_maps import ShownInput, ShownModel, TokenMap, TokenMaps, TokenMapStep, token_maps_key_of
from prunarium.records.venue import Venue, Venues

__all__ = [
    "BUDGET_TOLERANCE",
    "Cache",
    "Card",
    "CodeLink",
    "Cost",
    "Counterpart",
    "Decode",
    "DeviceKind",
    "DistinctPair",
    "DistinctPapers",
    "Environment",
    "Family",
    "Foretelling",
    "Identifiers",
    "Interval",
    "Links",
    "MeasuredScore",
    "Mention",
    "Metric",
    "OfficialCode",
    "Paper",
    "PaperList",
    "PaperLists",
    "Precision",
    "PrintedTiming",
    "Quality",
    "Record",
    "ReportedElsewhere",
    "ReportedOutside",
    "ReportedScore",
    "ReportedScores",
    "Scalar",
    "ShownInput",
    "ShownModel",
    "Speed",
    "Taxonomy",
    "Term",
    "TokenMap",
    "TokenMapStep",
    "TokenMaps",
    "Venue",
    "VenueReference",
    "Venues",
    "token_maps_key_of",
]
