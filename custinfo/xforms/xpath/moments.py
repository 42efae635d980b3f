# ruff: noqa: ARG001, D103 - each function takes the focus; ODK says what each does
"""OpenRosa's functions of dates, times and places."""

import math
from itertools import pairwise

from custinfo.xforms.xpath.dates import NO_MOMENT, Moment, format_moment, parse_time
from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.registry import function, strings_of
from custinfo.xforms.xpath.values import Focus, Value, to_moment, to_string

_RADIUS = 6_378_100.0  # of the earth, metres, as ODK computes


@function("today")
def today(f: Focus) -> Value:
    return Moment(f.context.local_now().replace(hour=0, minute=0, second=0, microsecond=0))


@function("now")
def now(f: Focus) -> Value:
    return Moment(f.context.local_now(), whole=True)


@function("date", 1)
def date(f: Focus, value: Value) -> Value:
    return _moment(f, value)


@function("date-time", 1)
def date_time(f: Focus, value: Value) -> Value:
    return _moment(f, value)


def _moment(f: Focus, value: Value) -> Value:
    if isinstance(value, (str, list)) and not to_string(value).strip():
        return ""
    return to_moment(value, f.context.zone) or NO_MOMENT


@function("decimal-date-time", 1)
def decimal_date_time(f: Focus, value: Value) -> Value:
    moment = to_moment(value, f.context.zone)
    return math.nan if moment is None else moment.days()


@function("decimal-time", 1)
def decimal_time(f: Focus, value: Value) -> Value:
    """The part of the local day that has passed, 0 to 1."""
    zone = f.context.zone
    moment = value if isinstance(value, Moment) else None
    text = to_string(value).strip()
    moment = moment or (to_moment(text, zone) if "-" in text[:8] else None)
    if moment is not None and moment.at is not None:
        clock = moment.at.astimezone(zone).time()
    else:
        found = parse_time(text, zone)
        if found is None:
            return math.nan
        day = f.context.local_now().replace(hour=found.hour, minute=found.minute, second=found.second)
        clock = day.replace(microsecond=found.microsecond, tzinfo=found.tzinfo).astimezone(zone).time()
    return (clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6) / 86_400


@function("format-date", 2)
def format_date(f: Focus, value: Value, pattern: Value) -> Value:
    moment = to_moment(value, f.context.zone)
    if moment is None or moment.at is None:
        return ""
    return format_moment(moment.at.astimezone(f.context.zone), to_string(pattern), f.context.language)


function("format-date-time", 2)(format_date)


def points(values: tuple[Value, ...]) -> list[tuple[float, float]] | None:
    """(latitude, longitude) of geopoints, of a trace or a shape; None when one is no point."""
    found: list[tuple[float, float]] = []
    for text in strings_of(values):
        for part in text.strip().rstrip(";").split(";"):
            if not part.strip():
                continue
            try:
                latitude, longitude, *_ = (float(p) for p in part.split())
            except ValueError:
                return None
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                return None
            found.append((latitude, longitude))
    return found


@function("distance", 1, None)
def distance(f: Focus, *values: Value) -> Value:
    """Length of a line in metres, to the centimetre."""
    line = points(values)
    if line is None or len(line) < 2:
        return math.nan if line is None else 0.0
    return round(sum(map(_between, line, line[1:])), 2)


def _between(a: tuple[float, float], b: tuple[float, float]) -> float:
    low, high = math.radians(a[0]), math.radians(b[0])
    span = math.radians(b[1] - a[1])
    cosine = math.sin(low) * math.sin(high) + math.cos(low) * math.cos(high) * math.cos(span)
    return math.acos(max(-1.0, min(1.0, cosine))) * _RADIUS


@function("area", 1, None)
def area(f: Focus, *values: Value) -> Value:
    """Area of a polygon in square metres, to the hundredth."""
    corners = points(values)
    if corners is None or len(corners) < 3:
        return 0.0 if corners is not None else math.nan
    if corners[0] != corners[-1]:
        corners = [*corners, corners[0]]
    total = 0.0
    for (lat1, lon1), (lat2, lon2) in pairwise(corners):
        total += math.radians(lon2 - lon1) * (2 + math.sin(math.radians(lat1)) + math.sin(math.radians(lat2)))
    return round(abs(total * _RADIUS * _RADIUS / 2), 2)


@function("geofence", 2)
def geofence(f: Focus, point: Value, shape: Value) -> Value:
    """Whether the point lies inside the shape."""
    one, corners = points((point,)), points((shape,))
    if one is None or corners is None:
        raise XPathError("not_a_place", value=to_string(point))
    if not one or len(corners) < 3 or corners[0] != corners[-1]:
        return False
    y, x = one[0]
    inside = False
    for (y1, x1), (y2, x2) in zip(corners, corners[1:] + corners[:1], strict=False):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
