"""Sends traces to an OpenTelemetry collector: each request, and within it the calls of LlamaIndex and the language model."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from index.errors import WrongUsage
from index.extras import how_to_install

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_NOT_TRACED = "healthz,readyz,metrics,static"


@contextmanager
def tracing(app: FastAPI, *, with_texts: bool = False) -> Iterator[None]:
    """Trace a service while in this context, if the environment names a collector; otherwise do nothing.

    Questions, prompts and answers are included only with `with_texts`. Raises WrongUsage if the extra is not installed.
    """
    if not os.environ.get(ENDPOINT):
        yield
        return
    try:
        from openinference.instrumentation import TraceConfig
        from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise WrongUsage(f"{ENDPOINT} is set, and the extra is missing: {how_to_install('traces')}") from error
    provider = TracerProvider(resource=Resource.create({"service.name": "footnote"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, excluded_urls=_NOT_TRACED, exclude_spans=["receive", "send"]
    )
    config = TraceConfig(hide_inputs=not with_texts, hide_outputs=not with_texts)
    llama_index = LlamaIndexInstrumentor()
    llama_index.instrument(tracer_provider=provider, config=config)
    try:
        yield
    finally:
        llama_index.uninstrument()
        FastAPIInstrumentor.uninstrument_app(app)
        provider.shutdown()  # sends the remaining spans
