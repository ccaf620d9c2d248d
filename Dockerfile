# The gateway, for production: no compiler, no embedded parts, not root. Postgres and Redis are the operator's own.
FROM python:3.11-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --quiet uv==0.13.8
COPY gen/python gen/python
COPY server server
COPY clients/python clients/python
# requirements.lock pins the versions; without extras only what serves is installed.
RUN python -m venv /opt/trunkline \
 && /opt/build/bin/uv build --quiet --wheel --out-dir /dist . \
 && /opt/build/bin/uv pip install --quiet --python /opt/trunkline/bin/python \
      --constraint requirements.lock --compile-bytecode /dist/*.whl

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin trunkline
COPY --from=builder /opt/trunkline /opt/trunkline
ENV PATH=/opt/trunkline/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /
# gRPC; health, readiness and metrics over HTTP.
EXPOSE 50051 8080
# With TLS the probe needs TRUNKLINE_TLS_CA and TRUNKLINE_TLS_NAME, for mTLS also TRUNKLINE_TLS_CERT and …_KEY.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["trunkline", "probe", "liveness"]
ENTRYPOINT ["trunkline", "serve"]
