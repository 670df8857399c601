# docker build --build-arg EXTRAS=documents,anthropic --build-arg TORCH_INDEX_URL=… .
FROM python:3.11-slim AS build
WORKDIR /opt/footnote
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt pyproject.toml ./
# Where PyTorch's builds for processors alone are found: its installation page names the address. Without it, pip takes the build
# for GPUs, which is some gigabytes larger.
ARG TORCH_INDEX_URL=""
RUN if [ -n "$TORCH_INDEX_URL" ]; then pip install -c constraints.txt --index-url "$TORCH_INDEX_URL" torch; fi
# Optional parts, with commas between them: documents, git, ocr, remote, postgres, scale, anthropic, bedrock, ollama, traces.
ARG EXTRAS=""
# What Footnote depends on is a layer of its own: a change of Footnote's code does not install it again.
RUN python -c "import os, tomllib; \
project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
extras = filter(None, os.environ['EXTRAS'].split(',')); \
print(*project['dependencies'], *(d for e in extras for d in project['optional-dependencies'][e]), sep='\n')" \
    > requirements.txt && pip install -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY service service
COPY index index
COPY eval eval
RUN pip install --no-deps .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home footnote && install -d -o footnote -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY corpus /opt/corpus
ENV PATH=/opt/venv/bin:$PATH FOOTNOTE_DATA_DIR=/data PYTHONUNBUFFERED=1
USER footnote
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# Bound to all addresses of the container, so every request needs a key: docker compose exec footnote footnote keys add NAME
CMD ["footnote", "serve", "--host", "0.0.0.0", "--port", "8000"]
