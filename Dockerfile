# The API alone, for use with a MongoDB replica set and MinIO elsewhere: see docker-compose.yml.
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000

# The list alone first: the layer is made anew only when a dependency changes.
COPY requirements/serve.txt /tmp/serve.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/serve.txt \
    && rm /tmp/serve.txt

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin lienkeeper
WORKDIR /app
COPY . .
USER 10001

EXPOSE 8000
# Longer than the server's own patience with its stores, which is eight seconds.
HEALTHCHECK --interval=10s --timeout=12s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/readyz\", timeout=10)"]

CMD ["python", "server.py", "serve"]
