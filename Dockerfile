# docker build -t pygen .
# docker run -v /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" \
#     -v /etc/proxy:/etc/proxy pygen --template /etc/proxy/site.conf.j2 --target /etc/proxy/site.conf
#
# Any image with Python 3.11 or newer and its venv module will do.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
# Files for pip in a folder `wheels` beside this one are used, and none is needed: with `--build-arg PIP_NO_INDEX=1`
# nothing else is, so that the image can be built without a network.
ARG PIP_NO_INDEX
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_FIND_LINKS=/build/wheels
COPY requirements/build.txt requirements/runtime.txt wheel[s] wheels/
# What installs stays outside of what runs.
RUN python3 -m venv /build/tools \
    && /build/tools/bin/pip install --require-hashes --requirement wheels/build.txt \
    && python3 -m venv --without-pip /opt/pygen \
    && /build/tools/bin/pip --python /opt/pygen/bin/python install --require-hashes --requirement wheels/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY templating templating
COPY notify notify
COPY metrics metrics
COPY reconciler reconciler
RUN /build/tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/dist . \
    && /build/tools/bin/pip --python /opt/pygen/bin/python install --no-index --no-deps /build/dist/*.whl

FROM ${PYTHON_IMAGE}
ARG VERSION=1.0.0
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="pygen" \
      org.opencontainers.image.description="Keeps files in sync with what Docker runs, and notifies their readers" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /opt/pygen /opt/pygen
ENV PATH=/opt/pygen/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# No root, and no name needed for it. The engine's socket is reached by `--group-add` with its group's number.
USER 10001:10001
WORKDIR /
EXPOSE 9413
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/opt/pygen/bin/pygen", "healthcheck"]
ENTRYPOINT ["/opt/pygen/bin/pygen"]
