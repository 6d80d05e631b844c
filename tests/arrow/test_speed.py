"""What a page costs on its way to Arrow, as a ratio to what users write: both run here, so no machine is too slow."""

import json
import time

import pyarrow as pa

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, DatasetTables, PageRow
from benchmarks.fixture import answer

ANSWERS = [answer(seed) for seed in range(64)]


def decoded():
    """Both tables, texts included."""
    tables = DatasetTables()
    for number, body in enumerate(ANSWERS):
        name = f"scans/{number}.png"
        row = {"document_id": name, "document_uri": name, "page": 1, "status": "recognized"}
        tables.append(PageRow(**row, action="GeneralAccurateOCR", options="{}", answer=body))
    return tables.take_detections(), tables.take_pages()


def from_pylist():
    """The detections alone, by json, dicts and pyarrow."""
    rows = []
    for number, body in enumerate(ANSWERS):
        for place, detection in enumerate(json.loads(body)["Response"]["TextDetections"]):
            xs, ys = ([vertex[name] for vertex in detection["Polygon"]] for name in ("X", "Y"))
            rows.append(
                {
                    "document_id": f"scans/{number}.png",
                    "document_uri": f"scans/{number}.png",
                    "page": 1,
                    "detection": place,
                    "text": detection["DetectedText"],
                    "confidence": detection["Confidence"],
                    "left": min(xs),
                    "top": min(ys),
                    "right": max(xs),
                    "bottom": max(ys),
                    "polygon": [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True)],
                    "item_polygon": {name.lower(): value for name, value in detection["ItemPolygon"].items()},
                    "paragraph": json.loads(detection["AdvancedInfo"])["Parag"]["ParagNo"],
                    "advanced_info": detection["AdvancedInfo"],
                }
            )
    return pa.Table.from_pylist(rows, DETECTIONS_SCHEMA)


def cpu(run):
    started = time.process_time()
    run()
    return time.process_time() - started


def test_both_ways_make_the_same_detections():
    names = [name for name in DETECTIONS_SCHEMA.names if name not in ("language", "words")]
    assert pa.Table.from_batches([decoded()[0]]).select(names).equals(from_pylist().select(names))


def test_decoding_to_both_tables_takes_less_than_half_of_what_json_and_from_pylist_take():
    """3.5 times less is measured (docs/architecture.md); a busy machine tells the best of some rounds."""
    rounds = [(cpu(from_pylist), cpu(decoded)) for _ in range(7)]
    theirs, ours = (min(times) for times in zip(*rounds, strict=True))
    assert theirs / ours > 2
