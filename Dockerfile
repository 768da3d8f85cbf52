# One image for every part: web, live, worker, beat, dojo (`manage.py part NAME`). docker-compose.yml runs them all.

FROM python:3.12-slim-bookworm AS build
WORKDIR /app

# What is locked and nothing else, pip included. The lock is complete, so --no-deps loses nothing, and allows leaving
# out the PostgreSQL and Redis wheels that only `make run` needs. Wheels only: nothing is compiled, no build
# requirement comes in past the hashes. The last step finds whatever should be missing after all.
COPY requirements/run.txt deploy/without-embedded.sed /tmp/
RUN python -m venv --without-pip /venv \
    && sed -f /tmp/without-embedded.sed /tmp/run.txt > /tmp/image.txt \
    && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes --only-binary :all: --requirement /tmp/image.txt \
    && python -m pip --python /venv/bin/python check

COPY . .
# Production settings want these four; none of them is a secret, and none gets into the image's environment.
RUN DATABASE_URL=postgres://nobody@nowhere/nothing REDIS_URL=redis://nowhere \
    DJANGO_SECRET_KEY=for-the-build-alone DJANGO_ALLOWED_HOSTS=nowhere \
    /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q manage.py pos floorplan bookings orders dojo_integration


FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tableside
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# The code belongs to root and the parts run as somebody else: they write below /tmp alone.
USER 10001:10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 LIVE_PORT=8001 TABLESIDE_DATA_DIR=/tmp/tableside
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "deploy/probe.py", "http://127.0.0.1:8000/readyz"]
CMD ["python", "manage.py", "part", "web"]
