"""Keys of `people.yaml` and of `check_ins/*.yaml`: who the owners are, and what they say.

Belongs here: names, types and short descriptions, as editors show them. Does not: rules across keys (people,
check_ins).
"""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from okr_pipeline.config.keys import Day, Fraction, Keys, Text, Zone

Name: TypeAlias = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    Field(min_length=1),
    WithJsonSchema({"type": ["string", "integer"]}),
]


class PersonKeys(Keys):
    """An owner or author, by the id that `owner:` and `author:` name."""

    name: Text | None = Field(default=None, description="As people read it; default the id", examples=["Ada Moreno"])
    zone: Zone | None = Field(default=None, description="IANA time zone they live in")
    slack: Text | None = Field(default=None, description="Handle or member id in Slack", examples=["U02ADA"])
    mail: Text | None = Field(default=None, description="Address for mail; default the id where it is one")
    sponsor: Name | None = Field(default=None, description="Id of the person to turn to next")


class CheckInKeys(Keys):
    """What one person says of a key result, or answers to a survey, on one day."""

    key_result: Text | None = Field(
        default=None, description="Full id of the key result it is about", examples=["2013-Q2/departure-delay"]
    )
    metric: Text | None = Field(default=None, description="Id of the survey that it answers", examples=["team_mood"])
    on: Day = Field(description="The day it speaks about", examples=["2013-05-17"])
    value: float | None = Field(default=None, description="Value of a manual key result, or the answer", examples=[7])
    confidence: Fraction | None = Field(default=None, description="That the key result will be reached, 0 to 1")
    note: Text | None = Field(default=None, description="What happened, what is next")
    finding: Text | None = Field(default=None, description="What was learnt")
    author: Name | None = Field(
        default=None, description="Who says it; default the key result's owner; needed in an answer"
    )
