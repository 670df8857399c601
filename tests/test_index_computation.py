"""The models compute on any processor. Older processors are had by forbidding newer instructions to a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from index.models.computation import Computation, computation
from index.settings import Precision

# With each precision: how it is computed, the cosine to the vector in float32, and the answer that the reader finds.
SCRIPT = """
import json
import sys
from index.models.computation import computation
from index.models.embedding import Embedder
from index.reader.model import Reader, ReaderPassage
from index.settings import PACKAGED_MODEL

passage = "The kettle holds three litres. Descale it when white flakes float in the water."
exact = Embedder(PACKAGED_MODEL, precision="float32").embed_passages([passage])[0]
found = {}
for precision in sys.argv[1:]:
    vector = Embedder(PACKAGED_MODEL, precision=precision).embed_passages([passage])[0]
    pair = ("How much does the kettle hold?", ReaderPassage("Kettles", passage))
    best = Reader(precision=precision).read([pair])[0].stretches[0]
    found[precision] = [str(computation(precision)), float(vector @ exact), passage[best.start : best.end]]
print(json.dumps(found))
"""


def computed_with(*precisions: Precision, **environment: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ONEDNN", "ATEN", "FOOTNOTE"))}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *precisions], env=kept | environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="these instructions are of x86-64 processors")
@pytest.mark.parametrize(
    ("onednn", "aten", "named"),
    [("AVX2", "avx2", "AVX2"), pytest.param("SSE41", "default", "DEFAULT", marks=pytest.mark.soak)],
)
def test_an_older_processor_computes_the_same_answers(onednn: str, aten: str, named: str) -> None:
    found = computed_with("fastest", "bfloat16", ONEDNN_MAX_CPU_ISA=onednn, ATEN_CPU_CAPABILITY=aten)
    how, cosine, answer = found["fastest"]
    assert how.startswith(f"float32 on a processor with {named}, ")
    assert cosine > 0.999999
    assert answer == "three litres"
    how, cosine, answer = found["bfloat16"]
    assert how == f"bfloat16 on a processor with {named}, weights as PyTorch stores them"
    assert cosine > 0.999
    assert answer == "three litres"


def test_what_is_set_is_what_is_computed_with() -> None:
    assert computation("float32").precision == "float32"
    assert computation("bfloat16").precision == "bfloat16"
    assert computation("fastest") in (computation("float32"), computation("bfloat16"))


def test_it_is_told_in_a_plain_line() -> None:
    assert str(Computation("float32", "cpu", True, "AVX2")) == (
        "float32 on a processor with AVX2, weights packed by oneDNN"
    )
    assert str(Computation("bfloat16", "cuda", False, "AVX512")) == "bfloat16 on a GPU"
