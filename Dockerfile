FROM python:3.11-slim AS build
WORKDIR /opt/footnote
RUN python -m venv /opt/venv
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY service service
COPY index index
COPY eval eval
RUN /opt/venv/bin/pip install --no-cache-dir -c constraints.txt .

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
