"""People: from their YAML to the model.

Belongs here: sponsors that are known and lead to no circle. Does not: who owns what (okrs, metrics).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from okr_pipeline.config.people_keys import PersonKeys
from okr_pipeline.config.problem import shown
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.people import Person


def build_people(subject: Subject, written: Mapping[str, Any]) -> dict[str, Person]:
    """The people of a file, by id; sponsors that nobody is, and circles of them, are refused. `subject` is the file."""
    people: dict[str, Person] = {}
    subjects = {name: subject.inner(f"person {shown(name)}", "people", name) for name in written}
    for name, keys in written.items():
        mapping = subjects[name].mapping(keys if keys is not None else {}, "a person")
        read = subjects[name].accept(PersonKeys, mapping) if mapping is not None else None
        if read is not None:
            mail = read.mail or (name if "@" in name else None)
            people[name] = Person(name, read.name, read.zone, read.slack, mail, read.sponsor)
    for person in people.values():
        _check_sponsor(subjects[person.id], person, written)
    for name in _in_circles(people):
        subjects[name].refuse(
            ("sponsor",),
            f"{shown(people[name].sponsor)} leads back to this person",
            "Nobody can be above themselves",
            "Name a sponsor outside the circle, or leave it out",
        )
    return people


def _check_sponsor(subject: Subject, person: Person, written: Mapping[str, Any]) -> None:
    if person.sponsor is not None and person.sponsor not in written:
        subject.refuse(
            ("sponsor",),
            f"there is no person {shown(person.sponsor)}",
            "A sponsor is somebody that this file describes",
            subject.suggestion(person.sponsor, (name for name in written if name != person.id), "people"),
        )


def _in_circles(people: Mapping[str, Person]) -> Iterator[str]:
    for name in people:
        above, seen = people[name].sponsor, set[str]()
        while above is not None and above in people and above != name and above not in seen:
            seen.add(above)
            above = people[above].sponsor
        if above == name:
            yield name
