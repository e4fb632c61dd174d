"""Computes every metric of AIPerf from a recording, with AIPerf's own code and the recording's stamps.

Usage: reference_metrics.py VIEWS_JSON RECORDING_JSONL OUTPUT_JSONL

VIEWS_JSON lists views: a name, options of `profile`, the round trip to take off, and which requests take part. The output has one line a
request of each view and one line a view with its summary.
"""

import asyncio
import json
import math
import os
import sys

# Hidden metrics are compared too.
for name in ("MODE", "SHOW_EXPERIMENTAL_METRICS", "SHOW_INTERNAL_METRICS"):
    os.environ[f"AIPERF_DEV_{name}"] = "1"

from aiperf.cli_commands.profile import app
from aiperf.cli_runner import _make_benchmark_run
from aiperf.common.accumulator_protocols import ExportContext
from aiperf.common.enums import CreditPhase, MetricType
from aiperf.common.models import AioHttpTraceData, ErrorDetails, RequestRecord, TextResponse
from aiperf.common.models.record_models import RecordContext
from aiperf.config.flags.resolver import resolve_config
from aiperf.config.loader import build_benchmark_plan
from aiperf.metrics.accumulator import MetricsAccumulator
from aiperf.metrics.metric_registry import MetricRegistry
from aiperf.post_processors.metric_record_processor import MetricRecordProcessor
from aiperf.records.inference_result_parser import InferenceResultParser
from aiperf.records.record_processor_service import RecordProcessor
from aiperf.transports import sse_utils


class Stamps:
    """Stands for the clock of the stream reader: the time of the read that it is at."""

    now = 0

    def perf_counter_ns(self):
        return self.now


clock = Stamps()
sse_utils.time = clock


async def read_stream(record, reads):
    """The events of a stream, cut and stamped by AIPerf's own reader."""

    async def chunks():
        for at_ns, text in reads:
            clock.now = at_ns
            yield bytes.fromhex(text)

    async for message in sse_utils.AsyncSSEStreamReader(chunks()):
        sse_utils.AsyncSSEStreamReader.inspect_message_for_error(message)
        record.responses.append(message)


def trace_of(row):
    trace = AioHttpTraceData()
    # A request waits for the pool until its connection is begun, or is there.
    trace.connection_pool_wait_start_perf_ns = row["queuedNs"]
    trace.connection_pool_wait_end_perf_ns = row["connectStartNs"] or row["startNs"]
    if row["connectionReused"]:
        trace.connection_reused_perf_ns = row["startNs"]
    if row["dnsEndNs"] is not None:
        trace.dns_lookup_start_perf_ns = row["connectStartNs"]
        trace.dns_lookup_end_perf_ns = row["dnsEndNs"]
    trace.tcp_connect_start_perf_ns = row["dnsEndNs"] or row["connectStartNs"]
    trace.tcp_connect_end_perf_ns = row["connectEndNs"]
    trace.request_send_start_perf_ns = row["startNs"]
    trace.request_send_end_perf_ns = row["sendEndNs"]
    trace.request_chunks_count = 1 + row["resentCount"]
    trace.request_bytes_total = row["requestBytes"]
    if row["reads"]:
        trace.response_receive_start_perf_ns = row["reads"][0][0]
        trace.response_receive_end_perf_ns = row["reads"][-1][0]
    trace.response_chunks_count = row["responseReads"]
    trace.response_bytes_total = row["responseBytes"]
    return trace


async def request_record(row, is_scheduled):
    record = RequestRecord(
        request_info=RecordContext(
            credit_num=row["creditId"],
            credit_phase=CreditPhase.PROFILING,
            phase_index=0,
            profiling_index=0,
            conversation_id=str(row["creditId"]),
            turn_index=0,
            x_request_id=str(row["creditId"]),
            x_correlation_id=str(row["creditId"]),
            # AIPerf issues a credit when it is due, ours earlier with its due time in it.
            credit_issued_ns=row["scheduledMs"] * 1_000_000 if is_scheduled else row["creditIssuedNs"],
            payload_bytes=row["payload"].encode(),
            max_tokens=row["maxTokens"],
            audio_duration_seconds=row["audioSec"],
            scheduled_send_ms=row["scheduledMs"],
        ),
        model_name="mock",
        # Wall time and the monotonic clock are the same here, so that nothing is rounded.
        timestamp_ns=row["startNs"],
        start_perf_ns=row["startNs"],
        recv_start_perf_ns=row["headersNs"],
        end_perf_ns=row["endNs"],
        status=row["status"] or None,
        credit_drop_latency=row["startNs"] - row["queuedNs"],
        trace_data=trace_of(row),
    )
    error = row["error"]
    if error is not None:
        record.error = ErrorDetails(**error)
    if row["wasCancelled"]:
        record.cancellation_perf_ns = row["endNs"]
        return record
    if row["status"] != 200:
        return record
    if "text/event-stream" in row["contentType"]:
        try:
            await read_stream(record, row["reads"])
        except Exception as exception:
            record.error = record.error or ErrorDetails.from_exception(exception)
    elif error is None:
        text = b"".join(bytes.fromhex(text) for _, text in row["reads"]).decode()
        at_ns = row["reads"][-1][0] if row["reads"] else row["endNs"]
        record.responses.append(TextResponse(perf_ns=at_ns, content_type=row["contentType"], text=text))
    return record


def plain(value):
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


class Metadata:
    """What the service adds to a record; its method is taken from the service itself."""

    service_id = "record_processor"
    of = RecordProcessor._create_metric_record_metadata


def stats_of(result):
    stats = result.to_json_result().model_dump(exclude_none=True)
    return {key: value for key, value in stats.items() if isinstance(value, str) or math.isfinite(value)}


def summary_of(results):
    return {tag: stats_of(result) for tag, result in results.items()}


async def compute(view, rows, output):
    base = ["--model", "mock", "--endpoint-type", "chat", "--url", "http://127.0.0.1:1"]
    _, bound, _ = app.parse_args([*base, *view["options"]])
    plan = build_benchmark_plan(resolve_config(bound.arguments["cli_config"], None))
    run = _make_benchmark_run(plan.configs[0])
    parser = InferenceResultParser(run=run)
    processor = MetricRecordProcessor(run=run, service_id="record_processor")
    accumulator = MetricsAccumulator(run=run, service_id="records_manager")
    accumulator.set_network_rtt_ns(view["rttNs"])
    for index in view["rows"]:
        record = await request_record(rows[index], view["isScheduled"])
        last_ns = record.responses[-1].perf_ns if record.responses else None
        parsed = await parser.parse_request_record(record)
        metadata = Metadata().of(record, "worker", last_ns)
        data = await processor.process_record(parsed, metadata)
        await accumulator.process_record(data)
        line = {
            "view": view["name"],
            "row": index,
            "error": None if data.error is None else str(data.error.type),
            "metrics": {str(tag): plain(value) for tag, value in data.metrics.items()},
        }
        output.write(json.dumps(line) + "\n")
    summary = await accumulator.export_results(ExportContext(phase=CreditPhase.PROFILING))
    line = {
        "view": view["name"],
        "summary": summary_of(summary.results),
        "slices": [
            {
                "startNs": each.start_ns,
                "endNs": each.end_ns,
                "isComplete": each.is_complete is None,
                "metrics": summary_of(each.metric_results),
            }
            for each in summary.timeslices or []
        ],
    }
    output.write(json.dumps(line) + "\n")


async def main(views_path, recording_path, output_path):
    with open(views_path) as file:
        views = json.load(file)
    with open(recording_path) as file:
        rows = [json.loads(line) for line in file]
    kinds = {str(each.tag): each.type for each in MetricRegistry.all_classes()}
    names = {MetricType.RECORD: "record", MetricType.AGGREGATE: "aggregate", MetricType.DERIVED: "derived"}
    with open(output_path, "w") as output:
        output.write(json.dumps({"registry": {tag: names[kind] for tag, kind in kinds.items()}}) + "\n")
        for view in views:
            await compute(view, rows, output)


asyncio.run(main(*sys.argv[1:]))
