"""openlineage-python: the event and the facets as its generated classes take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from openlineage.client import event_v2
from openlineage.client.facet_v2 import (
    dataset_type_dataset,
    dataset_version_dataset,
    execution_parameters_run,
    input_statistics_input_dataset,
    job_type_job,
    output_statistics_output_dataset,
    tags_dataset,
)
from verdict import answer

FACETS = {
    "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet,
    "executionParameters": execution_parameters_run.ExecutionParametersRunFacet,
    "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "tags": tags_dataset.TagsDatasetFacet,
    "version": dataset_version_dataset.DatasetVersionDatasetFacet,
}


def facets(found: dict[str, Any]) -> dict[str, Any]:
    """Make each standard facet, and hold its schema address to the one of the class."""
    made = {}
    for name, fields in found.items():
        if name not in FACETS:
            continue  # a custom facet, which the standard leaves to its producer
        given = dict(fields)
        producer, schema = given.pop("_producer"), given.pop("_schemaURL")
        made[name] = FACETS[name](producer=producer, **given)
        if made[name]._schemaURL != schema:
            raise ValueError(f"{name}: {schema}, expected {made[name]._schemaURL}")
    return made


def check(arguments: list[str]) -> str | None:
    """Build the event from FILE."""
    event = json.loads(Path(arguments[0]).read_text("utf-8"))
    schema = event.pop("schemaURL")
    built = event_v2.RunEvent(
        eventType=event_v2.RunState(event.pop("eventType")),
        run=event_v2.Run(event["run"]["runId"], facets(event.pop("run")["facets"])),
        job=event_v2.Job(**{**event["job"], "facets": facets(event.pop("job")["facets"])}),
        inputs=[
            event_v2.InputDataset(
                **{
                    **one,
                    "facets": facets(one["facets"]),
                    "inputFacets": facets(one["inputFacets"]),
                }
            )
            for one in event.pop("inputs")
        ],
        outputs=[
            event_v2.OutputDataset(
                **{
                    **one,
                    "facets": facets(one["facets"]),
                    "outputFacets": facets(one["outputFacets"]),
                }
            )
            for one in event.pop("outputs")
        ],
        **event,
    )
    return None if built.schemaURL == schema else f"schemaURL {schema}"


if __name__ == "__main__":
    answer(check, (ValueError, TypeError, KeyError))
