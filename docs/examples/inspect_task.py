"""A question set of Footnote's as a task of Inspect (https://inspect.aisi.org.uk), asked of Footnote's own `/v1`:

export FOOTNOTE_BASE_URL=http://127.0.0.1:8000/v1 FOOTNOTE_API_KEY=none
inspect eval docs/examples/inspect_task.py --model openai-api/footnote/footnote -T questions=eval/questions/questions.jsonl
"""

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.scorer import includes


def sample(row: dict) -> Sample:
    return Sample(id=row["id"], input=row["question"], target=row.get("answers") or "I found no answer")


@task
def footnote(questions: str) -> Task:
    return Task(dataset=json_dataset(questions, sample), scorer=includes())
