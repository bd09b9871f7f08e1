"""What CloudWatch takes as the body of a dashboard, from "Dashboard body structure and syntax" of its API reference."""

from typing import Any

# Of each type of widget: what its properties must have, and what they may have.
_PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"markdown"}, {"background"}),
    "alarm": ({"alarms"}, {"sortBy", "states", "title"}),
    "metric": (
        {"region"},
        {
            "accountId", "annotations", "legend", "liveData", "metrics", "period", "setPeriodToTimeRange",
            "singleValueFullPrecision", "sparkline", "stacked", "stat", "table", "timezone", "title", "trend", "view",
            "yAxis",
        },
    ),
    "log": ({"region", "query"}, {"accountId", "stacked", "title", "view"}),
}  # fmt: skip
_OF_A_WIDGET = {"type", "x", "y", "width", "height", "properties"}
_OF_A_METRIC = {"color", "id", "label", "period", "region", "stat", "visible", "yAxis", "expression", "accountId"}
_VIEWS = {"metric": {"timeSeries", "singleValue", "gauge", "bar", "pie"}, "log": {"table", "timeSeries", "bar", "pie"}}
_COLUMNS, _TALLEST, _MOST_WIDGETS, _MOST_ALARMS = 24, 1000, 500, 100


def mistakes(body: dict[str, Any]) -> list[str]:
    """Return what CloudWatch would refuse, or show no data for."""
    widgets = body["widgets"]
    found = [f"{key} is no field of a dashboard" for key in body.keys() - {"start", "end", "periodOverride", "widgets"}]
    if len(widgets) > _MOST_WIDGETS:
        found.append(f"{len(widgets)} widgets")
    return found + [f"{number}: {mistake}" for number, one in enumerate(widgets) for mistake in _of_widget(one)]


def _of_widget(widget: dict[str, Any]) -> list[str]:
    kind, properties = widget["type"], widget["properties"]
    if kind not in _PROPERTIES:
        return [f"{kind} is no type of widget"]
    required, optional = _PROPERTIES[kind]
    found = [f"{key} is no field of a widget" for key in widget.keys() - _OF_A_WIDGET]
    found += [f"{key} is missing" for key in required - properties.keys()]
    found += [f"{key} is no property of a {kind} widget" for key in properties.keys() - required - optional]
    if not (0 < widget["width"] <= _COLUMNS - widget["x"] and 0 < widget["height"] <= _TALLEST):
        found.append("it does not fit")
    if properties.get("view", "timeSeries") not in _VIEWS.get(kind, {"timeSeries"}):
        found.append(f"{properties['view']} is no view of a {kind} widget")
    if len(properties.get("alarms", ())) > _MOST_ALARMS:
        found.append("too many alarms")
    return found + [mistake for metric in properties.get("metrics", ()) for mistake in _of_metric(metric)]


def _of_metric(metric: list[Any]) -> list[str]:
    *names, drawn = metric if isinstance(metric[-1], dict) else [*metric, {}]
    found = [f"{key} is no field of a metric" for key in drawn.keys() - _OF_A_METRIC]
    if len(names) < 2 or len(names) % 2:
        found.append(f"{names} is no namespace, name, and pairs of dimensions")
    if not all(isinstance(name, str) and name for name in names):
        found.append(f"{names} are not all texts")
    return found


def overlaps(body: dict[str, Any]) -> list[tuple[int, int]]:
    """Return the columns and rows that two widgets would stand on."""
    taken = [
        (x, y)
        for one in body["widgets"]
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]
    return sorted({place for place in taken if taken.count(place) > 1})
